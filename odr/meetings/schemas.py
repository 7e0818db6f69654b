"""What people send about meetings."""

import re
from datetime import datetime, timedelta
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from odr.cases.codes import Channel, Coded, Side
from odr.core import clock
from odr.core.errors import Invalid
from odr.core.forms import Strict, narrow
from odr.core.i18n import N_, _

MINUTES_MAX = 8000


class Kind(Coded):
    """How people meet, and the channel under which it stands in the timeline."""

    channel: Channel

    def __new__(cls, value: str, zh: str = "", channel: Channel = Channel.ONSITE) -> "Kind":
        member = str.__new__(cls, value)
        member._value_ = value
        member.zh = zh
        member.channel = channel
        return member

    ONSITE = "onsite", N_("到场"), Channel.ONSITE
    VISIT = "visit", N_("上门"), Channel.VISIT
    PHONE = "phone", N_("电话"), Channel.PHONE
    ONLINE = "online", N_("网上"), Channel.WEB


class Presence(Coded):
    """Who came, and how: one sitting may mix them."""

    UNKNOWN = "unknown", N_("未记录")
    ONSITE = "onsite", N_("到场")
    PHONE = "phone", N_("电话参加")
    ONLINE = "online", N_("网上参加")
    EXCUSED = "excused", N_("事先说了不能来")
    ABSENT = "absent", N_("没有来")


class Expected(Coded):
    """What a party says before a meeting of its own coming."""

    LATE = "late", N_("会晚到")
    UNABLE = "unable", N_("来不了")
    ON_TIME = "on_time", N_("能按时来")


LATEST = 240
"""Who comes later than these minutes does not come: another time is the answer."""

PRESENT = (Presence.ONSITE, Presence.PHONE, Presence.ONLINE)


def _moment(given: object) -> object:
    """A date and time as the phone's field sends it, read as Wuhai's wall clock."""
    if not isinstance(given, str):
        return given
    try:
        found = datetime.fromisoformat(narrow(given))
    except ValueError:
        raise ValueError(_("没有这个时间。请按“2026-11-24 15:00”的样子填写。")) from None
    return found if found.tzinfo else found.replace(tzinfo=clock.SHANGHAI)


def _to_come(moment: datetime) -> datetime:
    if moment < clock.now() - timedelta(minutes=5):
        raise ValueError(_("这个时间已经过去了。已经发生的，请用“补记”。"))
    if moment > clock.now() + timedelta(days=366):
        raise ValueError(_("这个时间太远了，请看看年份写对没有。"))
    return moment


def _happened(moment: datetime) -> datetime:
    if moment > clock.now():
        raise ValueError(_("这个时间还没有到。请填写事情发生的时间。"))
    if moment.year < 2000:
        raise ValueError(_("这个时间太早了，请看看年份写对没有。"))
    return moment


Moment = Annotated[datetime, BeforeValidator(_moment)]
Pid = Annotated[str, Field(min_length=1, max_length=32)]


def _empty_is_all(given: object) -> object:
    return None if given in ("", "all") else given


_LINK_SAY = N_("请粘贴完整的会议链接，以 https:// 或 http:// 开头。")


def _link(given: str) -> str:
    """A web address that anybody may be sent to: no script, no name or password inside it."""
    if not given:
        return ""
    try:
        parts = urlsplit(given)
        port = parts.port
    except ValueError:
        raise ValueError(_(_LINK_SAY)) from None
    plain = all(ord(sign) > 0x20 and ord(sign) != 0x7F and sign not in "\\<>\"'`" for sign in given)
    if parts.scheme not in ("http", "https") or not parts.hostname or not plain or port == 0:
        raise ValueError(_(_LINK_SAY))
    if parts.username is not None or parts.password is not None:
        raise ValueError(_("链接里不能带用户名和密码。请只粘贴会议链接。"))
    return given


def _phone(given: str) -> str:
    text = narrow(given)
    if text and (not _PHONE.fullmatch(text) or sum(sign.isdigit() for sign in text) < 5):
        raise ValueError(_("请写电话号码，例如 0473-2000000。"))
    return text


_PHONE = re.compile(r"[0-9+()\- ]{5,40}")
Link = Annotated[str, Field(max_length=300), AfterValidator(_link)]
Phone = Annotated[str, Field(max_length=40), AfterValidator(_phone)]


class Where(Strict):
    """How and where. `at_body`: a centre or committee, whose address it is; else `place` in words. `link` (http or
    https) and `phone` for who does not come in person."""

    kind: Kind
    purpose: str = Field(min_length=2, max_length=120)
    place: str = Field(default="", max_length=120)
    at_body: Annotated[Pid | None, BeforeValidator(_empty_is_all)] = None
    link: Link = ""
    phone: Phone = ""

    def check(self) -> None:
        """An onsite meeting or a visit names its place."""
        if self.kind in (Kind.ONSITE, Kind.VISIT) and not self.place and self.at_body is None:
            raise Invalid({"place": _("请写明在哪里见面。")})


class _Sitting(Where):
    side: Annotated[Side | None, BeforeValidator(_empty_is_all)] = None


class PlanIn(_Sitting):
    """A meeting to come. `side` empty: with everybody. `after`: the one it takes the place of."""

    starts_at: Annotated[Moment, AfterValidator(_to_come)]
    after: Annotated[Pid | None, BeforeValidator(_empty_is_all)] = None


class PastIn(_Sitting):
    """A call or visit that happened (补录), with its real time and what was said."""

    starts_at: Annotated[Moment, AfterValidator(_happened)]
    minutes: str = Field(min_length=2, max_length=MINUTES_MAX)
    present: dict[Pid, Presence] = Field(default_factory=dict, max_length=12)
    signed: list[Pid] = Field(default_factory=list, max_length=12)


class HoldIn(Strict):
    """Who came: party id → how; `late` in minutes. `opened` false: it did not take place, somebody was missing."""

    present: dict[Pid, Presence] = Field(min_length=1, max_length=12)
    late: dict[Pid, Annotated[int, Field(ge=0, le=600)]] = Field(default_factory=dict, max_length=12)
    opened: bool = True


class SheetIn(Strict):
    """Who signed the sheet of the minutes by hand."""

    signed: list[Pid] = Field(min_length=1, max_length=12)


def _whole(given: object) -> object:
    """Minutes as they are typed, full-width digits too."""
    text = narrow(given) if isinstance(given, str) else str(given)
    if not re.fullmatch(r"[+-]?[0-9]{1,40}", text, re.ASCII):
        raise ValueError(_("请选大约晚多少分钟。"))
    return int(text)


def _some(given: int) -> int:
    if not 1 <= given <= LATEST:
        raise ValueError(_("请写 1 到 %(n)s 分钟。晚得更多的，请选“来不了”，另约时间。", n=LATEST))
    return given


MOST_TIMES = 6


class ComingIn(Strict):
    """`minutes`: about how late, of `late` alone. `times`: of the times once offered, which would suit instead, of
    `unable` alone. `words` are read by who handles the case only."""

    kind: Expected
    minutes: Annotated[int, BeforeValidator(_whole), AfterValidator(_some)] | None = None
    words: str = Field(default="", max_length=200)
    times: list[Pid] = Field(default_factory=list, max_length=MOST_TIMES)

    def check(self) -> None:
        """How late is told with `late`, and belongs to nothing else. Raises Invalid."""
        if self.kind is Expected.LATE and self.minutes is None:
            raise Invalid({"minutes": _("请选大约晚多少分钟。")})
        if self.kind is not Expected.LATE and self.minutes is not None:
            raise Invalid({"minutes": _("只有会晚到的，才填晚多少分钟。")})
        if self.kind is not Expected.UNABLE and self.times:
            raise Invalid({"times": _("只有来不了的，才选别的时间。")})


class PollIn(Where):
    """Times to choose from, for a meeting with everybody. `after`: the one it takes the place of."""

    times: list[Annotated[Moment, AfterValidator(_to_come)]] = Field(min_length=1, max_length=MOST_TIMES)
    after: Annotated[Pid | None, BeforeValidator(_empty_is_all)] = None

    def check(self) -> None:
        super().check()
        if len(self.times) < 2:
            raise Invalid({"times": _("请至少给出两个时间，让大家选。")})
        if len(set(self.times)) < len(self.times):
            raise Invalid({"times": _("有两个时间是一样的，请改一个。")})


class PickIn(Strict):
    """The times that suit a party; none of them is an answer too."""

    times: list[Pid] = Field(default_factory=list, max_length=MOST_TIMES)
    none: bool = False
    note: str = Field(default="", max_length=200)

    def check(self) -> None:
        if not self.times and not self.none:
            raise Invalid({"times": _("请勾选您方便的时间；都不方便的，请勾选“都不方便”。")})
        if self.times and self.none:
            raise Invalid({"none": _("您勾选了时间，又勾选了“都不方便”。请留一样。")})


class FixIn(Strict):
    """The time that it is."""

    time: Pid


class MinutesIn(Strict):
    minutes: str = Field(min_length=2, max_length=MINUTES_MAX)


class ConfirmIn(Strict):
    """A party confirms the minutes it read: `sha256` names their text."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    answer: Literal["confirm"] = "confirm"


class CancelIn(Strict):
    reason: str = Field(min_length=2, max_length=200)
