"""meetings: HTML routes. The times that are offered stand in `poll_pages`."""

import re
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from odr.accounts.access import Actor, SignedIn
from odr.cases import access as case_access
from odr.cases import service as cases
from odr.cases.codes import CaseRole, Side
from odr.cases.lifecycle import Move
from odr.core import clock, forms, ics, web
from odr.core.errors import Conflict, Invalid, NotFound, OdrError
from odr.core.i18n import _
from odr.core.templating import moment, render
from odr.evidence import service as evidence
from odr.meetings import absence, access, calendars, coming, places, poll_pages, polls, service
from odr.meetings import waiting as _waiting  # noqa: F401  registers what waits for a party
from odr.meetings.schemas import (
    CancelIn,
    ComingIn,
    ConfirmIn,
    HoldIn,
    Kind,
    MinutesIn,
    PastIn,
    PlanIn,
    Presence,
    SheetIn,
)

router = APIRouter(include_in_schema=False)
# Its addresses begin with `times`, which no meeting is named.
router.include_router(poll_pages.router)
UPLOAD_CEILING = 64 * 1024 * 1024  # the service's own limit (ODR_UPLOAD_MAX_BYTES) lies below
MOST_SHEETS = 6
LATE_CHOICES = (10, 20, 30, 60)


def errors_of(error: OdrError | None) -> dict[str, str]:
    if error is None:
        return {}
    return dict(error.fields) if isinstance(error, Invalid) and error.fields else {"form": error.say}


async def _list(request: Request, actor: Actor, pid: str) -> HTMLResponse:
    async with web.read(request) as session:
        view = await access.of_case(session, actor, pid)
        found = await service.meetings_of(session, view)
        context: dict[str, Any] = {
            "case": view.case,
            "at": service.link(view.case),
            "meetings": [(service.public(view, one), one.row.starts_at) for one in found],
            "polls": [one for one in await polls.polls_of(session, view) if one.row.state == "open"],
            "mediates": CaseRole.MEDIATOR in view.roles,
            "is_party": view.is_party,
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
    values: dict[str, Any] | None = None,
) -> HTMLResponse:
    async with web.read(request) as session:
        view = await access.of_case(session, actor, pid)
        access.need_mediator(view)
        parties = await cases.parties_of(session, view.case)
        context: dict[str, Any] = {
            "case": view.case,
            "at": service.link(view.case),
            "past": past,
            "kinds": [(kind.value, kind.label) for kind in Kind],
            "sides": [("all", _("各方一起"))] + [(side.value, _("只和%(side)s", side=side.label)) for side in Side],
            "parties": [(p.pid, f"{Side(p.side).label} {p.name}") for p in parties],
            "places": [(place.pid, place.text) for place in await places.offered(session, view.case)],
            "presences": presences(),
            "upload_max": web.odr(request).settings.upload_max_bytes,
        }
        again = {} if past else await poll_pages.again(session, actor, request.query_params.get("after", ""))
        context["instead"] = await poll_pages.called_off(session, actor, (values or again).get("after", ""))
    given = values or ({"starts_at": f"{clock.local(clock.now()):%Y-%m-%dT%H:%M}"} if past else again)
    status = error.status if error is not None else 200
    return render(request, "meetings/plan.html", status=status, errors=errors_of(error), values=given, **context)


def presences() -> list[tuple[str, str]]:
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


async def _sheets(request: Request, form: forms.Form) -> list[evidence.Prepared]:
    """Photos of the signed sheet. Raises Invalid naming their field."""
    chosen = form.files("sheets")
    if len(chosen) > MOST_SHEETS:
        raise Invalid({"sheets": _("最多可以有 %(n)s 张照片。", n=MOST_SHEETS)})
    found: list[evidence.Prepared] = []
    try:
        for file in chosen:
            found.append(await evidence.prepare(file, web.odr(request).settings, allow=evidence.PAPERS))
    except OdrError as error:
        for one in found:
            await evidence.discard(one)
        words = next(iter(error.fields.values())) if isinstance(error, Invalid) and error.fields else error.say
        raise Invalid({"sheets": words}) from None
    return found


@router.post("/cases/{pid}/meetings/past", max_body_size=UPLOAD_CEILING)
async def record_past(request: Request, actor: SignedIn, pid: str) -> Response:
    async with web.read(request) as session:
        access.need_mediator(await access.of_case(session, actor, pid))
    form = await forms.read(request)
    signed = form.many("signed")
    try:
        wanted = form.parse(PastIn, present=prefixed(form, "present-"), signed=signed)
        sheets = await _sheets(request, form)
        async with web.write(request) as session:
            await service.record_past(session, actor, pid, wanted, sheets)
    except (Invalid, Conflict) as error:
        named = _at_fields(error) if isinstance(error, Invalid) else error
        values = form.values | {"signed": signed}
        return await _plan_page(request, actor, pid, past=True, error=named, values=values)
    return web.see_other(f"/cases/{pid}/meetings")


def prefixed(form: forms.Form, prefix: str, *, empty: bool = False) -> dict[str, str]:
    """`present-<party>` fields as one mapping; `empty` ones count where each must be filled in."""
    return {
        name.removeprefix(prefix): how
        for name, how in form.values.items()
        if name.startswith(prefix) and (empty or how.strip())
    }


def _at_fields(error: Invalid) -> Invalid:
    """What is wrong of one party, at the field of that party. What has no field of its own belongs to the whole."""
    fields = {re.sub(r"^(present|late)\.", r"\1-", name): words for name, words in error.fields.items()}
    return Invalid(
        {"form" if name in ("present", "sha256") else name: words for name, words in fields.items()}, error.say
    )


# --- one meeting ----------------------------------------------------------------------------------------------------


async def _meeting(
    request: Request,
    actor: Actor,
    pid: str,
    meeting: str,
    *,
    error: OdrError | None = None,
    values: dict[str, Any] | None = None,
) -> HTMLResponse:
    async with web.read(request) as session:
        view, row = await access.for_reading(session, actor, meeting)
        shown = await service.show(session, view, row)
        missed = await absence.counts(session, view.case.id, row.side) if view.handles else {}
        context: dict[str, Any] = {
            "case": view.case,
            "at": f"{service.link(view.case)}/{row.pid}",
            "list_at": service.link(view.case),
            "meeting": service.public(view, shown),
            "starts_at": row.starts_at,
            "minuted_at": row.minuted_at,
            "mediates": CaseRole.MEDIATOR in view.roles,
            "is_party": view.is_party,
            "me": view.principal.pid if view.principal is not None else "",
            "sides": {side.value: side.label for side in Side},
            "wide": view.is_staff,
            "presences": presences(),
            "past": row.starts_at <= clock.now(),
            "over": not coming.open_for(view, row),
            "mine": shown.mine.said if shown.mine is not None else None,
            "expected": {seat.party.pid: seat.said for seat in shown.seats if seat.said is not None},
            "late_choices": [(str(n), _("%(n)s 分钟", n=n)) for n in LATE_CHOICES],
            "other_times": [(one.pid, moment(one.starts_at)) for one in await coming.other_times(session, row)],
            "step": (await absence.step_of(session, row)).value,
            "missed": {seat.party.pid: missed.get(seat.party.id, 0) for seat in shown.seats},
            "may_leave": view.is_party and Move.OPT_OUT in case_access.allowed_moves(view),
            "upload_max": web.odr(request).settings.upload_max_bytes,
        }
    status = error.status if error is not None else 200
    errors = errors_of(error)
    if "times" in errors and not context["other_times"]:  # the last of them has gone by meanwhile: no field is left
        errors["form"] = errors.pop("times")
    return render(request, "meetings/meeting.html", status=status, errors=errors, values=values or {}, **context)


@router.get("/cases/{pid}/meetings/{meeting}")
async def meeting(request: Request, actor: SignedIn, pid: str, meeting: str) -> HTMLResponse:
    return await _meeting(request, actor, pid, meeting)


@router.get("/cases/{pid}/meetings/{meeting}/calendar.ics")
async def calendar_file(request: Request, actor: SignedIn, pid: str, meeting: str) -> Response:
    """The meeting for the phone's calendar."""
    async with web.read(request) as session:
        view, row = await access.for_reading(session, actor, meeting)
        entry = calendars.entry(view.case, row, web.odr(request).settings.base_url)
    return ics.answer([entry], _("会面"))


def _minutes_late(form: forms.Form) -> dict[str, str]:
    """How late each was; what is no number stays as it is, for the schema to name."""
    return {party: forms.narrow(text) for party, text in prefixed(form, "late-").items()}


def _coming(form: forms.Form) -> ComingIn:
    """Each of the two forms has its own field for words. Raises Invalid at the field it is about."""
    kind = form.values.get("kind", "")
    field = "why" if kind == "unable" else "words"
    given: dict[str, Any] = {"kind": kind, "words": form.values.get(field, ""), "times": form.many("times")}
    if (minutes := form.values.get("minutes", "")).strip():
        given["minutes"] = minutes
    try:
        return forms.parse(ComingIn, given)
    except Invalid as error:
        at = {"words": field, "kind": "form"}
        raise Invalid({at.get(name, name): words for name, words in error.fields.items()}) from None


@router.post("/cases/{pid}/meetings/{meeting}/{act}", max_body_size=UPLOAD_CEILING)
async def change(request: Request, actor: SignedIn, pid: str, meeting: str, act: str) -> Response:
    """coming, attendance, minutes, confirmations, sheets, cancellation: the forms on the page of one meeting."""
    async with web.read(request) as session:
        await access.for_reading(session, actor, meeting)
    form = await forms.read(request)
    signed = form.many("signed")
    try:
        sheets = await _sheets(request, form) if act == "sheets" else []
        async with web.write(request) as session:
            if act == "coming":
                await coming.say(session, actor, meeting, _coming(form))
            elif act == "attendance":
                opened = form.values.get("opened", "yes") != "no"
                given = {
                    "present": prefixed(form, "present-", empty=True),
                    "late": _minutes_late(form),
                    "opened": opened,
                }
                await service.hold(session, actor, meeting, forms.parse(HoldIn, given))
            elif act == "minutes":
                await service.minute(session, actor, meeting, form.parse(MinutesIn))
            elif act == "confirmations":
                await service.confirm(session, actor, meeting, form.parse(ConfirmIn).sha256)
            elif act == "sheets":
                await service.sign_on_paper(session, actor, meeting, forms.parse(SheetIn, {"signed": signed}), sheets)
            elif act == "cancellation":
                await service.cancel(session, actor, meeting, form.parse(CancelIn).reason)
            else:
                raise NotFound()
    except (Invalid, Conflict) as error:
        named = _at_fields(error) if isinstance(error, Invalid) else error
        values = form.values | {"signed": signed, "times": form.many("times")}
        return await _meeting(request, actor, pid, meeting, error=named, values=values)
    return web.see_other(f"/cases/{pid}/meetings/{meeting}")
