"""Suggesting a clause, deciding on suggestions, and sets of clauses to choose from. Each step works without script."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse, Response

from odr.accounts.access import Actor, SignedIn
from odr.agreements import access, board_pages, clause_sets, content, documents, proposal_docs, proposals, service
from odr.agreements.clause_texts import BY_KEY
from odr.agreements.schemas import ClauseIn, ClausesIn, Kind, ProposalIn, ReasonIn, ReleaseIn, ReplyIn
from odr.cases.codes import CaseRole, Side, State
from odr.core import forms, web
from odr.core.errors import Conflict, Invalid, NotFound, OdrError
from odr.core.forms import Form
from odr.core.i18n import _
from odr.core.templating import render

router = APIRouter(include_in_schema=False)
Step = Callable[[AsyncSession, Form], Awaitable[object]]


async def _step(request: Request, actor: Actor, pid: str, anchor: str, step: Step) -> Response:
    """Run one step; show the board again with the error at its field when it is refused."""
    form = await forms.read(request)
    try:
        async with web.write(request) as session:
            await step(session, form)
    except Invalid as error:
        named = Invalid({f"{name}-{anchor}": words for name, words in error.fields.items()}, error.say)
        values = {f"{name}-{anchor}": value for name, value in form.values.items()}
        return await board_pages.board(request, actor, pid, error=named, values=values)
    except Conflict as error:
        return await board_pages.board(request, actor, pid, error=error, values=form.values)
    return web.see_other(f"/cases/{pid}/agreement#p-{anchor}")


# --- suggesting ------------------------------------------------------------------------------------------------------


@router.get("/cases/{pid}/agreement/proposals/new")
async def new(request: Request, actor: SignedIn, pid: str, target: str = "", side: str = "") -> HTMLResponse:
    return await _proposal_page(request, actor, pid, target=target, side=side)


async def _proposal_page(
    request: Request, actor: Actor, pid: str, *, target: str = "", side: str = "", error: OdrError | None = None,
    values: dict[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    async with web.read(request) as session:
        view = await access.of_case(session, actor, pid)
        mediates = CaseRole.MEDIATOR in view.roles
        if not mediates:
            access.need_settler(view)
        if view.state is not State.MEDIATING and error is None:
            raise Conflict(_("现在不是调解中，不能提条款建议。"), code="not_mediating")
        agreement = await access.current(session, view.case)
        doc = await documents.document(session, access.Place(view, agreement)) if agreement is not None else None
        target = target or (values or {}).get("target", "")
        found = next((row for row in doc["clauses"] if row["id"] == target), None) if doc and target else None
        parties = await content.principals(session, view.case)
        given = values if values is not None else board_pages.filled(found) if found is not None else {}
        context: dict[str, Any] = {
            "case": view.case,
            "at": f"/cases/{pid}/agreement",
            "target": found,
            "mediates": mediates,
            "side": side or given.get("side", ""),
            "sides": [(one.value, _("只给%(side)s看", side=one.label)) for one in Side],
            "kinds": [(kind.value, kind.label) for kind in Kind],
            "parties": board_pages.named(parties),
        }
    status = error.status if error is not None else 200
    errors = board_pages.errors_of(error)
    return render(request, "agreements/proposal.html", status=status, errors=errors, values=given, **context)


@router.post("/cases/{pid}/agreement/proposals/new")
async def propose(request: Request, actor: SignedIn, pid: str) -> Response:
    form = await forms.read(request)
    try:
        wanted = form.parse(ProposalIn)
        async with web.write(request) as session:
            row = await proposals.propose(session, actor, pid, wanted)
            made = row.pid
    except (Invalid, Conflict, NotFound) as error:
        refused, given = board_pages.gone(error, form.values, "target")
        return await _proposal_page(request, actor, pid, error=refused, values=given)
    return web.see_other(f"/cases/{pid}/agreement#p-{made}")


# --- deciding --------------------------------------------------------------------------------------------------------


@router.post("/cases/{pid}/agreement/proposals/{proposal}/release")
async def release(request: Request, actor: SignedIn, pid: str, proposal: str) -> Response:
    async def step(session: AsyncSession, form: Form) -> None:
        await proposals.release(session, actor, proposal)

    return await _step(request, actor, pid, proposal, step)


@router.post("/cases/{pid}/agreement/proposals/{proposal}/replies")
async def reply(request: Request, actor: SignedIn, pid: str, proposal: str) -> Response:
    async def step(session: AsyncSession, form: Form) -> None:
        await proposals.reply(session, actor, proposal, form.parse(ReplyIn))

    return await _step(request, actor, pid, proposal, step)


@router.post("/cases/{pid}/agreement/proposals/{proposal}/refusal")
async def decline(request: Request, actor: SignedIn, pid: str, proposal: str) -> Response:
    async def step(session: AsyncSession, form: Form) -> None:
        await proposals.decline(session, actor, proposal, form.parse(ReasonIn).reason)

    return await _step(request, actor, pid, proposal, step)


@router.post("/cases/{pid}/agreement/proposals/{proposal}/withdrawal")
async def withdraw(request: Request, actor: SignedIn, pid: str, proposal: str) -> Response:
    async def step(session: AsyncSession, form: Form) -> None:
        await proposals.withdraw(session, actor, proposal)

    return await _step(request, actor, pid, proposal, step)


@router.get("/cases/{pid}/agreement/proposals/{proposal}/clause")
async def taking_up(request: Request, actor: SignedIn, pid: str, proposal: str) -> HTMLResponse:
    """The proposal as a clause, to be put on the board as it is or reworded first."""
    return await _take_page(request, actor, pid, proposal)


async def _take_page(
    request: Request, actor: Actor, pid: str, proposal: str, error: OdrError | None = None,
    values: dict[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    async with web.read(request) as session:
        seat = await proposals.for_reading(session, actor, proposal)
        access.need_mediator(seat.view)
        if seat.view.case.pid != pid:
            raise NotFound()
        shown = await proposal_docs.one(session, seat)
        context = {
            "case": seat.view.case,
            "at": f"/cases/{pid}/agreement",
            "proposal": shown,
            "kinds": [(kind.value, kind.label) for kind in Kind],
            "parties": board_pages.named(await content.principals(session, seat.view.case)),
        }
    given = values if values is not None else board_pages.filled(shown)
    status = error.status if error is not None else 200
    errors = board_pages.errors_of(error)
    return render(request, "agreements/take_up.html", status=status, errors=errors, values=given, **context)


@router.post("/cases/{pid}/agreement/proposals/{proposal}/clause")
async def take_up(request: Request, actor: SignedIn, pid: str, proposal: str) -> Response:
    form = await forms.read(request)
    try:
        wanted = form.parse(ClauseIn)
        async with web.write(request) as session:
            _agreement, clause = await proposals.take_up(session, actor, proposal, wanted)
            taken = clause.pid
    except (Invalid, Conflict) as error:
        return await _take_page(request, actor, pid, proposal, error, form.values)
    return web.see_other(f"/cases/{pid}/agreement#c-{taken}")


@router.post("/cases/{pid}/agreement/clauses/{clause}/releases")
async def release_comment(request: Request, actor: SignedIn, pid: str, clause: str) -> Response:
    form = await forms.read(request)
    try:
        async with web.write(request) as session:
            held = form.values.get("agreement", "")
            await service.release_comment(session, actor, held, clause, form.parse(ReleaseIn))
    except (Invalid, Conflict) as error:
        return await board_pages.board(request, actor, pid, error=error, values=form.values)
    return web.see_other(f"/cases/{pid}/agreement#c-{clause}")


# --- sets of clauses -------------------------------------------------------------------------------------------------


@router.get("/cases/{pid}/agreement/sets")
async def sets(request: Request, actor: SignedIn, pid: str) -> HTMLResponse:
    """The sets to choose from, those for this kind of dispute first."""
    async with web.read(request) as session:
        place = await board_pages.current_place(session, actor, pid)
        access.need_mediator(place.view)
        access.need_drafting(place)
        fitting, others = proposal_docs.sets_for(place.view)
        context: dict[str, Any] = {
            "case": place.case, "at": f"/cases/{pid}/agreement", "fitting": fitting, "others": others,
        }  # fmt: skip
    return render(request, "agreements/sets.html", **context)


@router.get("/cases/{pid}/agreement/sets/{key}")
async def one_set(request: Request, actor: SignedIn, pid: str, key: str) -> HTMLResponse:
    return await _set_page(request, actor, pid, key)


async def _set_page(
    request: Request, actor: Actor, pid: str, key: str, error: OdrError | None = None,
    rows: list[dict[str, str]] | None = None,
) -> HTMLResponse:  # fmt: skip
    async with web.read(request) as session:
        place = await board_pages.current_place(session, actor, pid)
        access.need_mediator(place.view)
        if error is None:
            access.need_drafting(place)
        chosen = BY_KEY.get(key)
        if chosen is None:
            raise NotFound()
        given = rows or clause_sets.filled(chosen, await proposal_docs.ground(session, place.view))
        context: dict[str, Any] = {
            "case": place.case,
            "at": f"/cases/{pid}/agreement",
            "agreement": place.agreement.pid,
            "chosen": chosen,
            "rows": given,
            "kinds": [(kind.value, kind.label) for kind in Kind],
            "parties": board_pages.named(await content.principals(session, place.case)),
        }
    status = error.status if error is not None else 200
    return render(
        request, "agreements/set.html", status=status, errors=board_pages.errors_of(error), values={}, **context
    )


@router.post("/cases/{pid}/agreement/sets/{key}")
async def add_set(request: Request, actor: SignedIn, pid: str, key: str) -> Response:
    form = await forms.read(request)
    rows = _rows(form)
    used = [n for n, row in enumerate(rows) if row.get("use")]
    try:
        if not used:
            raise Invalid({"form": _("请至少勾选一条。")})
        wanted = _parsed(rows, used)
        async with web.write(request) as session:
            await service.add_clauses(session, actor, form.values.get("agreement", ""), wanted)
    except Invalid as error:
        named = {_at_row(name, used): words for name, words in error.fields.items()}
        return await _set_page(request, actor, pid, key, Invalid(named, error.say), rows)
    except Conflict as error:
        return await _set_page(request, actor, pid, key, error, rows)
    return web.see_other(f"/cases/{pid}/agreement")


def _rows(form: Form) -> list[dict[str, str]]:
    """The clauses as typed: `text-0`, `amount-0`, …"""
    names = ("use", *ClauseIn.model_fields)
    rows: list[dict[str, str]] = []
    while f"text-{len(rows)}" in form.values and len(rows) < 12:
        rows.append({name: form.values.get(f"{name}-{len(rows)}", "") for name in names})
    return rows


def _parsed(rows: list[dict[str, str]], used: list[int]) -> ClausesIn:
    """Every clause by itself, so that all that is wrong is told at once. Raises Invalid."""
    wrong: dict[str, str] = {}
    parsed: list[ClauseIn] = []
    for place, n in enumerate(used):
        given = {name: value for name, value in rows[n].items() if name != "use" and value.strip()}
        try:
            one = forms.parse(ClauseIn, given)
            one.check()
            parsed.append(one)
        except Invalid as refused:
            wrong |= {f"clauses.{place}.{name}": words for name, words in refused.fields.items()}
    if wrong:
        raise Invalid(wrong)
    return ClausesIn.model_construct(clauses=parsed)


def _at_row(name: str, used: list[int]) -> str:
    """clauses.1.amount of those that were ticked → amount-2 of the page."""
    parts = name.split(".")
    return f"{parts[2]}-{used[int(parts[1])]}" if len(parts) == 3 and parts[0] == "clauses" else name
