"""Return visits that come due: set when an agreement takes effect and when a case is closed, told to the one who
handled it, on whose desk they lie until they are made."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.accounts.models import Person, Role
from odr.agreements import access, content, visit_rules
from odr.agreements.models import PerformanceItem, ReturnVisit
from odr.agreements.visit_models import DueVisit
from odr.audit.who import SYSTEM, Who
from odr.cases import service as cases
from odr.cases.access import View, mediated_by
from odr.cases.clocks import ClockKind
from odr.cases.codes import CaseRole, Category, Channel
from odr.cases.models import Assignment, Case, Party
from odr.core import clock, jobs, outbox
from odr.core.i18n import _
from odr.core.templating import day

DUE = "agreements:visit"
_HOUR = time(9, 0)
_DESK = "有一次回访到期了，请登录工作台查看。"
# A visit made a few days early counts for the day it comes before.
EARLY = timedelta(days=3)
_LATE_DAYS = 3
_AFTER_CLOSE = (ClockKind.REVISIT_FIRST, ClockKind.REVISIT_SECOND)


async def after_items(session: AsyncSession, case: Case, items: Sequence[PerformanceItem]) -> None:
    """A visit to who receives, after each day on which something is due. Something for everybody: to the applicants."""
    parties = await content.principals(session, case)
    seen: set[tuple[int, object]] = set()
    for item in items:
        if item.due_on is None:
            continue
        to = [item.obligee_id] if item.obligee_id is not None else [p.id for p in parties if p.id != item.obligor_id]
        for party_id in to:
            if (party_id, item.due_on) in seen:
                continue
            seen.add((party_id, item.due_on))
            for rule, on in visit_rules.after_due(item.due_on):
                await _set(session, DueVisit(case_id=case.id, party_id=party_id, item_id=item.id, rule=rule, due_on=on))


async def moved(session: AsyncSession, item: PerformanceItem) -> None:
    """The promise has another day, and so has its visit."""
    if item.due_on is None:
        return
    query = select(DueVisit).where(DueVisit.item_id == item.id, DueVisit.state == "open")
    for row in (await session.scalars(query)).all():
        row.due_on = dict(visit_rules.after_due(item.due_on)).get(row.rule, row.due_on)
        await session.flush()
        await _remind(session, row)


@cases.after(cases.Move.CLOSE)
async def on_close(session: AsyncSession, who: Who, case: Case) -> None:
    """After a close with an agreement: the visits of its kind, to each party."""
    if case.form is None:
        return
    planned = visit_rules.after_close(Category(case.category), clock.today(), violence=case.violence)
    for party in await content.principals(session, case):
        for rule, on in planned:
            await add(session, case, party, rule, on)


@cases.after(cases.Move.REOPEN)
@cases.after(cases.Move.MEDIATE_ANEW)
async def on_going_on(session: AsyncSession, who: Who, case: Case) -> None:
    """A case that goes on is no case to look back on."""
    await drop(session, case)


async def drop(session: AsyncSession, case: Case) -> None:
    """What was due of the case so far is not visited any more."""
    for row in await open_of(session, [case.id]):
        row.state = "dropped"
        await jobs.cancel(session, _key(row))
    await session.flush()


async def add(session: AsyncSession, case: Case, party: Party, rule: str, due_on: date) -> DueVisit:
    """One more visit to a party."""
    row = DueVisit(case_id=case.id, party_id=party.id, rule=rule, due_on=due_on)
    await _set(session, row)
    return row


async def _set(session: AsyncSession, row: DueVisit) -> None:
    session.add(row)
    await session.flush()
    await _remind(session, row)


async def _remind(session: AsyncSession, row: DueVisit) -> None:
    due = datetime.combine(row.due_on, _HOUR, clock.SHANGHAI)
    await jobs.enqueue(session, DUE, {"visit": row.id, "day": row.due_on.isoformat()}, due_at=due, key=_key(row))


def _key(row: DueVisit) -> str:
    return f"visit:{row.id}:{row.due_on}"


@jobs.handles(DUE)
async def tell_handler(session: AsyncSession, payload: dict[str, Any]) -> None:
    """谁办理、谁回访: the one who handled the case is told on the day."""
    row = await session.get(DueVisit, payload["visit"])
    if row is None or row.state != "open" or row.due_on.isoformat() != payload["day"]:
        return
    case = await access.lock(session, row.case_id)
    await cases.event(
        session, SYSTEM, case, "visit:return:due", role=CaseRole.SYSTEM, channel=Channel.SYSTEM, audience="staff",
        note="有一次回访到期。", detail={"due": row.pid},
    )  # fmt: skip
    handler = await handled_by(session, case)
    if handler is None:
        await cases.tell_clerks(session, case, "visit:return:due", _DESK)
        return
    link, thing = f"/cases/{case.pid}/visits", f"case:{case.pid}"
    person = await session.get_one(Person, handler)
    await outbox.post(
        session, outbox.Channel.IN_APP, tag="visit:return:due", address="", text=_DESK, person_id=person.id, link=link,
        thing=thing,
    )  # fmt: skip


async def handled_by(session: AsyncSession, case: Case) -> int | None:
    """The person who handled the case: the lead of its last assignment."""
    query = select(Assignment.person_id).where(Assignment.case_id == case.id, Assignment.confirmed_at.is_not(None))
    found: int | None = await session.scalar(query.order_by(Assignment.lead.desc(), Assignment.id.desc()).limit(1))
    return found


async def open_of(session: AsyncSession, case_ids: Collection[int]) -> list[DueVisit]:
    """The visits that are still to be made, the nearest first."""
    query = select(DueVisit).where(DueVisit.case_id.in_(case_ids), DueVisit.state == "open")
    return list(await session.scalars(query.order_by(DueVisit.due_on, DueVisit.id)))


async def shown(session: AsyncSession, view: View) -> list[dict[str, Any]]:
    """The visits to come as this viewer may see them: staff all, a party the form it was sent."""
    rows = await open_of(session, [view.case.id])
    parties = {party.id: party for party in await content.principals(session, view.case)}
    own = view.principal.id if view.principal is not None else None
    return [
        {
            "id": row.pid,
            "party": parties[row.party_id].pid,
            "name": parties[row.party_id].name,
            "due_on": row.due_on.isoformat(),
            "due": day(row.due_on),
            "why": _(visit_rules.why(row.rule)),
            "overdue": row.due_on < clock.today(),
            "near": row.due_on <= clock.today() + EARLY,
            "form_sent": row.form_sent_at is not None,
        }
        for row in rows
        if row.party_id in parties and (view.is_staff or (row.party_id == own and row.form_sent_at is not None))
    ]


async def made(session: AsyncSession, case: Case, visit: ReturnVisit) -> None:
    """A visit answers what was due of this party so far."""
    until = max(clock.today(), clock.local(visit.visited_at).date()) + EARLY
    for row in await open_of(session, [case.id]):
        if row.party_id == visit.party_id and (row.due_on <= until or row.form_sent_at is not None):
            row.state, row.visit_id = "done", visit.id
            await session.flush()
            await jobs.cancel(session, _key(row))
    await _stop_clocks(session, case)


async def _stop_clocks(session: AsyncSession, case: Case) -> None:
    """The deadlines that the close itself started end with the visits they stood for."""
    left = [row.due_on for row in await open_of(session, [case.id]) if row.rule != "due"]
    for running in await cases.deadlines_of(session, case):
        until = clock.local(running.due_at).date()
        if running.kind in _AFTER_CLOSE and not any(due_on <= until for due_on in left):
            await cases.stop_deadline(session, case, ClockKind(running.kind))


@cases.adds_work
async def work(session: AsyncSession, actor: Actor) -> list[dict[str, Any]]:
    """The visits that are due or late, one line a case, for the desk of the one who handled them."""
    if not actor.has_role(Role.MEDIATOR):
        return []
    mine = mediated_by(actor).where(Assignment.confirmed_at.is_not(None))
    query = (
        select(DueVisit, Case)
        .join(Case, Case.id == DueVisit.case_id)
        .where(DueVisit.case_id.in_(mine), DueVisit.state == "open", DueVisit.due_on <= clock.today())
        .order_by(DueVisit.due_on, DueVisit.id)
    )
    cells: dict[int, dict[str, Any]] = {}
    rows = (await session.execute(query)).all()
    names = await cases.between(session, [case for _row, case in rows])
    for row, case in rows:
        if case.id in cells:
            continue
        late = (clock.today() - row.due_on).days
        cells[case.id] = {
            "text": _("回访：%(title)s", title=case.title),
            "note": f"{names.get(case.id, '')} · {_(visit_rules.why(row.rule))}",
            "href": f"/cases/{case.pid}/visits",
            "icon": "phone",
            "badge": _("过期 %(n)s 天", n=late) if late else _("今天"),
            "tone": "danger" if late > _LATE_DAYS else "attention",
        }
    return list(cells.values())
