"""Jobs: rows with a due time, a lease and attempts, written in the same transaction as what they follow from.

Clocks, reminders and deliveries are jobs. A worker takes due rows under a lease; a lease that runs out (the worker
died) is taken again, so a handler must bear being run twice.

A handler works inside a transaction. What goes out to others (a text message, papers for a court) is carried outside of
one: a gateway that takes seconds would hold the rows it locks, and on SQLite everybody's lines.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Index, String, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from odr.core import clock
from odr.core.db import Base, Database, UTCDateTime, after_commit
from odr.core.log import log

Handler = Callable[[AsyncSession, dict[str, Any]], Awaitable[None]]
Note = Callable[[AsyncSession], Awaitable[None]]
Carrier = Callable[[Database, dict[str, Any]], Awaitable[Note | None]]

LEASE = timedelta(minutes=2)
_CARRY_SECONDS = 60.0  # ends before its lease, or another worker would send the same once more
_ATTEMPTS = 8
_BATCH = 20
# A job under way when the service stops may end; one that is cut off waits for its lease to run out.
_LAST_SECONDS = 5.0
_handlers: dict[str, Handler] = {}
_carriers: dict[str, Carrier] = {}
_wake: set[asyncio.Event] = set()


class Job(Base):
    """One thing to do, not before `due_at`."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_open", "done_at", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(48))
    key: Mapped[str | None] = mapped_column(String(96), unique=True)
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    error: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Register the handler of one kind of job. It runs in a transaction of its own."""

    def register(handler: Handler) -> Handler:
        _handlers[kind] = handler
        return handler

    return register


def carries(kind: str) -> Callable[[Carrier], Carrier]:
    """Register what carries one kind of job to the outside. It opens the transactions it needs and holds none while it
    waits; what it returns notes the outcome, in the transaction that ends the job."""

    def register(carrier: Carrier) -> Carrier:
        _carriers[kind] = carrier
        return carrier

    return register


async def enqueue(
    session: AsyncSession, kind: str, payload: dict[str, Any], *, due_at: datetime | None = None, key: str | None = None
) -> None:
    """Add a job. With a `key` that exists already only its due time moves, and only while it is not done."""
    due = due_at or clock.now()
    found = await session.scalar(select(Job).where(Job.key == key)) if key else None
    if found is None:
        session.add(Job(kind=kind, payload=payload, due_at=due, key=key))
    elif found.done_at is None:
        found.due_at, found.payload, found.lease_until = due, payload, None
    after_commit(session, _wake_all, key="jobs:wake")


async def cancel(session: AsyncSession, key: str) -> None:
    """A job that is no longer wanted counts as done."""
    await session.execute(update(Job).where(Job.key == key, Job.done_at.is_(None)).values(done_at=clock.now()))


async def _wake_all() -> None:
    for event in _wake:
        event.set()


async def depths(session: AsyncSession) -> tuple[int, int]:
    """How many jobs are due and held by nobody, and how many deliveries are still open."""
    now = clock.now()
    due = and_(Job.due_at <= now, or_(Job.lease_until.is_(None), Job.lease_until < clock.steady()))
    query = select(func.count().filter(due), func.count().filter(Job.kind == "outbox:deliver"))
    counted = (await session.execute(query.where(Job.done_at.is_(None)))).one()
    return counted[0], counted[1]


async def run_due(database: Database) -> int:
    """Take what is due and do it. Returns how many jobs were taken."""
    return await _handle_due(database) + await _carry_due(database)


async def _handle_due(database: Database) -> int:
    """One after the other: each is a short transaction."""
    ids = await _take_due(database, _handlers)
    for job_id in ids:
        await _handle_one(database, job_id)
    return len(ids)


async def _carry_due(database: Database) -> int:
    """Side by side: somebody waits for a code while another gateway is slow."""
    ids = await _take_due(database, _carriers)
    await asyncio.gather(*(_carry_one(database, job_id) for job_id in ids))
    return len(ids)


async def _take_due(database: Database, kinds: Collection[str]) -> list[int]:
    now = clock.now()
    async with database.write() as session:
        query = (
            select(Job.id)
            .where(
                Job.done_at.is_(None),
                Job.due_at <= now,
                or_(Job.lease_until.is_(None), Job.lease_until < clock.steady()),
                Job.kind.in_(kinds),
            )
            .order_by(Job.due_at)
            .limit(_BATCH)
            .with_for_update(skip_locked=True)
        )
        ids = list(await session.scalars(query))
        if ids:
            await session.execute(
                update(Job).where(Job.id.in_(ids)).values(lease_until=clock.steady() + LEASE, attempts=Job.attempts + 1)
            )
    return ids


async def _handle_one(database: Database, job_id: int) -> None:
    async with _failure_noted(database, job_id), database.write() as session:
        job = await session.get_one(Job, job_id)
        if job.done_at is None:
            await _handlers[job.kind](session, job.payload)
            job.done_at, job.error = clock.now(), None


async def _carry_one(database: Database, job_id: int) -> None:
    async with _failure_noted(database, job_id):
        async with database.read() as session:
            job = await session.get_one(Job, job_id)
        if job.done_at is not None:
            return
        async with asyncio.timeout(_CARRY_SECONDS):
            note = await _carriers[job.kind](database, job.payload)
        async with database.write() as session:
            job = await session.get_one(Job, job_id)
            if note is not None:
                await note(session)
            job.done_at, job.error = clock.now(), None


@contextlib.asynccontextmanager
async def _failure_noted(database: Database, job_id: int) -> AsyncIterator[None]:
    """Tried again later, after ever longer waits."""
    try:
        yield
    except Exception as failure:
        log.exception("jobs.failed", job=job_id)
        async with database.write() as session:
            job = await session.get_one(Job, job_id)
            job.error = type(failure).__name__
            job.lease_until = None
            job.due_at = clock.now() + timedelta(seconds=min(15 * 2**job.attempts, 3600))
            if job.attempts >= _ATTEMPTS:
                job.done_at = clock.now()


class Runner:
    """The loops of one worker, one for what is handled inside and one for what is carried out, so that a gateway that
    does not answer stops no clock. Both wake when a job is added here, and look every few seconds for those of others.
    """

    def __init__(self, database: Database, *, every: float = 3.0) -> None:
        self._database = database
        self._every = every
        self._events: list[asyncio.Event] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = False

    def start(self) -> None:
        for run in (_handle_due, _carry_due):
            event = asyncio.Event()
            self._events.append(event)
            self._tasks.append(asyncio.create_task(self._loop(run, event), name=f"jobs:{run.__name__}"))
        _wake.update(self._events)

    async def close(self) -> None:
        _wake.difference_update(self._events)
        self._closing = True
        for event in self._events:
            event.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_LAST_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _loop(self, run: Callable[[Database], Awaitable[int]], event: asyncio.Event) -> None:
        while not self._closing:
            event.clear()
            try:
                while await run(self._database) == _BATCH and not self._closing:
                    continue
            except Exception:
                log.exception("jobs.loop_failed")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._every):
                    await event.wait()
