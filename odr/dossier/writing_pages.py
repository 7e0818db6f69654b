"""Pages where people write for the file: particulars, authorities of agents, inquiries, the record of mediation."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from odr.accounts.access import Actor, SignedIn
from odr.cases.codes import CaseRole, PartyRole, Side
from odr.core import clock, forms, web
from odr.core.errors import Conflict, Invalid, OdrError
from odr.core.templating import render
from odr.dossier import access, filing
from odr.dossier.codes import NUMBERS, AgentKind, Scope
from odr.dossier.models import Inquiry, Mandate, Particulars
from odr.dossier.paper_pages import errors_of
from odr.dossier.schemas import InquiryIn, MandateIn, ParticularsIn, as_written

router = APIRouter(include_in_schema=False)

Values = dict[str, str]


# --- particulars ----------------------------------------------------------------------------------------------------


async def _particulars(
    request: Request, actor: Actor, pid: str, party: str, error: OdrError | None = None, values: Values | None = None
) -> HTMLResponse:
    async with web.read(request) as session:
        view = await access.of_case(session, actor, pid)
        row = await access.party_of(session, view, party)
        known = await session.get(Particulars, row.id)
        context = {"case": view.case, "party": row, "back": _back(view.handles, pid)}
    given = values
    if given is None and known is not None:
        given = {"ethnicity": known.ethnicity, "occupation": known.occupation, "domicile": known.domicile or ""}
    status = error.status if error is not None else 200
    return render(
        request, "dossier/particulars.html", status=status, errors=errors_of(error), values=given or {}, **context
    )


def _back(handles: bool, pid: str) -> str:
    return f"/cases/{pid}/dossier" if handles else f"/cases/{pid}/papers"


@router.get("/cases/{pid}/parties/{party}/particulars")
async def particulars(request: Request, actor: SignedIn, pid: str, party: str) -> HTMLResponse:
    return await _particulars(request, actor, pid, party)


@router.post("/cases/{pid}/parties/{party}/particulars")
async def describe(request: Request, actor: SignedIn, pid: str, party: str) -> Response:
    form = await forms.read(request)
    try:
        wanted = form.parse(ParticularsIn)
        async with web.write(request) as session:
            await filing.describe(session, actor, pid, party, wanted)
            handles = (await access.of_case(session, actor, pid)).handles
    except (Invalid, Conflict) as error:
        return await _particulars(request, actor, pid, party, error, form.values)
    return web.see_other(_back(handles, pid))


# --- authorities ----------------------------------------------------------------------------------------------------


async def _mandate(
    request: Request,
    actor: Actor,
    pid: str,
    party: str,
    error: OdrError | None = None,
    values: Values | None = None,
    scopes: list[str] | None = None,
) -> HTMLResponse:
    async with web.read(request) as session:
        view = await access.of_case(session, actor, pid)
        agent = await access.agent_of(session, view, party)
        known = await session.get(Mandate, agent.id)
        context: dict[str, Any] = {
            "case": view.case,
            "agent": agent,
            "guardian": agent.role == PartyRole.GUARDIAN,
            "kinds": [(kind.value, kind.label) for kind in AgentKind],
            "scopes": [(scope.value, f"{NUMBERS[n]} {scope.label}") for n, scope in enumerate(Scope)],
            "chosen": scopes if scopes is not None else known.scopes if known is not None else [],
            "back": _back(view.handles, pid),
        }
    given = values
    if given is None and known is not None:
        given = {
            "kind": known.kind,
            "licence_no": known.licence_no,
            "employer": known.employer,
            "other": known.other,
            "signed_on": known.signed_on.isoformat(),
            "ends_on": known.ends_on.isoformat() if known.ends_on else "",
        }
    status = error.status if error is not None else 200
    return render(
        request, "dossier/mandate_form.html", status=status, errors=errors_of(error), values=given or {}, **context
    )


@router.get("/cases/{pid}/parties/{party}/mandate")
async def mandate_form(request: Request, actor: SignedIn, pid: str, party: str) -> HTMLResponse:
    return await _mandate(request, actor, pid, party)


@router.post("/cases/{pid}/parties/{party}/mandate")
async def mandate(request: Request, actor: SignedIn, pid: str, party: str) -> Response:
    form = await forms.read(request)
    chosen = form.many("scopes")
    try:
        wanted = form.parse(MandateIn, scopes=chosen)
        async with web.write(request) as session:
            await filing.mandate(session, actor, pid, party, wanted)
            handles = (await access.of_case(session, actor, pid)).handles
    except (Invalid, Conflict) as error:
        return await _mandate(request, actor, pid, party, error, form.values, chosen)
    return web.see_other(_back(handles, pid))


# --- inquiries ------------------------------------------------------------------------------------------------------


async def _inquiry(
    request: Request,
    actor: Actor,
    pid: str,
    inquiry: str | None,
    error: OdrError | None = None,
    values: Values | None = None,
) -> HTMLResponse:
    async with web.read(request) as session:
        if inquiry is None:
            view, row = await access.for_handling(session, actor, pid), None
            access.need_mediator(view)
        else:
            view, row = await access.inquiry(session, actor, pid, inquiry)
        context: dict[str, Any] = {
            "case": view.case,
            "inquiry": row,
            "talk": filing.talk_of(row) if row is not None else [],
            "writes": CaseRole.MEDIATOR in view.roles and view.case.archived_at is None,
            "sides": [("none", "")] + [(side.value, side.label) for side in Side],
            "back": _back(view.handles, pid),
        }
    given = values
    if given is None:
        given = _written(row) if row is not None else {"writer": actor.name, "held_at": _now()}
    status = error.status if error is not None else 200
    return render(request, "dossier/inquiry_form.html", status=status, errors=errors_of(error), values=given, **context)


def _now() -> str:
    return f"{clock.local(clock.now()):%Y-%m-%dT%H:%M}"


def _written(row: Inquiry) -> Values:
    found = {name: getattr(row, name) for name in ("place", "matter", "asked", "about", "present", "writer")}
    return found | {
        "held_at": f"{clock.local(row.held_at):%Y-%m-%dT%H:%M}",
        "talk": as_written(filing.talk_of(row)),
        "side": row.side or "none",
        "shared": "1" if row.shared else "",
    }


@router.get("/cases/{pid}/inquiries/new")
async def new_inquiry(request: Request, actor: SignedIn, pid: str) -> HTMLResponse:
    return await _inquiry(request, actor, pid, None)


@router.post("/cases/{pid}/inquiries/new")
async def inquire(request: Request, actor: SignedIn, pid: str) -> Response:
    return await _inquired(request, actor, pid, None)


@router.get("/cases/{pid}/inquiries/{inquiry}")
async def one_inquiry(request: Request, actor: SignedIn, pid: str, inquiry: str) -> HTMLResponse:
    return await _inquiry(request, actor, pid, inquiry)


@router.post("/cases/{pid}/inquiries/{inquiry}")
async def inquire_again(request: Request, actor: SignedIn, pid: str, inquiry: str) -> Response:
    return await _inquired(request, actor, pid, inquiry)


async def _inquired(request: Request, actor: Actor, pid: str, inquiry: str | None) -> Response:
    form = await forms.read(request)
    try:
        wanted = form.parse(InquiryIn)
        async with web.write(request) as session:
            row = await filing.inquire(session, actor, pid, wanted, inquiry)
    except (Invalid, Conflict) as error:
        return await _inquiry(request, actor, pid, inquiry, error, form.values)
    return web.see_other(f"/cases/{pid}/inquiries/{row.pid}")
