"""Pages go out compressed, and what is secret in them cannot be guessed from their size."""

import base64
import gzip
import re
from collections.abc import AsyncIterator

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odr.app import create_app
from odr.core import csrf
from odr.core.settings import Settings

TOKEN = csrf.kept_or_new(None)[0]


@pytest.fixture
async def browser(sqlite_settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(sqlite_settings)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app), base_url=sqlite_settings.base_url,
            headers={"Accept-Encoding": "gzip, br", "Origin": sqlite_settings.base_url},
        ) as found,
    ):  # fmt: skip
        yield found


async def test_a_page_is_compressed_for_who_takes_it(browser: httpx2.AsyncClient) -> None:
    async with browser.stream("GET", "/") as packed:
        wire = b"".join([part async for part in packed.aiter_raw()])
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["content-length"] == str(len(wire))
    plain = await browser.get("/", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert len(wire) < len(plain.content) / 2
    assert gzip.decompress(wire).decode()[:500] == plain.text[:500]
    for answer in (packed, plain):
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize("path", ["/?q=word", "/login?next=/cases", "/api/v1/openapi.json"])
async def test_what_repeats_an_address_or_goes_to_programs_is_not(browser: httpx2.AsyncClient, path: str) -> None:
    answer = await browser.get(path)
    assert answer.status_code == 200
    assert "content-encoding" not in answer.headers


async def test_the_token_of_the_forms_is_another_text_on_each_page_and_each_is_taken(
    browser: httpx2.AsyncClient,
) -> None:
    shown = [re.search(r'name="csrf" value="([^"]+)"', (await browser.get("/privacy")).text) for _ in range(2)]
    first, second = (found[1] for found in shown if found is not None)
    cookie = browser.cookies["odr_csrf"]
    assert len({first, second, cookie}) == 3
    for sent, status in ((first, 303), (second, 303), (cookie, 303), (first[:-2] + "AA", 403), ("", 403)):
        answer = await browser.post("/preferences", data={"csrf": sent, "back": "/privacy", "theme": "dark"})
        assert answer.status_code == status


@pytest.mark.parametrize("person", ["", "lIMmgD6Ce3HDiAckeOwMAg"])
def test_a_mask_hides_the_token_and_comes_off(person: str) -> None:
    assert csrf.drawn_for(csrf.masked(TOKEN, person), TOKEN) == person
    assert csrf.drawn_for(csrf.masked(TOKEN, person), csrf.kept_or_new(None)[0]) is None


@given(st.text() | st.binary().map(lambda some: base64.urlsafe_b64encode(some).decode()))
def test_no_other_text_is_the_token(sent: str) -> None:
    assert csrf.drawn_for(sent, TOKEN) == ("" if sent == TOKEN else None)
