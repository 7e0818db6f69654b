"""The fact sheet: confirmed fact by fact, never filled from talk, kept when talks fail."""

from typing import Any

import pytest
from sqlalchemy import select, update

from odr.accounts.access import Actor
from odr.audit.models import LedgerRow
from odr.cases.codes import Channel
from odr.cases.models import Case, Party
from odr.core.errors import Conflict, Forbidden, Invalid, NotFound
from odr.core.outbox import Outbox
from odr.factsheet import access, service
from odr.factsheet.models import Fact
from odr.factsheet.rules import Answer, Kind, Stand, offer_in, stand
from odr.factsheet.schemas import AnswerIn, ConfirmIn, FactIn, ReleaseIn, SeenFact, VouchIn
from tests.agreements.story import Story, begun
from tests.cast import Cast, Member

PAID = "2026年3月1日王某某向李某转账2600元。"


@pytest.fixture
async def story(db: Any, cast: Cast) -> Story:
    return await begun(db, cast)


async def write(story: Story, who: Member, text: str = PAID, **more: Any) -> str:
    async with story.db.write() as session:
        return (await service.add(session, who.actor, story.case, FactIn(text=text, **more))).pid


async def say(story: Story, who: Member, pid: str, answer: str = "confirm", **more: Any) -> None:
    async with story.db.write() as session:
        await service.answer(session, who.actor, pid, AnswerIn(**({"answer": answer, "version": 1} | more)))


async def shown(story: Story, who: Member) -> dict[str, Any]:
    async with story.db.read() as session:
        view = await access.of_case(session, who.actor, story.case)
        return service.public(view, await service.of_case(session, view.case))


async def states(story: Story) -> list[str]:
    return [fact["state"] for fact in (await shown(story, story.cast.mediator))["facts"]]


# --- the rule ---------------------------------------------------------------------------------------------------------


def test_a_fact_is_agreed_only_when_every_party_confirmed_it() -> None:
    yes, no = Answer.CONFIRM, Answer.DISPUTE
    assert stand(Kind.AGREED, [1, 2], {1: yes, 2: yes}) is Stand.AGREED
    assert stand(Kind.AGREED, [1, 2], {1: yes}) is Stand.OPEN
    assert stand(Kind.AGREED, [1, 2], {1: yes, 2: no}) is Stand.DISPUTED
    assert stand(Kind.AGREED, [], {}) is Stand.OPEN
    assert stand(Kind.DISPUTED, [1, 2], {1: yes, 2: yes}) is Stand.DISPUTED


def test_words_of_an_offer_are_told_from_words_of_a_fact() -> None:
    for offer in ("我愿意退一半", "最多给两千", "各退一步吧", "同意支付三千", "可以少收点"):
        assert offer_in(offer) is not None, offer
    for fact in (PAID, "李某至今没有付款。", "双方签了租房合同，租期一年。", "漏水至少三个月。"):
        assert offer_in(fact) is None, fact


# --- the story --------------------------------------------------------------------------------------------------------


async def test_a_fact_is_put_confirmed_reworded_and_confirmed_again(story: Story) -> None:
    cast = story.cast
    pid = await write(story, cast.applicant)
    assert await states(story) == ["open"], "who wrote it has confirmed it, the other side not yet"
    assert (await shown(story, cast.respondent))["my_turn"]
    assert not (await shown(story, cast.applicant))["my_turn"]
    await say(story, cast.respondent, pid)
    assert await states(story) == ["agreed"]
    async with story.db.write() as session:
        await service.change(session, cast.mediator.actor, pid, FactIn(text="2026年3月1日王某某付款2600元。"))
    assert await states(story) == ["open"], "a change voids what was said"
    with pytest.raises(Conflict, match="刚刚改过"):
        await say(story, cast.applicant, pid)
    for who in (cast.applicant, cast.respondent):
        await say(story, who, pid, version=2)
    found = await shown(story, cast.respondent)
    assert [fact["state"] for fact in found["facts"]] == ["agreed"]
    assert [old["text"] for old in found["facts"][0]["versions"]] == [PAID]
    assert found["text"]["facts"] == "1. 2026年3月1日王某某付款2600元。"
    lines = "".join(await story.lines(cast.respondent))
    for words in ("申请人王某某写了一条事实", "被申请人李某确认第 1 条事实属实", "调解员改了第 1 条事实"):
        assert words in lines
    async with story.db.read() as session:
        tags = list(await session.scalars(select(LedgerRow.tag).where(LedgerRow.tag.like("fact:%"))))
        assert tags == ["fact:item:proposed", "fact:item:answered", "fact:item:changed"] + ["fact:item:answered"] * 2
        told = await session.scalars(select(Outbox).where(Outbox.tag == "fact:item:proposed"))
        assert {row.person_id for row in told} >= {cast.respondent.id}
        details = await session.scalars(select(LedgerRow).where(LedgerRow.tag.like("fact:%")))
        assert not any("2600" in repr(row.detail) for row in details)


async def test_one_no_makes_a_fact_disputed_and_says_what_was_instead(story: Story) -> None:
    pid = await write(story, story.cast.mediator)
    with pytest.raises(Invalid) as refused:
        await say(story, story.cast.respondent, pid, "dispute")
    assert "实际情况" in refused.value.fields["words"]
    await say(story, story.cast.applicant, pid)
    await say(story, story.cast.respondent, pid, "dispute", words="只转了两千。")
    assert await states(story) == ["disputed"]
    noted = await write(story, story.cast.mediator, "改造费是否包含人工。", kind="disputed")
    with pytest.raises(Conflict, match="不用确认"):
        await say(story, story.cast.applicant, noted)
    found = await shown(story, story.cast.applicant)
    assert found["text"] == {"facts": "", "issues": f"1. {PAID}\n2. 改造费是否包含人工。"}
    # Who changes its mind says so again; the earlier word is kept.
    await say(story, story.cast.respondent, pid)
    assert (await states(story))[0] == "agreed"


async def test_what_sounds_like_a_concession_is_asked_about_once(story: Story) -> None:
    with pytest.raises(Invalid) as refused:
        await write(story, story.cast.applicant, "我愿意少收五百元。")
    assert "让步" in refused.value.fields["text"]
    await write(story, story.cast.applicant, "合同写明甲方愿意承担人工费。", sure=True)


async def test_talk_never_gets_into_the_sheet_by_itself(story: Story) -> None:
    from odr.core import ids

    async with story.cast.applicant.program() as program:
        rooms = (await program.get(f"/api/v1/cases/{story.case}")).json()["rooms"]
        for room in rooms:
            line = {"id": ids.new_pid(), "text": "其实我愿意只要两千"}
            assert (await program.post(f"/api/v1/rooms/{room['id']}/lines", json=line)).status_code == 201
    pid = await story.draft()
    clause = await story.clause(pid)
    await story.answer(story.cast.applicant, pid, clause, "change", comment="两千我也认", audience="joint")
    found = await shown(story, story.cast.mediator)
    assert (found["facts"], found["text"]) == ([], {"facts": "", "issues": ""})


async def test_all_that_waits_is_confirmed_with_one_tap_or_not_at_all(story: Story) -> None:
    cast = story.cast
    pids = [await write(story, cast.mediator, f"第{n}笔款已经付清。") for n in range(3)]
    seen = ConfirmIn(facts=[SeenFact(fact=pid, version=1) for pid in pids])
    async with story.db.write() as session:
        assert await service.confirm(session, cast.applicant.actor, story.case, seen) == 3
    async with story.db.write() as session:
        assert await service.confirm(session, cast.applicant.actor, story.case, seen) == 0
        await service.change(session, cast.mediator.actor, pids[1], FactIn(text="第1笔款付了一半。"))
    with pytest.raises(Conflict):
        async with story.db.write() as session:
            await service.confirm(session, cast.respondent.actor, story.case, seen)
    assert await states(story) == ["open", "open", "open"], "nothing of it was confirmed"
    async with story.db.write() as session:
        await service.remove(session, cast.mediator.actor, pids[2])
    with pytest.raises(NotFound):
        await say(story, cast.respondent, pids[2])


async def test_who_has_no_phone_confirms_to_the_mediator(story: Story) -> None:
    cast = story.cast
    pid = await write(story, cast.applicant)
    wanted: dict[str, Any] = {
        "party": story.respondent, "channel": Channel.PHONE, "note": "逐条念给他听，都说属实",
        "facts": [SeenFact(fact=pid, version=1)],
    }  # fmt: skip
    for who in (cast.applicant, cast.body_clerk):
        with pytest.raises(Forbidden):
            async with story.db.write() as session:
                await service.vouch(session, who.actor, story.case, VouchIn(**wanted))
    async with story.db.write() as session:
        assert await service.vouch(session, cast.mediator.actor, story.case, VouchIn(**wanted)) == 1
    assert await states(story) == ["agreed"]
    async with story.db.read() as session:
        html, _name = await service.paper.html(session, await access.of_case(session, cast.applicant.actor, story.case))
    assert "在电话里向调解员确认" in html


async def test_a_general_agent_may_write_and_not_admit(story: Story) -> None:
    cast = story.cast
    pid = await write(story, cast.applicant_agent)
    found = await shown(story, cast.applicant)
    assert [len(fact["waiting"]) for fact in found["facts"]] == [2]
    with pytest.raises(Forbidden) as refused:
        await say(story, cast.applicant_agent, pid)
    assert refused.value.code == "authority_needed"
    async with story.db.write() as session:
        await session.execute(update(Party).where(Party.person_id == cast.applicant_agent.id).values(may_settle=True))
    await say(story, cast.applicant_agent, pid)


async def test_the_sheet_survives_failure_and_goes_on_only_when_both_allow(story: Story) -> None:
    cast = story.cast
    pid = await write(story, cast.applicant)
    await say(story, cast.respondent, pid)
    await write(story, cast.mediator, "改造费是否包含人工。", kind="disputed")
    async with story.db.write() as session:
        await session.execute(update(Case).where(Case.id == story.case_id).values(state="failed"))
    for who, given in ((cast.applicant, None), (cast.respondent, [PAID])):
        async with story.db.write() as session:
            await service.release(session, who.actor, story.case, ReleaseIn(allowed=True))
        async with story.db.read() as session:
            case = await session.get_one(Case, story.case_id)
            assert await service.to_hand_over(session, case) == given
            assert await service.agreed_facts(session, case) == [PAID]
    async with story.db.write() as session:
        await service.release(session, cast.applicant.actor, story.case, ReleaseIn(allowed=False))
    async with story.db.read() as session:
        assert await service.to_hand_over(session, await session.get_one(Case, story.case_id)) is None
    async with story.db.write() as session:
        await session.execute(update(Case).where(Case.id == story.case_id).values(state="closed"))
    with pytest.raises(Conflict, match="一直保留"):
        await write(story, cast.applicant)
    assert (await shown(story, cast.respondent))["counts"] == {"agreed": 1, "disputed": 1, "open": 0}


async def test_the_doors_of_the_sheet(story: Story) -> None:
    cast = story.cast
    pid = await write(story, cast.applicant)
    readers = {"applicant", "respondent", "applicant_agent", "respondent_agent", "mediator", "body_clerk"}
    changers = {"applicant", "applicant_agent", "mediator"}
    for name, member in cast.everybody().items():

        async def change(actor: Actor = member.actor) -> None:
            async with story.db.write() as session:
                await service.change(session, actor, pid, FactIn(text=PAID))

        if name not in readers:
            with pytest.raises(NotFound):
                await shown(story, member)
            with pytest.raises(NotFound):
                await change()
        elif name not in changers:
            await shown(story, member)
            with pytest.raises(Forbidden):
                await change()
        else:
            await change()
    with pytest.raises(Forbidden):
        await write(story, cast.body_clerk)
    async with story.db.read() as session:
        assert len(list(await session.scalars(select(Fact)))) == 1
