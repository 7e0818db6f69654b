"""The pages and calls of the fact sheet: without script, nothing typed is lost, the paper holds agreed facts alone."""

from typing import Any

import pytest

from odr.core.settings import Settings
from tests.agreements.story import Story, begun
from tests.agreements.test_pages import _get, _post
from tests.cast import Cast


@pytest.fixture
def settings(sqlite_settings: Settings) -> Settings:
    return sqlite_settings


@pytest.fixture
async def story(db: Any, cast: Cast) -> Story:
    return await begun(db, cast)


async def test_the_whole_way_on_pages_alone(story: Story) -> None:
    cast, at = story.cast, f"/cases/{story.case}/facts"
    assert "还没有写" in await _get(cast.applicant, at)
    await _get(cast.body_clerk, f"{at}/new", 404)
    kept = await _post(cast.applicant, f"{at}/new", 422, text="我愿意少收五百元。", kind="agreed")
    assert "我愿意少收五百元。" in kept
    assert "这是发生过的事，不是让步" in kept
    await _post(cast.applicant, f"{at}/new", text="3月1日付款 2600 元。", kind="agreed")
    await _post(cast.mediator, f"{at}/new", text="工程 3月20日完工。", kind="agreed", then="another")
    await _post(cast.mediator, f"{at}/new", text="人工费谁出。", kind="disputed")
    shown = await _get(cast.respondent, at)
    assert "这 2 条都属实，我确认" in shown
    pids = [part.split('"')[0] for part in shown.split('id="x-')[1:]]
    wrong = await _post(cast.respondent, f"{at}/{pids[0]}/answers", 422, answer="dispute", version=1, words="")
    assert f'href="#f-words-{pids[0]}"' in wrong
    await _post(cast.respondent, f"{at}/{pids[0]}/answers", answer="dispute", version=1, words="只付了两千。")
    assert "只付了两千。" in await _get(cast.applicant, at)
    await _post(cast.respondent, f"{at}/confirmations", seen=[f"{pids[0]}:1", f"{pids[1]}:1"])
    bad = await _post(cast.mediator, f"{at}/vouchings", 422, seen=f"{pids[1]}:1", note="电话里说的")
    assert "电话里说的" in bad
    await _post(
        cast.mediator, f"{at}/vouchings", seen=f"{pids[1]}:1", note="当面念过", party=story.applicant, channel="onsite"
    )
    paper = await _get(cast.respondent, f"{at}/paper")
    assert "3月1日付款 2600 元。" in paper
    assert "当面向调解员确认" in paper
    for word in ("人工费谁出", "只付了两千"):
        assert word not in paper, "what is disputed or was once said against a fact does not stand on the paper"
    await _post(cast.applicant, f"{at}/releases", allowed="1")
    assert "收回同意" in await _get(cast.applicant, at)
    await _get(cast.mediator, f"{at}/{pids[0]}")
    await _post(cast.mediator, f"{at}/{pids[0]}", text="3月1日付款。", kind="agreed")
    await _post(cast.mediator, f"{at}/{pids[0]}/removal")
    await _get(cast.stranger, at, 404)


async def test_a_program_does_what_the_pages_do(story: Story) -> None:
    at = f"/api/v1/cases/{story.case}/facts"
    async with story.cast.applicant.program() as own, story.cast.respondent.program() as other:
        made = await own.post(at, json={"text": "3月1日付款 2600 元。"})
        assert made.status_code == 201
        pid = made.json()["id"]
        for wrong in ({"text": ""}, {"text": "字" * 601}, {"text": "付款了。", "kind": "maybe"}):
            refused = await own.post(at, json=wrong)
            assert refused.status_code == 422
            assert refused.json()["error"]["fields"]
        stale = await other.post(f"/api/v1/facts/{pid}/answers", json={"answer": "confirm", "version": 7})
        assert (stale.status_code, stale.json()["error"]["code"]) == (409, "changed")
        sheet = (await other.post(f"{at}/confirmations", json={"facts": [{"fact": pid, "version": 1}]})).json()
        assert sheet["counts"] == {"agreed": 1, "disputed": 0, "open": 0}
        assert (await other.put(f"/api/v1/facts/{pid}", json={"text": "没有付款。"})).status_code == 403
        assert (await own.put(f"/api/v1/facts/{pid}", json={"text": "3月2日付款。"})).json()["version"] == 2
        assert (await own.delete(f"/api/v1/facts/{pid}")).status_code == 204
        assert (await own.get(at)).json()["facts"] == []
        assert (await own.post(f"{at}/releases", json={"allowed": True})).json()["may_go_on"] is False
    async with story.cast.stranger.program() as nobody:
        assert (await nobody.get(at)).status_code == 404
        assert (
            await nobody.post(f"/api/v1/facts/{pid}/answers", json={"answer": "confirm", "version": 1})
        ).status_code == 404
