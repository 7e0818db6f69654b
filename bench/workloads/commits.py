"""Group commit against one transaction per line, all else being equal."""

import contextlib
from collections.abc import Callable
from pathlib import Path

from bench import children, city
from bench.figures import Figure, Plan
from bench.search import in_turn


def measure(plan: Plan, folder: Path, tell: Callable[[str], None]) -> list[Figure]:
    rooms = plan.pick(250, 250, 5)
    with contextlib.ExitStack() as stack:
        loads = {}
        for name, alone in (("one each", True), ("group", False)):
            var = folder / name.replace(" ", "-")
            people = city.built(var, rooms=rooms, size=4)
            server = stack.enter_context(children.service(var, one_per_commit=alone))
            tell(f"{name}: connecting")
            loads[name] = stack.enter_context(children.opened(server, people.members))
        starts = {"one each": plan.pick(600, 600, 50), "group": plan.pick(4000, 4000, 50)}
        rates = in_turn(loads, starts, plan, plan.pick(2, 1, 1), tell)
    return [rates.figure("group commit against one transaction per line", "group", "one each", 2.5, 4.0)]
