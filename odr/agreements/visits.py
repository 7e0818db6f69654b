"""回访: recorded by the one who handled the case, party by party; the answers of one side stay from the other."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.agreements import access, content
from odr.agreements.models import ReturnVisit
from odr.agreements.schemas import VisitIn
from odr.cases import service as cases
from odr.cases.access import View
from odr.cases.codes import CaseRole, Channel, Side, State
from odr.cases.models import Assignment, Case
from odr.core.errors import Conflict, Forbidden, Invalid
from odr.core.i18n import _

CHANNELS = (Channel.PHONE, Channel.VISIT, Channel.COUNTER, Channel.WEB)
AFTER = (State.PERFORMING, State.CONFIRMING, State.PERFORMED, State.FOLLOWED_UP, State.CLOSED)


async def handled_by(session: AsyncSession, case: Case) -> int | None:
    """The person who handled the case: the lead of its last assignment (谁办理、谁回访)."""
    query = select(Assignment.person_id).where(Assignment.case_id == case.id, Assignment.confirmed_at.is_not(None))
    found: int | None = await session.scalar(query.order_by(Assignment.lead.desc(), Assignment.id.desc()).limit(1))
    return found


def may_visit(view: View, handler: int | None) -> bool:
    """The mediator who handled it; where there is none any more, a clerk of the body."""
    if view.is_party:
        return False
    return view.actor.person_id == handler or (handler is None and CaseRole.BODY_CLERK in view.roles)


async def visit(session: AsyncSession, actor: Actor, case_pid: str, wanted: VisitIn) -> ReturnVisit:
    """Record a return visit; the last one that was missing completes the follow-up of the case.

    Raises NotFound, Forbidden (somebody else handled it), Conflict (no agreement in effect yet), Invalid.
    """
    view = await access.of_case(session, actor, case_pid)
    if not may_visit(view, await handled_by(session, view.case)):
        raise Forbidden(_("回访由办理这件纠纷的调解员来做。"))
    case = await access.lock(session, view.case.id)
    if case.state not in AFTER:
        raise Conflict(_("协议还没有进入履行，现在不用回访。"), code="too_early")
    parties = {party.pid: party for party in await content.principals(session, case)}
    if wanted.party not in parties:
        raise Invalid({"party": _("请选择回访了哪一位当事人。")})
    if wanted.channel not in CHANNELS:
        raise Invalid({"channel": _("请选择电话、上门、窗口或网页。")})
    party = parties[wanted.party]
    row = ReturnVisit(
        case_id=case.id, party_id=party.id, channel=wanted.channel, visited_at=wanted.visited_at,
        performed=wanted.performed, satisfaction=wanted.satisfaction, new_conflict=wanted.new_conflict,
        note=wanted.note, by_person_id=actor.person_id,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    await cases.event(
        session, actor, case, "visit:return:made", role=view.role, channel=wanted.channel, audience="staff",
        note=f"回访了{Side(party.side).zh}。", detail={"visit": row.pid, "new_conflict": wanted.new_conflict},
    )  # fmt: skip
    if case.state == State.PERFORMED and await complete(session, case):
        await cases.follow_up(session, actor, case, channel=wanted.channel)
    return row


async def finish(session: AsyncSession, actor: Actor, case_pid: str) -> None:
    """完成回访 by hand: where a court's confirmation or a breach ended the case, or somebody can no longer be reached.

    Raises what the case's table raises: nothing visited, nothing ended."""
    view = await access.of_case(session, actor, case_pid)
    access.need_handler(view)
    await access.lock(session, view.case.id)
    await cases.follow_up(session, actor, view.case)


async def visits_of(session: AsyncSession, view: View) -> Sequence[ReturnVisit]:
    """The visits this viewer may see: staff all, a party its own."""
    query = select(ReturnVisit).where(ReturnVisit.case_id == view.case.id)
    if view.is_party:
        query = query.where(ReturnVisit.party_id == (view.principal.id if view.principal is not None else 0))
    return list(await session.scalars(query.order_by(ReturnVisit.visited_at, ReturnVisit.id)))


async def visited_parties(session: AsyncSession, case: Case) -> set[int]:
    """The parties visited since the case was last opened again."""
    return (await visited_by_case(session, [case.id])).get(case.id, set())


async def visited_by_case(session: AsyncSession, case_ids: Collection[int]) -> dict[int, set[int]]:
    """The same for many cases; those without a visit are left out."""
    opened = await cases.reopenings(session, case_ids)
    found: dict[int, set[int]] = {}
    for row in await session.scalars(select(ReturnVisit).where(ReturnVisit.case_id.in_(case_ids))):
        if (since := opened.get(row.case_id)) is None or row.created_at > since:
            found.setdefault(row.case_id, set()).add(row.party_id)
    return found


async def complete(session: AsyncSession, case: Case) -> bool:
    """Whether every party was visited."""
    wanted = {party.id for party in await content.principals(session, case)}
    return wanted <= await visited_parties(session, case)
