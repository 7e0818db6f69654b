"""What the reminders of judicial confirmation do when they are due. Each bears being run twice.

A notice to a phone holds no name and no cause; that it is about a court stands on the page alone.
"""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.agreements import access, confirming, court_clock, court_window, performing, standing
from odr.agreements.models import Agreement, CourtRequest
from odr.audit.who import SYSTEM
from odr.cases import service as cases
from odr.cases.codes import CaseRole, Channel, CourtOutcome
from odr.cases.models import Case, CaseEvent
from odr.core import clock, jobs

_LEFT = "您的调解有一个期限还剩 {left} 天，请登录“我的纠纷”查看。不收任何费用。"
_LEFT_DESK = "有一件调解的期限还剩 {left} 天，请登录工作台查看。"
REMINDED, ENFORCEMENT = "court:window:reminded", "court:enforcement:reminded"


@jobs.handles(court_clock.WINDOW)
async def on_window(session: AsyncSession, payload: dict[str, Any]) -> None:
    """20, 10 and 3 days before the end: both sides and the mediator, while the court can still be asked."""
    agreement = await session.get_one(Agreement, payload["agreement"])
    case = await access.lock(session, agreement.case_id)
    effect = await standing.in_effect(session, case)
    if effect is None or effect.agreement.id != agreement.id or effect.court_until is None:
        return
    if await confirming.hindrance(session, case) is not None or await _told(session, case, REMINDED, payload):
        return
    left = (effect.court_until - clock.today()).days
    if any(left <= nearer < payload["left"] for nearer in court_window.REMINDED_AT):
        return  # the service stood still: the nearer reminder is due as well and says it alone
    await _note(session, case, REMINDED, payload, left)
    states = await cases.party_states(session, case)
    if await confirming.agreed(session, case) < {state.row.id for state in states}:
        await cases.tell_parties(session, case, states, REMINDED, _LEFT.format(left=left))
    else:  # both have done their part: the body has to hand it in
        await cases.tell_clerks(session, case, REMINDED, _LEFT_DESK.format(left=left))
    await cases.tell_mediator(session, case, REMINDED, _LEFT_DESK.format(left=left))


@jobs.handles(court_clock.ENFORCE)
async def on_enforcement(session: AsyncSession, payload: dict[str, Any]) -> None:
    """Who is still owed something under a confirmed agreement, before the two years are over."""
    request = await session.get_one(CourtRequest, payload["request"])
    case = await access.lock(session, request.case_id)
    end = await court_clock.enforceable(session, case, request)
    if request.outcome != CourtOutcome.VALID or end is None:
        return
    left = (end - clock.today()).days
    if left > payload["left"]:  # what would have ended first was performed meanwhile
        await court_clock.set_enforcement(session, request, payload["left"], end)
        return
    if left < 0 or await _told(session, case, ENFORCEMENT, payload):
        return
    await _note(session, case, ENFORCEMENT, payload, left)
    items = [item for item in await performing.items_of(session, case) if item.state not in performing.SETTLED]
    owed = {item.obligee_id for item in items}
    states = [
        state for state in await cases.party_states(session, case) if None in owed or state.row.id in owed
    ]  # fmt: skip
    await cases.tell_parties(session, case, states, ENFORCEMENT, _LEFT.format(left=left))
    await cases.tell_mediator(session, case, ENFORCEMENT, _LEFT_DESK.format(left=left))


async def _note(session: AsyncSession, case: Case, tag: str, payload: dict[str, Any], left: int) -> None:
    await cases.event(
        session, SYSTEM, case, tag, role=CaseRole.SYSTEM, channel=Channel.SYSTEM, note=f"还剩 {left} 天", detail=payload
    )


async def _told(session: AsyncSession, case: Case, tag: str, payload: dict[str, Any]) -> bool:
    query = select(CaseEvent.detail).where(CaseEvent.case_id == case.id, CaseEvent.tag == tag)
    return any(dict(detail) == payload for detail in await session.scalars(query))
