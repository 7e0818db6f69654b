"""Orders that a machine feeds in: taken once by source and order number, then accepted or refused by a clerk."""

import hashlib

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.accounts.models import ApiKey
from odr.audit import service as audit
from odr.audit.who import SYSTEM
from odr.bodies import service as bodies
from odr.bodies.models import Division
from odr.cases.models import Case
from odr.core.errors import Conflict, Invalid, NotFound
from odr.core.i18n import _
from odr.intake import access
from odr.intake.models import IntakeOrder
from odr.intake.schemas import HotlineOrder

RECEIVED, ACCEPTED, REFUSED = "received", "accepted", "refused"
# Matters without a place go to the city's centre, which knows whom to hand them to.
_CITY = "150300000000"


async def take(session: AsyncSession, key: ApiKey, order: HotlineOrder) -> tuple[IntakeOrder, bool]:
    """The order as a row, and whether it is new. The same number with other content is refused (409)."""
    digest = hashlib.sha256(order.model_dump_json().encode()).hexdigest()
    found = await _known(session, order)
    if found is None:
        row = await _row(session, key, order, digest)
        try:
            async with session.begin_nested():
                session.add(row)
        except IntegrityError:  # the same order came in twice at once; the other one was first
            found = await _known(session, order)
        else:
            await audit.record(session, SYSTEM, "order:intake:received", "order", row.pid, {"key": key.pid})
            return row, True
    if found is None or found.body_hash != digest:
        raise Conflict(_("这个工单号已经收到过，内容不一样。请换一个工单号，或联系中心。"), code="order_changed")
    return found, False


async def _known(session: AsyncSession, order: HotlineOrder) -> IntakeOrder | None:
    query = select(IntakeOrder).where(IntakeOrder.source == order.source, IntakeOrder.order_no == order.order_no)
    found: IntakeOrder | None = await session.scalar(query)
    return found


async def _row(session: AsyncSession, key: ApiKey, order: HotlineOrder, digest: str) -> IntakeOrder:
    place = order.division_code or _CITY
    if await session.get(Division, place) is None:
        raise Invalid({"division_code": _("没有这个区划代码。请用国家统计局 12 位代码，不清楚就不填。")})
    try:
        centre = await bodies.centre_for(session, place)
    except NotFound:
        raise Invalid({"division_code": _("这个地方还没有调处中心。请写它所在的区的代码。")}) from None
    return IntakeOrder(
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
    """Orders that wait for a clerk of the actor's centres, urgent ones first. Raises what `need_clerk` raises."""
    query = (
        select(IntakeOrder)
        .where(IntakeOrder.centre_id.in_(access.need_clerk(actor)), IntakeOrder.state == RECEIVED)
        .order_by(IntakeOrder.urgency.desc(), IntakeOrder.id)
    )
    return list(await session.scalars(query))


def need_waiting(order: IntakeOrder) -> None:
    if order.state != RECEIVED:
        raise Conflict(_("这个工单已经处理过了。"))


async def refuse(session: AsyncSession, actor: Actor, pid: str, reason: str) -> IntakeOrder:
    """Send it back with a reason."""
    order = await access.order_for_clerk(session, actor, pid, lock=True)
    need_waiting(order)
    order.state, order.reason = REFUSED, reason
    await audit.record(session, actor, "order:intake:refused", "order", order.pid)
    return order


async def accept(session: AsyncSession, actor: Actor, order: IntakeOrder, case: Case) -> None:
    """It has become a case."""
    need_waiting(order)
    order.state, order.case_id = ACCEPTED, case.id
    await audit.record(session, actor, "order:intake:accepted", "order", order.pid, {"case": case.pid})
