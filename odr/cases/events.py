"""The timeline of a case: each act with its channel and place, and the sentence people read for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.models import Person
from odr.audit import service as audit
from odr.audit.who import Who
from odr.cases.access import View
from odr.cases.codes import CaseRole, Channel
from odr.cases.models import Case, CaseEvent
from odr.core import db
from odr.core.i18n import N_, _

ALL, STAFF = "all", "staff"

# What others ask for by name: with each of them the case began anew, or an agreement took effect.
REOPENED, MEDIATED_ANEW = "case:reopen:done", "case:mediate_anew:done"
TOOK_EFFECT = ("case:take_effect:done", "case:settle_oral:done")

# What a reader of the timeline sees for a tag; an event of another feature brings its own sentence as its note.
SENTENCES: Mapping[str, str] = {
    "case:submit:done": N_("提交了申请"),
    "case:entry:confirmed": N_("申请人确认了代填的申请"),
    "case:request_supplement:done": N_("通知申请人补充材料"),
    "case:resubmit:done": N_("补充后再次提交"),
    "case:lapse:done": N_("逾期没有补充，按撤回处理"),
    "case:refuse:done": N_("决定不予受理"),
    "case:transfer:done": N_("转给其他单位办理"),
    "case:route:done": N_("选定了办理的调委会"),
    "case:consult:done": N_("开始征询对方意愿"),
    "case:accept:done": N_("已受理，编了案号"),
    "case:assign:done": N_("分配了调解员"),
    "case:decline_assignment:done": N_("调解员没有接手，重新分配"),
    "case:confirm_assignment:done": N_("调解员确认接手，并作了披露"),
    "case:start:done": N_("调解开始"),
    "case:replace_mediator:done": N_("更换了调解员"),
    "case:suspend:done": N_("调解中止"),
    "case:resume:done": N_("调解恢复"),
    "case:extend:done": N_("各方同意，延长了期限"),
    "case:withdraw:done": N_("申请人撤回了申请"),
    "case:opt_out:done": N_("一方不再参加，调解结束"),
    "case:end:done": N_("调解终止"),
    "case:freeze:done": N_("协议定稿，等待签署"),
    "case:unfreeze:done": N_("协议退回修改"),
    "case:settle_oral:done": N_("口头协议生效"),
    "case:take_effect:done": N_("书面协议生效"),
    "case:start_performance:done": N_("进入履行"),
    "case:apply_confirmation:done": N_("提出了司法确认申请"),
    "case:record_court_result:done": N_("登记了法院的结果"),
    "case:mediate_anew:done": N_("法院没有确认协议，重新调解"),
    "case:keep_agreement:done": N_("没有另写协议，照原协议履行"),
    "case:record_breach:done": N_("登记了不履行的情况，并告知了处理办法"),
    "case:mark_performed:done": N_("约定的事项履行完毕"),
    "case:follow_up:done": N_("完成了回访"),
    "case:close:done": N_("案件已经结案"),
    "case:archive:done": N_("案卷已经归档"),
    "case:reopen:done": N_("案件重新打开了"),
    "case:file:added": N_("增加了一份材料"),
    "case:outcome:told": N_("把结果和理由告知了当事人"),
    "case:remedies:told": N_("告知了违约的处理办法"),
    "invitation:link:sent": N_("向一方发出了邀请"),
    "invitation:link:taken": N_("被邀请的一方核对后进入"),
    "invitation:name:mismatch": N_("有人打开邀请但没有核对上，请留意"),
    "invitation:link:reused": N_("用过的邀请又被另一个人打开，请留意"),
    "invitation:link:revoked": N_("核对错误太多，这份邀请已经作废"),
    "party:contact:noted": N_("记录了一次联系"),
    "party:will:agreed": N_("一方表示同意调解"),
    "party:will:refused": N_("一方表示不同意调解"),
    "party:gate:passed": N_("一方完成了一项确认"),
    "party:gate:revoked": N_("一方撤回了一项同意"),
    "party:court:agreed": N_("一方同意一起申请司法确认"),
    "party:court:revoked": N_("一方不再同意一起申请司法确认"),
    "party:anew:asked": N_("一方请调解员重新调解"),
    "court:certificate:issued": N_("出具了主持调解的证明"),
    "court:pack:received": N_("司法确认的材料已经送到法院"),
    "court:window:reminded": N_("提醒司法确认的期限"),
    "court:enforcement:reminded": N_("提醒申请强制执行的期限"),
    "party:offline:asked": N_("一方要求改为现场或电话参加"),
    "party:routes:told": N_("告知了其他解决途径"),
    "party:agent:added": N_("增加了代理人"),
    "mediator:objection:made": N_("一方对调解员提出了异议"),
    "mediator:objection:upheld": N_("异议成立，更换调解员"),
    "mediator:objection:dismissed": N_("异议已答复，继续由这位调解员办理"),
    "clock:due:soon": N_("有一个期限快到了"),
    "clock:due:over": N_("有一个期限已经过了"),
}


async def event(
    session: AsyncSession,
    who: Who,
    case: Case,
    tag: str,
    *,
    role: CaseRole | str = "",
    channel: str = Channel.WEB,
    place: str = "",
    audience: str = ALL,
    note: str = "",
    detail: Mapping[str, Any] | None = None,
    states: tuple[str | None, str | None] = (None, None),
) -> CaseEvent:
    """Add one act to the timeline and to the ledger, and wake whoever looks at the case.

    `audience`: all, staff, or one side. `note` is shown to that audience, `detail["reason"]` to staff alone; neither
    goes into the ledger.
    """
    row = CaseEvent(
        case_id=case.id, tag=tag, from_state=states[0], to_state=states[1], person_id=who.person_id,
        actor_role=str(role), channel=channel, place=place, audience=audience, note=note[:500],
        detail=dict(detail or {}),
    )  # fmt: skip
    session.add(row)
    await session.flush()
    ledger = {"channel": channel} | ({"from": states[0], "to": states[1]} if states[1] else {})
    await audit.record(session, who, tag, "case", case.pid, ledger)
    db.poke(session, "cases", case.pid if audience == ALL else f"{case.pid}::{audience}")
    return row


@dataclass(frozen=True)
class Entry:
    """One act as it is read."""

    tag: str
    text: str
    note: str
    by: str
    channel: str
    channel_label: str
    place: str
    at: datetime
    audience: str


async def timeline(session: AsyncSession, view: View) -> list[Entry]:
    """What this viewer may see of what happened, oldest first. A private act of one side is not there for the other,
    nor for a centre that has given the case on: it follows where a case stands, not what is said in confidence."""
    audiences = [ALL]
    if view.is_staff:
        audiences.append(STAFF)
        if view.handles or view.case.accepted_at is None:
            audiences += ["applicant", "respondent"]
    elif view.side is not None:
        audiences.append(view.side)
    query = (
        select(CaseEvent, Person.name)
        .outerjoin(Person, Person.id == CaseEvent.person_id)
        .where(CaseEvent.case_id == view.case.id, CaseEvent.audience.in_(audiences))
        .order_by(CaseEvent.id)
    )
    return [_entry(row, name, view) for row, name in await session.execute(query)]


def _entry(row: CaseEvent, name: str | None, view: View) -> Entry:
    sentence = SENTENCES.get(row.tag)
    by = _("系统") if row.person_id is None else name or ""
    if row.actor_role and view.is_party:
        # Parties see the hat, staff sees the hand.
        by = CaseRole(row.actor_role).label if row.actor_role in set(CaseRole) else by
    return Entry(
        tag=row.tag,
        text=_(sentence) if sentence else row.note,
        note=(row.note if sentence else "") or (str(row.detail.get("reason", "")) if view.is_staff else ""),
        by=by,
        channel=row.channel,
        channel_label=Channel(row.channel).label if row.channel in set(Channel) else row.channel,
        place=row.place,
        at=row.at,
        audience=row.audience,
    )
