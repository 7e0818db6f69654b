"""Pages of a long transcript, over HTTP: the newest, and one in the middle."""

import random
from collections.abc import Callable
from pathlib import Path

from bench import children, city
from bench.asking import Browser
from bench.figures import Figure, Plan, at


def measure(plan: Plan, folder: Path, tell: Callable[[str], None]) -> list[Figure]:
    count = plan.pick(100_000, 20_000, 200)
    tell(f"writing {count:,} lines")
    people = city.built(folder, rooms=1, size=4, lines=count)
    room, tries = people.members[0]["room"], plan.pick(300, 150, 5)
    chance = random.Random(11)
    with children.service(folder) as server, Browser(server.port, bearer=people.members[0]["token"]) as browser:
        tell("reading")
        browser.get("/api/v1/me")
        newest = [browser.get(f"/api/v1/rooms/{room}/lines?limit=50") for _ in range(tries)]
        middle = [
            browser.get(f"/api/v1/rooms/{room}/lines?limit=50&before={chance.randrange(60, count)}")
            for _ in range(tries)
        ]
    return [
        Figure(
            f"transcript of {count:,} lines, {what}, p95",
            f"{at(found, 0.95):.1f} ms",
            "–",
            at(found, 0.95),
            "ms",
            20,
            5,
            at_least=False,
        )
        for what, found in (("newest page", newest), ("page at any seq", middle))
    ]
