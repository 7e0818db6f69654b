"""The public directory: which body takes my kind of dispute, near me, and why."""

import html
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI

from odr.app import create_app
from odr.bodies import service
from odr.core.db import Database
from odr.core.settings import Settings
from tests.browsing import look
from tests.cast import COMMUNITY, Cast
from tests.conftest import SECRET

HAINAN = "150303000000"


@pytest.fixture(params=[pytest.param("sqlite", marks=pytest.mark.sqlite)])
def settings(tmp_path: Path, sqlite_template: Path) -> Settings:
    """Pages are tried on SQLite; the ranking itself is pure and has its own tests."""
    shutil.copy(sqlite_template, tmp_path / "odr.sqlite3")
    return Settings(var=tmp_path, secret_key=SECRET)


@pytest.fixture
async def city(settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    """A stranger's browser before the whole city: every division and body."""
    app: FastAPI = create_app(settings)
    async with app.router.lifespan_context(app):
        db: Database = app.state.odr.db
        async with db.write() as session:
            await service.seed(session)
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url=app.state.odr.settings.base_url) as browser:
            yield browser


async def page(city: httpx2.AsyncClient, **asked: str) -> str:
    answer = await city.get("/bodies", params=asked)
    assert answer.status_code == 200
    return html.unescape(answer.text[answer.text.index("<main") :])


def cards(main: str) -> list[str]:
    return re.findall(r'class="card-title">([^<]+)', main)


def listed(main: str) -> list[str]:
    return re.findall(r'class="cell-text">([^<]+)', main)


async def test_the_directory_answers_who_and_why(city: httpx2.AsyncClient) -> None:
    everything = await page(city)
    assert len(listed(everything)) > 150
    assert re.findall(r"<summary>(\S+) · (\d+)", everything)[1] == ("行业性专业性调解组织", "39")
    assert "<details>" in everything
    assert "先找谁、为什么。" not in everything

    both = await page(city, category="15", place=COMMUNITY)
    assert cards(both)[0] == "乌海市海勃湾区物业纠纷人民调解委员会"
    assert 2 <= len(cards(both)) <= 5
    first = both[both.index(cards(both)[0]) : both.index(cards(both)[1])]
    assert "专门办理这一类纠纷" in first
    assert "就在事情发生的海勃湾区" in first
    assert 'href="/apply"' in both
    assert f'<option value="{COMMUNITY}" selected>新华社区</option>' in both
    assert '<optgroup label="海勃湾区 新华西街道">' in both
    for elsewhere in ("海南区物业", "乌达区物业"):
        assert elsewhere not in "".join(cards(both))

    kind = await page(city, category="13")
    assert "办理医疗纠纷的组织。再选一下发生的地方" in kind
    assert any("医疗纠纷" in name for name in listed(kind))
    assert not any("物业" in name for name in listed(kind))
    place = await page(city, place=HAINAN)
    assert "海南区的组织。再选一下纠纷的类型" in place
    assert not any("海勃湾区" in name for name in listed(place))
    assert any("海南区" in name for name in listed(place))
    assert any("乌海市" in name for name in listed(place))


async def test_names_repeat_and_the_path_tells_them_apart(city: httpx2.AsyncClient) -> None:
    main = await page(city)
    groups = re.findall(r'<optgroup label="([^"]+)">(.*?)</optgroup>', main, re.S)
    twice = [label for label, lines in groups if ">幸福社区<" in lines]
    assert len(twice) == len(set(twice)) == 2
    codes = re.findall(r'<option value="(\d{12})"', main)
    assert len(codes) == len(set(codes)) > 100
    named = [name for name in listed(main) if name.endswith("幸福社区人民调解委员会")]
    assert len(named) == len(set(named)) == 2, named


async def test_an_odd_address_is_answered_with_help(city: httpx2.AsyncClient) -> None:
    odd = await page(city, category="zz", place="<script>alert(1)</script>")
    assert "没有这一类" in odd
    assert "没有这个地方" in odd
    assert "<script>alert(1)" not in (await city.get("/bodies", params={"place": "<script>alert(1)</script>"})).text
    assert len(listed(odd)) > 150
    for path in ("/bodies/nothing", "/bodies/%F0%9F%98%80", "/bodies/../etc"):
        assert (await city.get(path)).status_code == 404


async def test_each_body_has_a_page_of_its_own(city: httpx2.AsyncClient) -> None:
    main = await page(city, category="15", place=COMMUNITY)
    body = re.findall(r'href="(/bodies/[\w-]+)"', main)[0]
    own = html.unescape((await city.get(body)).text)
    assert "海勃湾区物业纠纷人民调解委员会" in own
    assert "调解不收费" in own
    assert "演示数据" in own
    assert "名册还没有录入" in own
    assert 'href="/apply"' in own


async def test_the_same_as_json(city: httpx2.AsyncClient) -> None:
    api = "/api/v1"
    tree = (await city.get(f"{api}/divisions")).json()["districts"]
    assert [d["name"] for d in tree] == ["海勃湾区", "海南区", "乌达区"]
    kinds = (await city.get(f"{api}/categories")).json()["categories"]
    assert len(kinds) == 20
    asked = {"category": "04", "division_code": COMMUNITY, "words": "有人来收燃气改造费"}
    found = (await city.get(f"{api}/bodies", params=asked)).json()["bodies"]
    assert found[0]["name"] == "乌海市公用事业纠纷人民调解委员会"
    assert any("燃气" in why for why in found[0]["reasons"])
    assert all(one["reasons"] for one in found)
    for wrong in ({"category": "zz"}, {"division_code": "海达"}, {"division_code": "150399000000"}):
        refused = await city.get(f"{api}/bodies", params=asked | wrong)
        assert refused.status_code == 422
        assert set(refused.json()["error"]["fields"]) == set(wrong)
    one = (await city.get(f"{api}/bodies/{found[0]['id']}")).json()
    assert one["mediators"] == []
    assert "04" in one["categories"]
    assert (await city.get(f"{api}/bodies/nothing")).status_code == 404


async def test_an_empty_answer_leads_on_and_everybody_may_look(cast: Cast) -> None:
    # This small city has a body for property matters and one for utilities, and nobody for medical ones.
    none = await look(cast.stranger, f"/bodies?category=13&place={COMMUNITY}")
    assert "海勃湾区新华西街道海达社区还没有专门办理医疗纠纷的调解组织" in none.main
    assert 'href="/apply"' in none.page
    for name, member in cast.everybody().items():
        own = await look(member, f"/bodies/{cast.body_pid}")
        assert own.status == 200, name
        assert "张调解" in own.main
        assert "专职人民调解员" in own.main
        assert "赵调解" not in own.main
        assert member.phone not in own.main
        assert "13904730005" not in own.page
