"""The thirty days: counted as the civil code says, told to both 20, 10 and 3 days before the end, once each."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from odr.agreements import court_clock, court_reminding, court_window, service
from odr.agreements.court_window import Promise, enforce_until, until
from odr.agreements.models import PerformanceItem
from odr.agreements.schemas import ClaimIn, SettleIn
from odr.bodies.calendar import calendar, is_workday
from odr.cases.models import CaseClock, CaseEvent
from odr.core import clock, jobs, outbox
from odr.core.jobs import Job
from tests.agreements.story import Story
from tests.agreements.test_confirming import _agree, _record, _register, _shown


@pytest.mark.parametrize(
    ("effective", "last"),
    [
        (date(2026, 3, 2), date(2026, 4, 1)),  # a Wednesday: as the calendar on the wall says
        (date(2026, 11, 26), date(2026, 12, 28)),  # the 26th is a Saturday
        (date(2026, 9, 4), date(2026, 10, 8)),  # 4 October is in the national holiday, which ends on the 7th
        (date(2026, 1, 15), date(2026, 2, 14)),  # a Saturday that is worked for the spring festival
        (date(2026, 1, 18), date(2026, 2, 24)),  # into the spring festival
    ],
)
def test_the_day_of_the_effect_is_not_counted_and_a_day_off_moves_on(effective: date, last: date) -> None:
    assert until(effective).date == last
    assert not until(effective).provisional


def test_a_year_without_a_published_table_is_said_to_be_provisional() -> None:
    assert until(date(2026, 12, 10)).provisional


@given(st.dates(date(2024, 1, 1), date(2026, 11, 1)))
def test_the_last_day_is_worked_is_never_early_and_leaves_out_only_days_off(effective: date) -> None:
    end, plain = until(effective).date, effective + timedelta(days=30)
    assert is_workday(end)
    assert end >= plain
    assert not any(is_workday(plain + timedelta(days=n)) for n in range((end - plain).days))
    assert [left for left, _at in court_window.reminders(effective)] == [20, 10, 3]


def test_enforcement_ends_two_years_after_the_last_instalment_of_what_is_open() -> None:
    on = date(2026, 12, 1)
    assert enforce_until(on, []) is None
    assert enforce_until(on, [Promise(1, date(2027, 1, 1), True)]) is None
    assert enforce_until(on, [Promise(1, None, False)]) == date(2028, 12, 1)
    assert enforce_until(on, [Promise(1, date(2026, 11, 1), False)]) == date(2028, 12, 1)
    plan = [
        Promise(1, date(2027, 1, 1), True),
        Promise(1, date(2027, 6, 1), False),
        Promise(1, date(2028, 2, 29), False),
    ]
    assert enforce_until(on, plan) == date(2030, 2, 28)
    assert enforce_until(on, [*plan, Promise(2, date(2027, 3, 1), False)]) == date(2029, 3, 1)


# --- the reminders ----------------------------------------------------------------------------------------------------


@contextmanager
def on(day: date) -> Iterator[None]:
    """At noon in Wuhai, whatever the hour of the test: reminders go out at nine."""
    with clock.shifted(datetime.combine(day, time(12), clock.SHANGHAI) - clock.now()):
        yield


async def _due(story: Story, kind: str) -> list[Job]:
    async with story.db.read() as session:
        return list(await session.scalars(select(Job).where(Job.kind == kind).order_by(Job.due_at)))


async def _run(story: Story, kind: str, left: int) -> None:
    """Run this job as if its lease had run out: whether it was done before or not."""
    job = next(one for one in await _due(story, kind) if one.payload["left"] == left and one.done_at is None)
    handler = {court_clock.WINDOW: court_reminding.on_window, court_clock.ENFORCE: court_reminding.on_enforcement}[kind]
    async with story.db.write() as session:
        await handler(session, job.payload)


async def _told(story: Story, tag: str) -> dict[int | None, int]:
    async with story.db.read() as session:
        query = select(outbox.Outbox.person_id, func.count()).where(outbox.Outbox.tag == tag)
        rows = await session.execute(query.group_by(outbox.Outbox.person_id))
        return {row[0]: row[1] for row in rows}


async def test_both_are_reminded_at_20_10_and_3_days_left_and_told_once(story: Story) -> None:
    cast = story.cast
    await story.effective()
    last = until(clock.today()).date
    assert last == calendar().last_day(clock.today() + timedelta(days=30)).date
    for who in (cast.applicant, cast.respondent, cast.mediator):
        shown = await _shown(story, who)
        assert (shown["until"], shown["days_left"]) == (str(last), (last - clock.today()).days)
    async with story.db.read() as session:
        row = (await session.scalars(select(CaseClock).where(CaseClock.kind == "court_request"))).one()
        assert clock.local(row.due_at).date() == last, "the case's own clock says the same day"

    due = await _due(story, court_clock.WINDOW)
    assert [(job.payload["left"], clock.local(job.due_at)) for job in due] == [
        (left, court_window._at_nine(last - timedelta(days=left))) for left in (20, 10, 3)
    ]
    with on(last - timedelta(days=20)):
        for _twice in range(2):
            await _run(story, court_clock.WINDOW, 20)
    told = await _told(story, court_reminding.REMINDED)
    assert told[cast.applicant.id] == told[cast.respondent.id] == 2, "inside the service and by text message"
    assert told[cast.mediator.id] == 1
    assert cast.stranger.id not in told
    async with story.db.read() as session:
        texts = list(await session.scalars(select(outbox.Outbox).where(outbox.Outbox.tag == court_reminding.REMINDED)))
        assert all("20 天" in row.text for row in texts)
        assert not any(word in row.text for row in texts for word in ("法院", "司法", "协议", "燃气", "王", "李"))
        event = (await session.scalars(select(CaseEvent).where(CaseEvent.tag == court_reminding.REMINDED))).one()
        assert event.note == "还剩 20 天"

    # Both have agreed: the parties have nothing to do, the body has.
    for who in (cast.applicant, cast.respondent):
        await _agree(story, who)
    with on(last - timedelta(days=10)):
        await _run(story, court_clock.WINDOW, 10)
    told = await _told(story, court_reminding.REMINDED)
    assert (told[cast.applicant.id], told[cast.mediator.id], told[cast.body_clerk.id]) == (2, 2, 1)
    # It was handed in: nobody is told any more, and a late worker tells nobody after the end.
    await _register(story)
    with on(last - timedelta(days=3)):
        await _run(story, court_clock.WINDOW, 3)
    assert await _told(story, court_reminding.REMINDED) == told


async def test_a_closed_window_says_so_and_names_what_remains(story: Story) -> None:
    await story.effective()
    last = until(clock.today()).date
    with on(last):
        assert (await _shown(story, story.cast.applicant))["possible"], "the last day counts whole"
    with on(last + timedelta(days=1)):
        await _run(story, court_clock.WINDOW, 3)
        assert await _told(story, court_reminding.REMINDED) == {}
        shown = await _shown(story, story.cast.respondent)
    assert (shown["possible"], shown["closed"], shown["why_not"]["code"]) == (False, True, "court_window")
    assert {"sue", "talk"} <= {one["key"] for one in shown["remains"]}
    assert "confirm" not in {one["key"] for one in shown["remains"]}
    assert [one["key"] for one in shown["other_ways"]] == ["notarised"], "what has no thirty days is still offered"


async def test_who_is_owed_is_reminded_before_the_time_for_enforcement_ends(story: Story) -> None:
    cast = story.cast
    await story.effective()
    for who in (cast.applicant, cast.respondent):
        await _agree(story, who)
    await _register(story)
    await _record(story, "valid")
    end = date.fromisoformat((await _shown(story, cast.applicant))["requests"][0]["enforce_until"])
    async with story.db.read() as session:
        item = (await session.scalars(select(PerformanceItem))).one()
    assert item.due_on is not None
    assert end == item.due_on.replace(year=item.due_on.year + 2)
    assert [job.payload["left"] for job in await _due(story, court_clock.ENFORCE)] == [90, 30]
    with on(end - timedelta(days=90)):
        for _twice in range(2):
            await _run(story, court_clock.ENFORCE, 90)
    told = await _told(story, court_reminding.ENFORCEMENT)
    assert (told[cast.applicant.id], told[cast.mediator.id]) == (2, 1)
    assert cast.respondent.id not in told, "who owes is not told to enforce"
    async with story.db.write() as session:
        await service.claim(session, cast.respondent.actor, item.pid, ClaimIn())
        await service.settle(session, cast.applicant.actor, item.pid, SettleIn(answer="confirm"))
    with on(end - timedelta(days=30)):
        await _run(story, court_clock.ENFORCE, 30)
    assert await _told(story, court_reminding.ENFORCEMENT) == told, "paid is paid"


async def test_after_a_standstill_only_the_nearest_reminder_is_sent(story: Story) -> None:
    await story.effective()
    with on(until(clock.today()).date - timedelta(days=3)):
        while await jobs.run_due(story.db):
            continue
    assert (await _told(story, court_reminding.REMINDED))[story.cast.applicant.id] == 2
