"""Two workers on PostgreSQL and Redis: what one commits, the other's sockets hear; and what happens without Redis."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import redis.asyncio as redis_client
from sqlalchemy import update

from odr.accounts.models import Login
from odr.app import create_app
from odr.core import clock
from odr.core.db import Database, poke
from odr.core.settings import Settings
from odr.live import hub as hub_module
from odr.live import presence, protocol
from odr.rooms import service as rooms
from tests import servers
from tests.cast import Cast, found_cast
from tests.live.server import Server, eventually, opened_line, serving_app
from tests.rooms.conftest import Rooms, line, opened_rooms

pytestmark = [pytest.mark.postgres, pytest.mark.redis]


@pytest.fixture
async def two(postgres_settings: Settings, redis_url: str) -> AsyncIterator[tuple[Server, Server]]:
    settings = postgres_settings.model_copy(update={"redis_url": redis_url})
    async with serving_app(create_app, settings) as one, serving_app(create_app, settings) as other:

        async def both_listen() -> bool:
            async with redis_client.from_url(redis_url) as redis:
                return bool((await redis.pubsub_numsub("odr:pokes"))[0][1] == 2)

        await eventually(both_listen)
        yield one, other


@pytest.fixture
async def cast(two: tuple[Server, Server]) -> Cast:
    return await found_cast(two[0].app)


@pytest.fixture
def db(two: tuple[Server, Server]) -> Database:
    found: Database = two[0].app.state.odr.db
    return found


@pytest.fixture
async def opened(db: Database, cast: Cast) -> Rooms:
    return await opened_rooms(db, cast)


async def test_a_message_that_is_no_poke_deafens_nobody(two: tuple[Server, Server], redis_url: str) -> None:
    heard = asyncio.Event()

    async def hear(_: list[str]) -> None:
        heard.set()

    two[1].app.state.odr.bus.on("test", hear)
    async with redis_client.from_url(redis_url) as redis:
        for forged in ("5", "{", "[]", "[1,2]", "null", '{"a":1,"b":2,"c":3}', '["x",[],null]'):
            await redis.publish("odr:pokes", forged)

    async def is_heard() -> bool:
        await two[0].app.state.odr.bus.poke("test", ["x"], here=False)
        return heard.is_set()

    await eventually(is_heard)


async def test_what_one_worker_commits_the_other_delivers(
    two: tuple[Server, Server], cast: Cast, opened: Rooms
) -> None:
    room = opened.joint.pid
    async with opened_line(two[0], cast.applicant) as a, opened_line(two[1], cast.respondent) as b:
        await a.join(room)
        await b.join(room)
        for n in range(100):
            await a.say(room, f"甲{n}")
            await b.say(room, f"乙{n}")
        read = [await client.lines_up_to(room, 200) for client in (a, b)]
        assert read[0] == read[1]
        assert [one["seq"] for one in read[0]] == list(range(1, 201))


async def test_a_line_crosses_well_within_a_head_check(
    two: tuple[Server, Server], cast: Cast, opened: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "CHECK_SECONDS", 600.0)
    room = opened.joint.pid
    async with opened_line(two[0], cast.applicant) as a, opened_line(two[1], cast.respondent) as b:
        await a.join(room)
        await b.join(room)
        await asyncio.sleep(2.1)  # the check that was already waiting
        await a.say(room, "听得到吗")
        await b.lines_up_to(room, 1, 1.0)


async def test_a_resend_over_the_other_worker_is_stored_once(
    two: tuple[Server, Server], cast: Cast, opened: Rooms
) -> None:
    room = opened.joint.pid
    async with opened_line(two[0], cast.applicant) as a, opened_line(two[1], cast.applicant) as b:
        client_id = await a.say(room, "只此一次")
        await b.say(room, "只此一次", client_id)
        first, second = await a.next("said", id=client_id), await b.next("said", id=client_id)
        assert first == second


async def test_a_cursor_of_one_worker_is_good_on_the_other(
    two: tuple[Server, Server], db: Database, cast: Cast, opened: Rooms
) -> None:
    room = opened.joint.pid
    async with opened_line(two[0], cast.applicant) as a:
        epoch = (await a.join(room))["epoch"]
        for n in range(30):
            await rooms.say(db, cast.mediator.actor, room, line(str(n)))
        await a.lines_up_to(room, 30)
    async with opened_line(two[1], cast.applicant) as a:
        await a.send("join", room=room, epoch=epoch, seq=20)
        assert [one["seq"] for one in await a.lines_up_to(room, 30)] == list(range(21, 31))


async def test_presence_typing_and_read_marks_cross(two: tuple[Server, Server], cast: Cast, opened: Rooms) -> None:
    room, case = opened.joint.pid, opened.case
    async with opened_line(two[0], cast.applicant) as a:
        await a.join(room)
        async with opened_line(two[1], cast.respondent) as b:
            await b.join(room)
            for client in (a, b):
                await client.until(
                    lambda f: (
                        f["t"] == "presence"
                        and f["case"] == case
                        and set(f["here"]) == {cast.applicant.pid, cast.respondent.pid}
                    )
                )
            await b.send("typing", room=room)
            assert (await a.next("typing"))["who"] == cast.respondent.pid
            await a.say(room, "您好")
            await b.lines_up_to(room, 1)
            await b.send("read", room=room, seq=1)
            mark = await a.next("read")
            assert (mark["who"], mark["seq"]) == (cast.respondent.pid, 1)
        await a.until(lambda f: f["t"] == "presence" and f["here"] == [cast.applicant.pid], 8)


async def test_the_ghosts_of_a_dead_worker_fade(
    two: tuple[Server, Server], cast: Cast, opened: Rooms, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "TTL_SECONDS", 4)
    async with redis_client.from_url(redis_url) as redis:
        import time

        await redis.zadd(f"odr:here:{opened.case}", {f"{cast.respondent.pid}|deadbeef": time.time() + 4.0})
    async with opened_line(two[0], cast.applicant) as a:
        await a.join(opened.joint.pid)
        await a.until(lambda f: f["t"] == "presence" and cast.respondent.pid in f["here"])
        await asyncio.sleep(4.0)
        hub = two[0].app.state.odr.hub
        hub.presence._refresh({opened.case})
        await a.until(lambda f: f["t"] == "presence" and f["here"] == [cast.applicant.pid])


@pytest.mark.parametrize("cause", ["login", "member", "login without poke", "member without poke"])
async def test_revocation_reaches_the_other_worker(
    two: tuple[Server, Server], db: Database, cast: Cast, opened: Rooms, cause: str
) -> None:
    room = opened.joint.pid
    if "without" in cause:
        db.bus = None
    async with opened_line(two[1], cast.respondent) as b:
        await b.join(room)
        async with db.write() as session:
            if cause.startswith("login"):
                pid = cast.respondent.actor.login_pid
                await session.execute(update(Login).where(Login.pid == pid).values(ended_at=clock.now()))
                poke(session, "logins", pid)
            else:
                await rooms.end_member(session, await rooms.room(session, room), cast.respondent.id)
        patience = 5.0 if "without" in cause else 2.0
        if cause.startswith("login"):
            assert await b.closed(patience) == protocol.SIGN_IN
        else:
            await b.next("gone", patience, room=room)


async def test_without_redis_lines_still_cross_and_removal_still_holds(postgres_settings: Settings) -> None:
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(servers.redis())
        settings = postgres_settings.model_copy(update={"redis_url": url})
        async with serving_app(create_app, settings) as one, serving_app(create_app, settings) as other:
            cast = await found_cast(one.app)
            opened = await opened_rooms(one.app.state.odr.db, cast)
            room = opened.joint.pid
            async with opened_line(one, cast.applicant) as a, opened_line(other, cast.respondent) as b:
                await a.join(room)
                await b.join(room)
                stack.close()
                for n in range(10):
                    client_id = await a.say(room, f"没有 Redis {n}")
                    await a.next("said", id=client_id)
                await b.lines_up_to(room, 10, 5.0)
                await b.say(room, "收到")
                for client in (a, b):
                    got = await client.lines_up_to(room, 11, 5.0)
                    assert [one["seq"] for one in got] == list(range(1, 12))
                async with db_of(one).write() as session:
                    await rooms.end_member(session, await rooms.room(session, room), cast.respondent.id)
                await b.next("gone", 10.0, room=room)


def db_of(server: Server) -> Database:
    found: Database = server.app.state.odr.db
    return found


async def test_a_flushed_and_cut_redis_loses_nothing(
    two: tuple[Server, Server], cast: Cast, opened: Rooms, redis_url: str
) -> None:
    room = opened.joint.pid
    async with (
        opened_line(two[0], cast.applicant) as a,
        opened_line(two[1], cast.respondent) as b,
        redis_client.from_url(redis_url) as redis,
    ):
        await a.join(room)
        await b.join(room)
        for n in range(30):
            await a.say(room, str(n))
            if n % 10 == 5:
                await redis.flushall()
                await redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
                await asyncio.sleep(0.05)
        assert [one["seq"] for one in await b.lines_up_to(room, 30, 6.0)] == list(range(1, 31))
