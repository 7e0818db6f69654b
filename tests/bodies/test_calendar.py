"""Working days against the package the table was made from, and beyond the years it knows."""

from datetime import date, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odr.bodies.calendar import Calendar, Due, add_working_days, calendar, is_workday, parse

FIRST, LAST = date(2024, 1, 1), date(2026, 12, 31)


def test_every_day_of_the_known_years_agrees_with_the_published_calendar() -> None:
    day = FIRST
    while day <= LAST:
        assert is_workday(day) is chinese_calendar.is_workday(day), day
        day += timedelta(days=1)
    assert calendar().years == {2024, 2025, 2026}


def test_a_make_up_sunday_is_worked_and_the_national_day_is_not() -> None:
    assert is_workday(date(2025, 9, 28))
    assert not is_workday(date(2025, 10, 1))
    assert calendar().holidays[date(2025, 10, 1)] == "国庆节"


@pytest.mark.parametrize(
    ("start", "n", "due"),
    [
        (date(2025, 9, 30), 1, date(2025, 10, 9)),
        (date(2025, 9, 26), 2, date(2025, 9, 29)),
        (date(2026, 11, 20), 3, date(2026, 11, 25)),
        (date(2026, 11, 21), 0, date(2026, 11, 21)),
    ],
)
def test_a_term_counts_working_days_only(start: date, n: int, due: date) -> None:
    assert add_working_days(start, n) == Due(due, provisional=False)


def test_a_year_without_a_table_counts_weekends_only_and_says_so() -> None:
    assert add_working_days(date(2026, 12, 31), 1) == Due(date(2027, 1, 1), provisional=True)
    assert add_working_days(date(2026, 12, 30), 1) == Due(date(2026, 12, 31), provisional=False)
    assert add_working_days(date(2023, 12, 29), 0).provisional
    assert not is_workday(date(2027, 1, 2))


def test_a_term_never_runs_backwards() -> None:
    with pytest.raises(ValueError, match="forward"):
        add_working_days(FIRST, -1)


@given(st.dates(date(2024, 1, 1), date(2027, 12, 31)), st.integers(0, 40), st.integers(0, 40))
def test_two_terms_one_after_the_other_are_one_long_term(day: date, first: int, then: int) -> None:
    halfway = add_working_days(day, first)
    assert add_working_days(halfway.date, then).date == add_working_days(day, first + then).date


@given(st.dates(date(2024, 1, 1), date(2027, 12, 31)), st.integers(1, 40))
def test_a_term_ends_on_a_working_day(day: date, n: int) -> None:
    assert is_workday(add_working_days(day, n).date)


def test_another_table_can_be_passed_in() -> None:
    own: Calendar = parse({"years": {"2027": {"holidays": {"2027-01-01": "元旦"}, "make_up_days": ["2027-01-03"]}}})
    assert own.add_working_days(date(2027, 1, 1), 1) == Due(date(2027, 1, 3), provisional=False)
    assert own.add_working_days(date(2026, 12, 31), 1) == Due(date(2027, 1, 3), provisional=True)
