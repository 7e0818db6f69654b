"""司法确认 on pages: who agrees, until when, the request, and what the court said."""

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse, Response

from odr.accounts.access import Actor, SignedIn
from odr.agreements import access, confirming, courts, service
from odr.agreements.board_pages import UPLOAD_CEILING, errors_of
from odr.agreements.court_codes import Head
from odr.agreements.schemas import CourtConsentIn, CourtOutcomeIn, CourtRequestIn
from odr.cases.codes import CourtOutcome, Source
from odr.core import clock, forms, web
from odr.core.errors import Conflict, Invalid, OdrError
from odr.core.forms import Form
from odr.core.i18n import _
from odr.core.templating import render
from odr.evidence import service as evidence

router = APIRouter(include_in_schema=False)
_PAPER = frozenset({"party", "channel", "note"})


async def _page(
    request: Request, actor: Actor, pid: str, *, error: OdrError | None = None, values: dict[str, str] | None = None
) -> HTMLResponse:
    async with web.read(request) as session:
        view = await access.of_case(session, actor, pid)
        doc = await confirming.shown(session, view)
        left = [(p["id"], p["name"]) for p in doc["parties"] if not p["agreed"]]
        context: dict[str, Any] = {
            "case": view.case,
            "at": f"/cases/{pid}/court",
            "doc": doc,
            "is_party": view.is_party,
            "settles": access.may_settle(view),
            "handles": view.handles,
            "left": left,
            "where": _(courts.WHERE),
            "invited": Source(view.case.source) is Source.COURT,
            "invited_text": _(courts.INVITED),
            "middle": _(courts.MIDDLE),
            "courts": courts.offered(doc["courts"]),
            "heads": [(one.value, one.label) for one in Head],
            "channels": [(c.value, c.label) for c in confirming.ON_PAPER],
            "outcomes": [(o.value, o.label) for o in CourtOutcome],
            "upload_max": web.odr(request).settings.upload_max_bytes,
        }
        today = clock.today().isoformat()
        first = doc["courts"][0]["id"] if doc["courts"] else ""
        given = {"court": first, "applied_on": today, "decided_on": today}
    status = error.status if error is not None else 200
    shown = values if values is not None else given
    return render(request, "agreements/court.html", status=status, errors=errors_of(error), values=shown, **context)


@router.get("/cases/{pid}/court")
async def court(request: Request, actor: SignedIn, pid: str) -> HTMLResponse:
    return await _page(request, actor, pid)


async def _act(request: Request, actor: Actor, pid: str, step: Any, form: Form | None = None) -> Response:
    form = form or await forms.read(request)
    try:
        async with web.write(request) as session:
            await step(session, form)
    except (Invalid, Conflict) as error:
        return await _page(request, actor, pid, error=error, values=form.values)
    return web.see_other(f"/cases/{pid}/court")


@router.post("/cases/{pid}/court/consents")
async def agree(request: Request, actor: SignedIn, pid: str) -> Response:
    """A party agrees; staff record who signed the request on paper."""

    async def step(session: AsyncSession, form: Form) -> None:
        # An empty choice is told at its field by the verb, together with whatever else is missing.
        given = {name: value for name, value in form.values.items() if name in _PAPER and value.strip()}
        await service.agree_to_court(session, actor, pid, forms.parse(CourtConsentIn, given))

    return await _act(request, actor, pid, step)


@router.post("/cases/{pid}/court/revocations")
async def take_back(request: Request, actor: SignedIn, pid: str) -> Response:
    async def step(session: AsyncSession, form: Form) -> None:
        await service.take_back_court_consent(session, actor, pid)

    return await _act(request, actor, pid, step)


@router.post("/cases/{pid}/court/wishes")
async def ask_anew(request: Request, actor: SignedIn, pid: str) -> Response:
    """After a court's no a party asks the mediator to mediate anew."""

    async def step(session: AsyncSession, form: Form) -> None:
        await service.ask_anew(session, actor, pid)

    return await _act(request, actor, pid, step)


@router.post("/cases/{pid}/court/requests")
async def register(request: Request, actor: SignedIn, pid: str) -> Response:
    """The request was handed to the court."""

    async def step(session: AsyncSession, form: Form) -> None:
        await service.register_court_request(session, actor, pid, form.parse(CourtRequestIn))

    return await _act(request, actor, pid, step)


@router.post("/cases/{pid}/court/outcomes", max_body_size=UPLOAD_CEILING)
async def record(request: Request, actor: SignedIn, pid: str) -> Response:
    """What the court said, with its paper where there is one."""
    async with web.read(request) as session:
        access.need_handler(await access.of_case(session, actor, pid))
    form = await forms.read(request)
    try:
        # A head is only asked where the court said no; an empty choice is told at its field by the verb.
        fields = set(CourtOutcomeIn.model_fields)
        given = {name: value for name, value in form.values.items() if name in fields and (name != "head" or value)}
        wanted = forms.parse(CourtOutcomeIn, given)
        wanted.check()
        files = form.files("file")
        paper = await evidence.prepare(files[0], web.odr(request).settings) if files else None
    except OdrError as error:
        if not isinstance(error, Invalid):
            error = Invalid({"file": error.say})
        return await _page(request, actor, pid, error=error, values=form.values)

    async def step(session: AsyncSession, form: Form) -> None:
        await service.record_court_outcome(session, actor, pid, wanted, paper)

    return await _act(request, actor, pid, step, form)
