"""After signing: the promises, and the return visits."""

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse, Response

from odr.accounts.access import Actor, SignedIn
from odr.agreements import access, confirming, content, documents, performing, service, standing, visits
from odr.agreements.board_pages import UPLOAD_CEILING, errors_of
from odr.agreements.schemas import ClaimIn, Performed, ReasonIn, RecordIn, SettleIn, UrgeIn, VisitIn
from odr.cases import access as case_access
from odr.cases.codes import Channel, Side, State
from odr.core import clock, forms, web
from odr.core.errors import Conflict, Invalid, OdrError
from odr.core.forms import Form
from odr.core.i18n import N_, _
from odr.core.templating import render
from odr.evidence import service as evidence

router = APIRouter(include_in_schema=False)

STATES = {
    "pending": (N_("等待履行"), "brand"),
    "claimed": (N_("等对方确认"), "attention"),
    "done": (N_("已履行"), "done"),
    "late": (N_("已过期"), "danger"),
    "disputed": (N_("有争议"), "danger"),
    "waived": (N_("对方放弃"), "neutral"),
}
_BY_HAND = (Channel.PHONE, Channel.VISIT, Channel.COUNTER, Channel.ONSITE, Channel.WECHAT)
_SATISFACTION = (N_("非常满意"), N_("满意"), N_("一般"), N_("不满意"), N_("非常不满意"))


async def _performance(
    request: Request, actor: Actor, pid: str, *, error: OdrError | None = None, values: dict[str, str] | None = None
) -> HTMLResponse:
    async with web.read(request) as session:
        view = await access.of_case(session, actor, pid)
        effect = await standing.in_effect(session, view.case)
        context: dict[str, Any] = {
            "case": view.case,
            "at": f"/cases/{pid}/performance",
            "wide": view.is_staff,
            "items": await documents.promises(session, view),
            "states": {state: (_(words), tone) for state, (words, tone) in STATES.items()},
            "handles": view.handles,
            "is_party": view.is_party,
            "settles": access.may_settle(view),
            "open": view.state in (State.EFFECTIVE, State.PERFORMING, State.CONFIRMING),
            "may_complete": view.handles and view.state in (State.EFFECTIVE, State.PERFORMING),
            "court_why": await confirming.hindrance(session, view.case),
            "breached": await performing.breached(session, view.case),
            "remedies": performing.remedies(view.case),
            "effective_at": effect.effective_at if effect is not None else None,
            "court_until": effect.court_until if effect is not None else None,
            "today": clock.today(),
            "channels": [(c.value, c.label) for c in _BY_HAND],
            "upload_max": web.odr(request).settings.upload_max_bytes,
        }
    status = error.status if error is not None else 200
    return render(
        request, "agreements/performance.html", status=status, errors=errors_of(error), values=values or {}, **context
    )


@router.get("/cases/{pid}/performance")
async def performance(request: Request, actor: SignedIn, pid: str) -> HTMLResponse:
    return await _performance(request, actor, pid)


async def _act(request: Request, actor: Actor, pid: str, item: str, step: Any, form: Form | None = None) -> Response:
    """One act about one promise; the page holds a form for each, so errors are tied to this one's fields."""
    form = form or await forms.read(request)
    try:
        async with web.write(request) as session:
            await step(session, form)
    except Invalid as error:
        named = Invalid({f"{name}-{item}": words for name, words in error.fields.items()})
        values = form.values | {f"{name}-{item}": value for name, value in form.values.items()}
        return await _performance(request, actor, pid, error=named, values=values)
    except Conflict as error:
        return await _performance(request, actor, pid, error=error, values=form.values)
    return web.see_other(f"/cases/{pid}/performance")


@router.post("/cases/{pid}/performance/{item}/claims", max_body_size=UPLOAD_CEILING)
async def claim(request: Request, actor: SignedIn, pid: str, item: str) -> Response:
    async with web.read(request) as session:
        await access.for_item(session, actor, item)
    form = await forms.read(request)
    try:
        files = form.files("proof")
        proof = await evidence.prepare(files[0], web.odr(request).settings) if files else None
    except OdrError as error:
        words = next(iter(error.fields.values())) if isinstance(error, Invalid) and error.fields else error.say
        named = Invalid({f"proof-{item}": words})
        values = form.values | {f"{name}-{item}": value for name, value in form.values.items()}
        return await _performance(request, actor, pid, error=named, values=values)

    async def step(session: AsyncSession, form: Form) -> None:
        await service.claim(session, actor, item, form.parse(ClaimIn), proof)

    return await _act(request, actor, pid, item, step, form)


@router.post("/cases/{pid}/performance/{item}/answers")
async def settle(request: Request, actor: SignedIn, pid: str, item: str) -> Response:
    async def step(session: AsyncSession, form: Form) -> None:
        await service.settle(session, actor, item, form.parse(SettleIn))

    return await _act(request, actor, pid, item, step)


@router.post("/cases/{pid}/performance/{item}/records")
async def record(request: Request, actor: SignedIn, pid: str, item: str) -> Response:
    """What the mediator notes about a promise: an urging, what the obligee said, or a breach."""

    async def step(session: AsyncSession, form: Form) -> None:
        outcome = form.values.get("outcome", "")
        if outcome == "urge":
            await service.urge(session, actor, item, form.parse(UrgeIn))
        elif outcome == "breach":
            await service.breach(session, actor, item, forms.parse(ReasonIn, {"reason": form.values.get("note", "")}))
        else:
            await service.record(session, actor, item, form.parse(RecordIn))

    return await _act(request, actor, pid, item, step)


@router.post("/cases/{pid}/performance/completion")
async def complete(request: Request, actor: SignedIn, pid: str) -> Response:
    await forms.read(request)
    try:
        async with web.write(request) as session:
            await service.complete(session, actor, pid)
    except Conflict as error:
        return await _performance(request, actor, pid, error=error)
    return web.see_other(f"/cases/{pid}/visits")


# --- return visits --------------------------------------------------------------------------------------------------


async def _visits(
    request: Request, actor: Actor, pid: str, *, error: OdrError | None = None, values: dict[str, str] | None = None
) -> HTMLResponse:
    async with web.read(request) as session:
        view = await access.of_case(session, actor, pid)
        parties = await content.principals(session, view.case)
        visited = await visits.visited_parties(session, view.case)
        mine = visits.may_visit(view, await visits.handled_by(session, view.case))
        context: dict[str, Any] = {
            "case": view.case,
            "at": f"/cases/{pid}/visits",
            "wide": view.is_staff,
            "visits": await documents.visits_of(session, view),
            "parties": [(p.pid, f"{Side(p.side).label} {p.name}") for p in parties],
            "left": [p.name for p in parties if p.id not in visited],
            "may_visit": mine and view.state in visits.AFTER,
            "handles": view.handles,
            "moves": {move.value for move in case_access.allowed_moves(view)},
            "channels": [(c.value, c.label) for c in visits.CHANNELS],
            "performed": [(p.value, p.label) for p in Performed],
            "satisfaction": [(n, _(words)) for n, words in enumerate(_SATISFACTION, start=1)],
        }
    given = values or {"visited_at": f"{clock.local(clock.now()):%Y-%m-%dT%H:%M}"}
    status = error.status if error is not None else 200
    return render(request, "agreements/visits.html", status=status, errors=errors_of(error), values=given, **context)


@router.get("/cases/{pid}/visits")
async def visits_page(request: Request, actor: SignedIn, pid: str) -> HTMLResponse:
    return await _visits(request, actor, pid)


@router.post("/cases/{pid}/visits")
async def visit(request: Request, actor: SignedIn, pid: str) -> Response:
    form = await forms.read(request)
    try:
        wanted = form.parse(VisitIn)
        async with web.write(request) as session:
            await service.visit(session, actor, pid, wanted)
    except (Invalid, Conflict) as error:
        return await _visits(request, actor, pid, error=error, values=form.values)
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
