"""What JSON and pages show of proposals, and of the sets of clauses a case may take them from."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from odr.agreements import access, clause_sets, content, proposals
from odr.agreements.clause_sets import ClauseSet, Ground, Somebody
from odr.agreements.clause_texts import SETS
from odr.agreements.models import Clause, ClauseProposal
from odr.agreements.schemas import Kind
from odr.bodies import service as bodies
from odr.cases import service as cases
from odr.cases.access import View
from odr.cases.codes import CaseRole, Category, PartyKind, Side, State
from odr.cases.models import Party
from odr.core import clock
from odr.core.errors import Conflict
from odr.core.i18n import _
from odr.core.templating import day, moment


@cases.adds("proposals")
async def of_view(session: AsyncSession, view: View) -> list[dict[str, Any]]:
    """The proposals this viewer may see, the newest first."""
    if not (view.is_party or view.handles):
        return []
    rows = await proposals.in_case(session, view)
    if not rows:
        return []
    parties = {party.id: party for party in await content.principals(session, view.case)}
    numbers = await _numbers(session, view)
    return [_public(view, row, parties, numbers) for row in rows]


async def one(session: AsyncSession, seat: proposals.Seat) -> dict[str, Any]:
    """One of them."""
    parties = {party.id: party for party in await content.principals(session, seat.view.case)}
    return _public(seat.view, seat.row, parties, await _numbers(session, seat.view))


async def _numbers(session: AsyncSession, view: View) -> dict[int, tuple[int, Clause]]:
    """The clauses of the board by their ids, with their numbers."""
    agreement = await access.current(session, view.case)
    rows = await content.clauses_of(session, agreement) if agreement is not None else []
    return {row.id: (n, row) for n, row in enumerate(rows, start=1)}


def _public(
    view: View, row: ClauseProposal, parties: dict[int, Party], numbers: dict[int, tuple[int, Clause]]
) -> dict[str, Any]:
    said = proposals.clause_of(row)
    by_pid = {party.pid: party for party in parties.values()}
    by = parties.get(row.by_party_id or 0)
    mediates = CaseRole.MEDIATOR in view.roles
    own = view.side == row.side
    settles = access.may_settle(view)
    is_open = row.state == "open" and view.state is State.MEDIATING
    private = proposals.is_private(row)
    target = numbers.get(row.clause_id or 0)
    # Why a side suggests it in private, and what it tells the mediator of it, stays between the two, also after the
    # proposal itself was opened.
    confided = mediates or own
    return {
        "id": row.pid,
        "kind": said.kind.value,
        "kind_label": Kind(said.kind).label,
        "text": said.text,
        "obligor": _named(by_pid.get(said.obligor or "")),
        "obligee": _named(by_pid.get(said.obligee or "")),
        "amount_fen": said.amount,
        "due_on": said.due_on.isoformat() if said.due_on is not None else None,
        "due": day(said.due_on),
        "begins_on": said.begins_on.isoformat() if said.begins_on is not None else None,
        "begins": day(said.begins_on),
        "recurring": said.recurring,
        "manner": said.manner,
        "place": said.place,
        "account": said.account if mediates or view.is_party else "",
        "note": row.note if confided or row.audience == "joint" else None,
        "by": _named(by),
        "by_label": f"{Side(by.side).label} {by.name}" if by is not None else _("调解员"),
        "side": row.side,
        "private": private,
        "audience": _audience(row) if private else _("双方都能看到"),
        "target": {"id": target[1].pid, "n": target[0]} if target is not None else None,
        "state": row.state,
        "at": moment(row.created_at),
        "reply": row.reply if confided else None,
        "reply_note": row.reply_note if confided else None,
        "decision_note": row.decision_note,
        "can": {
            "release": is_open and private and own and settles,
            "reply": is_open and own and settles and row.by_party_id is None,
            "withdraw": is_open and _made(view, row, settles=settles),
            "take_up": is_open and mediates and not private,
            "decline": is_open and mediates and row.by_party_id is not None,
        },
    }


def _made(view: View, row: ClauseProposal, *, settles: bool) -> bool:
    if row.by_party_id is None:
        return CaseRole.MEDIATOR in view.roles
    return settles and view.principal is not None and view.principal.id == row.by_party_id


def _audience(row: ClauseProposal) -> str:
    return _("只有%(side)s和调解员能看到", side=Side(row.side).label)


def _named(party: Party | None) -> dict[str, str] | None:
    return {"id": party.pid, "name": party.name, "side": party.side} if party is not None else None


# --- sets ------------------------------------------------------------------------------------------------------------


def sets_for(view: View) -> tuple[list[ClauseSet], list[ClauseSet]]:
    """The sets made for this kind of dispute, and the others."""
    return clause_sets.ordered(SETS, Category(view.case.category))


async def ground(session: AsyncSession, view: View) -> Ground:
    """What this case fills into a set. Raises Conflict while a side is missing."""
    parties = await content.principals(session, view.case)
    sides = {side: next((party for party in parties if party.side == side), None) for side in Side}
    applicant, respondent = sides[Side.APPLICANT], sides[Side.RESPONDENT]
    if applicant is None or respondent is None:
        raise Conflict(_("这件纠纷还缺一方当事人，不能用范本。"), code="one_side")
    return Ground(
        applicant=_somebody(applicant),
        respondent=_somebody(respondent),
        amount_fen=view.case.amount_fen,
        place=(await bodies.place_name(session, view.case.division_code) + view.case.place)[:120],
        today=clock.today(),
    )


def _somebody(party: Party) -> Somebody:
    return Somebody(party.pid, party.name, party.kind == PartyKind.NATURAL)
