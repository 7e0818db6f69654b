"""Deadlines, day by day."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from odr.bodies.calendar import Due
from odr.cases.clocks import ClockKind, Unit, due, paused
from odr.cases.codes import Category, CourtStage

DAYS = st.dates(date(2024, 1, 1), date(2026, 10, 1))


def test_accepting_takes_three_working_days_over_the_national_day() -> None:
    assert due(ClockKind.ACCEPT, date(2026, 9, 29)) == Due(date(2026, 10, 9), provisional=False)


def test_the_general_time_for_mediation_is_thirty_calendar_days() -> None:
    assert due(ClockKind.MEDIATE, date(2026, 3, 1), Category.CONTRACT) == Due(date(2026, 3, 31), provisional=False)


def test_labour_has_fifteen_calendar_days_and_medical_thirty_working_days() -> None:
    assert due(ClockKind.MEDIATE, date(2026, 3, 1), Category.WAGE_ARREARS).date == date(2026, 3, 16)
    assert due(ClockKind.MEDIATE, date(2026, 3, 2), Category.MEDICAL).date == date(2026, 4, 14)


def test_a_court_that_has_filed_leaves_less_time() -> None:
    assert due(ClockKind.MEDIATE, date(2026, 3, 1), Category.CONTRACT, CourtStage.ORDINARY).date == date(2026, 3, 16)
    assert due(ClockKind.MEDIATE, date(2026, 3, 1), Category.CONTRACT, CourtStage.SUMMARY).date == date(2026, 3, 8)
    assert due(ClockKind.MEDIATE, date(2026, 3, 1), None, CourtStage.BEFORE_FILING).date == date(2026, 3, 31)


def test_two_years_from_a_leap_day_end_in_february() -> None:
    assert due(ClockKind.ENFORCE, date(2028, 2, 29)).date == date(2030, 2, 28)
    assert due(ClockKind.ENFORCE, date(2026, 3, 1)).date == date(2028, 3, 1)


def test_a_working_day_term_into_an_unknown_year_is_provisional() -> None:
    assert due(ClockKind.ACCEPT, date(2026, 12, 30)).provisional
    assert due(ClockKind.COURT_REQUEST, date(2026, 12, 30)).provisional, "its last day moves with the days off"
    assert not due(ClockKind.COURT_DECISION, date(2026, 12, 30)).provisional


@given(DAYS, st.integers(0, 60))
def test_a_calendar_deadline_moves_by_the_days_a_case_stood_still(day: date, still: int) -> None:
    moved = paused(day + timedelta(days=30), day, day + timedelta(days=still), Unit.DAYS)
    assert moved.date == day + timedelta(days=30 + still)


@given(DAYS, st.integers(0, 30))
def test_a_working_day_deadline_never_moves_back(day: date, still: int) -> None:
    end = due(ClockKind.MEDIATE, day, Category.MEDICAL).date
    assert paused(end, day, day + timedelta(days=still), Unit.WORKING_DAYS).date >= end


@given(st.sampled_from(ClockKind), DAYS, st.sampled_from([None, *Category]))
def test_a_deadline_lies_after_its_start(kind: ClockKind, day: date, category: Category | None) -> None:
    assert due(kind, day, category).date > day
