"""回访: made by the one who handled the case, party by party, or filled in by the party itself on a form it was sent.
The answers of one side stay from the other."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.agreements import access, content, visit_plan
from odr.agreements.models import ReturnVisit
from odr.agreements.performance_schemas import VisitFormIn
from odr.agreements.schemas import VisitIn
from odr.agreements.visit_models import DueVisit
from odr.agreements.visit_plan import handled_by
from odr.cases import service as cases
from odr.cases.access import View
from odr.cases.codes import CaseRole, Channel, Side, State
from odr.cases.models import Case, Party
from odr.core import clock
from odr.core.errors import Conflict, Forbidden, Invalid, NotFound
from odr.core.i18n import _

CHANNELS = (Channel.PHONE, Channel.VISIT, Channel.COUNTER, Channel.WEB)
AFTER = (State.PERFORMING, State.CONFIRMING, State.PERFORMED, State.FOLLOWED_UP, State.CLOSED, State.ARCHIVED)
_FORM = "请您花一分钟说说调解以后的情况：登录“我的纠纷”，打开“回访”。"
_CONFLICT = "一方填的回访表里提到新的矛盾，请登录工作台查看。"
_FILLED = "一方填好了回访表，请登录工作台查看。"


def may_visit(view: View, handler: int | None) -> bool:
    """The mediator who handled it; where there is none any more, a clerk of the body."""
    if view.is_party:
        return False
    return view.actor.person_id == handler or (handler is None and CaseRole.BODY_CLERK in view.roles)


async def _for_visiting(session: AsyncSession, actor: Actor, case_pid: str) -> tuple[View, Case]:
    view = await access.of_case(session, actor, case_pid)
    if not may_visit(view, await handled_by(session, view.case)):
        raise Forbidden(_("回访由办理这件纠纷的调解员来做。"))
    case = await access.lock(session, view.case.id)
    if case.state not in AFTER or case.form is None:
        raise Conflict(_("协议还没有进入履行，现在不用回访。"), code="too_early")
    return view, case


async def visit(session: AsyncSession, actor: Actor, case_pid: str, wanted: VisitIn) -> ReturnVisit:
    """Record a return visit; the last one that was missing completes the follow-up of the case.

    Raises NotFound, Forbidden (somebody else handled it), Conflict (no agreement in effect yet), Invalid.
    """
    view, case = await _for_visiting(session, actor, case_pid)
    parties = {party.pid: party for party in await content.principals(session, case)}
    if wanted.party not in parties:
        raise Invalid({"party": _("请选择回访了哪一位当事人。")})
    if wanted.channel not in CHANNELS:
        raise Invalid({"channel": _("请选择电话、上门、窗口或网页。")})
    party = parties[wanted.party]
    if (twin := await _twin(session, case, party, wanted)) is not None:
        return twin
    row = ReturnVisit(
        case_id=case.id, party_id=party.id, channel=wanted.channel, visited_at=wanted.visited_at,
        performed=wanted.performed, satisfaction=wanted.satisfaction, new_conflict=wanted.new_conflict,
        note=wanted.note, why=wanted.why, suit=wanted.suit, signs=list(wanted.signs), steps=wanted.steps,
        by_person_id=actor.person_id,
    )  # fmt: skip
    await _store(session, actor, view, case, row, party)
    return row


async def _twin(session: AsyncSession, case: Case, party: Party, wanted: VisitIn) -> ReturnVisit | None:
    """The same visit at the same time, as from a form that was sent again because its answer was lost."""
    query = select(ReturnVisit).where(
        ReturnVisit.case_id == case.id, ReturnVisit.party_id == party.id, ReturnVisit.channel == wanted.channel,
        ReturnVisit.visited_at == wanted.visited_at,
    )  # fmt: skip
    rows = await session.scalars(query.order_by(ReturnVisit.id))
    return next((row for row in rows if (row.note or "") == (wanted.note or "")), None)


async def _store(
    session: AsyncSession, actor: Actor, view: View, case: Case, row: ReturnVisit, party: Party
) -> None:  # fmt: skip
    session.add(row)
    await session.flush()
    await visit_plan.made(session, case, row)
    note = f"{Side(party.side).zh}自己填了回访表。" if row.filled_by is not None else f"回访了{Side(party.side).zh}。"
    await cases.event(
        session, actor, case, "visit:return:made", role=view.role, channel=row.channel, audience="staff",
        note=note, detail={"visit": row.pid, "new_conflict": row.new_conflict},
    )  # fmt: skip
    if case.state == State.PERFORMED and row.filled_by is None and await complete(session, case):
        await cases.follow_up(session, actor, case, channel=row.channel)


async def finish(session: AsyncSession, actor: Actor, case_pid: str) -> None:
    """完成回访 by hand: where a court's confirmation or a breach ended the case, or somebody can no longer be reached.

    Raises what the case's table raises: nothing visited, nothing ended."""
    view = await access.of_case(session, actor, case_pid)
    access.need_handler(view)
    await access.lock(session, view.case.id)
    await cases.follow_up(session, actor, view.case)


# --- the form -------------------------------------------------------------------------------------------------------


async def send_form(session: AsyncSession, actor: Actor, case_pid: str, party_pid: str) -> DueVisit:
    """Ask a party to fill in the form itself. One that was sent and waits is sent again. Raises what `visit` raises."""
    view, case = await _for_visiting(session, actor, case_pid)
    party = next((one for one in await content.principals(session, case) if one.pid == party_pid), None)
    if party is None:
        raise Invalid({"party": _("请选择请哪一位当事人填写。")})
    near = clock.today() + visit_plan.EARLY
    rows = [one for one in await visit_plan.open_of(session, [case.id]) if one.party_id == party.id]
    row = next((one for one in rows if one.form_sent_at is not None or one.due_on <= near), None)
    if row is None:
        row = await visit_plan.add(session, case, party, "asked", clock.today())
    states = [state for state in await cases.party_states(session, case) if state.row.id == party.id]
    if not any(state.people for state in states):
        raise Conflict(_("这一方没有在网上登录过，请打电话或者上门回访。"), code="unreachable")
    row.form_sent_at, row.form_sent_by = clock.now(), actor.person_id
    await session.flush()
    await cases.event(
        session, actor, case, "visit:form:sent", role=view.role, audience="staff",
        note=f"请{Side(party.side).zh}自己填写回访表。", detail={"due": row.pid},
    )  # fmt: skip
    await cases.tell_parties(session, case, states, "visit:form:sent", _FORM)
    return row


async def form_for(session: AsyncSession, view: View) -> DueVisit | None:
    """The form that waits for this party."""
    if view.principal is None:
        return None
    rows = await visit_plan.open_of(session, [view.case.id])
    return next((row for row in rows if row.party_id == view.principal.id and row.form_sent_at is not None), None)


async def fill(session: AsyncSession, actor: Actor, case_pid: str, wanted: VisitFormIn) -> ReturnVisit:
    """A party answers by itself. Its words are for those who handle the case. Raises NotFound, Conflict."""
    view = await access.of_case(session, actor, case_pid)
    if view.principal is None:
        raise NotFound()
    case = await access.lock(session, view.case.id)
    form = await form_for(session, view)
    if form is None or form.form_sent_by is None:
        raise Conflict(_("现在没有等您填写的回访表。谢谢您。"), code="no_form")
    row = ReturnVisit(
        case_id=case.id, party_id=view.principal.id, channel=Channel.WEB, visited_at=clock.now(),
        performed=wanted.performed, satisfaction=wanted.satisfaction, new_conflict=wanted.new_conflict,
        note=wanted.note, by_person_id=form.form_sent_by, filled_by=actor.person_id,
    )  # fmt: skip
    await _store(session, actor, view, case, row, view.principal)
    await cases.tell_mediator(session, case, "visit:form:filled", _CONFLICT if wanted.new_conflict else _FILLED)
    return row


# --- relapse --------------------------------------------------------------------------------------------------------


async def reopen(session: AsyncSession, actor: Actor, case_pid: str, visit_pid: str) -> None:
    """反复: a visit found a new quarrel, so the same case goes on, under its number. What stands between (follow-up,
    close) is made on the way. Raises NotFound, Forbidden, Conflict while the agreement is still being performed."""
    view = await access.of_case(session, actor, case_pid)
    access.need_handler(view)
    case = await access.lock(session, view.case.id)
    row = await session.scalar(select(ReturnVisit).where(ReturnVisit.pid == visit_pid, ReturnVisit.case_id == case.id))
    if row is None:
        raise NotFound()
    if State(case.state) in (State.PERFORMING, State.CONFIRMING):
        raise Conflict(
            _("协议还在履行，这件纠纷本来就开着。没有履行的，请在“履行”里登记；要再谈的，可以约一次会面。"),
            code="performing",
        )
    if case.state == State.PERFORMED:
        await cases.follow_up(session, actor, case)
    if case.state == State.FOLLOWED_UP:
        await cases.close(session, actor, case)
    on = clock.local(row.visited_at)
    await cases.reopen(session, actor, case, f"{on.year}年{on.month}月{on.day}日回访发现新的矛盾。")


# --- reading --------------------------------------------------------------------------------------------------------


async def visits_of(session: AsyncSession, view: View) -> Sequence[ReturnVisit]:
    """The visits this viewer may see: staff all, a party its own."""
    query = select(ReturnVisit).where(ReturnVisit.case_id == view.case.id)
    if view.is_party:
        query = query.where(ReturnVisit.party_id == (view.principal.id if view.principal is not None else 0))
    return list(await session.scalars(query.order_by(ReturnVisit.visited_at, ReturnVisit.id)))


async def visited_parties(session: AsyncSession, case: Case) -> set[int]:
    """The parties visited since the case was last opened again, or its agreement took effect."""
    return (await visited_by_case(session, [case.id])).get(case.id, set())


async def visited_by_case(session: AsyncSession, case_ids: Collection[int]) -> dict[int, set[int]]:
    """The same for many cases; those without a visit are left out."""
    opened, effect = await cases.reopenings(session, case_ids), await cases.in_effect_since(session, case_ids)
    found: dict[int, set[int]] = {}
    for row in await session.scalars(select(ReturnVisit).where(ReturnVisit.case_id.in_(case_ids))):
        again, since = opened.get(row.case_id), effect.get(row.case_id)
        if (again is None or row.created_at > again) and (since is None or row.created_at >= since):
            found.setdefault(row.case_id, set()).add(row.party_id)
    return found


async def complete(session: AsyncSession, case: Case) -> bool:
    """Whether every party was visited."""
    wanted = {party.id for party in await content.principals(session, case)}
    return wanted <= await visited_parties(session, case)
