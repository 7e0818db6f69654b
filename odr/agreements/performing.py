"""What was promised, and how it stands: begun with the effect, reminded of, urged, broken, done. Reminders are jobs.

What was done part by part stands in `parts`, another day in `postponing`, the papers in `performance_papers`.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.accounts.models import Person
from odr.agreements import access, content, instalments, visit_plan
from odr.agreements import performance_rules as rules
from odr.agreements.models import Agreement, PerformanceItem
from odr.agreements.performance_models import Part, Postponement
from odr.agreements.schemas import Kind, RecordIn, UrgeIn
from odr.audit.who import SYSTEM, Who
from odr.cases import service as cases
from odr.cases.access import View
from odr.cases.codes import CaseRole, Channel, State
from odr.cases.models import Case, Party
from odr.core import clock, jobs, outbox
from odr.core.errors import Conflict
from odr.core.i18n import _

REMIND = "agreements:remind"
ANSWER = "agreements:answer"
_HOUR = time(9, 0)
_ANSWER_DAYS = 3
SETTLED = ("done", "waived", "replaced")
"""Nothing is awaited of these any more. `replaced`: another agreement took effect before it was done."""
BREACHED = "case:record_breach:done"
PERFORMING = (State.EFFECTIVE, State.PERFORMING, State.CONFIRMING)
ANEW = (State.MEDIATING, State.SUSPENDED, State.SIGNING)

# Notices to a phone hold no names and no cause.
_BEFORE = "您有一项约定的事快到期了，请登录“我的纠纷”查看。"
_ON = "您有一项约定的事今天到期，请登录“我的纠纷”查看。"
_AFTER = "您有一项约定的事已经过期，请登录“我的纠纷”查看，或联系调解员。"
_WAITING = "您有一项约定的事昨天到期。做到了请登录确认，没有做到也请登录告诉调解员。"
_UNANSWERED = "您有一项约定的事等您确认，请登录“我的纠纷”查看。"
_UNANSWERED_DESK = "有一项约定的事等一方确认，已经三天，请登录工作台查看。"
TURN = "您的调解有一步等您完成，请登录“我的纠纷”查看。不收任何费用。"
_DESK = "有一项约定的事过期没有履行，请登录工作台查看。"
DISPUTED = "有一项约定的事双方说法不同，请登录工作台查看。"


def counts(item: PerformanceItem) -> bool:
    """Whether the case waits for this promise: a lasting duty without a date never ends and holds nothing up."""
    return not (item.kind == Kind.REFRAIN and item.due_on is None)


async def items_of(session: AsyncSession, case: Case) -> list[PerformanceItem]:
    """The promises of the version in effect, the next due first."""
    return (await items_by_case(session, [case.id])).get(case.id, [])


async def items_by_case(session: AsyncSession, case_ids: Collection[int]) -> dict[int, list[PerformanceItem]]:
    """The same for many cases; those without promises are left out."""
    every: dict[int, list[PerformanceItem]] = {}
    for row in await session.scalars(select(PerformanceItem).where(PerformanceItem.case_id.in_(case_ids))):
        every.setdefault(row.case_id, []).append(row)
    found = {}
    for case_id, rows in every.items():
        newest = max(row.agreement_id for row in rows)
        of_it = [row for row in rows if row.agreement_id == newest]
        found[case_id] = sorted(of_it, key=_next_due)
    return found


def _next_due(item: PerformanceItem) -> tuple[bool, date, int]:
    return item.due_on is None, item.due_on or clock.today(), item.id


async def items_under(session: AsyncSession, agreements: Collection[Agreement]) -> dict[int, list[PerformanceItem]]:
    """The promises of each of these versions, in effect or replaced since, by its id; the next due first."""
    found: dict[int, list[PerformanceItem]] = {one.id: [] for one in agreements}
    query = select(PerformanceItem).where(PerformanceItem.agreement_id.in_(found))
    for row in sorted(await session.scalars(query), key=_next_due):
        found[row.agreement_id].append(row)
    return found


async def begin(session: AsyncSession, who: Who, case: Case, agreement: Agreement) -> list[PerformanceItem]:
    """Make a promise of each clause, or of each of its instalments, and set its reminders; called once, when the
    agreement takes effect.

    Performance begins at once when something is to be performed."""
    clauses = await content.clauses_of(session, agreement)
    plans = await instalments.plans_of(session, clauses)
    items = [
        PerformanceItem(
            case_id=case.id, agreement_id=agreement.id, clause_id=clause.id, obligor_id=clause.obligor_id,
            obligee_id=clause.obligee_id, kind=clause.kind, text=text, amount_fen=amount, due_on=due_on,
        )
        for clause in clauses
        for text, amount, due_on in instalments.promised(clause, plans.get(clause.id))
    ]  # fmt: skip
    session.add_all(items)
    await session.flush()
    for item in items:
        await remind_of(session, item)
    await visit_plan.after_items(session, case, items)
    if any(counts(item) for item in items):
        await cases.start_performance(session, who, case)
    return items


async def replaced(session: AsyncSession, case: Case, agreement: Agreement) -> None:
    """What was still open of earlier agreements ends when this one takes effect: no reminder, not late, no breach. What
    was done of it stays recorded."""
    query = select(PerformanceItem).where(
        PerformanceItem.case_id == case.id,
        PerformanceItem.agreement_id != agreement.id,
        PerformanceItem.state.not_in(SETTLED),
    )
    items = list(await session.scalars(query.with_for_update()))
    for item in items:
        item.state = "replaced"
        await forget(session, item)
    await _no_other_day(session, items)
    await visit_plan.drop(session, case)
    if items:
        await cases.event(
            session, SYSTEM, case, "performance:items:replaced", role=CaseRole.SYSTEM, channel=Channel.SYSTEM,
            note="新协议生效，原协议没有做完的约定不再履行；已经做到的仍然算数。",
            detail={"items": [item.pid for item in items]},
        )  # fmt: skip


async def _no_other_day(session: AsyncSession, items: Collection[PerformanceItem]) -> None:
    """Wishes for another day that wait have nothing to wait for any more."""
    await session.flush()
    await session.execute(
        update(Postponement)
        .where(Postponement.item_id.in_([item.id for item in items]), Postponement.state == "asked")
        .values(state="withdrawn", answered_at=clock.now())
    )


async def under_way(session: AsyncSession, who: Who, case: Case) -> None:
    """An agreement of lasting duties alone rests in effect, as nothing is due, until something ends or breaks it."""
    if case.state == State.EFFECTIVE:
        await cases.start_performance(session, who, case)


async def remind_of(session: AsyncSession, item: PerformanceItem) -> None:
    """Set the reminders of this promise from its day. A promise with another day has other ones: `forget` first."""
    if item.due_on is None:
        return
    for when, days in rules.REMINDERS.items():
        due = _at_nine(item.due_on + timedelta(days=days))
        if due > clock.now():
            payload = {"item": item.id, "when": when, "day": item.due_on.isoformat()}
            await jobs.enqueue(session, REMIND, payload, due_at=due, key=_key(item, when))


def _key(item: PerformanceItem, when: str) -> str:
    return f"item:{item.id}:{item.due_on}:{when}"


def _at_nine(day: date) -> datetime:
    return datetime.combine(day, _HOUR, clock.SHANGHAI)


async def forget(session: AsyncSession, item: PerformanceItem) -> None:
    """No reminder of this promise and its day any more."""
    for when in rules.REMINDERS:
        await jobs.cancel(session, _key(item, when))


@jobs.handles(REMIND)
async def remind(session: AsyncSession, payload: dict[str, Any]) -> None:
    """Tell the obligor before, on and after the day. The day after it the promise is late: the obligee is asked how it
    stands, and the mediator has a task."""
    item = await session.get(PerformanceItem, payload["item"])
    if item is None or item.state in SETTLED or item.state == "claimed":
        return
    case = await access.lock(session, item.case_id)
    await session.refresh(item)
    moved = item.due_on is None or item.due_on.isoformat() != payload.get("day", item.due_on.isoformat())
    if moved or State(case.state) not in PERFORMING:
        return
    when: str = payload["when"]
    days = rules.REMINDERS[when]
    text = _BEFORE if days < 0 else _ON if days == 0 else _AFTER
    await tell_party(session, case, item.obligor_id, f"performance:item:{when}", text)
    if when in rules.TASKS:
        await tell_handler(session, case, "performance:item:late", _DESK)
    if when != rules.LATE:
        return
    await tell_party(session, case, item.obligee_id, "performance:item:waiting", _WAITING)
    if item.state == "pending":
        item.state = "late"
    await cases.event(
        session, SYSTEM, case, "performance:item:late", role=CaseRole.SYSTEM, channel=Channel.SYSTEM,
        note="有一项约定过期没有履行。", detail={"item": item.pid},
    )  # fmt: skip


async def ask_again(session: AsyncSession, item: PerformanceItem, part: Part) -> None:
    """Three days after a claim the obligee is reminded to answer it, if it has not."""
    due = clock.now() + timedelta(days=_ANSWER_DAYS)
    await jobs.enqueue(session, ANSWER, {"item": item.id, "part": part.id}, due_at=due, key=f"part:{part.id}:answer")


@jobs.handles(ANSWER)
async def remind_to_answer(session: AsyncSession, payload: dict[str, Any]) -> None:
    """Tell the obligee once more, and the mediator, who may ring up."""
    item, part = await session.get(PerformanceItem, payload["item"]), await session.get(Part, payload["part"])
    if item is None or part is None or part.state != "waiting" or item.state in SETTLED:
        return
    case = await access.lock(session, item.case_id)
    await session.refresh(part)
    if part.state != "waiting" or State(case.state) not in PERFORMING:
        return
    tag = "performance:item:unanswered"
    await tell_party(session, case, item.obligee_id, tag, _UNANSWERED)
    await tell_handler(session, case, tag, _UNANSWERED_DESK)


async def tell_party(session: AsyncSession, case: Case, party_id: int | None, tag: str, text: str) -> None:
    """The party and those who act for it, in the service and by text message."""
    if party_id is None:
        return
    rows = await session.scalars(
        select(Person)
        .join(Party, Party.person_id == Person.id)
        .where((Party.id == party_id) | (Party.acts_for_id == party_id), Party.ended_at.is_(None))
        .distinct()
    )
    for person in rows:
        await _post(session, case, person, tag, text, sms=True)


async def tell_handler(session: AsyncSession, case: Case, tag: str, text: str) -> None:
    """The mediator, in the service alone: a desk is open all day."""
    if (mediator := await content.lead_mediator(session, case)) is not None:
        await _post(session, case, mediator, tag, text, sms=False)


async def _post(session: AsyncSession, case: Case, person: Person, tag: str, text: str, *, sms: bool) -> None:
    link, thing = f"/cases/{case.pid}/performance", f"case:{case.pid}"
    await outbox.post(
        session, outbox.Channel.IN_APP, tag=tag, address="", text=text, person_id=person.id, link=link, thing=thing
    )
    if sms and person.phone is not None:
        await outbox.post(
            session, outbox.Channel.SMS, tag=tag, address=person.phone, text=text, person_id=person.id, thing=thing
        )


# --- acts -----------------------------------------------------------------------------------------------------------


async def open_item(session: AsyncSession, actor: Actor, pid: str) -> tuple[View, PerformanceItem]:
    """A promise that is not settled yet, under lock. Raises NotFound, Conflict."""
    view, item = await access.for_item(session, actor, pid)
    await access.lock(session, view.case.id)
    await session.refresh(item)
    if item.state == "replaced":
        raise Conflict(_("这份协议已经由新的协议代替，请看新协议里的约定。"), code="replaced")
    if not await open_now(session, view.case):
        raise Conflict(_("现在不是履行阶段，不能改履行情况。"), code="not_performing")
    if item.state in SETTLED:
        raise Conflict(_("这一项已经了结了。"), code="settled")
    return view, item


async def open_now(session: AsyncSession, case: Case) -> bool:
    """Whether what is done of the promises can be entered: also while another agreement is talked about after a court's
    no, for the first one stands until then and whoever pays in between must find it recorded."""
    state = State(case.state)
    if state in PERFORMING:
        return True
    return state in ANEW and (await cases.gather(session, case)).facts.mediated_anew


def is_obligor(view: View, item: PerformanceItem) -> bool:
    return view.principal is not None and view.principal.id == item.obligor_id


def is_obligee(view: View, item: PerformanceItem) -> bool:
    """The one it was promised to; a promise to everybody is confirmed by anybody but who made it."""
    if view.principal is None or is_obligor(view, item):
        return False
    return item.obligee_id is None or view.principal.id == item.obligee_id


async def record(session: AsyncSession, actor: Actor, pid: str, wanted: RecordIn) -> PerformanceItem:
    """The mediator writes down what the obligee said at a visit or by telephone: done, waived, or not yet."""
    view, item = await open_item(session, actor, pid)
    access.need_handler(view)
    if wanted.outcome == "pending":
        item.state, item.answer_note = "pending", wanted.note
        await session.flush()
        await noted(session, actor, view, item, "performance:item:open", "有一项约定还要继续履行。", wanted.channel)
        return item
    await done(session, actor, view, item, wanted.outcome, wanted.note, wanted.channel)
    return item


async def urge(session: AsyncSession, actor: Actor, pid: str, wanted: UrgeIn) -> PerformanceItem:
    """督促 (Art. 31): what the mediator did about it, when and how. The obligor is reminded at the same time."""
    view, item = await open_item(session, actor, pid)
    access.need_handler(view)
    await cases.event(
        session, actor, view.case, "performance:item:urged", role=view.role, channel=wanted.channel, audience="staff",
        note=wanted.note, detail={"item": item.pid},
    )  # fmt: skip
    await tell_party(session, view.case, item.obligor_id, "performance:item:urged", TURN)
    return item


async def complete(session: AsyncSession, actor: Actor, case_pid: str) -> None:
    """履行完毕, by the mediator's hand: for agreements of lasting duties, which nothing else ends."""
    view = await access.of_case(session, actor, case_pid)
    access.need_handler(view)
    case = await access.lock(session, view.case.id)
    await under_way(session, actor, case)
    await cases.mark_performed(session, actor, case)


async def done(
    session: AsyncSession, actor: Actor, view: View, item: PerformanceItem, state: str, note: str,
    channel: str = Channel.WEB,
) -> None:  # fmt: skip
    """The promise is kept or waived: no more reminders; the last one of a case ends its performance."""
    item.state, item.answer_note = state, note
    item.settled_at, item.settled_by = clock.now(), actor.person_id
    await session.flush()
    await forget(session, item)
    await _no_other_day(session, [item])
    words = {"done": "有一项约定已经履行。", "waived": "有一项约定由接受的一方放弃。"}
    await noted(session, actor, view, item, f"performance:item:{state}", words[state], channel)
    if view.state == State.PERFORMING and await all_kept(session, view.case):
        await cases.mark_performed(session, actor, view.case)


async def noted(
    session: AsyncSession, actor: Actor, view: View, item: PerformanceItem, tag: str, text: str,
    channel: str = Channel.WEB,
) -> None:  # fmt: skip
    """A line in the joint room and an entry of the timeline."""
    await cases.announce(session, view.case, tag, text, f"/cases/{view.case.pid}/performance/{item.pid}")
    await on_file(session, actor, view, item, tag, text, channel)


async def on_file(
    session: AsyncSession, actor: Actor, view: View, item: PerformanceItem, tag: str, text: str,
    channel: str = Channel.WEB,
) -> None:  # fmt: skip
    """An entry of the timeline for everybody in the case."""
    detail = {"item": item.pid}
    await cases.event(session, actor, view.case, tag, role=view.role, channel=channel, note=text, detail=detail)


async def for_staff(session: AsyncSession, view: View, item: PerformanceItem, tag: str, text: str) -> None:
    """An entry that only who handles the case reads, and a notice to the mediator."""
    await cases.event(
        session, SYSTEM, view.case, tag, role=CaseRole.SYSTEM, channel=Channel.SYSTEM, audience="staff", note=text,
        detail={"item": item.pid},
    )  # fmt: skip
    await tell_handler(session, view.case, tag, text)


# --- what the rules of a case ask -----------------------------------------------------------------------------------


async def all_kept(session: AsyncSession, case: Case) -> bool:
    """Whether there were promises to wait for and each is done or waived."""
    counted = [item for item in await items_of(session, case) if counts(item)]
    return bool(counted) and all(item.state in SETTLED for item in counted)


async def breached(session: AsyncSession, case: Case) -> bool:
    """Whether a breach was noted since the case was last opened again."""
    return BREACHED in (await cases.happened(session, [case.id], BREACHED))[case.id]


def settled(items: Sequence[PerformanceItem]) -> bool:
    """Every promise that the case waits for is done or waived. An agreement without promises to wait for is settled."""
    return bool(items) and all(item.state in SETTLED for item in items if counts(item))
