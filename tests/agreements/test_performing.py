"""After the effect: promises, proof, confirmation, reminders, breach, return visits."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from odr.agreements import documents, performing, service
from odr.agreements.models import PerformanceItem, ReturnVisit
from odr.agreements.performance_rules import REMINDERS
from odr.agreements.schemas import ClaimIn, ReasonIn, RecordIn, SettleIn, UrgeIn, VisitIn
from odr.cases import access as cases
from odr.cases.codes import Channel
from odr.cases.models import Case, CaseEvent, Party
from odr.core import clock, jobs, outbox
from odr.core.errors import Conflict, Forbidden, Invalid, NotFound
from odr.evidence import service as evidence
from tests.agreements.story import Story
from tests.cast import Member


async def _item(story: Story) -> PerformanceItem:
    async with story.db.write() as session:
        return (await session.scalars(select(PerformanceItem).where(PerformanceItem.case_id == story.case_id))).one()


async def _claim(story: Story, who: Member, **more: Any) -> None:
    item = await _item(story)
    async with story.db.write() as session:
        await service.claim(session, who.actor, item.pid, ClaimIn(note="已经转了"), **more)


async def _settle(story: Story, who: Member, answer: str, note: str = "") -> None:
    item = await _item(story)
    async with story.db.write() as session:
        await service.settle(session, who.actor, item.pid, SettleIn.model_validate({"answer": answer, "note": note}))


async def test_what_was_done_with_proof_and_confirmed_ends_the_performance(story: Story) -> None:
    await story.effective()
    photo = await evidence.prepare_bytes("转账.pdf", "application/pdf", b"%PDF-1.4 receipt")
    await _claim(story, story.cast.respondent, proof=photo)
    assert (await _item(story)).state == "claimed"
    async with story.cast.applicant.program() as client:
        shown = (await client.get(f"/api/v1/cases/{story.case}/performance")).json()[0]
        assert (await client.get(shown["proof"])).status_code == 200
    async with story.cast.stranger.program() as client:
        assert (await client.get(shown["proof"])).status_code == 404
    await _settle(story, story.cast.applicant, "confirm")
    assert (await _item(story)).state == "done"
    assert await story.state() == "performed"


async def test_only_the_obligor_claims_and_only_the_obligee_confirms(story: Story) -> None:
    await story.effective()
    for who in ("applicant", "applicant_agent", "mediator", "body_clerk"):
        with pytest.raises(Forbidden):
            await _claim(story, story.cast.everybody()[who])
    for who in ("stranger", "centre_clerk", "auditor", "grid_worker", "other_mediator", "system_admin"):
        with pytest.raises(NotFound):
            await _claim(story, story.cast.everybody()[who])
    await _claim(story, story.cast.respondent_agent)
    for who in ("respondent", "respondent_agent", "mediator", "applicant_agent"):
        with pytest.raises(Forbidden):
            await _settle(story, story.cast.everybody()[who], "confirm")


async def test_a_dispute_says_what_is_missing_and_can_be_mended(story: Story) -> None:
    await story.effective()
    await _claim(story, story.cast.respondent)
    with pytest.raises(Invalid):
        await _settle(story, story.cast.applicant, "dispute")
    await _settle(story, story.cast.applicant, "dispute", "只收到一半")
    assert (await _item(story)).state == "disputed"
    await _claim(story, story.cast.respondent)
    await _settle(story, story.cast.applicant, "confirm")
    assert await story.state() == "performed"


async def test_reminders_go_out_before_on_and_after_the_day_without_names_or_cause(story: Story) -> None:
    await story.effective()
    async with story.db.read() as session:
        keys = select(jobs.Job.key, jobs.Job.due_at).where(jobs.Job.kind == performing.REMIND).order_by(jobs.Job.due_at)
        due = [
            (key.rsplit(":")[-1], (clock.local(at).date() - clock.today()).days)
            for key, at in (await session.execute(keys)).all()
        ]
    when = [name for name, _days in due]
    assert due == [
        ("before7", 3), ("before3", 7), ("before1", 9), ("on", 10), ("after1", 11), ("after3", 13), ("after7", 17),
    ]  # fmt: skip
    with clock.shifted(timedelta(days=18)):
        await jobs.run_due(story.db)
        async with story.db.read() as session:
            query = select(outbox.Outbox).where(outbox.Outbox.tag.like("performance:item:%"))
            rows = [(row.tag, row.channel, row.text) for row in await session.scalars(query)]
    assert {tag.rsplit(":", 1)[1] for tag, channel, _text in rows if channel == "sms"} == {*when, "waiting"}
    assert any(tag == "performance:item:late" for tag, _channel, _text in rows)
    for _tag, _channel, text in rows:
        assert not any(word in text for word in ("王某某", "李某", "燃气", "2600", "2,600"))
    assert (await _item(story)).state == "late"


async def test_a_settled_promise_is_not_reminded_of(story: Story) -> None:
    await story.effective()
    await _claim(story, story.cast.respondent)
    await _settle(story, story.cast.applicant, "confirm")
    with clock.shifted(timedelta(days=18)):
        await jobs.run_due(story.db)
        async with story.db.read() as session:
            query = select(outbox.Outbox).where(outbox.Outbox.tag.in_([f"performance:item:{w}" for w in REMINDERS]))
            assert list(await session.scalars(query)) == []


async def test_urging_is_recorded_for_staff_and_reminds_the_obligor(story: Story) -> None:
    await story.effective()
    item = await _item(story)
    async with story.db.write() as session:
        wanted = UrgeIn(channel=Channel.PHONE, note="打电话催了一次，他说周五付")
        await service.urge(session, story.cast.mediator.actor, item.pid, wanted)
    async with story.db.read() as session:
        event = (await session.scalars(select(CaseEvent).where(CaseEvent.tag == "performance:item:urged"))).one()
        assert (event.audience, event.channel) == ("staff", "phone")
    assert "周五" not in "".join(await story.lines(story.cast.applicant))


async def test_a_breach_is_noted_after_the_day_and_tells_both_sides_what_they_can_do(story: Story) -> None:
    await story.effective()
    item = await _item(story)
    with pytest.raises(Conflict, match="还没有到期"):
        async with story.db.write() as session:
            await service.breach(session, story.cast.mediator.actor, item.pid, ReasonIn(reason="一直没有付"))
    with clock.shifted(timedelta(days=11)):
        async with story.db.write() as session:
            await service.breach(session, story.cast.mediator.actor, item.pid, ReasonIn(reason="一直没有付"))
        async with story.db.read() as session:
            case = await session.get_one(Case, story.case_id)
            assert any("起诉" in route.say for route in await service.remedies(session, case))
            tags = set(await session.scalars(select(CaseEvent.tag)))
    assert {"case:record_breach:done", "case:remedies:told"} <= tags


async def test_the_mediator_records_what_the_obligee_said_at_the_door(story: Story) -> None:
    await story.effective()
    item = await _item(story)
    wanted = RecordIn(outcome="waived", channel=Channel.VISIT, note="上门时说不要了")
    async with story.db.write() as session:
        with pytest.raises(Forbidden):
            await service.record(session, story.cast.applicant.actor, item.pid, wanted)
        await service.record(session, story.cast.mediator.actor, item.pid, wanted)
    assert await story.state() == "performed"


async def test_a_lasting_duty_without_a_date_holds_nothing_up(story: Story) -> None:
    pid = await story.draft()
    keep = story.pay(kind="refrain", text="今后不在夜间施工。", amount=None, due_on=None)
    clauses = [await story.clause(pid, keep), await story.clause(pid)]
    for clause in clauses:
        await story.answer(story.cast.applicant, pid, clause)
        await story.answer(story.cast.respondent, pid, clause)
    agreement = await service.finalise(story.db, story.cast.mediator.actor, pid)
    for who in (story.cast.applicant, story.cast.respondent, story.cast.mediator):
        await story.sign(who, agreement)
    async with story.db.write() as session:
        await service.seal(session, story.cast.body_clerk.actor, pid, agreement.sha256 or "")
    async with story.db.read() as session:
        case = await session.get_one(Case, story.case_id)
        item = next(item.pid for item in await service.items_of(session, case) if item.kind == "pay")
    async with story.db.write() as session:
        await service.claim(session, story.cast.respondent.actor, item, ClaimIn())
        await service.settle(session, story.cast.applicant.actor, item, SettleIn(answer="confirm"))
    assert await story.state() == "performed"


# --- return visits --------------------------------------------------------------------------------------------------


def _visit(story: Story, party: str, **changed: Any) -> VisitIn:
    given = {
        "party": party,
        "channel": "phone",
        "visited_at": clock.now() - timedelta(minutes=5),
        "performed": "yes",
        "satisfaction": 1,
        "note": "钱收到了，邻里关系也好了",
    }
    return VisitIn.model_validate(given | changed)


async def _performed(story: Story) -> None:
    await story.effective()
    await _claim(story, story.cast.respondent)
    await _settle(story, story.cast.applicant, "confirm")


async def test_the_one_who_handled_it_visits_both_and_the_case_goes_on(story: Story) -> None:
    await _performed(story)
    for who in ("applicant", "body_clerk"):
        async with story.db.write() as session:
            with pytest.raises(Forbidden):
                await service.visit(
                    session, story.cast.everybody()[who].actor, story.case, _visit(story, story.applicant)
                )
    async with story.db.write() as session:
        await service.visit(session, story.cast.mediator.actor, story.case, _visit(story, story.applicant))
    assert await story.state() == "performed"
    async with story.db.write() as session:
        await service.visit(
            session, story.cast.mediator.actor, story.case, _visit(story, story.respondent, satisfaction=3)
        )
    assert await story.state() == "followed_up"


async def test_what_one_side_said_at_a_visit_is_not_shown_to_the_other(story: Story) -> None:
    await _performed(story)
    async with story.db.write() as session:
        await service.visit(
            session, story.cast.mediator.actor, story.case, _visit(story, story.applicant, note="对方态度很差")
        )
    for who, count in (("applicant", 1), ("respondent", 0), ("mediator", 1), ("body_clerk", 1)):
        async with story.db.read() as session:
            view = await cases.for_reading(session, story.cast.everybody()[who].actor, story.case)
            assert len(await documents.visits_of(session, view)) == count
    for who in ("respondent", "respondent_agent"):
        async with story.cast.everybody()[who].program() as client:
            shown = (await client.get(f"/api/v1/cases/{story.case}/visits")).text
        assert "态度" not in shown


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"satisfaction": 0}, "satisfaction"),
    ({"satisfaction": 6}, "satisfaction"),
    ({"visited_at": "2026-02-30T10:00"}, "visited_at"),
    ({"visited_at": "2999-01-01T10:00"}, "visited_at"),
    ({"performed": "maybe"}, "performed"),
    ({"channel": "hotline_12345"}, "channel"),
    ({"party": "nobody"}, "party"),
]


async def test_each_wrong_field_of_a_visit_is_named(story: Story) -> None:
    await story.effective()
    async with story.cast.mediator.program() as client:
        for wrong, field in WRONG:
            given = _visit(story, story.applicant).model_dump(mode="json") | wrong
            answer = await client.post(f"/api/v1/cases/{story.case}/visits", json=given)
            assert answer.status_code == 422, wrong
            assert field in answer.json()["error"]["fields"], wrong


def test_a_visit_before_eight_in_the_morning_is_told_with_the_day_of_the_city() -> None:
    at = datetime(clock.today().year, 11, 24, 23, 30, tzinfo=UTC)
    row = ReturnVisit(visited_at=at, channel=Channel.PHONE.value)
    told = documents.visit(row, Party(name="王某某", side="applicant"))["visited"]
    assert told.startswith("11月25日")
    assert told.endswith("07:30")
