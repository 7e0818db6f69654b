"""The thirty days in which both parties may ask a court together, and the reminders within them. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from odr.agreements.performance_rules import years_on
from odr.bodies.calendar import Due, last_day
from odr.core import clock

DAYS = 30
REMINDED_AT = (20, 10, 3)
"""Days left at which both are reminded."""
ENFORCE_YEARS = 2
ENFORCE_REMINDED_AT = (90, 30)
"""Days left of the time for enforcement at which who may ask for it is reminded (D: the law names none)."""
_HOUR = time(9, 0)


def until(effective_on: date) -> Due:
    """The last day: 30 days from the effect (人民调解法 Art. 33, 民事诉讼法 Art. 205).

    The day of the effect is not counted (民法典 Art. 201), and a last day off moves to the day on which work begins
    again (民法典 Art. 203; 民事诉讼法 Art. 85 for terms before a court).
    """
    return last_day(effective_on + timedelta(days=DAYS))


def plain_end(effective_on: date | None) -> date | None:
    """The same without regard to days off: what a calendar on the wall would say."""
    return effective_on + timedelta(days=DAYS) if effective_on is not None else None


def reminders(effective_on: date) -> list[tuple[int, datetime]]:
    """(days left, moment) of each reminder, at nine in Wuhai."""
    end = until(effective_on).date
    return [(left, _at_nine(end - timedelta(days=left))) for left in REMINDED_AT]


def _at_nine(day: date) -> datetime:
    return datetime.combine(day, _HOUR, clock.SHANGHAI)


@dataclass(frozen=True)
class Promise:
    """What the time for enforcement hangs on: the instalments of one clause have `clause` in common."""

    clause: int
    due_on: date | None
    settled: bool


def enforce_until(confirmed_on: date, promises: Collection[Promise]) -> date | None:
    """The last day on which what is still open can be enforced; None where all is done.

    民事诉讼法 Art. 250: two years from the last day of the term for performing; of instalments from the last one's;
    without a term from the day the ruling takes effect. Of several promises the one that ends first counts.
    """
    return min(_ends(confirmed_on, promises), default=None)


def _ends(confirmed_on: date, promises: Collection[Promise]) -> Iterable[date]:
    for clause in {one.clause for one in promises if not one.settled}:
        days = [one.due_on for one in promises if one.clause == clause and one.due_on is not None]
        yield years_on(max([confirmed_on, *days]), ENFORCE_YEARS)


def enforce_reminders(end: date) -> list[tuple[int, datetime]]:
    return [(left, _at_nine(end - timedelta(days=left))) for left in ENFORCE_REMINDED_AT]
