"""What the other side's socket receives, byte for byte, while the whole private story happens beside it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from odr.app import create_app
from odr.core import ids
from odr.core.db import Database
from odr.core.settings import Settings
from tests.cast import Cast
from tests.leaks import filing
from tests.leaks import world as planting
from tests.leaks.world import World, call
from tests.live.server import Client, Server, opened_line, serving_app


@pytest.fixture
async def server(settings: Settings) -> AsyncIterator[Server]:
    async with serving_app(create_app, settings) as running:
        yield running


@pytest.fixture
def app(server: Server) -> FastAPI:
    return server.app


@pytest.fixture
async def world(db: Database, cast: Cast) -> World:
    return await planting.founded(db, cast)


async def prying(line: Client, world: World, epoch: str) -> None:
    """Every frame a client has, at the rooms it has no place in and with cursors that are not its own."""
    for name in ("applicant", "notes"):
        room = world.rooms[name]
        for cursor in ({}, {"epoch": epoch, "seq": 0}, {"epoch": epoch, "seq": 3}, {"epoch": ids.new_pid(), "seq": 1}):
            await line.send("join", room=room, **cursor)
        await line.send("history", room=room, after=0)
        await line.send("history", room=room, before=99, limit=200)
        await line.send("read", room=room, seq=1)
        await line.send("typing", room=room)
        await line.send("recall", room=room, id=ids.new_pid(), seq=1)
        await line.say(room, "有人吗")
    own = world.rooms["respondent"]
    await line.send("say", room=own, id=ids.new_pid(), kind="file", file=world.files.get("paper", ids.new_pid()))
    # A cursor of the private room, held against a room of one's own.
    await line.send("join", room=world.rooms["joint"], epoch=epoch, seq=40)
    await line.send("join", room=world.rooms["joint"], epoch=epoch, seq=0)


async def test_no_frame_holds_a_word(server: Server, world: World) -> None:
    cast = world.cast
    async with contextlib.AsyncExitStack() as stack:
        outside = {
            name: await stack.enter_async_context(opened_line(server, cast.everybody()[name]))
            for name in ("respondent", "respondent_agent", "stranger", "auditor", "body_clerk", "centre_clerk")
        }
        owner, mediator = [
            await stack.enter_async_context(opened_line(server, who)) for who in (cast.applicant, cast.mediator)
        ]
        for name in ("respondent", "respondent_agent"):
            await outside[name].join(world.rooms["joint"])
            await outside[name].join(world.rooms["respondent"])
        for line in (owner, mediator):
            await line.join(world.rooms["joint"])
            epoch = (await line.join(world.rooms["applicant"]))["epoch"]
        await mediator.join(world.rooms["notes"])
        for line in outside.values():
            await prying(line, world, epoch)
        await owner.send("typing", room=world.rooms["applicant"])
        await planting.whisper(world)
        await planting.offer_times(world)
        await planting.meet_apart(world)
        await filing.write(world)
        await planting.object_apart(world)
        await planting.suggest_apart(world)
        await planting.draft(world)
        await planting.signed(world)
        await planting.performed(world)
        for line in outside.values():
            await prying(line, world, epoch)
        last = await planting.say(world, cast.mediator, "joint", "请继续")
        for name in ("respondent", "respondent_agent"):
            await outside[name].lines_up_to(world.rooms["joint"], last)
        await asyncio.gather(*(line.quiet() for line in outside.values()))
        await asyncio.gather(owner.quiet(), mediator.quiet())

        for name, line in outside.items():
            heard = bytes(line.bytes_heard).decode()
            assert world.found_in(heard) & world.forbidden(name) == set(), name
            # A room that is named in an error is the one this client named itself; no other frame may name it.
            told = [frame for frame in line.heard if frame["t"] != "error"]
            for private in (world.rooms["applicant"], world.rooms["notes"]):
                assert private not in repr(told), name
            assert not any(pid in repr(told) for pid in world.files.values()), name
            errors = {frame["code"] for frame in line.heard if frame["t"] == "error"}
            assert errors <= {"unknown_room", "bad_file", "too_fast", "read_only", "bad_frame"}, name
            if name.startswith("respondent"):
                assert {frame["t"] for frame in told} >= {"welcome", "room", "lines", "changed", "presence"}
        talk = {"party_line", "mediator_line", "agent_line", "proposal", "caption", "file_name"}
        assert talk <= world.found_in(bytes(owner.bytes_heard).decode())
        assert talk | {"note"} <= world.found_in(bytes(mediator.bytes_heard).decode())


async def test_taken_back_is_taken_back_for_whoever_comes_later(server: Server, world: World) -> None:
    """The private room's own members are not told again what was taken back."""
    await planting.whisper(world)
    async with opened_line(server, world.cast.mediator) as line:
        await line.join(world.rooms["applicant"])
        await line.send("history", room=world.rooms["applicant"], after=0)
        await line.next("lines", **{"from": "history"})
        heard = world.found_in(bytes(line.bytes_heard).decode())
    assert "party_line" in heard
    assert "recalled" not in heard
    gone = [row for row in await lines_of(world) if row.get("recalled")]
    assert len(gone) == 1
    assert gone[0]["body"] == {}


async def lines_of(world: World) -> list[dict[str, object]]:
    answer = await call(world.cast.applicant, "GET", f"/rooms/{world.rooms['applicant']}/lines?after=0")
    found: list[dict[str, object]] = answer["lines"]
    return found
