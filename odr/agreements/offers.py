"""Finding a sum, started by the mediator: offers in turn, in the joint room or carried over, and blind bids.

A bid leaves nothing behind but itself: no line, no notice to the other side, no row of the ledger, no time. At the
opening, which is the mediator's act so that both sides learn of it at the same moment, the numbers are deleted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.agreements import access, content, drafting, offer_rules
from odr.agreements.drafting import link, who_is
from odr.agreements.models import ClauseProposal
from odr.agreements.offer_models import BlindBid, Offer, OfferRound
from odr.agreements.schemas import ClauseIn, Day, DraftIn, Fen, Kind, Pid
from odr.audit import service as audit
from odr.cases import service as cases
from odr.cases.access import View
from odr.cases.codes import CaseRole, State
from odr.cases.models import Case, Party
from odr.core import clock, db
from odr.core.errors import Conflict, Forbidden, Invalid, NotFound
from odr.core.forms import Strict
from odr.core.i18n import _
from odr.core.templating import money
from odr.rooms import service as rooms
from odr.rooms.models import RoomKind

_TURN = "调解员请您看一看一个关于金额的步骤，请登录“我的纠纷”查看。"
MOST_OFFERS = 30


class RoundIn(Strict):
    """A round: who would pay whom for what, until when. `carried`: offers go through the mediator."""

    kind: Literal["open", "blind"]
    carried: bool = False
    payer: Pid
    payee: Pid
    about: str = Field(min_length=2, max_length=200)
    due_on: Day
    tries: Annotated[int, Field(ge=1, le=offer_rules.MOST_TRIES)] = 3

    def check(self) -> None:
        wrong: dict[str, str] = {}
        if self.payer == self.payee:
            wrong["payee"] = _("付款和收款的不能是同一个人。")
        if self.due_on is None:
            wrong["due_on"] = _("请写明谈成以后哪一天以前付清。")
        if wrong:
            raise Invalid(wrong)


class OfferIn(Strict):
    """An offer in yuan. `aside` is for the mediator alone, for good."""

    amount: Fen = None
    aside: str = Field(default="", max_length=300)


class BidIn(Strict):
    """A sealed number in whole yuan."""

    amount: Fen = None


@dataclass(frozen=True)
class Table:
    """A round and the viewer's place at it."""

    view: View
    row: OfferRound
    payer: Party
    payee: Party

    @property
    def mediates(self) -> bool:
        return CaseRole.MEDIATOR in self.view.roles

    @property
    def mine(self) -> Party | None:
        """The party for which the viewer sits at this table."""
        principal = self.view.principal
        if principal is None:
            return None
        return next((party for party in (self.payer, self.payee) if party.id == principal.id), None)

    def other(self, party: Party) -> Party:
        return self.payee if party.id == self.payer.id else self.payer


async def in_case(session: AsyncSession, view: View) -> list[Table]:
    """The rounds this viewer may know of, the newest first: the mediator's, and those at which the viewer sits."""
    query = select(OfferRound).where(OfferRound.case_id == view.case.id).order_by(OfferRound.id.desc())
    found = []
    for row in await session.scalars(query):
        payer, payee = await session.get_one(Party, row.payer_id), await session.get_one(Party, row.payee_id)
        table = Table(view, row, payer, payee)
        if table.mediates or table.mine is not None:
            found.append(table)
    return found


async def for_reading(session: AsyncSession, actor: Actor, pid: str) -> Table:
    """One round. Raises NotFound: for whoever does not sit at it there is none."""
    case_pid = await session.scalar(
        select(Case.pid).join(OfferRound, OfferRound.case_id == Case.id).where(OfferRound.pid == pid)
    )
    if case_pid is None:
        raise NotFound()
    view = await access.of_case(session, actor, case_pid)
    for table in await in_case(session, view):
        if table.row.pid == pid:
            return table
    raise NotFound()


async def _for_change(session: AsyncSession, actor: Actor, pid: str) -> Table:
    table = await for_reading(session, actor, pid)
    case = await access.lock(session, table.view.case.id)
    await session.refresh(table.row)
    _need_mediating(case)
    if table.row.state != "open":
        raise Conflict(_("这一轮已经结束了。请刷新页面。"), code="closed")
    return table


def _need_mediating(case: Case) -> None:
    if case.state != State.MEDIATING:
        raise Conflict(_("现在不是调解中，不能出价。"), code="not_mediating")


def _need_kind(table: Table, kind: str) -> None:
    if table.row.kind != kind:
        raise Conflict(_("这一轮不是这样出价的。请刷新页面。"), code="other_kind")


def _seat(table: Table) -> Party:
    """The party that offers or bids. Raises Forbidden for the mediator and for a general agent."""
    access.need_settler(table.view)
    if table.mine is None:
        raise Forbidden(_("只有付款和收款的双方能出价。"))
    return table.mine


# --- the mediator's steps -------------------------------------------------------------------------------------------


async def start(session: AsyncSession, actor: Actor, case_pid: str, wanted: RoundIn) -> OfferRound:
    """Begin a round. Raises NotFound, Forbidden, Conflict (not mediating, one runs), Invalid naming each field."""
    view = await access.of_case(session, actor, case_pid)
    access.need_mediator(view)
    wanted.check()
    case = await access.lock(session, view.case.id)
    _need_mediating(case)
    running = select(OfferRound.id).where(OfferRound.case_id == case.id, OfferRound.state == "open")
    if await session.scalar(running) is not None:
        raise Conflict(_("已经有一轮在进行。请先结束那一轮。"), code="running")
    parties = {party.pid: party for party in await content.principals(session, case)}
    if wrong := {name: pid for name, pid in (("payer", wanted.payer), ("payee", wanted.payee)) if pid not in parties}:
        raise Invalid({name: _("请从本案的当事人里选一位。") for name in wrong})
    if wanted.due_on is None:
        raise Invalid({"due_on": _("请写明谈成以后哪一天以前付清。")})
    row = OfferRound(
        case_id=case.id, kind=wanted.kind, carried=wanted.carried and wanted.kind == "open",
        payer_id=parties[wanted.payer].id, payee_id=parties[wanted.payee].id, about=wanted.about,
        due_on=wanted.due_on, tries=wanted.tries, started_by=actor.person_id,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    table = Table(view, row, parties[wanted.payer], parties[wanted.payee])
    how = "双方各写一个密封的数，碰上才公开" if row.kind == "blind" else "双方轮流出价"
    await _say(session, table, "agreement:round:started", f"调解员开始一轮出价：{row.about}。{how}。")
    await _happened(session, actor, table, "agreement:round:started")
    await _tell(session, actor, table, "agreement:round:started")
    return row


async def end(session: AsyncSession, actor: Actor, pid: str) -> OfferRound:
    """The mediator ends a round without a sum. Sealed numbers are deleted unopened."""
    table = await for_reading(session, actor, pid)
    access.need_mediator(table.view)
    table = await _for_change(session, actor, pid)
    await _close(session, table, "ended")
    await _say(session, table, "agreement:round:ended", "调解员结束了这一轮出价。")
    await _happened(session, actor, table, "agreement:round:ended")
    return table.row


async def open_bids(session: AsyncSession, actor: Actor, pid: str) -> OfferRound:
    """Look whether the sealed numbers meet. They do: the sum goes onto the board as a clause. They do not: both are
    deleted and both sides are told the same three words at the same moment.

    Raises NotFound, Forbidden, Conflict (somebody has not handed in yet: the mediator alone is told so).
    """
    table = await for_reading(session, actor, pid)
    access.need_mediator(table.view)
    table = await _for_change(session, actor, pid)
    _need_kind(table, "blind")
    row = table.row
    bids = {bid.party_id: int(bid.amount) for bid in await _bids(session, row)}
    if bids.keys() != {table.payer.id, table.payee.id}:
        raise Conflict(_("还有一方没有提交，现在不能打开。"), code="not_all")
    agreed = offer_rules.settled(bids[table.payee.id], bids[table.payer.id])
    row.tried += 1
    if agreed is not None:
        row.agreed_fen = agreed * 100
        await _close(session, table, "met")
        text = f"双方密封的数碰上了，金额是 {money(row.agreed_fen)}。"
        await _say(session, table, "agreement:round:met", text)
        await _happened(session, actor, table, "agreement:round:met")
        await _onto_the_board(session, actor, table)
        await _tell(session, actor, table, "agreement:round:met")
        return row
    if row.tried >= row.tries:
        await _close(session, table, "ended")
    else:
        await _delete_bids(session, row)
    text = "还没有碰上。" + ("这一轮结束了。" if row.state == "ended" else "可以各自再写一个数。")
    await _say(session, table, "agreement:round:missed", text)
    await _happened(session, actor, table, "agreement:round:missed")
    await _tell(session, actor, table, "agreement:round:missed")
    return row


async def show_on(session: AsyncSession, actor: Actor, pid: str) -> Offer:
    """The mediator carries an offer over to the other side. Raises NotFound, Forbidden, Conflict."""
    table, offer = await _offer(session, actor, pid)
    access.need_mediator(table.view)
    if offer.state != "given":
        raise Conflict(_("这个数对方已经看到了。"), code="shown")
    offer.state = "shown"
    await session.flush()
    party = await session.get_one(Party, offer.party_id)
    text = f"调解员转告：{who_is(party)}提出 {money(int(offer.amount))}（{table.row.about}）。"
    await _aside(session, table, table.other(party), "agreement:offer:shown", text)
    await _happened(session, actor, table, "agreement:offer:shown")
    return offer


# --- the parties' steps ---------------------------------------------------------------------------------------------


async def offer(session: AsyncSession, actor: Actor, pid: str, wanted: OfferIn) -> Offer:
    """A side names a sum. In a joint round all read it; in a carried one the mediator alone, until it is carried over.

    Raises NotFound, Forbidden, Conflict, Invalid."""
    table = await _for_change(session, actor, pid)
    _need_kind(table, "open")
    party = _seat(table)
    if wanted.amount is None:
        raise Invalid({"amount": _("请写一个金额。")})
    row = table.row
    given = await offers_of(session, row)
    newest = (given[-1].party_id, int(given[-1].amount), given[-1].aside or "") if given else ()
    if newest == (party.id, wanted.amount, wanted.aside):
        return given[-1]  # sent again, as after a lost answer: nobody is told the same sum twice
    if len(given) >= MOST_OFFERS:
        raise Conflict(_("这一轮出价次数太多了。请调解员结束这一轮。"), code="too_many")
    made = Offer(
        round_id=row.id, party_id=party.id, by_person_id=actor.person_id, amount=str(wanted.amount),
        aside=wanted.aside or None, state="given" if row.carried else "shown",
    )  # fmt: skip
    session.add(made)
    await session.flush()
    if row.carried:
        await _aside(session, table, party, "agreement:offer:made", f"{who_is(party)}出了一个数，只有调解员能看到。")
    else:
        text = f"{who_is(party)}提出：{money(wanted.amount)}（{row.about}）。"
        await _say(session, table, "agreement:offer:made", text)
    detail = {"case": table.view.case.pid}
    await audit.record(session, actor, "agreement:offer:made", "offer_round", row.pid, detail)
    db.poke(session, "cases", _screens(table, party) if row.carried else table.view.case.pid)
    await cases.tell_mediator(session, table.view.case, "agreement:offer:made")
    return made


async def accept(session: AsyncSession, actor: Actor, pid: str) -> OfferRound:
    """A side accepts what the other one offered: the sum becomes a proposal for the board.

    Raises NotFound (it was never shown to this side), Forbidden, Conflict (there is a newer one)."""
    table, given = await _offer(session, actor, pid)
    party = _seat(table)
    if given.party_id == party.id:
        raise Forbidden(_("这是您自己提出的数，要由对方来接受。"))
    row, case = table.row, table.view.case
    newest = [one for one in await offers_of(session, row) if one.party_id == given.party_id and one.state == "shown"]
    if newest[-1].id != given.id:
        raise Conflict(_("对方刚刚提出了新的数。请看新的数再决定。"), code="changed")
    given.state, row.agreed_fen = "accepted", int(given.amount)
    await _close(session, table, "met")
    by = await session.get_one(Party, given.party_id)
    session.add(
        ClauseProposal(
            case_id=case.id, side=by.side, audience="joint", by_party_id=by.id, by_person_id=given.by_person_id,
            said=_clause(table).model_dump_json(),
        )
    )  # fmt: skip
    await session.flush()
    text = f"{who_is(party)}接受了 {money(row.agreed_fen)}（{row.about}）。请调解员写进协议。"
    await _say(session, table, "agreement:offer:accepted", text)
    await _happened(session, actor, table, "agreement:offer:accepted")
    await cases.tell_mediator(session, case, "agreement:offer:accepted")
    return row


async def bid(session: AsyncSession, actor: Actor, pid: str, wanted: BidIn) -> None:
    """Hand in a sealed number, or another one in its place while it has not been opened. Nobody else learns of it, but
    the mediator that it is there. Raises NotFound, Forbidden, Conflict, Invalid."""
    table = await _for_change(session, actor, pid)
    _need_kind(table, "blind")
    party = _seat(table)
    if wanted.amount is None:
        raise Invalid({"amount": _("请写一个金额。")})
    if wanted.amount % 100:
        raise Invalid({"amount": _("请写整元，不写角和分。")})
    await session.execute(delete(BlindBid).where(BlindBid.round_id == table.row.id, BlindBid.party_id == party.id))
    session.add(BlindBid(round_id=table.row.id, party_id=party.id, amount=str(wanted.amount // 100)))
    await session.flush()
    if len(await handed_in(session, table.row)) == 2:
        text = "双方都提交了，可以打开看有没有碰上。请登录工作台查看。"
        await cases.tell_mediator(session, table.view.case, "agreement:round:ready", text)


# --- rows -----------------------------------------------------------------------------------------------------------


async def offers_of(session: AsyncSession, row: OfferRound) -> Sequence[Offer]:
    """The offers of a round, oldest first. Not for showing: `offer_docs` says who may see which."""
    return (await session.scalars(select(Offer).where(Offer.round_id == row.id).order_by(Offer.id))).all()


async def handed_in(session: AsyncSession, row: OfferRound) -> set[int]:
    """Whose sealed number is there. Of the numbers themselves there is no reading but the opening."""
    return set(await session.scalars(select(BlindBid.party_id).where(BlindBid.round_id == row.id)))


async def _bids(session: AsyncSession, row: OfferRound) -> Sequence[BlindBid]:
    return (await session.scalars(select(BlindBid).where(BlindBid.round_id == row.id))).all()


async def _delete_bids(session: AsyncSession, row: OfferRound) -> None:
    await session.execute(delete(BlindBid).where(BlindBid.round_id == row.id))
    await session.flush()


async def _close(session: AsyncSession, table: Table, state: str) -> None:
    table.row.state, table.row.closed_at = state, clock.now()
    await _delete_bids(session, table.row)


async def _offer(session: AsyncSession, actor: Actor, pid: str) -> tuple[Table, Offer]:
    """An offer this viewer may see, in a round that runs. Raises NotFound."""
    held = await session.scalar(
        select(OfferRound.pid).join(Offer, Offer.round_id == OfferRound.id).where(Offer.pid == pid)
    )
    if held is None:
        raise NotFound()
    table = await for_reading(session, actor, held)
    found = (await session.scalars(select(Offer).where(Offer.pid == pid))).one()
    if not sees(table, found):
        raise NotFound()
    table = await _for_change(session, actor, held)
    await session.refresh(found)
    return table, found


def sees(table: Table, found: Offer) -> bool:
    """Whether this viewer may know of the offer: its own side and the mediator always, the other once it is shown."""
    own = table.mine is not None and table.mine.id == found.party_id
    return table.mediates or own or found.state != "given"


def _clause(table: Table) -> ClauseIn:
    row = table.row
    return ClauseIn.model_construct(
        kind=Kind.PAY, obligor=table.payer.pid, obligee=table.payee.pid, amount=row.agreed_fen, due_on=row.due_on,
        text=f"{table.payer.name}向{table.payee.name}支付{row.about}。", manner="", place="", begins_on=None,
        recurring="", account="",
    )  # fmt: skip


async def _onto_the_board(session: AsyncSession, actor: Actor, table: Table) -> None:
    """The sum as a clause that both sides still answer; a draft is begun where there is none."""
    agreement = await access.current(session, table.view.case)
    if agreement is None or agreement.state != "drafting":
        agreement = await drafting.draft(session, actor, table.view.case.pid, DraftIn())
    await drafting.add_clause(session, actor, agreement.pid, _clause(table))


# --- telling --------------------------------------------------------------------------------------------------------


async def _say(session: AsyncSession, table: Table, tag: str, text: str) -> None:
    """A line that both sides read."""
    await cases.announce(session, table.view.case, tag, text, _link(table))


async def _aside(session: AsyncSession, table: Table, party: Party, tag: str, text: str) -> None:
    """A line in the private room of this side."""
    for room in await rooms.rooms_of(session, table.view.case.pid):
        if room.kind == RoomKind.PRIVATE and room.slot == party.side:
            await rooms.announce(session, room, tag, text, _link(table))


def _link(table: Table) -> str:
    return f"{link(table.view.case)}/offers"


def _screens(table: Table, party: Party) -> str:
    """The screens of one side and of the mediator: that something happened at all is nothing for the others."""
    return f"{table.view.case.pid}::{party.side}"


async def _happened(session: AsyncSession, actor: Actor, table: Table, tag: str) -> None:
    """The ledger, which names no number, and the screens of everybody."""
    detail = {"case": table.view.case.pid}
    await audit.record(session, actor, tag, "offer_round", table.row.pid, detail)
    db.poke(session, "cases", table.view.case.pid)


async def _tell(session: AsyncSession, actor: Actor, table: Table, tag: str) -> None:
    here = {table.payer.id, table.payee.id}
    states = [state for state in await cases.party_states(session, table.view.case) if state.row.id in here]
    await cases.tell_parties(session, table.view.case, states, tag, _TURN, but=actor.person_id, sms=False)
