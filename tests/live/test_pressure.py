"""A client that does not read, many at once, a stop under load: the others do not feel it and nothing is lost."""

import asyncio
import contextlib
import socket

import pytest
import websockets

from odr.core import ids
from odr.core.db import Database
from odr.live import connection, protocol
from odr.rooms import service as rooms
from tests.cast import Cast
from tests.deaf import deaf
from tests.live.server import SECONDS, Server, eventually, opened_line
from tests.rooms.conftest import Rooms, line


async def test_a_client_that_does_not_read_is_closed_and_the_others_go_on(
    server: Server, db: Database, cast: Cast, opened: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_WRITE_SECONDS", 2.0)
    room, hub = opened.joint.pid, server.app.state.odr.hub
    small = socket.create_connection(("127.0.0.1", server.port))
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    small.setblocking(False)
    headers = {"Authorization": f"Bearer {cast.respondent.token}"}
    stuck = await websockets.connect(
        server.url, sock=small, subprotocols=["odr.v1"], additional_headers=headers, compression=None, max_queue=1,
        ping_interval=None,
    )  # fmt: skip
    await stuck.send(f'{{"t":"join","room":"{room}"}}')
    async with opened_line(server, cast.applicant) as a:
        known = await a.join(room)
        await a.until(lambda f: f["t"] == "presence" and cast.respondent.pid in f["here"])
        waits = []
        loop = asyncio.get_running_loop()
        words = "听我说" * 1300
        for n in range(400):
            start = loop.time()
            await rooms.say(db, cast.mediator.actor, room, line(f"{n}{words}"))
            await a.lines_up_to(room, n + 1)
            waits.append(loop.time() - start)
            if hub.sockets == 1:
                break

        async def alone() -> bool:
            return bool(hub.sockets == 1)

        await eventually(alone, 30)
        assert sorted(waits)[len(waits) // 2] < 0.5
    stuck.transport.abort()
    async with opened_line(server, cast.respondent) as b:
        await b.send("join", room=room, epoch=known["epoch"], seq=0)
        last = await _head(db, room)
        assert [one["seq"] for one in await b.lines_up_to(room, last, 20)] == list(range(1, last + 1))


async def test_pings_of_a_client_that_does_not_read_cost_no_memory(server: Server, cast: Cast, opened: Rooms) -> None:
    """Each asks for an answer, and no limit of frames counts them."""
    stuck = await asyncio.to_thread(deaf, server.port, cast.respondent.token, opened.joint.pid)
    stuck.settimeout(1.0)
    ping = bytes([0x89, 0x80 | 125, 0, 0, 0, 0]) + bytes(125)

    def flood() -> None:
        with contextlib.suppress(TimeoutError):
            for _ in range(64):
                stuck.sendall(ping * 1000)

    flooding, waiting = asyncio.create_task(asyncio.to_thread(flood)), 0
    while not flooding.done():
        held = [one.transport.get_write_buffer_size() for one in server.uvicorn.server_state.connections]
        waiting = max(waiting, *held, 0)
        await asyncio.sleep(0.01)
    await flooding
    stuck.close()
    assert waiting < 512 * 1024


async def _head(db: Database, pid: str) -> int:
    async with db.read() as session:
        return (await rooms.room(session, pid)).head_seq


async def test_many_come_back_at_once_and_all_catch_up(
    server: Server, db: Database, cast: Cast, opened: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("odr.live.hub._PER_PERSON", 1000)
    room = opened.joint.pid
    for n in range(80):
        await rooms.say(db, cast.mediator.actor, room, line(f"第{n}句"))
    people = [cast.applicant, cast.respondent, cast.mediator]
    async with opened_line(server, cast.applicant) as a:
        epoch = (await a.join(room))["epoch"]

        async def come_back(n: int) -> list[int]:
            async with opened_line(server, people[n % 3]) as one:
                await one.send("join", room=room, epoch=epoch, seq=30)
                return [got["seq"] for got in await one.lines_up_to(room, 81, 20)]

        coming = [asyncio.create_task(come_back(n)) for n in range(60)]
        await asyncio.sleep(0.05)
        await a.say(room, "我一直在")
        await a.next("said", 5.0)
        assert all(seqs == list(range(31, 82)) for seqs in await asyncio.gather(*coming))


async def test_links_cut_at_random_lose_and_double_nothing(
    server: Server, db: Database, cast: Cast, opened: Rooms
) -> None:
    """A phone that drops again and again, talking all the while: each word once, in the order typed."""
    room = opened.joint.pid
    unsent = [(ids.new_pid(), f"第{n}句") for n in range(60)]
    wanted = [text for _, text in unsent]
    seen: dict[int, str] = {}
    cursor: dict[str, object] = {}
    cuts = 0
    while unsent:
        async with opened_line(server, cast.applicant) as a:
            with contextlib.suppress(websockets.ConnectionClosed, TimeoutError):
                await a.send("join", room=room, **cursor)
                epoch = (await a.next("room"))["epoch"]
                for client_id, text in unsent[:9]:
                    await a.say(room, text, client_id)
                for _ in range(7 if cuts < 25 else 9):
                    said = await a.next("said", 2.0)
                    unsent = [one for one in unsent if one[0] != said["id"]]
            for one in a.lines(room):
                assert seen.get(one["seq"], one["body"]["text"]) == one["body"]["text"]
                seen[one["seq"]] = one["body"]["text"]
            known = 0
            while known + 1 in seen:
                known += 1
            cursor = {"epoch": epoch, "seq": known}
            a.socket.transport.abort()
            cuts += 1
    async with opened_line(server, cast.respondent) as b:
        await b.join(room)
        await b.send("history", room=room, after=0, limit=200)
        found = (await b.next("lines", **{"from": "history"}))["lines"]
        assert [one["body"]["text"] for one in found] == wanted
    assert cuts >= 5


async def test_stopping_closes_with_a_code_that_brings_clients_back(
    server: Server, db: Database, cast: Cast, opened: Rooms
) -> None:
    room = opened.joint.pid
    async with opened_line(server, cast.applicant) as a:
        await a.join(room)
        sent = [await a.say(room, str(n)) for n in range(20)]
        server.uvicorn.should_exit = True
        assert await a.closed(SECONDS) == protocol.RESTART
        said = {f["id"] for f in a.heard if f["t"] == "said"}
        assert said <= set(sent)
