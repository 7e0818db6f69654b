"""Working days: weekends, the State Council's holidays and its make-up days (调休), from a dated table.

A year the table does not hold counts weekends only, and every result that rests on it is `provisional`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

_TABLE = Path(__file__).parent / "data" / "holidays.json"
_SATURDAY = 5


@dataclass(frozen=True)
class Due:
    """The last day of a term. `provisional`: a year without a published holiday table was crossed."""

    date: date
    provisional: bool


@dataclass(frozen=True)
class Calendar:
    """The years that are known, their days off and the weekend days that are worked."""

    years: frozenset[int]
    holidays: Mapping[date, str]
    make_up_days: frozenset[date]

    def is_workday(self, day: date) -> bool:
        if day in self.make_up_days:
            return True
        return day.weekday() < _SATURDAY and day not in self.holidays

    def knows(self, day: date) -> bool:
        return day.year in self.years

    def add_working_days(self, day: date, n: int) -> Due:
        """The n-th working day after `day`; the day itself does not count (民法典 Art. 201). ValueError below 0."""
        if n < 0:
            raise ValueError("A term runs forward.")
        provisional = not self.knows(day)
        while n:
            day += timedelta(days=1)
            provisional = provisional or not self.knows(day)
            n -= self.is_workday(day)
        return Due(day, provisional)

    def last_day(self, day: date) -> Due:
        """The last day of a term that would end on `day`: one that is off moves to the day on which work begins again
        (民法典 Art. 203)."""
        provisional = not self.knows(day)
        while not self.is_workday(day):
            day += timedelta(days=1)
            provisional = provisional or not self.knows(day)
        return Due(day, provisional)


def parse(table: Mapping[str, Any]) -> Calendar:
    """A calendar from the JSON shape of `data/holidays.json`."""
    years: Mapping[str, Any] = table["years"]
    return Calendar(
        years=frozenset(int(year) for year in years),
        holidays={date.fromisoformat(day): name for block in years.values() for day, name in block["holidays"].items()},
        make_up_days=frozenset(date.fromisoformat(day) for block in years.values() for day in block["make_up_days"]),
    )


@cache
def calendar() -> Calendar:
    """The calendar that ships with the service."""
    return parse(json.loads(_TABLE.read_text("utf-8")))


def is_workday(day: date) -> bool:
    """Whether offices work on this day, by the table that ships with the service."""
    return calendar().is_workday(day)


def add_working_days(day: date, n: int) -> Due:
    """The n-th working day after `day`, by the table that ships with the service."""
    return calendar().add_working_days(day, n)


def last_day(day: date) -> Due:
    """The last day of a term in calendar days, moved on from a day off, by the table that ships with the service."""
    return calendar().last_day(day)
