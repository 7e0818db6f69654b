"""Names, phones and id numbers as people really type them."""

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from odr.accounts.identity import (
    Sex,
    age,
    birth_date,
    mask_id_no,
    mask_phone,
    normalise_id_no,
    normalise_name,
    normalise_phone,
    sex,
)

# An invented number: born 1949-12-31 in 海勃湾区, sequence 001, check digit by GB 11643.
ID_NO = "150302194912310010"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def check_digit(first_17: str) -> str:
    """GB 11643-1999, written out."""
    return "10X98765432"[sum(int(d) * w for d, w in zip(first_17, WEIGHTS, strict=True)) % 11]


@pytest.mark.parametrize(
    "typed",
    [
        "13800001234",
        "１３８００００１２３４",
        "138 0000 1234",
        "138-0000-1234",
        "+86 138 0000 1234",
        "0086-13800001234",
        "8613800001234",
        "\u202d13800001234\u202c",
        " 138　0000　1234 ",
    ],
)
def test_a_phone_number_is_understood_however_it_is_typed(typed: str) -> None:
    assert normalise_phone(typed) == "13800001234"


@pytest.mark.parametrize(
    "typed", ["", "1380000123", "138000012345", "12800001234", "04732998110", "一三八", "١٣٨٠٠٠٠١٢٣٤", "+1 2025550100"]
)
def test_what_is_no_mobile_number_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(ValueError, match="11 位手机号码"):
        normalise_phone(typed)


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_normal_phone_number_stays_as_it_is_and_its_mask_hides_four_digits(phone: str) -> None:
    assert normalise_phone(phone) == phone
    assert mask_phone(phone) == phone[:3] + "****" + phone[7:]


def test_masks_of_other_numbers_keep_the_last_four() -> None:
    assert mask_phone("04735550101") == "****0101"
    assert mask_phone("110") == "****"
    assert mask_id_no(ID_NO) == "1503**********0010"
    assert mask_id_no("") == "****"


def test_the_invented_number_is_well_formed() -> None:
    assert ID_NO[:17] + check_digit(ID_NO[:17]) == ID_NO


@pytest.mark.parametrize(
    "typed", [ID_NO, "１５０３０２１９４９１２３１００１０", " 150302 19491231 0010 ", ID_NO + "\u200b"]
)
def test_an_id_number_is_understood_however_it_is_typed(typed: str) -> None:
    assert normalise_id_no(typed) == ID_NO


def test_an_id_number_of_15_digits_becomes_its_18() -> None:
    assert normalise_id_no("150302491231001") == ID_NO


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "18 位"),
        ("1503021949123100", "18 位"),
        ("15030219491231001A", "18 位"),
        ("150302194902300010", "日期不存在"),
        ("150302491331001", "日期不存在"),
        ("990302194912310010", "地区不对"),
        ("150302194912310017", "有一位填错"),
        ("150302194912310106", "有一位填错"),
    ],
)
def test_a_wrong_id_number_is_refused_with_what_is_wrong(typed: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        normalise_id_no(typed)


@given(st.dates(date(1900, 1, 1), date(2026, 1, 1)), st.integers(0, 999))
@example(date(2000, 2, 29), 7)
def test_what_an_id_number_says_is_read_back(born: date, sequence: int) -> None:
    first_17 = f"150302{born:%Y%m%d}{sequence:03d}"
    number = normalise_id_no((first_17 + check_digit(first_17)).lower())
    assert birth_date(number) == born
    assert sex(number) is (Sex.MALE if sequence % 2 else Sex.FEMALE)


@given(st.integers(0, 17), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(place: int, shift: int) -> None:
    digit = int(ID_NO[place])
    wrong = ID_NO[:place] + str((digit + shift) % 10) + ID_NO[place + 1 :]
    with pytest.raises(ValueError, match="身份证号码"):
        normalise_id_no(wrong)


def test_a_birthday_counts_from_its_day() -> None:
    assert age(ID_NO, date(2026, 12, 30)) == 76
    assert age(ID_NO, date(2026, 12, 31)) == 77
    with pytest.raises(ValueError, match="出生日期不对"):
        age(ID_NO, date(1949, 12, 30))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("王某某", "王某某"),
        ("  王 某某 ", "王 某某"),
        ("阿依•古丽", "阿依·古丽"),
        ("阿依・古丽", "阿依·古丽"),
        ("其其格", "其其格"),
        ("O’Brien John-Paul", "O’Brien John-Paul"),
        ("乌海市海达物业服务有限公司（海勃湾）", "乌海市海达物业服务有限公司（海勃湾）"),
        ("王\u200b某\u202e某\ufeff", "王某某"),
        ("王某某\n", "王某某"),
        ("𠮷某某", "𠮷某某"),
    ],
)
def test_a_name_is_kept_as_it_is_written(typed: str, kept: str) -> None:
    assert normalise_name(typed) == kept


def test_the_control_signs_of_mongolian_spelling_survive_in_a_name() -> None:
    name = "ᠰᠠᠷᠠᠨ\u180bᠲᠤᠶ\u180eᠠ\u202fᠶᠢᠨ"
    assert normalise_name(name) == name


@pytest.mark.parametrize("typed", ["", " ", "·", "\u200b\u200b", "123", "😀王", "王<某>", "王" * 51, "王/某"])
def test_what_is_no_name_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="姓名"):
        normalise_name(typed)


@given(st.text(max_size=60))
def test_a_normal_name_is_stable_and_holds_nothing_invisible(text: str) -> None:
    try:
        name = normalise_name(text)
    except ValueError:
        return
    assert normalise_name(name) == name
    assert 1 <= len(name) <= 50
    assert not set(name) & set(
        "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
    )
