"""Offers and blind bids: what a side has not let the other see is nowhere, and a lost bid is nowhere at all."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

import odr.schema
from odr.agreements import access, checks, documents, offer_docs, offers, proposal_docs, proposals
from odr.agreements.offer_rules import settled
from odr.agreements.offers import BidIn, OfferIn, RoundIn
from odr.core import clock
from odr.core.errors import Conflict, Forbidden, Invalid, NotFound
from tests.agreements.story import Story
from tests.cast import CSRF, Member

_YUAN = st.integers(1, 10**9)


@given(demand=_YUAN, offer=_YUAN)
def test_bids_meet_when_the_offer_reaches_the_demand_and_the_sum_lies_between(demand: int, offer: int) -> None:
    agreed = settled(demand, offer)
    assert (agreed is None) == (offer < demand)
    if agreed is not None:
        assert demand <= agreed <= offer
        assert abs((offer - agreed) - (agreed - demand)) <= 1
        assert settled(demand, demand) == demand


async def _start(story: Story, kind: str, **more: Any) -> str:
    given = {
        "kind": kind, "payer": story.respondent, "payee": story.applicant, "about": "燃气改造费",
        "due_on": str(clock.today() + timedelta(days=20)),
    }  # fmt: skip
    async with story.db.write() as session:
        wanted = RoundIn.model_validate(given | more)
        return (await offers.start(session, story.cast.mediator.actor, story.case, wanted)).pid


async def _bid(story: Story, who: Member, pid: str, amount: str) -> None:
    async with story.db.write() as session:
        await offers.bid(session, who.actor, pid, BidIn.model_validate({"amount": amount}))


async def _offer(story: Story, who: Member, pid: str, amount: str, aside: str = "") -> str:
    async with story.db.write() as session:
        wanted = OfferIn.model_validate({"amount": amount, "aside": aside})
        return (await offers.offer(session, who.actor, pid, wanted)).pid


async def _open(story: Story, pid: str) -> Any:
    async with story.db.write() as session:
        return await offers.open_bids(session, story.cast.mediator.actor, pid)


async def _shown(story: Story, who: Member) -> list[dict[str, Any]]:
    async with story.db.read() as session:
        return await offer_docs.of_view(session, await access.of_case(session, who.actor, story.case))


async def _whole_database(story: Story) -> str:
    """Every column of every row, as it lies on the disk."""
    async with story.db.read() as session:
        found = []
        for table in odr.schema.metadata.sorted_tables:
            found += [repr(row) for row in await session.execute(text(f'SELECT * FROM "{table.name}"'))]
        return "\n".join(found)


async def _traces(story: Story) -> list[int]:
    async with story.db.read() as session:
        return [
            (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
            for table in ("ledger", "messages", "case_events", "outbox")
        ]


LOST, LOW = 9_173_641, 8_264_519  # nothing else in the database has these figures


async def test_a_lost_bid_is_nowhere_and_the_other_side_learns_of_no_bid_at_all(story: Story) -> None:
    cast, pid = story.cast, await _start(story, "blind")
    before = (await _shown(story, cast.respondent), await _traces(story))
    await _bid(story, cast.applicant, pid, str(LOST))
    # The other side's answers are the same, and nothing that is told, logged or written down has a further row.
    assert await _shown(story, cast.respondent) == before[0]
    assert await _traces(story) == before[1]
    assert str(LOST) not in await _whole_database(story)
    (mediator,), (own,) = await _shown(story, cast.mediator), await _shown(story, cast.applicant)
    assert ([one["id"] for one in mediator["handed_in"]], mediator["may_open"]) == ([story.applicant], False)
    assert own["submitted"] is True
    assert str(LOST) not in str((mediator, own))
    with pytest.raises(Conflict, match="还有一方没有提交"):
        await _open(story, pid)
    await _bid(story, cast.respondent, pid, str(LOW))
    row = await _open(story, pid)
    assert (row.state, row.tried, row.agreed_fen) == ("open", 1, None)
    for who in (cast.applicant, cast.respondent, cast.mediator):
        (one,) = await _shown(story, who)
        assert not {str(LOST), str(LOW), f"{LOST:,}", f"{LOW:,}"} & set(str(one).split())
        assert one.get("submitted", False) is False
        joint = "".join(await story.lines(who))
        assert "还没有碰上" in joint
    left = await _whole_database(story)
    for figure in (LOST, LOW):
        assert str(figure) not in left
        assert f"{figure:,}" not in left
    async with story.db.read() as session:
        assert (await session.execute(text("SELECT count(*) FROM blind_bids"))).scalar() == 0


async def test_bids_that_meet_become_a_clause_that_both_still_answer(story: Story) -> None:
    cast, pid = story.cast, await _start(story, "blind")
    await _bid(story, cast.applicant, pid, "9999")
    await _bid(story, cast.applicant, pid, "2000")  # until the opening one may think again
    await _bid(story, cast.respondent, pid, "2601")
    row = await _open(story, pid)
    assert (row.state, row.agreed_fen) == ("met", 230_000)
    async with story.db.read() as session:
        view = await access.of_case(session, cast.applicant.actor, story.case)
        agreement = await access.current(session, view.case)
        assert agreement is not None
        shown = await documents.document(
            session, await access.for_reading(session, cast.applicant.actor, agreement.pid)
        )
        found = await checks.findings(session, view.case, agreement)
    (clause,) = shown["clauses"]
    assert (clause["kind"], clause["amount_fen"], clause["answers"]) == ("pay", 230_000, [])
    assert {one.finding.rule.id for one in found} == {"manner_missing"}
    with pytest.raises(Conflict, match="已经结束"):
        await _bid(story, cast.applicant, pid, "1")


async def test_rounds_end_after_their_tries_or_by_the_mediator_and_bids_go_with_them(story: Story) -> None:
    cast, pid = story.cast, await _start(story, "blind", tries=1)
    await _bid(story, cast.applicant, pid, "3000")
    await _bid(story, cast.respondent, pid, "1000")
    assert (await _open(story, pid)).state == "ended"
    pid = await _start(story, "blind")
    with pytest.raises(Conflict, match="已经有一轮"):
        await _start(story, "open")
    await _bid(story, cast.applicant, pid, "3000")
    async with story.db.write() as session:
        assert (await offers.end(session, cast.mediator.actor, pid)).state == "ended"
        assert (await session.execute(text("SELECT count(*) FROM blind_bids"))).scalar() == 0


async def test_a_carried_offer_is_seen_by_the_other_side_only_when_it_is_carried(story: Story) -> None:
    cast, pid = story.cast, await _start(story, "open", carried=True)
    made = await _offer(story, cast.applicant, pid, str(LOST), aside="其实五百万就行")
    assert LOST * 100 in [one["amount_fen"] for one in (await _shown(story, cast.mediator))[0]["offers"]]
    assert (await _shown(story, cast.respondent))[0]["offers"] == []
    with pytest.raises(NotFound):
        async with story.db.write() as session:
            await offers.accept(session, cast.respondent.actor, made)
    for kind in ("joint", "respondent"):
        assert str(LOST) not in "".join(await story.lines(cast.respondent, kind))
    assert str(LOST) not in await _whole_database(story)
    async with story.db.write() as session:
        await offers.show_on(session, cast.mediator.actor, made)
    (theirs,) = (await _shown(story, cast.respondent))[0]["offers"]
    assert (theirs["amount_fen"], theirs["aside"], theirs["may_accept"]) == (LOST * 100, "", True)
    async with story.db.write() as session:
        row = await offers.accept(session, cast.respondent.actor, made)
        assert (row.state, row.agreed_fen) == ("met", LOST * 100)
    async with story.db.read() as session:
        view = await access.of_case(session, cast.mediator.actor, story.case)
        (proposal,) = await proposal_docs.of_view(session, view)
    assert "燃气改造费" in str(proposal)
    pid = await story.draft()
    async with story.db.write() as session:
        _agreement, clause = await proposals.take_up(session, cast.mediator.actor, proposal["id"])
    assert clause.amount_fen == LOST * 100


async def test_offers_in_the_joint_room_go_back_and_forth(story: Story) -> None:
    cast, pid = story.cast, await _start(story, "open")
    first = await _offer(story, cast.applicant, pid, "3000")
    await _offer(story, cast.respondent, pid, "2000")
    second = await _offer(story, cast.applicant, pid, "2500")
    assert "2,500.00 元" in "".join(await story.lines(cast.respondent))
    for offer, who, error in (
        (first, cast.respondent, Conflict), (second, cast.applicant, Forbidden),
        (second, cast.respondent_agent, Forbidden), (second, cast.mediator, Forbidden),
    ):  # fmt: skip
        with pytest.raises(error):
            async with story.db.write() as session:
                await offers.accept(session, who.actor, offer)
    async with story.db.write() as session:
        assert (await offers.accept(session, cast.respondent.actor, second)).agreed_fen == 250_000


async def test_nobody_else_sits_at_the_table(story: Story) -> None:
    cast, pid = story.cast, await _start(story, "blind")
    for who in (cast.stranger, cast.other_mediator, cast.auditor, cast.centre_clerk, cast.grid_worker, cast.body_clerk):
        with pytest.raises(NotFound):
            await _bid(story, who, pid, "5")
    for who in (cast.applicant_agent, cast.mediator):
        with pytest.raises(Forbidden):
            await _bid(story, who, pid, "5")
    for who in (cast.applicant, cast.respondent):
        with pytest.raises(Forbidden):
            async with story.db.write() as session:
                await offers.open_bids(session, who.actor, pid)
    async with story.db.read() as session:
        view = await access.of_case(session, cast.body_clerk.actor, story.case)
        assert await offer_docs.of_view(session, view) == []


async def test_wrong_numbers_are_named_at_their_field(story: Story) -> None:
    pid = await _start(story, "blind")
    for amount in ("", "-5", "0", "1e9", "99999999999999", "２６００．５０", "二千"):
        with pytest.raises((Invalid, ValueError)):
            await _bid(story, story.cast.applicant, pid, amount)
    with pytest.raises(Conflict, match="不是这样"):
        await _offer(story, story.cast.applicant, pid, "5")


async def test_the_pages_for_phone_and_desk(story: Story) -> None:
    at = f"/cases/{story.case}/agreement/offers"
    async with story.cast.mediator.browser() as browser:
        empty = await browser.post(at, data={"csrf": CSRF, "kind": "blind", "about": "漏水损失"})
        assert (empty.status_code, 'value="漏水损失"' in empty.text) == (422, True)
        given = {"kind": "blind", "payer": story.respondent, "payee": story.applicant, "about": "漏水损失"}
        day = str(clock.today() + timedelta(days=20))
        assert (await browser.post(at, data={"csrf": CSRF, "due_on": day, "tries": "2"} | given)).status_code == 303
    (round_,) = await _shown(story, story.cast.mediator)
    async with story.cast.applicant.browser() as browser:
        assert "正中间" in (await browser.get(at)).text
        wrong = await browser.post(f"{at}/bids", data={"csrf": CSRF, "round": round_["id"], "amount": "26.5"})
        assert (wrong.status_code, "请写整元" in wrong.text, 'value="26.5"' in wrong.text) == (422, True, True)
        bid = {"csrf": CSRF, "round": round_["id"], "amount": str(LOST)}
        assert (await browser.post(f"{at}/bids", data=bid)).status_code == 303
        page = (await browser.get(at)).text
        assert ("已提交" in page, str(LOST) in page) == (True, False)
    async with story.cast.respondent.browser() as browser:
        assert "已提交" not in (await browser.get(at)).text
        low = {"csrf": CSRF, "round": round_["id"], "amount": "100"}
        assert (await browser.post(f"{at}/bids", data=low)).status_code == 303
    async with story.cast.mediator.browser() as browser:
        assert "打开，看有没有碰上" in (await browser.get(at)).text
        assert (await browser.post(f"{at}/opening", data={"csrf": CSRF, "round": round_["id"]})).status_code == 303
    for who in (story.cast.applicant, story.cast.respondent, story.cast.mediator):
        async with who.browser() as browser:
            page = (await browser.get(at)).text
            assert ("还没有碰上" in page, str(LOST) in page) == (True, False)
    async with story.cast.body_clerk.browser() as browser:
        assert (await browser.get(at)).status_code == 404
