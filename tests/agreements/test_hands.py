"""Whose hand signs: one person, one login, one device, the whole text read, a code that is not lost."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from odr.accounts.models import Login, OneTimeCode, Person
from odr.agreements import content, copies, effect, service
from odr.agreements.models import Agreement, ReadThrough, Signature
from odr.agreements.schemas import ReadIn, SignIn
from odr.cases.models import Party
from odr.core import clock, outbox
from odr.core.errors import Conflict, Expired, Forbidden, Invalid, NotFound
from tests.agreements.story import Story, strokes_of
from tests.cast import Member


def on_device(who: Member, mark: str) -> Member:
    return replace(who, actor=replace(who.actor, device_mark=mark))


async def _sign(story: Story, who: Member, agreement: Agreement, code: str, **changed: Any) -> service.Standing:
    given = {"sha256": agreement.sha256, "read": True, "e_sign": True, "strokes": strokes_of(who.id), "code": code}
    return await service.sign(story.db, who.actor, agreement.pid, SignIn.model_validate(given | changed))


async def test_two_sides_on_one_device_within_minutes_are_refused_and_shown_the_way_to_paper(story: Story) -> None:
    agreement = await story.frozen()
    one, other = on_device(story.cast.applicant, "d" * 64), on_device(story.cast.respondent, "d" * 64)
    await story.sign(one, agreement)
    with pytest.raises(Conflict, match="签名用纸") as refused:
        await story.sign(other, agreement)
    assert refused.value.code == "one_device"
    # The mediator's desk is a device like any other: who lends it to a party signs elsewhere, or later.
    with pytest.raises(Conflict, match="这台设备"):
        await story.sign(on_device(story.cast.mediator, "d" * 64), agreement)
    await story.sign(on_device(story.cast.mediator, "e" * 64), agreement)
    with clock.shifted(timedelta(minutes=31)):
        stands = await story.sign(other, agreement)
    assert [slot.row is not None for slot in stands.slots] == [True, True, True, False]


async def test_nobody_signs_or_confirms_what_was_not_read_to_its_end_on_this_login(story: Story) -> None:
    agreement = await story.frozen()
    applicant = story.cast.applicant
    with pytest.raises(Conflict, match="从头读到尾") as refused:
        await _sign(story, applicant, agreement, "000000")
    assert refused.value.code == "unread"
    sha256 = agreement.sha256 or ""
    for wanted, field in (
        (ReadIn(sha256=sha256), "read"),
        (ReadIn(sha256=sha256, read=True, way="scrolled"), "read"),
    ):
        async with story.db.write() as session:
            with pytest.raises(Invalid) as wrong:
                await service.note_read(session, applicant.actor, agreement.pid, wanted)
        assert field in wrong.value.fields
    async with story.db.write() as session:
        with pytest.raises(Conflict, match="新的版本"):
            await service.note_read(session, applicant.actor, agreement.pid, ReadIn(sha256="0" * 64, read=True))
        with pytest.raises(NotFound):
            await service.note_read(session, story.cast.stranger.actor, agreement.pid, ReadIn(sha256=sha256, read=True))
    code = await story.code(applicant, agreement.pid)
    await story.read(applicant, agreement.pid)
    async with story.db.read() as session:
        rows = [(row.person_id, row.way, row.sha256) for row in await session.scalars(select(ReadThrough))]
    assert rows == [(applicant.id, "told", sha256)], "a second reading changes nothing"
    # Somebody else's login of the same person has not read it.
    async with story.db.write() as session:
        login = Login(token_hash="x" * 64, person_id=applicant.id, expires_at=clock.now() + timedelta(days=1))
        session.add(login)
        await session.flush()
    elsewhere = replace(applicant, actor=replace(applicant.actor, login_id=login.id))
    with pytest.raises(Conflict, match="从头读到尾"):
        await _sign(story, elsewhere, agreement, code)
    await _sign(story, applicant, agreement, code)


async def test_a_name_that_was_never_checked_does_not_sign(story: Story) -> None:
    agreement = await story.frozen()
    who = replace(story.cast.applicant, actor=replace(story.cast.applicant.actor, identity_level="phone"))
    with pytest.raises(Forbidden, match="核对身份") as refused:
        await _sign(story, who, agreement, "000000")
    assert refused.value.code == "identity_needed"


async def test_strokes_copied_from_another_signature_are_refused(story: Story) -> None:
    agreement = await story.frozen()
    await story.sign(story.cast.applicant, agreement)
    code = await story.code(story.cast.respondent, agreement.pid)
    copied = strokes_of(story.cast.applicant.id)
    with pytest.raises(Invalid) as refused:
        await _sign(story, story.cast.respondent, agreement, code, strokes=copied)
    assert "一模一样" in refused.value.fields["strokes"]
    await _sign(story, story.cast.respondent, agreement, code)


@pytest.mark.parametrize("typed", ["买买提·艾力", "买买提•艾力", "买买提・艾力", " 买买提 · 艾力 "])
async def test_a_typed_name_may_have_any_of_the_dots(story: Story, typed: str) -> None:
    agreement = await story.frozen()
    async with story.db.write() as session:
        await session.execute(update(Person).where(Person.id == story.cast.applicant.id).values(name="买买提·艾力"))
    who = replace(story.cast.applicant, actor=replace(story.cast.applicant.actor, name="买买提·艾力"))
    stands = await story.sign(who, agreement, strokes="", typed_name=typed)
    assert stands.slot(story.applicant) is not None


async def test_a_process_that_dies_between_code_and_signature_loses_neither(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    agreement = await story.frozen()
    code = await story.code(story.cast.applicant, agreement.pid)

    class Died(BaseException):
        """As kill -9: nobody catches it."""

    async def die(*args: Any) -> Any:
        raise Died

    with monkeypatch.context() as broken:
        broken.setattr(effect, "add", die)
        with pytest.raises(Died):
            await _sign(story, story.cast.applicant, agreement, code)
    async with story.db.read() as session:
        assert await session.scalar(select(Signature.id)) is None
        assert await session.scalar(select(OneTimeCode.used_at).order_by(OneTimeCode.id.desc())) is None
    await _sign(story, story.cast.applicant, agreement, code)
    async with story.db.write() as session:
        await session.execute(update(Party).where(Party.pid == story.applicant).values(name="另一个名字"))
    with pytest.raises(Conflict, match="已经签过"):
        await _sign(story, story.cast.applicant, agreement, code)


async def test_a_spent_code_signs_nothing_else(story: Story) -> None:
    old = await story.frozen()
    code = await story.code(story.cast.applicant, old.pid)
    await _sign(story, story.cast.applicant, old, code)
    async with story.db.write() as session:
        new = await service.unfreeze(session, story.cast.mediator.actor, old.pid, "金额写错了")
        clause = (await content.clauses_of(session, new))[0].pid
    for who in (story.cast.applicant, story.cast.respondent):
        await story.answer(who, new.pid, clause)
    final = await service.finalise(story.db, story.cast.mediator.actor, new.pid)
    await story.read(story.cast.applicant, final.pid)
    with pytest.raises(Expired):
        await _sign(story, story.cast.applicant, final, code)


async def test_a_change_tells_who_signed_that_the_signature_is_void(story: Story) -> None:
    agreement = await story.frozen()
    await story.sign(story.cast.applicant, agreement)
    async with story.db.write() as session:
        await service.unfreeze(session, story.cast.mediator.actor, agreement.pid, "付款日期写错了")
    assert any("申请人王某某在这一版上的签名或确认作废" in line for line in await story.lines(story.cast.respondent))
    async with story.db.read() as session:
        query = select(outbox.Outbox).where(outbox.Outbox.tag == "agreement:signature:voided")
        sent = list(await session.scalars(query))
    told = {row.person_id for row in sent}
    assert told == {story.cast.applicant.id, story.cast.applicant_agent.id}
    assert {row.channel for row in sent} == {"in_app", "sms"}
    assert not any("王" in row.text or "乌公用" in row.text for row in sent), "a telephone shows no name and no number"


async def test_the_sheet_and_the_copy_say_what_was_frozen_whatever_became_of_the_rows(story: Story) -> None:
    agreement = await story.frozen()
    async with story.db.write() as session:
        await session.execute(update(Party).where(Party.pid == story.applicant).values(name="后来改的名"))
    settings = story.cast.mediator.app.state.odr.settings
    async with story.db.read() as session:
        sheet, _name = await copies.sheet_html(session, settings, story.cast.mediator.actor, agreement.pid)
        row = await session.get_one(Agreement, agreement.id)
        assert row.content is not None
    assert "王某某" in sheet
    assert "后来改的名" not in sheet
    raw = story.db.folder
    if raw is not None:
        assert b"15030219560312002X" not in b"".join(p.read_bytes() for p in raw.glob("odr.sqlite3*"))
