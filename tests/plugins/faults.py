"""The long form of the fault suite (`make faults`), its seed, and the table of what was done and what was broken."""

import contextlib
import json
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

_PROPERTY = "faults"
# Always shown, so that a zero is read as a zero.
_COLUMNS = ("kills", "cuts", "resends", "sent", "acked", "heard", "lost", "doubled", "hole", "other")

_done: dict[str, Counter[str]] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("faults")
    group.addoption("--long", action="store_true", help="the fault suite at its full size, as `make faults` runs it")
    group.addoption("--seed", type=int, default=None, help="the dice of an earlier run of the fault suite")


def pytest_configure(config: pytest.Config) -> None:
    if config.option.seed is None:
        config.option.seed = random.randrange(10**6)


def pytest_report_header(config: pytest.Config) -> str:
    return f"dice of the faults, the phone and the grammar: --seed {config.option.seed}"


def pytest_configure_node(node: Any) -> None:
    """The workers of xdist throw the dice of the run they belong to."""
    node.workerinput["odr_seed"] = node.config.option.seed


@pytest.fixture(scope="session")
def fault_seed(request: pytest.FixtureRequest) -> int:
    given: int = getattr(request.config, "workerinput", {}).get("odr_seed", request.config.option.seed)
    return given


class Trial:
    """One test's dice, sizes and counts."""

    def __init__(self, request: pytest.FixtureRequest, seed: int) -> None:
        self.seed = seed
        self.dice = random.Random(f"{seed} {request.node.name}")
        self.is_long: bool = request.config.option.long
        self.counts: Counter[str] = Counter()
        self.engine = ""
        self._name = request.node.name
        self._capture = request.config.pluginmanager.getplugin("capturemanager")
        self._shown = -1

    def size(self, short: int, long: int) -> int:
        """How many times: in `make test`, and in `make faults`."""
        return long if self.is_long else short

    def progress(self, done: int, of: int) -> None:
        """One line per tenth, in the long form."""
        tenth = done * 10 // max(of, 1)
        if self.is_long and tenth != self._shown:
            self._shown = tenth
            with self._capture.global_and_fixture_disabled() if self._capture else contextlib.nullcontext():
                counts = " ".join(f"{name} {count}" for name, count in self.counts.items())
                print(f"  {self._name}: {done}/{of} {counts}", flush=True)  # noqa: T201


@pytest.fixture
def trial(request: pytest.FixtureRequest, fault_seed: int) -> Iterator[Trial]:
    found = Trial(request, fault_seed)
    yield found
    if found.counts:
        request.node.user_properties.append((_PROPERTY, json.dumps([found.engine, found.counts])))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    given = dict(report.user_properties).get(_PROPERTY)
    if report.when == "teardown" and given is not None:
        engine, counts = json.loads(str(given))
        _done.setdefault(engine, Counter()).update(counts)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not _done:
        return
    terminalreporter.section(f"faults, seed {terminalreporter.config.option.seed}")
    terminalreporter.line("".join(["", *(f"{name:>9}" for name in _COLUMNS)]).rjust(20 + 9 * len(_COLUMNS)))
    for engine, counts in sorted(_done.items()):
        terminalreporter.line(f"{engine:<20}" + "".join(f"{counts[name]:>9}" for name in _COLUMNS))
