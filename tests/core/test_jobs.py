"""Jobs: what is handled inside, what is carried out, and that a gateway which does not answer stops nothing else."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.core import clock, jobs
from odr.core.db import Database
from odr.core.jobs import Job
from odr.core.settings import Settings

SLOW, INSIDE = "test:slow", "test:inside"


class Gateway:
    """Somebody else's service. `done`: what was noted after it answered."""

    def __init__(self) -> None:
        self.called = asyncio.Event()
        self.answers = asyncio.Event()
        self.calls = 0
        self.failure: Exception | None = None
        self.done: list[Any] = []

    async def carry(self, db: Database, payload: dict[str, Any]) -> jobs.Note:
        self.calls += 1
        self.called.set()
        await self.answers.wait()
        if self.failure is not None:
            raise self.failure

        async def note(session: AsyncSession) -> None:
            self.done.append((payload, await session.scalar(select(Job.kind).where(Job.kind == SLOW))))

        return note

    async def inside(self, session: AsyncSession, payload: dict[str, Any]) -> None:
        self.done.append(INSIDE)


@pytest.fixture
async def db(settings: Settings) -> AsyncIterator[Database]:
    """Without an application, whose own loops would take the jobs."""
    found = Database(settings)
    yield found
    await found.close()


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    found = Gateway()
    jobs.carries(SLOW)(found.carry)
    jobs.handles(INSIDE)(found.inside)
    yield found
    del jobs._carriers[SLOW], jobs._handlers[INSIDE]


async def add(db: Database, kind: str) -> None:
    async with db.write() as session:
        await jobs.enqueue(session, kind, {"for": kind})


async def the(db: Database, kind: str) -> Job:
    async with db.read() as session:
        return (await session.scalars(select(Job).where(Job.kind == kind))).one()


async def test_while_a_gateway_is_silent_others_write_and_other_jobs_are_done(db: Database, gateway: Gateway) -> None:
    runner = jobs.Runner(db, every=0.05)
    runner.start()
    await add(db, SLOW)
    async with asyncio.timeout(10):
        await gateway.called.wait()
        await add(db, INSIDE)  # on SQLite nobody could, if the gateway were asked in a transaction
        while INSIDE not in gateway.done:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert (await the(db, SLOW)).done_at is None
        gateway.answers.set()
        while (await the(db, SLOW)).done_at is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await runner.close()
    assert gateway.done == [INSIDE, ({"for": SLOW}, SLOW)]
    assert gateway.calls == 1


async def test_what_failed_is_tried_again_later_and_what_never_answers_is_given_up(
    db: Database, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(db, SLOW)
    gateway.failure = ConnectionError("no route")
    gateway.answers.set()
    assert await jobs.run_due(db) == 1
    job = await the(db, SLOW)
    assert (job.error, job.attempts, job.done_at, job.lease_until) == ("ConnectionError", 1, None, None)
    assert job.due_at > clock.now() + timedelta(seconds=15)
    assert await jobs.run_due(db) == 0, "not yet"

    monkeypatch.setattr(clock, "now", lambda: job.due_at + timedelta(seconds=1))
    monkeypatch.setattr(jobs, "_CARRY_SECONDS", 0.05)
    gateway.answers.clear()
    assert await jobs.run_due(db) == 1
    assert ((await the(db, SLOW)).error, gateway.done) == ("TimeoutError", [])


async def test_what_was_called_off_is_not_carried(db: Database, gateway: Gateway) -> None:
    gateway.answers.set()
    async with db.write() as session:
        await jobs.enqueue(session, SLOW, {}, key="k")
        await jobs.cancel(session, "k")
    assert await jobs.run_due(db) == 0
    assert gateway.calls == 0
