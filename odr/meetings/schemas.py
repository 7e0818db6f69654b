"""What people send about meetings."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

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
    ABSENT = "absent", N_("没有来")


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


class _Sitting(Strict):
    kind: Kind
    side: Annotated[Side | None, BeforeValidator(_empty_is_all)] = None
    purpose: str = Field(min_length=2, max_length=120)
    place: str = Field(default="", max_length=120)

    def check(self) -> None:
        """An onsite meeting or a visit names its place."""
        if self.kind in (Kind.ONSITE, Kind.VISIT) and not self.place:
            raise Invalid({"place": _("请写明在哪里见面。")})


class PlanIn(_Sitting):
    """A meeting to come. `side` empty: with everybody."""

    starts_at: Annotated[Moment, AfterValidator(_to_come)]


class PastIn(_Sitting):
    """A call or visit that happened (补录), with its real time and what was said."""

    starts_at: Annotated[Moment, AfterValidator(_happened)]
    minutes: str = Field(min_length=2, max_length=MINUTES_MAX)
    present: dict[Pid, Presence] = Field(default_factory=dict, max_length=12)


class HoldIn(Strict):
    """Who came: party id → how."""

    present: dict[Pid, Presence] = Field(min_length=1, max_length=12)


class MinutesIn(Strict):
    minutes: str = Field(min_length=2, max_length=MINUTES_MAX)


class ConfirmIn(Strict):
    """A party confirms the minutes it read: `sha256` names their text."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    answer: Literal["confirm"] = "confirm"


class CancelIn(Strict):
    reason: str = Field(min_length=2, max_length=200)
