"""Deadlines: a reminder before, a mark after, once each, and nothing decided by the clock."""

from datetime import timedelta

from sqlalchemy import select

from odr.cases import reminders
from odr.cases.models import CaseClock, CaseEvent
from odr.core import clock, jobs
from odr.core.jobs import Job
from odr.core.outbox import Outbox
from tests.cases.story import Story
from tests.cast import Cast


async def events(story: Story, tag: str) -> int:
    async with story.db.read() as session:
        return len(list(await session.scalars(select(CaseEvent).where(CaseEvent.tag == tag))))


async def run(story: Story) -> None:
    while await jobs.run_due(story.db):
        continue


async def test_a_deadline_reminds_before_and_marks_after_once(story: Story, cast: Cast) -> None:
    await story.apply()
    await run(story)
    assert await events(story, "clock:due:soon") == 0
    with clock.shifted(timedelta(days=7)):
        await run(story)
        await run(story)
    assert await events(story, "clock:due:soon") == 1
    assert await events(story, "clock:due:over") == 1
    assert await story.state() == "submitted"
    async with story.db.write() as session:
        row = (await session.scalars(select(CaseClock))).one()
        await reminders.on_clock(session, {"clock": row.id, "what": "over"})
    assert await events(story, "clock:due:over") == 1
    async with story.db.read() as session:
        texts = [r.text for r in await session.scalars(select(Outbox).where(Outbox.tag.startswith("clock:")))]
    assert texts
    assert not any(word in text for text in texts for word in ("王某某", "燃气", "ODR"))


async def test_a_deadline_that_was_met_reminds_nobody(story: Story, cast: Cast) -> None:
    await story.accepted()
    with clock.shifted(timedelta(days=2)):
        await story.join()
        await story.assign()
        await story.confirm()
    async with story.db.read() as session:
        open_jobs = list(await session.scalars(select(Job).where(Job.kind == "cases:clock", Job.done_at.is_(None))))
        running = set(await session.scalars(select(CaseClock.id).where(CaseClock.stopped_at.is_(None))))
    assert {job.payload["clock"] for job in open_jobs} <= running


async def test_an_overdue_case_stands_out_on_the_queue(story: Story, cast: Cast) -> None:
    await story.apply()
    async with story.db.write() as session:
        row = (await session.scalars(select(CaseClock))).one()
        row.due_at = clock.now() - timedelta(days=1)
    async with cast.centre_clerk.browser() as browser:
        page = await browser.get("/queue?show=overdue")
    assert story.pid in page.text
    assert "已超期" in page.text
