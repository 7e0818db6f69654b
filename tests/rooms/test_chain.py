"""Whoever changes the record behind the service's back is named by room and line."""

from typing import Any

import pytest
from sqlalchemy import text

from odr.core import ids
from odr.core.db import Database
from odr.rooms import service as rooms
from odr.rooms.schemas import RecallIn
from tests.cast import Cast
from tests.rooms.conftest import Rooms, line


@pytest.fixture
async def talked(db: Database, cast: Cast, opened: Rooms) -> Rooms:
    """Ten lines in the joint room, with a recall and a system line, and three private ones."""
    for n in range(8):
        await rooms.say(db, cast.applicant.actor, opened.joint.pid, line(f"第{n + 1}句"))
    await rooms.recall(db, cast.applicant.actor, opened.joint.pid, RecallIn(id=ids.new_pid(), seq=2))
    async with db.write() as session:
        await rooms.announce(session, await rooms.room(session, opened.joint.pid), "case:accepted", "已受理")
    for n in range(3):
        await rooms.say(db, cast.applicant.actor, opened.applicants.pid, line(f"底线{n}"))
    return opened


async def faults(db: Database) -> list[str]:
    async with db.read() as session:
        return [fault async for fault in rooms.verify(session)]


async def tamper(db: Database, statement: str, **values: Any) -> None:
    """As somebody with the database in hands would: without the triggers."""
    async with db.write() as session:
        if db.is_sqlite:
            await session.execute(text("DROP TRIGGER IF EXISTS append_only_messages_update"))
            await session.execute(text("DROP TRIGGER IF EXISTS append_only_messages_delete"))
        else:
            await session.execute(text("ALTER TABLE messages DISABLE TRIGGER USER"))
        await session.execute(text(statement), values)


async def test_what_was_written_is_whole(db: Database, talked: Rooms) -> None:
    assert await faults(db) == []


async def test_a_span_is_verified_on_from_the_line_before_it(db: Database, talked: Rooms) -> None:
    room = talked.joint

    async def within(first: int, last: int) -> list[str]:
        async with db.read() as session:
            return [fault async for fault in rooms.verify(session, room, (first, last))]

    of_room = "room_id = (SELECT id FROM rooms WHERE pid = :pid)"
    assert [await within(*span) for span in ((1, 4), (3, 10), (5, 5))] == [[], [], []]
    await tamper(db, f"UPDATE messages SET at_us = at_us + 1 WHERE seq = 3 AND {of_room}", pid=room.pid)
    assert await within(4, 10) == []
    assert await within(2, 6) == [f"room {room.pid}: line 3 was altered"]
    await tamper(db, f"UPDATE messages SET leaf = prev WHERE seq = 5 AND {of_room}", pid=room.pid)
    assert await within(6, 8) == [f"room {room.pid}: line 6 does not follow the line before it"]
    await tamper(db, f"DELETE FROM messages WHERE seq = 8 AND {of_room}", pid=room.pid)
    assert await within(7, 8) == [f"room {room.pid}: lines 8 to 8 are missing"]
    assert await within(7, 9) == [f"room {room.pid}: line 8 is missing"]


CHANGES = [
    "kind = 'system'",
    "author_id = NULL",
    "author_id = (SELECT person_id FROM room_members WHERE role = 'mediator' LIMIT 1)",
    "author_role = 'mediator'",
    "author_name = '别人'",
    "client_id = 'another'",
    "ref_seq = 1",
    "at_us = at_us - 1",
    "client_at = '2026-01-01'",
    "epoch = 'another'",
    "sealed = NOT sealed",
    "body = :body",
    "salt = :zero16",
    "prev = :zero32",
    "leaf = :zero32",
]


@pytest.mark.parametrize("room", ["joint", "applicants"])
async def test_a_change_of_any_column_is_named(db: Database, talked: Rooms, room: str) -> None:
    pid = vars(talked)[room].pid
    possible = {"body": '{"text":"我同意"}'.encode(), "zero16": bytes(16), "zero32": bytes(32)}
    where = "WHERE seq = 3 AND room_id = (SELECT id FROM rooms WHERE pid = :pid)"
    for change in CHANGES:
        values = {name: value for name, value in possible.items() if f":{name}" in change}
        async with db.read() as session:
            stored = (await session.execute(text(f"SELECT * FROM messages {where}"), {"pid": pid})).mappings().one()
        await tamper(db, f"UPDATE messages SET {change} {where}", pid=pid, **values)
        found = await faults(db)
        assert any(f"room {pid}: line 3 " in fault for fault in found), (change, found)
        column = change.split(" ", 1)[0]
        await tamper(db, f"UPDATE messages SET {column} = :old {where}", pid=pid, old=stored[column])
        assert await faults(db) == []


async def test_a_dropped_line_is_missed(db: Database, talked: Rooms) -> None:
    await tamper(db, "DELETE FROM messages WHERE seq = 5")
    assert f"room {talked.joint.pid}: line 5 is missing" in await faults(db)


async def test_a_cut_end_is_missed(db: Database, talked: Rooms) -> None:
    await tamper(db, "DELETE FROM messages WHERE seq >= 9")
    assert await faults(db) == [f"room {talked.joint.pid}: the head says 10 lines, found 8"]


async def test_swapped_lines_are_found(db: Database, talked: Rooms) -> None:
    await tamper(db, "UPDATE messages SET seq = seq + 1000 WHERE seq IN (3, 4)")
    await tamper_again(db, "UPDATE messages SET seq = 1007 - seq WHERE seq > 1000")
    found = await faults(db)
    assert any("line 3 " in fault for fault in found)
    assert any("line 4 " in fault for fault in found)


async def tamper_again(db: Database, statement: str) -> None:
    async with db.write() as session:
        await session.execute(text(statement))


async def test_a_line_moved_to_another_room_is_found(db: Database, talked: Rooms) -> None:
    await tamper(
        db,
        "UPDATE messages SET room_id = (SELECT id FROM rooms WHERE pid = :pid) WHERE seq = 10",
        pid=talked.respondents.pid,
    )
    found = await faults(db)
    assert any(talked.joint.pid in fault and "head" in fault for fault in found)
    assert any(talked.respondents.pid in fault for fault in found)


@pytest.mark.parametrize("change", ["head_seq = head_seq - 1", "head_leaf = :zero32", "pid = 'another-room'"])
async def test_a_changed_head_is_found(db: Database, talked: Rooms, change: str) -> None:
    values = {"zero32": bytes(32)} if ":zero32" in change else {}
    async with db.write() as session:
        await session.execute(text(f"UPDATE rooms SET {change} WHERE head_seq = 10"), values)
    assert await faults(db) != []


@pytest.mark.parametrize("act", ["UPDATE messages SET author_name = 'x'", "DELETE FROM messages"])
async def test_the_transcript_refuses_change(db: Database, talked: Rooms, act: str) -> None:
    from sqlalchemy.exc import DBAPIError

    with pytest.raises(DBAPIError, match="append-only"):
        async with db.write() as session:
            await session.execute(text(act))


async def test_the_words_of_a_private_room_are_not_in_the_database(db: Database, talked: Rooms) -> None:
    async with db.read() as session:
        bodies = list(await session.scalars(text("SELECT body FROM messages")))
    assert any("第1句".encode() in bytes(body) for body in bodies)
    assert not any("底线".encode() in bytes(body) for body in bodies)
