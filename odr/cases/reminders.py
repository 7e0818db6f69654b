"""When a deadline comes near or is over: who is awaited is reminded, and the file says that it was late.

The clock decides nothing: no case is closed or moved by time alone (R20).
"""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.audit.who import SYSTEM
from odr.cases import telling
from odr.cases.access import PARTY_ROLES
from odr.cases.codes import CaseRole, Channel, Side, State, case_role
from odr.cases.deadlines import JOB
from odr.cases.events import STAFF, event
from odr.cases.facts import gather
from odr.cases.models import Case, CaseClock, CaseEvent
from odr.cases.moves import hold
from odr.cases.next_steps import next_step
from odr.core import jobs


@jobs.handles(JOB)
async def on_clock(session: AsyncSession, payload: dict[str, Any]) -> None:
    """One day before (`soon`) and after the end (`over`) of a deadline that still runs. Bears being run twice."""
    clock_row = await session.get(CaseClock, payload["clock"])
    if clock_row is None or clock_row.stopped_at is not None:
        return
    case = await session.get_one(Case, clock_row.case_id)
    await hold(session, case)
    tag = f"clock:due:{payload['what']}"
    if clock_row.stopped_at is not None or await _told(session, case, tag, clock_row.id):
        return
    found = await gather(session, case)
    awaited = next_step(State(case.state), found.facts).whose
    over = payload["what"] == "over"
    chosen = [party for party in found.parties if case_role(Side(party.row.side)) in awaited]
    await event(
        session, SYSTEM, case, tag, role=CaseRole.SYSTEM, channel=Channel.SYSTEM, audience=STAFF,
        detail={"clock": clock_row.id, "kind": clock_row.kind},
    )  # fmt: skip
    await telling.tell_parties(session, case, chosen, tag, telling.YOUR_TURN if over else telling.SOON)
    text = telling.OVERDUE_WORK if over else telling.SOON_WORK
    if over or CaseRole.MEDIATOR in awaited:
        await telling.tell_mediator(session, case, tag, text)
    if over or not set(awaited) <= PARTY_ROLES | {CaseRole.MEDIATOR}:
        await telling.tell_clerks(session, case, tag, text)


async def _told(session: AsyncSession, case: Case, tag: str, clock_id: int) -> bool:
    rows = await session.scalars(select(CaseEvent.detail).where(CaseEvent.case_id == case.id, CaseEvent.tag == tag))
    return any(detail.get("clock") == clock_id for detail in rows)
