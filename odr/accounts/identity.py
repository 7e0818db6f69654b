"""Names, phone numbers and id numbers as people type them: brought into one form, checked, read, masked. Pure.

Each `normalise_*` gives the form that is stored and looked up, or raises ValueError with a sentence for the field.
"""

import re
import unicodedata
from datetime import date
from enum import StrEnum

from stdnum.cn import ric

from odr.core.i18n import _

_NAME_MAX = 50
_OLDEST = 130
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_ID_18 = re.compile(r"[0-9]{17}[0-9X]")
_ID_15 = re.compile(r"[0-9]{15}")
_PROVINCES = frozenset(
    {*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83}
)
# Keyboards and scanners write the dot of 阿依·古丽 in many ways; the register of persons knows U+00B7 only.
_DOTS = dict.fromkeys(map(ord, "•‧∙⋅・･․●"), "·")
# Mongolian spelling needs its variation selectors, vowel separator and narrow space: they are letters here.
_MONGOLIAN = frozenset("\u180b\u180c\u180d\u180e\u180f\u202f")
_NAME_SIGNS = frozenset("·.-'’()（）&、《》“” ") | _MONGOLIAN


class Sex(StrEnum):
    MALE = "male"
    FEMALE = "female"


def _plain(text: str) -> str:
    """Full-width signs narrowed; spaces, dashes and invisible signs taken out."""
    narrowed = unicodedata.normalize("NFKC", text)
    return "".join(sign for sign in narrowed if unicodedata.category(sign)[0] not in "CZ" and sign not in "-‐‑–—")


def normalise_phone(text: str) -> str:
    """A mainland mobile number as 11 digits; +86, 0086, spaces, dashes and full-width digits are understood."""
    digits = _plain(text)
    for prefix in ("+86", "0086"):
        digits = digits.removeprefix(prefix)
    if len(digits) == 13:
        digits = digits.removeprefix("86")
    if not _MOBILE.fullmatch(digits):
        raise ValueError(_("请填写 11 位手机号码，例如 13800001234。"))
    return digits


def normalise_id_no(text: str) -> str:
    """A resident's id number as 18 signs with a capital X. One of 15 digits is carried over to its 18.

    The numbers of residence permits for people from Hong Kong, Macao and Taiwan (81, 82, 83) have the same form.
    """
    number = _plain(text).upper()
    if _ID_15.fullmatch(number):
        century = number[:6] + "19" + number[6:]
        number = century + ric.calc_check_digit(century + "0")
    elif not _ID_18.fullmatch(number):
        raise ValueError(_("身份证号码是 18 位（旧的 15 位）。请对照证件，再填一次。"))
    if int(number[:2]) not in _PROVINCES:
        raise ValueError(_("身份证号码开头的地区不对。请对照证件，再填一次。"))
    try:
        born = birth_date(number)
    except ValueError:
        raise ValueError(_("身份证号码中间的出生日期不存在。请对照证件，再填一次。")) from None
    if number[-1] != ric.calc_check_digit(number):
        raise ValueError(_("身份证号码有一位填错了。请对照证件，再填一次。"))
    if born.year < 1900:
        raise ValueError(_("身份证号码中间的出生日期不存在。请对照证件，再填一次。"))
    return number


def birth_date(id_no: str) -> date:
    """The birth date in a normalised id number. ValueError when it is no date."""
    return date(int(id_no[6:10]), int(id_no[10:12]), int(id_no[12:14]))


def age(id_no: str, on: date) -> int:
    """Full years on a day. ValueError when the holder is not born yet or could not be alive."""
    born = birth_date(id_no)
    years = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    if not 0 <= years <= _OLDEST:
        raise ValueError(_("身份证号码中间的出生日期不对。请对照证件，再填一次。"))
    return years


def sex(id_no: str) -> Sex:
    return Sex.MALE if int(id_no[16]) % 2 else Sex.FEMALE


def normalise_name(text: str) -> str:
    """A name of 1 to 50 signs as it is shown and compared, with one kind of dot and single spaces.

    A name is never split or cut: Mongolian names have no surname. Invisible and direction-changing signs, with which
    one name can be made to look like another, are taken out.
    """
    spaced = re.sub(r"[\t\r\n]", " ", text)
    shown = "".join(sign for sign in spaced if sign in _MONGOLIAN or unicodedata.category(sign) not in ("Cf", "Cc"))
    # Not \s, which would take the narrow space out of a Mongolian name.
    name = re.sub(r"[ \u00a0\u2000-\u200a\u3000]+", " ", unicodedata.normalize("NFC", shown).translate(_DOTS)).strip(
        " "
    )
    if not any(sign.isalpha() for sign in name):
        raise ValueError(_("请填写姓名或名称。"))
    if len(name) > _NAME_MAX:
        raise ValueError(_("姓名最多 50 个字。"))
    if not all(sign in _NAME_SIGNS or unicodedata.category(sign)[0] in "LMN" for sign in name):
        raise ValueError(_("姓名里有不能用的符号。请只用文字、“·”和空格。"))
    return name


def mask_phone(phone: str) -> str:
    """138****1234; a landline keeps its last four digits."""
    if _MOBILE.fullmatch(phone):
        return f"{phone[:3]}****{phone[-4:]}"
    return f"****{phone[-4:]}" if len(phone) > 6 else "****"


def mask_id_no(id_no: str) -> str:
    """1503**********0011: the province and town, and the last four."""
    return f"{id_no[:4]}{'*' * (len(id_no) - 8)}{id_no[-4:]}" if len(id_no) >= 15 else "****"
