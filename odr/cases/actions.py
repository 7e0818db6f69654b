"""Every step somebody can make in a case, as a noun with the word it takes: one table for pages and JSON alike."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts import service as accounts
from odr.accounts.access import Actor
from odr.accounts.models import Person
from odr.bodies import service as bodies
from odr.cases import access, gates, invitations, moves, objections, routes, schemas
from odr.cases.access import Do, View
from odr.cases.codes import ConsentKind
from odr.cases.lifecycle import Move
from odr.cases.models import Party
from odr.core.errors import Forbidden, Invalid, NotFound
from odr.core.i18n import N_, _

_NO_TIES = "与各方当事人及其代理人没有亲属、利害或者其他可能影响公正的关系。"


@dataclass(frozen=True)
class Ctx:
    """One step being made."""

    session: AsyncSession
    view: View
    base_url: str

    @property
    def actor(self) -> Actor:
        return self.view.actor

    async def party(self, pid: str | None) -> Party:
        """The party named, or one's own. Raises NotFound for one of another case."""
        if pid is None:
            if self.view.principal is None:
                raise Invalid({"party": _("请选择是哪一位当事人。")})
            return self.view.principal
        found = await self.session.scalar(
            select(Party).where(Party.pid == pid, Party.case_id == self.view.case.id, Party.ended_at.is_(None))
        )
        if found is None:
            raise NotFound()
        return found


Doing = Callable[[Ctx, Any], Awaitable[None]]


@dataclass(frozen=True)
class Action:
    """A step: its address, who may (`act`), what it takes, and what its page says."""

    noun: str
    act: Move | Do
    schema: type[schemas.Act]
    do: Doing
    title: str
    button: str
    lead: str = ""
    danger: bool = False

    @property
    def heading(self) -> str:
        return _(self.title)

    @property
    def label(self) -> str:
        return _(self.button)

    @property
    def explanation(self) -> str:
        return _(self.lead) if self.lead else ""


ACTIONS: dict[str, Action] = {}


def _action(
    noun: str,
    act: Move | Do,
    schema: type[schemas.Act],
    title: str,
    button: str,
    lead: str = "",
    danger: bool = False,
) -> Callable[[Doing], Doing]:
    def register(do: Doing) -> Doing:
        ACTIONS[noun] = Action(noun, act, schema, do, title, button, lead, danger)
        return do

    return register


async def perform(ctx: Ctx, action: Action, data: schemas.Act) -> None:
    """Make the step. Raises what its door and its verb raise; Conflict on a stale version."""
    access.need(ctx.view, action.act)
    await moves.hold(ctx.session, ctx.view.case, data.version)
    await action.do(ctx, data)


# --- intake ---------------------------------------------------------------------------------------------------------


@_action(
    "confirmation", Do.CONFIRM_ENTRY, schemas.Confirmed, N_("确认这份申请"), N_("内容属实，确认申请"),
    N_("这份申请是别人帮您填的。请看一遍内容，属实就确认。"),
)  # fmt: skip
async def _confirm(ctx: Ctx, data: schemas.Confirmed) -> None:
    if (data.how == "self") is not ctx.view.is_party:
        raise Forbidden()
    await moves.confirm_entry(ctx.session, ctx.actor, ctx.view.case, data.how)


@_action(
    "supplement-requests", Move.REQUEST_SUPPLEMENT, schemas.Supplement, N_("请申请人补充材料"), N_("发出补充清单"),
    N_("只能要求一次，请把要补的一次写全，一行一项。"),
)  # fmt: skip
async def _request(ctx: Ctx, data: schemas.Supplement) -> None:
    await moves.request_supplement(ctx.session, ctx.actor, ctx.view.case, data.items)


@_action(
    "supplements", Move.RESUBMIT, schemas.Supplemented, N_("补充材料"), N_("补充好了，再次提交"),
    N_("请按清单补充。原来写的都保留，不用重写。"),
)  # fmt: skip
async def _resubmit(ctx: Ctx, data: schemas.Supplemented) -> None:
    await moves.resubmit(ctx.session, ctx.actor, ctx.view.case, data.facts)


@_action("lapse", Move.LAPSE, schemas.Nothing, N_("逾期未补，按撤回处理"), N_("按撤回处理"))
async def _lapse(ctx: Ctx, data: schemas.Nothing) -> None:
    await moves.lapse(ctx.session, ctx.actor, ctx.view.case)


@_action(
    "refusal", Move.REFUSE, schemas.Refused, N_("不予受理"), N_("不予受理，并告知理由"),
    N_("理由和其他解决途径会马上告知申请人。"), danger=True,
)  # fmt: skip
async def _refuse(ctx: Ctx, data: schemas.Refused) -> None:
    await moves.refuse(ctx.session, ctx.actor, ctx.view.case, data.ground, data.note)


@_action(
    "transfer", Move.TRANSFER, schemas.Transferred, N_("转给其他单位"), N_("登记转办"),
    N_("转给本平台以外的单位。当事人会看到转到了哪里。"),
)  # fmt: skip
async def _transfer(ctx: Ctx, data: schemas.Transferred) -> None:
    await moves.transfer(ctx.session, ctx.actor, ctx.view.case, data.target, data.receipt, data.note)


@_action("routing", Do.ROUTE, schemas.Routed, N_("选定办理的调委会"), N_("就由它办理"))
async def _route(ctx: Ctx, data: schemas.Routed) -> None:
    try:
        body = await bodies.body(ctx.session, data.body)
    except NotFound:
        raise Invalid({"body": _("请选择一个调委会。")}) from None
    await moves.route(ctx.session, ctx.actor, ctx.view.case, body.id, [data.why] if data.why else [])


@_action("acceptance", Move.ACCEPT, schemas.Nothing, N_("受理"), N_("受理，编案号"), N_("受理后编案号，并邀请对方。"))
async def _accept(ctx: Ctx, data: schemas.Nothing) -> None:
    await moves.accept(ctx.session, ctx.actor, ctx.view.case)
    await invitations.invite_everybody(ctx.session, ctx.actor, ctx.view.case, base_url=ctx.base_url)


@_action(
    "consultation", Move.CONSULT, schemas.Nothing, N_("先征询对方意愿"), N_("征询并邀请对方"),
    N_("先问对方愿不愿意，都同意了再受理。"),
)  # fmt: skip
async def _consult(ctx: Ctx, data: schemas.Nothing) -> None:
    await moves.consult(ctx.session, ctx.actor, ctx.view.case)
    await invitations.invite_everybody(ctx.session, ctx.actor, ctx.view.case, base_url=ctx.base_url)


# --- reaching the other side ----------------------------------------------------------------------------------------


@_action("invitations", Do.INVITE, schemas.Invited, N_("邀请当事人"), N_("发出新的邀请"))
async def _invite(ctx: Ctx, data: schemas.Invited) -> None:
    party = await ctx.party(data.party)
    await invitations.invite(ctx.session, ctx.actor, party, base_url=ctx.base_url)


@_action(
    "contacts", Do.NOTE_CONTACT, schemas.Contact, N_("记录一次联系"), N_("记下来"),
    N_("联系不上而结束的，要有联系记录。"),
)  # fmt: skip
async def _contact(ctx: Ctx, data: schemas.Contact) -> None:
    await invitations.note_contact(ctx.session, ctx.actor, await ctx.party(data.party), data.channel, data.result)


@_action(
    "agents", Do.ADD_AGENT, schemas.AgentAdded, N_("请人代理"), N_("添加代理人"),
    N_("代理人会收到单独的邀请。让步和签字要有特别授权。"),
)  # fmt: skip
async def _agent(ctx: Ctx, data: schemas.AgentAdded) -> None:
    named = schemas.AgentIn(name=data.name, phone=data.phone, role=data.role, may_settle=data.may_settle)
    agent = await invitations.add_agent(ctx.session, ctx.actor, ctx.view.case, await ctx.party(data.party), named)
    await invitations.send(ctx.session, ctx.actor, ctx.view.case, agent, base_url=ctx.base_url)


@_action("wills", Do.ANSWER_WILL, schemas.Answered, N_("是否参加调解"), N_("提交"))
async def _will(ctx: Ctx, data: schemas.Answered) -> None:
    party = await ctx.party(data.party)
    await gates.answer_will(
        ctx.session, ctx.actor, ctx.view.case, party, data.will, channel=data.channel, note=data.note
    )


@_action("consents", Do.PASS_GATE, schemas.Consent, N_("确认"), N_("确认"))
async def _consent(ctx: Ctx, data: schemas.Consent) -> None:
    party = await ctx.party(data.party)
    await gates.pass_gate(ctx.session, ctx.actor, party, data.kind, data.channel, shown=data.text_version)


@_action(
    "revocations", Do.PASS_GATE, schemas.Revoked, N_("撤回网上调解的同意"), N_("撤回同意"),
    N_("撤回后，改为电话或现场参加，已经谈过的都保留。"), danger=True,
)  # fmt: skip
async def _revoke(ctx: Ctx, data: schemas.Revoked) -> None:
    await gates.revoke_gate(ctx.session, ctx.actor, await ctx.party(data.party), ConsentKind(data.kind))


@_action(
    "offline", Do.ASK_OFFLINE, schemas.Offline, N_("改为电话或现场"), N_("改为电话或现场"),
    N_("工作人员会联系您约时间。已经谈过的都留在同一个案卷里，对方仍可以在网上参加。"),
)  # fmt: skip
async def _offline(ctx: Ctx, data: schemas.Offline) -> None:
    await gates.ask_offline(ctx.session, ctx.actor, await ctx.party(data.party), data.channel)


@_action(
    "routes-notices", Do.DELIVER_ROUTES, schemas.Delivered, N_("告知其他途径"), N_("登记已送达"),
    N_("当面、上门、邮寄或电话告知以后，在这里登记。"),
)  # fmt: skip
async def _routes(ctx: Ctx, data: schemas.Delivered) -> None:
    party = await ctx.party(data.party)
    await routes.deliver_routes_notice(ctx.session, ctx.actor, ctx.view.case, party, data.channel)


# --- the mediator ---------------------------------------------------------------------------------------------------


@_action("assignment", Move.ASSIGN, schemas.Assigned, N_("分配调解员"), N_("就请这位调解员"))
async def _assign(ctx: Ctx, data: schemas.Assigned) -> None:
    person = await _person(ctx, data.mediator)
    await moves.assign(ctx.session, ctx.actor, ctx.view.case, person.id, [data.why] if data.why else [])


async def _person(ctx: Ctx, pid: str) -> Person:
    try:
        return await accounts.person_by_pid(ctx.session, pid)
    except NotFound:
        raise Invalid({"mediator": _("请从本调委会的调解员名册里选择。")}) from None


@_action(
    "disclosure", Move.CONFIRM_ASSIGNMENT, schemas.Disclosed, N_("确认接手并披露"), N_("确认接手"),
    N_("您与当事人、代理人有没有亲属、利害或者其他关系？当事人会看到您的回答。"),
)  # fmt: skip
async def _disclose(ctx: Ctx, data: schemas.Disclosed) -> None:
    words = data.disclosure if data.related == "yes" else _NO_TIES + data.disclosure
    await moves.confirm_assignment(ctx.session, ctx.actor, ctx.view.case, words[:300])


@_action("declination", Move.DECLINE_ASSIGNMENT, schemas.Reasoned, N_("不接手这件"), N_("不接手"), danger=True)
async def _decline(ctx: Ctx, data: schemas.Reasoned) -> None:
    await moves.decline_assignment(ctx.session, ctx.actor, ctx.view.case, data.reason)


@_action("replacement", Move.REPLACE_MEDIATOR, schemas.Reasoned, N_("更换调解员"), N_("更换"), danger=True)
async def _replace(ctx: Ctx, data: schemas.Reasoned) -> None:
    await moves.replace_mediator(ctx.session, ctx.actor, ctx.view.case, data.reason)


@_action(
    "objections", Do.OBJECT, schemas.Objection, N_("不接受这位调解员"), N_("提出异议"),
    N_("调委会会答复您。答复之前，调解先停下来，对方不会知道是您提出的。"),
)  # fmt: skip
async def _object(ctx: Ctx, data: schemas.Objection) -> None:
    await objections.object_to_mediator(ctx.session, ctx.actor, ctx.view.case, data.ground, data.note)


@_action("objection-answers", Do.ANSWER_OBJECTION, schemas.ObjectionAnswer, N_("答复异议"), N_("答复"))
async def _answer(ctx: Ctx, data: schemas.ObjectionAnswer) -> None:
    await objections.answer_objection(ctx.session, ctx.actor, ctx.view.case, upheld=data.upheld, answer=data.answer)


@_action(
    "mediation", Move.START, schemas.Nothing, N_("开始调解"), N_("开始调解"),
    N_("各方都完成了确认。开始后，共同调解室打开。"),
)  # fmt: skip
async def _start(ctx: Ctx, data: schemas.Nothing) -> None:
    await moves.start(ctx.session, ctx.actor, ctx.view.case)


@_action("suspension", Move.SUSPEND, schemas.Suspension, N_("中止调解"), N_("中止"))
async def _suspend(ctx: Ctx, data: schemas.Suspension) -> None:
    await moves.suspend(ctx.session, ctx.actor, ctx.view.case, data.reason, data.note)


@_action("resumption", Move.RESUME, schemas.Nothing, N_("恢复调解"), N_("恢复"))
async def _resume(ctx: Ctx, data: schemas.Nothing) -> None:
    await moves.resume(ctx.session, ctx.actor, ctx.view.case)


@_action("extension", Move.EXTEND, schemas.Nothing, N_("延长调解期限"), N_("延长"), N_("要各方都同意才能延长。"))
async def _extend(ctx: Ctx, data: schemas.Nothing) -> None:
    await moves.extend(ctx.session, ctx.actor, ctx.view.case)


@_action(
    "mediation-anew", Move.MEDIATE_ANEW, schemas.Reasoned, N_("重新调解"), N_("重新调解，通知各方"),
    N_("法院没有确认协议，双方可以改好原来的协议，或者另写一份（人民调解法第三十三条）。原来的协议留在案卷里，新协议生效以前"
       "不变。各方都会收到通知，不愿意再谈的可以随时退出。"),
)  # fmt: skip
async def _anew(ctx: Ctx, data: schemas.Reasoned) -> None:
    await moves.mediate_anew(ctx.session, ctx.actor, ctx.view.case, data.reason)


@_action(
    "agreement-kept", Move.KEEP_AGREEMENT, schemas.Reasoned, N_("照原协议履行"), N_("不另写协议，照原协议履行"),
    N_("各方都愿意照原来的协议做，不再改。案件回到履行，没有写完的草案留着，不算数。"),
)  # fmt: skip
async def _keep(ctx: Ctx, data: schemas.Reasoned) -> None:
    await moves.keep_agreement(ctx.session, ctx.actor, ctx.view.case, data.reason)


# --- ends -----------------------------------------------------------------------------------------------------------


@_action(
    "withdrawal", Move.WITHDRAW, schemas.Withdrawal, N_("撤回申请"), N_("撤回申请"),
    N_("撤回后这件就结束了，以后还可以重新申请。"), danger=True,
)  # fmt: skip
async def _withdraw(ctx: Ctx, data: schemas.Withdrawal) -> None:
    await moves.withdraw(ctx.session, ctx.actor, ctx.view.case, data.note, result=data.result)


@_action(
    "exit", Move.OPT_OUT, schemas.Noted, N_("不再参加调解"), N_("不再参加，结束调解"),
    N_("这是您的权利，不用说明理由。结束后，您还可以仲裁、找行政机关或起诉。"), danger=True,
)  # fmt: skip
async def _exit(ctx: Ctx, data: schemas.Noted) -> None:
    await moves.opt_out(ctx.session, ctx.actor, ctx.view.case, data.note)


@_action(
    "ending", Move.END, schemas.Ended, N_("终止调解"), N_("终止，并告知其他途径"),
    N_("系统会把其他解决途径送达能联系上的当事人；其他人请先登记当面、邮寄或电话告知。"), danger=True,
)  # fmt: skip
async def _end(ctx: Ctx, data: schemas.Ended) -> None:
    await moves.end(ctx.session, ctx.actor, ctx.view.case, data.result, data.note)


@_action(
    "closing", Move.CLOSE, schemas.Nothing, N_("结案"), N_("结案"),
    N_("结案后，谈过的话和文书都保留；又有争议时，可以在原来的案件里重新打开。"),
)  # fmt: skip
async def _close(ctx: Ctx, data: schemas.Nothing) -> None:
    await moves.close(ctx.session, ctx.actor, ctx.view.case)


@_action("archiving", Move.ARCHIVE, schemas.Nothing, N_("归档"), N_("归档"))
async def _archive(ctx: Ctx, data: schemas.Nothing) -> None:
    await moves.archive(ctx.session, ctx.actor, ctx.view.case)


@_action(
    "reopening", Move.REOPEN, schemas.Reasoned, N_("重新打开"), N_("重新打开"),
    N_("又有争议时，在原来的案件里继续，案号不变。各方会再被问一次是否参加。"),
)  # fmt: skip
async def _reopen(ctx: Ctx, data: schemas.Reasoned) -> None:
    await moves.reopen(ctx.session, ctx.actor, ctx.view.case, data.reason)
