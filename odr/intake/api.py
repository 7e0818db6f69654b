"""JSON routes of the doors: applications, and the machine feed of the hotlines."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response

from odr.accounts import service as accounts
from odr.accounts.access import SignedIn, Staff
from odr.accounts.models import ApiKey
from odr.cases.codes import State
from odr.cases.models import Case
from odr.cases.schemas import Application
from odr.core import web
from odr.core.errors import NotFound, SignInNeeded
from odr.core.i18n import _
from odr.core.web import Read, Write
from odr.intake import counter, orders, service
from odr.intake.models import IntakeOrder
from odr.intake.schemas import CounterEntry, EntryCode, HotlineOrder, OrderRefusal

router = APIRouter(prefix="/api/v1", tags=["intake"])


async def _hotline_key(session: Read, x_api_key: Annotated[str, Header(max_length=128)] = "") -> ApiKey:
    """The key of a feed. Raises SignInNeeded (401) for an unknown or ended one."""
    try:
        return await accounts.check_api_key(session, x_api_key, "hotline")
    except NotFound:
        say = _("没有有效的接口密钥。请在请求头 X-API-Key 里带上密钥。")
        raise SignInNeeded(say, code="api_key_needed") from None


@router.post("/applications", status_code=201)
async def apply(session: Write, actor: SignedIn, application: Application) -> dict[str, Any]:
    """Apply for mediation in one call, for oneself."""
    return _card(await service.apply(session, actor, application))


@router.post("/counter/applications", status_code=201)
async def enter(session: Write, actor: Staff, entry: CounterEntry, order: str | None = None) -> dict[str, Any]:
    """Write an application down for somebody at the window, from a hotline's order where one is named."""
    return _card(await counter.enter(session, actor, entry, order))


@router.post("/counter/applications/{pid}/codes", status_code=204, response_class=Response)
async def send_code(request: Request, session: Write, actor: Staff, pid: str) -> None:
    """Send the applicant the code that confirms an entry."""
    await counter.send_code(session, web.odr(request).limiter, actor, pid, web.client_ip(request))


@router.post("/counter/applications/{pid}/confirmation", status_code=201)
async def confirm(request: Request, actor: Staff, pid: str, given: EntryCode) -> dict[str, Any]:
    """The applicant read out the code. On the clerk's screen: `POST /cases/{pid}/confirmation` with `how: screen`."""
    return _card(await counter.confirm_by_code(web.odr(request).db, actor, pid, given.code))


@router.get("/orders")
async def waiting_orders(session: Read, actor: Staff) -> dict[str, Any]:
    """The hotlines' orders that wait for a clerk of the caller's centres, urgent ones first."""
    return {"orders": [_order(row) for row in await orders.queue(session, actor)]}


@router.post("/orders/{pid}/refusal", status_code=201)
async def refuse_order(session: Write, actor: Staff, pid: str, given: OrderRefusal) -> dict[str, Any]:
    """Send an order back with a reason. `POST /counter/applications?order=` takes it instead."""
    return _answer(await orders.refuse(session, actor, pid, given.reason), None)


@router.post("/intake/hotline")
async def hotline(
    session: Write, key: Annotated[ApiKey, Depends(_hotline_key)], order: HotlineOrder, response: Response
) -> dict[str, Any]:
    """Feed one work order in. 201 the first time, 200 for the same order again, 409 when its content changed."""
    row, is_new = await orders.take(session, key, order)
    response.status_code = 201 if is_new else 200
    return _answer(row, None)


@router.get("/intake/hotline/{source}/{order_no:path}")
async def hotline_state(
    session: Read, _key: Annotated[ApiKey, Depends(_hotline_key)], source: str, order_no: str
) -> dict[str, Any]:
    """What became of an order: received, accepted with the case's state, or refused with the reason."""
    row, case = await orders.state_of(session, source, order_no)
    return _answer(row, case)


def _card(case: Case) -> dict[str, Any]:
    return {
        "id": case.pid,
        "application_no": case.application_no,
        "submitted_at": case.submitted_at,
        "state": case.state,
    }


def _order(row: IntakeOrder) -> dict[str, Any]:
    return {
        "id": row.pid,
        "source": row.source,
        "order_no": row.order_no,
        "received_at": row.received_at,
        "urgency": row.urgency,
        "caller": row.caller,
        "phone": row.phone,
        "address": row.address,
        "division_code": row.division_code,
        "category_text": row.category_text,
        "content": row.content,
        "consent_to_transfer": row.consent_to_transfer,
    }


def _answer(order: IntakeOrder, case: Case | None) -> dict[str, Any]:
    found: dict[str, Any] = {"id": order.pid, "order_no": order.order_no, "state": order.state}
    if order.reason:
        found["reason"] = order.reason
    if case is not None:
        found["case"] = {"state": case.state, "state_label": State(case.state).label, "result": case.result}
    return found
