"""Who may open a line, and what bad frames do to it: nothing, to nobody else."""

import asyncio
import contextlib
from datetime import timedelta
from typing import Any

import pytest
import websockets
from sqlalchemy import update

from odr.accounts.models import Login
from odr.core import clock, ids
from odr.core.db import Database, poke
from odr.live import connection, protocol
from odr.live import hub as hub_module
from tests.cast import Cast
from tests.live.server import Server, browser_headers, opened_line
from tests.rooms.conftest import Rooms

FOREIGN = [
    "null",
    "https://{host}",
    "http://{host}.evil.example",
    "http://evil.example",
    "http://evil{host}",
    "http://user@{host}",
    "http://{host}/",
    "HTTP://{host}",
    "http://{host}:80",
    "http://127.0.0.1",
    "http://127.0.0.1:1",
    "http://[::1]:{port}",
    "http://127.1:{port}",
    "http://ⅼocalhost:{port}".encode().decode("latin-1"),
    " http://{host}x",
    "",
]


@pytest.mark.one_engine
async def test_a_foreign_origin_is_turned_away(server: Server, cast: Cast) -> None:
    for origin in FOREIGN:
        foreign = origin.format(host=f"127.0.0.1:{server.port}", port=server.port)
        headers = browser_headers(cast.applicant, Origin=foreign)
        async with opened_line(server, additional_headers=headers) as line:
            assert await line.closed() == protocol.REFUSED, foreign


@pytest.mark.one_engine
async def test_a_browser_of_our_own_pages_comes_in(server: Server, cast: Cast) -> None:
    for name in ("127.0.0.1", "localhost"):
        headers = browser_headers(cast.applicant, Origin=f"http://{name}:{server.port}")
        async with opened_line(server, additional_headers=headers) as line:
            assert (await line.next("welcome"))["me"]["id"] == cast.applicant.pid
            assert line.socket.subprotocol == "odr.v1"


@pytest.mark.one_engine
async def test_a_cookie_without_origin_and_a_bearer_with_one_are_turned_away(server: Server, cast: Cast) -> None:
    async with opened_line(server, additional_headers=browser_headers(cast.applicant)) as line:
        assert await line.closed() == protocol.REFUSED
    both = {"Authorization": f"Bearer {cast.applicant.token}", "Origin": server.origin}
    async with opened_line(server, additional_headers=both) as line:
        assert await line.closed() == protocol.REFUSED
    async with opened_line(server, cast.applicant, subprotocols=None) as line:
        assert await line.closed() == protocol.REFUSED
    async with opened_line(server, cast.applicant, subprotocols=["chat"]) as line:
        assert await line.closed() == protocol.REFUSED


@pytest.mark.one_engine
async def test_who_is_not_signed_in_is_told_so(server: Server, cast: Cast) -> None:
    for token in ("", "nonsense", "x" * 4000):
        headers = {"Cookie": f"odr_login={token}", "Origin": server.origin}
        async with opened_line(server, additional_headers=headers) as line:
            assert await line.closed() == protocol.SIGN_IN


async def test_who_says_nothing_for_long_is_closed(server: Server, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "FIRST_FRAME_SECONDS", 0.2)
    async with opened_line(server, cast.applicant) as line:
        assert await line.closed() == protocol.SILENT


async def test_one_person_has_a_bounded_number_of_sockets(
    server: Server, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "_PER_PERSON", 3)
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(3):
            await (await stack.enter_async_context(opened_line(server, cast.applicant))).next("welcome")
        async with opened_line(server, cast.applicant) as line:
            assert await line.closed() == protocol.TOO_MANY
        async with opened_line(server, cast.respondent) as line:
            await line.next("welcome")


BAD_FRAMES: list[Any] = [
    "",
    "nonsense",
    "[]",
    "[[{}]]",
    "null",
    "1",
    '"say"',
    "{}",
    '{"t":null}',
    '{"t":"drop"}',
    '{"t":["say"]}',
    '{"t":"say"}',
    '{"t":"say","room":1,"id":"x","text":"y"}',
    '{"t":"join","room":"x","epoch":"e"}',
    '{"t":"join","room":"x","seq":1}',
    '{"t":"join","room":"x","epoch":"e","seq":-1}',
    '{"t":"join","room":"x","epoch":"e","seq":1.5}',
    '{"t":"join","room":"x","epoch":"e","seq":"1"}',
    '{"t":"join","room":"x","epoch":"e","seq":99999999999999999999999}',
    '{"t":"join","room":"../../etc/passwd"}',
    '{"t":"history","room":"x"}',
    '{"t":"history","room":"x","before":1,"after":1}',
    '{"t":"history","room":"x","before":1,"limit":201}',
    '{"t":"ping","n":-1}',
    '{"t":"ping","more":1}',
    '{"t":"read","room":"x","seq":true}',
    '{"t":"recall","room":"x","id":"aaaaaaaaaaaaaaaaaaaaaa","seq":0}',
    '{"t":"ping"',
    '{"t":"ping","n":NaN}',
    '{"t":"ping","n":"\\ud800"}',
    "[" * 2000,
    b"\x00\xff\xfe",
]


@pytest.mark.one_engine
async def test_bad_frames_are_answered_and_keep_the_line(server: Server, cast: Cast, opened: Rooms) -> None:
    async with opened_line(server, cast.applicant) as a:
        await a.join(opened.joint.pid)
        for bad in BAD_FRAMES:
            await a.socket.send(bad)
            assert (await a.next("error"))["code"] == "bad_frame", bad
        await a.send("ping", n=7)
        assert (await a.next("pong"))["n"] == 7


@pytest.mark.one_engine
@pytest.mark.parametrize("at", ["2026-11-24\x0007:00:00", "2026-11-24\u202e07:00:00", "2026-11-24漏07:00:00"])
async def test_the_clock_of_a_client_is_written_in_digits(server: Server, cast: Cast, opened: Rooms, at: str) -> None:
    """Python would take any character between day and hour."""
    async with opened_line(server, cast.applicant) as a:
        for good in ("2026-11-24T07:00:00.123Z", "2026-11-24 07:00:00+08:00"):
            await a.send("say", room=opened.joint.pid, id=ids.new_pid(), text="您好", at=good)
            await a.next("said")
        said = ids.new_pid()
        await a.send("say", room=opened.joint.pid, id=said, text="您好", at=at)
        assert (await a.next("error", re=said))["code"] == "bad_frame"


async def test_a_refused_line_names_its_id_and_nothing_of_its_content(
    server: Server, cast: Cast, opened: Rooms
) -> None:
    room, client_id = opened.joint.pid, ids.new_pid()
    async with opened_line(server, cast.applicant) as a:
        await a.send("say", room=room, id=client_id, text="长" * 4001)
        error = await a.next("error")
        assert (error["code"], error["re"], error["room"]) == ("too_long", client_id, room)
        await a.send("say", room=room, id=client_id, text=" \n\u202e ")
        assert (await a.next("error"))["re"] == client_id
        await a.send("say", room=room, id=client_id, kind="file")
        assert (await a.next("error"))["re"] == client_id
        await a.send("say", room=room, id="<script>" + "x" * 20, text="y")
        assert "re" not in await a.next("error")
        for more in ({"seq": 1}, {"by": cast.mediator.pid}, {"author_id": 1}, {"role": "mediator"}):
            await a.send("say", room=room, id=ids.new_pid(), text="夹带", **more)
            assert (await a.next("error"))["code"] == "bad_frame"
        assert "夹带".encode() not in bytes(a.bytes_heard)


@pytest.mark.one_engine
async def test_a_frame_that_is_too_big_closes_with_its_code(server: Server, cast: Cast) -> None:
    async with opened_line(server, cast.applicant) as a:
        await a.next("welcome")
        await a.socket.send("x" * (protocol.FRAME_BYTES + 1))
        assert await a.closed() == 1009


@pytest.mark.one_engine
async def test_endless_fragments_are_cut_off(server: Server, cast: Cast) -> None:
    async def drops() -> Any:
        while True:
            yield ""

    async with opened_line(server, cast.applicant) as a:
        await a.next("welcome")
        with contextlib.suppress(websockets.ConnectionClosed):
            await a.socket.send(drops())
        assert await a.closed() == 1009


async def test_a_flood_is_slowed_and_then_closed(server: Server, cast: Cast, opened: Rooms) -> None:
    async with opened_line(server, cast.applicant) as a, opened_line(server, cast.respondent) as b:
        await b.join(opened.joint.pid)

        for _ in range(int(connection.BURST) + 5):
            await a.say(opened.joint.pid, "快")
        error = await a.next("error", code="too_fast")
        assert error["retry"] >= 1
        assert error["re"]
        with contextlib.suppress(websockets.ConnectionClosed):
            for _ in range(1000):
                await a.send("ping")
        assert await a.closed() == protocol.TOO_MANY
        await b.send("ping", n=3)
        await b.next("pong", n=3)


# --- revocation -----------------------------------------------------------------------------------------------------


async def end_login(db: Database, login_pid: str, *, told: bool) -> None:
    async with db.write() as session:
        await session.execute(update(Login).where(Login.pid == login_pid).values(ended_at=clock.now()))
        if told:
            poke(session, "logins", login_pid)


@pytest.mark.parametrize("told", [True, False], ids=["with a poke", "poke lost"])
async def test_an_ended_login_closes_its_sockets(
    server: Server, db: Database, cast: Cast, opened: Rooms, told: bool
) -> None:
    async with opened_line(server, cast.applicant) as a, opened_line(server, cast.respondent) as b:
        await a.join(opened.joint.pid)
        await b.join(opened.joint.pid)
        await end_login(db, cast.applicant.actor.login_pid, told=told)
        assert await a.closed(1.0 if told else 5.0) == protocol.SIGN_IN
        await b.say(opened.joint.pid, "还在吗")
        await b.next("said")
        assert a.lines(opened.joint.pid) == []
    async with opened_line(server, cast.applicant) as a:
        assert await a.closed() == protocol.SIGN_IN


async def test_an_expired_login_closes_its_sockets(server: Server, db: Database, cast: Cast) -> None:
    async with opened_line(server, cast.applicant) as a:
        await a.next("welcome")
        async with db.write() as session:
            past = clock.now() - timedelta(seconds=1)
            await session.execute(
                update(Login).where(Login.pid == cast.applicant.actor.login_pid).values(expires_at=past)
            )
        assert await a.closed() == protocol.SIGN_IN


async def test_a_desk_that_talks_is_not_idle(
    server: Server, db: Database, cast: Cast, opened: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "_TOUCH_SECONDS", 0.0)
    old = clock.now() - timedelta(minutes=29)
    async with db.write() as session:
        await session.execute(update(Login).values(seen_at=old))
    async with opened_line(server, cast.mediator) as m:
        await m.join(opened.joint.pid)
        await m.say(opened.joint.pid, "我在")
        await m.next("said")
        async with asyncio.timeout(8):
            while True:
                async with db.read() as session:
                    login = await session.get_one(Login, cast.mediator.actor.login_id)
                    if login.seen_at > old:
                        break
                await asyncio.sleep(0.2)


async def test_who_comes_while_the_database_is_away_is_asked_to_come_again(
    server: Server, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(server.app.state.odr.db, "look", away)
    async with opened_line(server, cast.applicant) as a:
        assert await a.closed() == protocol.RESTART
