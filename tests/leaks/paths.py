"""Every address the application answers to a GET, filled with real ids: a new page is covered by being mounted.

The application's own table of routes is walked. What stands in braces is filled by the word before it; a page with a
word that is not known here fails the test, which then learns what its ids are.
"""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastapi import FastAPI

_BRACES = re.compile(r"{(\w+)(?::\w+)?}")
_FILES_OF_THE_BUILD = "/static"


def templates(app: FastAPI) -> list[str]:
    """The addresses of all GET routes, `/cases/{pid}/room`, the JSON API's among them."""

    def walk(routes: Sequence[Any]) -> Iterator[str]:
        for route in routes:
            if hasattr(route, "effective_candidates"):  # a router that was included
                yield from walk(route.effective_candidates())
            elif "GET" in (getattr(route, "methods", None) or ()):
                yield route.path or route.starlette_route.path

    return sorted(set(walk(app.routes)))


def filled(template: str, ids: Mapping[str, Sequence[str]]) -> list[str]:
    """The address with every combination of ids its braces can take. Raises KeyError naming a word that is unknown."""
    choices = []
    for found in _BRACES.finditer(template):
        before = template[: found.start()].rstrip("/").rsplit("/", 1)[-1]
        word = next((one for one in (before, f"{before} {found.group(1)}", found.group(1)) if one in ids), None)
        if word is None:
            raise KeyError(f"{template}: tests/leaks/test_reads.py does not know ids for {found.group()}")
        choices.append(ids[word])
    plain = _BRACES.sub("{}", template)
    return [plain.format(*chosen) for chosen in itertools.product(*choices)]


def addresses(app: FastAPI, ids: Mapping[str, Sequence[str]]) -> list[str]:
    """Every GET address with real ids."""
    return [address for template in templates(app) for address in filled(template, ids)]
