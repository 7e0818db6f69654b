"""The promises of the two engines that everything else leans on."""

import asyncio

import pytest
from sqlalchemy import Connection, func, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from odr.accounts.models import Person
from odr.audit import service as audit
from odr.audit.models import LedgerHead
from odr.audit.who import SYSTEM
from odr.core.db import Database, after_commit


async def test_a_hundred_concurrent_writers_lose_no_update(db: Database) -> None:
    """Python's driver begins too late by itself: without BEGIN IMMEDIATE this ended at 11 of 100."""

    async def once() -> None:
        async with db.write() as session:
            await audit.record(session, SYSTEM, "test:row:added", "test", "x")

    await asyncio.gather(*(once() for _ in range(100)))
    async with db.read() as session:
        head = await session.get_one(LedgerHead, 1)
        assert head.seq == 100
        assert [fault async for fault in audit.faults(session)] == []


@pytest.mark.parametrize("act", ["UPDATE ledger SET tag = 'x'", "DELETE FROM ledger"])
async def test_the_ledger_refuses_change(db: Database, act: str) -> None:
    async with db.write() as session:
        await audit.record(session, SYSTEM, "test:row:added", "test", "x")
    with pytest.raises(DBAPIError, match="append-only"):
        async with db.write() as session:
            await session.execute(text(act))


async def test_a_replaced_row_does_not_slip_past_the_trigger(db: Database) -> None:
    if not db.is_sqlite:
        pytest.skip("INSERT OR REPLACE is SQLite's")
    async with db.write() as session:
        await audit.record(session, SYSTEM, "test:row:added", "test", "x")
    with pytest.raises(DBAPIError, match="append-only"):
        async with db.write() as session:
            await session.execute(text("INSERT OR REPLACE INTO ledger SELECT * FROM ledger"))


async def test_what_waits_for_the_commit_is_dropped_on_rollback(db: Database) -> None:
    called: list[str] = []

    async def call() -> None:
        called.append("x")

    async def fail() -> None:
        async with db.write() as session:
            after_commit(session, call)
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        await fail()
    assert called == []
    async with db.write() as session:
        after_commit(session, call)
    assert called == ["x"]


async def test_a_writer_that_is_cut_off_leaves_no_transaction_behind(db: Database) -> None:
    """Connections go back to the pool as they are: each use has to end its own transaction, however it ends."""
    began = asyncio.Event()

    async def cut_off() -> None:
        async with db.write() as session:
            session.add(Person(name="某某"))
            await session.flush()
            began.set()
            await asyncio.sleep(3600)

    async def reads() -> None:
        async with db.read() as session:
            await session.scalar(select(func.count()).select_from(Person))
            began.set()
            await asyncio.sleep(3600)

    def names(session: Session) -> set[str]:
        return set(session.scalars(select(Person.name)))

    for work in (cut_off, reads):
        for _ in range(6):  # more often than the pool has connections
            began.clear()
            task = asyncio.create_task(work())
            await began.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
    for _ in range(6):
        assert "某某" not in await db.look(names)
    async with db.write() as session:
        session.add(Person(name="某人"))
    assert "某人" in await db.look(names)

    def breaks(connection: Connection) -> None:
        connection.execute(insert(Person), {"name": "某某"})
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await db.run(breaks)
    assert await db.look(names) >= {"某人"}
    assert "某某" not in await db.look(names)
