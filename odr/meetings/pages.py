"""meetings: HTML routes."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from odr.accounts.access import Actor, SignedIn
from odr.cases import service as cases
from odr.cases.codes import CaseRole, Side
from odr.core import clock, forms, web
from odr.core.errors import Conflict, Invalid, NotFound, OdrError
from odr.core.i18n import _
from odr.core.templating import render
from odr.meetings import access, service
from odr.meetings.schemas import CancelIn, ConfirmIn, HoldIn, Kind, MinutesIn, PastIn, PlanIn, Presence

router = APIRouter(include_in_schema=False)


def _errors(error: OdrError | None) -> dict[str, str]:
    if error is None:
        return {}
    return dict(error.fields) if isinstance(error, Invalid) and error.fields else {"form": error.say}


async def _list(request: Request, actor: Actor, pid: str) -> HTMLResponse:
    async with web.read(request) as session:
        view = await access.of_case(session, actor, pid)
        found = await service.meetings_of(session, view)
        context: dict[str, Any] = {
            "case": view.case,
            "at": f"/cases/{pid}/meetings",
            "meetings": [(service.public(view, one), one.row.starts_at) for one in found],
            "mediates": CaseRole.MEDIATOR in view.roles,
            "wide": view.is_staff,
        }
    return render(request, "meetings/list.html", **context)


@router.get("/cases/{pid}/meetings")
async def meetings(request: Request, actor: SignedIn, pid: str) -> HTMLResponse:
    return await _list(request, actor, pid)


async def _plan_page(
    request: Request,
    actor: Actor,
    pid: str,
    *,
    past: bool,
    error: OdrError | None = None,
    values: dict[str, str] | None = None,
) -> HTMLResponse:
    async with web.read(request) as session:
        view = await access.of_case(session, actor, pid)
        access.need_mediator(view)
        parties = await cases.parties_of(session, view.case)
        context: dict[str, Any] = {
            "case": view.case,
            "at": f"/cases/{pid}/meetings",
            "past": past,
            "kinds": [(kind.value, kind.label) for kind in Kind],
            "sides": [("all", _("各方一起"))] + [(side.value, _("只和%(side)s", side=side.label)) for side in Side],
            "parties": [(p.pid, f"{Side(p.side).label} {p.name}") for p in parties],
            "presences": _presences(),
        }
    given = values or ({"starts_at": f"{clock.local(clock.now()):%Y-%m-%dT%H:%M}"} if past else {})
    status = error.status if error is not None else 200
    return render(request, "meetings/plan.html", status=status, errors=_errors(error), values=given, **context)


def _presences() -> list[tuple[str, str]]:
    return [(how.value, how.label) for how in Presence if how is not Presence.UNKNOWN]


@router.get("/cases/{pid}/meetings/new")
async def new(request: Request, actor: SignedIn, pid: str) -> HTMLResponse:
    return await _plan_page(request, actor, pid, past=False)


@router.post("/cases/{pid}/meetings/new")
async def plan(request: Request, actor: SignedIn, pid: str) -> Response:
    form = await forms.read(request)
    try:
        wanted = form.parse(PlanIn)
        async with web.write(request) as session:
            await service.plan(session, actor, pid, wanted)
    except (Invalid, Conflict) as error:
        return await _plan_page(request, actor, pid, past=False, error=error, values=form.values)
    return web.see_other(f"/cases/{pid}/meetings")


@router.get("/cases/{pid}/meetings/past")
async def new_past(request: Request, actor: SignedIn, pid: str) -> HTMLResponse:
    """补记: what has happened by telephone, at the door or on site."""
    return await _plan_page(request, actor, pid, past=True)


@router.post("/cases/{pid}/meetings/past")
async def record_past(request: Request, actor: SignedIn, pid: str) -> Response:
    form = await forms.read(request)
    try:
        wanted = form.parse(PastIn, present=_present(form))
        async with web.write(request) as session:
            await service.record_past(session, actor, pid, wanted)
    except (Invalid, Conflict) as error:
        return await _plan_page(request, actor, pid, past=True, error=error, values=form.values)
    return web.see_other(f"/cases/{pid}/meetings")


def _present(form: forms.Form) -> dict[str, str]:
    """`present-<party>` fields as one mapping."""
    prefix = "present-"
    return {name.removeprefix(prefix): how for name, how in form.values.items() if name.startswith(prefix) and how}


# --- one meeting ----------------------------------------------------------------------------------------------------


async def _meeting(
    request: Request,
    actor: Actor,
    pid: str,
    meeting: str,
    *,
    error: OdrError | None = None,
    values: dict[str, str] | None = None,
) -> HTMLResponse:
    async with web.read(request) as session:
        view, row = await access.for_reading(session, actor, meeting)
        shown = await service.show(session, view, row)
        context: dict[str, Any] = {
            "case": view.case,
            "at": f"/cases/{view.case.pid}/meetings/{row.pid}",
            "meeting": service.public(view, shown),
            "starts_at": row.starts_at,
            "minuted_at": row.minuted_at,
            "mediates": CaseRole.MEDIATOR in view.roles,
            "wide": view.is_staff,
            "presences": _presences(),
            "past": row.starts_at <= clock.now(),
        }
    status = error.status if error is not None else 200
    return render(
        request, "meetings/meeting.html", status=status, errors=_errors(error), values=values or {}, **context
    )


@router.get("/cases/{pid}/meetings/{meeting}")
async def meeting(request: Request, actor: SignedIn, pid: str, meeting: str) -> HTMLResponse:
    return await _meeting(request, actor, pid, meeting)


@router.post("/cases/{pid}/meetings/{meeting}/{act}")
async def change(request: Request, actor: SignedIn, pid: str, meeting: str, act: str) -> Response:
    """attendance, minutes, confirmations, cancellation: the forms on the page of one meeting."""
    form = await forms.read(request)
    try:
        async with web.write(request) as session:
            if act == "attendance":
                await service.hold(session, actor, meeting, forms.parse(HoldIn, {"present": _present(form)}))
            elif act == "minutes":
                await service.minute(session, actor, meeting, form.parse(MinutesIn))
            elif act == "confirmations":
                await service.confirm(session, actor, meeting, form.parse(ConfirmIn).sha256)
            elif act == "cancellation":
                await service.cancel(session, actor, meeting, form.parse(CancelIn).reason)
            else:
                raise NotFound()
    except (Invalid, Conflict) as error:
        return await _meeting(request, actor, pid, meeting, error=error, values=form.values)
    return web.see_other(f"/cases/{pid}/meetings/{meeting}")
