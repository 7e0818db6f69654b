"""The journal under stress: a full queue, a caller who leaves, a poisoned line, a database that fails."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from odr.core import ids
from odr.core.db import Database
from odr.core.errors import Busy
from odr.rooms import journal as journal_module
from odr.rooms import service as rooms
from odr.rooms.append import Draft, Refusal
from odr.rooms.append import append as real_append
from tests.cast import Cast
from tests.rooms.conftest import Rooms, line


async def head(db: Database, pid: str) -> int:
    async with db.read() as session:
        return int(await session.scalar(text("SELECT head_seq FROM rooms WHERE pid = :pid"), {"pid": pid}) or 0)


async def test_a_caller_who_is_cancelled_does_not_tear_the_batch(db: Database, cast: Cast, opened: Rooms) -> None:
    kept = [line(str(n)) for n in range(50)]
    tasks = [asyncio.create_task(rooms.say(db, cast.applicant.actor, opened.joint.pid, one)) for one in kept]
    for n, task in enumerate(tasks):
        await asyncio.sleep(0)
        if n % 2:
            task.cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(isinstance(one, rooms.Said) for one in done) >= 25
    again = [await rooms.say(db, cast.applicant.actor, opened.joint.pid, one) for one in kept]
    assert sorted(one.seq for one in again) == list(range(1, len(kept) + 1))
    async with db.read() as session:
        assert [fault async for fault in rooms.verify(session)] == []


async def test_a_full_queue_says_busy_and_keeps_what_it_took(
    db: Database, cast: Cast, opened: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "_QUEUE", 20)
    lines = [line(str(n)) for n in range(60)]
    done = await asyncio.gather(
        *(rooms.say(db, cast.applicant.actor, opened.joint.pid, one) for one in lines), return_exceptions=True
    )
    said = [one for one in done if isinstance(one, rooms.Said)]
    busy = [one for one in done if isinstance(one, Busy)]
    assert len(said) + len(busy) == 60
    assert len(busy) >= 1
    assert await head(db, opened.joint.pid) == len(said)
    for one in lines:
        await rooms.say(db, cast.applicant.actor, opened.joint.pid, one)
    assert await head(db, opened.joint.pid) == 60


async def test_a_loud_room_does_not_keep_the_others_waiting(
    db: Database, cast: Cast, opened: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "_BATCH", 10)
    monkeypatch.setattr(journal_module, "_PER_ROOM", 100)
    order: list[str] = []

    async def say(pid: str, n: int) -> None:
        try:
            await rooms.say(db, cast.mediator.actor, pid, line(str(n)))
        except Busy:
            order.append("busy")
        else:
            order.append(pid)

    loud = [asyncio.create_task(say(opened.joint.pid, n)) for n in range(120)]
    await asyncio.sleep(0)
    quiet = asyncio.create_task(say(opened.notes.pid, 0))
    await asyncio.gather(*loud, quiet)
    answered = [one for one in order if one != "busy"]
    assert answered.index(opened.notes.pid) <= 20
    assert order.count("busy") >= 1


async def test_a_line_that_cannot_be_stored_does_not_take_its_neighbours_along(
    db: Database, cast: Cast, opened: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    def append(connection: Connection, drafts: Sequence[Draft], known: Any = None) -> Any:
        if any(b"poison" in draft.body for draft in drafts):
            raise ValueError("cannot be stored")
        return real_append(connection, drafts, known)

    monkeypatch.setattr(journal_module, "append", append)
    texts = ["一", "poison", "二"]
    done = await asyncio.gather(
        *(rooms.say(db, cast.applicant.actor, opened.joint.pid, line(one)) for one in texts), return_exceptions=True
    )
    assert isinstance(done[1], Busy)
    assert [one.seq for one in (done[0], done[2]) if isinstance(one, rooms.Said)] == [1, 2]


async def test_a_value_the_database_refuses_does_not_take_the_neighbours_along(
    db: Database, cast: Cast, opened: Rooms
) -> None:
    """PostgreSQL takes no NUL in a text. Sent again and again it would have kept every room of the worker silent."""
    journal = rooms.journal_of(db)
    drafts = [rooms.text_draft(cast.applicant.actor, opened.joint.pid, line(str(n))) for n in range(3)]
    drafts[1] = drafts[1]._replace(client_at="2026-11-24\x0007:00:00")
    done = await asyncio.gather(*(journal.say(draft) for draft in drafts))
    assert not isinstance(done[0], Refusal)
    assert not isinstance(done[2], Refusal)
    assert done[1] is Refusal.BUSY or db.is_sqlite


async def test_no_commit_no_ack(db: Database, cast: Cast, opened: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk: the answer is busy, nothing is stored, and afterwards the same line goes in."""

    def full(connection: Connection, drafts: Sequence[Draft], known: Any = None) -> Any:
        real_append(connection, drafts, known)
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    once = line("盘满了")
    monkeypatch.setattr(journal_module, "append", full)
    with pytest.raises(Busy):
        await rooms.say(db, cast.applicant.actor, opened.joint.pid, once)
    assert await head(db, opened.joint.pid) == 0
    monkeypatch.setattr(journal_module, "append", real_append)
    assert (await rooms.say(db, cast.applicant.actor, opened.joint.pid, once)).seq == 1


async def test_a_read_mark_outlives_a_commit_that_fails(
    db: Database, cast: Cast, opened: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody answers for a mark, so its client never sends it again: it must not go with the batch it came in."""
    room, journal = opened.joint.pid, rooms.journal_of(db)
    monkeypatch.setattr(journal_module, "_MARKS_AGAIN", 0.05)
    for text_ in ("一", "二"):
        await rooms.say(db, cast.applicant.actor, room, line(text_))

    came = asyncio.Event()
    journal.on_marks.append(lambda _: came.set())

    async def marks_come_down() -> None:
        async with asyncio.timeout(5):
            await came.wait()
        came.clear()

    async def unread() -> int:
        async with db.read() as session:
            views = await rooms.rooms_for(session, opened.case, cast.mediator.id)
        return next(view.unread for view in views if view.pid == room)

    def away(*_: Any) -> Any:
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    monkeypatch.setattr(journal_module, "append", away)
    with pytest.raises(Busy):
        journal.mark(room, cast.mediator.id, 1)
        await rooms.say(db, cast.applicant.actor, room, line("盘满了"))
    monkeypatch.setattr(journal_module, "append", real_append)
    await marks_come_down()
    assert await unread() == 1

    def poisoned(connection: Connection, drafts: Sequence[Draft], known: Any = None) -> Any:
        if len(drafts) > 1:
            raise ValueError
        return real_append(connection, drafts, known)

    monkeypatch.setattr(journal_module, "append", poisoned)
    journal.mark(room, cast.mediator.id, 2)
    await asyncio.gather(*(rooms.say(db, cast.applicant.actor, room, line(str(n))) for n in range(2)))
    await marks_come_down()
    assert await unread() == 2


async def test_a_commit_whose_answer_was_lost_is_not_stored_twice(
    db: Database, cast: Cast, opened: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = journal_module.Journal._commit
    calls = 0

    async def commit(self: Any, *args: Any) -> Any:
        nonlocal calls
        calls += 1
        done = await real(self, *args)
        if calls == 1:
            raise ConnectionResetError("the answer was lost")
        return done

    monkeypatch.setattr(journal_module.Journal, "_commit", commit)
    said = await rooms.say(db, cast.applicant.actor, opened.joint.pid, line("一次"))
    assert (said.seq, said.repeated, calls) == (1, True, 2)
    assert await head(db, opened.joint.pid) == 1


async def test_after_closing_everything_is_busy_and_nothing_is_lost(db: Database, cast: Cast, opened: Rooms) -> None:
    journal = rooms.journal_of(db)
    tasks = [
        asyncio.create_task(rooms.say(db, cast.applicant.actor, opened.joint.pid, line(str(n)))) for n in range(30)
    ]
    await asyncio.sleep(0)
    await journal.close()
    assert sorted(one.seq for one in await asyncio.gather(*tasks)) == list(range(1, 31))
    outcome: list[Any] = []
    draft = rooms.recall_draft(cast.applicant.actor, opened.joint.pid, _recall())
    journal.submit(draft, outcome.append)
    assert outcome == [Refusal.BUSY]


def _recall() -> Any:
    from odr.rooms.schemas import RecallIn

    return RecallIn(id=ids.new_pid(), seq=1)


async def test_a_deadlock_is_run_again(db: Database, cast: Cast, opened: Rooms) -> None:
    """A move that speaks to two rooms against the order of ids meets a batch that locks them in order."""
    if db.is_sqlite:
        pytest.skip("SQLite has one writer")
    pids = [opened.joint.pid, opened.notes.pid]

    async def talk(n: int) -> None:
        await asyncio.gather(*(rooms.say(db, cast.mediator.actor, pid, line(str(n))) for pid in pids))

    async def move() -> int:
        try:
            async with db.write() as session:
                for pid in reversed(pids):
                    await rooms.announce(session, await rooms.room(session, pid), "case:moved", "一步")
                    await asyncio.sleep(0.02)
        except Exception:
            return 0
        return 1

    found = await asyncio.gather(*(talk(n) for n in range(20)), *(move() for _ in range(10)))
    moves = sum(one for one in found if one is not None)
    assert await head(db, opened.joint.pid) == 20 + moves
    async with db.read() as session:
        assert [fault async for fault in rooms.verify(session)] == []
