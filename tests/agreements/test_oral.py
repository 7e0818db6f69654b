"""Oral agreements: registered by the mediator, in effect with the last party's confirmation (Art. 30)."""

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from odr.agreements import service
from odr.agreements.models import Agreement
from odr.agreements.schemas import AtOnce, ConfirmOralIn, RegisterIn, VouchIn
from odr.cases.models import Case
from odr.core import clock
from odr.core.errors import Conflict, Forbidden, Invalid
from tests.agreements.story import Story
from tests.cast import Member


async def _confirm(story: Story, who: Member, agreement: Agreement) -> service.Standing:
    code = await story.code(who, agreement.pid)
    wanted = ConfirmOralIn(sha256=agreement.sha256 or "", code=code)
    return await service.confirm_oral(story.db, who.actor, agreement.pid, wanted)


async def test_an_oral_agreement_takes_effect_when_the_last_party_has_confirmed_it(story: Story) -> None:
    agreement = await story.frozen("oral")
    assert await story.state() == "mediating"
    assert (await _confirm(story, story.cast.applicant, agreement)).effective_at is None
    wanted = VouchIn(
        party=story.respondent, channel="onsite", sha256=agreement.sha256 or "", note="当面读给他听，他点头同意。"
    )
    async with story.db.write() as session:
        stands = await service.vouch_oral(session, story.cast.mediator.actor, agreement.pid, wanted)
    assert stands.effective_at is not None
    assert await story.state() == "performing"
    async with story.db.read() as session:
        case = await session.get_one(Case, story.case_id)
        assert (case.form, case.result) == ("oral", "agreed_oral")
        assert len(await service.items_of(session, case)) == 1


async def test_the_register_form_is_filled_in_before_it_is_registered(story: Story) -> None:
    pid = await story.draft("oral")
    await story.clause(pid)
    with pytest.raises(Invalid) as refused:
        await service.finalise(story.db, story.cast.mediator.actor, pid)
    assert "登记表" in refused.value.fields["register"]
    async with story.db.write() as session:
        with pytest.raises(Forbidden):
            wanted = RegisterIn(held_on=clock.today(), place="海达社区", performed=AtOnce.DONE)
            await service.register(session, story.cast.applicant.actor, pid, wanted)
    await story.register(pid)
    await service.finalise(story.db, story.cast.mediator.actor, pid)
    async with story.db.write() as session:
        with pytest.raises(Conflict):
            await service.register(session, story.cast.mediator.actor, pid, wanted)


@pytest.mark.parametrize(("amounts", "why"), [(["100", "200"], "分几次"), (["50000"], "5 万元")])
async def test_what_has_to_be_written_is_refused_with_the_reason_and_can_be_made_a_written_one(
    story: Story, amounts: list[str], why: str
) -> None:
    pid = await story.draft("oral")
    clauses = [await story.clause(pid, story.pay(amount=amount)) for amount in amounts]
    await story.register(pid)
    with pytest.raises(Invalid) as refused:
        await service.finalise(story.db, story.cast.mediator.actor, pid)
    assert why in refused.value.fields["form"]
    assert "改为书面协议" in refused.value.fields["form"]
    async with story.db.write() as session:
        assert (await service.write_down(session, story.cast.mediator.actor, pid)).form == "written"
    for clause in clauses:
        for who in (story.cast.applicant, story.cast.respondent):
            await story.answer(who, pid, clause)
    agreement = await service.finalise(story.db, story.cast.mediator.actor, pid)
    assert (agreement.form, await story.state()) == ("written", "signing")


async def test_a_labour_matter_is_not_begun_as_an_oral_one(story: Story) -> None:
    async with story.db.write() as session:
        (await session.get_one(Case, story.case_id)).category = "10a"
    with pytest.raises(Invalid) as refused:
        await story.draft("oral")
    assert "劳动争议调解仲裁法第十四条" in refused.value.fields["form"]


async def test_a_confirmation_on_the_telephone_says_so_and_is_none_for_family_matters(story: Story) -> None:
    agreement = await story.frozen("oral")
    wanted = VouchIn(
        party=story.respondent, channel="phone", sha256=agreement.sha256 or "", note="打 139 那个号码，读了一遍，他同意"
    )
    async with story.db.write() as session:
        stands = await service.vouch_oral(session, story.cast.mediator.actor, agreement.pid, wanted)
    slot = stands.slot(story.respondent)
    assert slot is not None
    assert slot.row is not None
    assert (slot.row.method, slot.row.channel, slot.row.vouched_by) == ("vouched", "phone", story.cast.mediator.id)
    with pytest.raises(ValidationError):
        VouchIn(party=story.respondent, channel="web", sha256=agreement.sha256 or "", note="他同意")


async def test_nobody_confirms_twice_or_for_the_other(story: Story) -> None:
    agreement = await story.frozen("oral")
    await _confirm(story, story.cast.applicant, agreement)
    with pytest.raises(Conflict, match="确认过"):
        await _confirm(story, story.cast.applicant, agreement)
    with pytest.raises(Forbidden, match="特别授权"):
        await _confirm(story, story.cast.respondent_agent, agreement)
    wanted = VouchIn(party=story.respondent, channel="onsite", sha256=agreement.sha256 or "", note="他同意")
    async with story.db.write() as session:
        with pytest.raises(Forbidden):
            await service.vouch_oral(session, story.cast.applicant.actor, agreement.pid, wanted)
        with pytest.raises(Invalid):
            await service.vouch_oral(
                session, story.cast.mediator.actor, agreement.pid, wanted.model_copy(update={"party": "nobody"})
            )


async def test_a_changed_oral_agreement_is_confirmed_anew(story: Story) -> None:
    old = await story.frozen("oral")
    await _confirm(story, story.cast.applicant, old)
    async with story.db.write() as session:
        new = await service.unfreeze(session, story.cast.mediator.actor, old.pid, "金额记错了")
    final = await service.finalise(story.db, story.cast.mediator.actor, new.pid)
    with pytest.raises(Conflict):
        await _confirm(story, story.cast.respondent, old)
    async with story.db.read() as session:
        row = (await session.scalars(select(Agreement).where(Agreement.pid == final.pid))).one()
        assert len((await service.standing(session, row)).missing) == 2


async def test_family_matters_are_confirmed_in_person(story: Story) -> None:
    async with story.db.write() as session:
        (await session.get_one(Case, story.case_id)).category = "01"
    agreement = await story.frozen("oral")
    with pytest.raises(Conflict, match="当面"):
        await _confirm(story, story.cast.applicant, agreement)
    by_phone = VouchIn(party=story.applicant, channel="phone", sha256=agreement.sha256 or "", note="电话里同意")
    async with story.db.write() as session:
        with pytest.raises(Invalid) as refused:
            await service.vouch_oral(session, story.cast.mediator.actor, agreement.pid, by_phone)
    assert "当面" in refused.value.fields["channel"]
