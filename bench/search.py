"""The highest rate a server keeps up, and several servers searched in turn."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from bench.children import Load, settled
from bench.figures import Plan, Rates

SLOWEST_MS = 250.0
_NOTHING = {"rate": 0.0, "acked": 0.0, "delivered": 0.0, "p50": 0.0, "p99": 0.0, "core": 0.0, "work": 0.0}


def highest_rate(
    load: Load, start: float, seconds: float, tell: Callable[[str], None], steps: int = 25
) -> dict[str, Any]:
    """The highest offered rate at which 99 of 100 acknowledgements come within 250 ms and every line reaches everybody
    nearly as fast. Zero when not even a crawl is kept up."""
    low, high, offered = 0.0, math.inf, start
    best: dict[str, Any] = _NOTHING
    for _ in range(steps):
        if high / max(low, 1.0) <= 1.15 or offered < 20:
            break
        tell(f"{offered:,.0f}/s")
        result = load.run(offered, seconds)
        if result["complete"] and result["p99"] < SLOWEST_MS and result["lag_p99"] < SLOWEST_MS * 1.2:
            low, best = offered, result
        else:
            high = offered
        if math.isinf(high):
            offered *= 1.5
        elif low == 0:
            offered /= 1.7
        else:
            offered = math.sqrt(low * high)
    return best


def in_turn(
    loads: Mapping[str, Load],
    starts: Mapping[str, float],
    plan: Plan,
    rounds: int,
    tell: Callable[[str], None],
    before: Callable[[str, Load], None] = lambda name, load: None,
) -> Rates:
    """A B A B: what the machine does meanwhile meets all of them. A round starts from what the last one found."""
    rates, next_start = Rates(), dict(starts)
    for turn in range(rounds):
        for name, load in loads.items():

            def told(what: str, turn: int = turn, name: str = name) -> None:
                tell(f"{turn + 1}. {name} {what}")

            if not plan.tiny:
                settled(one.server for one in loads.values() if one.server is not None)
            before(name, load)
            best = highest_rate(load, next_start[name], plan.seconds, told, plan.steps)
            rates.add(name, best)
            next_start[name] = best["acked"] * 0.85 or next_start[name] / 2
    return rates
