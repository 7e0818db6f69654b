"""重新调解: a court did not confirm; the parties talk again, and another agreement replaces the first (Art. 33)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from odr.agreements import confirming, content, documents, performing, schedule, service, standing, visit_plan
from odr.agreements.models import Agreement, CourtRequest, PerformanceItem
from odr.agreements.performance_models import Postponement
from odr.agreements.performance_schemas import PostponeIn
from odr.agreements.schemas import ClaimIn, DraftIn, ReasonIn, SettleIn
from odr.bodies.calendar import last_day
from odr.cases import moves, seating
from odr.cases import service as cases
from odr.cases.access import for_reading
from odr.cases.clocks import ClockKind
from odr.cases.models import Assignment, Case, CaseClock
from odr.core import clock, jobs
from odr.core.errors import Conflict, Forbidden, NotFound
from odr.dossier.bundle import gather
from odr.dossier.papers import shelf
from odr.evidence import genuine
from odr.rooms import access as rooms_access
from odr.rooms import service as rooms
from tests.agreements.story import Story
from tests.agreements.test_confirming import READERS, _agree, _asked, _record, _register, _shown, _way
from tests.agreements.test_pages import _get, _post
from tests.cast import Member

PARTIES = ("applicant", "respondent", "applicant_agent", "respondent_agent")
STAFF = ("mediator", "body_clerk")


async def _refused(story: Story, outcome: str = "rejected", head: str = "unclear") -> None:
    """In effect; the court was asked by both and said no."""
    await _asked(story)
    await _register(story)
    await _record(story, outcome, head=head)


async def _case(story: Story) -> Case:
    async with story.db.read() as session:
        return await session.get_one(Case, story.case_id)


async def _facts(story: Story) -> cases.Gathered:
    async with story.db.read() as session:
        return await cases.gather(session, await session.get_one(Case, story.case_id))


async def _ask(story: Story, who: Member) -> None:
    async with story.db.write() as session:
        await service.ask_anew(session, who.actor, story.case)


async def _anew(story: Story, who: Member | None = None, reason: str = "双方愿意把付款日期写清楚。") -> None:
    async with story.db.write() as session:
        case = await session.get_one(Case, story.case_id)
        await moves.mediate_anew(session, (who or story.cast.mediator).actor, case, reason)


async def _keep(story: Story, who: Member | None = None) -> None:
    async with story.db.write() as session:
        case = await session.get_one(Case, story.case_id)
        await moves.keep_agreement(session, (who or story.cast.mediator).actor, case, "双方都愿意照原来的做。")


async def _items(story: Story) -> Sequence[PerformanceItem]:
    async with story.db.read() as session:
        return list(await session.scalars(select(PerformanceItem).order_by(PerformanceItem.id)))


async def _paid(story: Story, item: PerformanceItem, amount: str | None = None) -> None:
    """The respondent pays, all of it or a part, and the applicant confirms what it is asked."""
    async with story.db.write() as session:
        wanted = ClaimIn.model_validate({"amount": amount} if amount else {})
        await service.claim(session, story.cast.respondent.actor, item.pid, wanted)
        given = {"answer": "part", "amount": amount} if amount else {"answer": "confirm"}
        await service.settle(session, story.cast.applicant.actor, item.pid, SettleIn.model_validate(given))


async def _further(story: Story) -> Agreement:
    """A second agreement that begins from the first one's clauses, with what is left to pay, signed and sealed."""
    async with story.db.write() as session:
        wanted = DraftIn(issues="还剩多少、哪天付。", copied=True)
        draft = await service.draft(session, story.cast.mediator.actor, story.case, wanted)
        (clause,) = await content.clauses_of(session, draft)
        change = story.pay(amount="2000", due_on=str(clock.today() + timedelta(days=40)))
        await service.change_clause(session, story.cast.mediator.actor, draft.pid, clause.pid, change)
    for who in (story.cast.applicant, story.cast.respondent):
        await story.answer(who, draft.pid, clause.pid, version=2)
    agreement = await service.finalise(story.db, story.cast.mediator.actor, draft.pid)
    for who in (story.cast.applicant, story.cast.respondent):
        await story.sign(who, agreement)
    with clock.shifted(timedelta(minutes=1)):  # a staff code works once
        await story.sign(story.cast.mediator, agreement)
    async with story.db.write() as session:
        await service.seal(session, story.cast.body_clerk.actor, agreement.pid, agreement.sha256 or "")
    return agreement


async def _on_paper(story: Story, agreement: Agreement) -> genuine.Genuine:
    async with story.db.read() as session:
        found = await genuine.find(session, agreement.check_code)
        assert found is not None
        return found


async def test_the_whole_story_from_the_courts_no_to_another_agreement_that_is_confirmed(story: Story) -> None:
    cast = story.cast
    await _asked(story)
    (item,) = await _items(story)
    await _paid(story, item, "600")
    async with story.db.write() as session:  # and asks for time, which nobody answers
        wanted = PostponeIn.model_validate({"to": str(clock.today() + timedelta(days=15)), "reason": "工资晚发"})
        await service.postpone(session, cast.respondent.actor, item.pid, wanted)
    await _register(story)
    await _record(story, "rejected", head="unclear")
    first = (await _facts(story)).facts
    assert (first.agreement_form, first.mediated_anew, await story.state()) == ("written", False, "performing")
    for who in (cast.applicant, cast.respondent, cast.mediator):
        way = await _way(story, who)
        assert (way.turn, way.action.href if way.action else "") == (True, f"/cases/{story.case}/court")
        assert "没有确认" in way.text
    async with story.db.read() as session:
        original = (await session.scalars(select(Agreement))).one()
    assert (await _on_paper(story, original)).stand is genuine.Stand.NOT_CONFIRMED

    # A side asks; the other reads it, the mediator finds it on the desk, and a second tap changes nothing.
    assert (await _shown(story, cast.respondent))["can"]["ask_anew"]
    await _ask(story, cast.respondent)
    await _ask(story, cast.respondent_agent)
    asked = (await _shown(story, cast.applicant))["anew"]["asked"]
    assert [(one["side"], one["mine"]) for one in asked] == [("respondent", False)]
    assert not (await _shown(story, cast.respondent))["can"]["ask_anew"]
    assert [line for line in await story.lines(cast.applicant) if "请调解员重新调解" in line]
    assert "请求重新调解" in await _get(cast.mediator, "/desk")

    await _agree(story, cast.applicant)  # what was agreed to for the first agreement does not count for the next
    await _anew(story)
    case = await _case(story)
    assert (case.state, case.result, case.form) == ("mediating", None, None)
    assert "请求重新调解" not in await _get(cast.mediator, "/desk")
    facts = (await _facts(story)).facts
    assert facts.mediated_anew
    assert not any(party.court_requested for party in facts.parties)
    assert "正在重新调解" in (await _way(story, cast.applicant)).text
    async with story.db.read() as session:
        running = {
            row.kind: row for row in await session.scalars(select(CaseClock).where(CaseClock.stopped_at.is_(None)))
        }
        assert set(running) == {"mediate"}
        assert clock.local(running["mediate"].due_at).date() == clock.today() + timedelta(days=30)
        for room in await rooms.rooms_of(session, story.case):
            assert room.writable, "the rooms can be talked in"
        joint = next(room for room in await rooms.rooms_of(session, story.case) if room.kind == "joint")
        for who in (cast.applicant, cast.respondent, cast.mediator):
            _room, member = await rooms_access.member_of(session, who.actor, joint.pid)
            assert member.may_write
        assert await visit_plan.open_of(session, [story.case_id]) == []
    shown = await _shown(story, cast.applicant)
    assert (shown["anew"]["under_way"], shown["possible"], shown["requests"][0]["outcome"]) == (True, False, "rejected")

    # The further text says what became of the first, and begins from its clauses; the first one stays as it was.
    second = await _further(story)
    assert (second.version, second.agreement_no != original.agreement_no) == (2, True)
    assert "裁定驳回司法确认申请" in second.facts
    assert "已经付了600.00元，还有2,000.00元没有付" in second.facts
    async with story.db.read() as session:
        kept = await session.get_one(Agreement, original.id)
        assert (kept.state, kept.sha256, kept.check_code) == ("frozen", original.sha256, original.check_code)
        assert (await standing.of(session, kept)).effective_at is not None, "its signatures stand"
        case = await session.get_one(Case, story.case_id)
        assert (case.state, case.result, case.form) == ("performing", "agreed_written", "written")
        effect = await service.in_effect(session, case)
        assert effect is not None
        assert (effect.agreement.id, effect.court_until) == (
            second.id, last_day(clock.today() + timedelta(days=30)).date,
        )  # fmt: skip
    old = await _on_paper(story, original)
    assert (old.stand, "法院没有确认" in old.say, "新的协议" in old.say) == (genuine.Stand.REPLACED, True, True)
    assert (await _on_paper(story, second)).stand is genuine.Stand.IN_FORCE

    # Of the first nothing is due any more; what was paid of it stays.
    (before, after) = await _items(story)
    assert (before.state, after.state, after.amount_fen) == ("replaced", "pending", 200_000)
    with pytest.raises(Conflict, match="由新的协议代替"):
        await _paid(story, before)
    async with story.db.read() as session:
        assert list(await session.scalars(select(Postponement.state))) == ["withdrawn"]
        view = await for_reading(session, cast.applicant.actor, story.case)
        assert [(row["version"], row["replaced"]) for row in await documents.versions(session, view)] == [
            (2, False), (1, True),
        ]  # fmt: skip
        (row,) = await documents.replaced(session, view)
        assert (row["promises"][0]["state"], row["promises"][0]["paid_fen"]) == ("replaced", 60_000)
    async with story.db.read() as session:
        jobs_left = await session.scalars(
            select(jobs.Job).where(jobs.Job.done_at.is_(None), jobs.Job.kind == performing.REMIND)
        )
        assert {job.payload["item"] for job in jobs_left} == {after.id}
        assert {row.item_id for row in await visit_plan.open_of(session, [story.case_id])} == {after.id}
    with clock.shifted(timedelta(days=20)):  # past the first one's day, before the second one's
        async with story.db.read() as session:
            assert await schedule.late(session, cast.mediator.actor) == []
    page = await _get(cast.applicant, f"/cases/{story.case}/performance")
    assert "原来的协议" in page
    assert "由新协议代替" in page
    assert "600" in page
    assert "我已经做了" not in await _get(cast.respondent, f"/cases/{story.case}/performance/{before.pid}")

    # The second has its own thirty days, and the court confirms it.
    facts = (await _facts(story)).facts
    assert (facts.court_outcome, facts.court_window_open, facts.mediated_anew) == (None, True, False)
    shown = await _shown(story, cast.mediator)
    assert (shown["requests"], [one["outcome"] for one in shown["earlier"]]) == ([], ["rejected"])
    assert shown["possible"]
    for who in (cast.applicant, cast.respondent):
        await _agree(story, who)
    await _register(story)
    await _record(story, "valid")
    facts = (await _facts(story)).facts
    assert facts.court_outcome == "valid"
    with pytest.raises(Conflict, match="没有确认协议"):
        await _anew(story)
    await _paid(story, after)
    assert await story.state() == "performed"

    # The file holds both, in their order.
    async with story.db.read() as session:
        bundle = await gather(session, await for_reading(session, cast.mediator.actor, story.case))
    papers = [(one.key.split("-")[0], one.note) for one in shelf(bundle) if one.item in ("8", "9", "11")]
    assert [key for key, _note in papers] == ["agreement", "agreement", "receipts", "receipts", "court"]
    assert papers[0][1].endswith("（已由新协议代替）")
    assert papers[1][1] == second.agreement_no
    assert [row.outcome for row in bundle.court] == ["rejected", "valid"]


async def test_where_nothing_is_changed_the_first_agreement_is_performed_again(story: Story) -> None:
    await _refused(story)
    await _anew(story)
    with pytest.raises(Conflict):
        await _anew(story)  # the second of two taps
    async with story.db.write() as session:
        draft = await service.draft(session, story.cast.mediator.actor, story.case, DraftIn())
    (item,) = await _items(story)
    await _paid(story, item, "600")  # who pays in between finds it recorded
    with clock.shifted(timedelta(days=12)):
        await _keep(story)
        case = await _case(story)
        assert (case.state, case.result, case.form, case.result_note) == ("performing", "agreed_written", "written", "")
        (item,) = await _items(story)
        assert item.state == "part"
        async with story.db.read() as session:
            assert [row.item_id for row in await visit_plan.open_of(session, [story.case_id])] == [item.id]
            view = await for_reading(session, story.cast.applicant.actor, story.case)
            shown = await documents.in_case(session, view)
            assert shown is not None
            assert (shown["id"] != draft.pid, shown["effective_at"] is not None) == (True, True), "a draft is no text"
        # The choice was made: the case waits for the promises again, not for a choice.
        assert "没有确认" not in (await _way(story, story.cast.applicant)).text
        async with story.db.write() as session:
            await service.settle(session, story.cast.applicant.actor, item.pid, SettleIn(answer="confirm"))
        assert await story.state() == "performed"


async def test_what_was_kept_in_between_or_came_due_is_seen_when_the_agreement_is_kept(story: Story) -> None:
    await _refused(story)
    await _anew(story)
    with clock.shifted(timedelta(days=12)):
        await _keep(story, story.cast.body_clerk)
        (item,) = await _items(story)
        assert item.state == "late"
        await _anew(story)
        await _paid(story, item)
        assert await story.state() == "mediating"
        await _keep(story)
        assert await story.state() == "performed"


async def test_a_breach_of_the_first_agreement_is_none_of_the_second(story: Story) -> None:
    await _refused(story)
    (item,) = await _items(story)
    with clock.shifted(timedelta(days=12)):
        async with story.db.write() as session:
            notice = await service.breach(session, story.cast.mediator.actor, item.pid, ReasonIn(reason="没有付"))
        async with story.db.read() as session:
            found = await genuine.find(session, notice.check_code)
            assert found is not None
            assert found.stand is genuine.Stand.IN_FORCE
        await _anew(story)
        await _further(story)
        facts = (await _facts(story)).facts
        assert (facts.breach_noted, facts.remedies_told, facts.visited) == (False, False, False)
        async with story.db.read() as session:
            found = await genuine.find(session, notice.check_code)
            assert found is not None
            assert (found.stand, "代替" in found.say) == (genuine.Stand.REPLACED, True)
        assert "没有履行" not in (await _way(story, story.cast.applicant)).text


async def test_who_does_not_want_to_talk_again_leaves_and_is_told_what_is_left(story: Story) -> None:
    await _refused(story, "refused", "title")
    await _anew(story)
    async with story.db.write() as session:
        case = await session.get_one(Case, story.case_id)
        await cases.opt_out(session, story.cast.respondent.actor, case)
    assert await story.state() == "failed"
    assert "没有谈成新的协议" in (await _way(story, story.cast.applicant)).text
    async with story.db.read() as session:
        original = (await session.scalars(select(Agreement))).one()
    # The court never looked at it: nothing is said against it.
    assert (await _on_paper(story, original)).stand is genuine.Stand.IN_FORCE


async def test_another_mediator_has_the_time_of_the_new_talk_and_not_of_the_first(story: Story) -> None:
    await _refused(story)
    with clock.shifted(timedelta(days=25)):
        await _anew(story)
        async with story.db.write() as session:
            case = await session.get_one(Case, story.case_id)
            await cases.replace_mediator(session, story.cast.body_clerk.actor, case, "调解员生病")
            await cases.assign(session, story.cast.body_clerk.actor, case, story.cast.mediator.id)
            await cases.confirm_assignment(session, story.cast.mediator.actor, case, "无")
            row = await cases.deadline(session, case, ClockKind.MEDIATE)
            assert row is not None
            assert clock.local(row.due_at).date() == clock.today() + timedelta(days=30)


async def test_only_after_a_no_and_only_by_whom_it_is_for(story: Story) -> None:
    await story.effective()
    for ask in (_ask(story, story.cast.applicant), _anew(story)):
        with pytest.raises(Conflict, match="没有确认协议"):
            await ask
    for who in (story.cast.applicant, story.cast.respondent):
        await _agree(story, who)
    await _register(story)
    await _record(story, "withdrawn")
    with pytest.raises(Conflict, match="没有确认协议"):
        await _anew(story)
    for who in (story.cast.applicant, story.cast.respondent):
        await _agree(story, who)
    await _register(story)
    await _record(story, "rejected", head="law")
    for name, member in story.cast.everybody().items():
        ask_error: type[Exception] | None = None if name in PARTIES else Forbidden if name in READERS else NotFound
        if ask_error is not None:
            with pytest.raises(ask_error):
                await _ask(story, member)
        if name not in STAFF:
            with pytest.raises((Forbidden, NotFound)):
                await _anew(story, member)
    with pytest.raises(Conflict, match="写明理由"):
        await _anew(story, reason=" ")
    await _anew(story, story.cast.body_clerk)
    for name, member in story.cast.everybody().items():
        if name not in STAFF:
            with pytest.raises((Forbidden, NotFound)):
                await _keep(story, member)
    with pytest.raises(Conflict, match="不用再提"):
        await _ask(story, story.cast.applicant)


async def test_the_pages_tell_both_sides_what_they_can_do_and_give_the_mediator_the_button(story: Story) -> None:
    cast, at = story.cast, f"/cases/{story.case}/court"
    await _refused(story)
    for who in (cast.applicant, cast.respondent, cast.mediator, cast.body_clerk):
        page = await _get(who, at)
        for words in ("现在可以怎么办", "重新调解", "照原来的协议做", "向人民法院起诉", "人民调解法第三十三条第三款"):
            assert words in page
        assert (f"/cases/{story.case}/mediation-anew" in page) is who.actor.is_staff
    for name, member in cast.everybody().items():
        await _get(member, at, 200 if name in READERS else 404)
        wanted = 303 if name in PARTIES else 403 if name in READERS else 404
        await _post(member, f"{at}/wishes", wanted)
    assert "您这一方" in await _get(cast.applicant, at)
    assert "等调解员答复" in await _get(cast.mediator, at)

    anew = f"/cases/{story.case}/mediation-anew"
    for name, member in cast.everybody().items():
        # A centre's clerk knows of the case and may not do this.
        wanted = 200 if name in STAFF else 403 if name in READERS or name == "centre_clerk" else 404
        await _get(member, anew, wanted)
        if wanted != 200:
            await _post(member, anew, wanted, reason="想再谈")
    again = await _post(cast.mediator, anew, 422, reason="")
    assert 'href="#f-reason"' in again
    await _post(cast.mediator, anew, reason="双方都愿意把付款日期写清楚")
    page = await _get(cast.applicant, at)
    assert "正在重新调解" in page
    assert "请调解员重新调解</" not in page
    page = await _get(cast.respondent, f"/cases/{story.case}/performance")
    assert "暂时不催" in page
    assert "我已经做了" in page
    for who in (cast.applicant, cast.mediator):
        assert at in await _get(who, f"/cases/{story.case}"), "the court's page stays in reach"
    page = await _get(cast.mediator, f"/cases/{story.case}/agreement")
    assert "从原来的条款开始改" in page
    assert "起草新的协议" not in await _get(cast.applicant, f"/cases/{story.case}/agreement")
    await _post(cast.mediator, f"/cases/{story.case}/agreement", form="written", copied="1")
    board = await _get(cast.mediator, f"/cases/{story.case}/agreement")
    assert "被申请人退还申请人燃气改造费" in board
    assert "裁定驳回司法确认申请" in board
    assert "原来的协议，第 1 版" in board
    await _post(cast.applicant, f"/cases/{story.case}/agreement-kept", 403, reason="照旧")
    await _post(cast.mediator, f"/cases/{story.case}/agreement-kept", reason="双方都说照旧")
    assert await story.state() == "performing"
    page = await _get(cast.applicant, f"/cases/{story.case}/agreement")
    assert "法院没有确认这份协议" in page
    assert "起草新的协议" not in await _get(cast.mediator, f"/cases/{story.case}/agreement")


async def test_the_same_for_programs(story: Story) -> None:
    await _refused(story)
    at = f"/api/v1/cases/{story.case}"
    for name, member in story.cast.everybody().items():
        wanted = 201 if name in PARTIES else 403 if name in READERS else 404
        async with member.program() as client:
            assert (await client.post(f"{at}/court/wishes")).status_code == wanted, name
    for name, member in story.cast.everybody().items():
        async with member.program() as client:
            status = (await client.get(f"{at}/performance/replaced")).status_code
            assert status == (200 if name in READERS else 404), name
    async with story.cast.mediator.program() as client:
        assert "mediate_anew" in (await client.get(at)).json()["me"]["moves"]
        assert (await client.post(f"{at}/mediation-anew", json={})).status_code == 422
        moved: Any = await client.post(f"{at}/mediation-anew", json={"reason": "双方愿意再谈"})
        assert (moved.status_code, moved.json()["state"]) == (200, "mediating")
        record = (await client.post(f"{at}/records", json={})).json()
        assert (record["outcome"], record["ending"]) == ("", None), "the first agreement did not come of this talk"
        draft = await client.post(f"{at}/agreements", json={"copied": True})
        assert (draft.status_code, draft.json()["version"], len(draft.json()["clauses"])) == (201, 2, 1)
        moved = await client.post(f"{at}/agreement-kept", json={"reason": "照旧"})
        assert (moved.status_code, moved.json()["state"]) == (200, "performing")


async def test_a_relapse_treats_a_second_agreement_in_the_same_way(story: Story) -> None:
    """The first one was not kept and the case closed; it was opened again, and another agreement takes its place."""
    cast = story.cast
    first = await story.effective()
    (item,) = await _items(story)
    with clock.shifted(timedelta(days=12)):
        async with story.db.write() as session:
            await service.breach(session, cast.mediator.actor, item.pid, ReasonIn(reason="没有付"))
    async with story.db.write() as session:
        case = await session.get_one(Case, story.case_id)
        case.state = "closed"
    async with story.db.write() as session:
        case = await session.get_one(Case, story.case_id)
        await cases.reopen(session, cast.body_clerk.actor, case, "又吵起来了")
        now = clock.now()
        session.add(
            Assignment(case_id=case.id, person_id=cast.mediator.id, confirmed_at=now, disclosure="无", disclosed_at=now)
        )
        case.state = "mediating"
        await session.flush()
        await seating.keep_in_step(session, case)
    with pytest.raises(Conflict, match="还没有生效的协议"):
        await _keep(story)  # that is for a talk after a court's no alone
    assert "起草新的协议" in await _get(cast.mediator, f"/cases/{story.case}/agreement")
    with pytest.raises(Conflict, match="不是履行阶段"):
        await _paid(story, item)
    await _further(story)
    assert [row.state for row in await _items(story)] == ["replaced", "pending"]
    facts = (await _facts(story)).facts
    assert (facts.breach_noted, facts.court_window_open) == (False, True)
    found = await _on_paper(story, first)
    assert (found.stand, "法院" in found.say) == (genuine.Stand.REPLACED, False)
    async with story.db.read() as session:
        bundle = await gather(session, await for_reading(session, cast.mediator.actor, story.case))
    assert [one.item for one in shelf(bundle)].count("8") == 2


def test_requests_are_those_of_the_agreement_they_were_made_for() -> None:
    rows = {1: [CourtRequest(agreement_id=7, outcome="rejected")]}
    assert confirming.of_effect(rows, {}) == rows
