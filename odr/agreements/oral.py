"""Oral agreements: what the register form asks, and each party's own confirmation (Art. 28, 30)."""

from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts import service as accounts
from odr.accounts.access import Actor
from odr.agreements import access, effect, hands, reading, signing, standing
from odr.agreements.models import Agreement, OralRegister, Signature
from odr.agreements.schemas import ConfirmOralIn, RegisterIn, VouchIn
from odr.agreements.standing import Standing
from odr.audit import service as audit
from odr.cases.codes import Channel
from odr.core import clock
from odr.core.db import Database
from odr.core.errors import Conflict, Invalid
from odr.core.i18n import _


async def register(session: AsyncSession, actor: Actor, pid: str, wanted: RegisterIn) -> OralRegister:
    """Fill in the register form of an oral draft: where and when it was agreed, and what was done on the spot.

    Raises NotFound, Forbidden, Conflict for a written draft or one that is frozen.
    """
    place = await access.for_drafting(session, actor, pid)
    if place.agreement.form != "oral":
        raise Conflict(_("这是书面协议，不用填口头协议登记表。"), code="written")
    row = await session.get(OralRegister, place.agreement.id)
    if row is None:
        row = OralRegister(agreement_id=place.agreement.id)
        session.add(row)
    row.held_on, row.place, row.cross_committee = wanted.held_on, wanted.place, wanted.cross_committee
    row.performed, row.written_by, row.written_at = wanted.performed.value, actor.person_id, clock.now()
    await session.flush()
    detail = {"case": place.case.pid, "version": place.agreement.version}
    await audit.record(session, actor, "agreement:register:written", "agreement", place.agreement.pid, detail)
    return row


async def register_of(session: AsyncSession, agreement: Agreement) -> OralRegister | None:
    """What was filled in so far."""
    return await session.get(OralRegister, agreement.id)


async def confirm_oral(database: Database, actor: Actor, pid: str, wanted: ConfirmOralIn) -> Standing:
    """A party confirms, with a fresh code, what the mediator wrote down of the oral agreement (Art. 30)."""
    async with database.read() as session:
        place = await access.for_reading(session, actor, pid)
        hands.need_same_text(place.agreement, wanted.sha256)
        await hands.confirming(session, actor, place)
        await reading.need(session, actor, place.agreement)
    code_id = await signing.check_code(database, actor, pid, wanted.code)
    async with database.write() as session:
        place = await access.for_change(session, actor, pid)
        hands.need_same_text(place.agreement, wanted.sha256)
        party = await hands.confirming(session, actor, place)
        if code_id is not None:
            await accounts.spend_code(session, code_id)
        row = Signature(
            agreement_id=place.agreement.id, kind="oral_confirmation", party_id=party.id, person_id=actor.person_id,
            method="screen", sha256=wanted.sha256, code_id=code_id, login_id=actor.login_id, ip=actor.ip,
            device=actor.device, device_mark=actor.device_mark, channel=Channel.WEB.value,
        )  # fmt: skip
        return await effect.add(session, actor, place, [row], Channel.WEB)


async def vouch_oral(session: AsyncSession, actor: Actor, pid: str, wanted: VouchIn) -> Standing:
    """A party confirmed before the mediator or a clerk, in person or on the telephone; that one vouches for it."""
    place = await access.for_change(session, actor, pid)
    access.need_handler(place.view)
    hands.need_open(place, "oral")
    hands.need_same_text(place.agreement, wanted.sha256)
    if wanted.channel is Channel.PHONE and hands.why_not_on_screen(place) is not None:
        raise Invalid({"channel": _("这类约定要当面确认，不能只打电话。")})
    now = await standing.of(session, place.agreement)
    slot = now.slot(wanted.party)
    if slot is None or slot.party is None:
        raise Invalid({"party": _("请从本案的当事人里选一位。")})
    if slot.row is not None:
        raise Conflict(_("这一方已经确认过了。"), code="signed")
    row = Signature(
        agreement_id=place.agreement.id, kind="oral_confirmation", party_id=slot.party.id,
        person_id=slot.party.person_id, method="vouched", sha256=wanted.sha256, vouched_by=actor.person_id,
        note=wanted.note, login_id=actor.login_id, ip=actor.ip, device=actor.device, device_mark=actor.device_mark,
        channel=wanted.channel.value,
    )  # fmt: skip
    return await effect.add(session, actor, place, [row], wanted.channel)
