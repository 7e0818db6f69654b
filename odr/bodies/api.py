"""The directory as JSON."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from odr.bodies import service
from odr.bodies.categories import Category
from odr.bodies.models import Body
from odr.bodies.routing import Matter
from odr.core.errors import Invalid
from odr.core.i18n import _
from odr.core.web import Read

router = APIRouter(prefix="/api/v1", tags=["bodies"])


@router.get("/divisions")
async def divisions(session: Read) -> dict[str, Any]:
    """The places of the city as a tree."""
    return {"districts": await service.tree(session)}


@router.get("/categories")
async def categories() -> dict[str, Any]:
    """The kinds of dispute."""
    return {"categories": [{"code": c.value, "label": c.label} for c in Category]}


@router.get("/bodies")
async def find(
    session: Read, category: Category, division_code: Annotated[str, Query(pattern=r"^\d{12}$")], words: str = ""
) -> dict[str, Any]:
    """The bodies that take this kind of dispute from this place, best first, each with its reasons."""
    if not await service.path_of(session, division_code):
        raise Invalid({"division_code": _("没有这个区划代码。请用国家统计局 12 位代码。")})
    matter = Matter(category=category.value, division_code=division_code, words=words[:4000])
    return {
        "bodies": [
            _card(one.body) | {"place": one.place, "reasons": one.reasons}
            for one in await service.propose(session, matter)
        ]
    }


@router.get("/bodies/{pid}")
async def body(session: Read, pid: str) -> dict[str, Any]:
    """One body with its roster."""
    found = await service.body(session, pid)
    seats = await service.mediators_of(session, found.id, only_taking=False)
    return _card(found) | {
        "categories": sorted(await service.categories_of(session, found.id)),
        "mediators": [
            {"id": seat.person.pid, "name": seat.person.name, "title": seat.profile.title if seat.profile else ""}
            for seat in seats
        ],
    }


def _card(body: Body) -> dict[str, Any]:
    return {
        "id": body.pid,
        "name": body.name,
        "kind": body.kind,
        "level": body.level,
        "scope": body.scope,
        "phone": body.phone,
        "address": body.address,
        "duty_hours": body.duty_hours,
        "invented": body.invented,
    }
