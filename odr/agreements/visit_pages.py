"""Return visits: what is due, what was said, and the form a party fills in by itself."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from odr.accounts.access import Actor, SignedIn
from odr.agreements import access, content, documents, service, visit_plan, visits
from odr.agreements.board_pages import errors_of
from odr.agreements.performance_schemas import VisitFormIn
from odr.agreements.schemas import Performed, VisitIn
from odr.cases import access as case_access
from odr.cases.codes import Channel, Side, State
from odr.core import clock, forms, web
from odr.core.errors import Conflict, Invalid, NotFound, OdrError
from odr.core.i18n import N_, _
from odr.core.templating import render

router = APIRouter(include_in_schema=False)

SATISFACTION = (N_("非常满意"), N_("满意"), N_("一般"), N_("不满意"), N_("非常不满意"))
SIGNS = {
    "wrong": N_("可能调解得不对"),
    "escalation": N_("可能闹大"),
    "risk": N_("别的危险"),
}


def _choices() -> dict[str, Any]:
    return {
        "performed": [(p.value, p.label) for p in Performed],
        "satisfaction": [(n, _(words)) for n, words in enumerate(SATISFACTION, start=1)],
        "signs": [(key, _(words)) for key, words in SIGNS.items()],
    }


async def _visits(
    request: Request, actor: Actor, pid: str, *, error: OdrError | None = None, values: dict[str, Any] | None = None
) -> HTMLResponse:
    async with web.read(request) as session:
        view = await access.of_case(session, actor, pid)
        parties = await content.principals(session, view.case)
        visited = await visits.visited_parties(session, view.case)
        mine = visits.may_visit(view, await visit_plan.handled_by(session, view.case))
        moves = {move.value for move in case_access.allowed_moves(view)}
        may = mine and view.state in visits.AFTER and view.case.form is not None
        context: dict[str, Any] = {
            "case": view.case,
            "at": f"/cases/{pid}/visits",
            "wide": view.is_staff,
            "visits": await documents.visits_of(session, view),
            "due": await visit_plan.shown(session, view),
            "parties": [(p.pid, f"{Side(p.side).label} {p.name}") for p in parties],
            "left": [p.name for p in parties if p.id not in visited],
            "may_visit": may,
            "form_waits": await visits.form_for(session, view) is not None,
            "handles": view.handles,
            "may_reopen": view.handles and view.state in (*visits.AFTER[2:],),
            "moves": moves,
            "over": view.state in (State.CLOSED, State.ARCHIVED),
            "channels": [(c.value, c.label) for c in visits.CHANNELS],
        } | _choices()
    given = values or {"visited_at": f"{clock.local(clock.now()):%Y-%m-%dT%H:%M}"}
    status = error.status if error is not None else 200
    return render(request, "agreements/visits.html", status=status, errors=errors_of(error), values=given, **context)


@router.get("/cases/{pid}/visits")
async def visits_page(request: Request, actor: SignedIn, pid: str) -> HTMLResponse:
    return await _visits(request, actor, pid)


@router.post("/cases/{pid}/visits")
async def visit(request: Request, actor: SignedIn, pid: str) -> Response:
    form = await forms.read(request)
    signs = form.many("signs")
    try:
        wanted = form.parse(VisitIn, signs=signs)
        async with web.write(request) as session:
            await service.visit(session, actor, pid, wanted)
    except (Invalid, Conflict) as error:
        return await _visits(request, actor, pid, error=error, values=form.values | {"signs": signs})
    return web.see_other(f"/cases/{pid}/visits")


@router.post("/cases/{pid}/visits/forms")
async def send_form(request: Request, actor: SignedIn, pid: str) -> Response:
    """Ask a party to fill in the form itself."""
    form = await forms.read(request)
    try:
        async with web.write(request) as session:
            await service.send_visit_form(session, actor, pid, form.values.get("party", ""))
    except (Invalid, Conflict) as error:
        return await _visits(request, actor, pid, error=error)
    return web.see_other(f"/cases/{pid}/visits")


@router.post("/cases/{pid}/visits/completion")
async def finish(request: Request, actor: SignedIn, pid: str) -> Response:
    await forms.read(request)
    try:
        async with web.write(request) as session:
            await service.finish_visits(session, actor, pid)
    except Conflict as error:
        return await _visits(request, actor, pid, error=error)
    return web.see_other(f"/cases/{pid}")


@router.post("/cases/{pid}/visits/{visit}/reopening")
async def reopen(request: Request, actor: SignedIn, pid: str, visit: str) -> Response:
    """反复: the same case goes on, from the visit that found it."""
    await forms.read(request)
    try:
        async with web.write(request) as session:
            await service.reopen_from_visit(session, actor, pid, visit)
    except Conflict as error:
        return await _visits(request, actor, pid, error=error)
    async with web.read(request) as session:
        try:
            await access.of_case(session, actor, pid)
        except NotFound:
            # The case waits to be assigned again, and this mediator has no place in it until then.
            return web.see_other("/desk")
    return web.see_other(f"/cases/{pid}")


# --- the form of a party --------------------------------------------------------------------------------------------


async def _form(
    request: Request, actor: Actor, pid: str, error: OdrError | None = None, values: dict[str, str] | None = None
) -> HTMLResponse:
    async with web.read(request) as session:
        view = await access.of_case(session, actor, pid)
        if not view.is_party:
            raise NotFound()
        waits = await visits.form_for(session, view) is not None
        answered = any(row.channel == Channel.WEB.value for row in await visits.visits_of(session, view))
        at = f"/cases/{pid}/visits"
        context: dict[str, Any] = {"case": view.case, "at": at, "waits": waits, "answered": answered} | _choices()
    status = error.status if error is not None else 200
    return render(
        request, "agreements/visit_form.html", status=status, errors=errors_of(error), values=values or {}, **context
    )


@router.get("/cases/{pid}/visits/form")
async def form_page(request: Request, actor: SignedIn, pid: str) -> HTMLResponse:
    return await _form(request, actor, pid)


@router.post("/cases/{pid}/visits/form")
async def fill(request: Request, actor: SignedIn, pid: str) -> Response:
    form = await forms.read(request)
    try:
        wanted = form.parse(VisitFormIn)
        async with web.write(request) as session:
            await service.fill_visit_form(session, actor, pid, wanted)
    except (Invalid, Conflict) as error:
        return await _form(request, actor, pid, error, form.values)
    return web.see_other(f"/cases/{pid}/visits/form")
