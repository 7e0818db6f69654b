"""The page of rounds: the mediator starts and ends them, each side offers or hands in a sealed number."""

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse, Response

from odr.accounts.access import Actor, SignedIn
from odr.agreements import access, board_pages, content, offer_docs, offer_rules, offers
from odr.agreements.offers import BidIn, OfferIn, RoundIn
from odr.cases.codes import CaseRole, State
from odr.core import forms, web
from odr.core.errors import Conflict, Invalid, NotFound, OdrError
from odr.core.forms import Form
from odr.core.i18n import _
from odr.core.templating import render
from odr.rooms import service as rooms

router = APIRouter(include_in_schema=False)


@router.get("/cases/{pid}/agreement/offers")
async def listed(request: Request, actor: SignedIn, pid: str) -> HTMLResponse:
    return await _page(request, actor, pid)


async def _page(
    request: Request, actor: Actor, pid: str, error: OdrError | None = None, values: dict[str, str] | None = None
) -> HTMLResponse:
    async with web.read(request) as session:
        view = await access.of_case(session, actor, pid)
        mediates = CaseRole.MEDIATOR in view.roles
        if not (mediates or view.is_party):
            raise NotFound()
        found = await offer_docs.of_view(session, view)
        parties = await content.principals(session, view.case)
        context: dict[str, Any] = {
            "case": view.case,
            "at": f"/cases/{pid}/agreement",
            "rounds": found,
            "mediates": mediates,
            "may_start": mediates and view.state is State.MEDIATING and not any(r["state"] == "open" for r in found),
            "settles": access.may_settle(view),
            "is_party": view.is_party,
            "parties": board_pages.named(parties),
            "most_tries": offer_rules.MOST_TRIES,
            "rule": _(offer_rules.RULE),
            "live": await rooms.follow(session, view.case.pid, actor.person_id),
        }
    status = error.status if error is not None else 200
    shown = board_pages.errors_of(error)
    return render(request, "agreements/offers.html", status=status, errors=shown, values=values or {}, **context)


async def _post(request: Request, actor: Actor, pid: str, step: Any) -> Response:
    form = await forms.read(request)
    try:
        async with web.write(request) as session:
            await step(session, form)
    except (Invalid, Conflict, NotFound) as error:
        return await _page(request, actor, pid, *board_pages.gone(error, form.values, "round", "offer"))
    return web.see_other(f"/cases/{pid}/agreement/offers")


@router.post("/cases/{pid}/agreement/offers")
async def start(request: Request, actor: SignedIn, pid: str) -> Response:
    async def step(session: AsyncSession, form: Form) -> None:
        await offers.start(session, actor, pid, form.parse(RoundIn))

    return await _post(request, actor, pid, step)


@router.post("/cases/{pid}/agreement/offers/sums")
async def offer(request: Request, actor: SignedIn, pid: str) -> Response:
    async def step(session: AsyncSession, form: Form) -> None:
        await offers.offer(session, actor, form.values.get("round", ""), form.parse(OfferIn))

    return await _post(request, actor, pid, step)


@router.post("/cases/{pid}/agreement/offers/bids")
async def bid(request: Request, actor: SignedIn, pid: str) -> Response:
    """A sealed number. What was typed is not shown again but to the one who just typed it wrongly."""

    async def step(session: AsyncSession, form: Form) -> None:
        await offers.bid(session, actor, form.values.get("round", ""), form.parse(BidIn))

    return await _post(request, actor, pid, step)


@router.post("/cases/{pid}/agreement/offers/showing")
async def show_on(request: Request, actor: SignedIn, pid: str) -> Response:
    async def step(session: AsyncSession, form: Form) -> None:
        await offers.show_on(session, actor, form.values.get("offer", ""))

    return await _post(request, actor, pid, step)


@router.post("/cases/{pid}/agreement/offers/acceptance")
async def accept(request: Request, actor: SignedIn, pid: str) -> Response:
    async def step(session: AsyncSession, form: Form) -> None:
        await offers.accept(session, actor, form.values.get("offer", ""))

    return await _post(request, actor, pid, step)


@router.post("/cases/{pid}/agreement/offers/opening")
async def open_bids(request: Request, actor: SignedIn, pid: str) -> Response:
    async def step(session: AsyncSession, form: Form) -> None:
        await offers.open_bids(session, actor, form.values.get("round", ""))

    return await _post(request, actor, pid, step)


@router.post("/cases/{pid}/agreement/offers/end")
async def end(request: Request, actor: SignedIn, pid: str) -> Response:
    async def step(session: AsyncSession, form: Form) -> None:
        await offers.end(session, actor, form.values.get("round", ""))

    return await _post(request, actor, pid, step)
