"""约时间: the mediator offers times, both sides pick, one is fixed."""

import re
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse, Response

from odr.accounts.access import Actor, SignedIn
from odr.cases.codes import CaseRole, Side
from odr.core import clock, forms, web
from odr.core.errors import Conflict, Invalid, NotFound, OdrError
from odr.core.templating import moment, render
from odr.meetings import access, coming, places, polls, service
from odr.meetings.schemas import MOST_TIMES, FixIn, Kind, PickIn, PollIn

router = APIRouter(include_in_schema=False)


def _named(error: OdrError | None) -> dict[str, str]:
    if error is None:
        return {}
    return dict(error.fields) if isinstance(error, Invalid) and error.fields else {"form": error.say}


def _errors(error: OdrError | None, values: dict[str, str]) -> dict[str, str]:
    """Of a page on which each time is a field of its own: at the one that was typed; that there are too few at the
    first that is empty, that two are the same at the last."""
    numbers = range(1, MOST_TIMES + 1)
    places = [n for n in numbers if values.get(f"time-{n}", "").strip()]
    at = places[-1] if len(places) > 1 else next(n for n in numbers if n not in places)
    return {
        f"time-{at}"
        if name == "times"
        else re.sub(r"^times\.(\d+)$", lambda n: f"time-{places[int(n[1])]}", name): words
        for name, words in _named(error).items()
    }


async def _offer_page(
    request: Request, actor: Actor, pid: str, error: OdrError | None = None, values: dict[str, str] | None = None
) -> HTMLResponse:
    async with web.read(request) as session:
        view = await access.of_case(session, actor, pid)
        access.need_mediator(view)
        after = request.query_params.get("after", "")
        given = values or await again(session, actor, after)
        context: dict[str, Any] = {
            "case": view.case,
            "at": service.link(view.case),
            "kinds": [(kind.value, kind.label) for kind in Kind],
            "places": [(place.pid, place.text) for place in await places.offered(session, view.case)],
            "numbers": list(range(1, MOST_TIMES + 1)),
            "instead": await called_off(session, actor, given.get("after", "")),
        }
    status = error.status if error is not None else 200
    return render(request, "meetings/offer.html", status=status, errors=_errors(error, given), values=given, **context)


async def again(session: AsyncSession, actor: Actor, after: str) -> dict[str, str]:
    """The same meeting once more, for one that did not take place or to which somebody cannot come: how and where, and
    the times that were said to suit instead."""
    if not after:
        return {}
    try:
        _view, row = await access.for_reading(session, actor, after)
    except NotFound:
        return {}
    found = {time.starts_at for said in (await coming.of(session, row)).values() for time in said.times}
    times = sorted(time for time in found if time > clock.now())[:MOST_TIMES]
    return {
        "kind": row.kind, "purpose": row.purpose, "place": row.place, "link": row.link, "phone": row.phone,
        "after": row.pid, "side": row.side or "all",
    } | {f"time-{n}": f"{clock.local(time):%Y-%m-%dT%H:%M}" for n, time in enumerate(times, 1)}  # fmt: skip


async def called_off(session: AsyncSession, actor: Actor, after: str) -> datetime | None:
    """When the meeting was to be that is called off by seeking another time."""
    if not after:
        return None
    try:
        _view, row = await access.for_reading(session, actor, after)
    except NotFound:
        return None
    return row.starts_at if row.state == "planned" else None


@router.get("/cases/{pid}/meetings/times")
async def offer_page(request: Request, actor: SignedIn, pid: str) -> HTMLResponse:
    return await _offer_page(request, actor, pid)


@router.post("/cases/{pid}/meetings/times")
async def offer(request: Request, actor: SignedIn, pid: str) -> Response:
    form = await forms.read(request)
    given = [form.values.get(f"time-{n}", "").strip() for n in range(1, MOST_TIMES + 1)]
    try:
        wanted = form.parse(PollIn, times=[text for text in given if text])
        async with web.write(request) as session:
            row = await polls.offer(session, actor, pid, wanted)
    except (Invalid, Conflict) as error:
        return await _offer_page(request, actor, pid, error, form.values)
    return web.see_other(f"/cases/{pid}/meetings/times/{row.pid}")


async def _poll(
    request: Request, actor: Actor, poll: str, error: OdrError | None = None, values: dict[str, Any] | None = None
) -> HTMLResponse:
    async with web.read(request) as session:
        view, row = await access.poll(session, actor, poll)
        shown = await polls.show(session, view, row)
        mine = [one.row.pid for one in shown.times if one.chosen]
        context: dict[str, Any] = {
            "case": view.case,
            "at": f"{service.link(view.case)}/times/{row.pid}",
            "list_at": service.link(view.case),
            "poll": shown,
            "choices": [(one.row.pid, moment(one.row.starts_at)) for one in shown.times],
            "mine": mine,
            "note": shown.mine.note if shown.mine is not None else "",
            "none": shown.mine is not None and not mine,
            "mediates": CaseRole.MEDIATOR in view.roles,
            "is_party": view.is_party,
            "wide": view.is_staff,
            "sides": {side.value: side.label for side in Side},
            "parties": [
                (party.pid, f"{Side(party.side).label} {party.name}") for party in (*shown.waiting, *shown.answered)
            ],
            "now": clock.now(),
        }
    status = error.status if error is not None else 200
    errors = (
        {}
        if error is None
        else dict(error.fields)
        if isinstance(error, Invalid) and error.fields
        else {"form": error.say}
    )
    return render(request, "meetings/poll.html", status=status, errors=errors, values=values or {}, **context)


@router.get("/cases/{pid}/meetings/times/{poll}")
async def poll_page(request: Request, actor: SignedIn, pid: str, poll: str) -> HTMLResponse:
    return await _poll(request, actor, poll)


@router.post("/cases/{pid}/meetings/times/{poll}/{act}")
async def change(request: Request, actor: SignedIn, pid: str, poll: str, act: str) -> Response:
    """picks (a party, or the mediator for one), fixing, dropping."""
    form = await forms.read(request)
    times = form.many("times")
    try:
        async with web.write(request) as session:
            if act == "picks":
                wanted = form.parse(PickIn, times=times)
                if party := form.values.get("party"):
                    await polls.pick_for(session, actor, poll, party, wanted)
                else:
                    await polls.pick(session, actor, poll, wanted)
            elif act == "fixing":
                await polls.fix(session, actor, poll, form.parse(FixIn))
            elif act == "dropping":
                await polls.drop(session, actor, poll)
            else:
                raise NotFound()
    except (Invalid, Conflict) as error:
        return await _poll(request, actor, poll, error, form.values | {"times": times})
    return web.see_other(f"/cases/{pid}/meetings" if act != "picks" else f"/cases/{pid}/meetings/times/{poll}")
