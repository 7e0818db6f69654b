"""One service and one planted case for all the tests of a file that only read."""

import io
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import structlog
from fastapi import FastAPI

from odr.app import create_app
from odr.core import binding, paper
from odr.core.binding import Bound, Late, Leaf, Span
from odr.core.settings import Settings
from tests.cast import found_cast
from tests.conftest import SECRET
from tests.leaks import filing
from tests.leaks import world as planting
from tests.leaks.world import World


@pytest.fixture(scope="module")
def written() -> io.StringIO:
    """Everything the service wrote to its log."""
    return io.StringIO()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, written: io.StringIO
) -> AsyncIterator[FastAPI]:
    var = tmp_path_factory.mktemp("leaks")
    shutil.copy(sqlite_template, var / "odr.sqlite3")
    application = create_app(Settings(var=var, secret_key=SECRET))
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=written))
    async with application.router.lifespan_context(application):
        yield application


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(served: FastAPI) -> World:
    """Planted: talk, files, sittings, an objection, a comment; signed, performed, visited; read by the auditor."""
    found = await planting.founded(served.state.odr.db, await found_cast(served))
    await planting.whisper(found)
    await planting.offer_times(found)
    await planting.meet_apart(found)
    await filing.write(found)
    await planting.object_apart(found)
    await planting.agree_on_facts(found)
    await planting.suggest_apart(found)
    await planting.draft(found)
    await planting.signed(found)
    await planting.performed(found)
    return found


@pytest.fixture
def quick_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    """A paper as the HTML it is made from: nothing is hidden in compression, and a second a paper is saved."""

    async def quick(html: str) -> bytes:
        return b"%PDF-quick\n" + html.encode()

    async def bound(leaves: Sequence[Leaf], late: Callable[[Sequence[Span]], Late], **_more: Any) -> Bound:
        spans = [Span(leaf.key, leaf.title, n, 1) for n, leaf in enumerate(leaves, start=1)]
        finished = b"".join(leaf.data or b"" for leaf in leaves)
        return Bound(finished + "".join(leaf.html for leaf in [*leaves, late(spans).index]).encode(), tuple(spans))

    monkeypatch.setattr(paper, "pdf", quick)
    monkeypatch.setattr(binding, "bind", bound)
