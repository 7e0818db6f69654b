"""A real server in this process on a free port, and a client that speaks `odr.v1`."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
import uvicorn
import websockets
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect

from odr.core import ids
from odr.core.settings import Settings
from odr.live import serving
from tests import servers
from tests.cast import Member

# One unit for every wait; a slow machine scales it.
SECONDS = 15.0

Frame = dict[str, Any]


@dataclass
class Server:
    """Where it listens, and the application inside."""

    app: FastAPI
    port: int
    uvicorn: uvicorn.Server

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"


@contextlib.asynccontextmanager
async def serving_app(make: Callable[[Settings], FastAPI], settings: Settings) -> AsyncIterator[Server]:
    """Serve `make(settings)` as `odr serve` would, in this event loop."""
    port = servers.free_port()
    settings = settings.model_copy(update={"port": port})
    app = make(settings)
    server = uvicorn.Server(serving.config(app, settings))
    server.config.setup_event_loop = lambda: None  # type: ignore[method-assign]
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
        if task.done():
            task.result()
    try:
        yield Server(app, port, server)
    finally:
        server.should_exit = True
        await task


async def eventually(check: Callable[[], Awaitable[bool]], seconds: float = SECONDS) -> None:
    """Wait for what no event tells: the inside of another task, another server."""
    async with asyncio.timeout(seconds):
        while not await check():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@dataclass
class Client:
    """A client of the line: everything it heard, and waits for what it expects."""

    socket: ClientConnection
    heard: list[Frame] = field(default_factory=list)
    bytes_heard: bytearray = field(default_factory=bytearray)
    _read: int = 0

    async def send(self, t: str, /, **fields: Any) -> None:
        await self.socket.send(orjson.dumps({"t": t, **fields}).decode())

    async def say(self, room: str, text: str, client_id: str | None = None) -> str:
        client_id = client_id or ids.new_pid()
        await self.send("say", room=room, id=client_id, text=text)
        return client_id

    async def until(self, wanted: Callable[[Frame], bool], seconds: float = SECONDS) -> Frame:
        """The next frame that fits; what came before it stays in `heard`."""
        async with asyncio.timeout(seconds):
            while True:
                while self._read < len(self.heard):
                    self._read += 1
                    if wanted(self.heard[self._read - 1]):
                        return self.heard[self._read - 1]
                await self._receive()

    async def next(self, t: str, seconds: float = SECONDS, **fields: Any) -> Frame:
        """The next frame of this kind with these fields."""
        return await self.until(
            lambda f: f["t"] == t and all(f.get(name) == value for name, value in fields.items()), seconds
        )

    async def lines_up_to(self, room: str, seq: int, seconds: float = SECONDS) -> list[Frame]:
        """Wait until the line `seq` of a room came; all lines heard of it, in the order they came."""
        async with asyncio.timeout(seconds):
            while not any(line["seq"] == seq for line in self.lines(room)):
                await self._receive()
        return self.lines(room)

    def lines(self, room: str) -> list[Frame]:
        return [line for f in self.heard if f["t"] == "lines" and f["room"] == room for line in f["lines"]]

    async def quiet(self, seconds: float = 0.3) -> None:
        """Listen for a while."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    await self._receive()

    async def closed(self, seconds: float = SECONDS) -> int:
        """The code this socket was closed with."""
        async with asyncio.timeout(seconds):
            with contextlib.suppress(websockets.ConnectionClosed):
                while True:
                    await self._receive()
        assert self.socket.close_code is not None
        return self.socket.close_code

    async def join(self, room: str, **cursor: Any) -> Frame:
        await self.send("join", room=room, **cursor)
        found = await self.next("room", room=room)
        await self.next("lines", room=room)
        return found

    async def _receive(self) -> None:
        message = await self.socket.recv()
        self.bytes_heard += message.encode() if isinstance(message, str) else message
        frames = orjson.loads(message)
        self.heard += frames if isinstance(frames, list) else [frames]


@contextlib.asynccontextmanager
async def opened_line(server: Server, who: Member | None = None, **options: Any) -> AsyncIterator[Client]:
    """A program's socket with a bearer token, or whatever headers are given."""
    options.setdefault("subprotocols", ["odr.v1"])
    if who is not None:
        options.setdefault("additional_headers", {"Authorization": f"Bearer {who.token}"})
    options.setdefault("max_queue", 4096)
    async with connect(server.url, compression=None, open_timeout=SECONDS, **options) as socket:
        yield Client(socket)


def browser_headers(who: Member, **more: str) -> dict[str, str]:
    return {"Cookie": f"odr_login={who.token}", **more}
