"""Memory of connections on which nothing happens, all joined to a room."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from bench import children, city
from bench.figures import Figure, Plan


def measure(plan: Plan, folder: Path, tell: Callable[[str], None]) -> list[Figure]:
    counts = [plan.pick(2000, 1000, 40)] + ([5000] if not plan.quick and not plan.tiny else [])
    people = city.built(folder, rooms=max(counts) // 4, size=4)
    figures = []
    for count in counts:
        tell(f"{count:,} on plain FastAPI")
        floor = _per_connection(children.plain(), people.members[:count])
        tell(f"{count:,} on the service")
        ours = _per_connection(children.service(folder), people.members[:count])
        figures.append(
            Figure(
                f"memory of an idle connection, joined, of {count:,}",
                f"{ours / 1024:.1f} KiB",
                f"{floor / 1024:.1f} KiB",
                ours / floor,
                "x",
                1.5,
                1.2,
                at_least=False,
                note="floor: uvicorn and FastAPI",
            )
        )
    return figures


def _per_connection(served: AbstractContextManager[children.Server], members: list[children.Member]) -> float:
    with served as server:
        # What the first connections make the server load is no part of the price of one more.
        with children.load() as load:
            load.open(server, members[:20])
            load.close()
        time.sleep(0.5)
        before = server.memory
        with children.load() as load:
            load.open(server, members)
            time.sleep(1.0)
            return max(1.0, (server.memory - before) / len(members))
