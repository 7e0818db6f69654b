"""The routing proposal for a case: which body, which mediator, why, and another one beside it (R10)."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.models import Person
from odr.bodies import routing
from odr.bodies import service as bodies
from odr.bodies.models import Body
from odr.cases.codes import State
from odr.cases.facts import party_states
from odr.cases.models import Assignment, Case

_OVER = (State.CLOSED, State.ARCHIVED, State.FAILED, State.WITHDRAWN, State.TRANSFERRED)


@dataclass(frozen=True)
class Candidate:
    """A body that could take the case, and its mediators in order with why."""

    body: Body
    place: str
    reasons: tuple[str, ...]
    mediators: tuple[tuple[Person, tuple[str, ...]], ...]

    def public(self) -> dict[str, Any]:
        return {
            "body": {"id": self.body.pid, "name": self.body.name, "place": self.place, "phone": self.body.phone},
            "reasons": list(self.reasons),
            "mediators": [{"id": p.pid, "name": p.name, "reasons": list(why)} for p, why in self.mediators],
        }


async def proposals(session: AsyncSession, case: Case, *, limit: int = 3) -> list[Candidate]:
    """The best bodies for a case, the best first. Nobody who is on a side of it is proposed as its mediator."""
    on_sides = {person_id for state in await party_states(session, case) for person_id in state.people}
    matter = routing.Matter(
        category=case.category,
        division_code=case.division_code,
        words="\n".join([case.title, case.facts, *case.claims]),
        source=case.source,
    )
    found = await bodies.propose(session, matter, open_cases=await _loads(session), conflicts=on_sides, limit=limit)
    return [Candidate(one.body, one.place, one.reasons, one.mediators) for one in found]


async def mediators_for(session: AsyncSession, case: Case) -> list[tuple[Person, tuple[str, ...]]]:
    """Who of the case's own body may be named, the best first; those without a reason at the end."""
    if case.body_id is None:
        return []
    on_sides = {person_id for state in await party_states(session, case) for person_id in state.people}
    proposed = next(
        (one.mediators for one in await proposals(session, case, limit=50) if one.body.id == case.body_id), ()
    )
    named = {person.id for person, _why in proposed}
    seats = await bodies.mediators_of(session, case.body_id, exclude=on_sides | named)
    return [*proposed, *((seat.person, ()) for seat in seats)]


async def _loads(session: AsyncSession) -> dict[int, int]:
    """How many cases each mediator has in hand."""
    open_cases = select(Case.id).where(Case.state.not_in(_OVER))
    query = (
        select(Assignment.person_id, func.count())
        .where(Assignment.ended_at.is_(None), Assignment.case_id.in_(open_cases))
        .group_by(Assignment.person_id)
    )
    return dict((await session.execute(query)).all())
