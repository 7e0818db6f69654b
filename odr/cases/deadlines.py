"""The running deadlines of a case: rows started and stopped by moves, and the jobs that remind of them."""

from collections.abc import Collection
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.cases import clocks
from odr.cases.clocks import ClockKind, Origin
from odr.cases.codes import Category
from odr.cases.events import MEDIATED_ANEW, REOPENED
from odr.cases.lifecycle import Start
from odr.cases.models import Assignment, Case, CaseClock, CaseEvent
from odr.core import clock, jobs

JOB = "cases:clock"
_WARNING = timedelta(days=1)


async def running(session: AsyncSession, case: Case) -> list[CaseClock]:
    """The deadlines that run, the nearest first."""
    return (await running_of(session, [case.id])).get(case.id, [])


async def running_of(session: AsyncSession, case_ids: Collection[int]) -> dict[int, list[CaseClock]]:
    """The same for many cases."""
    query = select(CaseClock).where(CaseClock.case_id.in_(case_ids), CaseClock.stopped_at.is_(None))
    found: dict[int, list[CaseClock]] = {}
    for row in await session.scalars(query.order_by(CaseClock.due_at, CaseClock.id)):
        found.setdefault(row.case_id, []).append(row)
    return found


async def find(session: AsyncSession, case: Case, kind: ClockKind) -> CaseClock | None:
    """The running deadline of this kind."""
    return next((row for row in await running(session, case) if row.kind == kind), None)


async def stop(session: AsyncSession, case: Case, kind: ClockKind) -> None:
    """Stop the deadline of this kind and its reminders; nothing happens when none runs."""
    for row in await running(session, case):
        if row.kind == kind:
            row.stopped_at = clock.now()
            await _forget(session, row)


async def start(session: AsyncSession, case: Case, wanted: Start) -> CaseClock:
    """Start a deadline from its origin. One of the same kind that runs is replaced."""
    category = Category(case.category)
    before = await _latest(session, case, wanted.kind)
    provisional = False
    if wanted.origin is Origin.RESUMPTION and before is not None and before.stopped_at is not None:
        moved = clocks.paused(
            clock.local(before.due_at).date(),
            clock.local(before.stopped_at).date(),
            clock.today(),
            clocks.term(wanted.kind, category).unit,
        )
        due = moved
        provisional = before.provisional
    elif wanted.origin is Origin.EXTENSION and before is not None:
        due = clocks.due(wanted.kind, clock.local(before.due_at).date(), category)
    else:
        due = clocks.due(wanted.kind, await _origin_day(session, case, wanted.origin), category)
    await stop(session, case, wanted.kind)
    row = CaseClock(
        case_id=case.id,
        kind=wanted.kind.value,
        due_at=clock.end_of_day(due.date),
        provisional=due.provisional or provisional,
    )
    session.add(row)
    await session.flush()
    for what, at in (("soon", row.due_at - _WARNING), ("over", row.due_at + timedelta(seconds=1))):
        if at > clock.now():
            await jobs.enqueue(session, JOB, {"clock": row.id, "what": what}, due_at=at, key=_key(row, what))
    return row


async def _latest(session: AsyncSession, case: Case, kind: ClockKind) -> CaseClock | None:
    query = select(CaseClock).where(CaseClock.case_id == case.id, CaseClock.kind == kind.value)
    found: CaseClock | None = await session.scalar(query.order_by(CaseClock.id.desc()).limit(1))
    return found


async def _origin_day(session: AsyncSession, case: Case, origin: Origin) -> date:
    anew = await _began_anew(session, case)
    if anew is not None and anew.tag == MEDIATED_ANEW:
        return clock.local(anew.at).date()
    moment = None
    if origin is Origin.APPLICATION:
        moment = case.submitted_at
    elif origin is Origin.ACCEPTANCE:
        moment = case.accepted_at
    elif origin is Origin.FIRST_CONFIRMATION:
        query = select(Assignment.confirmed_at).where(
            Assignment.case_id == case.id, Assignment.confirmed_at.is_not(None)
        )
        if anew is not None:
            query = query.where(Assignment.confirmed_at >= anew.at)
        moment = await session.scalar(query.order_by(Assignment.confirmed_at).limit(1))
    elif anew is not None:
        moment = anew.at
    return clock.local(moment or clock.now()).date()


async def _began_anew(session: AsyncSession, case: Case) -> CaseEvent | None:
    """When mediating last began anew: the case was opened again, or the court had said no. What came before is another
    mediation, whose time is over."""
    query = select(CaseEvent).where(CaseEvent.case_id == case.id, CaseEvent.tag.in_((REOPENED, MEDIATED_ANEW)))
    found: CaseEvent | None = await session.scalar(query.order_by(CaseEvent.id.desc()).limit(1))
    return found


def _key(row: CaseClock, what: str) -> str:
    return f"clock:{row.id}:{what}"


async def _forget(session: AsyncSession, row: CaseClock) -> None:
    for what in ("soon", "over"):
        await jobs.cancel(session, _key(row, what))
