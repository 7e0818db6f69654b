"""Talking over the line: acks after the commit, order, resume, recall, history."""

import asyncio

import pytest
from sqlalchemy import update

from odr.core import ids
from odr.core.db import Database
from odr.rooms import service as rooms
from odr.rooms.models import Lineage, Room
from tests.cast import Cast
from tests.live.server import Server, opened_line
from tests.rooms.conftest import Rooms, line


async def test_a_line_is_said_and_reaches_everybody_in_the_room(server: Server, cast: Cast, opened: Rooms) -> None:
    async with opened_line(server, cast.applicant) as a, opened_line(server, cast.respondent) as b:
        assert (await a.next("welcome"))["me"] == {"id": cast.applicant.pid, "name": "王某某"}
        room = await a.join(opened.joint.pid)
        assert (room["kind"], room["case"], room["head"]) == ("joint", opened.case, 0)
        assert room["can"] == ["say", "file", "recall"]
        assert [m["role"] for m in room["members"]] == ["applicant", "respondent", "mediator"]
        await b.join(opened.joint.pid)
        said_id = await a.say(opened.joint.pid, "我家没有暖气")
        said = await a.next("said", id=said_id)
        assert said["seq"] == 1
        got = (await b.lines_up_to(opened.joint.pid, 1))[0]
        assert got["body"] == {"text": "我家没有暖气"}
        assert got["by"] == {"id": cast.applicant.pid, "name": "王某某", "role": "applicant"}
        assert got["id"] == said_id
        assert got["at"] == said["at"]


async def test_a_cursor_brings_what_was_missed_once_and_then_the_live_stream(
    server: Server, db: Database, cast: Cast, opened: Rooms
) -> None:
    room = opened.joint.pid
    for n in range(450):
        await rooms.say(db, cast.mediator.actor, room, line(f"第{n + 1}句"))
    async with opened_line(server, cast.applicant) as a:
        epoch = (await a.join(room))["epoch"]
        assert [one["seq"] for one in a.lines(room)] == list(range(401, 451))

    async def go_on() -> None:
        for n in range(60):
            await rooms.say(db, cast.mediator.actor, room, line(f"又{n}"))

    async with opened_line(server, cast.applicant) as a:
        talking = asyncio.create_task(go_on())
        await a.send("join", room=room, epoch=epoch, seq=7)
        await talking
        got = await a.lines_up_to(room, 510)
        assert [one["seq"] for one in got] == list(range(8, 511))
        await a.say(room, "我在")
        assert [one["seq"] for one in await a.lines_up_to(room, 511)] == list(range(8, 512))


@pytest.mark.parametrize("cursor", [{"epoch": "another", "seq": 1}, {"seq": 99}, {"seq": 2**63}])
async def test_a_foreign_cursor_is_told_to_start_over(
    server: Server, db: Database, cast: Cast, opened: Rooms, cursor: dict[str, object]
) -> None:
    room = opened.joint.pid
    await rooms.say(db, cast.mediator.actor, room, line("您好"))
    async with opened_line(server, cast.applicant) as a:
        known = await a.join(room)
        await a.send("join", room=room, **({"epoch": known["epoch"]} | cursor))
        answer = await a.next("resync", room=room)
        assert (answer["epoch"], answer["head"]) == (known["epoch"], 1)
        await a.join(room)
        assert a.lines(room)[-1]["body"] == {"text": "您好"}


async def test_a_cursor_from_before_ones_own_time_is_told_to_start_over(
    server: Server, db: Database, cast: Cast, opened: Rooms
) -> None:
    """Who had left and is seated again reads from there on: what was said meanwhile is no hole that can be filled."""
    room = opened.joint.pid
    for n in range(3):
        await rooms.say(db, cast.mediator.actor, room, line(str(n)))
    async with opened_line(server, cast.applicant) as a:
        epoch = (await a.join(room))["epoch"]
    async with db.write() as session:
        await rooms.end_member(session, await rooms.room(session, room), cast.applicant.id)
    await rooms.say(db, cast.mediator.actor, room, line("他不在"))
    async with db.write() as session:
        found = await rooms.room(session, room)
        person = cast.applicant
        await rooms.add_member(session, found, person.id, role="applicant", name="王某某", from_start=False)
    async with opened_line(server, cast.applicant) as a:
        await a.send("join", room=room, epoch=epoch, seq=3)
        assert (await a.next("resync", room=room))["head"] == 4
        await a.join(room)
        await rooms.say(db, cast.mediator.actor, room, line("欢迎回来"))
        assert [one["seq"] for one in await a.lines_up_to(room, 5)] == [5]
    async with opened_line(server, cast.applicant) as a:
        await a.send("join", room=room, epoch=epoch, seq=0)  # from the very first line this person may read
        assert [one["seq"] for one in await a.lines_up_to(room, 5)] == [5]


async def test_a_database_restored_under_a_live_room_is_told_to_who_follow_it(
    server: Server, db: Database, cast: Cast, opened: Rooms
) -> None:
    """An older copy: its rooms are at older versions, and their lines are not those that were shown."""
    room = opened.joint.pid
    async with opened_line(server, cast.applicant) as a:
        epoch = (await a.join(room))["epoch"]
        async with db.write() as session:
            session.add(Lineage(epoch="restored", reason="restore"))
            await session.execute(update(Room).where(Room.pid == room).values(version=Room.version - 1))
        await rooms.say(db, cast.mediator.actor, room, line("您好"))
        answer = await a.next("resync", room=room)
        assert answer["epoch"] == "restored" != epoch
        assert (await a.join(room))["epoch"] == "restored"
        await rooms.say(db, cast.mediator.actor, room, line("在吗"))
        await a.lines_up_to(room, 2)


async def test_history_is_read_in_both_directions(server: Server, db: Database, cast: Cast, opened: Rooms) -> None:
    room = opened.joint.pid
    for n in range(30):
        await rooms.say(db, cast.mediator.actor, room, line(str(n)))
    async with opened_line(server, cast.applicant) as a:
        await a.join(room)
        await a.send("history", room=room, before=11, limit=5)
        found = await a.next("lines", **{"from": "history"})
        assert ([one["seq"] for one in found["lines"]], found["more"]) == ([6, 7, 8, 9, 10], True)
        await a.send("history", room=room, after=28)
        found = await a.next("lines", **{"from": "history"})
        assert ([one["seq"] for one in found["lines"]], found["more"]) == ([29, 30], False)


async def test_the_same_line_sent_again_is_answered_again_and_stored_once(
    server: Server, cast: Cast, opened: Rooms
) -> None:
    room = opened.joint.pid
    async with opened_line(server, cast.applicant) as a, opened_line(server, cast.applicant) as b:
        await a.join(room)
        client_id = await a.say(room, "只此一次")
        first = await a.next("said", id=client_id)
        await b.say(room, "只此一次", client_id)
        assert await b.next("said", id=client_id) == first
        await b.say(room, "换一句", client_id)
        assert (await b.next("error"))["code"] == "conflict"
        await a.say(room, "下一句")
        assert [one["seq"] for one in await a.lines_up_to(room, 2)] == [1, 2]


async def test_a_recall_reaches_the_live_readers_without_the_words(
    server: Server, db: Database, cast: Cast, opened: Rooms
) -> None:
    room = opened.joint.pid
    async with opened_line(server, cast.applicant) as a, opened_line(server, cast.respondent) as b:
        await b.join(room)
        await a.say(room, "说错了")
        await a.next("said")
        recall_id = ids.new_pid()
        await a.send("recall", room=room, id=recall_id, seq=1)
        assert (await a.next("said", id=recall_id))["seq"] == 2
        got = await b.lines_up_to(room, 2)
        assert (got[1]["kind"], got[1]["body"]) == ("recall", {"seq": 1})
        await b.send("recall", room=room, id=ids.new_pid(), seq=1)
        assert (await b.next("error"))["code"] == "not_yours"
    async with opened_line(server, cast.mediator) as c:
        await c.join(room)
        assert (c.lines(room)[0]["body"], c.lines(room)[0]["recalled"]) == ({}, True)
        assert "说错了".encode() not in bytes(c.bytes_heard)


async def test_a_system_line_of_a_move_arrives_by_itself(
    server: Server, db: Database, cast: Cast, opened: Rooms
) -> None:
    room = opened.joint.pid
    async with opened_line(server, cast.applicant) as a:
        await a.join(room)
        async with db.write() as session:
            await rooms.announce(session, await rooms.room(session, room), "case:accepted", "已受理", "/cases/x")
        got = (await a.lines_up_to(room, 1))[0]
        assert (got["by"], got["kind"]) == (None, "system")
        assert got["body"] == {"tag": "case:accepted", "text": "已受理", "link": "/cases/x"}


async def test_many_talk_at_once_and_everybody_reads_the_same(server: Server, cast: Cast, opened: Rooms) -> None:
    room = opened.joint.pid
    async with (
        opened_line(server, cast.applicant) as a,
        opened_line(server, cast.respondent) as b,
        opened_line(server, cast.mediator) as c,
    ):
        for client in (a, b, c):
            await client.join(room)
        for n in range(60):
            for client in (a, b, c):
                await client.say(room, f"第{n}句")
        read = [await client.lines_up_to(room, 180) for client in (a, b, c)]
        assert read[0] == read[1] == read[2]
        assert [one["seq"] for one in read[0]] == list(range(1, 181))
