"""The public directory: which body takes my kind of dispute, near me, and why."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from odr.accounts.access import MaybeActor
from odr.bodies import service
from odr.bodies.categories import Category
from odr.bodies.finding import Proposed
from odr.bodies.routing import Matter
from odr.core import web
from odr.core.templating import render

router = APIRouter(include_in_schema=False)

_SHOWN = 5


@router.get("/bodies")
async def directory_page(request: Request, _actor: MaybeActor, category: str = "", place: str = "") -> Response:
    """Choose a kind and a place; the bodies come in order, each with its reasons. Without a choice, all of them."""
    known = category if category in {c.value for c in Category} else ""
    async with web.read(request) as session:
        tree = await service.tree(session)
        options = [(district.code, district.name) for district in tree]
        for district in tree:
            for township in district.townships:
                options.append((township.code, f"{district.name} {township.name}"))
                options += [(code, f"{district.name} {township.name} {name}") for code, name in township.communities]
        found: list[Proposed] = []
        if known and place in {code for code, _name in options}:
            found = await service.propose(session, Matter(category=known, division_code=place), limit=_SHOWN)
        groups = [] if found else await service.directory(session)
    return render(
        request,
        "bodies/directory.html",
        categories=[(c.value, c.label) for c in Category],
        places=options,
        found=found,
        groups=groups,
        values={"category": category, "place": place},
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
