"""Oral agreements: registered by the mediator, in effect with the last party's confirmation (Art. 30)."""

import pytest
from sqlalchemy import select

from odr.agreements import service
from odr.agreements.models import Agreement
from odr.agreements.schemas import ConfirmOralIn, VouchIn
from odr.cases.models import Case
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
