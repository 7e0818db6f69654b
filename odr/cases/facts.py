"""What the rules ask about a case, read from its rows at the moment of a move.

What stands above this feature (clauses, signatures, promises, return visits) is told by tellers that are registered
from there, so that a case never looks up.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts import identity
from odr.accounts.models import IdentityLevel, Person
from odr.bodies import service as bodies
from odr.bodies.models import Body, BodyCategory
from odr.cases.codes import Category, ConsentKind, PartyKind, PartyRole, Side, Source, State, Will
from odr.cases.guards import Facts, PartyFacts
from odr.cases.models import Assignment, Case, CaseClock, CaseEvent, ContactAttempt, Gate, Party, RoutesNotice
from odr.core import clock

Teller = Callable[[AsyncSession, Case], Awaitable[Mapping[str, Any]]]
_tellers: list[Teller] = []
_ADULT = 18
_REOPENED = "case:reopen:done"
_SUPPLEMENT, _OUTCOME, _REMEDIES = "case:request_supplement:done", "case:outcome:told", "case:remedies:told"


def tells(teller: Teller) -> Teller:
    """Register what a higher feature knows of a case: a mapping of fields of `Facts`."""
    _tellers.append(teller)
    return teller


@dataclass(frozen=True)
class PartyState:
    """One party with all that is known of it: its gates in force, who acts for it, who is bound."""

    row: Party
    person: Person | None
    agents: tuple[Party, ...] = ()
    gates: Mapping[str, Gate] = field(default_factory=dict)
    routes: RoutesNotice | None = None

    @property
    def people(self) -> tuple[int, ...]:
        """The bound persons of this party, itself and who acts for it."""
        return tuple(p.person_id for p in (self.row, *self.agents) if p.person_id is not None)

    @property
    def offline(self) -> bool:
        return ConsentKind.OFFLINE in self.gates

    @property
    def reachable(self) -> bool:
        return bool(self.people) or self.row.phone is not None or self.row.address is not None

    @property
    def identity_checked(self) -> bool:
        """The party itself, or who acts for it, proved a name by the ladder; a phone alone is not enough."""
        return self.person is not None and self.person.identity_level != IdentityLevel.PHONE

    def of_rules(self) -> PartyFacts:
        return PartyFacts(
            side=Side(self.row.side),
            will=Will(self.row.will),
            identity_checked=self.identity_checked,
            rights_notice=ConsentKind.RIGHTS_NOTICE in self.gates,
            disclosure_seen=ConsentKind.DISCLOSURE in self.gates,
            online_consent=ConsentKind.ONLINE_MEDIATION in self.gates,
            offline=self.offline,
            guardian_missing=_guardian_missing(self),
            reachable=self.reachable,
            routes_notice=self.routes is not None,
            extension_agreed=ConsentKind.EXTENSION in self.gates,
            court_requested=ConsentKind.COURT_REQUEST in self.gates,
        )


@dataclass(frozen=True)
class Gathered:
    """The facts, and the rows they were read from."""

    facts: Facts
    parties: tuple[PartyState, ...]
    assignment: Assignment | None
    mediator: Person | None
    body: Body | None

    def party(self, party: Party | None) -> PartyState | None:
        """The state of this party, or of the party this agent acts for."""
        if party is None:
            return None
        wanted = party.acts_for_id or party.id
        return next((state for state in self.parties if state.row.id == wanted), None)


def _guardian_missing(party: PartyState) -> bool:
    """A minor acts through a guardian (民法典 Art. 19-23)."""
    id_no = party.row.id_no or (party.person.id_no if party.person else None)
    if party.row.kind != PartyKind.NATURAL or id_no is None:
        return False
    guarded = any(a.role == PartyRole.GUARDIAN and a.person_id is not None for a in party.agents)
    return identity.age(id_no, clock.today()) < _ADULT and not guarded


async def parties_of(session: AsyncSession, case: Case, role: str = PartyRole.PARTY) -> list[Party]:
    """The parties of a case that have not ended, in the order they were named."""
    query = select(Party).where(Party.case_id == case.id, Party.ended_at.is_(None), Party.role == role)
    return list(await session.scalars(query.order_by(Party.side, Party.id)))


async def party_states(session: AsyncSession, case: Case) -> tuple[PartyState, ...]:
    """All parties with their gates in force."""
    rows = list(
        await session.scalars(
            select(Party).where(Party.case_id == case.id, Party.ended_at.is_(None)).order_by(Party.side, Party.id)
        )
    )
    ids = [row.id for row in rows]
    people = {
        person.id: person
        for person in await session.scalars(
            select(Person).where(Person.id.in_({row.person_id for row in rows if row.person_id is not None}))
        )
    }
    gates = list(
        await session.scalars(select(Gate).where(Gate.party_id.in_(ids), Gate.revoked_at.is_(None)).order_by(Gate.id))
    )
    # A relapse starts anew: what was told at the end of the first round does not count for the next.
    reopened = await session.scalar(
        select(func.max(CaseEvent.at)).where(CaseEvent.case_id == case.id, CaseEvent.tag == _REOPENED)
    )
    told = select(RoutesNotice).where(RoutesNotice.party_id.in_(ids)).order_by(RoutesNotice.id)
    if reopened is not None:
        told = told.where(RoutesNotice.delivered_at > reopened)
    routes = {notice.party_id: notice for notice in await session.scalars(told)}
    found = []
    for row in rows:
        if row.acts_for_id is not None:
            continue
        agents = tuple(agent for agent in rows if agent.acts_for_id == row.id)
        # A firm is shown by who acts for it: that person's identity counts.
        bound = [p.person_id for p in (row, *agents) if p.person_id is not None]
        found.append(
            PartyState(
                row,
                people[bound[0]] if bound else None,
                agents,
                {gate.kind: gate for gate in gates if gate.party_id == row.id},
                routes.get(row.id),
            )
        )
    return tuple(found)


async def assignment_of(session: AsyncSession, case: Case) -> Assignment | None:
    """The mediator's assignment in force."""
    query = select(Assignment).where(Assignment.case_id == case.id, Assignment.ended_at.is_(None))
    return await session.scalar(query.order_by(Assignment.lead.desc(), Assignment.id.desc()).limit(1))


async def happened(session: AsyncSession, case: Case, *tags: str) -> set[str]:
    """Which of these happened since the case was last opened again."""
    query = select(CaseEvent.tag).where(CaseEvent.case_id == case.id, CaseEvent.tag.in_((_REOPENED, *tags)))
    found: set[str] = set()
    for tag in await session.scalars(query.order_by(CaseEvent.id)):
        if tag == _REOPENED:
            found.clear()
        else:
            found.add(tag)
    return found


async def competent(session: AsyncSession, body: Body, case: Case) -> bool:
    """Whether this body takes this kind of dispute from this place (宁波市人民调解条例 Art. 18)."""
    path = {division.code for division in await bodies.path_of(session, case.division_code)}
    if body.kind == "centre" or body.division_code not in path:
        return False
    taken = set(await session.scalars(select(BodyCategory.category).where(BodyCategory.body_id == body.id)))
    return not taken or case.category in taken


async def gather(session: AsyncSession, case: Case, **known: Any) -> Gathered:
    """Facts of a case now. `known` is what this very move brings: a reason, a target, a ground."""
    parties = await party_states(session, case)
    assignment = await assignment_of(session, case)
    mediator = await session.get(Person, assignment.person_id) if assignment is not None else None
    body = await session.get(Body, case.body_id) if case.body_id is not None else None
    attempts = await session.scalar(
        select(func.count())
        .select_from(ContactAttempt)
        .where(ContactAttempt.party_id.in_([state.row.id for state in parties]))
    )
    over = await session.scalar(
        select(CaseClock.id)
        .where(CaseClock.case_id == case.id, CaseClock.stopped_at.is_(None), CaseClock.due_at < clock.now())
        .where(CaseClock.kind == ("supplement" if case.state == State.SUPPLEMENT else "mediate"))
        .limit(1)
    )
    told = await happened(session, case, _SUPPLEMENT, _OUTCOME, _REMEDIES)
    facts = Facts(
        parties=tuple(state.of_rules() for state in parties),
        category=Category(case.category),
        source=Source(case.source),
        division=bool(case.division_code),
        facts_told=bool(case.facts.strip()),
        claims=len(case.claims),
        applicant_confirmed=case.confirmed_at is not None,
        body_named=body is not None,
        body_competent=body is not None and await competent(session, body, case),
        supplement_asked=_SUPPLEMENT in told,
        deadline_over=over is not None,
        contact_attempts=attempts or 0,
        mediator_named=assignment is not None,
        mediator_confirmed=assignment is not None and assignment.confirmed_at is not None,
        disclosure_made=assignment is not None and assignment.disclosed_at is not None,
        open_objection=assignment is not None and assignment.objection is not None,
        violence=case.violence,
        outcome_told=_OUTCOME in told,
        remedies_told=_REMEDIES in told,
        dossier_complete=_own_papers_complete(case, parties),
        accepted_before=case.accepted_at is not None,
    )
    for teller in _tellers:
        facts = replace(facts, **await teller(session, case))
    return Gathered(replace(facts, **known), parties, assignment, mediator, body)


def _own_papers_complete(case: Case, parties: tuple[PartyState, ...]) -> bool:
    """The papers of the file that this feature holds: the application always, and for an agreed case the rights notice
    and the identity of each party. A teller above adds what else must be there."""
    if case.result not in ("agreed_written", "agreed_oral"):
        return True
    return all(state.identity_checked and ConsentKind.RIGHTS_NOTICE in state.gates for state in parties)
