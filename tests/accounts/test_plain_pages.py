"""The pages everybody may read, and how this browser wants them."""

import httpx2
import pytest

from tests.cast import CSRF, Cast

pytestmark = pytest.mark.one_engine


async def test_home_answers_six_questions_and_offers_two_ways(client: httpx2.AsyncClient) -> None:
    page = await client.get("/")
    assert page.status_code == 200
    for answer in ("这是什么", "要钱吗", "必须参加吗", "要多久", "谁能看到", "能打给谁", 'href="tel:12348"'):
        assert answer in page.text
    assert 'href="/apply"' in page.text
    assert 'href="/cases"' in page.text


async def test_staff_are_led_to_their_desk(cast: Cast) -> None:
    expected = {"mediator": "/desk", "body_clerk": "/queue", "auditor": "/audit", "system_admin": "/admin/people"}
    for name, desk in expected.items():
        async with getattr(cast, name).browser() as browser:
            assert (await browser.get("/")).headers["location"] == desk
    async with cast.applicant.browser() as browser:
        assert (await browser.get("/")).status_code == 200


@pytest.mark.parametrize("path", ["/help/routes", "/privacy", "/preferences", "/login", "/login/staff"])
async def test_plain_pages_open_without_signing_in(client: httpx2.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 200


async def test_preferences_are_kept_in_this_browser(browser: httpx2.AsyncClient) -> None:
    async def choose(**values: str) -> httpx2.Response:
        return await browser.post("/preferences", data={"csrf": CSRF, "back": "/privacy"} | values)

    assert (await choose(care="1", theme="dark")).headers["location"] == "/privacy"
    page = (await browser.get("/privacy")).text
    assert 'data-mode="care"' in page
    assert 'data-theme="dark"' in page
    await choose(care="0")
    page = (await browser.get("/privacy")).text
    assert 'data-mode="plain"' in page
    assert 'data-theme="dark"' in page
    await choose(locale="en", theme="nonsense")
    assert '<html lang="en"' in (await browser.get("/privacy")).text
    elsewhere = await browser.post("/preferences", data={"csrf": CSRF, "back": "//evil.example", "theme": "auto"})
    assert elsewhere.headers["location"] == "/"


async def test_an_unknown_page_says_where_to_go(client: httpx2.AsyncClient) -> None:
    page = await client.get("/nothing/here")
    assert page.status_code == 404
    assert "没有找到" in page.text
    assert "tel:12348" in page.text
