"""What one viewer is shown of a case: the document behind the JSON answer and the page alike.

Everything here is a function of what this viewer may see; activity in a room of others leaves no trace in it (T6).
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts import identity
from odr.accounts.access import Actor
from odr.bodies import service as bodies
from odr.cases import access, deadlines, gates
from odr.cases.access import Do, View
from odr.cases.clocks import ClockKind
from odr.cases.codes import CaseRole, Category, PartyKind, PartyRole, Result, Side, State
from odr.cases.events import Entry, timeline
from odr.cases.facts import Gathered, PartyState, gather, in_effect_since
from odr.cases.models import Assignment, Case, CaseClock, Party
from odr.cases.next_steps import next_step
from odr.cases.seating import shown_name
from odr.cases.way import Way, ahead, staff_text, way
from odr.core import clock
from odr.core.errors import NotFound
from odr.core.i18n import _
from odr.core.templating import day
from odr.evidence.models import File
from odr.rooms import service as rooms

Part = Callable[[AsyncSession, View], Awaitable[Any]]
_parts: list[tuple[str, Part]] = []
Cells = Callable[[AsyncSession, Actor], Awaitable[list[dict[str, Any]]]]
_today: list[Cells] = []
_work: list[Cells] = []
_office: list[Cells] = []
Waits = Callable[[AsyncSession, View, dict[str, Any]], Awaitable[list[dict[str, str]]]]
_waits: list[Waits] = []


def adds(name: str) -> Callable[[Part], Part]:
    """Register what a higher feature adds to a case under `name` ("agreement"). It is given the view and must show no
    more than this viewer may see; None means nothing. What it gives under "links" is added to the links."""

    def register(part: Part) -> Part:
        _parts.append((name, part))
        return part

    return register


async def part(session: AsyncSession, view: View, name: str) -> Any:
    """What higher features add under this name, alone; None where none does."""
    for known, add in _parts:
        if known == name:
            return await add(session, view)
    return None


def adds_waiting(part: Waits) -> Waits:
    """Register what waits for a party in a case beside the case's own next step: cells {text, href, note?}. It is asked
    for parties alone and is given what the other parts have added, so that nothing is read twice."""
    _waits.append(part)
    return part


def adds_today(part: Cells) -> Cells:
    """Register what a higher feature puts on a mediator's today: cells {text, href, note} (sittings)."""
    _today.append(part)
    return part


async def today(session: AsyncSession, actor: Actor) -> list[dict[str, Any]]:
    """Today's sittings and whatever else is registered."""
    return [cell for part in _today for cell in await part(session, actor)]


def adds_work(part: Cells) -> Cells:
    """Register what a mediator has to see to after an agreement: cells {text, href, note, badge?, tone?}."""
    _work.append(part)
    return part


async def work(session: AsyncSession, actor: Actor) -> list[dict[str, Any]]:
    """Promises that are late, return visits that are due."""
    return [cell for part in _work for cell in await part(session, actor)]


def adds_office(part: Cells) -> Cells:
    """Register what waits for a body's clerk beside the cases themselves: cells as above."""
    _office.append(part)
    return part


async def office(session: AsyncSession, actor: Actor) -> list[dict[str, Any]]:
    """Papers that were asked for and are to be sealed."""
    return [cell for part in _office for cell in await part(session, actor)]


@dataclass(frozen=True)
class Shown:
    """A case gathered once for one viewer."""

    view: View
    found: Gathered
    way: Way
    entries: list[Entry]
    doc: dict[str, Any]


async def document(session: AsyncSession, view: View) -> Shown:
    """The case for this viewer: `doc` is what JSON answers, the rest is for pages."""
    case = view.case
    found = await gather(session, case)
    its_way = await way(session, view, found)
    entries = await timeline(session, view)
    own_rooms = await rooms.rooms_for(session, case.pid, view.actor.person_id)
    doc: dict[str, Any] = {
        "id": case.pid,
        "no": case.case_no,
        "application_no": case.application_no,
        "title": case.title,
        "state": case.state,
        "state_label": view.state.label,
        "version": case.version,
        "result": case.result,
        "result_label": Result(case.result).label if case.result else None,
        "result_note": case.result_note,
        "category": {"code": case.category, "label": Category(case.category).label},
        "facts": case.facts,
        "claims": case.claims,
        "occurred_on": case.occurred_on.isoformat() if case.occurred_on else None,
        "place": case.place,
        "division": await bodies.place_name(session, case.division_code),
        "amount_fen": case.amount_fen,
        "submitted_at": clock.iso(case.submitted_at),
        "accepted_at": clock.iso(case.accepted_at),
        "body": {"id": found.body.pid, "name": found.body.name, "phone": found.body.phone} if found.body else None,
        "mediator": _mediator(view, found),
        "next": {
            "text": its_way.text,
            "whose": its_way.whose,
            "mine": its_way.mine,
            "due": clock.iso(its_way.due),
            "provisional": its_way.provisional,
            "otherwise": its_way.otherwise,
            "action": asdict(its_way.action) if its_way.action else None,
        },
        "way": [asdict(step) | {"at": clock.iso(step.at)} for step in its_way.steps],
        "me": {
            "role": view.wire_role,
            "side": view.side,
            "moves": [move.value for move in access.allowed_moves(view)],
            "acts": [act.value for act in Do if view.may(act)],
        },
        "parties": [_party(view, found, state) for state in found.parties],
        "rooms": [room_brief(room) | {"unread": room.unread, "can": room.can} for room in own_rooms],
        "timeline": [asdict(entry) | {"at": clock.iso(entry.at)} for entry in entries],
        "files": await _files(session, case),
        "links": _links(view, bool(own_rooms), agreed=case.id in await in_effect_since(session, [case.id])),
    }
    if view.is_staff:
        doc["deadlines"] = [_deadline(row) for row in await deadlines.running(session, case)]
        doc["violence"], doc["supply_stop"] = case.violence, case.supply_stop
        doc["source"], doc["channel"] = case.source, case.channel
        doc["confirmed_how"], doc["routed_why"] = case.confirmed_how, case.routed_why
    for name, part in _parts:
        added = await part(session, view)
        if name == "links":
            doc["links"] += added or []
        else:
            doc[name] = added
    doc.setdefault("agreement", None)
    doc["waiting"] = [cell for part in _waits for cell in await part(session, view, doc)] if view.is_party else []
    return Shown(view, found, its_way, entries, doc)


def room_brief(room: rooms.RoomView) -> dict[str, Any]:
    """A room as the island and the JSON name it."""
    others = _("、").join(seat.name for seat in room.others)
    return {"id": room.pid, "kind": room.kind, "label": room.label, "audience": room.audience, "with": others}


def _mediator(view: View, found: Gathered) -> dict[str, Any] | None:
    if found.assignment is None or found.mediator is None:
        return None
    told = found.assignment.confirmed_at is not None
    if view.is_party and not told:
        return None
    shown: dict[str, Any] = {
        "id": found.mediator.pid,
        "name": found.mediator.name,
        "confirmed": told,
        "disclosure": found.assignment.disclosure if told else None,
        "why": found.assignment.why,
    }
    own = view.party is not None and found.assignment.objected_by == view.party.id
    if view.handles or own:
        shown["objection"] = found.assignment.objection
    return shown


def _party(view: View, found: Gathered, state: PartyState) -> dict[str, Any]:
    """A party as others see it: a name and whether it is ready. Its own side and the staff who handle see more."""
    row = state.row
    list_of_gates = gates.gates_of(found, state)
    shown: dict[str, Any] = {
        "id": row.pid,
        "person": state.person.pid if state.person is not None and row.person_id == state.person.id else None,
        "name": shown_name(row, state.person if row.person_id is not None else None),
        "kind": row.kind,
        "role": row.side,
        "side": row.side,
        "side_label": Side(row.side).label,
        "me": view.principal is not None and view.principal.id == row.id,
        "bound": bool(state.people),
        "ready": all(gate.done for gate in list_of_gates),
        "agents": [
            {
                "id": a.pid,
                "name": a.name,
                "role": a.role,
                "role_label": PartyRole(a.role).label,
                "bound": a.person_id is not None,
            }
            for a in state.agents
            if view.is_staff or view.side == row.side or a.person_id is not None
        ],
    }
    if view.is_staff or view.side == row.side:
        shown["will"] = row.will
        shown["offline"] = state.offline
        shown["gates"] = {gate.name.value: gate.done for gate in list_of_gates}
        shown["consents"] = sorted(state.gates)
        shown["routes_told"] = state.routes is not None
    if view.is_staff:
        shown["phone"] = (
            row.phone if view.handles or view.state is State.SUBMITTED else row.phone and identity.mask_phone(row.phone)
        )
        shown["legal_rep"] = row.legal_rep
        if view.handles:
            shown["id_no"] = (
                identity.mask_id_no(row.id_no) if row.id_no and row.kind == PartyKind.NATURAL else row.id_no
            )
            shown["address"] = row.address
    return shown


def _deadline(row: CaseClock) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "label": ClockKind(row.kind).label,
        "due_at": clock.iso(row.due_at),
        "due": day(row.due_at),
        "provisional": row.provisional,
        "overdue": row.due_at < clock.now(),
    }


async def _files(session: AsyncSession, case: Case) -> list[dict[str, Any]]:
    rows = await session.scalars(
        select(File)
        .where(File.holder == "case", File.holder_id == case.id, File.removed_at.is_(None))
        .order_by(File.id)
    )
    return [
        {
            "id": f.pid,
            "name": f.name,
            "mime": f.shown_mime,
            "size": f.size,
            "href": f"/files/{f.pid}",
            "thumb": bool(f.thumb),
        }
        for f in rows
    ]


def _links(view: View, has_room: bool, *, agreed: bool) -> list[dict[str, str]]:
    """The pages of this case that are worth opening now. `agreed`: an agreement took effect once, and stays to be read
    while it is mediated anew and after the case was opened again."""
    at, state = f"/cases/{view.case.pid}", view.state
    links = [{"text": _("案件"), "href": at, "name": "case"}]
    if has_room:
        links.append({"text": _("调解室"), "href": f"{at}/room", "name": "room"})
    if CaseRole.CENTRE_CLERK in view.roles and not view.handles:
        return links
    late = (State.SIGNING, State.EFFECTIVE, State.PERFORMING, State.CONFIRMING, State.PERFORMED, State.FOLLOWED_UP)
    if state in (State.MEDIATING, *late) or view.case.form or agreed:
        links.append({"text": _("协议"), "href": f"{at}/agreement", "name": "agreement"})
    if view.case.form or agreed:
        links.append({"text": _("履行"), "href": f"{at}/performance", "name": "performance"})
    if view.case.accepted_at is not None:
        links.append({"text": _("会面"), "href": f"{at}/meetings", "name": "meetings"})
    return links


# --- lists ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A case in a list."""

    pid: str
    no: str
    title: str
    state: str
    state_label: str
    text: str
    between: str = ""
    due: datetime | None = None
    due_label: str = ""
    overdue: bool = False
    soon: bool = False
    mine: bool = False
    unread: int = 0
    submitted_at: datetime | None = None
    has_body: bool = False
    confirmed: bool = True

    def public(self) -> dict[str, Any]:
        return asdict(self) | {"id": self.pid, "due": clock.iso(self.due), "submitted_at": clock.iso(self.submitted_at)}


async def rows_for(session: AsyncSession, actor: Actor, cases: Sequence[Case], *, whole: bool = False) -> list[Row]:
    """Lines of a list. `whole` reads every case's facts, for a resident's few; else the state tells what is next."""
    running = await deadlines.running_of(session, [case.id for case in cases])
    unread = await _unread(session, actor, cases)
    taken_on = await _taken_on(session, cases)
    names = await between(session, cases)
    views = await access.views(session, actor, cases)
    if len(views) < len(cases):
        raise NotFound()  # a list holds what its door gave, nothing else
    found = await ahead(session, list(views.values()), running) if whole else {}
    rows = []
    for case in cases:
        view = views[case.id]
        if whole:
            is_next = found[case.id]
            text, mine, due_label = is_next.text, is_next.mine, is_next.due_label
            # A deadline of others is no deadline of this party's own small step.
            due_at = is_next.due if view.is_staff or is_next.turn else None
        else:
            step = next_step(view.state)
            mine = any(step.is_turn_of(role) for role in view.roles)
            confirmed = case.confirmed_at is not None
            text = staff_text(view.state, confirmed=confirmed, taken_on=case.id in taken_on)
            clock_row = next(iter(running.get(case.id, ())), None)
            due_at = clock_row.due_at if clock_row else None
            due_label = ClockKind(clock_row.kind).label if clock_row else ""
        rows.append(
            Row(
                pid=case.pid,
                no=case.case_no or case.application_no,
                title=case.title,
                state=case.state,
                state_label=view.state.label,
                text=text,
                between=names.get(case.id, "") if view.is_staff else "",
                due=due_at,
                due_label=due_label,
                overdue=due_at is not None and due_at < clock.now(),
                soon=due_at is not None and 0 <= (due_at - clock.now()).total_seconds() < 2 * 86400,
                mine=mine,
                unread=unread.get(case.pid, 0),
                submitted_at=case.submitted_at,
                has_body=case.body_id is not None,
                confirmed=case.confirmed_at is not None,
            )
        )
    return rows


async def between(session: AsyncSession, cases: Sequence[Case]) -> dict[int, str]:
    """Who has a dispute with whom: a mediator knows nine loans apart by their people."""
    query = select(Party.case_id, Party.side, Party.name).where(
        Party.case_id.in_([case.id for case in cases]), Party.acts_for_id.is_(None), Party.ended_at.is_(None)
    )
    sides: dict[int, dict[str, list[str]]] = {}
    for case_id, side, name in await session.execute(query.order_by(Party.id)):
        sides.setdefault(case_id, {}).setdefault(side, []).append(name)
    return {
        case_id: _("%(applicants)s 与 %(respondents)s", applicants=_listed(of.get(Side.APPLICANT, [])),
                   respondents=_listed(of.get(Side.RESPONDENT, [])))
        for case_id, of in sides.items()
    }  # fmt: skip


def _listed(names: list[str]) -> str:
    return _("、").join(names) if len(names) < 3 else _("%(name)s 等 %(n)s 人", name=names[0], n=len(names))


async def _taken_on(session: AsyncSession, cases: Sequence[Case]) -> set[int]:
    """The cases whose mediator has confirmed."""
    query = select(Assignment.case_id).where(
        Assignment.case_id.in_([case.id for case in cases]),
        Assignment.ended_at.is_(None),
        Assignment.confirmed_at.is_not(None),
    )
    return set(await session.scalars(query))


async def _unread(session: AsyncSession, actor: Actor, cases: Sequence[Case]) -> dict[str, int]:
    """Unread lines of each case, in the rooms this person sits in."""
    return await rooms.unread(session, [case.pid for case in cases], actor.person_id)
