"""司法确认: both parties ask the court together; each agrees by its own act, within 30 days of the effect."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from odr.agreements import confirming, papers, performing, service
from odr.agreements.models import CourtRequest, PerformanceItem
from odr.agreements.schemas import ClaimIn, CourtConsentIn, CourtOutcomeIn, CourtRequestIn, SettleIn
from odr.audit.models import LedgerRow
from odr.bodies.calendar import last_day
from odr.cases import service as cases
from odr.cases.access import for_reading
from odr.cases.codes import CourtOutcome
from odr.cases.models import Case, CaseClock, CaseEvent, Party
from odr.core import clock, outbox
from odr.core.errors import Conflict, Forbidden, Invalid, NotFound
from odr.evidence import service as evidence
from tests.agreements.story import Story
from tests.agreements.test_pages import _get, _post
from tests.cast import Member

READERS = {"applicant", "respondent", "applicant_agent", "respondent_agent", "mediator", "body_clerk"}


async def _agree(story: Story, who: Member, **more: Any) -> None:
    async with story.db.write() as session:
        await service.agree_to_court(session, who.actor, story.case, CourtConsentIn.model_validate(more))


async def _register(story: Story, who: Member | None = None, **more: Any) -> CourtRequest:
    given = {"court": "150302", "applied_on": str(clock.today()), "fits": True} | more
    async with story.db.write() as session:
        actor = (who or story.cast.mediator).actor
        return await service.register_court_request(session, actor, story.case, CourtRequestIn.model_validate(given))


async def _record(story: Story, outcome: str, who: Member | None = None, paper: Any = None, **more: Any) -> None:
    given = {"outcome": outcome, "decided_on": str(clock.today())} | more
    async with story.db.write() as session:
        actor = (who or story.cast.body_clerk).actor
        wanted = CourtOutcomeIn.model_validate(given)
        await service.record_court_outcome(session, actor, story.case, wanted, paper)


async def _asked(story: Story) -> None:
    """In effect, and both parties agree."""
    await story.effective()
    for who in (story.cast.applicant, story.cast.respondent):
        await _agree(story, who)


async def _shown(story: Story, who: Member) -> dict[str, Any]:
    async with story.db.read() as session:
        return await confirming.shown(session, await for_reading(session, who.actor, story.case))


async def _way(story: Story, who: Member) -> cases.Way:
    async with story.db.read() as session:
        return await cases.way(session, await for_reading(session, who.actor, story.case))


async def test_both_agree_the_request_is_filed_and_the_court_confirms(story: Story) -> None:
    cast = story.cast
    await story.effective()
    until = last_day(clock.today() + timedelta(days=30)).date
    shown = await _shown(story, cast.applicant)
    assert (shown["possible"], shown["until"]) == (True, str(until))
    assert shown["days_left"] == (until - clock.today()).days
    assert shown["can"]["agree"]
    assert "以前一起请法院确认" in await _get(cast.applicant, f"/cases/{story.case}/agreement")

    await _agree(story, cast.applicant)
    await _agree(story, cast.applicant)  # a second tap changes nothing
    assert await story.state() == "performing"
    way = await _way(story, cast.respondent)
    assert (way.turn, way.due_label, way.action.href if way.action else "") == (
        True, "共同申请司法确认", f"/cases/{story.case}/court",
    )  # fmt: skip
    assert not (await _way(story, cast.applicant)).turn

    await _agree(story, cast.respondent)
    for who in (cast.mediator, cast.body_clerk):
        way = await _way(story, who)
        assert (way.turn, way.action.text if way.action else "") == (True, "登记司法确认申请")

    row = await _register(story, docket_no="（2026）内0302诉前调确1号")
    assert row.court == "乌海市海勃湾区人民法院"
    assert await story.state() == "confirming"
    way = await _way(story, cast.mediator)
    assert (way.turn, way.due_label, way.action.text if way.action else "") == (True, "法院审查", "登记法院的结果")
    with pytest.raises(Conflict):
        await _register(story)  # the second of two taps

    paper = await evidence.prepare_bytes("裁定书.pdf", "application/pdf", b"%PDF-1.4 ruling")
    await _record(story, "valid", paper=paper)
    assert await story.state() == "performing"
    shown = await _shown(story, cast.respondent)
    assert shown["requests"][0]["outcome"] == "valid"
    assert (shown["possible"], shown["why_not"]["code"]) == (False, "court_confirmed")
    for who, status in ((cast.applicant, 200), (cast.mediator, 200), (cast.stranger, 404), (cast.centre_clerk, 404)):
        async with who.program() as client:
            assert (await client.get(shown["requests"][0]["paper"])).status_code == status
    with pytest.raises(Conflict):
        await _record(story, "rejected")
    with pytest.raises(Conflict, match="已经确认过"):
        await _agree(story, cast.applicant)
    agreement = f"/cases/{story.case}/agreement"
    assert "以前一起请法院确认" not in await _get(cast.applicant, agreement), "confirmed: nothing is left to ask"

    async with story.db.read() as session:
        clocks = {row.kind: row for row in await session.scalars(select(CaseClock))}
        assert clocks["court_request"].stopped_at is not None
        assert clocks["court_decision"].stopped_at is not None
        tags = list(await session.scalars(select(LedgerRow.tag).where(LedgerRow.tag.like("%cour%"))))
        assert tags.count("party:court:agreed") == 2
        assert {"court:request:filed", "case:record_court_result:done", "court:outcome:recorded"} <= set(tags)
        told = list(await session.scalars(select(outbox.Outbox).where(outbox.Outbox.tag == "case:record_court_result")))
        assert {row.person_id for row in told} >= {cast.applicant.id, cast.respondent.id}
        assert not any("法院" in row.text for row in told if row.channel == "sms")
        notes = list(
            await session.scalars(select(CaseEvent.note).where(CaseEvent.tag == "case:record_court_result:done"))
        )
        assert notes == [f"法院确认有效，{papers.cn_date(clock.today())}"], "a day as people write it"
        facts = (await cases.gather(session, await session.get_one(Case, story.case_id))).facts
        assert facts.court_outcome is CourtOutcome.VALID
    lines = await story.lines(cast.applicant)
    assert any("被申请人同意一起申请司法确认" in line for line in lines)
    assert any("登记了法院的结果" in line for line in lines)


async def test_a_general_agent_cannot_agree_and_nobody_agrees_for_another(story: Story) -> None:
    await story.effective()
    for name, member in story.cast.everybody().items():
        expected = {"applicant": None, "respondent": None, "mediator": Invalid, "body_clerk": Invalid}
        error = expected.get(name, Forbidden if name in READERS else NotFound)
        if error is None:
            continue
        with pytest.raises(error):
            await _agree(story, member)
        if name not in ("mediator", "body_clerk"):
            with pytest.raises(Forbidden if name in READERS else NotFound):
                await _register(story, member)
            with pytest.raises(Forbidden if name in READERS else NotFound):
                await _record(story, "valid", member)
    async with story.db.write() as session:
        await session.execute(
            update(Party).where(Party.person_id == story.cast.respondent_agent.id).values(may_settle=True)
        )
    await _agree(story, story.cast.respondent_agent)
    shown = await _shown(story, story.cast.respondent)
    assert [p["agreed"] for p in shown["parties"]] == [False, True]


async def test_one_party_missing_or_out_of_time_or_of_the_wrong_kind_the_court_is_not_asked(story: Story) -> None:
    await story.effective()
    await _agree(story, story.cast.applicant)
    with pytest.raises(Conflict, match="还有一方没有同意"):
        await _register(story)
    await _agree(story, story.cast.respondent)
    last = last_day(clock.today() + timedelta(days=30)).date
    with clock.shifted(last - clock.today() + timedelta(days=1)):
        with pytest.raises(Conflict, match="超过 30 天"):
            await _register(story)
        with pytest.raises(Conflict, match="超过 30 天"):
            await _agree(story, story.cast.applicant)
        shown = await _shown(story, story.cast.applicant)
        assert (shown["possible"], shown["why_not"]["code"]) == (False, "court_window")
        # It was handed in on time and is only entered late: the day it was handed in counts.
        await _register(story, applied_on=str(last))
        assert await story.state() == "confirming"


async def test_the_page_says_why_status_relations_are_not_confirmed(story: Story) -> None:
    await _asked(story)
    async with story.db.write() as session:
        await session.execute(update(Case).where(Case.id == story.case_id).values(category="01"))
    with pytest.raises(Conflict, match="不予确认"):
        await _register(story)
    shown = await _get(story.cast.applicant, f"/cases/{story.case}/court")
    assert "法院不予确认" in shown
    assert "我同意一起申请" not in shown
    assert "送到法院的申请" not in await _get(story.cast.mediator, f"/cases/{story.case}/court")


async def test_a_consent_can_be_taken_back_until_the_request_is_handed_in(story: Story) -> None:
    await _asked(story)
    async with story.db.write() as session:
        await service.take_back_court_consent(session, story.cast.respondent.actor, story.case)
    with pytest.raises(Conflict, match="还有一方没有同意"):
        await _register(story)
    await _agree(story, story.cast.respondent)
    await _register(story)
    with pytest.raises(Conflict, match="已经送到法院"):
        async with story.db.write() as session:
            await service.take_back_court_consent(session, story.cast.respondent.actor, story.case)


async def test_after_a_refusal_everybody_is_asked_anew(story: Story) -> None:
    await _asked(story)
    await _register(story)
    for wrong in ({}, {"outcome": "refused", "head": "unclear"}, {"outcome": "refused"}):
        with pytest.raises(Invalid):  # a no has its head, and Art. 355 has only five
            await _record(story, **({"outcome": "rejected"} | wrong))
    await _record(story, "rejected", head="unclear", note="金额不明确")
    assert await story.state() == "performing"
    shown = await _shown(story, story.cast.applicant)
    assert shown["possible"]
    assert (shown["requests"][0]["head"], shown["requests"][0]["head_label"]) == ("unclear", "内容不明确")
    assert "写清楚" in shown["requests"][0]["afterwards"]
    assert [one["key"] for one in shown["remains"]] == ["anew", "keep", "sue", "confirm"]
    page = await _get(story.cast.applicant, f"/cases/{story.case}/court")
    assert "请调解员重新调解" in page
    assert "第二百零六条" in page
    assert "内容不明确" in page
    assert not any(party["agreed"] for party in shown["parties"])
    with pytest.raises(Conflict, match="还有一方没有同意"):
        await _register(story)
    for who in (story.cast.applicant, story.cast.respondent):
        await _agree(story, who)
    await _register(story, court="other", court_name="某某市某某区人民法院")
    await _record(story, "withdrawn", head="unclear")
    (first, second) = (await _shown(story, story.cast.mediator))["requests"]
    assert (first["outcome"], first["head"], second["outcome"]) == ("withdrawn", None, "rejected"), "a head is of a no"


async def test_what_was_performed_while_the_court_looked_at_it_ends_the_performance(story: Story) -> None:
    await _asked(story)
    await _register(story)
    async with story.db.write() as session:
        item = (await session.scalars(select(PerformanceItem))).one()
        await service.claim(session, story.cast.respondent.actor, item.pid, ClaimIn())
        await service.settle(session, story.cast.applicant.actor, item.pid, SettleIn(answer="confirm"))
    assert await story.state() == "confirming"
    await _record(story, "valid")
    assert await story.state() == "performed"


async def test_an_agreement_of_lasting_duties_rests_in_effect_until_it_is_ended_by_hand(story: Story) -> None:
    pid = await story.draft()
    lasting = story.pay(kind="refrain", amount=None, due_on=None, text="被申请人不再在楼道堆放杂物。", manner="")
    clause = await story.clause(pid, lasting)
    for who in (story.cast.applicant, story.cast.respondent):
        await story.answer(who, pid, clause)
    agreement = await service.finalise(story.db, story.cast.mediator.actor, pid)
    for who in (story.cast.applicant, story.cast.respondent, story.cast.mediator):
        await story.sign(who, agreement)
    async with story.db.write() as session:
        await service.seal(session, story.cast.body_clerk.actor, agreement.pid, agreement.sha256 or "")
    assert await story.state() == "effective"
    assert (await _shown(story, story.cast.applicant))["possible"]
    assert "全部履行完毕" in await _get(story.cast.mediator, f"/cases/{story.case}/performance")
    async with story.db.write() as session:
        await performing.complete(session, story.cast.mediator.actor, story.case)
    assert await story.state() == "performed"


async def test_the_whole_request_on_its_page(story: Story) -> None:
    cast, at = story.cast, f"/cases/{story.case}/court"
    assert "现在不能申请" in await _get(cast.applicant, at)  # still mediating: said, not offered
    await story.effective()
    for name, member in cast.everybody().items():
        await _get(member, at, 200 if name in READERS else 404)
    assert at in await _get(cast.applicant, f"/cases/{story.case}")
    assert at in await _get(cast.applicant, f"/cases/{story.case}/performance")
    assert "我同意一起申请" in await _get(cast.applicant, at)
    assert "您是一般代理人" in await _get(cast.applicant_agent, at)
    await _post(cast.applicant, f"{at}/consents")
    assert "不再同意" in await _get(cast.applicant, at)

    again = await _post(cast.mediator, f"{at}/consents", 422, party="", channel="", note="")
    for field in ("f-party", "f-channel", "f-note"):
        assert f'href="#{field}"' in again
    await _post(
        cast.mediator, f"{at}/consents", 422, party=story.respondent, channel="wechat", note="看了身份证"
    )  # a message is not a paper
    await _post(cast.mediator, f"{at}/consents", party=story.respondent, channel="counter", note="看了身份证")

    tomorrow = str(clock.today() + timedelta(days=1))
    again = await _post(cast.body_clerk, f"{at}/requests", 422, court="", applied_on=tomorrow, docket_no="内0302")
    assert "这一天还没有到" in again
    assert 'value="内0302"' in again
    again = await _post(cast.body_clerk, f"{at}/requests", 422, court="", applied_on=str(clock.today()))
    assert "请选择向哪个法院申请" in again
    assert "请先逐项核对" in again
    bad = {"applied_on": "2026-02-30", "fits": "1"}
    assert "没有这个日期" in await _post(cast.body_clerk, f"{at}/requests", 422, court="150302", **bad)
    early = {"applied_on": str(clock.today() - timedelta(days=1)), "fits": "1"}
    assert "还没有生效" in await _post(cast.body_clerk, f"{at}/requests", 422, court="150302", **early)
    good = {"court": "other", "applied_on": str(clock.today()), "fits": "1"}
    assert "请写法院的全名" in await _post(cast.body_clerk, f"{at}/requests", 422, court_name="某", **good)
    await _post(cast.applicant, f"{at}/requests", 403, court_name="某某区人民法院", **good)
    await _post(cast.body_clerk, f"{at}/requests", court_name="某某区人民法院", **good)
    assert "请刷新页面" in await _post(cast.body_clerk, f"{at}/requests", 409, court_name="某某区人民法院", **good)
    assert "申请已经送到某某区人民法院" in await _get(cast.respondent, at)

    again = await _post(cast.mediator, f"{at}/outcomes", 422, decided_on=tomorrow, note="电话告知")
    assert "这一天还没有到" in again
    assert "电话告知" in again
    exe = {"file": ("a.exe", b"MZ\x90", "image/png")}
    good = {"outcome": "valid", "decided_on": str(clock.today())}
    assert 'href="#f-file"' in await _post(cast.mediator, f"{at}/outcomes", 422, files=exe, **good)
    yesterday = str(clock.today() - timedelta(days=1))
    again = await _post(cast.mediator, f"{at}/outcomes", 422, outcome="valid", decided_on=yesterday)
    assert "早于申请的日期" in again
    await _post(cast.applicant, f"{at}/outcomes", 403, **good)
    pdf = {"file": ("裁定书.pdf", b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n", "application/pdf")}
    await _post(cast.mediator, f"{at}/outcomes", files=pdf, docket_no="内0302调确1号", **good)
    assert "法院已经确认协议有效" in await _get(cast.applicant, at)
    async with story.db.read() as session:
        event = (await session.scalars(select(CaseEvent).where(CaseEvent.tag == "party:court:agreed"))).all()[-1]
        assert (event.channel, event.audience) == ("counter", "all")


async def test_the_same_doors_for_programs(story: Story) -> None:
    await story.effective()
    at = f"/api/v1/cases/{story.case}/court"
    for name, member in story.cast.everybody().items():
        async with member.program() as client:
            assert (await client.get(at)).status_code == (200 if name in READERS else 404), name
    for who in (story.cast.applicant, story.cast.respondent):
        async with who.program() as client:
            assert (await client.post(f"{at}/consents", json={})).status_code == 201
    async with story.cast.mediator.program() as client:
        wrong = await client.post(f"{at}/requests", json={"applied_on": str(clock.today())})
        assert (wrong.status_code, set(wrong.json()["error"]["fields"])) == (422, {"court", "fits"})
        wanted = {"court": "150304", "applied_on": str(clock.today()), "fits": True}
        made = await client.post(f"{at}/requests", json=wanted)
        assert (made.status_code, made.json()["requests"][0]["court"]) == (201, "乌海市乌达区人民法院")
        told = await client.post(f"{at}/outcomes", data={"outcome": "valid", "decided_on": str(clock.today())})
        assert (told.status_code, told.json()["requests"][0]["outcome"]) == (201, "valid")
