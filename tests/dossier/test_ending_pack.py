"""What each party takes along when talks failed: how it ended, the other routes, agreed facts if all allow it (R34)."""

import io
import re
from typing import Any

import pypdf
import pytest

from odr.cases import service as cases
from odr.cases.codes import Result
from odr.cases.models import Case
from odr.core import binding, clock
from odr.core.binding import Bound, Late, Leaf, Span
from odr.core.db import Database
from tests.agreements.story import Story, begun
from tests.browsing import look
from tests.cast import Cast, Member

HANDLERS = {"mediator", "body_clerk"}
OWN = {side: {side, f"{side}_agent"} for side in ("applicant", "respondent")}
FACT = "2026年3月1日交了改造费2600元。"


@pytest.fixture
async def story(db: Database, cast: Cast) -> Story:
    return await begun(db, cast)


async def _fact(story: Story) -> None:
    """Put by one side, confirmed by both."""
    async with story.cast.applicant.program() as program:
        made = await program.post(f"/api/v1/cases/{story.case}/facts", json={"text": FACT})
        assert made.status_code == 201, made.text
    async with story.cast.respondent.program() as program:
        answer = {"answer": "confirm", "version": 1}
        assert (await program.post(f"/api/v1/facts/{made.json()['id']}/answers", json=answer)).status_code == 201


async def _release(story: Story, who: Member, *, allowed: bool = True) -> None:
    async with who.program() as program:
        answer = await program.post(f"/api/v1/cases/{story.case}/facts/releases", json={"allowed": allowed})
        assert answer.status_code == 201, answer.text


async def _end(story: Story) -> None:
    async with story.db.write() as session:
        case = await session.get_one(Case, story.case_id)
        await cases.end(session, story.cast.mediator.actor, case, Result.DEADLOCK, "金额差得太远")


def _address(story: Story, side: str) -> str:
    return f"/cases/{story.case}/endings/{getattr(story, side)}.pdf"


async def _text(who: Member, path: str) -> str:
    async with who.browser() as browser:
        answer = await browser.get(path)
    assert answer.status_code == 200
    return re.sub(r"<[^>]+>", "", answer.content.decode("utf-8", "replace"))


async def test_each_side_takes_its_own_and_the_facts_only_when_all_allow_it(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def bound(leaves: list[Leaf], late: Any, *, after: int = 1, title: str = "") -> Bound:
        spans = [Span(leaf.key, leaf.title, n, 1) for n, leaf in enumerate(leaves, start=1)]
        last: Late = late(spans)
        return Bound(("%PDF-1.7\n" + "".join(leaf.html for leaf in [*leaves, last.index])).encode(), tuple(spans))

    monkeypatch.setattr(binding, "bind", bound)
    cast = story.cast
    await _fact(story)
    assert (await look(cast.applicant, _address(story, "applicant"))).status == 404, "it has not failed"
    await _release(story, cast.applicant)
    await _end(story)
    for side in ("applicant", "respondent"):
        for name, member in cast.everybody().items():
            status = (await look(member, _address(story, side))).status
            assert status == (200 if name in HANDLERS | OWN[side] else 404), (side, name)
    for name, member in cast.everybody().items():
        async with member.program() as program:
            answer = await program.get(f"/api/v1/cases/{story.case}/endings")
        count = 2 if name in HANDLERS else 1 if name in OWN["applicant"] | OWN["respondent"] else None
        assert answer.status_code == (404 if count is None else 200), name
        if count is not None:
            assert [one["outcome"] for one in answer.json()] == ["调解不成功"] * count
            assert not any(one["with_facts"] for one in answer.json())

    told = await _text(cast.respondent, _address(story, "respondent"))
    for word in ("调解不成功", "各方分歧较大，没有谈成", "人民调解法第二十六条", "不是每一方都同意提供"):
        assert word in told, word
    assert FACT not in told
    assert "没有附无争议事实" in (await look(cast.respondent, f"/cases/{story.case}/papers")).main

    await _release(story, cast.respondent)  # after the failure too: whoever thinks better of it
    for side in ("applicant", "respondent"):
        told = await _text(cast.everybody()[side], _address(story, side))
        assert FACT in told
        assert "各方都确认，并都同意随案提供" in told
    assert "附在后面" in (await look(cast.applicant, f"/cases/{story.case}/papers")).main
    await _release(story, cast.applicant, allowed=False)
    assert FACT not in await _text(cast.respondent, _address(story, "respondent")), "taken back is taken back"


@pytest.mark.one_engine
async def test_a_real_one_has_its_bookmarks_and_says_the_day(story: Story) -> None:
    await _fact(story)
    for who in (story.cast.applicant, story.cast.respondent):
        await _release(story, who)
    await _end(story)
    async with story.cast.applicant.browser() as browser:
        data = (await browser.get(_address(story, "applicant"))).content
    reader = pypdf.PdfReader(io.BytesIO(data))
    titles = [str(one["/Title"]) for one in reader.outline]  # type: ignore[call-overload, index]  # a flat outline holds no lists
    assert titles == ["调解未达成协议材料", "目录", "调解终止告知书", "无争议事实记载"]
    text = "".join(page.extract_text() for page in reader.pages).replace(" ", "").replace("\n", "")
    today = clock.today()
    assert f"{today.year}年{today.month}月{today.day}日" in text
    assert "待补" not in text
