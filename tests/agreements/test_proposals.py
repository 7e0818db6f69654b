"""Suggested clauses: private to one side and the mediator until that side releases them, then taken up or not."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from odr.agreements import access, documents, proposal_docs, proposals
from odr.agreements.models import ClauseProposal
from odr.agreements.schemas import ProposalIn, ReplyIn
from odr.audit.models import LedgerRow
from odr.cases.models import Case
from odr.core import clock
from odr.core.errors import Conflict, Forbidden, Invalid, NotFound
from odr.core.outbox import Outbox
from tests.agreements.story import Story
from tests.cast import Member

IDEA = "分两次退还，月底一次，下月底一次。"


def wanted(story: Story, **changed: Any) -> ProposalIn:
    given = {
        "kind": "pay", "obligor": story.respondent, "obligee": story.applicant, "text": IDEA, "amount": "2000",
        "due_on": str(clock.today() + timedelta(days=20)),
    }  # fmt: skip
    return ProposalIn.model_validate(given | changed)


async def suggest(story: Story, who: Member, **changed: Any) -> str:
    async with story.db.write() as session:
        return (await proposals.propose(session, who.actor, story.case, wanted(story, **changed))).pid


async def act(story: Story, verb: Any, who: Member, pid: str, *more: Any) -> Any:
    async with story.db.write() as session:
        return await verb(session, who.actor, pid, *more)


async def seen(story: Story, who: Member) -> list[dict[str, Any]]:
    async with story.db.read() as session:
        return await proposal_docs.of_view(session, await access.of_case(session, who.actor, story.case))


async def clauses(story: Story, agreement: str) -> list[dict[str, Any]]:
    async with story.db.read() as session:
        place = await access.for_reading(session, story.cast.applicant.actor, agreement)
        return list((await documents.document(session, place))["clauses"])


async def test_a_private_suggestion_is_seen_by_that_side_and_the_mediator_alone(story: Story) -> None:
    cast = story.cast
    pid = await suggest(story, cast.respondent, audience="private", note="我只有这么多")
    for who in (cast.respondent, cast.respondent_agent, cast.mediator):
        (one,) = await seen(story, who)
        assert (one["text"], one["private"], one["note"]) == (IDEA, True, "我只有这么多")
    for who in (cast.applicant, cast.applicant_agent, cast.body_clerk):
        assert await seen(story, who) == []
        with pytest.raises(NotFound):
            await act(story, proposals.release, who, pid)
    assert IDEA in "".join(await story.lines(cast.mediator, "private"))
    assert IDEA not in "".join(await story.lines(cast.applicant))
    async with story.db.read() as session:
        (row,) = await session.scalars(select(ClauseProposal))
        assert IDEA in row.said
        # Neither the ledger nor a notice tells a word of it, nor does any notice go to the other side.
        assert not any("月底" in repr(row.detail) for row in await session.scalars(select(LedgerRow)))
        told = list(await session.scalars(select(Outbox).where(Outbox.tag == "agreement:proposal:made")))
        assert {row.person_id for row in told} == {cast.mediator.id}


async def test_the_mediator_cannot_carry_it_over_and_the_side_can(story: Story) -> None:
    cast = story.cast
    agreement = await story.draft()
    pid = await suggest(story, cast.respondent, audience="private", note="我只有这么多")
    with pytest.raises(Conflict) as refused:
        await act(story, proposals.take_up, cast.mediator, pid)
    assert refused.value.code == "still_private"
    with pytest.raises(Forbidden):
        await act(story, proposals.release, cast.mediator, pid)
    with pytest.raises(Forbidden):
        await act(story, proposals.release, cast.respondent_agent, pid)
    await act(story, proposals.release, cast.respondent, pid)
    (one,) = await seen(story, cast.applicant)
    assert (one["text"], one["private"], one["note"]) == (IDEA, False, None), "the reason was for the mediator alone"
    with pytest.raises(Conflict):
        await act(story, proposals.release, cast.respondent, pid)
    await act(story, proposals.take_up, cast.mediator, pid)
    (clause,) = await clauses(story, agreement)
    assert (clause["text"], clause["amount_fen"], clause["answers"]) == (IDEA, 200_000, [])
    (one,) = await seen(story, cast.applicant)
    assert one["state"] == "taken"
    with pytest.raises(Conflict):
        await act(story, proposals.take_up, cast.mediator, pid)


async def test_another_wording_of_a_clause_replaces_it_when_it_is_taken_up(story: Story) -> None:
    cast = story.cast
    agreement = await story.draft()
    clause = await story.clause(agreement)
    await story.answer(cast.applicant, agreement, clause)
    pid = await suggest(story, cast.applicant, target=clause)
    (one,) = await seen(story, cast.respondent)
    assert one["target"] == {"id": clause, "n": 1}
    assert IDEA in "".join(await story.lines(cast.respondent))
    await act(story, proposals.take_up, cast.mediator, pid, story.pay(text="改过再放的。", amount="1999"))
    (now,) = await clauses(story, agreement)
    assert (now["id"], now["version"], now["text"], now["answers"]) == (clause, 2, "改过再放的。", [])


async def test_what_the_mediator_puts_to_one_side_is_answered_to_the_mediator(story: Story) -> None:
    cast = story.cast
    with pytest.raises(Invalid) as refused:
        await suggest(story, cast.mediator)
    assert "side" in refused.value.fields
    pid = await suggest(story, cast.mediator, side="respondent")
    assert await seen(story, cast.applicant) == []
    with pytest.raises(NotFound):
        await act(story, proposals.reply, cast.applicant, pid, ReplyIn(reply="accept"))
    await act(story, proposals.reply, cast.respondent, pid, ReplyIn(reply="accept", note="两千可以"))
    (one,) = await seen(story, cast.mediator)
    assert (one["reply"], one["reply_note"]) == ("accept", "两千可以")
    # Opened by its side, the suggestion is for everybody; what that side said of it stays between the two.
    await act(story, proposals.release, cast.respondent, pid)
    (one,) = await seen(story, cast.applicant)
    assert (one["text"], one["reply"], one["reply_note"]) == (IDEA, None, None)
    assert "两千可以" not in "".join(await story.lines(cast.applicant))


async def test_it_is_declined_with_a_reason_or_taken_back(story: Story) -> None:
    cast = story.cast
    joint, private = await suggest(story, cast.applicant), await suggest(story, cast.respondent, audience="private")
    await act(story, proposals.decline, cast.mediator, joint, "日期太晚")
    await act(story, proposals.decline, cast.mediator, private, "对方不会接受")
    assert "日期太晚" in "".join(await story.lines(cast.respondent))
    assert "对方不会接受" not in "".join(await story.lines(cast.applicant))
    other = await suggest(story, cast.applicant)
    with pytest.raises(Forbidden):
        await act(story, proposals.withdraw, cast.respondent, other)
    await act(story, proposals.withdraw, cast.applicant, other)
    with pytest.raises(Conflict, match="处理过"):
        await act(story, proposals.decline, cast.mediator, other, "晚了")


async def test_who_may_suggest(story: Story) -> None:
    cast = story.cast
    for name, member in cast.everybody().items():
        if name in ("applicant", "respondent"):
            await suggest(story, member)
        elif name in ("applicant_agent", "respondent_agent", "body_clerk"):
            with pytest.raises(Forbidden):
                await suggest(story, member)
        elif name != "mediator":
            with pytest.raises(NotFound):
                await suggest(story, member)
    for wrong, field in (({"amount": "0"}, "amount"), ({"due_on": None}, "due_on"), ({"obligor": "nobody"}, "obligor")):
        with pytest.raises((Invalid, ValueError)) as refused:
            await suggest(story, cast.applicant, **wrong)
        assert field in str(getattr(refused.value, "fields", refused.value))
    async with story.db.write() as session:
        await session.execute(update(Case).where(Case.id == story.case_id).values(state="suspended"))
    with pytest.raises(Conflict):
        await suggest(story, cast.applicant)


async def test_a_day_that_passed_meanwhile_is_named(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    await story.draft()
    pid = await suggest(story, story.cast.applicant)
    later = clock.now() + timedelta(days=40)
    monkeypatch.setattr(clock, "now", lambda: later)
    with pytest.raises(Invalid) as refused:
        await act(story, proposals.take_up, story.cast.mediator, pid)
    assert "已经过去" in refused.value.fields["due_on"]
