"""Finding the body that takes a matter: the rows of the city put before the pure rules of `routing`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.models import Grant, Person, Role
from odr.bodies import places, routing
from odr.bodies.models import Body, BodyCategory, Division, MediatorProfile


@dataclass(frozen=True)
class Proposed:
    """A body, why, and its mediators in order with why; the rows themselves."""

    body: Body
    place: str
    reasons: tuple[str, ...]
    mediators: tuple[tuple[Person, tuple[str, ...]], ...]


async def propose(
    session: AsyncSession,
    matter: routing.Matter,
    *,
    open_cases: Mapping[int, int] | None = None,
    conflicts: Collection[int] = (),
    limit: int = 3,
) -> list[Proposed]:
    """The bodies that may take this matter, best first, the second being the alternative to show.

    `open_cases` counts per mediator's person id; `conflicts` are persons on a side of the matter.
    """
    bodies = await _bodies_around(session, matter.division_code)
    people, rosters = await _rosters(session, bodies, open_cases or {}, conflicts)
    taken = await _categories(session, bodies)
    names = await _place_names(session, bodies)
    by_key = {body.pid: body for body in bodies}
    candidates = [
        routing.Candidate(
            key=body.pid,
            kind=body.kind,
            level=body.level,
            division_code=body.division_code,
            place=names[body.division_code],
            sector=body.sector,
            categories=taken.get(body.id, frozenset()),
            languages=frozenset(body.languages),
            mediators=tuple(rosters.get(body.id, ())),
        )
        for body in bodies
    ]
    return [
        Proposed(
            body=by_key[one.body.key],
            place=one.body.place,
            reasons=one.reasons,
            mediators=tuple((people[choice.mediator.key], choice.reasons) for choice in one.mediators),
        )
        for one in routing.propose(matter, candidates)[:limit]
    ]


async def _bodies_around(session: AsyncSession, code: str) -> list[Body]:
    """Bodies of the place and of every place it lies in."""
    around = {code[:n].ljust(12, "0") for n in (4, 6, 9, 12)}
    query = select(Body).where(Body.active, Body.kind != "centre", Body.division_code.in_(around)).order_by(Body.id)
    return list(await session.scalars(query))


async def _rosters(
    session: AsyncSession, bodies: Sequence[Body], open_cases: Mapping[int, int], conflicts: Collection[int]
) -> tuple[dict[str, Person], dict[int, list[routing.Mediator]]]:
    query = (
        select(Grant.body_id, Person, MediatorProfile)
        .join(Person, Person.id == Grant.person_id)
        .outerjoin(MediatorProfile, MediatorProfile.person_id == Person.id)
        .where(Grant.role == Role.MEDIATOR, Grant.ended_at.is_(None), Grant.body_id.in_([body.id for body in bodies]))
        .order_by(Person.id)
    )
    people: dict[str, Person] = {}
    rosters: dict[int, list[routing.Mediator]] = {}
    for body_id, person, profile in await session.execute(query):
        if body_id is None:
            continue
        people[person.pid] = person
        rosters.setdefault(body_id, []).append(
            routing.Mediator(
                key=person.pid,
                open_cases=open_cases.get(person.id, 0),
                categories=frozenset(profile.categories) if profile else frozenset(),
                languages=frozenset(profile.languages or ["zh"]) if profile else frozenset({"zh"}),
                conflict=person.id in conflicts,
                takes_cases=profile is None or profile.accepts_cases,
            )
        )
    return people, rosters


async def _categories(session: AsyncSession, bodies: Sequence[Body]) -> dict[int, frozenset[str]]:
    query = select(BodyCategory).where(BodyCategory.body_id.in_([body.id for body in bodies]))
    found: dict[int, set[str]] = {}
    for row in await session.scalars(query):
        found.setdefault(row.body_id, set()).add(row.category)
    return {body_id: frozenset(codes) for body_id, codes in found.items()}


async def _place_names(session: AsyncSession, bodies: Sequence[Body]) -> dict[str, str]:
    """The path below the city for each body's place, in one query."""
    codes = {places.prefix(body.division_code)[:n].ljust(12, "0") for body in bodies for n in (4, 6, 9, 12)}
    rows = await session.execute(select(Division.code, Division.name, Division.level).where(Division.code.in_(codes)))
    known = {code: (name, level) for code, name, level in rows}
    found = {}
    for body in bodies:
        path = sorted({body.division_code[:n].ljust(12, "0") for n in (4, 6, 9, 12)})
        below = [known[code][0] for code in path if code in known and known[code][1] != "city"]
        found[body.division_code] = "".join(below) or known.get(body.division_code, ("", ""))[0]
    return found
