"""A small TCP proxy that breaks things on purpose, by a seed: delay, cut, silence in one or both directions."""

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

_CHUNK = 4096
# SO_LINGER with no time: the peer gets a reset, and what was on the way is gone.
_RESET = struct.pack("ii", 1, 0)
_FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


@dataclass
class Weather:
    """What befalls a connection. All of it may change while connections live."""

    delay: float = 0.0  # each piece waits up to so many seconds
    cut_after: tuple[float, float] | None = None  # each connection lives so many seconds, at random in between
    cut_after_bytes: tuple[int, int] | None = None  # … or so many bytes of answers
    resets: bool = True  # a cut is a reset half of the time, else a plain end
    swallow_up: bool = False  # what the client says vanishes, and nobody notices
    swallow_down: bool = False
    no_sockets: bool = False  # an upgrade is answered with 403, as a strict gateway does
    rewrite: tuple[bytes, bytes] | None = None  # in answers; both of one length


@dataclass
class Proxy:
    """One listening port in front of `upstream()`, which is asked anew for each connection."""

    upstream: Callable[[], int]
    weather: Weather
    dice: random.Random
    port: int = 0
    cuts: int = 0
    links: set["_Link"] = field(default_factory=set)

    def cut_all(self) -> None:
        """Cut every connection now."""
        for link in list(self.links):
            link.cut()

    def silence_all(self) -> None:
        """Whoever is connected now talks into the void from here on, and nobody is told. New connections are well."""
        for link in self.links:
            link.is_void = True


class _Link:
    """One client and its way to the service."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.writers: list[asyncio.StreamWriter] = []
        self.is_void = False
        self._over = asyncio.Event()
        self._left: int | None = None
        if proxy.weather.cut_after_bytes is not None:
            self._left = proxy.dice.randint(*proxy.weather.cut_after_bytes)

    def cut(self) -> None:
        if self._over.is_set():
            return
        self.proxy.cuts += 1
        if not self.proxy.weather.resets or self.proxy.dice.random() < 0.5:
            self._over.set()
            return
        for writer in self.writers:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()
        self._over.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.proxy.upstream())
        except OSError:
            writer.transport.abort()
            return
        self.writers.append(up_writer)
        weather = self.proxy.weather
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self.proxy.dice.uniform(*weather.cut_after), self.cut) if weather.cut_after else None
        tasks = [
            asyncio.create_task(self._pipe(reader, up_writer, up=True)),
            asyncio.create_task(self._pipe(up_reader, writer, up=False)),
        ]
        waiting = asyncio.create_task(self._over.wait())
        try:
            await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._over.set()
            if timer is not None:
                timer.cancel()
            for task in (waiting, *tasks):
                task.cancel()
            await asyncio.gather(waiting, *tasks, return_exceptions=True)
            for one in self.writers:
                one.close()

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, up: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                weather = self.proxy.weather
                if weather.delay:
                    await asyncio.sleep(self.proxy.dice.uniform(0, weather.delay))
                if self.is_void or (weather.swallow_up if up else weather.swallow_down):
                    continue
                if up and weather.no_sockets and b"\r\nupgrade: websocket\r\n" in data.lower():
                    self.writers[0].write(_FORBIDDEN)
                    return
                if weather.rewrite is not None and not up:
                    data = data.replace(*weather.rewrite)
                if not up and self._left is not None:
                    data, self._left = data[: self._left], self._left - len(data)
                writer.write(data)
                await writer.drain()
                if self._left is not None and self._left <= 0:
                    self.cut()
                    return


@contextlib.asynccontextmanager
async def proxied(upstream: Callable[[], int], weather: Weather, seed: int) -> AsyncIterator[Proxy]:
    """A proxy that lives as long as the block."""
    proxy = Proxy(upstream, weather, random.Random(seed))

    async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(proxy)
        proxy.links.add(link)
        try:
            await link.serve(reader, writer)
        finally:
            proxy.links.discard(link)
            writer.close()

    server = await asyncio.start_server(welcome, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for link in list(proxy.links):
            link._over.set()
        while proxy.links:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await server.wait_closed()
