"""What a measurement says: our figure, its floor, the ratio, and whether it must be and aims to be so."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Figure:
    """One row of the report. `value` is what is compared with `must` and `aim`: a ratio, or milliseconds. Without a
    `must` nothing is asked of it but the aim."""

    what: str
    ours: str
    floor: str
    value: float
    unit: str
    must: float | None
    aim: float
    at_least: bool = True
    spread: tuple[float, float] | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        if self._holds(self.aim):
            return "aim"
        if self.must is None:
            return "no must"
        return "must" if self._holds(self.must) else "missed"

    def _holds(self, bound: float) -> bool:
        return self.value >= bound if self.at_least else self.value <= bound

    @property
    def bounds(self) -> str:
        sign = "≥" if self.at_least else "≤"
        must = "–" if self.must is None else f"{sign} {shown(self.must, self.unit)}"
        return f"{must} / {sign} {shown(self.aim, self.unit)}"


@dataclass
class Plan:
    """How thorough a run is."""

    quick: bool = False
    tiny: bool = False  # for the smoke test: everything once, nothing long enough to mean something

    @property
    def rounds(self) -> int:
        return 1 if self.quick or self.tiny else 3

    @property
    def seconds(self) -> float:
        """One step of a search."""
        return 0.3 if self.tiny else 1.2 if self.quick else 2.0

    @property
    def steps(self) -> int:
        """Of one search, at most."""
        return 2 if self.tiny else 25

    def pick(self, full: int, quick: int, tiny: int) -> int:
        return tiny if self.tiny else quick if self.quick else full


@dataclass
class Rates:
    """The highest rates of several rounds of several servers in turn; ratios are taken within a round."""

    found: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, name: str, result: dict[str, Any]) -> None:
        self.found.setdefault(name, []).append(result)

    def values(self, name: str, key: str = "acked") -> list[float]:
        return [result[key] for result in self.found[name]]

    def ratios(self, ours: str, floor: str, key: str = "acked") -> list[float]:
        pairs = zip(self.values(ours, key), self.values(floor, key), strict=True)
        return [our / floor if floor else 0.0 for our, floor in pairs]

    def figure(
        self, what: str, ours: str, floor: str, must: float | None, aim: float, *, key: str = "acked", note: str = ""
    ) -> Figure:
        ratios = self.ratios(ours, floor, key)
        median = statistics.median
        work = [median(self.values(name, "work")) for name in (ours, floor)]
        cost = f"a thousand lines cost {work[0]:.0f} ms of the server's core, {work[1]:.0f} ms at the floor"
        return Figure(
            what,
            rate(median(self.values(ours, key))),
            rate(median(self.values(floor, key))),
            median(ratios),
            "x",
            must,
            aim,
            spread=(min(ratios), max(ratios)),
            note=f"{cost}; {note}" if note else cost,
        )


def rate(value: float) -> str:
    return f"{value:,.0f}/s"


def shown(value: float, unit: str) -> str:
    if unit == "x":
        return f"{value:.2f}" if value < 10 else f"{value:.0f}"
    return f"{value:.1f} {unit}" if value < 100 and value != int(value) else f"{value:,.0f} {unit}"


def at(values: Sequence[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]
