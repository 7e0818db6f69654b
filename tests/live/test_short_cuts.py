"""The short cuts past ASGI's queues change nothing that a client can see, and the service runs without them."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode

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


async def test_borders_of_chunks_mean_nothing(server: Server, cast: Cast, opened: Rooms) -> None:
    """Wherever the network cuts: inside a header or a text, between two frames, with a ping between two fragments."""
    room = opened.joint.pid
    wanted: list[str] = []

    def said(n: int) -> bytes:
        wanted.append(f"第{n}句")
        return json.dumps({"t": "say", "room": room, "id": ids.new_pid(), "text": wanted[-1]}).encode()

    def masked(opcode: Opcode, data: bytes, fin: bool = True) -> bytes:
        return Frame(opcode, data, fin=fin).serialize(mask=True)

    async with opened_line(server, cast.applicant) as a:
        await a.join(room)
        write = a.socket.transport.write
        for n, cut in enumerate([1, 2, 3, 4, 5, 7, 8, 9, 60, -1]):
            whole = masked(Opcode.TEXT, said(n))
            write(whole[:cut])
            await asyncio.sleep(0.02)
            write(whole[cut:] + masked(Opcode.PING, b"") if n % 2 else whole[cut:])
            await a.next("said")
        text = said(10)
        for part in (
            masked(Opcode.TEXT, text[:20], fin=False),
            masked(Opcode.PING, b"between"),
            masked(Opcode.CONT, text[20:50], fin=False),
            masked(Opcode.CONT, text[50:]),
            masked(Opcode.TEXT, said(11)),
            masked(Opcode.TEXT, said(12)) + masked(Opcode.TEXT, said(13)),
        ):
            write(part)
            await asyncio.sleep(0.02)
        got = await a.lines_up_to(room, len(wanted))
        assert [line["body"]["text"] for line in got] == wanted
        # A whole text between the fragments of another is against the protocol, whoever reads it.
        write(masked(Opcode.TEXT, b"{", fin=False))
        await asyncio.sleep(0.02)
        write(masked(Opcode.TEXT, text))
        assert await a.closed() == 1002


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 4000, 65535])
def test_one_whole_text_is_read_as_the_parser_reads_it(size: int) -> None:
    data = bytes(n % 251 for n in range(size))
    chunk = Frame(Opcode.TEXT, data).serialize(mask=True)
    assert serving.whole_text(chunk) == data
    others = [chunk[:-1], chunk + b"\x81", chunk + chunk, b"", chunk[:2], chunk[:5]]
    others += [Frame(Opcode.TEXT, data).serialize(mask=False), Frame(Opcode.BINARY, data).serialize(mask=True)]
    others += [Frame(Opcode.TEXT, data, fin=False).serialize(mask=True), bytes([chunk[0] | 0x40]) + chunk[1:]]
    assert [serving.whole_text(one) for one in others] == [None] * len(others)


def test_what_is_longer_is_left_to_the_parser() -> None:
    assert serving.whole_text(Frame(Opcode.TEXT, bytes(65536)).serialize(mask=True)) is None
