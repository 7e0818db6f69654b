"""The short cuts past ASGI's queues change nothing that a client can see, and the service runs without them."""

from collections.abc import AsyncIterator

import pytest
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from odr.app import create_app
from odr.core import ids
from odr.core.settings import Settings
from odr.live import serving
from tests.cast import Cast
from tests.live.server import Server, opened_line, serving_app
from tests.rooms.conftest import Rooms


@pytest.fixture(params=["short cuts", "plain ASGI"])
async def server(
    request: pytest.FixtureRequest, sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Server]:
    if request.param == "plain ASGI":
        monkeypatch.setattr(serving, "RoomsProtocol", WebSocketsSansIOProtocol)
    async with serving_app(create_app, sqlite_settings) as running:
        yield running


async def test_what_is_sent_in_one_go_is_handled_in_its_order(server: Server, cast: Cast, opened: Rooms) -> None:
    """A file is looked up in the database; what comes behind it waits, and nothing overtakes."""
    room = opened.joint.pid
    async with opened_line(server, cast.applicant) as a, opened_line(server, cast.respondent) as b:
        await b.join(room)
        await a.join(room)
        for n in range(40):
            if n % 10 == 3:
                await a.send("say", room=room, id=ids.new_pid(), kind="file", file=ids.new_pid())
            else:
                await a.say(room, f"第{n}句")
        await a.send("ping", n=7)
        await a.next("pong", n=7)
        await a.say(room, "完")
        wanted = [f"第{n}句" for n in range(40) if n % 10 != 3] + ["完"]
        got = await b.lines_up_to(room, len(wanted))
        assert [line["body"]["text"] for line in got] == wanted
        await a.lines_up_to(room, len(wanted))
        assert [f["code"] for f in a.heard if f["t"] == "error"] == ["bad_file"] * 4
        assert [f["seq"] for f in a.heard if f["t"] == "said"] == list(range(1, len(wanted) + 1))


async def test_a_broken_letter_closes_with_the_code_for_it(server: Server, cast: Cast, opened: Rooms) -> None:
    async with opened_line(server, cast.applicant) as a:
        await a.join(opened.joint.pid)
        await a.socket.send(b'{"t":"typing","room":"\xff"}', text=True)
        assert await a.closed() == 1007


async def test_long_frames_arrive_whole(server: Server, cast: Cast, opened: Rooms) -> None:
    room = opened.joint.pid
    words = ["短", "听" * 30, "我" * 4000]
    async with opened_line(server, cast.applicant) as a, opened_line(server, cast.respondent) as b:
        await b.join(room)
        for text in words * 6:
            await a.say(room, text)
        got = await b.lines_up_to(room, 18, 20)
        assert [line["body"]["text"] for line in got] == words * 6
    async with opened_line(server, cast.respondent) as b:
        await b.send("join", room=room)
        assert [line["body"]["text"] for line in await b.lines_up_to(room, 18, 20)] == words * 6
