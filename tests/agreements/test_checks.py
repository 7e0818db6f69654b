"""The checker at a case: it blocks freezing, is ticked off by the mediator, and tells a party what only it can mend."""

from typing import Any

import pytest
from sqlalchemy import update

from odr.agreements import access, checks, service
from odr.cases.models import Party
from odr.core.errors import Conflict, Forbidden, Invalid
from tests.agreements.story import Story
from tests.cast import CSRF, Member


async def _accepted(story: Story, **changed: Any) -> tuple[str, str]:
    pid = await story.draft()
    clause = await story.clause(pid, story.pay(**changed))
    for who in (story.cast.applicant, story.cast.respondent):
        await story.answer(who, pid, clause)
    return pid, clause


async def _told(story: Story, who: Member, pid: str) -> list[dict[str, Any]]:
    async with story.db.read() as session:
        place = await access.for_reading(session, who.actor, pid)
        return await checks.of_view(session, place.view, place.agreement)


async def test_what_must_be_mended_blocks_and_cannot_be_ticked_off(story: Story) -> None:
    pid, clause = await _accepted(story, text="被申请人退款，申请人今后不得向法院起诉。")
    key = f"waiver.{clause}.1"
    async with story.cast.mediator.program() as program:
        refused = await program.post(f"/api/v1/agreements/{pid}/final")
        error = refused.json()["error"]
        assert (refused.status_code, error["code"], list(error["fields"])) == (409, "unready", [f"check-{key}"])
        assert "第 1 条" in error["fields"][f"check-{key}"]
        ticked = await program.post(f"/api/v1/agreements/{pid}/acknowledgements", json={"findings": [key]})
        assert (ticked.status_code, list(ticked.json()["error"]["fields"])) == (422, [f"check-{key}"])
        (found,) = (await program.get(f"/api/v1/agreements/{pid}/findings")).json()
        assert (found["severity"], found["source"]) == ("must", "人民调解法第三条第三项")
        assert found["href"].endswith(f"/agreement/clauses/{clause}#f-text")
    async with story.cast.mediator.browser() as browser:
        page = await browser.post(f"/cases/{story.case}/agreement/final", data={"csrf": CSRF, "agreement": pid})
        assert page.status_code == 409
        assert f'href="#f-check-{key}"' in page.text
        assert f'id="f-check-{key}"' in page.text


async def test_what_may_stand_is_ticked_off_once_for_this_wording(story: Story) -> None:
    pid, clause = await _accepted(story, text="被申请人退款，相关费用由被申请人承担。", manner="银行转账")
    with pytest.raises(checks.Unready) as refused:
        await service.finalise(story.db, story.cast.mediator.actor, pid)
    assert list(refused.value.fields) == [f"check-account_missing.{clause}.1", f"check-vague.{clause}.1"]
    async with story.cast.mediator.browser() as browser:
        at = f"/cases/{story.case}/agreement"
        one = {"csrf": CSRF, "agreement": pid, "finding": f"vague.{clause}.1"}
        assert (await browser.post(f"{at}/acknowledgements", data=one)).status_code == 303
        assert "已经看过的 1 处" in (await browser.get(at)).text
    async with story.db.write() as session:
        await service.acknowledge_all(session, story.cast.mediator.actor, pid)
        with pytest.raises(Conflict, match="有了变化"):
            await service.acknowledge(session, story.cast.mediator.actor, pid, ["vague.gone.1"])
    for who in (story.cast.applicant, story.cast.respondent):
        with pytest.raises(Forbidden):
            async with story.db.write() as session:
                await service.acknowledge(session, who.actor, pid, [f"vague.{clause}.1"])
    async with story.db.write() as session:
        changed = story.pay(text="被申请人适当退款。", manner="银行转账")
        await service.change_clause(session, story.cast.mediator.actor, pid, clause, changed)
    assert {(one["rule"], one["acknowledged"]) for one in await _told(story, story.cast.mediator, pid)} == {
        ("vague", False), ("account_missing", False),
    }  # fmt: skip


async def test_a_party_is_told_what_it_alone_can_mend_and_nothing_of_the_other(story: Story) -> None:
    name = "买买提江·" * 9 + "艾合买"
    async with story.db.write() as session:
        await session.execute(update(Party).where(Party.pid == story.respondent).values(id_no=None, name=name[:50]))
    pid, _clause = await _accepted(story, manner="银行转账")
    told = {who: await _told(story, getattr(story.cast, who), pid) for who in ("applicant", "respondent", "body_clerk")}
    assert [one["rule"] for one in told["applicant"]] == ["account_missing"]
    assert [one["rule"] for one in told["respondent"]] == ["id_missing"]
    assert told["body_clerk"] == []
    async with story.cast.respondent.browser() as browser:
        page = (await browser.get(f"/cases/{story.case}/agreement")).text
        assert ("请在“我的账户”里填写身份证号码" in page, "收款账户（户名" in page) == (True, False)
    with pytest.raises(Invalid) as refused:
        await service.finalise(story.db, story.cast.mediator.actor, pid)
    assert name[:50] in refused.value.fields[f"check-id_missing.{story.respondent}"]
    async with story.db.write() as session:
        await service.acknowledge_all(session, story.cast.mediator.actor, pid)
    assert (await service.finalise(story.db, story.cast.mediator.actor, pid)).state == "frozen"
