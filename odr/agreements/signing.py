"""Signing: on the screen, on paper, or by word. Each signature names the exact bytes it is for; effect is computed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts import service as accounts
from odr.accounts.access import Actor
from odr.accounts.models import Person
from odr.agreements import access, content, drafting, performing, standing, strokes
from odr.agreements.access import Place
from odr.agreements.models import Agreement, Signature
from odr.agreements.schemas import ConfirmOralIn, PaperIn, SignIn, VouchIn
from odr.agreements.standing import MEDIATOR, SEAL, Standing
from odr.audit import service as audit
from odr.audit.who import Who
from odr.cases import service as cases
from odr.cases.access import View
from odr.cases.codes import CaseRole, Channel, ConsentKind, PartyKind, State
from odr.cases.models import Case, Party
from odr.core import db
from odr.core.db import Database
from odr.core.errors import Conflict, Forbidden, Invalid
from odr.core.i18n import _
from odr.core.limits import Limiter
from odr.evidence import service as evidence

ADULT = 18
_KINDS = {MEDIATOR: "mediator", SEAL: "body_seal"}


def purpose(pid: str) -> str:
    """What a code is for: this version and no other."""
    return f"sign:{pid}"


# --- on the screen --------------------------------------------------------------------------------------------------


def why_not_on_screen(place: Place) -> str | None:
    """Why nobody signs this version on a screen, or None (电子签名法 Art. 3)."""
    if place.agreement.paper_only:
        return _("%(why)s 请打印出来签名，交到窗口或调解员手里。", why=_(place.agreement.paper_only))
    return None


@dataclass(frozen=True)
class _Hand:
    """Who is about to sign, and for whom."""

    kind: str
    party: Party | None
    place: Place


async def _hand(session: AsyncSession, actor: Actor, place: Place) -> _Hand:
    """Whether this person may sign this version now, on the screen. Raises the reason why not."""
    view = place.view
    _need_open(place, "written")
    if (why := why_not_on_screen(place)) is not None:
        raise Conflict(why, code="paper_only")
    if CaseRole.MEDIATOR in view.roles:
        hand = _Hand("mediator", None, place)
    elif view.is_party:
        party = access.need_settler(view)
        await need_adult(session, view, party)
        hand = _Hand("party", party, place)
    else:
        raise Forbidden(_("这里由当事人和调解员签名。调委会请在“盖章”里操作。"))
    now = await standing.of(session, place.agreement)
    key = hand.party.pid if hand.party is not None else MEDIATOR
    if (slot := now.slot(key)) is None or slot.row is not None:
        raise Conflict(_("这一方已经签过了，不用再签。"), code="signed")
    _need_own_login(now, actor, hand.party)
    return hand


def _need_open(place: Place, form: str) -> None:
    """Raises Conflict unless this version is frozen and its case waits for signatures of this form."""
    agreement, case = place.agreement, place.case
    waiting = State.SIGNING if form == "written" else State.MEDIATING
    if agreement.form != form or agreement.state != "frozen" or case.state != waiting:
        raise Conflict(_("现在没有等您签名的协议。请刷新页面，看看到了哪一步。"), code="not_signing")


async def need_adult(session: AsyncSession, view: View, party: Party) -> None:
    """A minor signs through a guardian (民法典 Art. 19, 20)."""
    own = view.party is not None and view.party.id == party.id
    person = await session.get(Person, party.person_id) if party.person_id is not None else None
    id_no = party.id_no or (person.id_no if person is not None else None)
    born = content.born(id_no) if party.kind == PartyKind.NATURAL else None
    if own and born is not None and content.age(born) < ADULT:
        raise Forbidden(_("您还没有满 18 周岁，要由监护人来签。请让父母或其他监护人联系调解员。"), code="minor")


def _need_own_login(now: Standing, actor: Actor, party: Party | None) -> None:
    """Two parties on one login, or by one person, would be one hand signing for both sides: refused."""
    for slot in now.slots:
        row = slot.row
        if row is None or row.method != "screen" or slot.party is party:
            continue
        if row.login_id == actor.login_id or row.person_id == actor.person_id:
            raise Conflict(_("这次登录已经替另一方签过名了。请另一方用自己的手机登录来签。"), code="one_login")


async def send_code(session: AsyncSession, limiter: Limiter, actor: Actor, pid: str) -> None:
    """Send the fresh code for signing to the signer's own phone. Staff sign with the code of their app instead."""
    place = await access.for_reading(session, actor, pid)
    if place.agreement.form == "oral":
        await _speaker(session, actor, place)
    else:
        await _hand(session, actor, place)
    person = await session.get_one(Person, actor.person_id)
    if actor.is_staff:
        return
    if person.phone is None:
        raise Conflict(_("您的账号没有手机号，收不到验证码。请到窗口签纸质协议。"), code="no_phone")
    await accounts.send_code(session, limiter, person.phone, purpose(pid), actor.ip)


async def _use_code(database: Database, actor: Actor, pid: str, code: str) -> int | None:
    """Spend the code. A wrong try counts even though nothing else is stored."""
    if actor.is_staff:
        await accounts.check_totp(database, actor.person_id, code)
        return None
    async with database.read() as session:
        phone = (await session.get_one(Person, actor.person_id)).phone
    return (await accounts.check_code(database, phone or "", purpose(pid), code)).id


async def sign(database: Database, actor: Actor, pid: str, wanted: SignIn) -> Standing:
    """A party, its agent with special authority, or the mediator signs this exact text.

    Raises NotFound, Forbidden (general agent, minor), Conflict (other text, signed already, paper only, one login for
    two parties), Invalid (strokes, code).
    """
    wanted.check()
    async with database.read() as session:
        place = await access.for_reading(session, actor, pid)
        _need_same_text(place.agreement, wanted.sha256)
        hand = await _hand(session, actor, place)
        drawn, typed = _written(wanted, actor)
        if hand.party is not None and not wanted.e_sign:
            raise Invalid({"e_sign": _("请先同意使用电子签名。不愿意的，可以到窗口签纸质协议。")})
    code_id = await _use_code(database, actor, pid, wanted.code)
    async with database.write() as session:
        place = await access.for_change(session, actor, pid)
        _need_same_text(place.agreement, wanted.sha256)
        hand = await _hand(session, actor, place)
        if hand.party is not None and place.view.party is not None:
            await cases.pass_gate(session, actor, place.view.party, ConsentKind.E_SIGN, Channel.WEB)
        row = Signature(
            agreement_id=place.agreement.id, kind=hand.kind, party_id=hand.party.id if hand.party else None,
            person_id=actor.person_id, method="screen", sha256=wanted.sha256, strokes=drawn, typed_name=typed,
            code_id=code_id, login_id=actor.login_id, ip=actor.ip, device=actor.device,
        )  # fmt: skip
        return await _add(session, actor, place, [row], Channel.WEB)


def _written(wanted: SignIn, actor: Actor) -> tuple[dict[str, Any] | None, str]:
    """The drawn name, or the typed one, which must be the signer's own."""
    if wanted.strokes.strip():
        return strokes.read(wanted.strokes), ""
    if not wanted.typed_name:
        raise Invalid({"strokes": _("请用手指在框里写下您的名字。")})
    if "".join(wanted.typed_name.split()) != "".join(actor.name.split()):
        raise Invalid({"typed_name": _("请输入您登记的全名：%(name)s。", name=actor.name)})
    return None, wanted.typed_name


def _need_same_text(agreement: Agreement, sha256: str) -> None:
    if agreement.sha256 != sha256:
        raise Conflict(_("协议已经有了新的版本。请刷新页面，把新的一版读完再签。"), code="other_text")


async def seal(session: AsyncSession, actor: Actor, pid: str, sha256: str) -> Standing:
    """The body's clerk puts the seal on, last: on what everybody has signed. Raises Conflict while one is missing."""
    place = await access.for_change(session, actor, pid)
    if CaseRole.BODY_CLERK not in place.view.roles:
        raise Forbidden(_("盖章由本案调委会的工作人员来做。"))
    _need_open(place, "written")
    if (why := why_not_on_screen(place)) is not None:
        raise Conflict(why, code="paper_only")
    _need_same_text(place.agreement, sha256)
    now = await standing.of(session, place.agreement)
    missing = [slot for slot in now.missing if slot.kind != "body_seal"]
    if missing:
        raise Conflict(_("还有人没有签名。等各方和调解员都签完，再盖章。"), code="unsigned")
    if not now.missing:
        raise Conflict(_("已经盖过章了。"), code="signed")
    row = Signature(
        agreement_id=place.agreement.id, kind="body_seal", person_id=actor.person_id, method="seal", sha256=sha256,
        login_id=actor.login_id, ip=actor.ip, device=actor.device,
    )  # fmt: skip
    return await _add(session, actor, place, [row], Channel.WEB)


# --- on paper -------------------------------------------------------------------------------------------------------


def check_code_of(agreement: Agreement) -> str:
    """The short code printed on the sheet: whoever takes the paper in copies it, which binds the paper to this text."""
    return (agreement.sha256 or "")[:8]


async def take_paper(
    session: AsyncSession, actor: Actor, pid: str, wanted: PaperIn, prepared: evidence.Prepared
) -> Standing:
    """A sheet signed by hand was taken in, its scan kept, its signers vouched for. Screen and paper mix on one version.

    Raises Invalid when the check code is that of another version, Conflict when one of them has signed already,
    Forbidden for a seal taken in by somebody who is not a clerk of the body.
    """
    wanted.check()
    place = await access.for_change(session, actor, pid)
    access.need_handler(place.view)
    _need_open(place, "written")
    if wanted.check_code != check_code_of(place.agreement):
        raise Invalid({"check_code": _("核对码和现在这一版不一样。这张纸可能是旧版本，请看纸上的版本号。")})
    now = await standing.of(session, place.agreement)
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
    mediator = await content.lead_mediator(session, place.case)
    file = await evidence.keep(session, actor, prepared, "agreement", place.agreement.id)
    people = {"mediator": mediator.id if mediator is not None else None, "body_seal": actor.person_id}
    rows = [
        Signature(
            agreement_id=place.agreement.id,
            kind=slot.kind,
            party_id=slot.party.id if slot.party is not None else None,
            person_id=slot.party.person_id if slot.party is not None else people[slot.kind],
            method="paper",
            sha256=place.agreement.sha256,
            scan_file_id=file.id,
            vouched_by=actor.person_id,
            note=wanted.note,
            login_id=actor.login_id,
            ip=actor.ip,
            device=actor.device,
        )
        for slot in slots
    ]
    return await _add(session, actor, place, rows, Channel.COUNTER)


# --- by word --------------------------------------------------------------------------------------------------------


async def _speaker(session: AsyncSession, actor: Actor, place: Place) -> Party:
    """Who confirms an oral agreement on the phone. Raises the reason why not."""
    _need_open(place, "oral")
    party = access.need_settler(place.view)
    await need_adult(session, place.view, party)
    if why_not_on_screen(place) is not None:
        raise Conflict(_("这类约定不能在手机上确认。请当面向调解员确认。"), code="paper_only")
    now = await standing.of(session, place.agreement)
    if (slot := now.slot(party.pid)) is None or slot.row is not None:
        raise Conflict(_("这一方已经确认过了。"), code="signed")
    _need_own_login(now, actor, party)
    return party


async def confirm_oral(database: Database, actor: Actor, pid: str, wanted: ConfirmOralIn) -> Standing:
    """A party confirms, with a fresh code, what the mediator wrote down of the oral agreement (Art. 30)."""
    async with database.read() as session:
        place = await access.for_reading(session, actor, pid)
        _need_same_text(place.agreement, wanted.sha256)
        await _speaker(session, actor, place)
    code_id = await _use_code(database, actor, pid, wanted.code)
    async with database.write() as session:
        place = await access.for_change(session, actor, pid)
        _need_same_text(place.agreement, wanted.sha256)
        party = await _speaker(session, actor, place)
        row = Signature(
            agreement_id=place.agreement.id, kind="oral_confirmation", party_id=party.id, person_id=actor.person_id,
            method="screen", sha256=wanted.sha256, code_id=code_id, login_id=actor.login_id, ip=actor.ip,
            device=actor.device,
        )  # fmt: skip
        return await _add(session, actor, place, [row], Channel.WEB)


async def vouch_oral(session: AsyncSession, actor: Actor, pid: str, wanted: VouchIn) -> Standing:
    """A party confirmed before the mediator or a clerk, who vouches for it."""
    place = await access.for_change(session, actor, pid)
    access.need_handler(place.view)
    _need_open(place, "oral")
    _need_same_text(place.agreement, wanted.sha256)
    now = await standing.of(session, place.agreement)
    slot = now.slot(wanted.party)
    if slot is None or slot.party is None:
        raise Invalid({"party": _("请从本案的当事人里选一位。")})
    if slot.row is not None:
        raise Conflict(_("这一方已经确认过了。"), code="signed")
    row = Signature(
        agreement_id=place.agreement.id, kind="oral_confirmation", party_id=slot.party.id,
        person_id=slot.party.person_id, method="vouched", sha256=wanted.sha256, vouched_by=actor.person_id,
        note=wanted.note, login_id=actor.login_id, ip=actor.ip, device=actor.device,
    )  # fmt: skip
    return await _add(session, actor, place, [row], Channel.ONSITE)


# --- effect ---------------------------------------------------------------------------------------------------------

_LINES: Mapping[str, str] = {
    "party": "{who}签了名。",
    "mediator": "调解员签了名。",
    "body_seal": "调委会盖了章。",
    "oral_confirmation": "{who}确认了口头协议。",
}


async def _add(session: AsyncSession, actor: Actor, place: Place, rows: list[Signature], channel: str) -> Standing:
    """Store signatures, say so, and let the agreement take effect when these were the last."""
    agreement, case = place.agreement, place.case
    session.add_all(rows)
    await session.flush()
    parties = {party.id: party for party in await content.principals(session, case)}
    names = {party_id: drafting.who_is(party) for party_id, party in parties.items()}
    texts = [_LINES[row.kind].format(who=names.get(row.party_id or 0, "")) for row in rows]
    # Room lines first, the ledger after them: that is the order of locks.
    for row, text in zip(rows, texts, strict=True):
        await cases.announce(session, case, f"agreement:{row.kind}:done", text, drafting.link(case))
    for row, text in zip(rows, texts, strict=True):
        tag = f"agreement:{row.kind}:done"
        await cases.event(session, actor, case, tag, role=place.view.role, channel=channel, note=text)
        detail = {"case": case.pid, "kind": row.kind, "method": row.method, "sha256": row.sha256}
        await audit.record(session, actor, "agreement:signature:added", "agreement", agreement.pid, detail)
    now = await standing.of(session, agreement)
    if now.effective_at is not None:
        await _take_effect(session, actor, case, now)
    db.poke(session, "cases", case.pid)
    return now


async def _take_effect(session: AsyncSession, who: Who, case: Case, now: Standing) -> None:
    """The case moves, and each clause becomes a promise with its reminders."""
    await cases.settle_effective(session, who, case, now.agreement.form)
    await performing.begin(session, who, case, now.agreement)
