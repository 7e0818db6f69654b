"""What was promised, and how it stands: "I have done it", confirmation, urging, breach. Reminders are jobs."""

from collections.abc import Collection, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.accounts.models import Person
from odr.agreements import access, content
from odr.agreements.models import Agreement, PerformanceItem
from odr.agreements.schemas import ClaimIn, Kind, ReasonIn, RecordIn, SettleIn, UrgeIn
from odr.audit import service as audit
from odr.audit.who import SYSTEM, Who
from odr.cases import service as cases
from odr.cases.access import View
from odr.cases.codes import LABOUR, CaseRole, Category, Channel, State
from odr.cases.models import Case, Party
from odr.core import clock, jobs, outbox
from odr.core.errors import Conflict, Forbidden
from odr.core.i18n import N_, _
from odr.evidence import service as evidence

REMIND = "agreements:remind"
_DAYS = {"before": -3, "on": 0, "after": 3}
_HOUR = time(9, 0)
SETTLED = ("done", "waived")
BREACHED = "case:record_breach:done"
_PERFORMING = (State.EFFECTIVE, State.PERFORMING, State.CONFIRMING)

# Notices to a phone hold no names and no cause.
_DUE = {
    "before": "您有一项约定的事 3 天后到期，请登录“我的纠纷”查看。",
    "on": "您有一项约定的事今天到期，请登录“我的纠纷”查看。",
    "after": "您有一项约定的事已经过期，请登录“我的纠纷”查看，或联系调解员。",
}
_TURN = "您的调解有一步等您完成，请登录“我的纠纷”查看。不收任何费用。"
_DESK = "有一项约定的事过期 3 天没有履行，请登录工作台查看。"

REMEDIES = (
    N_("协议有法律约束力。一方不履行的，另一方可以就协议向人民法院起诉（人民调解法第三十二条）。"),
    N_("协议经法院确认有效的，可以在两年内申请强制执行（人民调解法第三十三条，民事诉讼法第二百五十条）。"),
    N_("协议生效后 30 天以内，双方还可以一起申请司法确认。"),
)
LABOUR_REMEDIES = (
    N_("欠付劳动报酬、工伤医疗费、经济补偿或赔偿金的，可以拿协议向法院申请支付令（劳动争议调解仲裁法第十六条）。"),
    N_("也可以向劳动争议仲裁委员会申请仲裁。"),
)


def remedies(case: Case) -> list[str]:
    """What can be done when a promise is not kept: the notice both sides get."""
    lines = REMEDIES + (LABOUR_REMEDIES if Category(case.category) in LABOUR else ())
    return [_(line) for line in lines]


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
        found[case_id] = sorted(of_it, key=lambda item: (item.due_on is None, item.due_on or clock.today(), item.id))
    return found


async def begin(session: AsyncSession, who: Who, case: Case, agreement: Agreement) -> list[PerformanceItem]:
    """Make a promise of each clause and set its reminders; called once, when the agreement takes effect.

    Performance begins at once when something is to be performed."""
    items = [
        PerformanceItem(
            case_id=case.id, agreement_id=agreement.id, clause_id=clause.id, obligor_id=clause.obligor_id,
            obligee_id=clause.obligee_id, kind=clause.kind, text=clause.text, amount_fen=clause.amount_fen,
            due_on=clause.due_on,
        )
        for clause in await content.clauses_of(session, agreement)
    ]  # fmt: skip
    session.add_all(items)
    await session.flush()
    for item in items:
        await _remind(session, item)
    if any(counts(item) for item in items):
        await cases.start_performance(session, who, case)
    return items


async def _under_way(session: AsyncSession, who: Who, case: Case) -> None:
    """An agreement of lasting duties alone rests in effect, as nothing is due, until something ends or breaks it."""
    if case.state == State.EFFECTIVE:
        await cases.start_performance(session, who, case)


async def _remind(session: AsyncSession, item: PerformanceItem) -> None:
    if item.due_on is None:
        return
    for when, days in _DAYS.items():
        due = datetime.combine(item.due_on + timedelta(days=days), _HOUR, clock.SHANGHAI)
        if due > clock.now():
            payload = {"item": item.id, "when": when}
            await jobs.enqueue(session, REMIND, payload, due_at=due, key=f"item:{item.id}:{when}")


@jobs.handles(REMIND)
async def remind(session: AsyncSession, payload: dict[str, Any]) -> None:
    """Tell the obligor before, on and after the day; after it the promise is late and the mediator has a task."""
    item = await session.get(PerformanceItem, payload["item"])
    if item is None or item.state in SETTLED or item.state == "claimed":
        return
    case = await access.lock(session, item.case_id)
    await session.refresh(item)
    when: str = payload["when"]
    await _tell_party(session, case, item.obligor_id, f"performance:item:{when}", _DUE[when])
    if when != "after":
        return
    if item.state == "pending":
        item.state = "late"
    await cases.event(
        session, SYSTEM, case, "performance:item:late", role=CaseRole.SYSTEM, channel=Channel.SYSTEM,
        note="有一项约定过期没有履行。", detail={"item": item.pid},
    )  # fmt: skip
    if (mediator := await content.lead_mediator(session, case)) is not None:
        await _post(session, case, mediator, "performance:item:late", _DESK, sms=False)


async def _tell_party(session: AsyncSession, case: Case, party_id: int | None, tag: str, text: str) -> None:
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


async def _open_item(session: AsyncSession, actor: Actor, pid: str) -> tuple[View, PerformanceItem]:
    view, item = await access.for_item(session, actor, pid)
    await access.lock(session, view.case.id)
    await session.refresh(item)
    if view.state not in _PERFORMING:
        raise Conflict(_("现在不是履行阶段，不能改履行情况。"), code="not_performing")
    if item.state in SETTLED:
        raise Conflict(_("这一项已经了结了。"), code="settled")
    return view, item


def is_obligor(view: View, item: PerformanceItem) -> bool:
    return view.principal is not None and view.principal.id == item.obligor_id


def is_obligee(view: View, item: PerformanceItem) -> bool:
    """The one it was promised to; a promise to everybody is confirmed by anybody but who made it."""
    if view.principal is None or is_obligor(view, item):
        return False
    return item.obligee_id is None or view.principal.id == item.obligee_id


async def claim(
    session: AsyncSession, actor: Actor, pid: str, wanted: ClaimIn, proof: evidence.Prepared | None = None
) -> PerformanceItem:
    """ "I have done it", with a photo where there is one. Raises Forbidden for anybody but the obligor's side."""
    view, item = await _open_item(session, actor, pid)
    if not is_obligor(view, item):
        raise Forbidden(_("这一项要由约定去做的一方来登记。"))
    if item.state == "claimed":
        raise Conflict(_("已经登记过了，正在等对方确认。"), code="claimed")
    item.state, item.claimed_at, item.claimed_by, item.claim_note = "claimed", clock.now(), actor.person_id, wanted.note
    if proof is not None:
        file = await evidence.keep(session, actor, proof, "performance", item.id)
        item.proof_file_id = file.id
    await session.flush()
    await _noted(session, actor, view, item, "performance:item:claimed", "一方登记：有一项约定已经做完，请对方确认。")
    await _tell_party(session, view.case, item.obligee_id, "performance:item:claimed", _TURN)
    return item


async def settle(session: AsyncSession, actor: Actor, pid: str, wanted: SettleIn) -> PerformanceItem:
    """The obligee confirms that it was done, or says what is missing. An agent needs special authority for it."""
    wanted.check()
    view, item = await _open_item(session, actor, pid)
    if not is_obligee(view, item):
        raise Forbidden(_("这一项要由接受的一方来确认。"))
    access.need_settler(view)
    if wanted.answer == "dispute":
        item.state, item.answer_note = "disputed", wanted.note
        await session.flush()
        await _noted(session, actor, view, item, "performance:item:disputed", "一方认为有一项约定还没有做到。")
        await _tell_party(session, view.case, item.obligor_id, "performance:item:disputed", _TURN)
        return item
    await _done(session, actor, view, item, "done", wanted.note)
    return item


async def record(session: AsyncSession, actor: Actor, pid: str, wanted: RecordIn) -> PerformanceItem:
    """The mediator writes down what the obligee said at a visit or by telephone: done, waived, or not yet."""
    view, item = await _open_item(session, actor, pid)
    access.need_handler(view)
    if wanted.outcome == "pending":
        item.state, item.answer_note = "pending", wanted.note
        await session.flush()
        await _noted(session, actor, view, item, "performance:item:open", "有一项约定还要继续履行。", wanted.channel)
        return item
    await _done(session, actor, view, item, wanted.outcome, wanted.note, wanted.channel)
    return item


async def urge(session: AsyncSession, actor: Actor, pid: str, wanted: UrgeIn) -> PerformanceItem:
    """督促 (Art. 31): what the mediator did about it, when and how. The obligor is reminded at the same time."""
    view, item = await _open_item(session, actor, pid)
    access.need_handler(view)
    await cases.event(
        session, actor, view.case, "performance:item:urged", role=view.role, channel=wanted.channel, audience="staff",
        note=wanted.note, detail={"item": item.pid},
    )  # fmt: skip
    await _tell_party(session, view.case, item.obligor_id, "performance:item:urged", _TURN)
    return item


async def breach(session: AsyncSession, actor: Actor, pid: str, wanted: ReasonIn) -> PerformanceItem:
    """不履行: noted, and both sides are told the remedies, which stay on the page of the agreement (Art. 31, 32)."""
    view, item = await _open_item(session, actor, pid)
    access.need_handler(view)
    if item.due_on is not None and item.due_on >= clock.today():
        raise Conflict(_("这一项还没有到期，不能登记为不履行。可以先督促。"), code="not_due")
    item.state, item.answer_note = "late", wanted.reason
    await session.flush()
    await _under_way(session, actor, view.case)
    await cases.breach(session, actor, view.case, "有一项约定没有履行。", breach_noted=True, remedies_told=True)
    await audit.record(session, actor, "performance:item:breached", "performance", item.pid, {"case": view.case.pid})
    return item


async def complete(session: AsyncSession, actor: Actor, case_pid: str) -> None:
    """履行完毕, by the mediator's hand: for agreements of lasting duties, which nothing else ends."""
    view = await access.of_case(session, actor, case_pid)
    access.need_handler(view)
    case = await access.lock(session, view.case.id)
    await _under_way(session, actor, case)
    await cases.mark_performed(session, actor, case)


async def _done(
    session: AsyncSession, actor: Actor, view: View, item: PerformanceItem, state: str, note: str,
    channel: str = Channel.WEB,
) -> None:  # fmt: skip
    item.state, item.answer_note = state, note
    item.settled_at, item.settled_by = clock.now(), actor.person_id
    await session.flush()
    for when in _DAYS:
        await jobs.cancel(session, f"item:{item.id}:{when}")
    words = {"done": "有一项约定已经履行。", "waived": "有一项约定由接受的一方放弃。"}
    await _noted(session, actor, view, item, f"performance:item:{state}", words[state], channel)
    if view.state == State.PERFORMING and await all_kept(session, view.case):
        await cases.mark_performed(session, actor, view.case)


async def _noted(
    session: AsyncSession, actor: Actor, view: View, item: PerformanceItem, tag: str, text: str,
    channel: str = Channel.WEB,
) -> None:  # fmt: skip
    await cases.announce(session, view.case, tag, text, f"/cases/{view.case.pid}/performance")
    detail = {"item": item.pid}
    await cases.event(session, actor, view.case, tag, role=view.role, channel=channel, note=text, detail=detail)


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
