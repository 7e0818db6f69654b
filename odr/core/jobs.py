"""Jobs: rows with a due time, a lease and attempts, written in the same transaction as what they follow from.

Clocks, reminders and deliveries are jobs. A worker takes due rows under a lease; a lease that runs out (the worker
died) is taken again, so a handler must bear being run twice.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Index, String, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from odr.core import clock
from odr.core.db import Base, Database, UTCDateTime, after_commit
from odr.core.log import log

Handler = Callable[[AsyncSession, dict[str, Any]], Awaitable[None]]

LEASE = timedelta(minutes=2)
_ATTEMPTS = 8
_BATCH = 20
# A job under way when the service stops may end; one that is cut off waits for its lease to run out.
_LAST_SECONDS = 5.0
_handlers: dict[str, Handler] = {}
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
    now = clock.now()
    async with database.write() as session:
        query = (
            select(Job.id)
            .where(
                Job.done_at.is_(None),
                Job.due_at <= now,
                or_(Job.lease_until.is_(None), Job.lease_until < clock.steady()),
                Job.kind.in_(_handlers),
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
    for job_id in ids:
        await _run_one(database, job_id)
    return len(ids)


async def _run_one(database: Database, job_id: int) -> None:
    try:
        async with database.write() as session:
            job = await session.get_one(Job, job_id)
            if job.done_at is None:
                await _handlers[job.kind](session, job.payload)
                job.done_at, job.error = clock.now(), None
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
    """The loop of one worker: wakes when a job is added here, and looks every few seconds for those of others."""

    def __init__(self, database: Database, *, every: float = 3.0) -> None:
        self._database = database
        self._every = every
        self._event = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    def start(self) -> None:
        _wake.add(self._event)
        self._task = asyncio.create_task(self._loop(), name="jobs")

    async def close(self) -> None:
        _wake.discard(self._event)
        self._closing = True
        self._event.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=_LAST_SECONDS)
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _loop(self) -> None:
        while not self._closing:
            self._event.clear()
            try:
                while await run_due(self._database) == _BATCH and not self._closing:
                    continue
            except Exception:
                log.exception("jobs.loop_failed")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._every):
                    await self._event.wait()
