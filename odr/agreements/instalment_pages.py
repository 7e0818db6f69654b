"""The plan builder: a plan by month is computed and shown for confirmation; by list it is written down."""

import re
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from odr.accounts.access import Actor, SignedIn
from odr.agreements import access, board_pages, content, instalments, planning, service
from odr.agreements import instalment_rules as rules
from odr.agreements.models import Clause
from odr.agreements.planning import MonthsIn, PlanIn
from odr.core import forms, web
from odr.core.errors import Conflict, Invalid, NotFound, OdrError
from odr.core.i18n import _
from odr.core.templating import render

router = APIRouter(include_in_schema=False)
_ROW = re.compile(r"rows\.(\d{1,2})\.(amount|due_on)")
_BLANK = 3


@router.get("/cases/{pid}/agreement/clauses/{clause}/plan")
async def plan(request: Request, actor: SignedIn, pid: str, clause: str) -> HTMLResponse:
    """The plan as it stands; with `first` and `count` in the address, one computed by month."""
    return await _page(request, actor, pid, clause)


async def _page(
    request: Request, actor: Actor, pid: str, clause: str,
    error: OdrError | None = None, values: dict[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    asked = {name: request.query_params.get(name, "")[:40] for name in ("first", "count", "each")}
    async with web.read(request) as session:
        place = await board_pages.current_place(session, actor, pid)
        access.need_mediator(place.view)
        if error is None:
            access.need_drafting(place)
        if values is not None and (old := await content.taken_out(session, place.agreement, clause)) is not None:
            sides = {party.id: party.pid for party in await content.principals(session, place.case)}
            return await board_pages.clause_again(request, actor, pid, clause, _as_clause(old, sides, values))
        row = await planning.clause_to_plan(session, place.agreement, clause)
        held = await instalments.plan_of(session, row)
        total = row.amount_fen or 0
        context: dict[str, Any] = {
            "case": place.case,
            "at": f"/cases/{pid}/agreement",
            "agreement": place.agreement.pid,
            "clause": {"id": row.pid, "text": row.text, "version": row.version, "amount_fen": total},
            "held": instalments.shown(held),
            "terms": [(one.key, _(one.title), one.text) for one in rules.DEFAULT_TERMS],
        }
    given = dict(values or {})
    if values is None and any(asked.values()):
        given = dict(asked)
        try:
            dues = forms.parse(MonthsIn, {k: v for k, v in asked.items() if v.strip()}).dues(total)
            given |= _rows(dues)
        except Invalid as refused:
            error = refused
    elif values is None and held is not None:
        given = _rows(held.dues) | {"default_term": held.default.key if held.default is not None else ""}
    context["rows"] = max([_BLANK, *(int(met[1]) + 1 for name in given if (met := _ROW.fullmatch(name)))])
    if request.query_params.get("more") or given.get("more"):
        context["rows"] = min(rules.MOST, context["rows"] + 1)
    context["computed"] = any(asked.values()) and error is None
    status = error.status if error is not None else 200
    shown = board_pages.errors_of(error)
    return render(request, "agreements/plan.html", status=status, errors=shown, values=given, **context)


def _rows(dues: tuple[rules.Due, ...]) -> dict[str, str]:
    found = {}
    for n, one in enumerate(dues):
        found[f"rows.{n}.amount"] = f"{one.amount_fen // 100}.{one.amount_fen % 100:02d}"
        found[f"rows.{n}.due_on"] = one.due_on.isoformat()
    return found


def _as_clause(old: Clause, sides: dict[int, str], typed: dict[str, str]) -> dict[str, str]:
    """A payment that was removed while its instalments were written: a clause again, with them in its words."""
    written = [
        f"{typed.get(f'rows.{n}.due_on', '')} {typed.get(f'rows.{n}.amount', '')}".strip() for n in range(rules.MOST)
    ]
    plan = _("；").join(one for one in written if one)
    fen = old.amount_fen or 0
    return {
        "kind": old.kind,
        "obligor": sides.get(old.obligor_id or 0, ""),
        "obligee": sides.get(old.obligee_id or 0, ""),
        "text": f"{old.text}\n{_('分期：%(plan)s', plan=plan)}" if plan else old.text,
        "amount": f"{fen // 100}.{fen % 100:02d}",
        "due_on": old.due_on.isoformat() if old.due_on is not None else "",
        "manner": old.manner,
        "place": old.place,
        "account": old.account or "",
    }


@router.post("/cases/{pid}/agreement/clauses/{clause}/plan")
async def save(request: Request, actor: SignedIn, pid: str, clause: str) -> Response:
    form = await forms.read(request)
    if form.values.get("more"):
        return await _page(request, actor, pid, clause, values=form.values)
    written: dict[int, dict[str, str]] = {}
    for name, value in form.values.items():
        if (met := _ROW.fullmatch(name)) and value.strip():
            written.setdefault(int(met[1]), {})[met[2]] = value
    places = sorted(written)
    try:
        if not places:
            raise Invalid({"rows": _("请至少写两期；或者先在上面按月算一算。")})
        wanted = form.parse(PlanIn, rows=[written[n] for n in places])
        async with web.write(request) as session:
            await service.plan(session, actor, form.values.get("agreement", ""), clause, wanted)
    except Invalid as error:
        # Rows left empty in between were skipped: what is wrong stands beside the row that was typed.
        named = Invalid({_back(name, places): say for name, say in error.fields.items()}, error.say)
        return await _page(request, actor, pid, clause, named, form.values)
    except (Conflict, NotFound) as error:
        return await _page(request, actor, pid, clause, *board_pages.gone(error, form.values, "agreement"))
    return web.see_other(f"/cases/{pid}/agreement#c-{clause}")


def _back(name: str, places: list[int]) -> str:
    met = _ROW.fullmatch(name)
    return f"rows.{places[int(met[1])]}.{met[2]}" if met is not None and int(met[1]) < len(places) else name


def _version(typed: str) -> int | None:
    """The version that stood in the form; a number no form of ours ever held counts as none."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else None


@router.post("/cases/{pid}/agreement/clauses/{clause}/plan/removal")
async def drop(request: Request, actor: SignedIn, pid: str, clause: str) -> Response:
    form = await forms.read(request)
    version = form.values.get("version", "")
    try:
        async with web.write(request) as session:
            held = form.values.get("agreement", "")
            await service.drop_plan(session, actor, held, clause, _version(version))
    except (Conflict, NotFound) as error:
        return await _page(request, actor, pid, clause, *board_pages.gone(error, form.values, "agreement"))
    return web.see_other(f"/cases/{pid}/agreement#c-{clause}")
