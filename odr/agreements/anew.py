"""重新调解: after a court's no the parties may change what they agreed, or agree on something else (Art. 33).

The move itself is the case's. Here a party asks for it, the promises of the first agreement are taken up again where
nothing is changed, and what has become of them is told to who writes the next one.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.accounts.models import Role
from odr.agreements import access, papers, parts, performing, standing, visit_plan
from odr.agreements import performance_rules as rules
from odr.agreements.models import Agreement, CourtRequest, PerformanceItem
from odr.agreements.standing import Standing
from odr.audit import service as audit
from odr.audit.who import SYSTEM, Who
from odr.cases import service as cases
from odr.cases.access import mediated_by
from odr.cases.codes import COURT_NO, CaseRole, Channel, CourtOutcome, Side, State
from odr.cases.events import MEDIATED_ANEW, REOPENED, TOOK_EFFECT
from odr.cases.guards import Guard
from odr.cases.models import Case, CaseEvent
from odr.core import clock
from odr.core.errors import Conflict, Forbidden
from odr.core.i18n import _
from odr.core.templating import moment

ASKED = "party:anew:asked"
_ENDS = (MEDIATED_ANEW, *TOOK_EFFECT, REOPENED)
_NEWS = "您的调解有新进展，请登录“我的纠纷”查看。"
_DESK = "法院没有确认协议，有一方请您重新调解，请登录工作台查看。"


async def hindrance(session: AsyncSession, case: Case) -> Guard | None:
    """Which condition keeps the case from being mediated anew, in the state from which it can be."""
    facts = (await cases.gather(session, case, reason_given=True)).facts
    return next(iter(cases.failing(State.PERFORMING, cases.Move.MEDIATE_ANEW, facts)), None)


async def possible(session: AsyncSession, case: Case) -> bool:
    """Whether the case can be mediated anew now."""
    return case.state == State.PERFORMING and await hindrance(session, case) is None


async def ask(session: AsyncSession, actor: Actor, case_pid: str) -> None:
    """A party, or who speaks for it, asks the mediator to mediate anew. The other side reads it in the joint room; a
    repeat changes nothing. Raises NotFound, Forbidden (staff has the move itself), Conflict."""
    view = await access.of_case(session, actor, case_pid)
    if view.side is None:
        raise Forbidden(_("这一步由当事人来提。您可以直接重新调解。"))
    case = await access.lock(session, view.case.id)
    if case.state != State.PERFORMING:
        raise Conflict(_("现在是“%(state)s”，不用再提。", state=State(case.state).label), code="not_now")
    if (why := await hindrance(session, case)) is not None:
        raise Conflict(why.sentence, code=why.name)
    if view.side in await asked(session, case):
        return
    await cases.announce(session, case, ASKED, f"{view.side.zh}请调解员重新调解。", f"/cases/{case.pid}/court")
    note = f"{view.side.zh}提出的。"
    await cases.event(session, actor, case, ASKED, role=view.role, note=note, detail={"side": view.side.value})
    others = [one for one in await cases.party_states(session, case) if one.row.side != view.side]
    await cases.tell_parties(session, case, others, ASKED, _NEWS, but=actor.person_id, sms=False)
    await cases.tell_mediator(session, case, ASKED, _DESK)


async def asked(session: AsyncSession, case: Case) -> dict[Side, datetime]:
    """The sides that asked for it and wait, and since when."""
    return (await asked_in(session, [case.id])).get(case.id, {})


async def asked_in(session: AsyncSession, case_ids: Collection[int]) -> dict[int, dict[Side, datetime]]:
    """The same for many cases."""
    query = select(CaseEvent).where(CaseEvent.case_id.in_(case_ids), CaseEvent.tag.in_((ASKED, *_ENDS)))
    found: dict[int, dict[Side, datetime]] = {}
    for row in await session.scalars(query.order_by(CaseEvent.id)):
        waiting = found.setdefault(row.case_id, {})
        if row.tag == ASKED:
            waiting.setdefault(Side(row.detail["side"]), row.at)
        else:
            waiting.clear()
    return found


@cases.adds_work
async def work(session: AsyncSession, actor: Actor) -> list[dict[str, Any]]:
    """The cases of a mediator in which a side asks for it."""
    if not actor.has_role(Role.MEDIATOR):
        return []
    query = (
        select(Case)
        .join(CaseEvent, CaseEvent.case_id == Case.id)
        .where(Case.id.in_(mediated_by(actor)), Case.state == State.PERFORMING, CaseEvent.tag == ASKED)
        .order_by(Case.id)
    )
    rows = list((await session.scalars(query)).unique())
    waiting = await asked_in(session, [row.id for row in rows])
    return [
        {
            "text": _("请求重新调解：%(title)s", title=row.title),
            "note": _("%(who)s，%(when)s提出", who=_("、").join(side.label for side in sides),
                      when=moment(min(sides.values()))),
            "href": f"/cases/{row.pid}/court",
            "icon": "speech",
            "badge": _("等答复"),
            "tone": "attention",
        }
        for row in rows
        if (sides := waiting[row.id])
    ]  # fmt: skip


@cases.after(cases.Move.KEEP_AGREEMENT)
async def on_kept(session: AsyncSession, who: Who, case: Case) -> None:
    """The first agreement is performed again: what was written beside it counts for nothing, what came due meanwhile is
    late, visits are planned anew, and where all was kept in between that is the end of it."""
    await _drop_unfinished(session, who, case)
    items = [item for item in await performing.items_of(session, case) if item.state not in performing.SETTLED]
    for item in items:
        if item.state == "pending" and rules.days_late(item.due_on, item.state, clock.today(), performing.SETTLED):
            item.state = "late"
            await cases.event(
                session, SYSTEM, case, "performance:item:late", role=CaseRole.SYSTEM, channel=Channel.SYSTEM,
                note="有一项约定过期没有履行。", detail={"item": item.pid},
            )  # fmt: skip
    await visit_plan.after_items(session, case, items)
    if await performing.all_kept(session, case):
        await cases.mark_performed(session, who, case)


async def _drop_unfinished(session: AsyncSession, who: Who, case: Case) -> None:
    """A frozen text that never took effect is void. A draft stays a draft: nobody signs one (`access.current_of`)."""
    query = select(Agreement).where(Agreement.case_id == case.id, Agreement.state == "frozen")
    standings = await standing.of_all(session, list(await session.scalars(query)))
    for one in standings.values():
        if one.effective_at is None:
            one.agreement.state, one.agreement.void_reason = "void", "照原协议履行，这一份没有用。"
            detail = {"case": case.pid, "version": one.agreement.version}
            await audit.record(session, who, "agreement:text:voided", "agreement", one.agreement.pid, detail)
    await session.flush()


# --- for the next text ----------------------------------------------------------------------------------------------


async def told(session: AsyncSession, case: Case, effect: Standing) -> str:
    """What became of the agreement in effect, in the words of a paper: the court's no, and what was done of each
    promise. A further agreement says it among its facts, so that nothing that was paid is promised twice."""
    lines = []
    query = select(CourtRequest).where(CourtRequest.agreement_id == effect.agreement.id)
    row = (await session.scalars(query.order_by(CourtRequest.id.desc()).limit(1))).first()
    name = f"各方原来签订的{effect.agreement.agreement_no or ''}协议"
    if row is not None and row.outcome in COURT_NO and row.decided_on is not None:
        what = "裁定驳回司法确认申请" if row.outcome == CourtOutcome.REJECTED else "没有受理司法确认申请"
        lines.append(f"{name}，{papers.cn_date(row.decided_on)}由{row.court}{what}。")
    items = [item for item in await performing.items_of(session, case) if item.agreement_id == effect.agreement.id]
    lines += await _done(session, items)
    return "\n".join(lines)


async def _done(session: AsyncSession, items: Sequence[PerformanceItem]) -> list[str]:
    done = await parts.parts_of(session, items)
    words = {"done": "已经履行", "waived": "对方不再要求履行", "claimed": "一方说已经履行，对方还没有确认"}
    found = []
    for n, item in enumerate(items, start=1):
        sums = parts.sums_of(item, done[item.id])
        said = words.get(item.state, "")
        if sums is not None and sums.received and item.state != "done":
            said = f"已经付了{papers.yuan(sums.received)}，还有{papers.yuan(sums.open)}没有付"
        elif item.state == "part":
            said = "履行了一部分"
        if said:
            found.append(f"原协议第{n}项“{item.text}”：{said}。")
    return found
