"""Server time of the pages people open most, when their mediator has 200 open cases."""

import gzip
from collections.abc import Callable
from pathlib import Path

from bench import children, docket
from bench.asking import Browser
from bench.figures import Figure, Plan, at


def measure(plan: Plan, folder: Path, tell: Callable[[str], None]) -> list[Figure]:
    tell("the demo city, and one of its cases many times")
    copies = plan.pick(200, 200, 3)
    found = docket.filled(folder, copies)
    tries = plan.pick(60, 25, 2)
    pages = {
        "mediator's desk": ("/desk", found.mediator),
        "case, for its mediator": (f"/cases/{found.case}", found.mediator),
        "room, for its mediator": (f"/cases/{found.case}/room", found.mediator),
        "home": ("/", found.resident),
        "case, for its applicant": (f"/cases/{found.case}", found.resident),
        "room, for its applicant": (f"/cases/{found.case}/room", found.resident),
    }
    figures = []
    with children.service(folder) as server:
        for name, (path, token) in pages.items():
            tell(name)
            with Browser(server.port, cookie=token) as browser:
                for _ in range(3):
                    browser.get(path)
                p95 = at([browser.get(path) for _ in range(tries)], 0.95)
                size = len(gzip.compress(browser.body)) / 1024
            figures.append(
                Figure(
                    f"{name}, p95 with {copies} open cases",
                    f"{p95:.1f} ms",
                    "–",
                    p95,
                    "ms",
                    50,
                    20,
                    at_least=False,
                    note=f"the page alone: {size:.1f} kB gz",
                )
            )
    return figures
