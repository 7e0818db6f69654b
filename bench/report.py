# ruff: noqa: E501 - paragraphs of Markdown
"""The report: a table in Markdown and a chart in SVG, both made from nothing but the figures."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from bench import machine
from bench.figures import Figure, shown

DOCS = Path(__file__).resolve().parents[1] / "docs"
_WORDS = {"aim": "aim", "must": "must", "missed": "**missed**", "no must": "–"}
_COLOURS = {"aim": "#07a35a", "must": "#d08a00", "missed": "#d5433f"}


@dataclass
class Run:
    """What was measured, when and how loaded the machine was before."""

    when: str
    load: float
    quick: bool
    figures: Sequence[Figure]

    @property
    def noisy(self) -> bool:
        return self.load > machine.QUIET


def write(run: Run, docs: Path = DOCS) -> Path:
    """Write `performance.md` and its chart; returns where."""
    (docs / "images").mkdir(parents=True, exist_ok=True)
    (docs / "images" / "bench.svg").write_text(chart(run.figures))
    page = docs / "performance.md"
    page.write_text(markdown(run))
    return page


def markdown(run: Run) -> str:
    kind = "quick run" if run.quick else "full run"
    noise = " **The machine was busy with other work: read ratios, not rates.**" if run.noisy else ""
    lines = [
        "# Performance",
        "",
        "Made by `make bench`, which writes this page anew. Every figure stands beside its floor, measured in turn with it",
        "in the same run. The server and its database share one core, the load generator has the other, all on loopback.",
        "Load is open: a line's latency counts from the moment it was due. A rate holds when 99 of 100 acknowledgements",
        "come within 250 ms and every line reaches everybody. A line is acknowledged after a synced commit; the floor is",
        "a bare `websockets` server that keeps nothing, unless the row says otherwise. What limits the figures stands in",
        "[profile.md](profile.md).",
        "",
        f"{run.when}, {kind}; load average before it {run.load:.1f}.{noise}",
        "",
        *[f"- {fact}" for fact in machine.facts()],
        "",
        "![Each figure against what it must be](images/bench.svg)",
        "",
        "| figure | ours | floor | compared (range) | must / aim | reached |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {one.what} | {one.ours} | {one.floor} | {shown(one.value, one.unit)}{_spread(one)} | {one.bounds} | "
        f"{_WORDS[one.verdict]} |"
        for one in run.figures
    ]
    notes = [f"- {one.what}: {one.note}." for one in run.figures if one.note]
    return "\n".join(lines + (["", *notes] if notes else [])) + "\n"


def _spread(one: Figure) -> str:
    if one.spread is None or one.spread[0] == one.spread[1]:
        return ""
    return f" ({shown(one.spread[0], one.unit)} to {shown(one.spread[1], one.unit)})"


# --- the chart ------------------------------------------------------------------------------------------------------

_WIDTH, _LEFT, _ROW, _TOP = 860, 400, 30, 46
_SPAN = _WIDTH - _LEFT - 90


def chart(figures: Sequence[Figure]) -> str:
    """A bar per figure: how many times better than it must be, on a scale of doublings. Right of the line is good;
    figures that must be nothing in particular have no bar."""
    figures = [one for one in figures if one.must is not None]
    height = _TOP + _ROW * len(figures) + 16
    middle = _LEFT + _SPAN / 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        'aria-label="Each figure against what it must be" font-family="system-ui, sans-serif" font-size="13">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for doublings in range(-3, 4):
        x = _at(2.0**doublings)
        label = "must" if doublings == 0 else f"{2**doublings}x" if doublings > 0 else f"1/{2**-doublings}"
        parts.append(
            f'<line x1="{x:.0f}" y1="{_TOP - 10}" x2="{x:.0f}" y2="{height - 10}" '
            f'stroke="{"#333" if doublings == 0 else "#e3e3e3"}"/>'
            f'<text x="{x:.0f}" y="{_TOP - 18}" text-anchor="middle" fill="#555">{label}</text>'
        )
    for number, one in enumerate(figures):
        y = _TOP + number * _ROW
        better, aim = _better(one, one.value), _better(one, one.aim)
        x = _at(better)
        parts.append(
            f'<text x="{_LEFT - 12}" y="{y + 15}" text-anchor="end" fill="#222">{escape(one.what)}</text>'
            f'<rect x="{min(x, middle):.1f}" y="{y + 3}" width="{max(1.0, abs(x - middle)):.1f}" height="16" rx="2" '
            f'fill="{_COLOURS[one.verdict]}"/>'
            f'<path d="M{_at(aim):.1f} {y}v22" stroke="#333" stroke-dasharray="3 2"/>'
            f'<text x="{_WIDTH - 80}" y="{y + 15}" fill="#222">{escape(shown(one.value, one.unit))}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _better(one: Figure, value: float) -> float:
    """How many times better than it must be; 1 is exactly that."""
    return (value / one.must if one.at_least else one.must / value) if value else 0.125


def _at(times: float) -> float:
    return _LEFT + _SPAN / 2 + max(-3.0, min(3.0, math.log2(max(times, 0.01)))) / 3 * _SPAN / 2
