"""The register form of an oral agreement (口头协议登记表), and the way back to writing."""

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse, Response

from odr.accounts.access import Actor, SignedIn
from odr.agreements import access, service
from odr.agreements.board_pages import board, current_place, errors_of
from odr.agreements.schemas import AtOnce, RegisterIn
from odr.core import clock, forms, web
from odr.core.errors import Conflict, Invalid, OdrError
from odr.core.templating import render

router = APIRouter(include_in_schema=False)


@router.get("/cases/{pid}/agreement/register")
async def register(request: Request, actor: SignedIn, pid: str) -> HTMLResponse:
    return await _page(request, actor, pid)


async def _page(
    request: Request, actor: Actor, pid: str, error: OdrError | None = None, values: dict[str, str] | None = None
) -> HTMLResponse:
    async with web.read(request) as session:
        place = await current_place(session, actor, pid)
        access.need_mediator(place.view)
        access.need_drafting(place)
        given = values if values is not None else await _filled(session, place.agreement.pid, actor)
        context = {"case": place.case, "at": f"/cases/{pid}/agreement", "agreement": place.agreement.pid}
    status = error.status if error is not None else 200
    choices = [(one.value, one.label) for one in AtOnce]
    return render(
        request, "agreements/register.html", status=status, errors=errors_of(error), values=given, at_once=choices,
        **context,
    )  # fmt: skip


async def _filled(session: AsyncSession, pid: str, actor: Actor) -> dict[str, str]:
    """What was written before; a new form proposes today and what is most common."""
    place = await access.for_reading(session, actor, pid)
    row = await service.register_of(session, place.agreement)
    if row is None:
        return {"held_on": clock.today().isoformat(), "performed": AtOnce.LATER.value}
    crossing = {"cross_committee": "1"} if row.cross_committee else {}
    return {"held_on": row.held_on.isoformat(), "place": row.place, "performed": row.performed} | crossing


@router.post("/cases/{pid}/agreement/register")
async def write(request: Request, actor: SignedIn, pid: str) -> Response:
    form = await forms.read(request)
    try:
        wanted = form.parse(RegisterIn)
        async with web.write(request) as session:
            await service.register(session, actor, form.values.get("agreement", ""), wanted)
    except (Invalid, Conflict) as error:
        return await _page(request, actor, pid, error, form.values)
    return web.see_other(f"/cases/{pid}/agreement")


@router.post("/cases/{pid}/agreement/form")
async def write_down(request: Request, actor: SignedIn, pid: str) -> Response:
    """Make an oral draft a written one."""
    form = await forms.read(request)
    try:
        async with web.write(request) as session:
            await service.write_down(session, actor, form.values.get("agreement", ""))
    except (Invalid, Conflict) as error:
        return await board(request, actor, pid, error=error, values=form.values)
    return web.see_other(f"/cases/{pid}/agreement")
