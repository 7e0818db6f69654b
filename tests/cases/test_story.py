"""The whole life of a case by its verbs, to mediation and to each of its ends, on both engines."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from odr.audit import service as audit
from odr.audit.models import LedgerRow
from odr.cases import lifecycle, service
from odr.cases.codes import Channel, ConsentKind, RefusalGround, Result, SuspendReason, Will
from odr.cases.models import CaseClock, CaseEvent, Invitation, Party, RoutesNotice
from odr.cases.schemas import PartyIn
from odr.core import clock
from odr.core.errors import Conflict, Forbidden, Invalid, NotFound
from odr.core.outbox import Outbox
from odr.rooms import service as rooms
from odr.rooms.models import Room, RoomMember
from tests.cases.story import Story
from tests.cast import Cast


async def rooms_of(story: Story) -> dict[str, Room]:
    async with story.db.read() as session:
        return {f"{r.kind}{r.slot and ':' + r.slot}": r for r in await rooms.rooms_of(session, story.pid)}


async def members(story: Story, room: Room) -> dict[int, RoomMember]:
    async with story.db.read() as session:
        rows = await session.scalars(
            select(RoomMember).where(RoomMember.room_id == room.id, RoomMember.left_seq.is_(None))
        )
        return {row.person_id: row for row in rows}


async def clocks(story: Story) -> set[str]:
    case = await story.case()
    async with story.db.read() as session:
        return {row.kind for row in await service.deadlines_of(session, case)}


async def test_an_application_gets_its_number_and_server_time(story: Story) -> None:
    before = clock.now()
    await story.apply()
    case = await story.case()
    assert case.state == "submitted"
    assert re.fullmatch(r"ODR\d{8}-\d{6}", case.application_no)
    assert before <= case.submitted_at <= clock.now()
    assert case.case_no is None
    assert await clocks(story) == {"accept"}


async def test_the_whole_way_to_mediation(story: Story, cast: Cast) -> None:
    await story.mediating()
    case = await story.case()
    assert case.state == "mediating"
    assert case.case_no == f"乌公用人调〔{clock.today().year}〕0001号"
    assert "mediate" in await clocks(story)
    found = await rooms_of(story)
    assert set(found) == {"joint", "private:applicant", "private:respondent", "notes"}
    assert set(await members(story, found["joint"])) == {cast.applicant.id, cast.respondent.id, cast.mediator.id}
    assert set(await members(story, found["private:applicant"])) == {cast.applicant.id, cast.mediator.id}
    assert set(await members(story, found["private:respondent"])) == {cast.respondent.id, cast.mediator.id}
    assert set(await members(story, found["notes"])) == {cast.mediator.id}
    async with story.db.read() as session:
        tags = list(await session.scalars(select(CaseEvent.tag).where(CaseEvent.case_id == case.id)))
        assert [fault async for fault in audit.faults(session)] == []
        ledger = set(await session.scalars(select(LedgerRow.tag).where(LedgerRow.thing_pid == case.pid)))
    assert ledger == set(tags)
    assert tags[-1] == "case:start:done"


async def test_no_notice_on_the_way_names_anybody_or_the_cause(story: Story) -> None:
    await story.mediating()
    async with story.db.read() as session:
        texts = [row.text for row in await session.scalars(select(Outbox))]
    assert texts
    for text in texts:
        assert not any(word in text for word in ("王某某", "李某", "燃气", "2600", "张调解"))


async def test_a_case_is_accepted_once(story: Story) -> None:
    await story.accepted()
    with pytest.raises(lifecycle.NoSuchMove):
        await story.accept()
    assert (await story.case()).serial == 1


async def test_a_stale_page_is_refused(story: Story) -> None:
    await story.apply()
    stale = (await story.case()).version
    await story.route()
    async with story.step() as (session, case):
        with pytest.raises(Conflict):
            await service.hold(session, case, stale)


async def test_a_centre_gives_no_number(story: Story) -> None:
    await story.apply()
    with pytest.raises(lifecycle.GuardFailed) as refused:
        await story.accept_by_centre()
    assert refused.value.guard.name == "body_named"


async def test_a_body_of_another_field_cannot_accept(story: Story, cast: Cast) -> None:
    await story.apply()
    async with story.step() as (session, case):
        await service.route(session, cast.centre_clerk.actor, case, cast.other_body_id)
    with pytest.raises(lifecycle.GuardFailed) as refused:
        await story.accept_by_centre()
    assert refused.value.guard.name == "body_competent"


async def test_an_entry_waits_for_the_persons_own_word(story: Story, cast: Cast) -> None:
    await story.apply(entered=True)
    await story.route()
    with pytest.raises(lifecycle.GuardFailed) as refused:
        await story.accept()
    assert refused.value.guard.name == "applicant_confirmed"
    async with story.step() as (session, case):
        await service.confirm_entry(session, cast.applicant.actor, case, "self")
    async with story.step() as (session, case):
        await service.confirm_entry(session, cast.applicant.actor, case, "self")
    await story.accept()
    async with story.step() as (session, case):
        assert (await story.party(session, case, "applicant")).will == Will.AGREED


async def test_the_mediator_cannot_start_before_every_gate_is_passed(story: Story) -> None:
    await story.confirmed()
    for sides, missing in (((), "all_agree"), (("applicant",), "all_agree"), (("respondent",), None)):
        if sides:
            await story.pass_gates(*sides)
        if missing is not None:
            with pytest.raises(lifecycle.GuardFailed) as refused:
                await story.start()
            assert refused.value.guard.name == missing
            assert "joint" not in await rooms_of(story)
    await story.start()
    assert "joint" in await rooms_of(story)


async def test_private_rooms_take_no_line_before_the_consent(story: Story, cast: Cast) -> None:
    await story.confirmed()
    room = (await rooms_of(story))["private:applicant"]
    assert not (await members(story, room))[cast.applicant.id].may_write
    await story.pass_gates("applicant")
    assert (await members(story, room))[cast.applicant.id].may_write


async def test_after_violence_there_is_no_joint_room(story: Story) -> None:
    await story.apply(violence=True)
    await story.route()
    await story.accept()
    await story.join()
    await story.assign()
    await story.confirm()
    await story.pass_gates()
    await story.start()
    assert await story.state() == "mediating"
    assert "joint" not in await rooms_of(story)


async def test_a_minor_needs_a_guardian(story: Story, cast: Cast) -> None:
    child = PartyIn(name="李某", phone="13904730002", id_no="150302201501010016")
    await story.apply(respondents=[child])
    await story.route()
    await story.accept()
    await story.join()
    await story.assign()
    await story.confirm()
    await story.pass_gates()
    with pytest.raises(lifecycle.GuardFailed) as refused:
        await story.start()
    assert refused.value.guard.name == "guardian"


# --- ends -----------------------------------------------------------------------------------------------------------


async def told_routes(story: Story) -> set[str]:
    async with story.db.read() as session:
        query = select(Party.side).join(RoutesNotice, RoutesNotice.party_id == Party.id)
        return set(await session.scalars(query))


async def test_refused_acceptance_gives_its_ground(story: Story, cast: Cast) -> None:
    await story.apply()
    async with story.step() as (session, case):
        await service.refuse(session, cast.centre_clerk.actor, case, RefusalGround.ALREADY_HANDLED, "法院已立案")
    case = await story.case()
    assert (case.state, case.result) == ("not_accepted", "not_accepted")
    assert "法院已立案" in case.result_note
    assert "applicant" in await told_routes(story)
    assert await clocks(story) == set()
    await story.close(cast.centre_clerk)
    assert await story.state() == "closed"


async def test_transfer_names_its_target(story: Story, cast: Cast) -> None:
    await story.accepted()
    async with story.step() as (session, case):
        await service.transfer(session, cast.body_clerk.actor, case, "乌海市劳动人事争议仲裁委员会", "收〔2026〕8号")
    case = await story.case()
    assert (case.state, case.result) == ("transferred", "transferred")


async def test_supplement_is_asked_once_with_a_list(story: Story, cast: Cast) -> None:
    await story.apply()
    async with story.step() as (session, case):
        await service.request_supplement(session, cast.centre_clerk.actor, case, ["缴费通知的照片"])
    assert await clocks(story) == {"supplement"}
    with pytest.raises(Invalid):
        async with story.step() as (session, case):
            await service.resubmit(session, cast.applicant.actor, case, "  ")
    async with story.step() as (session, case):
        await service.resubmit(session, cast.applicant.actor, case, "通知是 11 月 2 日贴的。")
    case = await story.case()
    assert case.facts.endswith("补充：通知是 11 月 2 日贴的。")
    assert case.state == "submitted"
    with pytest.raises(lifecycle.GuardFailed) as refused:
        async with story.step() as (session, case):
            await service.request_supplement(session, cast.centre_clerk.actor, case, ["再来一份"])
    assert refused.value.guard.name == "first_supplement"


async def test_an_application_lapses_only_after_its_date_and_by_a_hand(story: Story, cast: Cast) -> None:
    await story.apply()
    async with story.step() as (session, case):
        await service.request_supplement(session, cast.centre_clerk.actor, case, ["缴费通知的照片"])
    with pytest.raises(lifecycle.GuardFailed):
        async with story.step() as (session, case):
            await service.lapse(session, cast.centre_clerk.actor, case)
    with clock.shifted(timedelta(days=8)):
        async with story.step() as (session, case):
            await service.lapse(session, cast.centre_clerk.actor, case)
    assert await story.state() == "withdrawn"


@pytest.mark.parametrize("until", ["apply", "accepted", "confirmed", "mediating"])
async def test_the_applicant_may_withdraw_at_any_time(story: Story, cast: Cast, until: str) -> None:
    await getattr(story, until)()
    async with story.step() as (session, case):
        await service.withdraw(session, cast.applicant.actor, case, "不想调了")
    case = await story.case()
    assert (case.state, case.result) == ("withdrawn", "withdrawn")
    assert await clocks(story) == set()
    for room in (await rooms_of(story)).values():
        assert not room.writable


async def test_the_other_side_refuses_and_everybody_is_told_the_other_routes(story: Story, cast: Cast) -> None:
    await story.assigned()
    async with story.step() as (session, case):
        party = await story.party(session, case, "respondent")
        await service.answer_will(session, cast.respondent.actor, case, party, Will.REFUSED)
    case = await story.case()
    assert (case.state, case.result) == ("failed", "refused")
    assert await told_routes(story) == {"applicant", "respondent"}
    await story.close(cast.mediator)


async def test_a_refusal_told_on_the_telephone_is_recorded_by_staff(story: Story, cast: Cast) -> None:
    await story.accepted()
    async with story.step() as (session, case):
        party = await story.party(session, case, "respondent")
        await service.answer_will(
            session, cast.body_clerk.actor, case, party, Will.REFUSED, channel=Channel.PHONE, note="不同意"
        )
    assert (await story.case()).result == "refused"


@pytest.mark.parametrize("side", ["applicant", "respondent"])
async def test_either_party_may_leave_mediation_without_a_reason(story: Story, cast: Cast, side: str) -> None:
    await story.mediating()
    async with story.step() as (session, case):
        await service.opt_out(session, getattr(cast, side).actor, case)
    case = await story.case()
    assert (case.state, case.result) == ("failed", "ended_party")
    assert await told_routes(story) == {"applicant", "respondent"}


async def test_no_failure_is_saved_before_the_notice_reached_each_party(story: Story, cast: Cast) -> None:
    await story.apply(respondents=[PartyIn(name="李某", address="滨河街道 1 号")])
    await story.route()
    await story.accept()
    with pytest.raises(lifecycle.GuardFailed) as refused:
        async with story.step() as (session, case):
            await service.end(session, cast.body_clerk.actor, case, Result.OTHER, "谈不下去")
    assert refused.value.guard.name == "routes_notice"
    async with story.step() as (session, case):
        party = await story.party(session, case, "respondent")
        await service.deliver_routes_notice(session, cast.body_clerk.actor, case, party, Channel.POST)
    async with story.step() as (session, case):
        await service.end(session, cast.body_clerk.actor, case, Result.OTHER, "谈不下去")
    assert await story.state() == "failed"


async def test_unreachable_needs_the_tries_on_record(story: Story, cast: Cast) -> None:
    await story.accepted()
    with pytest.raises(lifecycle.GuardFailed) as refused:
        async with story.step() as (session, case):
            await service.end(session, cast.body_clerk.actor, case, Result.UNREACHABLE, "联系不上")
    assert refused.value.guard.name == "contact_attempts"
    async with story.step() as (session, case):
        party = await story.party(session, case, "respondent")
        await service.note_contact(session, cast.body_clerk.actor, party, Channel.PHONE, "三次无人接听")
    async with story.step() as (session, case):
        await service.end(session, cast.body_clerk.actor, case, Result.UNREACHABLE, "联系不上")
    assert (await story.case()).result == "unreachable"


async def test_a_deadlock_ends_with_its_reason(story: Story, cast: Cast) -> None:
    await story.mediating()
    async with story.step() as (session, case):
        await service.end(session, cast.mediator.actor, case, Result.DEADLOCK, "金额差距太大")
    case = await story.case()
    assert (case.state, case.result, case.result_note) == ("failed", "deadlock", "金额差距太大")


async def test_time_over_is_no_reason_before_it_is(story: Story, cast: Cast) -> None:
    await story.mediating()
    with pytest.raises(lifecycle.GuardFailed) as refused:
        async with story.step() as (session, case):
            await service.end(session, cast.mediator.actor, case, Result.TIMEOUT, "到期")
    assert refused.value.guard.name == "time_over"
    with clock.shifted(timedelta(days=31)):
        async with story.step() as (session, case):
            await service.end(session, cast.mediator.actor, case, Result.TIMEOUT, "到期")
    assert (await story.case()).result == "timeout"


async def test_an_agreement_carries_the_case_to_its_end(story: Story, cast: Cast) -> None:
    await story.mediating()
    mediator = cast.mediator.actor
    async with story.step() as (session, case):
        await service.to_signing(session, mediator, case, clauses=1, clauses_accepted=True)
    async with story.step() as (session, case):
        await service.settle_effective(session, cast.respondent.actor, case, "written", effect_complete=True)
    case = await story.case()
    assert (case.state, case.result, case.form) == ("effective", "agreed_written", "written")
    async with story.step() as (session, case):
        await service.start_performance(session, mediator, case)
    with pytest.raises(lifecycle.GuardFailed):
        async with story.step() as (session, case):
            await service.mark_performed(session, cast.respondent.actor, case)
    async with story.step() as (session, case):
        await service.mark_performed(session, cast.respondent.actor, case, items_settled=True)
    known = {"items_settled": True, "visited": True}
    async with story.step() as (session, case):
        await service.follow_up(session, mediator, case, channel=Channel.PHONE, **known)
    async with story.step() as (session, case):
        await service.close(session, mediator, case, **known)
    async with story.step() as (session, case):
        await service.archive(session, cast.body_clerk.actor, case)
    case = await story.case()
    assert case.state == "archived"
    assert case.closed_at is not None
    assert case.archived_at is not None
    number = case.case_no
    async with story.step() as (session, case):
        await service.reopen(session, cast.body_clerk.actor, case, "又起争议")
    case = await story.case()
    assert (case.state, case.result, case.case_no) == ("accepted", None, number)
    async with story.step() as (session, case):
        assert (await story.party(session, case, "applicant")).will == Will.UNKNOWN


async def test_an_oral_agreement_takes_effect_without_signing(story: Story, cast: Cast) -> None:
    await story.mediating()
    async with story.step() as (session, case):
        await service.settle_effective(session, cast.applicant.actor, case, "oral", oral_confirmed=True)
    case = await story.case()
    assert (case.state, case.result, case.form) == ("effective", "agreed_oral", "oral")


async def test_an_appraisal_stops_the_time_for_mediation(story: Story, cast: Cast) -> None:
    await story.mediating()
    case = await story.case()
    async with story.db.read() as session:
        before = next(r for r in await service.deadlines_of(session, case) if r.kind == "mediate").due_at
    async with story.step() as (session, case):
        await service.suspend(session, cast.mediator.actor, case, SuspendReason.APPRAISAL)
    assert "mediate" not in await clocks(story)
    assert not (await rooms_of(story))["joint"].writable
    with clock.shifted(timedelta(days=10)):
        async with story.step() as (session, case):
            await service.resume(session, cast.mediator.actor, case)
    async with story.db.read() as session:
        after = next(r for r in await service.deadlines_of(session, case) if r.kind == "mediate").due_at
    assert after - before == timedelta(days=10)


async def test_a_longer_term_needs_everybodys_consent(story: Story, cast: Cast) -> None:
    await story.mediating()
    with pytest.raises(lifecycle.GuardFailed):
        async with story.step() as (session, case):
            await service.extend(session, cast.mediator.actor, case)
    for side in ("applicant", "respondent"):
        async with story.step() as (session, case):
            party = await story.party(session, case, side)
            await service.pass_gate(session, getattr(cast, side).actor, party, ConsentKind.EXTENSION)
    async with story.step() as (session, case):
        await service.extend(session, cast.mediator.actor, case)
    async with story.db.read() as session:
        rows = list(await session.scalars(select(CaseClock).where(CaseClock.kind == "mediate").order_by(CaseClock.id)))
    assert rows[-1].due_at - rows[0].due_at == timedelta(days=30)
    with pytest.raises(lifecycle.GuardFailed):
        async with story.step() as (session, case):
            await service.extend(session, cast.mediator.actor, case)


# --- the mediator ---------------------------------------------------------------------------------------------------


async def test_a_mediator_of_another_body_cannot_be_named(story: Story, cast: Cast) -> None:
    await story.accepted()
    with pytest.raises(Invalid):
        async with story.step() as (session, case):
            await service.assign(session, cast.body_clerk.actor, case, cast.other_mediator.id)


async def test_a_mediator_who_is_a_party_cannot_be_named(story: Story, cast: Cast) -> None:
    await story.apply(respondents=[PartyIn(name="张调解", phone=cast.mediator.phone)])
    await story.route()
    await story.accept()
    assert await story.join(cast.mediator, "张调解")
    with pytest.raises(Invalid):
        await story.assign()


async def test_who_does_not_take_it_makes_room_for_another(story: Story, cast: Cast) -> None:
    await story.assigned()
    async with story.step() as (session, case):
        await service.decline_assignment(session, cast.mediator.actor, case, "与被申请人是亲戚")
    assert await story.state() == "accepted"
    with pytest.raises(NotFound):
        await story.confirm()


async def test_a_replaced_mediator_is_out_of_every_room_at_once(story: Story, cast: Cast) -> None:
    await story.mediating()
    async with story.step() as (session, case):
        await service.replace_mediator(session, cast.body_clerk.actor, case, "异议成立")
    found = await rooms_of(story)
    for room in found.values():
        assert cast.mediator.id not in await members(story, room)
        assert not room.writable
    await story.assign()
    await story.confirm()
    async with story.db.read() as session:
        party = (await session.scalars(select(Party).where(Party.side == "applicant"))).one()
        state = next(s for s in await service.party_states(session, await story.case()) if s.row.id == party.id)
    assert ConsentKind.DISCLOSURE not in state.gates


async def test_a_new_mediator_does_not_read_the_old_private_talk(story: Story, cast: Cast) -> None:
    await story.mediating()
    async with story.step() as (session, case):
        await service.replace_mediator(session, cast.body_clerk.actor, case, "调离")
    await story.assign()
    await story.confirm()
    found = await rooms_of(story)
    private, joint = found["private:applicant"], found["joint"]
    assert (await members(story, private))[cast.mediator.id].joined_seq > 0
    assert (await members(story, joint))[cast.mediator.id].joined_seq == 0


async def test_an_objection_blocks_until_it_is_answered(story: Story, cast: Cast) -> None:
    await story.confirmed()
    await story.pass_gates()
    async with story.step() as (session, case):
        await service.object_to_mediator(session, cast.respondent.actor, case, "interest", "他在燃气公司入股")
    with pytest.raises(lifecycle.GuardFailed) as refused:
        await story.start()
    assert refused.value.guard.name == "no_open_objection"
    with pytest.raises(Forbidden):
        async with story.step() as (session, case):
            await service.answer_objection(session, cast.mediator.actor, case, upheld=False, answer="没有")
    async with story.step() as (session, case):
        await service.answer_objection(session, cast.body_clerk.actor, case, upheld=False, answer="查过，没有入股")
    await story.start()
    async with story.step() as (session, case):
        await service.object_to_mediator(session, cast.applicant.actor, case, "other_relation")
    async with story.step() as (session, case):
        await service.answer_objection(session, cast.body_clerk.actor, case, upheld=True, answer="换一位")
    assert await story.state() == "accepted"


async def test_a_consent_taken_back_moves_the_party_offline_in_the_same_file(story: Story, cast: Cast) -> None:
    await story.mediating()
    async with story.step() as (session, case):
        party = await story.party(session, case, "respondent")
        await service.revoke_gate(session, cast.respondent.actor, party, ConsentKind.ONLINE_MEDIATION)
    found = await rooms_of(story)
    assert not (await members(story, found["joint"]))[cast.respondent.id].may_write
    assert (await members(story, found["joint"]))[cast.applicant.id].may_write
    async with story.step() as (session, case):
        state = (await service.gather(session, case)).party(await story.party(session, case, "respondent"))
        assert state is not None
        assert state.offline
    assert await story.state() == "mediating"


async def test_an_offline_party_needs_no_consent_to_talk_online(story: Story, cast: Cast) -> None:
    await story.confirmed()
    await story.pass_gates("applicant")
    async with story.step() as (session, case):
        party = await story.party(session, case, "respondent")
        clerk = cast.body_clerk.actor
        await service.answer_will(session, clerk, case, party, Will.AGREED, channel=Channel.PHONE)
        for kind in (ConsentKind.RIGHTS_NOTICE, ConsentKind.DISCLOSURE):
            await service.pass_gate(session, clerk, party, kind, Channel.COUNTER)
        await service.ask_offline(session, clerk, party, Channel.PHONE)
    await story.start()
    assert await story.state() == "mediating"


async def test_nobody_consents_for_the_other_side(story: Story, cast: Cast) -> None:
    await story.confirmed()
    async with story.step() as (session, case):
        party = await story.party(session, case, "respondent")
        with pytest.raises(NotFound):
            await service.pass_gate(session, cast.applicant.actor, party, ConsentKind.RIGHTS_NOTICE)
        with pytest.raises(NotFound):
            await service.answer_will(session, cast.applicant.actor, case, party, Will.AGREED)


async def test_the_disclosure_cannot_be_confirmed_before_it_is_made(story: Story, cast: Cast) -> None:
    await story.assigned()
    async with story.step() as (session, case):
        party = await story.party(session, case, "applicant")
        with pytest.raises(Conflict):
            await service.pass_gate(session, cast.applicant.actor, party, ConsentKind.DISCLOSURE)


async def test_invitations_go_out_with_neutral_words(story: Story) -> None:
    await story.accepted()
    token, code = await story.invite()
    async with story.db.read() as session:
        row = (
            await session.scalars(select(Outbox).where(Outbox.tag == "invitation").order_by(Outbox.id.desc()))
        ).first()
        assert row is not None
        assert code[:4] in row.text
        assert row.address == "13904730002"
        invitation = (await session.scalars(select(Invitation).order_by(Invitation.id.desc()))).first()
        assert invitation is not None
        assert token not in invitation.token_hash
