"""The one clock. Everything that asks for the time asks here, so that tests can set it.

`now` is what the machine's clock shows: for papers, deadlines and whatever people read. `steady` is for what ends after
a term (a login, a code, an invitation, a window of a limit): a clock that is set back lengthens none of them.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from typing import overload
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

# The count that nobody can set, asleep or not; only Linux has it.
_SINCE_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_TOLERATED = 1.0  # NTP moves a clock by less
_seen = (0.0, 0.0)  # the newest moment, and the count at that moment

_shift: ContextVar[timedelta] = ContextVar("shift", default=timedelta(0))


def now() -> datetime:
    """The present, aware, in UTC."""
    return datetime.now(UTC) + _shift.get()


def steady() -> datetime:
    """The present for what ends after a term: never earlier than the newest moment this service has seen, and going on
    from there by the time that has really passed. The same as `now` while the clock is right."""
    return now() + timedelta(seconds=behind())


def steady_seconds() -> float:
    """The same in seconds since 1970, not shifted by tests: for counters that live as long as the process."""
    return datetime.now(UTC).timestamp() + behind()


def behind() -> float:
    """By how many seconds the clock stands behind the newest moment this service has seen; 0 while it is right."""
    global _seen
    moment, count = _seen
    wall, counted = datetime.now(UTC).timestamp(), time.clock_gettime(_SINCE_BOOT)
    by = moment + (counted - count) - wall
    if by < 0:
        _seen = wall, counted
    return by if by >= _TOLERATED else 0.0


def not_before(moment: datetime) -> None:
    """This moment has been: by another worker, or before the last start."""
    global _seen
    if moment.timestamp() > steady_seconds():
        _seen = moment.timestamp(), time.clock_gettime(_SINCE_BOOT)


def believe() -> None:
    """What the clock shows is right, and what was seen is not."""
    global _seen
    _seen = datetime.now(UTC).timestamp(), time.clock_gettime(_SINCE_BOOT)


def now_us() -> int:
    """The present in whole microseconds since 1970, for the rows of a transcript."""
    return to_us(now())


def to_us(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def from_us(us: int) -> datetime:
    return datetime.fromtimestamp(us // 1_000_000, UTC).replace(microsecond=us % 1_000_000)


def today() -> date:
    """The calendar day in Wuhai."""
    return now().astimezone(SHANGHAI).date()


def local(moment: datetime) -> datetime:
    """The same moment on the wall clock of Wuhai."""
    return moment.astimezone(SHANGHAI)


@overload
def iso(moment: datetime) -> str: ...
@overload
def iso(moment: None) -> None: ...
def iso(moment: datetime | None) -> str | None:
    """2026-11-24T07:00:00Z, as every answer of the JSON API has it; None stays None."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def end_of_day(day: date) -> datetime:
    """The last second of a day in Wuhai: a deadline given as a day runs until then."""
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=SHANGHAI).astimezone(UTC)


@contextmanager
def shifted(by: timedelta) -> Iterator[None]:
    """Within this block (and the tasks it starts) the clock stands `by` later. For the demo city and tests."""
    token = _shift.set(_shift.get() + by)
    try:
        yield
    finally:
        _shift.reset(token)
