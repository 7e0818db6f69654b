import hashlib

import pytest

from odr.agreements import seals
from odr.core import paper
from odr.core.db import Database
from tests.agreements.story import Story, begun
from tests.cast import Cast


@pytest.fixture
async def story(db: Database, cast: Cast) -> Story:
    return await begun(db, cast)


@pytest.fixture(autouse=True)
def _quick_paper(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second a paper is too much where only its bytes count; `test_papers` makes real ones."""

    async def quick(html: str) -> bytes:
        return b"%PDF-1.7\n" + hashlib.sha256(html.encode()).hexdigest().encode()

    async def unsigned(seal: seals.DrawnSeal, pdf: bytes, body_name: str) -> bytes:
        return pdf

    if not request.module.__name__.endswith(("test_papers", "test_seals")):
        monkeypatch.setattr(paper, "pdf", quick)
        monkeypatch.setattr(seals.DrawnSeal, "sign", unsigned)
