"""factsheet: HTML routes. Every step works without script and keeps what was written."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse, Response

from odr.accounts.access import Actor, SignedIn
from odr.cases.codes import Side
from odr.core import forms, paper, web
from odr.core.errors import Conflict, Invalid, NotFound, OdrError
from odr.core.forms import Form
from odr.core.i18n import _
from odr.core.templating import render
from odr.factsheet import access, service
from odr.factsheet.rules import Kind
from odr.factsheet.schemas import AnswerIn, ConfirmIn, FactIn, ReleaseIn, VouchIn
from odr.rooms import service as rooms

router = APIRouter(include_in_schema=False)
Step = Callable[[AsyncSession, Form], Awaitable[object]]


def _errors(error: OdrError | None) -> dict[str, str]:
    if error is None:
        return {}
    return dict(error.fields) if isinstance(error, Invalid) and error.fields else {"form": error.say}


async def _page(
    request: Request, actor: Actor, pid: str, error: OdrError | None = None, values: dict[str, str] | None = None
) -> HTMLResponse:
    async with web.read(request) as session:
        view = await access.of_case(session, actor, pid)
        sheet = await service.of_case(session, view.case)
        context: dict[str, Any] = {
            "case": view.case,
            "at": f"/cases/{pid}/facts",
            "sheet": service.public(view, sheet),
            "me": view.principal.pid if view.principal is not None else None,
            "is_party": view.is_party,
            "mediates": access.mediates(view),
            "parties": [(p.pid, f"{Side(p.side).label} {p.name}", len(sheet.open_for(p))) for p in sheet.parties],
            "wide": view.is_staff,
            "live": await rooms.follow(session, view.case.pid, actor.person_id),
        }
    status = error.status if error is not None else 200
    shown = values or {}
    return render(request, "factsheet/sheet.html", status=status, errors=_errors(error), values=shown, **context)


async def _post(request: Request, actor: Actor, pid: str, step: Step, anchor: str = "") -> Response:
    form = await forms.read(request)
    try:
        async with web.write(request) as session:
            await step(session, form)
    except Invalid as error:
        # The page holds one form a fact: the error is tied to the field of this one.
        tail = f"-{anchor}" if anchor else ""
        named = Invalid({f"{name}{tail}": words for name, words in error.fields.items()}, error.say)
        return await _page(request, actor, pid, named, {f"{name}{tail}": v for name, v in form.values.items()})
    except Conflict as error:
        return await _page(request, actor, pid, error, form.values)
    return web.see_other(f"/cases/{pid}/facts" + (f"#x-{anchor}" if anchor else ""))


@router.get("/cases/{pid}/facts")
async def sheet(request: Request, actor: SignedIn, pid: str) -> HTMLResponse:
    return await _page(request, actor, pid)


# --- one fact --------------------------------------------------------------------------------------------------------


async def _fact_page(
    request: Request, actor: Actor, pid: str, fact: str | None, error: OdrError | None = None,
    values: dict[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    async with web.read(request) as session:
        view = await access.of_case(session, actor, pid)
        shown = service.public(view, await service.of_case(session, view.case))
        found = next((one for one in shown["facts"] if one["id"] == fact), None)
        if fact is not None and (found is None or not found["may_change"]):
            raise NotFound()
        if not shown["open"]:
            raise Conflict(_("现在不能再改事实清单。已经确认的内容会一直保留。"), code="facts_closed")
        if not (view.is_party or access.mediates(view)):
            raise NotFound()
        given = values if values is not None else {"kind": found["kind"], "text": found["text"]} if found else {}
        context = {
            "case": view.case,
            "at": f"/cases/{pid}/facts",
            "fact": found,
            "kinds": [(kind.value, kind.label) for kind in Kind],
            "mediates": access.mediates(view),
        }
    status = error.status if error is not None else 200
    return render(request, "factsheet/fact.html", status=status, errors=_errors(error), values=given, **context)


@router.get("/cases/{pid}/facts/new")
async def new(request: Request, actor: SignedIn, pid: str) -> HTMLResponse:
    return await _fact_page(request, actor, pid, None)


@router.post("/cases/{pid}/facts/new")
async def add(request: Request, actor: SignedIn, pid: str) -> Response:
    return await _save(request, actor, pid, None)


# --- what parties say ------------------------------------------------------------------------------------------------


@router.post("/cases/{pid}/facts/confirmations")
async def confirm(request: Request, actor: SignedIn, pid: str) -> Response:
    async def step(session: AsyncSession, form: Form) -> None:
        await service.confirm(session, actor, pid, forms.parse(ConfirmIn, {"facts": _seen(form)}))

    return await _post(request, actor, pid, step)


@router.post("/cases/{pid}/facts/vouchings")
async def vouch(request: Request, actor: SignedIn, pid: str) -> Response:
    async def step(session: AsyncSession, form: Form) -> None:
        await service.vouch(session, actor, pid, form.parse(VouchIn, facts=_seen(form)))

    return await _post(request, actor, pid, step)


@router.post("/cases/{pid}/facts/releases")
async def release(request: Request, actor: SignedIn, pid: str) -> Response:
    async def step(session: AsyncSession, form: Form) -> None:
        await service.release(session, actor, pid, form.parse(ReleaseIn))

    return await _post(request, actor, pid, step)


def _seen(form: Form) -> list[dict[str, str]]:
    """Each fact comes with the version that was on the screen."""
    split = [one.rpartition(":") for one in form.many("seen")]
    return [{"fact": fact, "version": version} for fact, _colon, version in split]


# --- the paper -------------------------------------------------------------------------------------------------------


@router.get("/cases/{pid}/facts/paper.pdf")
async def as_pdf(request: Request, actor: SignedIn, pid: str) -> Response:
    async with web.read(request) as session:
        html, name = await service.paper.html(session, await access.of_case(session, actor, pid))
    return await paper.answer(request, html, name)


@router.get("/cases/{pid}/facts/paper")
async def as_page(request: Request, actor: SignedIn, pid: str) -> HTMLResponse:
    """The same as a page, to read and to print."""
    async with web.read(request) as session:
        html, _name = await service.paper.html(session, await access.of_case(session, actor, pid))
    return paper.page(request, html)


# --- one fact, by its id: after the words above, which are no ids ---------------------------------------------------


@router.get("/cases/{pid}/facts/{fact}")
async def edit(request: Request, actor: SignedIn, pid: str, fact: str) -> HTMLResponse:
    return await _fact_page(request, actor, pid, fact)


@router.post("/cases/{pid}/facts/{fact}")
async def change(request: Request, actor: SignedIn, pid: str, fact: str) -> Response:
    return await _save(request, actor, pid, fact)


async def _save(request: Request, actor: Actor, pid: str, fact: str | None) -> Response:
    form = await forms.read(request)
    try:
        wanted = form.parse(FactIn)
        async with web.write(request) as session:
            if fact is None:
                await service.add(session, actor, pid, wanted)
            else:
                await service.change(session, actor, fact, wanted)
    except Invalid as error:
        return await _fact_page(request, actor, pid, fact, error, form.values)
    more = "/new" if form.values.get("then") == "another" else ""
    return web.see_other(f"/cases/{pid}/facts{more}")


@router.post("/cases/{pid}/facts/{fact}/removal")
async def remove(request: Request, actor: SignedIn, pid: str, fact: str) -> Response:
    async def step(session: AsyncSession, form: Form) -> None:
        await service.remove(session, actor, fact)

    return await _post(request, actor, pid, step)


@router.post("/cases/{pid}/facts/{fact}/answers")
async def answer(request: Request, actor: SignedIn, pid: str, fact: str) -> Response:
    async def step(session: AsyncSession, form: Form) -> None:
        await service.answer(session, actor, fact, form.parse(AnswerIn))

    return await _post(request, actor, pid, step, fact)
