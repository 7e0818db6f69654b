"""Pages at the window and for the hotline's orders."""

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from odr.accounts.access import Actor, Staff
from odr.bodies import service as bodies
from odr.cases import service as cases
from odr.cases.codes import Category, PartyKind
from odr.cases.schemas import is_mobile
from odr.core import clock, forms, web
from odr.core.errors import Conflict, Expired, Invalid, TooMany
from odr.core.i18n import _
from odr.core.templating import moment, render
from odr.intake import access, counter, orders
from odr.intake.models import IntakeOrder
from odr.intake.schemas import CounterEntry, OrderRefusal

router = APIRouter(include_in_schema=False)


@router.get("/counter")
async def entry_page(request: Request, actor: Staff, order: str | None = None) -> Response:
    """The form; filled from a hotline's order when one is named."""
    access.need_counter(actor)
    async with web.read(request) as session:
        found = await access.order_for_clerk(session, actor, order) if order else None
        if found is not None:
            orders.need_waiting(found)
        return await _entry(request, session, actor, _values_of(found) if found else {}, {}, order)


@router.post("/counter")
async def enter(request: Request, actor: Staff, order: str | None = None) -> Response:
    access.need_counter(actor)
    form = await forms.read(request)
    try:
        entry = form.parse(CounterEntry)
        async with web.write(request) as session:
            case = await counter.enter(session, actor, entry, order)
    except Invalid as problem:
        async with web.read(request) as session:
            return await _entry(request, session, actor, form.values, problem.fields, order)
    except Conflict as problem:  # a colleague was quicker with this order; what was typed stays on the screen
        async with web.read(request) as session:
            return await _entry(request, session, actor, form.values, {"form": problem.say}, order, status=409)
    return web.see_other(f"/counter/{case.pid}/confirmation")


@router.get("/counter/{pid}/confirmation")
async def confirmation_page(request: Request, pid: str, actor: Staff) -> Response:
    return await _confirmation(request, actor, pid, {}, {})


@router.post("/counter/{pid}/confirmation/codes")
async def send_code(request: Request, pid: str, actor: Staff) -> Response:
    """Send the applicant a code; it goes to the applicant's phone alone."""
    await forms.read(request)
    service = web.odr(request)
    try:
        async with web.write(request) as session:
            case, _party = await access.entered_case(session, actor, pid)
            if case.confirmed_at is not None:
                return web.see_other(f"/counter/{pid}/confirmation")
            await counter.send_code(session, service.limiter, actor, pid, web.client_ip(request))
    except Invalid as problem:
        return await _confirmation(request, actor, pid, {}, problem.fields)
    except TooMany as problem:
        return await _confirmation(request, actor, pid, {}, {"code": problem.say})
    return web.see_other(f"/counter/{pid}/confirmation?sent=1")


@router.post("/counter/{pid}/confirmation")
async def confirm(request: Request, pid: str, actor: Staff) -> Response:
    """The person said yes: by the code, or by reading it on this screen."""
    form = await forms.read(request)
    try:
        if form.values.get("how") == "code":
            await counter.confirm_by_code(web.odr(request).db, actor, pid, form.values.get("code", ""))
        elif form.values.get("read") != "1":
            raise Invalid({"read": _("请先让申请人看一遍，同意后勾选。")})
        else:
            async with web.write(request) as session:
                case, _party = await access.entered_case(session, actor, pid)
                await cases.confirm_entry(session, actor, case, "screen")
    except Invalid as problem:
        return await _confirmation(request, actor, pid, form.values, problem.fields)
    except Expired as problem:
        return await _confirmation(request, actor, pid, form.values, {"code": problem.say})
    return web.see_other(f"/counter/{pid}/confirmation")


@router.get("/queue/orders")
async def orders_page(request: Request, actor: Staff) -> Response:
    access.need_clerk(actor)
    return await _orders(request, actor, {}, {}, None)


@router.post("/queue/orders/{pid}/refusal")
async def refuse(request: Request, pid: str, actor: Staff) -> Response:
    form = await forms.read(request)
    try:
        reason = form.parse(OrderRefusal).reason
        async with web.write(request) as session:
            await orders.refuse(session, actor, pid, reason)
    except Invalid as problem:
        errors = {f"{field}-{pid}": say for field, say in problem.fields.items()}
        return await _orders(request, actor, form.values, errors, pid)
    return web.see_other("/queue/orders")


def _values_of(order: IntakeOrder) -> dict[str, str]:
    """What the caller told the hotline, as a start for the form."""
    return {
        "name": order.caller,
        "phone": order.phone or "",
        "facts": order.content,
        "place": order.address or "",
        "division_code": order.division_code or "",
    }


async def _entry(
    request: Request,
    session: AsyncSession,
    actor: Actor,
    values: dict[str, str],
    errors: dict[str, str],
    order: str | None,
    *,
    status: int = 422,
) -> Response:
    return render(
        request,
        "intake/counter.html",
        status=status if errors else 200,
        order=order,
        places=bodies.place_options(await bodies.tree(session)),
        unconfirmed=[
            {
                "text": f"{party.name} · {Category(case.category).label}",
                "note": _("%(at)s 登记，编号 %(no)s", at=moment(case.submitted_at), no=case.application_no),
                "href": f"/counter/{case.pid}/confirmation",
            }
            for case, party in await counter.unconfirmed(session, actor)
        ],
        categories=[(c.value, c.label) for c in Category],
        other_kinds=[(k.value, k.label) for k in PartyKind],
        today=clock.today().isoformat(),
        values=values,
        errors=errors,
    )


async def _confirmation(
    request: Request, actor: Actor, pid: str, values: dict[str, str], errors: dict[str, str]
) -> Response:
    async with web.read(request) as session:
        case, party = await access.entered_case(session, actor, pid)
        place = await bodies.place_name(session, case.division_code)
        others = [p.name for p in await cases.parties_of(session, case) if p.side != party.side]
    context: dict[str, Any] = {
        "case": case,
        "party": party,
        "place": place,
        "others": others,
        "category": Category(case.category).label,
        "can_code": is_mobile(party.phone),
        "sent": request.query_params.get("sent") == "1",
    }
    return render(
        request, "intake/confirmation.html", status=422 if errors else 200, values=values, errors=errors, **context
    )


async def _orders(
    request: Request, actor: Actor, values: dict[str, str], errors: dict[str, str], refused: str | None
) -> Response:
    async with web.read(request) as session:
        found = await orders.queue(session, actor)
    return render(
        request,
        "intake/orders.html",
        status=422 if errors else 200,
        orders=found,
        refused=refused,
        values=values,
        errors=errors,
    )
