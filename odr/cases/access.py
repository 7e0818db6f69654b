"""The doors of a case. Who somebody is in it comes from the rows alone; absent and forbidden look alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy import case as case_when
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.accounts.models import Role
from odr.cases import lifecycle
from odr.cases.codes import CaseRole, PartyRole, Side, State, case_role
from odr.cases.lifecycle import Move
from odr.cases.models import Assignment, Case, CaseClock, CaseEvent, Party
from odr.core import clock
from odr.core.errors import Conflict, Forbidden, Invalid, NotFound
from odr.core.i18n import _
from odr.evidence import access as files

_R = CaseRole
PARTY_ROLES = frozenset({_R.APPLICANT, _R.RESPONDENT, _R.APPLICANT_AGENT, _R.RESPONDENT_AGENT})
STAFF_ROLES = frozenset({_R.MEDIATOR, _R.BODY_CLERK, _R.CENTRE_CLERK})
_WIRE = {
    _R.APPLICANT: "applicant",
    _R.RESPONDENT: "respondent",
    _R.APPLICANT_AGENT: "agent",
    _R.RESPONDENT_AGENT: "agent",
    _R.MEDIATOR: "mediator",
}
_BEFORE = (State.SUBMITTED, State.CONSULTING, State.ACCEPTED, State.ASSIGNED)
_TALKING = (State.MEDIATING, State.SUSPENDED, State.SIGNING)
_BEFORE_ROOM = (State.CONSULTING, State.ACCEPTED, State.ASSIGNED, State.MEDIATING, State.SUSPENDED, State.SIGNING)


class Do(StrEnum):
    """Acts in a case that move no state."""

    ROUTE = "route"
    CONFIRM_ENTRY = "confirm_entry"
    INVITE = "invite"
    NOTE_CONTACT = "note_contact"
    ANSWER_WILL = "answer_will"
    PASS_GATE = "pass_gate"
    ASK_OFFLINE = "ask_offline"
    OBJECT = "object"
    ANSWER_OBJECTION = "answer_objection"
    DELIVER_ROUTES = "deliver_routes"
    ADD_AGENT = "add_agent"
    ADD_FILE = "add_file"
    ASK_COURT = "ask_court"


_MAY: dict[Do, tuple[frozenset[CaseRole], tuple[State, ...]]] = {
    Do.ROUTE: (frozenset({_R.BODY_CLERK, _R.CENTRE_CLERK}), (State.SUBMITTED, State.CONSULTING)),
    Do.CONFIRM_ENTRY: (
        frozenset({_R.APPLICANT, _R.APPLICANT_AGENT, _R.BODY_CLERK, _R.CENTRE_CLERK}),
        (State.SUBMITTED, State.SUPPLEMENT, State.CONSULTING),
    ),
    Do.INVITE: (STAFF_ROLES, (*_BEFORE, *_TALKING)),
    Do.NOTE_CONTACT: (STAFF_ROLES, (*_BEFORE, *_TALKING)),
    Do.ANSWER_WILL: (PARTY_ROLES | STAFF_ROLES, (State.CONSULTING, State.ACCEPTED, State.ASSIGNED)),
    Do.PASS_GATE: (PARTY_ROLES | {_R.MEDIATOR, _R.BODY_CLERK}, _BEFORE_ROOM),
    Do.ASK_OFFLINE: (PARTY_ROLES | {_R.MEDIATOR, _R.BODY_CLERK}, _BEFORE_ROOM),
    Do.OBJECT: (PARTY_ROLES, (State.ASSIGNED, State.MEDIATING)),
    Do.ANSWER_OBJECTION: (frozenset({_R.BODY_CLERK}), (State.ASSIGNED, State.MEDIATING)),
    Do.DELIVER_ROUTES: (STAFF_ROLES, tuple(s for s in State if s not in (State.DRAFT, State.ARCHIVED))),
    Do.ADD_AGENT: (PARTY_ROLES | STAFF_ROLES, (*_BEFORE, State.SUPPLEMENT, *_TALKING)),
    Do.ADD_FILE: (PARTY_ROLES | {_R.MEDIATOR, _R.BODY_CLERK}, (*_BEFORE, State.SUPPLEMENT, *_TALKING)),
    Do.ASK_COURT: (PARTY_ROLES | {_R.MEDIATOR, _R.BODY_CLERK}, (State.EFFECTIVE, State.PERFORMING)),
}


@dataclass(frozen=True)
class View:
    """A case as somebody in it may see it. A party's hat goes before a staff hat: nobody handles his own dispute."""

    case: Case
    actor: Actor
    roles: tuple[CaseRole, ...]
    party: Party | None = None
    principal: Party | None = None
    """The party this person is or acts for."""

    @property
    def role(self) -> CaseRole:
        return self.roles[0]

    @property
    def is_party(self) -> bool:
        return self.party is not None

    @property
    def is_staff(self) -> bool:
        return self.party is None

    @property
    def handles(self) -> bool:
        """The mediator or the body's clerk: those who need the parties' numbers and the whole file."""
        return bool({_R.MEDIATOR, _R.BODY_CLERK} & set(self.roles))

    @property
    def side(self) -> Side | None:
        return Side(self.party.side) if self.party is not None else None

    @property
    def state(self) -> State:
        return State(self.case.state)

    @property
    def wire_role(self) -> str:
        """The role word of rooms and frames."""
        return _WIRE.get(self.role, "clerk")

    def may(self, act: Move | Do) -> bool:
        """Whether one of this person's roles has the act in this state; conditions of the move aside."""
        if isinstance(act, Move):
            return any(lifecycle.may(self.state, act, role) for role in self.roles)
        roles, states = _MAY[act]
        return self.state in states and bool(roles & set(self.roles))

    def role_for(self, move: Move) -> CaseRole:
        """The role in which this person makes the move. Raises Forbidden where the state has it for others only."""
        for role in self.roles:
            if lifecycle.may(self.state, move, role):
                return role
        lifecycle.row(self.state, move)
        raise Forbidden()


async def view(session: AsyncSession, actor: Actor, case: Case) -> View:
    """Who the actor is in this case. Raises NotFound for everybody who is nobody in it."""
    found = (await views(session, actor, [case])).get(case.id)
    if found is None:
        raise NotFound()
    return found


async def views(session: AsyncSession, actor: Actor, cases: Sequence[Case]) -> dict[int, View]:
    """Who the actor is in each of these cases, by their ids; those in which he is nobody are left out."""
    ids = [case.id for case in cases]
    query = select(Party).where(Party.case_id.in_(ids), Party.person_id == actor.person_id, Party.ended_at.is_(None))
    bound: dict[int, list[Party]] = {}
    for row in await session.scalars(query.order_by(Party.acts_for_id.is_not(None), Party.id)):
        bound.setdefault(row.case_id, []).append(row)
    principals = await _principals(session, [rows[0] for rows in bound.values()])
    assigned: set[int] = set()
    if actor.has_role(Role.MEDIATOR):
        assigned.update(
            await session.scalars(
                select(Assignment.case_id).where(
                    Assignment.case_id.in_(ids),
                    Assignment.person_id == actor.person_id,
                    Assignment.ended_at.is_(None),
                )
            )
        )
    found = {}
    for case in cases:
        if rows := bound.get(case.id):
            party = rows[0]
            roles = dict.fromkeys(case_role(Side(p.side), PartyRole(p.role)) for p in rows)
            found[case.id] = View(case, actor, tuple(roles), party, principals[party.acts_for_id or party.id])
        elif staff := _staff_roles(actor, case, case.id in assigned):
            found[case.id] = View(case, actor, staff)
    return found


async def _principals(session: AsyncSession, parties: Sequence[Party]) -> dict[int, Party]:
    """The parties themselves: these rows, and those for whom agents among them act."""
    found = {party.id: party for party in parties}
    wanted = {party.acts_for_id for party in parties if party.acts_for_id is not None} - set(found)
    if wanted:
        found.update({row.id: row for row in await session.scalars(select(Party).where(Party.id.in_(wanted)))})
    return found


def _staff_roles(actor: Actor, case: Case, assigned: bool) -> tuple[CaseRole, ...]:
    found = [CaseRole.MEDIATOR] if assigned else []
    if case.body_id is not None and actor.has_role(Role.BODY_CLERK, case.body_id):
        found.append(CaseRole.BODY_CLERK)
    if actor.has_role(Role.CENTRE_CLERK, case.centre_id):
        found.append(CaseRole.CENTRE_CLERK)
    return tuple(found)


async def for_reading(session: AsyncSession, actor: Actor, pid: str) -> View:
    """The case and the actor's place in it. Raises NotFound."""
    case = await session.scalar(select(Case).where(Case.pid == pid))
    if case is None:
        raise NotFound()
    return await view(session, actor, case)


async def for_action(session: AsyncSession, actor: Actor, pid: str, act: Move | Do) -> View:
    """The same for somebody who is about to act. Raises NotFound, Forbidden (others may, you may not), or
    NoSuchMove (409) when the state has no such move."""
    found = await for_reading(session, actor, pid)
    need(found, act)
    return found


def need(found: View, act: Move | Do) -> None:
    """Raises Forbidden or NoSuchMove (409) unless the view allows the act."""
    if isinstance(act, Move):
        found.role_for(act)
        return
    if found.may(act):
        return
    roles, _states = _MAY[act]
    if roles & set(found.roles):
        raise Conflict()
    raise Forbidden()


def allowed_moves(found: View) -> tuple[Move, ...]:
    """The moves this person has here, in the table's order: what a page may offer."""
    return tuple(dict.fromkeys(move for role in found.roles for move in lifecycle.moves_for(found.state, role)))


PAGE = 50
"""How many cases a list shows at once."""
_DONE = (State.CLOSED, State.ARCHIVED)


async def mine(session: AsyncSession, actor: Actor, page: int) -> list[Case]:
    """The cases in which this person is a party or acts for one: one page (and one more, which tells that there are
    older ones) of those in which something happened last."""
    query = select(Case).where(Case.id.in_(_own(actor)))
    touched = _touched(actor).subquery()
    query = query.outerjoin(touched, touched.c.case_id == Case.id).order_by(
        func.coalesce(touched.c.last, 0).desc(), Case.id.desc()
    )
    return list(await session.scalars(query.limit(PAGE + 1).offset((page - 1) * PAGE)))


async def mine_after(
    session: AsyncSession, actor: Actor, after: str | None, limit: int
) -> tuple[list[Case], str | None]:
    """The same for programs, newest first: what follows the case `after`, and the id to go on from, if there is more.
    Raises Invalid for a case that is none of these."""
    own = (Case.id.in_(_own(actor)),)
    return await _after(session, select(Case).where(*own), own, after, limit, newest=True)


async def _after(
    session: AsyncSession, query: Select[Case], theirs: Sequence[ColumnElement[bool]], after: str | None, limit: int,
    *, newest: bool,
) -> tuple[list[Case], str | None]:  # fmt: skip
    if after is not None:
        # Looked for among all of theirs: it may have left the state that was asked for since.
        at = await session.scalar(select(Case.id).where(*theirs, Case.pid == after))
        if at is None:
            raise Invalid({"after": _("没有找到这个位置。请从头再取一次。")})
        query = query.where(Case.id < at if newest else Case.id > at)
    ordered = query.order_by(Case.id.desc() if newest else Case.id)
    rows = list(await session.scalars(ordered.limit(limit + 1)))
    return rows[:limit], rows[limit - 1].pid if len(rows) > limit else None


def _touched(actor: Actor) -> Select[int, int]:
    """The last act of each of these cases, of those this person may see: the order of a list must not tell that
    something happened between the other side and the mediator."""
    seen = or_(CaseEvent.audience == "all", CaseEvent.audience == Party.side)
    return (
        select(CaseEvent.case_id, func.max(CaseEvent.id).label("last"))
        .join(Party, Party.case_id == CaseEvent.case_id)
        .where(Party.person_id == actor.person_id, Party.ended_at.is_(None), seen)
        .group_by(CaseEvent.case_id)
    )


def _own(actor: Actor) -> Select[int]:
    return select(Party.case_id).where(Party.person_id == actor.person_id, Party.ended_at.is_(None))


async def at_desk(session: AsyncSession, actor: Actor) -> list[Case]:
    """The cases this mediator is assigned to and that are not closed, newest first."""
    if not actor.has_role(Role.MEDIATOR):
        return []
    query = select(Case).where(Case.id.in_(mediated_by(actor)), Case.state.not_in(_DONE)).order_by(Case.id.desc())
    return list(await session.scalars(query))


async def closed_at_desk(session: AsyncSession, actor: Actor, page: int = 1) -> tuple[list[Case], int]:
    """A page of this mediator's closed cases, newest first, and how many there are in all."""
    if not actor.has_role(Role.MEDIATOR):
        return [], 0
    theirs = (Case.id.in_(mediated_by(actor)), Case.state.in_(_DONE))
    count = await session.scalar(select(func.count()).select_from(Case).where(*theirs)) or 0
    query = select(Case).where(*theirs).order_by(Case.id.desc()).limit(PAGE).offset((page - 1) * PAGE)
    return list(await session.scalars(query)), count


async def closed_at_desk_after(
    session: AsyncSession, actor: Actor, after: str | None, limit: int
) -> tuple[list[Case], str | None]:
    """The same for programs: as `mine_after`."""
    if not actor.has_role(Role.MEDIATOR):
        return [], None
    theirs = (Case.id.in_(mediated_by(actor)), Case.state.in_(_DONE))
    return await _after(session, select(Case).where(*theirs), theirs, after, limit, newest=True)


def mediated_by(actor: Actor) -> Select[int]:
    """The cases this person is assigned to, and no party of: for every list of what a mediator has to do."""
    assigned = select(Assignment.case_id).where(Assignment.person_id == actor.person_id, Assignment.ended_at.is_(None))
    return assigned.where(Assignment.case_id.not_in(_own(actor)))


async def in_queue(
    session: AsyncSession, actor: Actor, states: tuple[State, ...] | None = None, *, overdue: bool = False,
    page: int = 1, newest: bool = False,
) -> list[Case]:  # fmt: skip
    """A page of the cases of the bodies and centres for which this person is a clerk, oldest (or `newest`) first.
    `overdue`: only those with a deadline that has passed."""
    theirs = _of_clerk(actor)
    if theirs is None:
        return []
    query = select(Case).where(*theirs).order_by(Case.id.desc() if newest else Case.id)
    if states is not None:
        query = query.where(Case.state.in_(states))
    if overdue:
        query = query.where(_overdue())
    return list(await session.scalars(query.limit(PAGE).offset((page - 1) * PAGE)))


async def queue_after(
    session: AsyncSession, actor: Actor, states: Sequence[State], after: str | None, limit: int
) -> tuple[list[Case], str | None]:
    """The same for programs, oldest first, of these states or of all: as `mine_after`."""
    theirs = _of_clerk(actor)
    if theirs is None:
        return [], None
    query = select(Case).where(*theirs)
    if states:
        query = query.where(Case.state.in_(states))
    return await _after(session, query, theirs, after, limit, newest=False)


async def queue_counts(session: AsyncSession, actor: Actor) -> tuple[dict[State, int], int]:
    """How many cases a clerk has in each state, and how many of all are overdue; none of them is loaded."""
    theirs = _of_clerk(actor)
    if theirs is None:
        return {}, 0
    late = func.sum(case_when((_overdue(), 1), else_=0))
    rows = (await session.execute(select(Case.state, func.count(), late).where(*theirs).group_by(Case.state))).all()
    return {State(state): count for state, count, _late in rows}, sum(late for _state, _count, late in rows)


def _of_clerk(actor: Actor) -> tuple[ColumnElement[bool], ...] | None:
    bodies, centres = actor.bodies(Role.BODY_CLERK), actor.bodies(Role.CENTRE_CLERK)
    if not bodies and not centres:
        return None
    return or_(Case.body_id.in_(bodies), Case.centre_id.in_(centres)), Case.id.not_in(_own(actor))


def _overdue() -> ColumnElement[bool]:
    running = select(CaseClock.id).where(CaseClock.case_id == Case.id, CaseClock.stopped_at.is_(None))
    return running.where(CaseClock.due_at < clock.now()).exists()


async def _may_open_file(session: AsyncSession, actor: Actor, case_id: int) -> bool:
    """Papers of the case itself are open to everybody in it."""
    case = await session.get(Case, case_id)
    if case is None:
        return False
    try:
        await view(session, actor, case)
    except NotFound:
        return False
    return True


files.register("case", _may_open_file)
