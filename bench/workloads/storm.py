"""Everybody returns at once, as after a restart, each with 50 missed lines."""

import statistics
from collections.abc import Callable
from pathlib import Path

from bench import children, city
from bench.figures import Figure, Plan

_MISSED = 50


def measure(plan: Plan, folder: Path, tell: Callable[[str], None]) -> list[Figure]:
    count = plan.pick(1000, 1000, 20)
    people = city.built(folder, rooms=count // 4, size=4, lines=_MISSED)
    members = [{**member, "epoch": people.epoch, "seq": 0, "goal": _MISSED} for member in people.members]
    times: dict[str, list[float]] = {"floor": [], "SQLite": []}
    with children.floor(history=_MISSED) as floor, children.service(folder) as service:
        for turn in range(plan.rounds):
            for server in (floor, service):
                tell(f"{turn + 1}. {server.name}")
                with children.load() as load:
                    times[server.name].append(load.open(server, members, at_once=count)["seconds"])
                    load.close()
    ratios = [ours / floor for ours, floor in zip(times["SQLite"], times["floor"], strict=True)]
    return [
        Figure(
            f"{count:,} return at once with {_MISSED} missed lines each",
            f"{statistics.median(times['SQLite']):.2f} s",
            f"{statistics.median(times['floor']):.2f} s",
            statistics.median(ratios),
            "x",
            5,
            3,
            at_least=False,
            spread=(min(ratios), max(ratios)),
            note="floor: the missed lines lie in memory",
        )
    ]
