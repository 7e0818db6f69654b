"""The phone of `docs/protocol.md`, without a screen: it keeps every line until it is acknowledged, comes back for ever,
resumes from its cursors, sends again with the same ids, and writes down all that it is told."""

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from odr.core import ids
from tests.faults.history import History, Line, Stream

Frame = dict[str, Any]
_FIRST_WAIT, _LONGEST_WAIT = 0.05, 1.0  # a phone waits 1 to 30 s; tests have less time


@dataclass(frozen=True)
class Person:
    """Whose phone it is."""

    id: int
    pid: str
    token: str
    login: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


class Waiting:
    """A line in the outbox."""

    __slots__ = ("body", "id", "not_before", "on")

    def __init__(self, id: str, body: str) -> None:
        self.id, self.body = id, body
        self.on: ClientConnection | None = None  # the connection it was last sent on
        self.not_before = 0.0


class Phone:
    """One device of one person. `address` gives the port to try, anew for each attempt; `window` is how many lines of
    a room may be on the way at once: 1 keeps the order as typed."""

    def __init__(
        self, person: Person, rooms: list[str], address: Callable[[], int], history: History, dice: random.Random,
        *, window: int = 1, heartbeat: float = 20.0,
    ) -> None:  # fmt: skip
        self.person, self.rooms, self.history = person, rooms, history
        self.outbox: dict[str, deque[Waiting]] = {room: deque() for room in rooms}
        self.cursors: dict[str, tuple[str, int]] = {}
        self.socket: ClientConnection | None = None
        self.opened = self.resends = 0
        self.closes: list[int | None] = []
        self.errors: list[Frame] = []
        self.gone: set[str] = set()
        self.after_gone: list[Line] = []
        self.can: dict[str, list[str]] = {}
        self.is_retired = False  # sent away for good: nobody waits for what it still has to say
        self._address, self._dice, self._window, self._heartbeat = address, dice, window, heartbeat
        self._streams: dict[str, Stream] = {}
        self._wake = asyncio.Event()
        self._heard = asyncio.Event()

    def say(self, room: str, body: str | None = None) -> str:
        """Type one line; it goes when it can."""
        line = Waiting(ids.new_pid(), body or f"{self.person.pid[:4]} {ids.new_pid()}")
        self.history.sent.append((self.person.pid, line.id, room, line.body))
        self.outbox[room].append(line)
        self._wake.set()
        return line.id

    @property
    def unsent(self) -> int:
        return sum(len(waiting) for waiting in self.outbox.values())

    async def until(self, check: Callable[[], bool], seconds: float) -> None:
        """Wait until what was heard fits. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not check():
                self._heard.clear()
                await self._heard.wait()

    async def live(self) -> None:
        """Be on line, for ever; cancel to switch off."""
        wait = _FIRST_WAIT
        while True:
            welcomed = self.opened
            with contextlib.suppress(OSError, WebSocketException, TimeoutError, EOFError):
                async with connect(
                    f"ws://127.0.0.1:{self._address()}/ws", subprotocols=["odr.v1"],  # type: ignore[list-item]
                    additional_headers=self.person.headers, compression=None, proxy=None,
                    open_timeout=min(5.0, self._heartbeat * 3), close_timeout=0.5,
                    ping_interval=self._heartbeat, ping_timeout=self._heartbeat,
                ) as socket:  # fmt: skip
                    try:
                        await self._converse(socket)
                    finally:
                        self.closes.append(socket.close_code)
                        self.socket = None
                        self._streams.clear()
                        self._heard.set()
            wait = _FIRST_WAIT if self.opened > welcomed else min(wait * 2, _LONGEST_WAIT)
            await asyncio.sleep(wait * self._dice.uniform(0.5, 1.5))

    async def _converse(self, socket: ClientConnection) -> None:
        for room in self.rooms:
            if room not in self.gone:
                await self._join(socket, room)
        sender = asyncio.create_task(self._send_for_ever(socket))
        try:
            async for message in socket:
                found = orjson.loads(message)
                for frame in found if isinstance(found, list) else [found]:
                    await self._take(socket, frame)
                self._heard.set()
        finally:
            sender.cancel()
            with contextlib.suppress(asyncio.CancelledError, WebSocketException):
                await sender

    async def _join(self, socket: ClientConnection, room: str) -> None:
        self._streams.pop(room, None)
        asked: Frame = {"t": "join", "room": room}
        if room in self.cursors:
            asked["epoch"], asked["seq"] = self.cursors[room]
        await socket.send(orjson.dumps(asked).decode())

    async def _send_for_ever(self, socket: ClientConnection) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            self._wake.clear()
            for room, waiting in self.outbox.items():
                for line in list(waiting)[: self._window]:
                    if (line.on is not socket or line.not_before) and line.not_before <= clock():
                        self.resends += line.on is not None
                        line.on, line.not_before = socket, 0.0
                        frame = {"t": "say", "room": room, "id": line.id, "text": line.body}
                        await socket.send(orjson.dumps(frame).decode())
            held = [one.not_before for waiting in self.outbox.values() for one in waiting if one.not_before]
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(min(held) if held else None):
                    await self._wake.wait()

    async def _take(self, socket: ClientConnection, frame: Frame) -> None:
        room = frame.get("room", "")
        match frame["t"]:
            case "welcome":
                self.socket = socket
                self.opened += 1
            case "room":
                self.can[room] = frame["can"]
                if room not in self._streams:
                    epoch, seq = self.cursors.get(room, (frame["epoch"], None))
                    self._streams[room] = self.history.joined(self.person.pid, room, epoch, seq)
                    self.cursors.setdefault(room, (epoch, 0))
            case "lines" if room in self.gone:
                self.after_gone += map(line_of, frame["lines"])
            case "lines":
                for line in map(line_of, frame["lines"]):
                    self._streams[room].lines.append(line)
                    self.cursors[room] = (frame["epoch"], max(line.seq, self.cursors[room][1]))
            case "said":
                self.history.acked.append((self.person.pid, frame["id"], room, frame["seq"]))
                for line in list(self.outbox[room])[: self._window]:
                    if line.id == frame["id"]:
                        self.outbox[room].remove(line)
                self._wake.set()
            case "resync":
                self.history.resyncs.append((self.person.pid, room))
                self.cursors.pop(room, None)
                await self._join(socket, room)
            case "gone":
                self.gone.add(room)
                self.outbox[room].clear()
            case "error":
                self._refused(frame)

    def _refused(self, frame: Frame) -> None:
        """Passing troubles are waited out; what can never be stored goes."""
        self.errors.append(frame)
        for waiting in self.outbox.values():
            for line in [line for line in waiting if line.id == frame.get("re")]:
                if frame["code"] in ("busy", "too_fast"):
                    wait = float(frame.get("retry") or 1) * self._dice.uniform(0.2, 0.5)
                    line.not_before = asyncio.get_running_loop().time() + wait
                else:
                    waiting.remove(line)
        self._wake.set()


def line_of(shown: Frame) -> Line:
    """A line as the judge compares it."""
    by = shown.get("by") or {}
    body = shown["body"].get("text")
    return Line(shown["seq"], shown.get("id"), by.get("id"), body if body is not None else str(shown["body"]))
