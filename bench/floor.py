"""The floor: a bare `websockets` server with rooms in memory. It gives each line a number and sends it to everybody
in the room, one frame per line. No people, no rights, no store: what no service that does its job can undercut by
much. It speaks as much of `odr.v1` as the load generator needs; the sender's own line is its acknowledgement.
"""

import argparse
import asyncio
from collections import deque
from typing import Any

import orjson
import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.typing import Subprotocol

from bench import machine
from bench.words import TEXT

_BY = {"id": "w" * 22, "name": "某某", "role": "applicant"}


class Room:
    """Who listens, the last number, and the newest lines for those who return."""

    def __init__(self, history: int) -> None:
        self.members: set[ServerConnection] = set()
        self.seq = 0
        self.lines: deque[tuple[int, bytes]] = deque(maxlen=max(1, history))
        for _ in range(history):
            self.add({"id": "w" * 24, "text": TEXT})

    def add(self, said: dict[str, Any]) -> bytes:
        self.seq += 1
        line = orjson.dumps(
            {
                "seq": self.seq,
                "kind": "text",
                "id": said["id"],
                "by": _BY,
                "at": "2026-11-24T07:00:00.123Z",
                "body": {"text": said["text"]},
            }
        )
        self.lines.append((self.seq, line))
        return line


class Floor:
    def __init__(self, history: int) -> None:
        self._rooms: dict[str, Room] = {}
        self._history = history

    async def line(self, socket: ServerConnection) -> None:
        asked = orjson.loads(await socket.recv())
        room = self._rooms.get(asked["room"])
        if room is None:
            room = self._rooms[asked["room"]] = Room(self._history)
        room.members.add(socket)
        missed = [line for seq, line in room.lines if seq > asked["seq"]] if "seq" in asked else []
        await socket.send(frame(asked["room"], b",".join(missed), "join"))
        try:
            async for message in socket:
                said = orjson.loads(message)
                broadcast(room.members, frame(said["room"], room.add(said), "live"))
        finally:
            room.members.discard(socket)


def frame(room: str, lines: bytes, source: str) -> str:
    return f'{{"t":"lines","room":"{room}","lines":[{lines.decode()}],"from":"{source}"}}'


async def run(port: int, history: int) -> None:
    floor = Floor(history)
    async with serve(
        floor.line,
        "127.0.0.1",
        port,
        compression=None,
        ping_interval=None,
        backlog=4096,
        subprotocols=[Subprotocol("odr.v1")],
    ):
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--history", type=int, default=0)
    given = parser.parse_args()
    machine.pin(machine.SERVER_CORE)
    uvloop.run(run(given.port, given.history))
