"""After the run: how many tests ran on each backend, so that a run without one of them cannot pass for a whole one."""

from collections import Counter

import pytest

BACKENDS = {"sqlite": "SQLite", "postgres": "PostgreSQL", "redis": "Redis", "browser": "Chromium"}
# A test that asks for a server runs on it, whether or not somebody remembered the mark.
_SERVERS = {"sqlite_settings": "sqlite", "postgres_settings": "postgres", "redis_url": "redis"}
_PROPERTY = "backends"

_seen: Counter[tuple[str, str]] = Counter()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for fixture in getattr(item, "fixturenames", ()):
            if fixture in _SERVERS and item.get_closest_marker(_SERVERS[fixture]) is None:
                item.add_marker(_SERVERS[fixture])
        # Marks do not travel from the workers of xdist; properties of a report do.
        marks = [mark for mark in BACKENDS if item.get_closest_marker(mark)]
        item.user_properties.append((_PROPERTY, ",".join(marks)))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when != "call" and report.outcome == "passed":
        return
    marks = str(dict(report.user_properties).get(_PROPERTY, ""))
    for mark in filter(None, marks.split(",")):
        _seen[mark, report.outcome] += 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section("tests per backend")
    for mark, name in BACKENDS.items():
        parts = [f"{_seen[mark, outcome]} {outcome}" for outcome in ("passed", "failed", "skipped")]
        shown = [part for part in parts if not part.startswith("0 ")]
        terminalreporter.line(f"{name:<11} {', '.join(shown) or 'none'}")
