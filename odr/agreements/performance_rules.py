"""What the law and the city's practice say of performing, as tables and pure functions, each with its source."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Generic, TypeVar

from odr.cases.codes import LABOUR, Category
from odr.core.i18n import N_, _
from odr.core.templating import day

T = TypeVar("T")

# --- reminders ------------------------------------------------------------------------------------------------------

REMINDERS: dict[str, int] = {
    "before7": -7, "before3": -3, "before1": -1, "on": 0, "after1": 1, "after3": 3, "after7": 7,
}  # fmt: skip
"""When the obligor is reminded, in days from the day (D: 人民调解法第三十一条 has the committee urge, without days)."""

LATE = "after1"
TASKS = ("after1", "after7")
"""On these the mediator is told too: the promise is late."""

# --- sums -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sums:
    """Of one sum of money: promised, confirmed, claimed and not answered yet."""

    total: int
    received: int
    waiting: int

    @property
    def open(self) -> int:
        """What is not confirmed yet."""
        return max(self.total - self.received, 0)

    @property
    def left(self) -> int:
        """What is neither confirmed nor claimed: the most that can still be entered."""
        return max(self.open - self.waiting, 0)


def sums(total: int, parts: Iterable[tuple[str, int | None, int | None]]) -> Sums:
    """From (state, claimed, received) of each part; what was refused counts for nothing."""
    received = waiting = 0
    for state, claimed, got in parts:
        if state == "received":
            received += got if got is not None else claimed or 0
        elif state == "waiting":
            waiting += claimed or 0
    return Sums(total, received, waiting)


# --- limitation -----------------------------------------------------------------------------------------------------

INTERRUPTS = N_("诉讼时效从这一天起重新计算（民法典第一百九十五条第二项；最高人民法院诉讼时效规定第十四条）。")


@dataclass(frozen=True)
class Interruption:
    """An act by which the obligor admits the debt. `sure`: the other side has confirmed that it happened."""

    on: date
    what: str
    sure: bool


def interruptions(
    parts: Iterable[tuple[date, str, str, bool]], postponed: Iterable[date]
) -> list[Interruption]:  # fmt: skip
    """The acts that interrupt limitation (时效规定第十四条: 部分履行、请求延期履行), oldest first.

    `parts`: (day, state, whose word it is, whether it was all that was left); `postponed`: the days on which a later
    day was asked for. What the other side denies is no performance; that it was claimed stays on the file.
    """
    found = [
        Interruption(on, N_("部分履行"), state == "received")
        for on, state, word, whole in parts
        if state != "refused" and not (whole and state == "waiting") and (word == "obligor" or state == "received")
    ]
    found += [Interruption(on, N_("请求延期履行"), True) for on in postponed]
    return sorted(found, key=lambda one: one.on)


# --- what can be done when a promise is not kept ----------------------------------------------------------------------


@dataclass(frozen=True)
class Matter:
    """What the routes hang on. `court_until`: the last day for a joint request, where one can still be made;
    `enforce_until`: the last day for enforcement, once the court has confirmed the agreement."""

    category: Category
    money: bool
    today: date
    court_until: date | None = None
    confirmed: bool = False
    refused: bool = False
    """A court was asked and did not confirm."""
    broken: bool = False
    """A promise was not kept: that it may be kept after all is no way for who was let down."""
    enforce_until: date | None = None


@dataclass(frozen=True)
class Route:
    """One way that remains, with the article it comes from (message ids). `until`: its last day, where it has one."""

    key: str
    text: str
    source: str
    until: date | None = None

    @property
    def say(self) -> str:
        """In the reader's language."""
        return _(self.text, day=day(self.until)) if self.until is not None else _(self.text)

    @property
    def zh(self) -> str:
        """In Chinese, for a paper."""
        on = self.until
        return self.text % {"day": f"{on.year}年{on.month}月{on.day}日"} if on is not None else self.text


_ENFORCE = N_("协议已经由法院确认有效。一方不履行的，另一方可以直接向法院申请强制执行。")
_ENFORCE_BY = N_("协议已经由法院确认有效。一方不履行的，另一方可以直接向法院申请强制执行，期限两年，最晚 %(day)s。")
_ORDER = N_("拖欠劳动报酬、工伤医疗费、经济补偿或者赔偿金的，可以拿协议向法院申请支付令。")
_ARBITRATE = N_("可以向劳动争议仲裁委员会申请仲裁。")
_SUE = N_("协议有法律约束力。一方不履行的，另一方可以就协议向人民法院起诉。")
_CONFIRM = N_("%(day)s 以前，双方还可以一起申请司法确认；确认以后不履行的，可以申请强制执行。")
_ANEW = N_("双方愿意的，可以请调解员重新调解：改好原来的协议，或者另写一份，再签名、盖章。不收任何费用。")
_KEEP = N_("不改也可以。双方愿意照原来的协议做的，仍然可以照做；已经做到的都算数。")
_SUE_NO = N_("不愿意再谈的，可以就纠纷向人民法院起诉。协议还算不算数，由法院在诉讼里认定。")
_TALK = N_("双方愿意的，可以请调解员再谈一次，不收任何费用。")


def routes(matter: Matter) -> list[Route]:
    """The ways that remain, the strongest first."""
    found = []
    if matter.confirmed:
        until = matter.enforce_until
        text = _ENFORCE if until is None else _ENFORCE_BY
        found.append(Route("enforce", text, N_("人民调解法第三十三条，民事诉讼法第二百五十条"), until))
    if matter.refused:
        found.append(Route("anew", _ANEW, N_("人民调解法第三十三条第三款，民事诉讼法第二百零六条")))
        if not matter.broken:
            found.append(Route("keep", _KEEP, N_("人民调解法第三十一条")))
    if matter.category in LABOUR:
        if matter.money:
            found.append(Route("order", _ORDER, N_("劳动争议调解仲裁法第十六条")))
        found.append(Route("arbitrate", _ARBITRATE, N_("劳动争议调解仲裁法第十五条")))
    if not matter.confirmed:
        if matter.refused:
            found.append(Route("sue", _SUE_NO, N_("人民调解法第三十三条第三款，民事诉讼法第二百零六条")))
        else:
            found.append(Route("sue", _SUE, N_("人民调解法第三十二条")))
        if matter.court_until is not None and matter.today <= matter.court_until:
            found.append(Route("confirm", _CONFIRM, N_("人民调解法第三十三条"), matter.court_until))
    if not matter.refused:
        found.append(Route("talk", _TALK, N_("人民调解法第三十一条")))
    return found


def years_on(day: date, years: int) -> date:
    """The same day some years on; 29 February falls on the month's last day (民法典第二百零二条)."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


# --- the calendar ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Month(Generic[T]):
    """What is due in one month, by day."""

    year: int
    month: int
    rows: tuple[T, ...]


def by_month(rows: Sequence[tuple[date, T]]) -> list[Month[T]]:
    """Rows by the month of their day, both in order; months without anything are left out."""
    found: dict[tuple[int, int], list[tuple[date, T]]] = {}
    for on, row in rows:
        found.setdefault((on.year, on.month), []).append((on, row))
    return [
        Month(year, month, tuple(row for _on, row in sorted(of_it, key=lambda one: one[0])))
        for (year, month), of_it in sorted(found.items())
    ]


def days_late(due_on: date | None, state: str, today: date, settled: Collection[str]) -> int:
    """How many days a promise is over its day; 0 for one that is kept, claimed or not due."""
    if due_on is None or state in settled or state == "claimed" or due_on >= today:
        return 0
    return (today - due_on) // timedelta(days=1)
