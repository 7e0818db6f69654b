"""Signing on the phone: first the whole text, then the name and a fresh code. Two screens, so that nothing drawn is
lost while a code is on its way."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from odr.accounts.access import Actor, SignedIn
from odr.agreements import content, documents, papers, rules, service
from odr.agreements.board_pages import copy_if_effective, current_place, errors_of
from odr.agreements.schemas import ConfirmOralIn, SignIn
from odr.core import clock, forms, web
from odr.core.errors import Conflict, Expired, Invalid, OdrError, TooMany
from odr.core.templating import render

router = APIRouter(include_in_schema=False)


async def _page(
    request: Request,
    actor: Actor,
    pid: str,
    name: str,
    *,
    error: OdrError | None = None,
    values: dict[str, str] | None = None,
) -> HTMLResponse:
    async with web.read(request) as session:
        place = await current_place(session, actor, pid)
        agreement = place.agreement
        if agreement.state != "frozen" or agreement.frozen_at is None:
            raise Conflict()
        text = await content.gather(session, place.case, agreement, clock.local(agreement.frozen_at).date())
        context: dict[str, Any] = {
            "case": place.case,
            "at": f"/cases/{pid}/agreement",
            "doc": await documents.document(session, place),
            "text": text,
            "clauses": [
                (clause, rules.capitals(clause.amount_fen) if clause.amount_fen else "") for clause in text.clauses
            ],
            "cn_number": papers.cn_number,
            "principal": place.view.principal,
            "staff": actor.is_staff,
        }
    status = error.status if error is not None else 200
    return render(request, name, status=status, errors=errors_of(error), values=values or {}, **context)


@router.get("/cases/{pid}/agreement/signature")
async def read_through(request: Request, actor: SignedIn, pid: str) -> HTMLResponse:
    """The whole text; with `step=sign` the screen to sign on."""
    name = "agreements/sign.html" if request.query_params.get("step") == "sign" else "agreements/read.html"
    return await _page(request, actor, pid, name)


@router.post("/cases/{pid}/agreement/signature/codes")
async def send_code(request: Request, actor: SignedIn, pid: str) -> Response:
    """I have read it: send the code and go on to sign."""
    form = await forms.read(request)
    try:
        async with web.write(request) as session:
            await service.send_code(session, web.odr(request).limiter, actor, form.values.get("agreement", ""))
    except TooMany as error:
        # One is on its way already: that is no reason to stay here.
        return await _page(request, actor, pid, "agreements/sign.html", error=error)
    except OdrError as error:
        return await _page(request, actor, pid, "agreements/read.html", error=error)
    return web.see_other(f"/cases/{pid}/agreement/signature?step=sign")


@router.post("/cases/{pid}/agreement/signature")
async def sign(request: Request, actor: SignedIn, pid: str) -> Response:
    form = await forms.read(request)
    held = form.values.get("agreement", "")
    try:
        if form.values.get("form") == "oral":
            await service.confirm_oral(web.odr(request).db, actor, held, form.parse(ConfirmOralIn))
        else:
            await service.sign(web.odr(request).db, actor, held, form.parse(SignIn))
    except (Invalid, Conflict, Expired, TooMany) as error:
        if isinstance(error, Expired):
            error = Invalid({"code": error.say})
        return await _page(request, actor, pid, "agreements/sign.html", error=error, values=form.values)
    await copy_if_effective(request, actor, pid)
    return web.see_other(f"/cases/{pid}/agreement")
