"""A worker that is told to stop, and two that are replaced one after the other, as real processes."""

import asyncio
import contextlib
import json
import os
import signal
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2
import pytest

from odr.app import create_app
from odr.core.settings import Settings
from odr.live import protocol
from tests.cast import Cast, found_cast
from tests.faults.service import Site
from tests.live.server import Client, opened_line
from tests.plugins.faults import Trial
from tests.processes import Serving, serving
from tests.rooms.conftest import Rooms, opened_rooms


@dataclass
class City:
    """People in rooms, and the process that serves them."""

    serving: Serving
    cast: Cast
    opened: Rooms

    async def line(self, stack: contextlib.AsyncExitStack, who: str = "applicant") -> Client:
        return await stack.enter_async_context(opened_line(self.serving, self.cast.everybody()[who]))


async def _peopled(settings: Settings) -> tuple[Cast, Rooms]:
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        cast = await found_cast(app)
        return cast, await opened_rooms(app.state.odr.db, cast)


@contextlib.asynccontextmanager
async def _city(settings: Settings, **more: str) -> AsyncIterator[City]:
    cast, opened = await _peopled(settings)
    with contextlib.ExitStack() as stack:
        running = await asyncio.to_thread(stack.enter_context, serving(settings, **more))
        yield City(running, cast, opened)


async def _gone(city: Serving, seconds: float) -> int:
    return await asyncio.to_thread(city.process.wait, seconds)


@pytest.mark.sqlite
async def test_who_is_told_to_stop_says_so_answers_what_came_and_sends_everybody_home(
    sqlite_settings: Settings,
) -> None:
    async with _city(sqlite_settings, ODR_LINGER_SECONDS="2") as city, contextlib.AsyncExitStack() as stack:
        room = city.opened.joint.pid
        clients = [await city.line(stack, who) for who in ("applicant", "respondent", "mediator")]
        for client in clients:
            await client.join(room)
        kept = await stack.enter_async_context(httpx2.AsyncClient(base_url=city.serving.origin))
        assert (await kept.get("/readyz")).json() == {"status": "ready"}
        # One who never reads and never answers a close.
        stuck = stack.enter_context(socket.create_connection(("127.0.0.1", city.serving.port)))
        stuck.sendall(_handshake(city.cast.stranger.token))
        await clients[0].quiet(0.2)

        city.serving.send(signal.SIGTERM)
        answer = await kept.get("/readyz")
        assert answer.status_code == 503
        assert answer.json() == {"status": "not ready", "worker": "stopping"}
        assert answer.headers["connection"] == "close"
        late = await city.line(stack)
        assert await late.closed() == protocol.RESTART
        # Who is in is served to the end.
        said = await clients[0].say(room, "还在吗")
        assert (await clients[0].next("said", id=said))["seq"] == 1
        await asyncio.gather(*(client.lines_up_to(room, 1) for client in clients))
        assert [await client.closed() for client in clients] == [protocol.RESTART] * 3
        assert await _gone(city.serving, 30) == 0
        assert city.serving.events("server.stopping")


@pytest.mark.sqlite
async def test_what_was_sent_before_the_end_is_answered_or_not_stored(sqlite_settings: Settings) -> None:
    async with _city(sqlite_settings) as city:
        room = city.opened.joint.pid
        async with contextlib.AsyncExitStack() as stack:
            client = await city.line(stack)
            await client.join(room)
            sent = [await client.say(room, f"第{n}句") for n in range(60)]
            city.serving.send(signal.SIGTERM)
            assert await client.closed() == protocol.RESTART
            acked = {frame["id"] for frame in client.heard if frame["t"] == "said"}
            assert await _gone(city.serving, 30) == 0
        with contextlib.ExitStack() as again:
            running = await asyncio.to_thread(again.enter_context, serving(sqlite_settings))
            path = f"/api/v1/rooms/{room}/lines?after=0&limit=200"
            _, page = running.get(path, Authorization=f"Bearer {city.cast.applicant.token}")
        stored = [line["id"] for line in json.loads(page)["lines"]]
        assert stored == sent[: len(stored)]
        # Everything that is stored was acknowledged: nobody had to wonder.
        assert acked == set(stored)


@pytest.mark.sqlite
async def test_a_second_signal_hurries(sqlite_settings: Settings) -> None:
    async with _city(sqlite_settings, ODR_LINGER_SECONDS="15") as city, contextlib.AsyncExitStack() as stack:
        client = await city.line(stack)
        await client.join(city.opened.joint.pid)
        half = stack.enter_context(socket.create_connection(("127.0.0.1", city.serving.port)))
        half.sendall(b"POST /api/v1/rooms/x/lines HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
        city.serving.send(signal.SIGTERM)
        await asyncio.to_thread(city.serving.wait_for_event, "server.stopping")
        city.serving.send(signal.SIGINT)
        assert await client.closed(10) == protocol.RESTART
        # The first signal alone leaves 15 s to the balancers and 10 s to the request.
        assert await _gone(city.serving, 12) == 0


def _handshake(token: str) -> bytes:
    return (
        "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: odr.v1\r\n"
        f"Authorization: Bearer {token}\r\n\r\n"
    ).encode()


class Door:
    """The one address of several workers, as the fault suite knows a worker."""

    def __init__(self, served: Serving) -> None:
        self.served, self.port, self.origin = served, served.port, served.origin

    @property
    def is_gone(self) -> bool:
        return self.served.process.poll() is not None

    async def stop(self) -> None:
        self.served.send(signal.SIGTERM)
        assert await _gone(self.served, 30) == 0


@pytest.mark.postgres
@pytest.mark.redis
async def test_workers_replaced_one_by_one_under_load_lose_nothing(
    postgres_settings: Settings, redis_url: str, trial: Trial
) -> None:
    settings = postgres_settings.model_copy(update={"redis_url": redis_url})
    site = Site(settings, [], trial)
    trial.engine = "PostgreSQL + Redis"
    await site.found()
    with contextlib.ExitStack() as stack:
        served = await asyncio.to_thread(stack.enter_context, serving(settings, workers=2))
        site.workers = [Door(served)]  # type: ignore[list-item]  # the part of a worker that a site needs here
        async with site.talking(per_second=60) as phones:
            served.send(signal.SIGHUP)
            await asyncio.to_thread(served.wait_for_event, "supervisor.replaced_all")
            # The door was never closed: everybody was sent home with the code that says so, and nothing else happened.
            assert {code for phone in phones for code in phone.closes} == {protocol.RESTART}
            # One is killed outright and comes back by itself.
            victim = served.events("supervisor.ready")[-1]["pid"]
            os.kill(victim, signal.SIGKILL)
            await asyncio.to_thread(served.wait_for_event, "supervisor.ready", 5)
        trial.counts["kills"] += 1
        assert served.events("supervisor.worker_died")[0]["pid"] == victim
        assert len(served.events("server.stopped")) == 2
        assert {one["retiring"] for one in served.events("server.stopping")} == {True}
        assert await site.verdict() == []
