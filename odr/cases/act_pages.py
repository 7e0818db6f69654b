"""A page per step: what it means, what it asks, and one button. It works without script and keeps every word."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from odr.accounts.access import Actor, SignedIn
from odr.cases import access, joining, lifecycle
from odr.cases.access import Do, View
from odr.cases.actions import ACTIONS, Action, Ctx, perform
from odr.cases.codes import Channel, ConsentKind, ObjectionGround, PartyRole, RefusalGround, SuspendReason
from odr.cases.facts import gather
from odr.cases.lifecycle import Move
from odr.cases.proposals import mediators_for, proposals
from odr.cases.schemas import Nothing, Reasoned
from odr.cases.seating import shown_name
from odr.core import forms, web
from odr.core.errors import Conflict, Invalid, NotFound, OdrError
from odr.core.i18n import _
from odr.core.templating import render
from odr.evidence import service as evidence

router = APIRouter()

UPLOAD_CEILING = 64 * 1024 * 1024

_BY_HAND = (Channel.PHONE, Channel.VISIT, Channel.COUNTER, Channel.POST, Channel.ONSITE)


async def _choices(session: AsyncSession, view: View, action: Action) -> dict[str, Any]:
    """What the fields of this step choose from."""
    found = await gather(session, view.case)
    more: dict[str, Any] = {
        "parties": [(p.row.pid, f"{shown_name(p.row, p.person)}") for p in found.parties],
        "channels": [(c.value, c.label) for c in _BY_HAND],
    }
    if action.noun == "routing":
        more["proposals"] = await proposals(session, view.case)
    elif action.noun == "assignment":
        more["mediators"] = await mediators_for(session, view.case)
    elif action.noun == "ending":
        more["results"] = [(r.value, r.label) for r in lifecycle.row(view.state, Move.END).results]
    elif action.noun == "withdrawal":
        more["results"] = [(r.value, r.label) for r in lifecycle.row(view.state, Move.WITHDRAW).results]
    elif action.noun == "refusal":
        more["grounds"] = [(g.value, g.label) for g in RefusalGround]
    elif action.noun == "objections":
        more["grounds"] = [(g.value, g.label) for g in ObjectionGround]
    elif action.noun == "suspension":
        more["reasons"] = [(r.value, r.label) for r in SuspendReason]
    elif action.noun == "agents":
        more["roles"] = [(r.value, r.label) for r in (PartyRole.AGENT, PartyRole.GUARDIAN)]
    elif action.noun == "objection-answers":
        more["objection"] = found.assignment.objection if found.assignment else None
    elif action.noun == "consents":
        asked = (ConsentKind.RIGHTS_NOTICE, ConsentKind.DISCLOSURE, ConsentKind.ONLINE_MEDIATION, ConsentKind.OFFLINE)
        more["kinds"] = [(k.value, k.label) for k in asked]
    elif action.noun == "revocations":
        more["kind"] = ConsentKind.ONLINE_MEDIATION.value
    return more


async def _not_yet(session: AsyncSession, view: View, action: Action) -> list[str]:
    """What keeps a step from being made now, told before somebody taps; for steps that bring no more than a reason."""
    if not isinstance(action.act, Move) or action.schema not in (Nothing, Reasoned):
        return []
    facts = (await gather(session, view.case, reason_given=True)).facts
    return [guard.sentence for guard in lifecycle.failing(view.state, action.act, facts)]


async def _page(
    request: Request,
    actor: Actor,
    pid: str,
    action: Action,
    *,
    error: OdrError | None = None,
    values: dict[str, str] | None = None,
) -> Response:
    async with web.read(request) as session:
        view = await access.for_action(session, actor, pid, action.act)
        errors: dict[str, str] = {}
        if error is not None:
            errors = error.fields if isinstance(error, Invalid) and error.fields else {"form": error.say}
        return render(
            request,
            "cases/act.html",
            status=error.status if error else 200,
            view=view,
            case=view.case,
            action=action,
            errors=errors,
            values=values if values is not None else dict(request.query_params),
            not_yet=await _not_yet(session, view, action) if error is None else [],
            **await _choices(session, view, action),
        )


def _show(action: Action) -> Callable[..., Awaitable[Response]]:
    async def show(request: Request, actor: SignedIn, pid: str) -> Response:
        return await _page(request, actor, pid, action)

    return show


def _make(action: Action) -> Callable[..., Awaitable[Response]]:
    async def make(request: Request, actor: SignedIn, pid: str) -> Response:
        form = await forms.read(request)
        try:
            data = form.parse(action.schema)
            async with web.write(request) as session:
                view = await access.for_reading(session, actor, pid)
                await perform(Ctx(session, view, web.odr(request).settings.base_url), action, data)
                return web.see_other(await _after(session, view))
        except (Invalid, Conflict) as error:
            try:
                return await _page(request, actor, pid, action, error=error, values=form.values)
            except Conflict as gone:  # no form to show again: the step itself is no longer there
                raise (error if isinstance(error, Conflict) else gone) from None

    return make


@router.get("/cases/{pid}/files")
async def files(request: Request, actor: SignedIn, pid: str) -> Response:
    """Add papers to the case."""
    return await _files_page(request, actor, pid)


async def _files_page(request: Request, actor: Actor, pid: str, error: Invalid | None = None) -> Response:
    async with web.read(request) as session:
        view = await access.for_action(session, actor, pid, Do.ADD_FILE)
        most = web.odr(request).settings.upload_max_bytes
        status, errors = (422, error.fields) if error else (200, {})
        return render(request, "cases/files.html", status=status, case=view.case, errors=errors, upload_max=most)


@router.post("/cases/{pid}/files", max_body_size=UPLOAD_CEILING)
async def add_files(request: Request, actor: SignedIn, pid: str) -> Response:
    """Keep what was chosen; each is prepared before the transaction."""
    async with web.read(request) as session:
        await access.for_action(session, actor, pid, Do.ADD_FILE)
    form = await forms.read(request)
    try:
        chosen = form.files("files")
        if not chosen:
            raise Invalid({"files": _("请先选一张照片或一个文件。")})
        prepared = [await evidence.prepare(one, web.odr(request).settings) for one in chosen]
    except Invalid as error:
        return await _files_page(request, actor, pid, Invalid({"files": next(iter(error.fields.values()))}))
    async with web.write(request) as session:
        view = await access.for_action(session, actor, pid, Do.ADD_FILE)
        for one in prepared:
            await joining.add_file(session, view, one)
    return web.see_other(f"/cases/{pid}")


async def _after(session: AsyncSession, view: View) -> str:
    """Back to the case, or to one's list when this very step ended one's place in it."""
    try:
        await access.view(session, view.actor, view.case)
    except NotFound:
        return "/desk"
    return f"/cases/{view.case.pid}"


for _noun, _one in ACTIONS.items():
    router.add_api_route(f"/cases/{{pid}}/{_noun}", _show(_one), methods=["GET"])
    router.add_api_route(f"/cases/{{pid}}/{_noun}", _make(_one), methods=["POST"])
