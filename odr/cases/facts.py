"""What the rules ask about a case, read from its rows at the moment of a move.

What stands above this feature (clauses, signatures, promises, return visits) is told by tellers that are registered
from there, so that a case never looks up.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts import identity
from odr.accounts.models import IdentityLevel, Person
from odr.bodies import service as bodies
from odr.bodies.models import Body, BodyCategory
from odr.cases.codes import Category, ConsentKind, PartyKind, PartyRole, Side, Source, State, Will
from odr.cases.events import MEDIATED_ANEW, REOPENED, TOOK_EFFECT
from odr.cases.guards import Facts, PartyFacts
from odr.cases.models import Assignment, Case, CaseClock, CaseEvent, ContactAttempt, Gate, Party, RoutesNotice
from odr.core import clock

Teller = Callable[[AsyncSession, Sequence[Case]], Awaitable[Mapping[int, Mapping[str, Any]]]]
_tellers: list[Teller] = []
_ADULT = 18
_SUPPLEMENT, _OUTCOME, _REMEDIES = "case:request_supplement:done", "case:outcome:told", "case:remedies:told"


def tells(teller: Teller) -> Teller:
    """Register what a higher feature knows of cases: by their ids, fields of `Facts`. It is asked for many at once."""
    _tellers.append(teller)
    return teller


class Passed(NamedTuple):
    """A gate in force: when and how it was passed, and which words were shown."""

    at: datetime
    channel: str
    text_version: str


@dataclass(frozen=True)
class PartyState:
    """One party with all that is known of it: its gates in force, who acts for it, who is bound."""

    row: Party
    person: Person | None
    agents: tuple[Party, ...] = ()
    gates: Mapping[str, Passed] = field(default_factory=dict)
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

    @cached_property
    def of_rules(self) -> PartyFacts:
        """What the rules ask about this party."""
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
    return (await party_states_of(session, [case.id]))[case.id]


async def party_states_of(session: AsyncSession, case_ids: Collection[int]) -> dict[int, tuple[PartyState, ...]]:
    """The same for many cases, in as many queries as for one."""
    query = select(Party).where(Party.case_id.in_(case_ids), Party.ended_at.is_(None))
    rows = list(await session.scalars(query.order_by(Party.side, Party.id)))
    ids = [row.id for row in rows]
    bound = {row.person_id for row in rows if row.person_id is not None}
    people = {person.id: person for person in await session.scalars(select(Person).where(Person.id.in_(bound)))}
    columns = (Gate.party_id, Gate.kind, Gate.at, Gate.channel, Gate.text_version)
    in_force = select(*columns).where(Gate.party_id.in_(ids), Gate.revoked_at.is_(None))
    gates: dict[int, dict[str, Passed]] = {}
    for party_id, kind, at, channel, version in await session.execute(in_force.order_by(Gate.id)):
        gates.setdefault(party_id, {})[kind] = Passed(at, channel, version)
    # A relapse starts anew: what was told at the end of the first round does not count for the next.
    reopened = await reopenings(session, case_ids)
    case_of = {row.id: row.case_id for row in rows}
    told = select(RoutesNotice).where(RoutesNotice.party_id.in_(ids)).order_by(RoutesNotice.id)
    routes = {
        notice.party_id: notice
        for notice in await session.scalars(told)
        if (since := reopened.get(case_of[notice.party_id])) is None or notice.delivered_at > since
    }
    agents: dict[int, list[Party]] = {}
    for row in rows:
        if row.acts_for_id is not None:
            agents.setdefault(row.acts_for_id, []).append(row)
    found: dict[int, list[PartyState]] = {case_id: [] for case_id in case_ids}
    for row in rows:
        if row.acts_for_id is not None:
            continue
        acting = tuple(agents.get(row.id, ()))
        # A firm is shown by who acts for it: that person's identity counts.
        first = next((p.person_id for p in (row, *acting) if p.person_id is not None), None)
        person = people[first] if first is not None else None
        found[row.case_id].append(PartyState(row, person, acting, gates.get(row.id, {}), routes.get(row.id)))
    return {case_id: tuple(states) for case_id, states in found.items()}


async def assignment_of(session: AsyncSession, case: Case) -> Assignment | None:
    """The mediator's assignment in force."""
    return (await assignments_of(session, [case.id])).get(case.id)


async def assignments_of(session: AsyncSession, case_ids: Collection[int]) -> dict[int, Assignment]:
    """The same for many cases."""
    query = select(Assignment).where(Assignment.case_id.in_(case_ids), Assignment.ended_at.is_(None))
    found: dict[int, Assignment] = {}
    for row in await session.scalars(query.order_by(Assignment.lead.desc(), Assignment.id.desc())):
        found.setdefault(row.case_id, row)
    return found


async def reopenings(session: AsyncSession, case_ids: Collection[int]) -> dict[int, datetime]:
    """When the cases that were opened again were last."""
    return await _last(session, case_ids, REOPENED)


async def in_effect_since(session: AsyncSession, case_ids: Collection[int]) -> dict[int, datetime]:
    """When an agreement last took effect in these cases; those without one are left out."""
    return await _last(session, case_ids, *TOOK_EFFECT)


async def _last(session: AsyncSession, case_ids: Collection[int], *tags: str) -> dict[int, datetime]:
    query = select(CaseEvent.case_id, func.max(CaseEvent.at)).where(
        CaseEvent.case_id.in_(case_ids), CaseEvent.tag.in_(tags)
    )
    rows = await session.execute(query.group_by(CaseEvent.case_id))
    return dict(rows.all())


async def happened(session: AsyncSession, case_ids: Collection[int], *tags: str) -> dict[int, set[str]]:
    """Which of these happened in each case since it last began anew: it was opened again, or an agreement took effect.
    What was told or broken under an agreement says nothing about the one that replaced it."""
    begins = (REOPENED, *TOOK_EFFECT)
    query = select(CaseEvent.case_id, CaseEvent.tag).where(
        CaseEvent.case_id.in_(case_ids), CaseEvent.tag.in_((*begins, *tags))
    )
    found: dict[int, set[str]] = {case_id: set() for case_id in case_ids}
    for case_id, tag in await session.execute(query.order_by(CaseEvent.id)):
        if tag in begins:
            found[case_id].clear()
        else:
            found[case_id].add(tag)
    return found


async def _competent(session: AsyncSession, cases: Sequence[Case], by_id: Mapping[int, Body]) -> set[int]:
    """The cases whose body takes this kind of dispute from this place (宁波市人民调解条例 Art. 18)."""
    paths = await bodies.paths_of(session, {case.division_code for case in cases})
    taken: dict[int, set[str]] = {}
    for row in await session.scalars(select(BodyCategory).where(BodyCategory.body_id.in_(by_id))):
        taken.setdefault(row.body_id, set()).add(row.category)
    found = set()
    for case in cases:
        body = by_id.get(case.body_id or 0)
        if body is None or body.kind == "centre":
            continue
        if all(division.code != body.division_code for division in paths[case.division_code]):
            continue
        if case.category in taken.get(body.id, {case.category}):
            found.add(case.id)
    return found


async def _contacts(session: AsyncSession, case_ids: Collection[int]) -> dict[int, int]:
    """How often the parties of each case were tried to be reached."""
    query = (
        select(Party.case_id, func.count())
        .join(ContactAttempt, ContactAttempt.party_id == Party.id)
        .where(Party.case_id.in_(case_ids), Party.ended_at.is_(None), Party.acts_for_id.is_(None))
    )
    rows = await session.execute(query.group_by(Party.case_id))
    return dict(rows.all())


async def _over(session: AsyncSession, cases: Sequence[Case]) -> set[int]:
    """The cases whose time has run out: that for a supplement while one is awaited, else that for mediating."""
    query = select(CaseClock.case_id, CaseClock.kind).where(
        CaseClock.case_id.in_([case.id for case in cases]),
        CaseClock.stopped_at.is_(None),
        CaseClock.due_at < clock.now(),
        CaseClock.kind.in_(("supplement", "mediate")),
    )
    late = {(case_id, kind) for case_id, kind in await session.execute(query)}
    return {
        case.id for case in cases
        if (case.id, "supplement" if case.state == State.SUPPLEMENT else "mediate") in late
    }  # fmt: skip


async def gather(session: AsyncSession, case: Case, **known: Any) -> Gathered:
    """Facts of a case now. `known` is what this very move brings: a reason, a target, a ground."""
    found = (await gather_all(session, [case]))[case.id]
    return replace(found, facts=replace(found.facts, **known)) if known else found


async def gather_all(session: AsyncSession, cases: Sequence[Case]) -> dict[int, Gathered]:
    """Facts of many cases, by their ids, in as many queries as for one."""
    ids = [case.id for case in cases]
    parties = await party_states_of(session, ids)
    assignments = await assignments_of(session, ids)
    mediating = {row.person_id for row in assignments.values()}
    mediators = {person.id: person for person in await session.scalars(select(Person).where(Person.id.in_(mediating)))}
    chosen = {case.body_id for case in cases if case.body_id is not None}
    by_id = {body.id: body for body in await session.scalars(select(Body).where(Body.id.in_(chosen)))}
    competent = await _competent(session, cases, by_id)
    attempts = await _contacts(session, ids)
    over = await _over(session, cases)
    told = await happened(session, ids, _SUPPLEMENT, _OUTCOME, _REMEDIES, MEDIATED_ANEW)
    told_above = [await teller(session, cases) for teller in _tellers]
    found = {}
    for case in cases:
        assignment = assignments.get(case.id)
        facts = Facts(
            parties=tuple(state.of_rules for state in parties[case.id]),
            category=Category(case.category),
            source=Source(case.source),
            division=bool(case.division_code),
            facts_told=bool(case.facts.strip()),
            claims=len(case.claims),
            applicant_confirmed=case.confirmed_at is not None,
            body_named=case.body_id is not None,
            body_competent=case.id in competent,
            supplement_asked=_SUPPLEMENT in told[case.id],
            deadline_over=case.id in over,
            contact_attempts=attempts.get(case.id, 0),
            mediator_named=assignment is not None,
            mediator_confirmed=assignment is not None and assignment.confirmed_at is not None,
            disclosure_made=assignment is not None and assignment.disclosed_at is not None,
            open_objection=assignment is not None and assignment.objection is not None,
            violence=case.violence,
            outcome_told=_OUTCOME in told[case.id],
            mediated_anew=MEDIATED_ANEW in told[case.id],
            remedies_told=_REMEDIES in told[case.id],
            dossier_complete=_own_papers_complete(case, parties[case.id]),
            accepted_before=case.accepted_at is not None,
        )
        for above in told_above:
            facts = replace(facts, **above.get(case.id, {}))
        found[case.id] = Gathered(
            facts,
            parties[case.id],
            assignment,
            mediators.get(assignment.person_id) if assignment is not None else None,
            by_id.get(case.body_id or 0),
        )
    return found


def _own_papers_complete(case: Case, parties: tuple[PartyState, ...]) -> bool:
    """The papers of the file that this feature holds: the application always, and for an agreed case the rights notice
    and the identity of each party. A teller above adds what else must be there."""
    if case.result not in ("agreed_written", "agreed_oral"):
        return True
    return all(state.identity_checked and ConsentKind.RIGHTS_NOTICE in state.gates for state in parties)
