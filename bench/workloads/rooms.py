"""250 rooms of four: the highest rate on each engine beside the floor in turn, and the latency of ordinary load."""

import contextlib
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import children, city, machine
from bench.figures import Figure, Plan, Rates
from bench.search import in_turn
from tests import servers


def measure(plan: Plan, folder: Path, tell: Callable[[str], None]) -> list[Figure]:
    rooms = plan.pick(250, 250, 5)
    calm = Rates()
    with contextlib.ExitStack() as stack:
        loads: dict[str, children.Load] = {}

        def enter(server: children.Server, members: list[children.Member]) -> None:
            tell(f"{server.name}: connecting")
            loads[server.name] = stack.enter_context(children.opened(server, members))

        people = city.built(folder, rooms=rooms, size=4)
        enter(stack.enter_context(children.floor()), people.members)
        enter(stack.enter_context(children.service(folder)), people.members)
        with machine.pinned(machine.SERVER_CORE):
            postgres = stack.enter_context(servers.postgres(durable=True))
        database = stack.enter_context(city.database_of(postgres))
        people = city.built(folder, rooms=rooms, size=4, database=database)
        enter(stack.enter_context(children.service(folder, database=database)), people.members)

        def ordinary(name: str, load: children.Load) -> None:
            tell(f"{name} at 1,000/s")
            load.run(plan.pick(1000, 1000, 50), min(1.0, plan.seconds))  # what comes first is never typical
            calm.add(name, load.run(plan.pick(1000, 1000, 50), plan.seconds * 1.5))

        starts = dict.fromkeys(loads, plan.pick(4000, 4000, 50))
        rates = in_turn(loads, starts, plan, plan.rounds, tell, before=ordinary)
    return [
        rates.figure("250 rooms of 4, SQLite", "SQLite", "floor", 0.5, 1.0),
        rates.figure("250 rooms of 4, PostgreSQL on the same core", "PostgreSQL", "floor", 0.4, 0.8),
        _latency("acknowledged at 1,000/s, p99, SQLite", calm, "p99", 15, 5),
        _latency("acknowledged at 1,000/s, p50, SQLite", calm, "p50", 4, 2),
    ]


def _latency(what: str, calm: Rates, key: str, must: float, aim: float) -> Figure:
    def middle(name: str) -> Any:
        return statistics.median(calm.values(name, key))

    ours = calm.values("SQLite", key)
    return Figure(
        what,
        f"{middle('SQLite'):.1f} ms (PostgreSQL {middle('PostgreSQL'):.1f})",
        f"{middle('floor'):.1f} ms",
        middle("SQLite"),
        "ms",
        must,
        aim,
        at_least=False,
        spread=(min(ours), max(ours)),
    )
