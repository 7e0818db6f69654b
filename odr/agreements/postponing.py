"""延期: who has to do something says that it will be late, and when; the other side agrees to that day or not.

What was signed stays as it is; the agreed day is a record of its own beside it. To ask for time is to admit the debt,
so it interrupts limitation (诉讼时效规定第十四条).
"""

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.agreements import access, parts, performing, visit_plan
from odr.agreements import performance_rules as rules
from odr.agreements.models import PerformanceItem
from odr.agreements.performance_models import Part, Postponement
from odr.agreements.performance_schemas import PostponeAnswerIn, PostponeIn
from odr.cases.access import View
from odr.cases.codes import Channel
from odr.core import clock
from odr.core.errors import Conflict, Forbidden, Invalid, NotFound
from odr.core.i18n import _
from odr.core.templating import day

_LONGEST = timedelta(days=3 * 366)


async def postponements_of(session: AsyncSession, items: Collection[PerformanceItem]) -> dict[int, list[Postponement]]:
    """Those of each promise, oldest first."""
    found: dict[int, list[Postponement]] = {item.id: [] for item in items}
    if not found:
        return found
    query = select(Postponement).where(Postponement.item_id.in_(found)).order_by(Postponement.id)
    for row in await session.scalars(query):
        found[row.item_id].append(row)
    return found


def original_day(item: PerformanceItem, rows: Collection[Postponement]) -> date | None:
    """The day as it was signed."""
    agreed = [row.from_on for row in rows if row.state == "agreed"]
    return agreed[0] if agreed else item.due_on


def interruptions(done: Sequence[Part], moved: Sequence[Postponement]) -> list[rules.Interruption]:
    """The acts of one promise that interrupt limitation, from its parts and postponements."""
    return rules.interruptions(
        [(part.done_on, part.state, part.entered_as, part.whole) for part in done],
        [clock.local(row.asked_at).date() for row in moved],
    )


def _need_heard(view: View, channel: Channel | None, say: str) -> None:
    """Staff write down what a party told them, and how they heard it. Raises Forbidden for others, Invalid."""
    if not view.handles:
        raise Forbidden(say)
    if channel is None:
        raise Invalid({"channel": _("请选择是怎样听到的。")})


async def ask(session: AsyncSession, actor: Actor, pid: str, wanted: PostponeIn) -> Postponement:
    """ "I will be a few days late": a day and a reason. Staff write down what the obligor told them.

    Raises Forbidden for the others; Conflict where there is no day, one is asked for already, or it is claimed as done;
    Invalid for a day that is none.
    """
    to_on = wanted.day()
    view, item = await performing.open_item(session, actor, pid)
    if not performing.is_obligor(view, item):
        _need_heard(view, wanted.channel, _("要延期，由约定去做的一方来提。"))
    if item.due_on is None:
        raise Conflict(_("这一项没有期限，不用延期。"), code="no_day")
    if item.state == "claimed":
        raise Conflict(_("这一项已经登记做完，正在等对方确认，不用延期。"), code="claimed")
    before = (await postponements_of(session, [item]))[item.id]
    if any(row.state == "asked" for row in before):
        raise Conflict(_("已经提过一个日期，正在等对方答复。可以先撤回，再提新的。"), code="asked")
    if to_on <= item.due_on:
        raise Invalid({"to": _("新的日期要比现在约定的 %(day)s 晚。", day=day(item.due_on))})
    if to_on - (original_day(item, before) or item.due_on) > _LONGEST:
        raise Invalid({"to": _("这个日期太远了。要改这么久，请和对方、调解员重新谈。")})
    row = Postponement(
        item_id=item.id, from_on=item.due_on, to_on=to_on, reason=wanted.reason, asked_by=actor.person_id,
        channel=wanted.channel or Channel.WEB,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    text = f"一方请求把一项约定的期限改到{to_on.year}年{to_on.month}月{to_on.day}日，请对方答复。大家可以在这里商量。"
    await performing.noted(session, actor, view, item, "performance:postponement:asked", text, row.channel)
    today = clock.today()
    text = f"{today.year}年{today.month}月{today.day}日，一方请求延期履行，诉讼时效从这一天起重新计算。"
    await performing.on_file(session, actor, view, item, parts.INTERRUPTED, text)
    await performing.tell_party(
        session, view.case, item.obligee_id, "performance:postponement:asked", performing.TURN
    )  # fmt: skip
    await performing.tell_handler(session, view.case, "performance:postponement:asked", _DESK)
    return row


_DESK = "一方请求延期履行，正在等对方答复，请登录工作台查看。"


async def _open(session: AsyncSession, actor: Actor, pid: str) -> tuple[View, PerformanceItem, Postponement]:
    found = await session.scalar(
        select(PerformanceItem.pid)
        .join(Postponement, Postponement.item_id == PerformanceItem.id)
        .where(Postponement.pid == pid)
    )
    if found is None:
        raise NotFound()
    view, item = await performing.open_item(session, actor, found)
    row = (await session.scalars(select(Postponement).where(Postponement.pid == pid).with_for_update())).one()
    if row.state != "asked":
        raise Conflict(_("这次延期已经有了结果。"), code="answered")
    return view, item, row


async def answer(session: AsyncSession, actor: Actor, pid: str, wanted: PostponeAnswerIn) -> Postponement:
    """The obligee agrees to the day, or not; an agent needs special authority for it. Staff write down what the obligee
    told them. Raises NotFound, Forbidden, Conflict, Invalid."""
    view, item, row = await _open(session, actor, pid)
    if performing.is_obligee(view, item):
        access.need_settler(view)
    else:
        _need_heard(view, wanted.channel, _("延期要由接受的一方来答复。"))
    if wanted.channel is not None and view.handles and len(wanted.note) < 2:
        raise Invalid({"note": _("请写明是怎样听到的，例如打电话问了本人。")})
    if wanted.answer == "agree" and row.to_on < clock.today():
        raise Conflict(_("提出的日期已经过了。请对方重新提一个日期。"), code="past")
    _closed(row, actor, "agreed" if wanted.answer == "agree" else "refused", wanted.note)
    row.answer_channel = wanted.channel or Channel.WEB
    if wanted.answer == "agree":
        await _move(session, item, row.to_on)
    await session.flush()
    on = f"{row.to_on.year}年{row.to_on.month}月{row.to_on.day}日"
    text = (
        f"双方同意把一项约定的期限改到{on}。"
        if wanted.answer == "agree"
        else "接受的一方没有同意延期，仍按原来的期限履行。"
    )
    tag = f"performance:postponement:{row.state}"
    await performing.noted(session, actor, view, item, tag, text, row.answer_channel)
    await performing.tell_party(session, view.case, item.obligor_id, tag, performing.TURN)
    return row


async def withdraw(session: AsyncSession, actor: Actor, pid: str) -> Postponement:
    """The obligor needs no other day after all. Raises NotFound, Forbidden, Conflict."""
    view, item, row = await _open(session, actor, pid)
    if not performing.is_obligor(view, item) and not view.handles:
        raise Forbidden(_("延期由提出的一方来撤回。"))
    _closed(row, actor, "withdrawn", "")
    await session.flush()
    text = "一方撤回了延期的请求，仍按原来的期限履行。"
    await performing.noted(session, actor, view, item, "performance:postponement:withdrawn", text)
    return row


def _closed(row: Postponement, actor: Actor, state: str, note: str) -> None:
    row.state, row.answer_note = state, note
    row.answered_by, row.answered_at = actor.person_id, clock.now()


async def _move(session: AsyncSession, item: PerformanceItem, to_on: date) -> None:
    await performing.forget(session, item)
    item.due_on = to_on
    if item.state == "late":
        item.state = "part" if (await parts.parts_of(session, [item]))[item.id] else "pending"
    await session.flush()
    await performing.remind_of(session, item)
    await visit_plan.moved(session, item)
