"""Signing on the phone: first the whole text to its end, then the name and a fresh code. Two screens, so that nothing
drawn is lost while a code is on its way.

The text is read in two halves. With script the second one stands below the first, and the page sees its end; without,
it is a page of its own.
"""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from odr.accounts.access import Actor, SignedIn
from odr.agreements import content, documents, papers, rules, service, standing
from odr.agreements.board_pages import copy_if_effective, current_place, errors_of
from odr.agreements.schemas import AtOnce, ConfirmOralIn, ReadIn, SignIn
from odr.core import forms, web
from odr.core.errors import Conflict, Expired, Invalid, OdrError, TooMany
from odr.core.forms import Form
from odr.core.templating import render

router = APIRouter(include_in_schema=False)
_READ, _SIGN = "agreements/read.html", "agreements/sign.html"


async def _page(
    request: Request,
    actor: Actor,
    pid: str,
    name: str,
    *,
    part: int = 1,
    error: OdrError | None = None,
    values: dict[str, str] | None = None,
    sent: bool = False,
) -> Response:
    async with web.read(request) as session:
        place = await current_place(session, actor, pid)
        agreement = place.agreement
        if agreement.state != "frozen":
            return web.see_other(f"/cases/{pid}/agreement")
        if name == _SIGN and not await service.has_read(session, actor, agreement):
            return web.see_other(f"/cases/{pid}/agreement/signature")
        doc = await documents.document(session, place)
        key = place.view.principal.pid if place.view.principal is not None else standing.MEDIATOR
        if any(slot["key"] == key and slot["done"] for slot in doc["signatures"]):
            return web.see_other(f"/cases/{pid}/agreement")  # signed already, here or on paper: nothing is asked twice
        text = await content.kept(session, place.case, agreement)
        context: dict[str, Any] = {
            "case": place.case,
            "at": f"/cases/{pid}/agreement",
            "doc": doc,
            "text": text,
            "at_once": AtOnce(text.register.performed).label if text.register is not None else "",
            "clauses": [
                (clause, rules.capitals(clause.amount_fen) if clause.amount_fen else "") for clause in text.clauses
            ],
            "cn_number": papers.cn_number,
            "principal": place.view.principal,
            "staff": actor.is_staff,
            "part": part,
            "sent": sent,
            "early": isinstance(error, TooMany),
        }
    status = error.status if error is not None else 200
    return render(request, name, status=status, errors=errors_of(error), values=values or {}, **context)


@router.get("/cases/{pid}/agreement/signature", response_class=HTMLResponse)
async def read_through(request: Request, actor: SignedIn, pid: str) -> Response:
    """The text, or its second half alone with `part=2`; with `step=sign` the screen to sign on, once it was read."""
    if request.query_params.get("step") == "sign":
        return await _page(request, actor, pid, _SIGN)
    return await _page(request, actor, pid, _READ, part=2 if request.query_params.get("part") == "2" else 1)


@router.post("/cases/{pid}/agreement/signature/codes")
async def send_code(request: Request, actor: SignedIn, pid: str) -> Response:
    """I have read it to the end: keep that, send the code and go on to sign. From there: send another code."""
    form = await forms.read(request)
    held, reads = form.values.get("agreement", ""), "way" in form.values
    try:
        if reads:
            await _note_read(request, actor, held, form)
        async with web.write(request) as session:
            await service.send_code(session, web.odr(request).limiter, actor, held)
    except TooMany as error:
        # One is on its way already: that is no reason to stay here.
        return await _page(request, actor, pid, _SIGN, error=error, values=form.values)
    except OdrError as error:
        part = 2 if form.values.get("way") == "pages" else 1
        return await _page(request, actor, pid, _READ if reads else _SIGN, part=part, error=error, values=form.values)
    if any(form.values.get(name) for name in ("strokes", "typed_name", "e_sign")):
        # A name that was drawn does not survive a way through an address.
        return await _page(request, actor, pid, _SIGN, values=form.values | {"code": ""}, sent=True)
    return web.see_other(f"/cases/{pid}/agreement/signature?step=sign")


async def _note_read(request: Request, actor: Actor, held: str, form: Form) -> None:
    wanted = form.parse(ReadIn)
    async with web.write(request) as session:
        await service.note_read(session, actor, held, wanted)


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
        if isinstance(error, Conflict) and error.code == "signed":
            # The answer to the first try was lost on its way: the page tells who has signed.
            return web.see_other(f"/cases/{pid}/agreement")
        if isinstance(error, Expired):
            error = Invalid({"code": error.say})
        return await _page(request, actor, pid, _SIGN, error=error, values=form.values)
    await copy_if_effective(request, actor, pid)
    return web.see_other(f"/cases/{pid}/agreement")
