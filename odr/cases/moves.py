"""The moves of a case. Every one goes through `_move`, so that state, timeline, ledger, room, deadlines and notices
cannot part: they are written in one transaction or not at all."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.accounts.models import Grant, Role
from odr.audit.who import Who
from odr.bodies.models import Body
from odr.cases import access, deadlines, lifecycle, numbers, seating, telling
from odr.cases.codes import (
    AgreementForm,
    CaseRole,
    Channel,
    ConsentKind,
    CourtOutcome,
    RefusalGround,
    Result,
    Side,
    State,
    SuspendReason,
    Will,
)
from odr.cases.events import SENTENCES, event
from odr.cases.facts import Gathered, assignment_of, gather, party_states
from odr.cases.lifecycle import Move, Step
from odr.cases.models import Assignment, Case, CaseEvent, Gate, Party
from odr.cases.routes import deliver_where_possible
from odr.core import clock
from odr.core.errors import Conflict, Invalid
from odr.core.i18n import _
from odr.evidence import service as evidence
from odr.evidence.models import File


class _To(Enum):
    """Whom a move is told to."""

    PARTIES = "parties"
    APPLICANTS = "applicants"
    MEDIATOR = "mediator"
    CLERKS = "clerks"


_TOLD: Mapping[Move, tuple[tuple[_To, str], ...]] = {
    Move.SUBMIT: ((_To.CLERKS, telling.WORK),),
    Move.REQUEST_SUPPLEMENT: ((_To.APPLICANTS, telling.YOUR_TURN),),
    Move.RESUBMIT: ((_To.CLERKS, telling.WORK),),
    Move.LAPSE: ((_To.APPLICANTS, telling.ENDED),),
    Move.REFUSE: ((_To.PARTIES, telling.ENDED),),
    Move.TRANSFER: ((_To.PARTIES, telling.ENDED),),
    Move.CONSULT: ((_To.APPLICANTS, telling.PROGRESS),),
    Move.ACCEPT: ((_To.PARTIES, telling.PROGRESS),),
    Move.ASSIGN: ((_To.MEDIATOR, telling.WORK),),
    Move.DECLINE_ASSIGNMENT: ((_To.CLERKS, telling.WORK),),
    Move.CONFIRM_ASSIGNMENT: ((_To.PARTIES, telling.YOUR_TURN),),
    Move.START: ((_To.PARTIES, telling.YOUR_TURN),),
    Move.REPLACE_MEDIATOR: ((_To.PARTIES, telling.PROGRESS), (_To.CLERKS, telling.WORK)),
    Move.SUSPEND: ((_To.PARTIES, telling.PROGRESS),),
    Move.RESUME: ((_To.PARTIES, telling.PROGRESS),),
    Move.EXTEND: ((_To.PARTIES, telling.PROGRESS),),
    Move.WITHDRAW: ((_To.PARTIES, telling.ENDED), (_To.MEDIATOR, telling.WORK), (_To.CLERKS, telling.WORK)),
    Move.OPT_OUT: ((_To.PARTIES, telling.ENDED), (_To.MEDIATOR, telling.WORK), (_To.CLERKS, telling.WORK)),
    Move.END: ((_To.PARTIES, telling.ENDED),),
    Move.FREEZE: ((_To.PARTIES, telling.YOUR_TURN),),
    Move.UNFREEZE: ((_To.PARTIES, telling.PROGRESS),),
    Move.SETTLE_ORAL: ((_To.PARTIES, telling.PROGRESS),),
    Move.TAKE_EFFECT: ((_To.PARTIES, telling.PROGRESS),),
    Move.APPLY_CONFIRMATION: ((_To.PARTIES, telling.PROGRESS),),
    Move.RECORD_COURT_RESULT: ((_To.PARTIES, telling.PROGRESS),),
    Move.MEDIATE_ANEW: ((_To.PARTIES, telling.YOUR_TURN), (_To.MEDIATOR, telling.WORK)),
    Move.KEEP_AGREEMENT: ((_To.PARTIES, telling.PROGRESS),),
    Move.RECORD_BREACH: ((_To.PARTIES, telling.PROGRESS),),
    Move.MARK_PERFORMED: ((_To.PARTIES, telling.PROGRESS),),
    Move.CLOSE: ((_To.PARTIES, telling.PROGRESS),),
    Move.REOPEN: ((_To.PARTIES, telling.YOUR_TURN), (_To.CLERKS, telling.WORK)),
}
_CONFIRMED_CHANNEL = {"self": Channel.WEB, "code": Channel.COUNTER, "screen": Channel.COUNTER, "call": Channel.PHONE}


Then = Callable[[AsyncSession, Who, Case], Awaitable[None]]
_then: dict[Move, list[Then]] = {}


def after(move: Move) -> Callable[[Then], Then]:
    """Register what a higher feature does when this move was made, in the same transaction."""

    def register(then: Then) -> Then:
        _then.setdefault(move, []).append(then)
        return then

    return register


async def hold(session: AsyncSession, case: Case, version: int | None = None) -> None:
    """Lock the case for this transaction and read it anew. Raises Conflict when `version` is not the one in force."""
    await session.scalars(
        select(Case).where(Case.id == case.id).with_for_update().execution_options(populate_existing=True)
    )
    if version is not None and version != case.version:
        raise Conflict()


async def _hat(session: AsyncSession, who: Who, case: Case, move: Move) -> CaseRole:
    """In which role this hand makes the move. Raises NotFound or Forbidden; the service itself is SYSTEM."""
    if isinstance(who, Actor):
        return (await access.view(session, who, case)).role_for(move)
    lifecycle.row(State(case.state), move)
    return CaseRole.SYSTEM


@dataclass(frozen=True)
class _Said:
    """What a move leaves on the timeline: `note` for everybody, `reason` for staff alone."""

    note: str = ""
    reason: str = ""
    channel: str = Channel.WEB
    place: str = ""
    detail: Mapping[str, Any] | None = None


async def _move(
    session: AsyncSession,
    who: Who,
    case: Case,
    move: Move,
    *,
    by: CaseRole,
    said: _Said | None = None,
    result: Result | None = None,
    **known: Any,
) -> Step:
    """Make one move: ask the table, then write everything that follows from it. Raises what `lifecycle.step` raises."""
    await hold(session, case)
    said = said or _Said()
    found = await gather(session, case, **known)
    step = lifecycle.step(State(case.state), move, found.facts, result)
    case.state, case.version = step.to.value, case.version + 1
    if step.clears_result:
        case.result, case.result_note = None, ""
    if step.result is not None:
        case.result, case.result_note = step.result.value, said.note
    if move is Move.ACCEPT and found.body is not None:
        case.year, case.serial, case.case_no = await numbers.next_case_no(session, found.body)
        case.accepted_at = clock.now()
    if move is Move.CONFIRM_ASSIGNMENT and found.assignment is not None:
        found.assignment.confirmed_at = clock.now()
    await session.flush()
    for kind in step.stops:
        await deadlines.stop(session, case, kind)
    for start in step.starts:
        await deadlines.start(session, case, start)
    await seating.keep_in_step(session, case)
    tag = f"case:{move.value}:done"
    text = SENTENCES[tag] + (f"：{case.case_no}" if move is Move.ACCEPT else "") + "。"
    await seating.announce(session, case, tag, text, f"/cases/{case.pid}")
    detail = dict(said.detail or {}) | ({"reason": said.reason} if said.reason else {})
    await event(
        session, who, case, tag, role=by, channel=said.channel, place=said.place, note=said.note, detail=detail,
        states=(step.frm.value, step.to.value),
    )  # fmt: skip
    await _tell(session, who, case, move, found)
    for then in _then.get(move, ()):
        await then(session, who, case)
    return step


async def _tell(session: AsyncSession, who: Who, case: Case, move: Move, found: Gathered) -> None:
    tag = f"case:{move.value}"
    for to, text in _TOLD.get(move, ()):
        if to in (_To.PARTIES, _To.APPLICANTS):
            chosen = [p for p in found.parties if to is _To.PARTIES or p.row.side == Side.APPLICANT]
            await telling.tell_parties(session, case, chosen, tag, text, but=who.person_id)
        elif to is _To.MEDIATOR:
            await telling.tell_mediator(session, case, tag, text)
        else:
            await telling.tell_clerks(session, case, tag, text)


# --- intake ---------------------------------------------------------------------------------------------------------


async def enter(session: AsyncSession, who: Who, case: Case, by: CaseRole, channel: str) -> None:
    """SUBMIT: the first move of a case whose rows have just been written. For `applications.submit` alone."""
    await _move(session, who, case, Move.SUBMIT, by=by, said=_Said(channel=channel))


async def request_supplement(session: AsyncSession, actor: Actor, case: Case, items: Sequence[str]) -> None:
    """Ask once for what is missing, with a list and, by the clock, a date (在线诉讼规则 Art. 9)."""
    by = await _hat(session, actor, case, Move.REQUEST_SUPPLEMENT)
    said = _Said(note="；".join(items), detail={"items": list(items)})
    await _move(session, actor, case, Move.REQUEST_SUPPLEMENT, by=by, said=said, supplement_listed=bool(items))


async def resubmit(
    session: AsyncSession, actor: Actor, case: Case, added: str = "", files: Sequence[File] = ()
) -> None:
    """Hand in what was asked for. What was told before stays as it was; the rest follows it."""
    by = await _hat(session, actor, case, Move.RESUBMIT)
    await hold(session, case)
    if not added.strip() and not files:
        raise Invalid({"facts": _("请写下补充的内容，或附上材料。")})
    if added.strip():
        case.facts = f"{case.facts}\n\n补充：{added.strip()}"
    for file in files:
        await evidence.move_to(session, file, "case", case.id)
    await _move(session, actor, case, Move.RESUBMIT, by=by, said=_Said(detail={"files": len(files)}))


async def lapse(session: AsyncSession, who: Who, case: Case) -> None:
    """Nothing was handed in by the date: the application counts as withdrawn. A clerk decides it, not the clock."""
    by = await _hat(session, who, case, Move.LAPSE)
    await _move(session, who, case, Move.LAPSE, by=by)
    await _outcome_told(session, who, case)


async def refuse(
    session: AsyncSession,
    actor: Actor,
    case: Case,
    ground: RefusalGround,
    note: str = "",
    *,
    result: Result = Result.NOT_ACCEPTED,
) -> None:
    """Not accepted, with the ground and the other routes told to the applicant at once."""
    by = await _hat(session, actor, case, Move.REFUSE)
    await hold(session, case)
    await deliver_where_possible(session, actor, case)
    said = _Said(note=ground.zh + (f"。{note}" if note else ""), detail={"ground": ground.value})
    await _move(session, actor, case, Move.REFUSE, by=by, said=said, result=result, reason_given=True)
    await _outcome_told(session, actor, case)


async def transfer(session: AsyncSession, actor: Actor, case: Case, target: str, receipt: str, note: str = "") -> None:
    """Handed to a unit outside, with its receipt. The parties are told where."""
    by = await _hat(session, actor, case, Move.TRANSFER)
    said = _Said(note=target + (f"。{note}" if note else ""), detail={"target": target, "receipt": receipt})
    await _move(session, actor, case, Move.TRANSFER, by=by, said=said, transfer_target=bool(target and receipt))
    await _end_assignments(session, case, "转办")
    await seating.keep_in_step(session, case)
    await _outcome_told(session, actor, case)


async def route(session: AsyncSession, actor: Actor, case: Case, body_id: int, why: Sequence[str] = ()) -> None:
    """Choose the body that shall handle it. No state: the body's own clerk accepts."""
    seen = await access.view(session, actor, case)
    access.need(seen, access.Do.ROUTE)
    await hold(session, case)
    body = await session.get(Body, body_id)
    if body is None or not body.active or body.kind == "centre":
        raise Invalid({"body": _("请选择一个调委会。")})
    if case.body_id == body.id:
        return
    case.body_id, case.routed_why, case.version = body.id, list(why), case.version + 1
    await session.flush()
    await event(session, actor, case, "case:route:done", role=seen.role, note=body.name, detail={"body": body.pid})
    await telling.tell_clerks(session, case, "case:route")


async def accept(session: AsyncSession, actor: Actor, case: Case) -> None:
    """受理: the case gets its number in this transaction, without a gap (domain rule: allocated at acceptance)."""
    by = await _hat(session, actor, case, Move.ACCEPT)
    await _move(session, actor, case, Move.ACCEPT, by=by)


async def consult(session: AsyncSession, actor: Actor, case: Case) -> None:
    """Ask the other side first; acceptance follows when everybody agrees."""
    by = await _hat(session, actor, case, Move.CONSULT)
    await _move(session, actor, case, Move.CONSULT, by=by)


# --- the mediator ---------------------------------------------------------------------------------------------------


async def assign(session: AsyncSession, actor: Who, case: Case, person_id: int, why: Sequence[str] = ()) -> None:
    """Name a mediator of the body. Raises Invalid for somebody who is none, or who is on a side of this case."""
    by = await _hat(session, actor, case, Move.ASSIGN)
    await hold(session, case)
    grant = select(Grant.id).where(
        Grant.person_id == person_id,
        Grant.role == Role.MEDIATOR,
        Grant.body_id == case.body_id,
        Grant.ended_at.is_(None),
    )
    if await session.scalar(grant) is None:
        raise Invalid({"mediator": _("请从本调委会的调解员名册里选择。")})
    if any(person_id in party.people for party in await party_states(session, case)):
        raise Invalid({"mediator": _("这位调解员是本案的当事人或代理人，不能办理。请换一位。")})
    lifecycle.row(State(case.state), Move.ASSIGN)
    session.add(Assignment(case_id=case.id, person_id=person_id, why=list(why), assigned_by=actor.person_id))
    await session.flush()
    await _move(session, actor, case, Move.ASSIGN, by=by)


async def confirm_assignment(session: AsyncSession, actor: Actor, case: Case, disclosure: str) -> None:
    """The mediator takes the case on and discloses ties to a party, or that there are none (在线调解规则 Art. 12, 13).

    From here the time for mediation runs, and the private rooms of the parties who are bound open.
    """
    by = await _hat(session, actor, case, Move.CONFIRM_ASSIGNMENT)
    await hold(session, case)
    assignment = await assignment_of(session, case)
    if assignment is None or assignment.person_id != actor.person_id:
        raise Conflict()
    if assignment.confirmed_at is None:
        assignment.disclosure, assignment.disclosed_at = disclosure, clock.now()
        await session.flush()
    await _move(session, actor, case, Move.CONFIRM_ASSIGNMENT, by=by)


async def decline_assignment(session: AsyncSession, actor: Who, case: Case, reason: str) -> None:
    """The mediator does not take it, or is taken off before mediation began: another one is named."""
    by = await _hat(session, actor, case, Move.DECLINE_ASSIGNMENT)
    await _without_mediator(session, actor, case, Move.DECLINE_ASSIGNMENT, by, reason)


async def replace_mediator(session: AsyncSession, actor: Actor, case: Case, reason: str) -> None:
    """Take the mediator off, before or during mediation. Every room closes to him in the same transaction (T21)."""
    move = Move.DECLINE_ASSIGNMENT if case.state == State.ASSIGNED else Move.REPLACE_MEDIATOR
    by = await _hat(session, actor, case, move)
    await _without_mediator(session, actor, case, move, by, reason)


async def _without_mediator(session: AsyncSession, who: Who, case: Case, move: Move, by: CaseRole, reason: str) -> None:
    await hold(session, case)
    lifecycle.row(State(case.state), move)
    await _end_assignments(session, case, reason)
    await revoke_all(session, case, ConsentKind.DISCLOSURE, ConsentKind.AGREE_MEDIATOR)
    await _move(session, who, case, move, by=by, said=_Said(reason=reason), reason_given=bool(reason.strip()))


async def _end_assignments(session: AsyncSession, case: Case, reason: str) -> None:
    await session.execute(
        update(Assignment)
        .where(Assignment.case_id == case.id, Assignment.ended_at.is_(None))
        .values(ended_at=clock.now(), end_reason=reason[:200])
    )


async def revoke_all(session: AsyncSession, case: Case, *kinds: ConsentKind) -> None:
    """End these consents of every party: what they were given for is no more."""
    parties = select(Party.id).where(Party.case_id == case.id)
    await session.execute(
        update(Gate)
        .where(Gate.party_id.in_(parties), Gate.kind.in_(kinds), Gate.revoked_at.is_(None))
        .values(revoked_at=clock.now())
    )


async def start(session: AsyncSession, actor: Actor, case: Case) -> None:
    """开始调解: every gate of every party is passed; the joint room opens (not where there was violence)."""
    by = await _hat(session, actor, case, Move.START)
    await _move(session, actor, case, Move.START, by=by)


# --- mediation ------------------------------------------------------------------------------------------------------


async def suspend(session: AsyncSession, actor: Actor, case: Case, reason: SuspendReason, note: str = "") -> None:
    """中止. Appraisal and faults of the service stop the time for mediation (R25)."""
    by = await _hat(session, actor, case, Move.SUSPEND)
    said = _Said(note=reason.zh, reason=note, detail={"suspended_for": reason.value})
    await _move(session, actor, case, Move.SUSPEND, by=by, said=said, suspend_reason=reason)


async def resume(session: AsyncSession, actor: Actor, case: Case) -> None:
    by = await _hat(session, actor, case, Move.RESUME)
    reason = await _suspended_for(session, case)
    await _move(session, actor, case, Move.RESUME, by=by, suspend_reason=reason)


async def _suspended_for(session: AsyncSession, case: Case) -> SuspendReason | None:
    query = select(CaseEvent.detail).where(CaseEvent.case_id == case.id, CaseEvent.tag == "case:suspend:done")
    detail = await session.scalar(query.order_by(CaseEvent.id.desc()).limit(1))
    return SuspendReason(detail["suspended_for"]) if detail else None


async def extend(session: AsyncSession, actor: Actor, case: Case) -> None:
    """A further term, when every party has agreed to it; the consents are used up by it."""
    by = await _hat(session, actor, case, Move.EXTEND)
    await _move(session, actor, case, Move.EXTEND, by=by)
    await revoke_all(session, case, ConsentKind.EXTENSION)


async def withdraw(
    session: AsyncSession, actor: Actor, case: Case, note: str = "", *, result: Result = Result.WITHDRAWN
) -> None:
    """The applicant takes the application back, or says that it was settled outside."""
    by = await _hat(session, actor, case, Move.WITHDRAW)
    await _move(session, actor, case, Move.WITHDRAW, by=by, said=_Said(reason=note), result=result)
    await _outcome_told(session, actor, case)


async def opt_out(session: AsyncSession, actor: Actor, case: Case, note: str = "") -> None:
    """A party leaves: its right at any time, without a reason (Art. 17, 23). The other routes are told to everybody
    first, in the same transaction (Art. 26)."""
    by = await _hat(session, actor, case, Move.OPT_OUT)
    await hold(session, case)
    await deliver_where_possible(session, actor, case)
    await _move(session, actor, case, Move.OPT_OUT, by=by, said=_Said(reason=note))


async def end(session: AsyncSession, actor: Actor, case: Case, result: Result, note: str) -> None:
    """终止. Whom the service can reach is told the other routes here; a letter or visit must be on record before."""
    by = await _hat(session, actor, case, Move.END)
    await hold(session, case)
    await deliver_where_possible(session, actor, case)
    said = _Said(note=note)
    await _move(session, actor, case, Move.END, by=by, said=said, result=result, reason_given=bool(note.strip()))


# --- the agreement (made by `agreements.service`) -------------------------------------------------------------------


async def to_signing(session: AsyncSession, actor: Actor, case: Case, **known: Any) -> None:
    """协议定稿. `known`: facts the caller has just made true (`clauses`, `clauses_accepted`)."""
    by = await _hat(session, actor, case, Move.FREEZE)
    await _move(session, actor, case, Move.FREEZE, by=by, **known)


async def back_to_mediating(session: AsyncSession, actor: Actor, case: Case, reason: str) -> None:
    by = await _hat(session, actor, case, Move.UNFREEZE)
    said = _Said(note=reason)
    await _move(session, actor, case, Move.UNFREEZE, by=by, said=said, reason_given=bool(reason.strip()))


async def settle_effective(
    session: AsyncSession, who: Who, case: Case, form: AgreementForm | str, **known: Any
) -> None:
    """The agreement took effect: computed above from its events (Art. 29, 30), so the service makes the move, by the
    hand of whoever did the last of them."""
    form = AgreementForm(form)
    case.form = form.value
    if form is AgreementForm.ORAL:
        await _move(session, who, case, Move.SETTLE_ORAL, by=CaseRole.SYSTEM, **known)
        return
    await _move(session, who, case, Move.TAKE_EFFECT, by=CaseRole.SYSTEM, **known)


async def start_performance(session: AsyncSession, who: Who, case: Case) -> None:
    await _move(session, who, case, Move.START_PERFORMANCE, by=CaseRole.SYSTEM)


async def mark_performed(session: AsyncSession, who: Who, case: Case, **known: Any) -> None:
    """Every promise is performed or waived by the one it was made to."""
    await _move(session, who, case, Move.MARK_PERFORMED, by=CaseRole.SYSTEM, **known)


async def apply_confirmation(session: AsyncSession, actor: Actor, case: Case, court: str, **known: Any) -> None:
    """申请司法确认: what every party agreed to was handed to this court."""
    by = await _hat(session, actor, case, Move.APPLY_CONFIRMATION)
    await _move(session, actor, case, Move.APPLY_CONFIRMATION, by=by, said=_Said(note=court), **known)


async def record_court_result(
    session: AsyncSession, who: Who, case: Case, outcome: CourtOutcome, note: str = ""
) -> None:
    """What the court said, by staff or by the court's own machine. The consents are used up by it: a further request
    is asked anew."""
    by = await _hat(session, who, case, Move.RECORD_COURT_RESULT)
    said = _Said(note=note or outcome.zh, detail={"outcome": outcome.value})
    await _move(session, who, case, Move.RECORD_COURT_RESULT, by=by, said=said, court_outcome=outcome)
    await revoke_all(session, case, ConsentKind.COURT_REQUEST)


async def mediate_anew(session: AsyncSession, actor: Actor, case: Case, reason: str) -> None:
    """重新调解 after a court's no (人民调解法 Art. 33, 民事诉讼法 Art. 206).

    Consents to ask the court, or to take longer, were given for the first agreement and are used up. Nobody is asked
    for the will again: who does not want to talk leaves (Art. 23)."""
    by = await _hat(session, actor, case, Move.MEDIATE_ANEW)
    await hold(session, case)
    lifecycle.row(State(case.state), Move.MEDIATE_ANEW)
    await revoke_all(session, case, ConsentKind.COURT_REQUEST, ConsentKind.EXTENSION)
    case.form = None
    said = _Said(note=reason)
    await _move(session, actor, case, Move.MEDIATE_ANEW, by=by, said=said, reason_given=bool(reason.strip()))


async def keep_agreement(session: AsyncSession, actor: Actor, case: Case, reason: str) -> None:
    """Talking anew led to nothing else: the case has the form and the result of the agreement in effect again."""
    by = await _hat(session, actor, case, Move.KEEP_AGREEMENT)
    await hold(session, case)
    form = (await gather(session, case)).facts.agreement_form
    case.form = form.value if form is not None else None
    result = Result.AGREED_ORAL if form is AgreementForm.ORAL else Result.AGREED_WRITTEN
    said, given = _Said(note=reason), bool(reason.strip())
    await _move(session, actor, case, Move.KEEP_AGREEMENT, by=by, said=said, result=result, reason_given=given)
    case.result_note = ""


async def breach(session: AsyncSession, actor: Actor, case: Case, note: str, **known: Any) -> None:
    """不履行: noted, and both sides told what can be done (Art. 31, 32)."""
    by = await _hat(session, actor, case, Move.RECORD_BREACH)
    await hold(session, case)
    await event(session, actor, case, "case:remedies:told", role=by)
    known = {"breach_noted": True, "remedies_told": True} | known
    await _move(session, actor, case, Move.RECORD_BREACH, by=by, said=_Said(note=note), **known)


async def follow_up(
    session: AsyncSession, actor: Actor, case: Case, *, channel: str = Channel.WEB, **known: Any
) -> None:
    """The return visits are done and recorded."""
    by = await _hat(session, actor, case, Move.FOLLOW_UP)
    await _move(session, actor, case, Move.FOLLOW_UP, by=by, said=_Said(channel=channel), **known)


# --- the file -------------------------------------------------------------------------------------------------------


async def close(session: AsyncSession, actor: Actor, case: Case, **known: Any) -> None:
    by = await _hat(session, actor, case, Move.CLOSE)
    await _move(session, actor, case, Move.CLOSE, by=by, **known)
    case.closed_at = clock.now()


async def archive(session: AsyncSession, actor: Actor, case: Case, **known: Any) -> None:
    by = await _hat(session, actor, case, Move.ARCHIVE)
    await _move(session, actor, case, Move.ARCHIVE, by=by, **known)
    case.archived_at = clock.now()


async def reopen(session: AsyncSession, actor: Actor, case: Case, reason: str) -> None:
    """A relapse goes on in the same case, under its number. Everybody is asked anew whether to mediate."""
    by = await _hat(session, actor, case, Move.REOPEN)
    await hold(session, case)
    lifecycle.row(State(case.state), Move.REOPEN)
    await _end_assignments(session, case, "重新打开")
    await revoke_all(
        session, case, ConsentKind.AGREE_TO_MEDIATE, ConsentKind.DISCLOSURE, ConsentKind.AGREE_MEDIATOR,
        ConsentKind.COURT_REQUEST,
    )  # fmt: skip
    await session.execute(update(Party).where(Party.case_id == case.id).values(will=Will.UNKNOWN.value, will_at=None))
    case.closed_at, case.archived_at, case.form = None, None, None
    await _move(session, actor, case, Move.REOPEN, by=by, said=_Said(note=reason), reason_given=bool(reason.strip()))


async def _outcome_told(session: AsyncSession, who: Who, case: Case) -> None:
    """The notices of the move itself told the parties; the file says so (在线调解规则 Art. 15)."""
    await event(session, who, case, "case:outcome:told")


# --- the applicant's own confirmation -------------------------------------------------------------------------------


async def confirm_entry(session: AsyncSession, actor: Actor, case: Case, how: str) -> None:
    """What was typed in for somebody is confirmed: by that person (`self`), by a code sent to the phone (`code`), on
    the clerk's screen (`screen`), or in a call back (`call`). A second confirmation changes nothing."""
    await hold(session, case)
    if actor.person_id != case.entered_by:
        access.need(await access.view(session, actor, case), access.Do.CONFIRM_ENTRY)
    if case.confirmed_at is not None:
        return
    case.confirmed_at, case.confirmed_how = clock.now(), how
    for state in await party_states(session, case):
        if state.row.side == Side.APPLICANT and state.row.will == Will.UNKNOWN:
            state.row.will, state.row.will_at = Will.AGREED.value, clock.now()
    await session.flush()
    channel = _CONFIRMED_CHANNEL[how]
    await event(session, actor, case, "case:entry:confirmed", channel=channel, detail={"how": how})
