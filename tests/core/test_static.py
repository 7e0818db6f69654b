"""The pages' files go out compressed and stay in the browser."""

import gzip
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette

from odr.core.static import BuiltFiles

SCRIPT = b"export const words = 1;\n" * 200


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    assets = tmp_path / "assets"
    assets.mkdir()
    (assets / "room-1a2b.js").write_bytes(SCRIPT)
    (assets / "room-1a2b.js.gz").write_bytes(gzip.compress(SCRIPT))
    (assets / "room-1a2b.js.br").write_bytes(b"as brotli")
    (assets / "mark-3c4d.svg").write_bytes(b"<svg/>")
    (tmp_path / "robots.txt").write_bytes(b"")
    return tmp_path


@dataclass(frozen=True)
class Answer:
    """`wire`: the bytes as they came, before any coding is undone."""

    status: int
    headers: httpx2.Headers
    wire: bytes


async def asked(dist: Path, path: str, **headers: str) -> Answer:
    app = Starlette()
    app.mount("/static", BuiltFiles(directory=dist))
    transport = httpx2.ASGITransport(app=app)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with (
        httpx2.AsyncClient(transport=transport, base_url="http://city") as browser,
        browser.stream("GET", f"/static/{path}", headers=named) as answer,
    ):
        return Answer(answer.status_code, answer.headers, b"".join([part async for part in answer.aiter_raw()]))


@pytest.mark.parametrize(
    ("accepts", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=1.0, gzip;q=0.8", "br"),
        ("gzip", "gzip"),
        ("br;q=0, GZIP", "gzip"),
        ("br;q=0.000, gzip; q=0", None),
        ("identity", None),
        ("", None),
    ],
)
async def test_a_file_goes_in_the_best_coding_the_browser_takes(dist: Path, accepts: str, coding: str | None) -> None:
    answer = await asked(dist, "assets/room-1a2b.js", accept_encoding=accepts)
    assert answer.status == 200
    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-length"] == str(len(answer.wire))
    undone = {"br": b"as brotli", "gzip": SCRIPT, None: SCRIPT}
    assert (gzip.decompress(answer.wire) if coding == "gzip" else answer.wire) == undone[coding]


async def test_a_file_without_a_packed_neighbour_goes_as_it_is(dist: Path) -> None:
    answer = await asked(dist, "assets/mark-3c4d.svg", accept_encoding="br, gzip")
    assert "content-encoding" not in answer.headers
    assert answer.headers["vary"] == "Accept-Encoding"


async def test_a_part_of_a_file_is_counted_in_the_file_itself(dist: Path) -> None:
    answer = await asked(dist, "assets/room-1a2b.js", accept_encoding="br", range="bytes=0-9")
    assert answer.status == 206
    assert "content-encoding" not in answer.headers
    assert answer.wire == SCRIPT[:10]


async def test_each_coding_has_a_tag_of_its_own_and_is_confirmed_by_it(dist: Path) -> None:
    tags = {}
    for coding in ("br", "gzip", "identity"):
        tags[coding] = (await asked(dist, "assets/room-1a2b.js", accept_encoding=coding)).headers["etag"]
        again = await asked(dist, "assets/room-1a2b.js", accept_encoding=coding, if_none_match=tags[coding])
        assert (again.status, again.wire) == (304, b"")
        assert again.headers["vary"] == "Accept-Encoding"
    assert len(set(tags.values())) == 3


async def test_only_names_with_a_digest_are_kept_for_a_year(dist: Path) -> None:
    assert "cache-control" not in (await asked(dist, "robots.txt")).headers
    assert (await asked(dist, "assets/gone-9z.js")).status == 404
    assert (await asked(dist, "../secret.key")).status == 404
