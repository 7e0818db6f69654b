"""Where people meet: the rooms of the body, of its centre and of others in the district, by their address."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.bodies.models import Body
from odr.cases.models import Case
from odr.core.errors import Invalid
from odr.core.i18n import _
from odr.meetings.schemas import Where

_MOST = 40
_LONGEST = 120


@dataclass(frozen=True)
class Place:
    """A room that can be named with one tap."""

    pid: str
    name: str
    address: str

    @property
    def text(self) -> str:
        return f"{self.name}（{self.address}）" if self.address else self.name


async def offered(session: AsyncSession, case: Case) -> list[Place]:
    """The body's own room first, then that of the centre, then those of the same district that have an address."""
    district = case.division_code[:6]
    query = (
        select(Body)
        .where(Body.active, Body.division_code.startswith(district), Body.address != "")
        .order_by(Body.kind != "centre", Body.division_code, Body.id)
        .limit(_MOST)
    )
    own = [row for row in [await session.get(Body, case.body_id or 0), await session.get(Body, case.centre_id)] if row]
    rows = {row.id: row for row in [*own, *await session.scalars(query)]}
    return [Place(row.pid, row.name, row.address) for row in rows.values()]


async def resolve(session: AsyncSession, case: Case, where: Where) -> str:
    """The place in words. Raises Invalid for a body that is none."""
    if where.at_body is None:
        return where.place
    body = await session.scalar(select(Body).where(Body.pid == where.at_body, Body.active))
    if body is None:
        raise Invalid({"at_body": _("请从给出的地点里选，或者自己写。")})
    found = Place(body.pid, body.name, body.address).text + (f" {where.place}" if where.place else "")
    return found[:_LONGEST]
