"""One room of 500: what one line costs to give to everybody."""

import contextlib
from collections.abc import Callable
from pathlib import Path

from bench import children, city
from bench.figures import Figure, Plan
from bench.search import in_turn


def measure(plan: Plan, folder: Path, tell: Callable[[str], None]) -> list[Figure]:
    people = city.built(folder, rooms=1, size=plan.pick(500, 500, 20))
    with contextlib.ExitStack() as stack:
        loads = {}
        for server in (stack.enter_context(children.floor()), stack.enter_context(children.service(folder))):
            tell(f"{server.name}: connecting")
            loads[server.name] = stack.enter_context(children.opened(server, people.members))
        starts = dict.fromkeys(loads, 150)
        rates = in_turn(loads, starts, plan, plan.pick(2, 1, 1), tell)
    best = max(rates.found["SQLite"], key=lambda result: result["delivered"])
    return [
        rates.figure(
            "one room of 500, deliveries",
            "SQLite",
            "floor",
            1.0,
            1.5,
            key="delivered",
            note=f"{best['acked']:,.0f} lines/s; the load generator used {best['core']:.2f} of its core",
        )
    ]
