"""司法确认: the parties ask a court together, within 30 days of the effect (Art. 33, 民事诉讼法 Art. 205).

Each party agrees by its own act, on the screen or on paper before the staff. When all have agreed, who handles the case
registers the request with its court, and later what the court said.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.accounts.models import ApiKey
from odr.agreements import (
    access,
    anew,
    confirmable,
    content,
    court_clock,
    court_window,
    courts,
    documents,
    hands,
    performing,
    standing,
)
from odr.agreements import performance_rules as remains
from odr.agreements.court_codes import AFTERWARDS, Head
from odr.agreements.court_models import CourtPack
from odr.agreements.court_rules import Finding
from odr.agreements.models import CourtRequest
from odr.agreements.papers import cn_date
from odr.agreements.schemas import CourtConsentIn, CourtOutcomeIn, CourtRequestIn, CourtWordIn
from odr.agreements.standing import Standing
from odr.audit import service as audit
from odr.audit.who import SYSTEM, Who
from odr.cases import service as cases
from odr.cases.access import View
from odr.cases.codes import COURT_NO, Category, Channel, ConsentKind, CourtOutcome, Side, State
from odr.cases.models import Case, Party
from odr.core import clock
from odr.core.errors import Conflict, Invalid, NotFound
from odr.core.i18n import _
from odr.core.templating import day, moment
from odr.evidence import service as evidence

OPEN = (State.EFFECTIVE, State.PERFORMING)
ON_PAPER = (Channel.COUNTER, Channel.ONSITE, Channel.VISIT, Channel.POST)
_TURN = "您的调解有一步等您完成，请登录“我的纠纷”查看。不收任何费用。"
_JOINT = "court_joint"
_AFTER_A_NO = (*performing.PERFORMING, *performing.ANEW)
"""Where a court's no still leaves something to choose; once all was kept, or the case is closed, it is history."""


async def requests_of(session: AsyncSession, case: Case) -> Sequence[CourtRequest]:
    """The requests about the agreement in effect, since the case was last opened again, the newest first."""
    return (await _requests(session, case))[0]


async def _requests(session: AsyncSession, case: Case) -> tuple[list[CourtRequest], list[CourtRequest]]:
    """The same, and those about an agreement that was replaced since."""
    every = await requests_by_case(session, [case.id])
    own = of_effect(every, await standing.in_effect_of(session, [case.id])) if every else {}
    found = own.get(case.id, [])
    return found, [row for row in every.get(case.id, []) if row not in found]


def of_effect(
    requests: Mapping[int, list[CourtRequest]], in_effect: Mapping[int, Standing]
) -> dict[int, list[CourtRequest]]:
    """Of these requests those about the agreement in effect: what a court said of one is no word on the next."""
    return {
        case_id: [
            row for row in rows if case_id not in in_effect or row.agreement_id == in_effect[case_id].agreement.id
        ]
        for case_id, rows in requests.items()
    }


async def requests_by_case(session: AsyncSession, case_ids: Collection[int]) -> dict[int, list[CourtRequest]]:
    """All requests of many cases since each was last opened again; those without one are left out."""
    opened = await cases.reopenings(session, case_ids)
    query = select(CourtRequest).where(CourtRequest.case_id.in_(case_ids)).order_by(CourtRequest.id.desc())
    found: dict[int, list[CourtRequest]] = {}
    for row in await session.scalars(query):
        if (since := opened.get(row.case_id)) is None or row.filed_at > since:
            found.setdefault(row.case_id, []).append(row)
    return found


async def outcome_of(session: AsyncSession, case: Case) -> CourtOutcome | None:
    """What became of the newest request; None while it waits or there is none."""
    return outcome(await requests_of(session, case))


def outcome(requests: Sequence[CourtRequest]) -> CourtOutcome | None:
    """What became of the first of these."""
    return CourtOutcome(requests[0].outcome) if requests and requests[0].outcome is not None else None


async def hindrance(session: AsyncSession, case: Case) -> tuple[str, str] | None:
    """Why the court cannot be asked now, as a code and a sentence: kind, time, or already confirmed. None when it can.

    That a party has not agreed yet is no hindrance: asking is how it comes to agree.
    """
    if await outcome_of(session, case) is CourtOutcome.VALID:
        return "court_confirmed", _("法院已经确认过这份协议，不用再申请。")
    state = State(case.state)
    if state not in OPEN:
        return "not_now", _("现在是“%(state)s”，不能申请司法确认。", state=state.label)
    facts = (await cases.gather(session, case)).facts
    unmet = cases.failing(state, cases.Move.APPLY_CONFIRMATION, facts)
    return next(((guard.name, guard.sentence) for guard in unmet if guard.name != _JOINT), None)


async def _need_possible(session: AsyncSession, case: Case) -> None:
    if (why := await hindrance(session, case)) is not None:
        raise Conflict(why[1], code=why[0])


async def agree(session: AsyncSession, actor: Actor, case_pid: str, wanted: CourtConsentIn) -> None:
    """A party agrees to ask the court together; staff record it for one that signed the request on paper before them.

    A repeat changes nothing. Raises NotFound, Forbidden (a general agent, a minor), Conflict (kind, time, state),
    Invalid.
    """
    view = await access.of_case(session, actor, case_pid)
    if view.is_party:
        party = access.need_settler(view)
        await hands.need_adult(session, view, party)
        channel = Channel.WEB
    else:
        access.need_handler(view)
        wanted.check()
        party = await _named(session, view.case, wanted)
        channel = wanted.channel or Channel.COUNTER
    case = await access.lock(session, view.case.id)
    await _need_possible(session, case)
    if party.id in await agreed(session, case):
        return
    text = f"{Side(party.side).zh}同意一起申请司法确认。"
    # The room's line before the ledger's row: that is the order of locks.
    await cases.announce(session, case, "party:court:agreed", text, _link(case))
    await cases.pass_gate(session, actor, party, ConsentKind.COURT_REQUEST, channel)
    if wanted.note and view.is_staff:
        detail = {"case": case.pid, "party": party.pid, "channel": channel.value, "note": wanted.note}
        await audit.record(session, actor, "court:consent:vouched", "case", case.pid, detail)
    await _tell_next(session, case)


async def _named(session: AsyncSession, case: Case, wanted: CourtConsentIn) -> Party:
    parties = {party.pid: party for party in await content.principals(session, case)}
    if wanted.party not in parties:
        raise Invalid({"party": _("请从本案的当事人里选一位。")})
    if wanted.channel not in ON_PAPER:
        raise Invalid({"channel": _("请选择窗口、现场、上门或邮寄。")})
    return parties[wanted.party]


async def agreed(session: AsyncSession, case: Case) -> set[int]:
    """The parties that agree to ask the court now."""
    states = await cases.party_states(session, case)
    return {state.row.id for state in states if ConsentKind.COURT_REQUEST in state.gates}


async def _tell_next(session: AsyncSession, case: Case) -> None:
    """Whose turn it is now: the parties that have not agreed, or who registers the request."""
    states = await cases.party_states(session, case)
    left = [state for state in states if ConsentKind.COURT_REQUEST not in state.gates]
    if left:
        await cases.tell_parties(session, case, left, "court:consent:asked", _TURN)
        return
    await cases.tell_mediator(session, case, "court:request:ready")
    await cases.tell_clerks(session, case, "court:request:ready")


def _link(case: Case) -> str:
    return f"/cases/{case.pid}/court"


async def take_back(session: AsyncSession, actor: Actor, case_pid: str) -> None:
    """A party no longer agrees, before the request was handed in. Raises NotFound, Forbidden, Conflict."""
    view = await access.of_case(session, actor, case_pid)
    party = access.need_settler(view)
    case = await access.lock(session, view.case.id)
    if case.state not in OPEN:
        raise Conflict(_("申请已经送到法院。不想继续的，请告诉调解员，向法院撤回。"), code="handed_in")
    if party.id not in await agreed(session, case):
        return
    text = f"{Side(party.side).zh}不再同意一起申请司法确认。"
    await cases.announce(session, case, "party:court:revoked", text, _link(case))
    await cases.revoke_gate(session, actor, party, ConsentKind.COURT_REQUEST)


async def register(session: AsyncSession, actor: Actor, case_pid: str, wanted: CourtRequestIn) -> CourtRequest:
    """The request was handed to the court: register it, with every party's consent on record.

    The day it was handed in counts for the 30 days, not the day of this entry. Raises NotFound, Forbidden, Invalid,
    Conflict (kind, time, a party missing, handed in already).
    """
    view = await access.of_case(session, actor, case_pid)
    access.need_handler(view)
    case = await access.lock(session, view.case.id)
    effect = await standing.in_effect(session, case)
    if effect is None or effect.effective_on is None or effect.court_until is None:
        raise Conflict(_("协议还没有生效，不能申请司法确认。"), code="not_effective")
    if await outcome_of(session, case) is CourtOutcome.VALID:
        raise Conflict(_("法院已经确认过这份协议，不用再申请。"), code="court_confirmed")
    court = named(wanted, effect.effective_on > wanted.applied_on)
    docket = wanted.docket_no
    row = CourtRequest(
        case_id=case.id, agreement_id=effect.agreement.id, court=court, docket_no=docket,
        applied_on=wanted.applied_on, filed_by=actor.person_id,
    )  # fmt: skip
    note = court + (f"，{docket}" if docket else "")
    in_time = wanted.applied_on <= effect.court_until
    await cases.apply_confirmation(session, actor, case, note, court_window_open=in_time)
    session.add(row)
    await session.flush()
    detail = {"case": case.pid, "court": court, "applied_on": wanted.applied_on.isoformat()}
    await audit.record(session, actor, "court:request:filed", "court_request", row.pid, detail)
    return row


def named(wanted: CourtRequestIn, before_effect: bool = False) -> str:
    """The court's name. Raises Invalid naming every field that is wrong."""
    wrong: dict[str, str] = {}
    name = courts.COURTS.get(wanted.court, "")
    if wanted.court == courts.OTHER:
        name = wanted.court_name
        if len(name) < 4:
            wrong["court_name"] = _("请写法院的全名。")
    elif not name:
        wrong["court"] = _("请选择向哪个法院申请。")
    if before_effect:
        wrong["applied_on"] = _("协议那时还没有生效。请看看日期写对没有。")
    if not wanted.fits:
        wrong["fits"] = _("请先逐项核对，再勾选这一项。")
    if wrong:
        raise Invalid(wrong)
    return name


async def record(
    session: AsyncSession,
    actor: Actor,
    case_pid: str,
    wanted: CourtOutcomeIn,
    paper: evidence.Prepared | None = None,
) -> CourtRequest:
    """What the court said, with its day and, where there is one, its paper. Promises that were kept meanwhile end the
    performance now. Raises NotFound, Forbidden, Invalid, Conflict (nothing waits for a court)."""
    view = await access.of_case(session, actor, case_pid)
    access.need_handler(view)
    case = await access.lock(session, view.case.id)
    row = next((one for one in await requests_of(session, case) if one.outcome is None), None)
    if case.state != State.CONFIRMING or row is None:
        raise Conflict(_("现在没有等法院结果的申请。请刷新页面，看看到了哪一步。"), code="not_confirming")
    await _record(session, actor, case, row, wanted, paper)
    return row


async def record_from_court(session: AsyncSession, key: ApiKey, wanted: CourtWordIn) -> tuple[CourtRequest, bool]:
    """The same from the court's own machine: the request, and whether this was new. A repeat changes nothing.

    Raises NotFound, Invalid, Conflict (another word was recorded before, or the case stands elsewhere).
    """
    case_id = await session.scalar(select(CourtRequest.case_id).where(CourtRequest.pid == wanted.request))
    if case_id is None:
        raise NotFound()
    case = await access.lock(session, case_id)
    query = select(CourtRequest).where(CourtRequest.pid == wanted.request)
    row = (await session.scalars(query.execution_options(populate_existing=True))).one()
    if row.outcome is not None:
        if (row.outcome, row.decided_on, row.head) == (wanted.outcome, wanted.decided_on, _head(wanted)):
            return row, False
        raise Conflict(_("这份申请已经登记了另一个结果。请联系调委会核对。"), code="outcome_differs")
    if case.state != State.CONFIRMING:
        raise Conflict(_("现在没有等法院结果的申请。请刷新页面，看看到了哪一步。"), code="not_confirming")
    await _record(session, SYSTEM, case, row, wanted)
    detail = {"key": key.pid, "outcome": wanted.outcome.value}
    await audit.record(session, SYSTEM, "court:outcome:received", "court_request", row.pid, detail)
    return row, True


def _head(wanted: CourtOutcomeIn) -> Head | None:
    """A head is only of a no."""
    return wanted.head if wanted.outcome in (CourtOutcome.REFUSED, CourtOutcome.REJECTED) else None


async def _record(
    session: AsyncSession,
    who: Who,
    case: Case,
    row: CourtRequest,
    wanted: CourtOutcomeIn,
    paper: evidence.Prepared | None = None,
) -> None:
    wanted.check()
    if wanted.decided_on < row.applied_on:
        raise Invalid({"decided_on": _("这一天早于申请的日期。请看看日期写对没有。")})
    row.outcome, row.decided_on, row.note, row.head = (
        wanted.outcome.value,
        wanted.decided_on,
        wanted.note,
        _head(wanted),
    )
    row.docket_no = wanted.docket_no or row.docket_no
    row.recorded_by, row.recorded_at = who.person_id, clock.now()
    if paper is not None:
        row.paper_file_id = (await evidence.keep(session, who, paper, "court_request", row.id)).id
    await session.flush()
    note = f"{wanted.outcome.zh}，{cn_date(wanted.decided_on)}"
    await cases.record_court_result(session, who, case, wanted.outcome, note)
    detail = {"case": case.pid, "outcome": wanted.outcome.value, "decided_on": wanted.decided_on.isoformat()}
    await audit.record(session, who, "court:outcome:recorded", "court_request", row.pid, detail)
    if wanted.outcome is CourtOutcome.VALID:
        await court_clock.begin_enforcement(session, case, row)
    if await performing.all_kept(session, case):
        await cases.mark_performed(session, who, case)


# --- what is shown --------------------------------------------------------------------------------------------------


async def shown(session: AsyncSession, view: View) -> dict[str, Any]:
    """The joint request for this viewer: whether it is possible, who agreed, until when, and what the court said."""
    case = view.case
    effect = await standing.in_effect(session, case)
    term = effect.court_term if effect is not None else None
    until = term.date if term is not None else None
    moved = until is not None and effect is not None and until != court_window.plain_end(effect.effective_on)
    why = await hindrance(session, case)
    given = await agreed(session, case)
    parties = await content.principals(session, case)
    own = view.principal.id if view.principal is not None else None
    everybody = bool(parties) and all(party.id in given for party in parties)
    possible = why is None
    requests, of_replaced = await _requests(session, case)
    confirmed = outcome(requests) is CourtOutcome.VALID
    said_no = outcome(requests) in COURT_NO and view.state in _AFTER_A_NO
    talked_about = said_no and view.state in performing.ANEW
    wishes = await anew.asked(session, case)
    return {
        "possible": possible,
        "why_not": None if why is None else {"code": why[0], "text": why[1]},
        "until": until.isoformat() if until is not None else None,
        "until_day": day(until),
        "days_left": max((until - clock.today()).days, 0) if until is not None else None,
        "moved": moved,
        "provisional": term is not None and term.provisional,
        "closed": why is not None and why[0] == "court_window",
        # Of use only while the court can still be asked, or was and said no.
        "findings": [_finding(one) for one in await confirmable.findings(session, case)]
        if effect is not None and view.state in OPEN and not confirmed
        else [],
        "courts": [
            {"id": one.court.key, "name": one.court.name, "reasons": list(one.reasons)}
            for one in courts.propose(await confirmable.places(session, view))
        ],
        "other_ways": [] if confirmed else [way.shown() for way in await confirmable.other_ways(session, case)],
        "remains": await _remains(session, case, until) if effect is not None else [],
        "parties": [
            {"id": p.pid, "name": p.name, "side": p.side, "agreed": p.id in given, "me": p.id == own} for p in parties
        ],
        "everybody": everybody,
        "requests": [await _request(session, view, row) for row in requests],
        # Of an agreement that was replaced since.
        "earlier": [await _request(session, view, row) for row in of_replaced],
        "said_no": said_no,
        "anew": {
            "under_way": talked_about,
            "asked": [
                {
                    "side": side.value,
                    "side_label": side.label,
                    "at": clock.iso(at),
                    "when": moment(at),
                    "mine": side is view.side,
                }
                for side, at in wishes.items()
            ],
        },
        "can": {
            "agree": possible and view.is_party and access.may_settle(view) and own not in given,
            "take_back": view.state in OPEN and access.may_settle(view) and own in given,
            "vouch": possible and view.handles and not everybody,
            # What was handed in on time may be entered after it.
            "pack": effect is not None,
            "register": view.handles and everybody and (why is None or why[0] == "court_window"),
            "record": view.handles and view.state is State.CONFIRMING,
            "ask_anew": view.is_party and view.side not in wishes and await anew.possible(session, case),
            "mediate_anew": view.may(cases.Move.MEDIATE_ANEW) and await anew.possible(session, case),
            "keep": view.may(cases.Move.KEEP_AGREEMENT) and talked_about,
        },
    }


def _finding(one: Finding) -> dict[str, Any]:
    head, clause = one.rule.head, one.hit.clause
    return {
        "rule": one.rule.id,
        "bars": one.bars,
        "head": head.value if head is not None else None,
        "say": one.say,
        "mend": one.mend,
        "source": one.source,
        "clause": clause.pid if clause is not None else None,
    }


async def _remains(session: AsyncSession, case: Case, until: date | None) -> list[dict[str, str]]:
    """The ways that are left when the court cannot be asked, or has said no."""
    items = await performing.items_of(session, case)
    said = await outcome_of(session, case)
    open_yet = State(case.state) in _AFTER_A_NO
    matter = remains.Matter(
        category=Category(case.category), money=any(item.amount_fen is not None for item in items),
        today=clock.today(), court_until=until, confirmed=said is CourtOutcome.VALID,
        refused=said in COURT_NO and open_yet,
    )  # fmt: skip
    return [{"key": one.key, "text": one.say, "source": _(one.source)} for one in remains.routes(matter)]


async def _request(session: AsyncSession, view: View, row: CourtRequest) -> Mapping[str, Any]:
    outcome = CourtOutcome(row.outcome) if row.outcome is not None else None
    head = Head(row.head) if row.head is not None else None
    pack = await session.get(CourtPack, row.id)
    enforce = await court_clock.enforceable(session, view.case, row) if outcome is CourtOutcome.VALID else None
    return {
        "head": head.value if head is not None else None,
        "head_label": head.label if head is not None else None,
        "afterwards": _(AFTERWARDS[head]) if head is not None else None,
        "enforce_until": enforce.isoformat() if enforce is not None else None,
        "enforce_until_day": day(enforce),
        "sent": pack is not None,
        "receipt_no": pack.receipt_no if pack is not None else "",
        "received_at": clock.iso(pack.received_at) if pack is not None and pack.received_at else None,
        "received": moment(pack.received_at) if pack is not None and pack.received_at else None,
        "pack": await documents.file_address(session, pack.file_id) if pack is not None and view.handles else None,
        "id": row.pid,
        "court": row.court,
        "docket_no": row.docket_no,
        "applied_on": row.applied_on.isoformat(),
        "applied_day": day(row.applied_on),
        "outcome": outcome.value if outcome is not None else None,
        "outcome_label": outcome.label if outcome is not None else None,
        "decided_on": row.decided_on.isoformat() if row.decided_on is not None else None,
        "decided_day": day(row.decided_on),
        "note": row.note,
        "paper": await documents.file_address(session, row.paper_file_id),
    }


async def _talked_about(session: AsyncSession, view: View) -> bool:
    """Whether the case is mediated anew after a court's no, which stands on the page."""
    return view.state in performing.ANEW and await outcome_of(session, view.case) in COURT_NO


@cases.adds("links")
async def links(session: AsyncSession, view: View) -> list[dict[str, str]]:
    """The page of the joint request, for those who may know what was agreed."""
    if not (view.is_party or view.handles):
        return []
    if view.state not in (*OPEN, State.CONFIRMING) and not await _talked_about(session, view):
        return []
    return [{"text": _("司法确认"), "href": _link(view.case), "name": "court"}]
