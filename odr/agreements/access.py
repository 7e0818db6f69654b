"""The doors of agreements, promises and return visits: through the case, for its parties and those who handle it.

A centre's clerk sees where a case stands and never what was agreed; absent and forbidden look alike.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.agreements.models import Agreement, CourtRequest, PerformanceItem
from odr.cases import access as cases
from odr.cases.access import View
from odr.cases.codes import CaseRole, PartyRole, State
from odr.cases.models import Case, Party
from odr.core.errors import Conflict, Forbidden, NotFound
from odr.core.i18n import _


@dataclass(frozen=True)
class Place:
    """An agreement and the reader's place in its case."""

    view: View
    agreement: Agreement

    @property
    def case(self) -> Case:
        return self.view.case


async def of_case(session: AsyncSession, actor: Actor, case_pid: str) -> View:
    """The case, for those who may know what was agreed in it. Raises NotFound."""
    view = await cases.for_reading(session, actor, case_pid)
    if not (view.is_party or view.handles):
        raise NotFound()
    return view


async def lock(session: AsyncSession, case_id: int) -> Case:
    """The case row, locked: every change to an agreement goes through here, so edits, signatures and moves queue."""
    query = select(Case).where(Case.id == case_id).with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(query)).one()


async def current(session: AsyncSession, case: Case) -> Agreement | None:
    """The newest version, if there is one."""
    return (await current_of(session, [case.id])).get(case.id)


async def current_of(session: AsyncSession, case_ids: Collection[int]) -> dict[int, Agreement]:
    """The same for many cases; those without a version are left out. While a case stands by an agreement (its form is
    set), a draft that was left beside it counts for nothing."""
    query = (
        select(Agreement)
        .join(Case, Case.id == Agreement.case_id)
        .where(Agreement.case_id.in_(case_ids), or_(Case.form.is_(None), Agreement.state == "frozen"))
        .order_by(Agreement.version)
    )
    rows = await session.scalars(query.execution_options(populate_existing=True))
    return {row.case_id: row for row in rows}


async def for_reading(session: AsyncSession, actor: Actor, pid: str) -> Place:
    """One version of an agreement. Raises NotFound."""
    row = (
        await session.execute(
            select(Agreement, Case.pid).join(Case, Case.id == Agreement.case_id).where(Agreement.pid == pid)
        )
    ).first()
    if row is None:
        raise NotFound()
    agreement, case_pid = row
    return Place(await of_case(session, actor, case_pid), agreement)


async def for_change(session: AsyncSession, actor: Actor, pid: str) -> Place:
    """The same under the case's lock, read afresh. Raises NotFound, or Conflict for a version that was replaced."""
    place = await for_reading(session, actor, pid)
    await lock(session, place.case.id)
    await session.refresh(place.agreement)
    newest = await current(session, place.case)
    if newest is None or newest.id != place.agreement.id:
        raise Conflict(_("协议已经有了新的版本。请刷新页面，看最新的一版。"), code="replaced")
    return place


def need_mediator(view: View) -> None:
    """Raises Forbidden unless the viewer mediates this case."""
    if CaseRole.MEDIATOR not in view.roles:
        raise Forbidden(_("只有本案调解员能做这一步。"))


def need_handler(view: View) -> None:
    """Raises Forbidden unless the viewer mediates the case or is a clerk of its body."""
    if not view.handles:
        raise Forbidden(_("这一步由调解员或调委会工作人员来做。"))


def may_settle(view: View) -> bool:
    """A party itself, its guardian, or an agent with special authority (特别授权)."""
    party = view.party
    return party is not None and (party.role != PartyRole.AGENT or party.may_settle)


def need_settler(view: View) -> Party:
    """The party for whom the viewer may concede and sign. Raises Forbidden: a general agent may speak, not settle."""
    if view.party is None or view.principal is None:
        raise Forbidden(_("只有当事人能做这一步。"))
    if not may_settle(view):
        raise Forbidden(
            _("您是一般代理人，不能代为同意条款或签名。请当事人本人来做，或补办特别授权。"), code="authority_needed"
        )
    return view.principal


def need_drafting(place: Place) -> None:
    """Raises Conflict unless the case is being mediated and this version is still a draft."""
    if place.case.state != State.MEDIATING:
        raise Conflict(_("现在不是调解中，不能改协议草案。"), code="not_mediating")
    if place.agreement.state != "drafting":
        raise Conflict(_("协议已经定稿。要修改请先“退回修改”，已有的签名会作废。"), code="frozen")


async def for_drafting(session: AsyncSession, actor: Actor, pid: str) -> Place:
    """A draft its mediator may change, under lock. Raises NotFound, Forbidden, Conflict."""
    place = await for_change(session, actor, pid)
    need_mediator(place.view)
    need_drafting(place)
    return place


async def for_item(session: AsyncSession, actor: Actor, pid: str) -> tuple[View, PerformanceItem]:
    """One promise. Raises NotFound."""
    row = (
        await session.execute(
            select(PerformanceItem, Case.pid)
            .join(Case, Case.id == PerformanceItem.case_id)
            .where(PerformanceItem.pid == pid)
        )
    ).first()
    if row is None:
        raise NotFound()
    item, case_pid = row
    return await of_case(session, actor, case_pid), item


async def file_of_agreement(session: AsyncSession, actor: Actor, agreement_id: int) -> bool:
    """Whether the actor may open a file held by this agreement or by a signature on it."""
    case_pid = await session.scalar(
        select(Case.pid).join(Agreement, Agreement.case_id == Case.id).where(Agreement.id == agreement_id)
    )
    return case_pid is not None and await _reads(session, actor, case_pid)


async def file_of_item(session: AsyncSession, actor: Actor, item_id: int) -> bool:
    """Whether the actor may open the proof of this promise."""
    case_pid = await session.scalar(
        select(Case.pid).join(PerformanceItem, PerformanceItem.case_id == Case.id).where(PerformanceItem.id == item_id)
    )
    return case_pid is not None and await _reads(session, actor, case_pid)


async def file_of_court_request(session: AsyncSession, actor: Actor, request_id: int) -> bool:
    """Whether the actor may open the court's paper on this request."""
    case_pid = await session.scalar(
        select(Case.pid).join(CourtRequest, CourtRequest.case_id == Case.id).where(CourtRequest.id == request_id)
    )
    return case_pid is not None and await _reads(session, actor, case_pid)


async def file_of_court_pack(session: AsyncSession, actor: Actor, request_id: int) -> bool:
    """Whether the actor may open what was handed to the court, with everybody's numbers in it: its staff alone."""
    case_pid = await session.scalar(
        select(Case.pid).join(CourtRequest, CourtRequest.case_id == Case.id).where(CourtRequest.id == request_id)
    )
    return case_pid is not None and await _reads(session, actor, case_pid, handling=True)


async def file_of_court_proof(session: AsyncSession, actor: Actor, case_id: int) -> bool:
    """Whether the actor may open a proof of property that goes to the court: both sides ask, so both read it."""
    case_pid = await session.scalar(select(Case.pid).where(Case.id == case_id))
    return case_pid is not None and await _reads(session, actor, case_pid)


async def _reads(session: AsyncSession, actor: Actor, case_pid: str, *, handling: bool = False) -> bool:
    try:
        view = await of_case(session, actor, case_pid)
    except NotFound:
        return False
    return view.handles or not handling
