"""200 sockets that never read: what each costs, how soon it is sent away, and what the others in their rooms feel."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import children, city, machine
from bench.figures import Figure, Plan
from tests.deaf import deaf

_TALKING = 10  # in each room; each of them stays below the rate of one person
_CLOSED_WITHIN = 30.0


def measure(plan: Plan, folder: Path, tell: Callable[[str], None]) -> list[Figure]:
    rooms, silent = plan.pick(5, 5, 1), plan.pick(40, 40, 10)
    many, talking = rooms * silent, rooms * _TALKING
    rate, seconds = plan.pick(500, 500, 50), plan.pick(100, 20, 1)
    people = city.built(folder, rooms=rooms, size=_TALKING + silent)
    places = [(number % (_TALKING + silent) < _TALKING, member) for number, member in enumerate(people.members)]
    with (
        children.service(folder) as server,
        children.opened(server, [member for talks, member in places if talks]) as load,
        contextlib.ExitStack() as stack,
    ):
        tell("alone")
        load.run(rate, seconds / 10)  # caches fill once
        alone = load.run(rate, seconds / 4)
        before = server.memory
        sockets = [
            stack.enter_context(deaf(server.port, member["token"], member["room"], member["address"]))
            for talks, member in places
            if not talks
        ]
        with _watched(server, talking, since=time.monotonic()) as watch:
            tell(f"beside {len(sockets)} that never read")
            beside = load.run(rate, seconds)
            patience = 0 if plan.tiny else _CLOSED_WITHIN  # a tiny run fills no socket
            while watch.closed_after is None and time.monotonic() < watch.since + seconds + patience:
                time.sleep(0.1)
    grown = max(1024, watch.most - before) / many / 1024
    note = f"{rate * seconds:,} lines at {rate:,}/s; {'all came, in order' if beside['complete'] else 'LINES MISSING'}"
    closed = watch.closed_after
    return [
        Figure(
            f"{many} sockets that never read, memory of each", f"{grown:.0f} KiB", "–", grown, "KiB", 256, 192,
            at_least=False, note="the service's growth from before they came to its highest, divided by their number",
        ),
        Figure(
            f"{many} sockets that never read, until the last is closed",
            "never" if closed is None else f"{closed:.1f} s", "–", 9999.0 if closed is None else closed, "s",
            _CLOSED_WITHIN, 20, at_least=False, note="with a code that lets a client come back and resume",
        ),
        Figure(
            f"beside {many} sockets that never read: a line reaches the others, p95",
            f"{beside['lag_p95']:.1f} ms", f"{alone['lag_p95']:.1f} ms",
            beside["lag_p95"] / max(alone["lag_p95"], 0.1) if beside["complete"] else 9999.0, "x", 2, 1.2,
            at_least=False, note=f"floor: the same without them; {note}",
        ),
    ]  # fmt: skip


class _Watch:
    """The most memory the server held, and when only the talking sockets were left."""

    def __init__(self, server: children.Server, talking: int, since: float) -> None:
        self._talking = talking
        self.since = since
        self.most = 0
        self.closed_after: float | None = None
        self.ended = threading.Event()
        self._server = server

    def look(self) -> None:
        while not self.ended.wait(0.1):
            self.most = max(self.most, self._server.memory)
            if self.closed_after is None and machine.sockets_on(self._server.port) <= self._talking:
                self.closed_after = time.monotonic() - self.since


@contextlib.contextmanager
def _watched(server: children.Server, talking: int, since: float) -> Iterator[_Watch]:
    watch = _Watch(server, talking, since)
    looking = threading.Thread(target=watch.look)
    looking.start()
    try:
        yield watch
    finally:
        watch.ended.set()
        looking.join()
