"""What JSON answers about agreements, promises and visits. Each is a function of what this viewer may see."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.agreements import (
    access,
    board,
    hands,
    instalments,
    parts,
    performance_rules,
    performing,
    postponing,
    rules,
    standing,
    visits,
)
from odr.agreements.access import Place
from odr.agreements.board import Board, ClauseView
from odr.agreements.models import Agreement, PerformanceItem, ReturnVisit
from odr.agreements.performance_models import Part, Postponement
from odr.agreements.schemas import Kind
from odr.agreements.standing import Slot, Standing
from odr.cases import service as cases
from odr.cases.access import View
from odr.cases.codes import CaseRole, Category, Channel, Side, State
from odr.cases.models import Party
from odr.core import clock
from odr.core.i18n import _
from odr.core.templating import day, moment
from odr.evidence.genuine import grouped
from odr.evidence.models import File


@cases.adds("agreement")
async def in_case(session: AsyncSession, view: View) -> dict[str, Any] | None:
    """The agreement as the room's panel and the case show it."""
    if not (view.is_party or view.handles):
        return None
    agreement = await access.current(session, view.case)
    return await document(session, Place(view, agreement)) if agreement is not None else None


async def document(session: AsyncSession, place: Place) -> dict[str, Any]:
    """One version: its text, the answers, the signatures, and what this viewer can do about it."""
    agreement, view = place.agreement, place.view
    shown = await board.show(session, view, agreement)
    stands = await standing.of(session, agreement)
    turn = my_turn(view, shown, stands)
    return {
        "id": agreement.pid,
        "case": view.case.pid,
        "version": agreement.version,
        "form": agreement.form,
        "state": agreement.state,
        "no": agreement.agreement_no,
        "facts": agreement.facts,
        "issues": agreement.issues,
        "clauses": [_clause(clause) for clause in shown.clauses],
        "accepted": shown.accepted,
        "total": shown.total,
        "my_turn": turn,
        "paper_only": hands.why_not_on_screen(place),
        "frozen_at": clock.iso(agreement.frozen_at),
        "sha256": agreement.sha256,
        "pdf": await file_address(session, agreement.pdf_file_id),
        "copy": await file_address(session, agreement.copy_file_id),
        "signatures": [_slot(slot) for slot in stands.slots],
        "effective_at": clock.iso(stands.effective_at),
        "effects": [
            {
                "rule": one.rule,
                "title": _(one.title),
                "source": _(one.source),
                "counts": one.counts,
                "at": clock.iso(one.at),
                "when": moment(one.at),
                "why": _(one.why),
            }
            for one in stands.effects
        ]
        if view.handles
        else [],
        "check_code": grouped(agreement.check_code) if agreement.state == "frozen" else None,
        "court_until": stands.court_until.isoformat() if stands.court_until is not None else None,
        "court_until_day": day(stands.court_until),
        "court_may_confirm": rules.court_may_confirm(Category(view.case.category)),
    }


def my_turn(view: View, shown: Board, stands: Standing) -> bool:
    """Whether the agreement waits for this viewer."""
    mediates = CaseRole.MEDIATOR in view.roles
    if shown.drafting:
        if mediates:
            asked = any(a.answer != "accept" for clause in shown.clauses for a in clause.answers)
            return shown.all_accepted or asked or not shown.clauses
        return access.may_settle(view) and bool(shown.open_for_me)
    if shown.agreement.state != "frozen" or view.state not in (State.SIGNING, State.MEDIATING):
        return False
    missing = {slot.key for slot in stands.missing}
    if view.is_party:
        return view.principal is not None and access.may_settle(view) and view.principal.pid in missing
    if mediates and standing.MEDIATOR in missing:
        return True
    return CaseRole.BODY_CLERK in view.roles and missing == {standing.SEAL}


def _clause(clause: ClauseView) -> dict[str, Any]:
    row = clause.row
    return {
        "id": row.pid,
        "ordinal": clause.n,
        "version": row.version,
        "kind": clause.kind.value,
        "kind_label": clause.kind.label,
        "text": row.text,
        "obligor": _named(clause.obligor),
        "obligee": _named(clause.obligee),
        "amount_fen": row.amount_fen,
        "due_on": row.due_on.isoformat() if row.due_on is not None else None,
        "due": day(row.due_on),
        "manner": row.manner,
        "place": row.place,
        "begins_on": row.begins_on.isoformat() if row.begins_on is not None else None,
        "begins": day(row.begins_on),
        "recurring": row.recurring,
        "account": clause.account,
        "plan": instalments.shown(clause.plan),
        "changes": [
            {"version": one.version, "at": clock.iso(one.at), "when": moment(one.at), "words": list(one.words)}
            for one in clause.changes
        ],
        "accepted": clause.accepted,
        "waiting": [party.pid for party in clause.waiting],
        "answers": [
            {
                "party": a.party,
                "name": a.name,
                "side": a.side.value,
                "answer": a.answer.value,
                "comment": a.comment,
                "private": a.private,
                "at": clock.iso(a.at),
            }
            for a in clause.answers
        ],
    }


def _named(party: Party | None) -> dict[str, str] | None:
    return {"id": party.pid, "name": party.name, "side": party.side} if party is not None else None


def _slot(slot: Slot) -> dict[str, Any]:
    row = slot.row
    return {
        "key": slot.key,
        "kind": slot.kind,
        "party": _named(slot.party),
        "done": row is not None,
        "method": row.method if row is not None else None,
        "at": clock.iso(row.at) if row is not None else None,
        "when": moment(row.at) if row is not None else None,
        "signed_on": row.signed_on.isoformat() if row is not None and row.signed_on is not None else None,
        "signed_day": day(row.signed_on) if row is not None else "",
        "channel": row.channel if row is not None else None,
    }


async def file_address(session: AsyncSession, file_id: int | None) -> str | None:
    """Where a kept file is opened."""
    pid = await session.scalar(select(File.pid).where(File.id == file_id)) if file_id is not None else None
    return f"/files/{pid}" if pid is not None else None


async def versions(session: AsyncSession, view: View) -> list[dict[str, Any]]:
    """Every version of this case's agreement, the newest first. `replaced`: another one has taken effect since."""
    gone = {one.agreement.id for one in await standing.earlier(session, view.case)}
    query = select(Agreement).where(Agreement.case_id == view.case.id).order_by(Agreement.version.desc())
    found = []
    for agreement in await session.scalars(query):
        stands = await standing.of(session, agreement)
        found.append(
            {
                "id": agreement.pid,
                "version": agreement.version,
                "form": agreement.form,
                "state": agreement.state,
                "sha256": agreement.sha256,
                "void_reason": agreement.void_reason,
                "pdf": await file_address(session, agreement.pdf_file_id),
                "effective_at": clock.iso(stands.effective_at),
                "copy": await file_address(session, agreement.copy_file_id),
                "replaced": agreement.id in gone,
                "effective": moment(stands.effective_at),
            }
        )
    return found


async def promises(session: AsyncSession, view: View) -> list[dict[str, Any]]:
    """The promises of the agreement in effect, with what this viewer can do about each."""
    items = await performing.items_of(session, view.case)
    return await _promises(session, view, items)


async def replaced(session: AsyncSession, view: View) -> list[dict[str, Any]]:
    """The agreements that another one has replaced, in their order, each with what became of its promises."""
    before = [one.agreement for one in await standing.earlier(session, view.case)]
    items = await performing.items_under(session, before)
    return [
        {
            "id": row.pid,
            "no": row.agreement_no,
            "version": row.version,
            "pdf": await file_address(session, row.pdf_file_id),
            "copy": await file_address(session, row.copy_file_id),
            "promises": await _promises(session, view, items[row.id]),
        }
        for row in before
    ]


async def promise(session: AsyncSession, view: View, item: PerformanceItem) -> dict[str, Any]:
    """One promise."""
    return (await _promises(session, view, [item]))[0]


async def _promises(session: AsyncSession, view: View, items: Sequence[PerformanceItem]) -> list[dict[str, Any]]:
    ids = {item.obligor_id for item in items} | {item.obligee_id for item in items}
    query = select(Party).where(Party.id.in_([party_id for party_id in ids if party_id is not None]))
    parties = {party.id: party for party in await session.scalars(query)}
    done, moved = await parts.parts_of(session, items), await postponing.postponements_of(session, items)
    named = {part.proof_file_id for rows in done.values() for part in rows} | {item.proof_file_id for item in items}
    kept = select(File.id, File.pid).where(File.id.in_([one for one in named if one is not None]))
    files = {file_id: f"/files/{pid}" for file_id, pid in await session.execute(kept)}
    return [_promise(view, item, parties, done[item.id], moved[item.id], files) for item in items]


def _promise(
    view: View,
    item: PerformanceItem,
    parties: dict[int, Party],
    done: Sequence[Part],
    moved: Sequence[Postponement],
    files: dict[int, str],
) -> dict[str, Any]:
    sums = parts.sums_of(item, done)
    original = postponing.original_day(item, moved)
    mine, for_me = performing.is_obligor(view, item), performing.is_obligee(view, item)
    interrupted = postponing.interruptions(done, moved)
    return {
        "id": item.pid,
        "kind": item.kind,
        "kind_label": Kind(item.kind).label,
        "text": item.text,
        "obligor": _named(parties.get(item.obligor_id or 0)),
        "obligee": _named(parties.get(item.obligee_id or 0)),
        "amount_fen": item.amount_fen,
        "paid_fen": sums.received if sums is not None else None,
        "waiting_fen": sums.waiting if sums is not None else None,
        "open_fen": sums.open if sums is not None else None,
        "left_fen": sums.left if sums is not None else None,
        "due_on": item.due_on.isoformat() if item.due_on is not None else None,
        "due": day(item.due_on),
        "original_due_on": original.isoformat() if original is not None else None,
        "days_late": performance_rules.days_late(item.due_on, item.state, clock.today(), performing.SETTLED),
        "lasting": not performing.counts(item),
        "state": item.state,
        "claimed_at": clock.iso(item.claimed_at),
        "claim_note": item.claim_note,
        "proof": files.get(item.proof_file_id or 0),
        "answer_note": item.answer_note,
        "settled_at": clock.iso(item.settled_at),
        "mine": mine,
        "for_me": for_me,
        "parts": [_part(part, files, for_me) for part in done],
        "postponements": [_postponement(row, mine, for_me) for row in moved],
        "interruptions": [
            {"on": one.on.isoformat(), "day": day(one.on), "what": _(one.what), "sure": one.sure} for one in interrupted
        ],
    }


def _part(part: Part, files: dict[int, str], for_me: bool) -> dict[str, Any]:
    return {
        "id": part.pid,
        "whole": part.whole,
        "amount_fen": part.amount_fen,
        "received_fen": part.received_fen,
        "done_on": part.done_on.isoformat(),
        "day": day(part.done_on),
        "note": part.note,
        "proof": files.get(part.proof_file_id or 0),
        "entered_as": part.entered_as,
        "state": part.state,
        "answer_note": part.answer_note,
        "my_turn": for_me and part.state == "waiting",
    }


def _postponement(row: Postponement, mine: bool, for_me: bool) -> dict[str, Any]:
    return {
        "id": row.pid,
        "from": row.from_on.isoformat(),
        "to": row.to_on.isoformat(),
        "to_day": day(row.to_on),
        "from_day": day(row.from_on),
        "reason": row.reason,
        "state": row.state,
        "asked_at": clock.iso(row.asked_at),
        "asked": moment(row.asked_at),
        "answer_note": row.answer_note,
        "answered": moment(row.answered_at),
        "mine": mine and row.state == "asked",
        "my_turn": for_me and row.state == "asked",
    }


async def visits_of(session: AsyncSession, view: View) -> list[dict[str, Any]]:
    """The return visits this viewer may see."""
    found = await visits.visits_of(session, view)
    query = select(Party).where(Party.id.in_([visit.party_id for visit in found]))
    parties = {party.id: party for party in await session.scalars(query)}
    return [visit(row, parties[row.party_id]) for row in found]


def visit(row: ReturnVisit, party: Party) -> dict[str, Any]:
    """One return visit."""
    return {
        "id": row.pid,
        "party": _named(party),
        "side_label": Side(party.side).label,
        "channel": row.channel,
        "channel_label": Channel(row.channel).label,
        "visited_at": clock.iso(row.visited_at),
        "visited": moment(row.visited_at),
        "performed": row.performed,
        "satisfaction": row.satisfaction,
        "new_conflict": row.new_conflict,
        "note": row.note,
        "why": row.why,
        "suit": row.suit,
        "signs": list(row.signs or ()),
        "steps": row.steps,
        "by_form": row.filled_by is not None,
    }
