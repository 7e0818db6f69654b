"""Suggesting a clause: a party to all or to the mediator alone, the mediator to one side; taken up onto the board.

What is suggested in private is seen by that side and the mediator alone. It crosses over only when that side taps for
it: then it cannot be taken back. The mediator takes up what may be seen by all, as it was or reworded.
"""

import json
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.agreements import access, drafting
from odr.agreements.drafting import link, who_is
from odr.agreements.models import Agreement, Clause, ClauseProposal
from odr.agreements.schemas import ClauseIn, Kind, ProposalIn, ReplyIn
from odr.audit import service as audit
from odr.cases import service as cases
from odr.cases.access import View
from odr.cases.codes import CaseRole, Side, State
from odr.cases.models import Case, Party
from odr.core import clock, db
from odr.core.errors import Conflict, Forbidden, Invalid, NotFound
from odr.core.i18n import _
from odr.rooms import service as rooms
from odr.rooms.models import RoomKind

MOST_OPEN = 30


@dataclass(frozen=True)
class Seat:
    """A proposal and the viewer's place in its case."""

    view: View
    row: ClauseProposal

    @property
    def mine(self) -> bool:
        """Whether the viewer's side is the one it was made by or to."""
        return self.view.side == self.row.side


def is_private(row: ClauseProposal) -> bool:
    return row.audience == "private" and row.released_at is None


def sees(view: View, row: ClauseProposal) -> bool:
    """Whether this viewer may know of the proposal at all."""
    if not is_private(row):
        return True
    return view.side == row.side or CaseRole.MEDIATOR in view.roles


async def in_case(session: AsyncSession, view: View) -> list[ClauseProposal]:
    """The proposals this viewer may know of, the newest first."""
    query = select(ClauseProposal).where(ClauseProposal.case_id == view.case.id).order_by(ClauseProposal.id.desc())
    return [row for row in await session.scalars(query) if sees(view, row)]


async def for_reading(session: AsyncSession, actor: Actor, pid: str) -> Seat:
    """One proposal. Raises NotFound: one that is private to others is not there."""
    found = (
        await session.execute(
            select(ClauseProposal, Case.pid)
            .join(Case, Case.id == ClauseProposal.case_id)
            .where(ClauseProposal.pid == pid)
        )
    ).first()
    if found is None:
        raise NotFound()
    row, case_pid = found
    view = await access.of_case(session, actor, case_pid)
    if not sees(view, row):
        raise NotFound()
    return Seat(view, row)


async def _for_change(session: AsyncSession, actor: Actor, pid: str) -> Seat:
    seat = await for_reading(session, actor, pid)
    case = await access.lock(session, seat.view.case.id)
    await session.refresh(seat.row)
    _need_mediating(case)
    return seat


def _need_mediating(case: Case) -> None:
    if case.state != State.MEDIATING:
        raise Conflict(_("现在不是调解中，不能提条款建议。"), code="not_mediating")


def _need_open(row: ClauseProposal) -> None:
    if row.state != "open":
        raise Conflict(_("这条建议已经处理过了。请刷新页面。"), code="decided")


async def propose(session: AsyncSession, actor: Actor, case_pid: str, wanted: ProposalIn) -> ClauseProposal:
    """Suggest a clause, or another wording of one. The same once more while it is open changes nothing.

    Raises NotFound, Forbidden (a general agent; who is neither party nor mediator), Conflict (not mediating, too many
    wait), Invalid naming each field.
    """
    wanted.clause().check()
    view = await access.of_case(session, actor, case_pid)
    case = await access.lock(session, view.case.id)
    _need_mediating(case)
    party, side, audience = _who(view, wanted)
    waiting = [row for row in await in_case(session, view) if row.state == "open"]
    said = wanted.clause().model_dump_json()
    for row in waiting:
        same = (row.said, row.note or "", row.side, row.audience, row.by_person_id)
        if same == (said, wanted.note, side.value, audience, actor.person_id):
            return row
    if len(waiting) >= MOST_OPEN:
        raise Conflict(_("等着处理的建议太多了。请先等调解员处理几条。"), code="too_many")
    target = await _target(session, case, wanted.target)
    await drafting.need_parties(session, case, wanted)
    row = ClauseProposal(
        case_id=case.id, side=side.value, audience=audience, by_party_id=party.id if party is not None else None,
        by_person_id=actor.person_id, clause_id=target.id if target is not None else None,
        said=said, note=wanted.note or None,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    who = who_is(party) if party is not None else "调解员"
    await _say(session, case, row, "agreement:proposal:made", f"{who}提出一条条款建议：{wanted.text}")
    await _happened(session, actor, case, row, "agreement:proposal:made")
    if party is not None:
        if not any(one.by_party_id is not None for one in waiting):
            await cases.tell_mediator(session, case, "agreement:proposal:made")
    else:
        states = [state for state in await cases.party_states(session, case) if state.row.side == side]
        await cases.tell_parties(session, case, states, "agreement:proposal:made", _TURN, sms=False)
    return row


_TURN = "调解员有一条建议请您看一看，请登录“我的纠纷”查看。"


def _who(view: View, wanted: ProposalIn) -> tuple[Party | None, Side, str]:
    """Who suggests, on which side of the table, to whom."""
    if view.is_party:
        party = access.need_settler(view)
        return party, Side(party.side), wanted.audience
    access.need_mediator(view)
    if wanted.side is None:
        raise Invalid({"side": _("请选择向哪一方单独提出。给双方看的，请直接写成条款。")})
    return None, wanted.side, "private"


async def _target(session: AsyncSession, case: Case, pid: str | None) -> Clause | None:
    if pid is None:
        return None
    agreement = await access.current(session, case)
    query = select(Clause).where(Clause.pid == pid, Clause.removed_at.is_(None))
    found = await session.scalar(query.where(Clause.agreement_id == agreement.id)) if agreement is not None else None
    if found is None:
        raise NotFound(_("没有找到这一条，可能刚被去掉了。请刷新页面。"))
    return found


async def release(session: AsyncSession, actor: Actor, pid: str) -> ClauseProposal:
    """The side for which it is private lets everybody see it. It cannot be taken back.

    Raises NotFound, Forbidden (the mediator must not carry it over), Conflict.
    """
    seat = await _for_change(session, actor, pid)
    row, case = seat.row, seat.view.case
    if not seat.mine:
        raise Forbidden(_("只有这一方自己能公开这条建议。"))
    party = access.need_settler(seat.view)
    _need_open(row)
    if not is_private(row):
        raise Conflict(_("这条建议双方都已经能看到。"), code="released")
    row.released_at = clock.now()
    await session.flush()
    text = f"{who_is(party)}公开了一条条款建议：{clause_of(row).text}"
    await cases.announce(session, case, "agreement:proposal:released", text, link(case))
    await _happened(session, actor, case, row, "agreement:proposal:released")
    await cases.tell_mediator(session, case, "agreement:proposal:released")
    return row


async def reply(session: AsyncSession, actor: Actor, pid: str, wanted: ReplyIn) -> ClauseProposal:
    """The side tells the mediator alone what it thinks of what the mediator put to it. No answer to a clause.

    Raises NotFound, Forbidden, Conflict."""
    seat = await _for_change(session, actor, pid)
    row, case = seat.row, seat.view.case
    party = access.need_settler(seat.view)
    if row.by_party_id is not None or not seat.mine:
        raise Forbidden(_("这条建议不是调解员向您提的。"))
    _need_open(row)
    row.reply, row.reply_note = wanted.reply, wanted.note or None
    await session.flush()
    said = {"accept": "可以考虑这条建议", "reject": "不能接受这条建议"}[wanted.reply]
    words = f"：{wanted.note}" if wanted.note else "。"
    await _aside(session, case, row, "agreement:proposal:replied", f"{who_is(party)}告诉调解员：{said}{words}")
    await audit.record(session, actor, "agreement:proposal:replied", "proposal", row.pid, {"case": case.pid})
    db.poke(session, "cases", f"{case.pid}::{row.side}")
    await cases.tell_mediator(session, case, "agreement:proposal:replied")
    return row


async def take_up(
    session: AsyncSession, actor: Actor, pid: str, wanted: ClauseIn | None = None
) -> tuple[Agreement, Clause]:
    """The mediator puts it on the board, as it was or reworded (`wanted`); a target that still stands is changed.

    Raises NotFound, Forbidden, Conflict (private still, decided, no draft), Invalid (a day that has passed).
    """
    seat = await _for_change(session, actor, pid)
    row, case = seat.row, seat.view.case
    access.need_mediator(seat.view)
    _need_open(row)
    if is_private(row):
        say = _("这条建议还是这一方单独告诉您的。要等他点“可以给双方看”，才能放进草案。")
        raise Conflict(say, code="still_private")
    agreement = await access.current(session, case)
    if agreement is None or agreement.state != "drafting":
        raise Conflict(_("还没有草案。请先开始起草，再采纳建议。"), code="no_draft")
    given = wanted if wanted is not None else clause_of(row)
    if given.due_on is not None and given.due_on < clock.today():
        raise Invalid({"due_on": _("这个日期已经过去了。请写今天或以后的日期。")})
    target = await session.get(Clause, row.clause_id) if row.clause_id is not None else None
    if target is not None and target.agreement_id == agreement.id and target.removed_at is None:
        clause = await drafting.change_clause(session, actor, agreement.pid, target.pid, given)
    else:
        clause = await drafting.add_clause(session, actor, agreement.pid, given)
    row.state, row.decided_at, row.decided_by, row.taken_clause_id = "taken", clock.now(), actor.person_id, clause.id
    await session.flush()
    await _happened(session, actor, case, row, "agreement:proposal:taken")
    return agreement, clause


async def decline(session: AsyncSession, actor: Actor, pid: str, reason: str) -> ClauseProposal:
    """The mediator does not take it up, and says why to whoever sees it. Raises NotFound, Forbidden, Conflict."""
    seat = await _for_change(session, actor, pid)
    access.need_mediator(seat.view)
    _need_open(seat.row)
    _decide(seat.row, actor, "declined")
    seat.row.decision_note = reason
    await session.flush()
    text = f"调解员没有采纳这条建议：{clause_of(seat.row).text}。原因：{reason}"
    await _say(session, seat.view.case, seat.row, "agreement:proposal:declined", text)
    await _happened(session, actor, seat.view.case, seat.row, "agreement:proposal:declined")
    return seat.row


async def withdraw(session: AsyncSession, actor: Actor, pid: str) -> ClauseProposal:
    """Who made it takes it back while nobody has decided. Raises NotFound, Forbidden, Conflict."""
    seat = await _for_change(session, actor, pid)
    row, case = seat.row, seat.view.case
    if row.by_party_id is None:
        access.need_mediator(seat.view)
    elif access.need_settler(seat.view).id != row.by_party_id:
        raise Forbidden(_("只有提出的一方能收回。"))
    _need_open(row)
    _decide(row, actor, "withdrawn")
    await session.flush()
    who = who_is(seat.view.principal) if seat.view.principal is not None else "调解员"
    await _say(session, case, row, "agreement:proposal:withdrawn", f"{who}收回了一条条款建议。")
    await _happened(session, actor, case, row, "agreement:proposal:withdrawn")
    return row


def clause_of(row: ClauseProposal) -> ClauseIn:
    """What it would put on the board. It was checked when it was made; its days may have passed since."""
    said = json.loads(row.said)
    days = {name: date.fromisoformat(said[name]) if said[name] else None for name in ("due_on", "begins_on")}
    return ClauseIn.model_construct(**(said | days | {"kind": Kind(said["kind"])}))


def _decide(row: ClauseProposal, actor: Actor, state: str) -> None:
    row.state, row.decided_at, row.decided_by = state, clock.now(), actor.person_id


async def _say(session: AsyncSession, case: Case, row: ClauseProposal, tag: str, text: str) -> None:
    """A line where those read who may see it."""
    if is_private(row):
        await _aside(session, case, row, tag, text)
    else:
        await cases.announce(session, case, tag, text, link(case))


async def _aside(session: AsyncSession, case: Case, row: ClauseProposal, tag: str, text: str) -> None:
    """A line in the private room of this side."""
    for room in await rooms.rooms_of(session, case.pid):
        if room.kind == RoomKind.PRIVATE and room.slot == row.side:
            await rooms.announce(session, room, tag, text, link(case))


async def _happened(session: AsyncSession, actor: Actor, case: Case, row: ClauseProposal, tag: str) -> None:
    """The ledger and the screens of those who may know: even the moment of a private act is nothing for the others."""
    await audit.record(session, actor, tag, "proposal", row.pid, {"case": case.pid, "audience": row.audience})
    db.poke(session, "cases", f"{case.pid}::{row.side}" if is_private(row) else case.pid)
