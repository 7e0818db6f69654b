"""Performing step by step: each payment with its proof, and the other side's word on it.

A promise may be kept in several parts. What was done of it so far is a record of its own, is confirmed part by part,
and interrupts limitation (诉讼时效规定第十四条), which the timeline says.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.agreements import access, performing
from odr.agreements import performance_rules as rules
from odr.agreements.models import Agreement, PerformanceItem
from odr.agreements.performance_models import Part
from odr.agreements.performance_rules import Sums
from odr.agreements.performance_schemas import PartAnswerIn
from odr.agreements.schemas import ClaimIn, RecordIn, SettleIn
from odr.cases.access import View
from odr.cases.codes import Channel
from odr.core import clock
from odr.core.errors import Conflict, Forbidden, Invalid, NotFound
from odr.core.i18n import _
from odr.core.templating import day, money
from odr.evidence import service as evidence
from odr.evidence.models import File

INTERRUPTED = "performance:limitation:interrupted"


async def parts_of(session: AsyncSession, items: Collection[PerformanceItem]) -> dict[int, list[Part]]:
    """The parts of each promise, oldest first."""
    found: dict[int, list[Part]] = {item.id: [] for item in items}
    if not found:
        return found
    for row in await session.scalars(select(Part).where(Part.item_id.in_(found)).order_by(Part.id)):
        found[row.item_id].append(row)
    return found


def sums_of(item: PerformanceItem, parts: Sequence[Part]) -> Sums | None:
    """How far a sum of money is paid; None for a promise that is none. One that is done counts as paid."""
    if item.amount_fen is None:
        return None
    found = rules.sums(item.amount_fen, ((part.state, part.amount_fen, part.received_fen) for part in parts))
    return Sums(item.amount_fen, item.amount_fen, 0) if item.state == "done" else found


# --- the obligor ----------------------------------------------------------------------------------------------------


async def claim(
    session: AsyncSession, actor: Actor, pid: str, wanted: ClaimIn, proof: evidence.Prepared | None = None
) -> PerformanceItem:
    """ "I have done it", or a part of it, with a photo where there is one.

    Raises Forbidden for anybody but the obligor's side; Conflict when all of it waits for an answer already; Invalid
    for more than is left, for a day before the agreement, and for a slip or a payment that was entered before.
    """
    view, item = await performing.open_item(session, actor, pid)
    if not performing.is_obligor(view, item):
        raise Forbidden(_("这一项要由约定去做的一方来登记。"))
    if item.state == "claimed":
        raise Conflict(_("已经登记过了，正在等对方确认。"), code="claimed")
    before = (await parts_of(session, [item]))[item.id]
    amount, whole = _amount(item, sums_of(item, before), wanted)
    done_on = wanted.done_on or clock.today()
    await _check(session, item, before, amount, done_on, wanted, proof)
    item.state, item.claimed_at, item.claimed_by = ("claimed" if whole else "part"), clock.now(), actor.person_id
    item.claim_note = wanted.note
    part = Part(
        item_id=item.id, whole=whole, amount_fen=amount, done_on=done_on, note=wanted.note, entered_as="obligor",
        entered_by=actor.person_id,
    )  # fmt: skip
    await _keep(session, actor, view, item, part, proof)
    text = "一方登记：有一项约定已经做完，请对方确认。" if whole else "一方登记：有一项约定做了一部分，请对方确认。"
    await performing.noted(session, actor, view, item, "performance:item:claimed", text)
    if not whole:
        await interrupted(session, actor, view, item, done_on)
    await performing.tell_party(session, view.case, item.obligee_id, "performance:item:claimed", performing.TURN)
    await performing.ask_again(session, item, part)
    return item


def _amount(item: PerformanceItem, sums: Sums | None, wanted: ClaimIn) -> tuple[int | None, bool]:
    """How much this part is, and whether it is all that is left."""
    if sums is None:
        if wanted.amount is not None:
            raise Invalid({"amount": _("这一项没有写金额，不用填写。")})
        return None, not wanted.part
    if sums.left == 0:
        raise Conflict(_("已经登记的都在等对方确认，不用再登记。"), code="claimed")
    if wanted.amount is None:
        if wanted.part:
            raise Invalid({"amount": _("请写这次付了多少。")})
        return sums.left, True
    if wanted.amount > sums.left:
        raise Invalid({"amount": _over(sums)})
    return wanted.amount, wanted.amount == sums.left


def _over(sums: Sums) -> str:
    return _(
        "这一项只剩 %(left)s 没有登记，多付的不能记在这一项里。多出来的可以记到下一期，或者和对方商量退回。",
        left=money(sums.left),
    )


async def _check(
    session: AsyncSession,
    item: PerformanceItem,
    before: Sequence[Part],
    amount: int | None,
    done_on: date,
    wanted: ClaimIn,
    proof: evidence.Prepared | None,
) -> None:
    """Early is fine, from the day the agreement was drawn up on; twice is not."""
    drawn_up = await session.scalar(select(Agreement.created_at).where(Agreement.id == item.agreement_id))
    if drawn_up is not None and done_on < clock.local(drawn_up).date():
        raise Invalid({"done_on": _("这一天还没有这份协议。请看看日期写对没有。")})
    if proof is not None and (known := await _slip(session, item, proof.sha256)) is not None:
        raise Invalid({"proof": _("这张凭证 %(day)s 已经交过了。请换成这一次的凭证。", day=day(known))})
    twin = any(
        part.state != "refused" and part.amount_fen == amount and part.done_on == done_on and not part.whole
        for part in before
    )
    if twin and amount is not None and not wanted.again:
        raise Invalid({"again": _("同一天、同样金额的一笔已经登记过了。如果真的又付了一笔，请勾选这一项，再提交。")})


async def _slip(session: AsyncSession, item: PerformanceItem, sha256: str) -> datetime | None:
    """When the same picture was handed in before in this case, for a part that was not refused."""
    found: datetime | None = await session.scalar(
        select(File.created_at)
        .join(Part, Part.proof_file_id == File.id)
        .join(PerformanceItem, PerformanceItem.id == Part.item_id)
        .where(File.sha256 == sha256, Part.state != "refused", PerformanceItem.case_id == item.case_id)
        .order_by(File.id)
        .limit(1)
    )
    return found


async def _foreign(session: AsyncSession, item: PerformanceItem, sha256: str) -> bool:
    """Whether the same picture proves something in another case: only staff is told, and not which."""
    query = (
        select(File.id)
        .join(Part, Part.proof_file_id == File.id)
        .join(PerformanceItem, PerformanceItem.id == Part.item_id)
        .where(File.sha256 == sha256, PerformanceItem.case_id != item.case_id)
    )
    return await session.scalar(query.limit(1)) is not None


async def _keep(
    session: AsyncSession, actor: Actor, view: View, item: PerformanceItem, part: Part, proof: evidence.Prepared | None
) -> None:
    if proof is not None:
        foreign = await _foreign(session, item, proof.sha256)
        file = await evidence.keep(session, actor, proof, "performance", item.id)
        item.proof_file_id = part.proof_file_id = file.id
        if foreign:
            text = "这次交的凭证，在别的纠纷里也用过，请核对。"
            await performing.for_staff(session, view, item, "performance:proof:foreign", text)
    session.add(part)
    await session.flush()


async def interrupted(session: AsyncSession, actor: Actor, view: View, item: PerformanceItem, on: date) -> None:
    """On the file for everybody: limitation begins anew."""
    text = f"{on.year}年{on.month}月{on.day}日，一方部分履行，诉讼时效从这一天起重新计算。"
    await performing.on_file(session, actor, view, item, INTERRUPTED, text)


# --- the obligee ----------------------------------------------------------------------------------------------------


async def settle(session: AsyncSession, actor: Actor, pid: str, wanted: SettleIn) -> PerformanceItem:
    """The obligee says that all was done, that a part was, or what is missing; an agent needs special authority."""
    wanted.check()
    view, item = await performing.open_item(session, actor, pid)
    if not performing.is_obligee(view, item):
        raise Forbidden(_("这一项要由接受的一方来确认。"))
    access.need_settler(view)
    if wanted.answer == "confirm":
        await finished(session, actor, item)
        await performing.done(session, actor, view, item, "done", wanted.note)
    elif wanted.answer == "part":
        await _some(session, actor, view, item, wanted.amount, wanted.received_on, wanted.note, "obligee")
    else:
        await _refuse(session, actor, item, wanted.note)
        await _disputed(session, actor, view, item, wanted.note)
    return item


async def answer(session: AsyncSession, actor: Actor, part_pid: str, wanted: PartAnswerIn) -> PerformanceItem:
    """The obligee's word on one payment. The last one that was missing settles the promise."""
    wanted.check()
    row = await session.scalar(
        select(PerformanceItem.pid).join(Part, Part.item_id == PerformanceItem.id).where(Part.pid == part_pid)
    )
    if row is None:
        raise NotFound()
    view, item = await performing.open_item(session, actor, row)
    part = (await session.scalars(select(Part).where(Part.pid == part_pid).with_for_update())).one()
    if not performing.is_obligee(view, item):
        raise Forbidden(_("这一项要由接受的一方来确认。"))
    access.need_settler(view)
    if part.state != "waiting":
        raise Conflict(_("这一笔已经答复过了。"), code="answered")
    if wanted.answer == "dispute":
        _answered(part, actor, "refused", wanted.note)
        await session.flush()
        await _disputed(session, actor, view, item, wanted.note)
        return item
    _answered(part, actor, "received", wanted.note)
    await session.flush()
    sums = sums_of(item, (await parts_of(session, [item]))[item.id])
    if part.whole if sums is None else sums.open == 0:
        await performing.done(session, actor, view, item, "done", wanted.note)
        return item
    item.state = "part"
    await performing.noted(
        session, actor, view, item, "performance:part:received", "有一项约定做到了一部分，对方确认了。"
    )
    return item


async def record_part(
    session: AsyncSession, actor: Actor, pid: str, wanted: RecordIn, proof: evidence.Prepared | None = None
) -> PerformanceItem:
    """Staff write down a part that the obligee told of at the door or by telephone.

    Raises Forbidden, Conflict, Invalid."""
    view, item = await performing.open_item(session, actor, pid)
    access.need_handler(view)
    await _some(
        session, actor, view, item, wanted.amount, wanted.received_on, wanted.note, "staff", wanted.channel, proof
    )
    return item


async def _some(
    session: AsyncSession,
    actor: Actor,
    view: View,
    item: PerformanceItem,
    amount: int | None,
    on: date | None,
    note: str,
    word: str,
    channel: str = Channel.WEB,
    proof: evidence.Prepared | None = None,
) -> None:
    """A part was received: of a payment that was claimed, or one that nobody had entered."""
    before = (await parts_of(session, [item]))[item.id]
    sums = sums_of(item, before)
    if sums is None and amount is not None:
        raise Invalid({"amount": _("这一项没有写金额，不用填写。")})
    if sums is not None:
        if amount is None:
            raise Invalid({"amount": _("请写收到了多少。")})
        if amount > sums.open:
            raise Invalid({"amount": _("比约定的还多。这一项还没有确认的是 %(left)s。", left=money(sums.open))})
        if amount == sums.open:
            raise Invalid({"amount": _("这样就全部收到了。请选“已经做到了”。")})
    if proof is not None and (known := await _slip(session, item, proof.sha256)) is not None:
        raise Invalid({"proof": _("这张凭证 %(day)s 已经交过了。请换成这一次的凭证。", day=day(known))})
    waiting = [part for part in before if part.state == "waiting"]
    if waiting:
        rest = amount
        for part in waiting:
            got = min(rest, part.amount_fen or 0) if rest is not None else None
            _answered(part, actor, "refused" if got == 0 else "received", note, got)
            rest = rest - (got or 0) if rest is not None else None
        day_of_it = waiting[0].done_on
    else:
        day_of_it = on or clock.today()
        part = Part(
            item_id=item.id, amount_fen=amount, done_on=day_of_it, note=note, entered_as=word,
            entered_by=actor.person_id, channel=channel, state="received", received_fen=amount,
            answered_by=actor.person_id, answered_at=clock.now(),
        )  # fmt: skip
        await _keep(session, actor, view, item, part, proof)
    item.state, item.answer_note = "part", note
    await session.flush()
    text = "有一项约定做到了一部分，还要继续履行。"
    await performing.noted(session, actor, view, item, "performance:part:received", text, channel)
    if not waiting or all(part.whole for part in waiting):
        await interrupted(session, actor, view, item, day_of_it)
    await performing.tell_party(session, view.case, item.obligor_id, "performance:part:received", performing.TURN)


def _answered(part: Part, actor: Actor, state: str, note: str, received: int | None = None) -> None:
    part.state, part.answer_note = state, note
    part.answered_by, part.answered_at = actor.person_id, clock.now()
    if state == "received":
        part.received_fen = received if received is not None else part.amount_fen


async def _refuse(session: AsyncSession, actor: Actor, item: PerformanceItem, note: str) -> None:
    for part in (await parts_of(session, [item]))[item.id]:
        if part.state == "waiting":
            _answered(part, actor, "refused", note)
    await session.flush()


async def finished(session: AsyncSession, actor: Actor, item: PerformanceItem) -> None:
    """Nothing of this promise waits for an answer any more: it was said to be done as a whole."""
    for part in (await parts_of(session, [item]))[item.id]:
        if part.state == "waiting":
            _answered(part, actor, "received", "")
    await session.flush()


async def _disputed(session: AsyncSession, actor: Actor, view: View, item: PerformanceItem, note: str) -> None:
    item.state, item.answer_note = "disputed", note
    await session.flush()
    await performing.noted(session, actor, view, item, "performance:item:disputed", "一方认为有一项约定还没有做到。")
    await performing.tell_party(session, view.case, item.obligor_id, "performance:item:disputed", performing.TURN)
    await performing.tell_handler(session, view.case, "performance:item:disputed", performing.DISPUTED)
