"""Orders that a machine feeds in: taken once by source and order number, then accepted or refused by a clerk."""

import hashlib

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.accounts.models import ApiKey, Role
from odr.audit import service as audit
from odr.audit.who import SYSTEM
from odr.bodies import service as bodies
from odr.bodies.models import Division
from odr.cases.models import Case
from odr.core.errors import Conflict, Forbidden, Invalid, NotFound
from odr.core.i18n import _
from odr.intake.models import IntakeOrder
from odr.intake.schemas import HotlineOrder

RECEIVED, ACCEPTED, REFUSED = "received", "accepted", "refused"
# Matters without a place go to the city's centre, which knows whom to hand them to.
_CITY = "150300000000"


async def take(session: AsyncSession, key: ApiKey, order: HotlineOrder) -> tuple[IntakeOrder, bool]:
    """The order as a row, and whether it is new. The same number with other content is refused (409)."""
    digest = hashlib.sha256(order.model_dump_json().encode()).hexdigest()
    found = await session.scalar(
        select(IntakeOrder).where(IntakeOrder.source == order.source, IntakeOrder.order_no == order.order_no)
    )
    if found is not None:
        if found.body_hash != digest:
            raise Conflict(_("这个工单号已经收到过，内容不一样。请换一个工单号，或联系中心。"), code="order_changed")
        return found, False
    place = order.division_code or _CITY
    if await session.get(Division, place) is None:
        raise Invalid({"division_code": _("没有这个区划代码。请用国家统计局 12 位代码，不清楚就不填。")})
    centre = await bodies.centre_for(session, place)
    row = IntakeOrder(
        source=order.source,
        order_no=order.order_no,
        api_key_id=key.id,
        received_at=order.received_at,
        caller=order.caller,
        phone=order.phone,
        address=order.address or None,
        division_code=order.division_code,
        category_text=order.category_text,
        content=order.content,
        urgency=order.urgency,
        consent_to_transfer=order.consent_to_transfer,
        extra={"alarm_no": order.alarm_no} if order.alarm_no else {},
        body_hash=digest,
        centre_id=centre.id,
        state=RECEIVED,
    )
    session.add(row)
    await session.flush()
    await audit.record(session, SYSTEM, "order:intake:received", "order", row.pid, {"key": key.pid})
    return row, True


async def state_of(session: AsyncSession, source: str, order_no: str) -> tuple[IntakeOrder, Case | None]:
    """What became of an order, for the machine that sent it. Raises NotFound."""
    row = (
        await session.execute(
            select(IntakeOrder, Case)
            .outerjoin(Case, Case.id == IntakeOrder.case_id)
            .where(IntakeOrder.source == source, IntakeOrder.order_no == order_no)
        )
    ).first()
    if row is None:
        raise NotFound()
    return row[0], row[1]


async def queue(session: AsyncSession, actor: Actor) -> list[IntakeOrder]:
    """Orders that wait for a clerk of the actor's centres, urgent ones first."""
    centres = actor.bodies(Role.CENTRE_CLERK)
    query = (
        select(IntakeOrder)
        .where(IntakeOrder.centre_id.in_(centres), IntakeOrder.state == RECEIVED)
        .order_by(IntakeOrder.urgency.desc(), IntakeOrder.id)
    )
    return list(await session.scalars(query))


async def for_clerk(session: AsyncSession, actor: Actor, pid: str, *, lock: bool = False) -> IntakeOrder:
    """The door of an order: a clerk of its centre. Raises NotFound."""
    query = select(IntakeOrder).where(IntakeOrder.pid == pid)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    order = await session.scalar(query)
    if order is None or not actor.has_role(Role.CENTRE_CLERK, order.centre_id):
        raise NotFound()
    return order


def need_waiting(order: IntakeOrder) -> None:
    if order.state != RECEIVED:
        raise Conflict(_("这个工单已经处理过了。"))


async def refuse(session: AsyncSession, actor: Actor, pid: str, reason: str) -> IntakeOrder:
    """Send it back with a reason."""
    order = await for_clerk(session, actor, pid, lock=True)
    need_waiting(order)
    order.state, order.reason = REFUSED, reason
    await audit.record(session, actor, "order:intake:refused", "order", order.pid)
    return order


async def accept(session: AsyncSession, actor: Actor, order: IntakeOrder, case: Case) -> None:
    """It has become a case."""
    need_waiting(order)
    order.state, order.case_id = ACCEPTED, case.id
    await audit.record(session, actor, "order:intake:accepted", "order", order.pid, {"case": case.pid})


def need_clerk(actor: Actor) -> frozenset[int]:
    """The centres for which the actor takes matters in. Raises Forbidden for other staff, NotFound for residents."""
    centres = actor.bodies(Role.CENTRE_CLERK)
    if not centres:
        raise Forbidden() if actor.staff else NotFound()
    return centres
