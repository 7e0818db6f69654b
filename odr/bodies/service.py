"""The bodies of the city: seeding them, finding the one that takes a matter, and who sits in it."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.models import Grant, Person, Role
from odr.bodies.finding import Proposed, propose
from odr.bodies.models import Body, BodyCategory, Division, Grid, MediatorProfile
from odr.bodies.places import (
    District,
    PlaceGroup,
    Township,
    community_options,
    covers,
    path_of,
    paths_of,
    place_name,
    place_options,
    prefix,
    tree,
)
from odr.core.errors import NotFound

__all__ = [
    "District",
    "PlaceGroup",
    "Proposed",
    "Seat",
    "Township",
    "body",
    "categories_of",
    "centre_for",
    "community_options",
    "covers",
    "directory",
    "mediators_of",
    "path_of",
    "paths_of",
    "place_name",
    "place_options",
    "prefix",
    "propose",
    "seed",
    "tree",
]

_DATA = Path(__file__).parent / "data"
_FIELDS = (
    *("kind", "level", "sector", "name", "number_word", "division_code", "scope", "clock"),
    *("duty_hours", "phone", "address", "languages", "invented"),
)


@cache
def _data(name: str) -> Any:
    return json.loads((_DATA / name).read_text())


@dataclass(frozen=True)
class Seat:
    """A mediator on a body's roster."""

    person: Person
    profile: MediatorProfile | None = None
    open_cases: int = 0


async def body(session: AsyncSession, pid: str) -> Body:
    """A body by its public id. Raises NotFound."""
    found = await session.scalar(select(Body).where(Body.pid == pid, Body.active))
    if found is None:
        raise NotFound()
    return found


async def categories_of(session: AsyncSession, body_id: int) -> frozenset[str]:
    """The codes of the kinds of dispute a body takes."""
    return frozenset(await session.scalars(select(BodyCategory.category).where(BodyCategory.body_id == body_id)))


async def centre_for(session: AsyncSession, division_code: str) -> Body:
    """The centre that takes a matter in from this place: its district's, else the city's. Raises NotFound."""
    wanted = (prefix(division_code)[:6].ljust(12, "0"), prefix(division_code)[:4].ljust(12, "0"))
    query = select(Body).where(Body.kind == "centre", Body.division_code.in_(wanted), Body.active)
    found = {centre.division_code: centre for centre in await session.scalars(query)}
    for code in wanted:
        if code in found:
            return found[code]
    raise NotFound()


async def directory(
    session: AsyncSession, *, category: str | None = None, place: str | None = None
) -> list[tuple[str, list[Body]]]:
    """Every body by kind: centres, sector bodies, then committees from the city down.

    `category` leaves those that take this kind of dispute (and the centres, which take everything in), `place` those
    of this place, of what lies in it and of what it lies in.
    """
    order = {"centre": 0, "sector": 1, "committee": 2}
    bodies = list(await session.scalars(select(Body).where(Body.active).order_by(Body.division_code, Body.id)))
    if place:
        bodies = [b for b in bodies if covers(b.division_code, place) or covers(place, b.division_code)]
    if category:
        taken: dict[int, set[str]] = {}
        for row in await session.scalars(select(BodyCategory)):
            taken.setdefault(row.body_id, set()).add(row.category)
        bodies = [b for b in bodies if b.kind == "centre" or category in taken.get(b.id, {category})]
    kinds = sorted({body.kind for body in bodies}, key=lambda kind: order.get(kind, 9))
    return [(kind, [body for body in bodies if body.kind == kind]) for kind in kinds]


async def mediators_of(
    session: AsyncSession, body_id: int, *, exclude: Collection[int] = (), only_taking: bool = True
) -> list[Seat]:
    """The roster of a body: who holds the role there now, with the public profile."""
    query = (
        select(Person, MediatorProfile)
        .join(Grant, Grant.person_id == Person.id)
        .outerjoin(MediatorProfile, MediatorProfile.person_id == Person.id)
        .where(Grant.role == Role.MEDIATOR, Grant.body_id == body_id, Grant.ended_at.is_(None))
        .order_by(Person.id)
    )
    rows = (await session.execute(query)).all()
    return [
        Seat(person, profile)
        for person, profile in rows
        if person.id not in exclude and (not only_taking or profile is None or profile.accepts_cases)
    ]


async def seed(session: AsyncSession) -> None:
    """Divisions, bodies, their categories and the grids of the city from the data files. Does nothing to a city that
    has its divisions already."""
    if await session.scalar(select(func.count()).select_from(Division)):
        return
    session.add_all(
        Division(
            code=row["code"],
            name=row["name"],
            level=row["level"],
            kind=row.get("kind"),
            parent_code=row["parent"],
            statistical_only=row.get("statistical_only", False),
        )
        for row in _data("divisions.json")["divisions"]
    )
    await session.flush()
    by_code: dict[str, Body] = {}
    for row in [row for name in ("centres", "committees", "sector_bodies") for row in _data(f"{name}.json")["bodies"]]:
        parent = by_code.get(row["parent"] or "")
        found = by_code[row["code"]] = Body(parent_id=parent.id if parent else None, **{f: row[f] for f in _FIELDS})
        session.add(found)
        await session.flush()
        session.add_all(BodyCategory(body_id=found.id, category=code) for code in row["categories"])
    session.add_all(Grid(**row) for row in _data("grids.json")["grids"])
    await session.flush()
