"""The public directory: which body takes my kind of dispute, near me, and why."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from odr.accounts.access import MaybeActor
from odr.bodies import service
from odr.bodies.categories import Category
from odr.bodies.finding import Proposed
from odr.bodies.routing import Matter
from odr.core import web
from odr.core.i18n import _
from odr.core.templating import render

router = APIRouter(include_in_schema=False)

_SHOWN = 5


@router.get("/bodies")
async def directory_page(request: Request, _actor: MaybeActor, category: str = "", place: str = "") -> Response:
    """Choose a kind and a place; the bodies come in order, each with its reasons. With one of them or neither, the
    list of those that come into question."""
    kinds = [(c.value, c.label) for c in Category]
    errors: dict[str, str] = {}
    async with web.read(request) as session:
        places = service.place_options(await service.tree(session))
        if category and category not in dict(kinds):
            errors["category"] = _("没有这一类。请从列表里选择。")
        if place and place not in {code for group in places for code, _name in group.options}:
            errors["place"] = _("没有这个地方。请从列表里选择。")
        kind, where = (None if name in errors else value for name, value in (("category", category), ("place", place)))
        found: list[Proposed] = []
        if kind and where:
            found = await service.propose(session, Matter(category=kind, division_code=where), limit=_SHOWN)
        groups = [] if kind and where else await service.directory(session, category=kind, place=where)
        place_name = await service.place_name(session, where) if where else ""
    return render(
        request,
        "bodies/directory.html",
        categories=kinds,
        places=places,
        found=found,
        groups=groups,
        nothing=bool(kind and where and not found),
        chosen={"category": dict(kinds).get(kind or "", ""), "place": place_name},
        values={"category": category, "place": place},
        errors=errors,
    )


@router.get("/bodies/{pid}")
async def body_page(request: Request, _actor: MaybeActor, pid: str) -> Response:
    """One body: what it takes, when somebody is there, where, and who mediates (在线调解规则 Art. 5)."""
    async with web.read(request) as session:
        body = await service.body(session, pid)
        codes = await service.categories_of(session, body.id)
        seats = await service.mediators_of(session, body.id, only_taking=False)
        place = await service.place_name(session, body.division_code)
    kinds = [c.label for c in Category if c.value in codes]
    return render(request, "bodies/body.html", body=body, kinds=kinds, seats=seats, place=place)
