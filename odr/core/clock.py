"""The one clock. Everything that asks for the time asks here, so that tests can set it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

_shift: ContextVar[timedelta] = ContextVar("shift", default=timedelta(0))


def now() -> datetime:
    """The present, aware, in UTC."""
    return datetime.now(UTC) + _shift.get()


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
