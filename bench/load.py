"""The load generator: a process of its own on a core of its own, which reads orders as JSON lines and answers each.

It must cost less than what it measures, so it is no WebSocket library: all sockets read into one buffer, frames are
found by their headers and numbers by a search for their names. The load is open: a message is due at its moment whether
the server is ready or not, and its latency counts from that moment.

Orders: `open` {members, at_once?}, `run` {rate, seconds}, `close`. A member is {port, token, room, address, said?,
epoch?, seq?, goal?}.
"""

import asyncio
import base64
import gc
import random
import resource
import statistics
import sys
import time
from typing import Any

import orjson
import uvloop

from bench import machine
from bench.words import TEXT

_LINE, _SAID, _ID, _ERROR = b'{"seq":', b'"t":"said"', b'"id":"', b'"t":"error"'
_PAGE_MORE = b'"more":true'
_BUFFER = bytearray(1 << 18)
_VIEW = memoryview(_BUFFER)
_TICK = 0.001
_OPENING = 64  # handshakes under way at once, as a crowd behind one proxy would
_GRACE = 4.0
_ATTEMPTS = 5
_SAMPLED = 8  # one socket in so many reports how long others' lines took to reach it


class Run:
    """One stretch of load, and what came of it."""

    def __init__(self, rate: float, seconds: float) -> None:
        self.rate, self.total = rate, int(rate * seconds)
        self.seconds = seconds
        self.first = time.time_ns()  # ids are never used twice: that would be a repeat, not a line
        self.start = time.perf_counter() + 0.05
        self.sent = self.acked = self.delivered = self.gaps = self.errors = 0
        self.last = self.start
        self.acks: list[float] = []
        self.lags: list[float] = []

    def due(self, index: int) -> float:
        return self.start + (index - self.first) / self.rate


class Client(asyncio.BufferedProtocol):
    """One member's socket."""

    run: Run | None = None

    def __init__(self, number: int, member: dict[str, Any]) -> None:
        self.member = member
        self.seq = member.get("seq", 0)
        self.goal: int | None = member.get("goal")
        self.waiting = 0
        self.ready: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self.lost = False
        self._sampled = number % _SAMPLED == 0
        self._rest = bytearray()
        self._open = False
        self._transport: Any = None
        # An id begins with its time, as those of the room's page do, and ends with whose it is.
        own = f"{number:08x}".encode()
        self._mark = _SAID if member.get("said", True) else own + b'"'
        head = b'{"t":"say","room":"%b","id":"' % member["room"].encode()
        self._tail = b'%b","text":"%b"}' % (own, TEXT.encode())
        self._head = _header(0x81, len(head) + 16 + len(self._tail)) + head

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        key = base64.b64encode(random.randbytes(16)).decode()
        transport.write(
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{self.member['port']}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: odr.v1\r\nAuthorization: Bearer {self.member['token']}\r\n"
            f"X-Forwarded-For: {self.member['address']}\r\n\r\n".encode()
        )

    def connection_lost(self, _why: Exception | None) -> None:
        self.lost = True
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("closed before it was ready"))

    def end(self) -> None:
        self._transport.abort()

    def say(self, index: int) -> None:
        if self._transport.is_closing():
            return  # the server sent it away; the run counts as one that was not kept up
        self.waiting += 1
        self._transport.write(self._head + b"%016x" % index + self._tail)

    def _send(self, data: bytes) -> None:
        self._transport.write(_header(0x81, len(data)) + data)

    # --- in ---

    def get_buffer(self, _hint: int) -> memoryview:
        return _VIEW

    def buffer_updated(self, size: int) -> None:
        if self._rest:
            self._rest += _VIEW[:size]
            used = self._read(self._rest, len(self._rest))
            del self._rest[:used]
        else:
            used = self._read(_BUFFER, size)
            if used < size:
                self._rest = bytearray(_VIEW[used:size])

    def _read(self, data: bytearray, end: int) -> int:
        at = 0
        if not self._open:
            at = data.find(b"\r\n\r\n", 0, end) + 4
            if at < 4:
                return 0
            if not data.startswith(b"HTTP/1.1 101"):
                self.end()
                return end
            self._open = True
            cursor = {"epoch": self.member["epoch"], "seq": self.seq} if "epoch" in self.member else {}
            self._send(orjson.dumps({"t": "join", "room": self.member["room"], **cursor}))
        while end - at >= 2:
            size, body = data[at + 1], at + 2
            if size == 126:
                size, body = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            elif size == 127:
                size, body = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
            if body + size > end:
                break
            kind, at = data[at] & 15, body + size
            if kind <= 2:
                self._text(data, body, at)
            elif kind == 9:
                self._transport.write(_header(0x8A, size) + data[body:at])
            elif kind == 8:
                self.end()
        return at

    def _text(self, data: bytearray, start: int, end: int) -> None:
        first = data.find(_LINE, start, end)
        if not self.ready.done():
            self._follow(data, start, end, first)
        elif first >= 0:
            last = data.rfind(_LINE, start, end)
            seq = _number(data, first + 7)
            head = seq if last == first else _number(data, last + 7)
            run = Client.run
            if run is not None:
                run.gaps += seq != self.seq + 1
                run.delivered += head - seq + 1
                run.last = now = time.perf_counter()
                if self._sampled:
                    mark = data.find(_ID, first, end) + 6
                    run.lags.append(now - run.due(int(data[mark : mark + 16], 16)))
            self.seq = head
        if self.waiting:
            self._acks(data, start, end)

    def _follow(self, data: bytearray, start: int, end: int, first: int) -> None:
        """Until the rows before the live stream are here."""
        if data.find(b'"t":"lines"', start, end) < 0:
            if data.find(_ERROR, start, end) >= 0:
                self.end()
            return
        if first >= 0:
            self.seq = _number(data, data.rfind(_LINE, start, end) + 7)
        if self.goal is None or self.seq >= self.goal:
            self.ready.set_result(time.perf_counter())

    def _acks(self, data: bytearray, start: int, end: int) -> None:
        run = Client.run
        found = data.find(self._mark, start, end)
        if found < 0:
            if run is not None and data.find(_ERROR, start, end) >= 0:
                run.errors += 1
            return
        now = time.perf_counter()
        while found >= 0:
            mark = data.find(_ID, found, end) + 6 if self._mark is _SAID else found - 16
            self.waiting -= 1
            if run is not None:
                run.acked += 1
                run.acks.append(now - run.due(int(data[mark : mark + 16], 16)))
            found = data.find(self._mark, mark + 25, end)
        if run is not None:
            run.last = now


def _header(first: int, size: int) -> bytes:
    """A client's header. The mask is zero, which changes no byte and costs the server the same."""
    if size < 126:
        return bytes((first, 0x80 | size, 0, 0, 0, 0))
    return bytes((first, 0xFE)) + size.to_bytes(2, "big") + bytes(4)


def _number(data: bytearray, at: int) -> int:
    return int(data[at : data.index(b",", at)])


class Generator:
    """The sockets, and the orders."""

    def __init__(self) -> None:
        self._clients: list[Client] = []
        self._followers = 1

    async def open(self, members: list[dict[str, Any]], at_once: int = _OPENING) -> dict[str, Any]:
        """Connect everybody and join; the time until the last one has all it asked for."""
        rooms: dict[str, int] = {}
        for member in members:
            rooms[member["room"]] = rooms.get(member["room"], 0) + 1
        self._followers = max(rooms.values())
        start, used = time.perf_counter(), time.process_time()
        clients = await self._connect(list(enumerate(members)), at_once)
        self._clients = clients
        moments = sorted(client.ready.result() - start for client in clients)
        return {
            "seconds": moments[-1],
            "median": statistics.median(moments),
            "core": time.process_time() - used,
        }

    async def _connect(self, members: list[tuple[int, dict[str, Any]]], at_once: int) -> list[Client]:
        loop = asyncio.get_running_loop()
        places = asyncio.Semaphore(at_once)

        async def one(number: int, member: dict[str, Any]) -> Client:
            async with places:
                client = Client(number, member)
                await loop.create_connection(lambda: client, "127.0.0.1", member["port"])
                async with asyncio.timeout(60):
                    await client.ready
                return client

        return list(await asyncio.gather(*(one(number, member) for number, member in members)))

    async def run(self, rate: float, seconds: float) -> dict[str, Any]:
        """Say `rate` lines a second, each in turn by another member, and wait a little for what is still on its way."""
        await self._reopen()
        order = list(self._clients)
        random.Random(7).shuffle(order)
        Client.run = run = Run(rate, seconds)
        gc.collect()
        gc.disable()
        used = time.process_time()
        while run.sent < run.total:
            due = min(run.total, int((time.perf_counter() - run.start) * rate))
            for index in range(run.sent, due):
                order[index % len(order)].say(run.first + index)
            run.sent = max(run.sent, due)
            await asyncio.sleep(_TICK)
        busy = time.process_time() - used
        wanted = run.total * self._followers
        deadline = time.perf_counter() + _GRACE
        while (run.acked < run.total or run.delivered < wanted) and time.perf_counter() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        Client.run = None
        gc.enable()
        lost = sum(client.lost for client in self._clients)
        complete = run.acked == run.total and run.delivered == wanted and not run.gaps and not lost
        if not complete:
            for client in self._clients:
                client.end()
                client.lost = True
        return {
            "rate": rate,
            "acked": run.acked / max(seconds, run.last - run.start),
            "delivered": run.delivered / max(seconds, run.last - run.start),
            "p50": _at(run.acks, 0.5),
            "p99": _at(run.acks + [9.9] * (run.total - run.acked), 0.99),
            "lag_p95": _at(run.lags, 0.95),
            "lag_p99": _at(run.lags, 0.99),
            "complete": complete,
            "missing": run.total - run.acked,
            "gaps": run.gaps,
            "errors": run.errors,
            "lost": lost,
            "core": busy / seconds,
        }

    async def _reopen(self) -> None:
        gone = [(number, client.member) for number, client in enumerate(self._clients) if client.lost]
        for attempt in range(_ATTEMPTS if gone else 0):
            # A server that was asked for too much is given time to finish with it.
            await asyncio.sleep(0.5 * 2**attempt)
            try:
                anew = await self._connect(gone, _OPENING)
            except (OSError, TimeoutError):
                if attempt + 1 == _ATTEMPTS:
                    raise
                continue
            for (number, _), client in zip(gone, anew, strict=True):
                self._clients[number] = client
            break
        for client in self._clients:
            client.waiting = 0

    async def close(self) -> dict[str, Any]:
        for client in self._clients:
            client.end()
        self._clients = []
        await asyncio.sleep(0.1)
        return {}


def _at(values: list[float], part: float) -> float:
    """A percentile in milliseconds."""
    if not values:
        return 0.0
    values.sort()
    return values[min(len(values) - 1, int(len(values) * part))] * 1000


async def obey() -> None:
    generator = Generator()
    orders = asyncio.StreamReader(limit=1 << 26)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while order := await orders.readline():
        given = orjson.loads(order)
        try:
            answer = await getattr(generator, given.pop("do"))(**given)
        except Exception as failure:
            answer = {"failed": f"{type(failure).__name__}: {failure}"}
        sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    machine.pin(machine.LOAD_CORE)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 65536)) if hard > 0 else 65536, hard))
    uvloop.run(obey())
