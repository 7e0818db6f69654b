"""Clients that never read: each costs the service little, is sent away, and nobody else feels it."""

import asyncio
import contextlib
import time

from tests.deaf import deaf
from tests.faults.service import SECONDS, Site, Worker
from tests.plugins.faults import Trial

_PER_SOCKET = 256 * 1024
_OWN = 8 * 1024 * 1024  # what the service grows by under this load without any of them


def _resident(worker: Worker) -> int:
    with open(f"/proc/{worker.pid}/statm") as file:
        return int(file.read().split()[1]) * 4096


def _open(worker: Worker) -> int:
    """How many connections the worker's side still has."""
    with open("/proc/net/tcp") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    return sum(row[1].endswith(f":{worker.port:04X}") and row[3] == "01" for row in rows)


async def test_sockets_that_never_read_cost_little_and_are_sent_away(small_site: Site, trial: Trial) -> None:
    worker, room = small_site.workers[0], small_site.rooms[0]
    seated = [one for one in small_site.people if one.pid in small_site.history.members[room]]
    many = trial.size(20, 45)  # a person has at most sixteen sockets
    words = "听我说" * 1300
    async with small_site.talking(per_second=5) as phones:
        speaker, listener = phones[0], phones[1]
        for _ in range(60):  # caches fill once
            speaker.say(room, words)
        await speaker.until(lambda: speaker.unsent < 3, SECONDS)
        before = _resident(worker)
        own = _open(worker)
        with contextlib.ExitStack() as stack:
            for n in range(many):
                person = seated[n % len(seated)]
                stack.enter_context(await asyncio.to_thread(deaf, worker.port, person.token, room))
            most = 0
            began = time.monotonic()
            while _open(worker) > own:
                id = speaker.say(room, words)
                await listener.until(lambda id=id: _has(small_site, listener.person.pid, room, id), 10)
                most = max(most, _resident(worker) - before)
                assert time.monotonic() - began < 60
        trial.counts["stalled"] += many
        assert most <= _OWN + many * _PER_SOCKET
    assert await small_site.verdict() == []


def _has(site: Site, client: str, room: str, id: str) -> bool:
    for stream in reversed(site.history.streams):
        if (stream.client, stream.room) == (client, room):
            return any(line.id == id for line in stream.lines[-20:])
    return False
