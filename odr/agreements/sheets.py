"""Signing on paper: a printed sheet, signed and thumb-printed before somebody of the body, bound to the same bytes."""

from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.agreements import access, content, effect, hands, signing, standing
from odr.agreements.models import Signature
from odr.agreements.schemas import PaperIn
from odr.agreements.standing import MEDIATOR, SEAL, Standing
from odr.cases.codes import CaseRole, Channel
from odr.core import clock
from odr.core.errors import Conflict, Forbidden, Invalid
from odr.core.i18n import _
from odr.evidence import service as evidence

_KINDS = {MEDIATOR: "mediator", SEAL: "body_seal"}


async def take_paper(
    session: AsyncSession, actor: Actor, pid: str, wanted: PaperIn, prepared: evidence.Prepared
) -> Standing:
    """A sheet signed by hand was taken in, its scan kept, its signers vouched for. Screen and paper mix on one version.

    The check code that is printed on the sheet (and in its QR) is that of one version, so the hand that copies it
    binds the paper to the frozen bytes. Raises Invalid when it is that of another version or the day cannot be,
    Conflict when one of them has signed already or the seal would not be the last, Forbidden for the mediator's
    signature or a seal taken in by somebody who is not a clerk of the body.
    """
    wanted.check()
    place = await access.for_change(session, actor, pid)
    access.need_handler(place.view)
    hands.need_open(place, "written")
    agreement = place.agreement
    if wanted.check_code != agreement.check_code:
        raise Invalid({"check_code": _("核对码和现在这一版不一样。这张纸可能是旧版本，请看纸上的版本号。")})
    frozen = clock.local(agreement.frozen_at).date() if agreement.frozen_at is not None else clock.today()
    if wanted.signed_on is not None and wanted.signed_on < frozen:
        raise Invalid({"signed_on": _("这一天协议还没有定稿。请看纸上写的日期。")})
    now = await standing.of(session, agreement)
    clerk = CaseRole.BODY_CLERK in place.view.roles
    slots = []
    for key in dict.fromkeys(wanted.signers):
        slot = now.slot(key)
        if slot is None:
            raise Invalid({"signers": _("请从本案需要签名的人里选择。")})
        if slot.row is not None:
            raise Conflict(_("其中有人已经签过了。请刷新页面，只选还没有签的人。"), code="signed")
        if key in _KINDS and not clerk:
            raise Forbidden(_("调解员的纸面签名和公章，由调委会工作人员来登记。"))
        slots.append(slot)
    if SEAL in wanted.signers:
        signing.need_seal_last(now, keys=wanted.signers)
    slots.sort(key=now.slots.index)
    mediator = await content.lead_mediator(session, place.case)
    file = await evidence.keep(session, actor, prepared, "agreement", agreement.id)
    people = {"mediator": mediator.id if mediator is not None else None, "body_seal": actor.person_id}
    rows = [
        Signature(
            agreement_id=agreement.id,
            kind=slot.kind,
            party_id=slot.party.id if slot.party is not None else None,
            person_id=slot.party.person_id if slot.party is not None else people[slot.kind],
            method="paper",
            sha256=agreement.sha256,
            scan_file_id=file.id,
            vouched_by=actor.person_id,
            note=wanted.note,
            login_id=actor.login_id,
            ip=actor.ip,
            device=actor.device,
            device_mark=actor.device_mark,
            channel=Channel.COUNTER.value,
            signed_on=wanted.signed_on,
        )
        for slot in slots
    ]
    return await effect.add(session, actor, place, rows, Channel.COUNTER)
