"""Joining under bad luck: others leave half-way, the database is away, frames do not wait for the answer."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from odr.core import ids
from odr.core.db import Database
from odr.rooms import service as rooms
from tests.cast import Cast
from tests.live.server import Server, eventually, opened_line
from tests.rooms.conftest import Rooms, line


async def test_who_leaves_while_a_room_is_read_for_the_first_time_takes_nobody_along(
    server: Server, cast: Cast, opened: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a restart one reads a room's state for all who came with it; some of them drop again meanwhile."""
    hub, room = server.app.state.odr.hub, opened.joint.pid
    look, let_read, asked = hub.db.look, asyncio.Event(), 0

    async def slow_look(work: Callable[..., Any], *args: Any, **more: Any) -> Any:
        nonlocal asked
        if work is rooms.states_of:
            asked += 1
            await let_read.wait()
        return await look(work, *args, **more)

    monkeypatch.setattr(hub.db, "look", slow_look)

    async def is_asked() -> bool:
        return asked == 1

    async def has_sockets(count: int) -> bool:
        return bool(hub.sockets == count)

    async with opened_line(server, cast.applicant) as a, opened_line(server, cast.mediator) as c:
        await a.send("join", room=room)
        await eventually(is_asked)
        async with opened_line(server, cast.respondent) as b:
            await b.send("join", room=room)
            await c.send("join", room=room)
            for one in (b, c):
                await one.send("ping", n=1)
                await one.next("pong", n=1)
        await eventually(lambda: has_sockets(2))
        let_read.set()
        for one in (a, c):
            await one.next("room", room=room)
            await one.next("lines", room=room)


@pytest.mark.parametrize("failure", [PoolTimeout("no connection is free"), OperationalError("", {}, OSError())])
async def test_a_question_waits_for_a_database_that_is_away(
    server: Server, db: Database, cast: Cast, opened: Rooms, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    """Every connection may be held by a server that does not answer: who waits for one in vain hears that in its own
    error, which is none of the driver's."""
    hub, room = server.app.state.odr.hub, opened.joint.pid
    await rooms.say(db, cast.mediator.actor, room, line("您好"))
    look, failing = hub.db.look, 1

    async def failing_look(work: Callable[..., Any], *args: Any, **more: Any) -> Any:
        nonlocal failing
        if work is rooms.states_of and failing:
            failing -= 1
            raise failure
        return await look(work, *args, **more)

    monkeypatch.setattr(hub.db, "look", failing_look)
    async with opened_line(server, cast.applicant) as a:
        await a.join(room)
        assert not failing
        read, away = rooms.say_draft, True

        async def say_draft(*args: Any, **more: Any) -> Any:
            if away:
                raise failure
            return await read(*args, **more)

        monkeypatch.setattr(rooms, "say_draft", say_draft)
        said = ids.new_pid()
        await a.send("say", room=room, id=said, kind="file", file="nothing")
        error = await a.next("error", re=said)
        assert (error["code"], error["retry"]) == ("busy", 2)
        away = False
        await a.send("say", room=room, id=said, kind="file", file="nothing")
        assert (await a.next("error", re=said))["code"] == "bad_file"


async def test_what_is_sent_behind_a_join_is_done_after_it(
    server: Server, db: Database, cast: Cast, opened: Rooms
) -> None:
    room = opened.joint.pid
    await rooms.say(db, cast.mediator.actor, room, line("您好"))
    async with opened_line(server, cast.applicant) as a, opened_line(server, cast.mediator) as m:
        await m.join(room)
        await a.send("join", room=room)
        await a.send("read", room=room, seq=1)
        await a.send("typing", room=room)
        assert (await m.next("read", room=room))["seq"] == 1
        await a.send("join", room=room)
        await a.send("leave", room=room)
        for _ in ("first", "again"):
            await a.next("lines", room=room)
        await m.say(room, "还在吗")
        await m.lines_up_to(room, 2)
        await a.quiet()
        assert not [frame for frame in a.heard if frame["t"] == "error"]
        assert [one["seq"] for one in a.lines(room)][-1] == 1, "who has left hears nothing more"
