"""The bench runs, with counts so small that its figures mean nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench import report
from bench.figures import Figure
from bench.workloads import ALL

ROOT = Path(__file__).resolve().parents[2]


# Those left out are made of the same parts; each server that starts costs two seconds.
@pytest.mark.parametrize("workloads", [["hall", "storm", "stalled"], ["workers"], ["transcript", "search"]])
def test_the_bench_runs(workloads: list[str]) -> None:
    command = [sys.executable, "-m", "bench", "--tiny", "--no-write", *workloads]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    for name in workloads:
        assert ALL[name][1].split(":")[0] in done.stdout.replace("\n", " ")


def test_the_report_says_what_was_reached(tmp_path: Path) -> None:
    figures = [
        Figure("rate", "10,000/s", "8,000/s", 1.25, "x", 0.5, 1.0, spread=(1.1, 1.3)),
        Figure("latency <p99>", "9.1 ms", "–", 9.1, "ms", 15, 5, at_least=False, note="a note"),
        Figure("memory", "90 KiB", "30 KiB", 3.0, "x", 1.5, 1.2, at_least=False),
    ]
    page = report.write(report.Run("2026-11-26 12:00 CST", 2.5, True, figures), tmp_path)
    text = page.read_text()
    assert "| rate | 10,000/s | 8,000/s | 1.25 (1.10 to 1.30) | ≥ 0.50 / ≥ 1.00 | aim |" in text
    assert "| latency <p99> | 9.1 ms | – | 9.1 ms | ≤ 15 ms / ≤ 5 ms | must |" in text
    assert "**missed**" in text
    assert "busy with other work" in text
    svg = (tmp_path / "images" / "bench.svg").read_text()
    assert "latency &lt;p99&gt;" in svg
    assert svg.count("<rect") == 1 + len(figures)
