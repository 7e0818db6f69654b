"""What comes next in a case, whose turn it is, until when, and what happens if nobody answers: a parcel's way (R4)."""

from collections.abc import Mapping
from dataclasses import dataclass

from odr.cases.clocks import ClockKind
from odr.cases.codes import COURT_NO, CaseRole, CourtOutcome, Side, State, Will
from odr.cases.guards import CONFIRMED, Facts, PartyFacts
from odr.core.i18n import N_, _

_R = CaseRole
_APPLICANT = (_R.APPLICANT, _R.APPLICANT_AGENT)
_RESPONDENT = (_R.RESPONDENT, _R.RESPONDENT_AGENT)
_PARTIES = _APPLICANT + _RESPONDENT
_CLERKS = (_R.BODY_CLERK, _R.CENTRE_CLERK)


@dataclass(frozen=True)
class Next:
    """One waiting step. `clock` names the deadline to show, if any; `whose` is empty when nothing is awaited."""

    whose: tuple[CaseRole, ...]
    says: str
    silence: str
    clock: ClockKind | None = None

    @property
    def text(self) -> str:
        return _(self.says)

    @property
    def otherwise(self) -> str:
        return _(self.silence)

    def is_turn_of(self, role: CaseRole) -> bool:
        return role in self.whose


_USUAL: Mapping[State, Next] = {
    State.DRAFT: Next(_APPLICANT, N_("请填完申请并提交。"), N_("草稿会一直保留，您可以换一部手机接着填。")),
    State.SUBMITTED: Next(
        _CLERKS,
        N_("工作人员正在看您的申请，会告诉您是否受理。"),
        N_("到期没有答复，上级中心会督促办理。"),
        ClockKind.ACCEPT,
    ),
    State.SUPPLEMENT: Next(
        _APPLICANT,
        N_("请按清单补充材料，补完再提交。"),
        N_("到期没有补充，按撤回处理；以后还可以重新申请。"),
        ClockKind.SUPPLEMENT,
    ),
    State.CONSULTING: Next(
        _RESPONDENT,
        N_("正在询问对方是否愿意调解。"),
        N_("到期没有答复，会再用电话或上门联系；联系不上就结束，并告知其他途径。"),
        ClockKind.CONTACT,
    ),
    State.ACCEPTED: Next(
        _CLERKS,
        N_("调委会正在安排调解员。双方想共同选一位的，请打电话告诉调委会。"),
        N_("到期没有安排，上级中心会督促办理。"),
        ClockKind.ASSIGN,
    ),
    State.ASSIGNED: Next(
        (_R.MEDIATOR,),
        N_("调解员要确认接手，并说明与当事人有没有关系。"),
        N_("到期没有确认，换下一位调解员。"),
        ClockKind.CONFIRM,
    ),
    State.MEDIATING: Next(
        (_R.MEDIATOR, *_PARTIES),
        N_("正在调解。请到调解室说明情况、商量办法。"),
        N_("到期没有谈成，可以经各方同意延长；不延长就结束，并告知其他途径。"),
        ClockKind.MEDIATE,
    ),
    State.SUSPENDED: Next(
        (_R.MEDIATOR,),
        N_("调解暂时停下，原因消除后恢复。"),
        N_("鉴定等时间不算在调解期限里。您仍然可以随时不再调解。"),
    ),
    State.SIGNING: Next(
        (*_PARTIES, _R.MEDIATOR, _R.BODY_CLERK),
        N_("协议已经定稿。请各方和调解员签名，最后由调委会盖章。"),
        N_("签名盖章不齐，协议不生效；一方不签的，调解结束，并告知其他途径。"),
        ClockKind.MEDIATE,
    ),
    State.EFFECTIVE: Next(
        (*_PARTIES, _R.MEDIATOR),
        N_("协议已经生效。请按约定履行；需要的，双方可以一起申请司法确认。"),
        N_("过了期限就不能再申请司法确认，协议仍然有效。"),
        ClockKind.COURT_REQUEST,
    ),
    State.PERFORMING: Next(
        _PARTIES,
        N_("请按约定的日期履行，并上传凭证；收到的一方请确认。"),
        N_("到期没有履行，调解员会督促；仍不履行的，可以起诉，经法院确认的可以申请强制执行。"),
    ),
    State.CONFIRMING: Next(
        (_R.MEDIATOR, _R.BODY_CLERK),
        N_("法院正在审查协议，可能会给双方打电话核实。"),
        N_("这是法院的期限，仅供参考。协议在这期间仍然有效。"),
        ClockKind.COURT_DECISION,
    ),
    State.PERFORMED: Next(
        (_R.MEDIATOR, _R.BODY_CLERK, _R.GRID_WORKER),
        N_("协议已经履行。办理的人会回访，听听您的意见。"),
        N_("到期没有回访，上级中心会督促。"),
        ClockKind.FOLLOW_UP,
    ),
    State.FOLLOWED_UP: Next(
        (_R.MEDIATOR, _R.BODY_CLERK), N_("回访已经做完，等待结案。"), N_("没有结案之前，您仍然可以在这里留言。")
    ),
    State.CLOSED: Next((), N_("已经结案。又有争议时，可以请调委会重新打开。"), N_("不需要您做什么。")),
    State.ARCHIVED: Next(
        (), N_("材料已经归档，您可以查看。又有争议时，可以请调委会重新打开。"), N_("不需要您做什么。")
    ),
    State.NOT_ACCEPTED: Next(
        _CLERKS, N_("这件不予受理。理由和其他途径会告诉您。"), N_("您可以直接仲裁、找行政机关或起诉。")
    ),
    State.TRANSFERRED: Next(
        _CLERKS, N_("已经转给更合适的单位办理，去向会告诉您。"), N_("对方单位没有联系您的，请打中心电话。")
    ),
    State.WITHDRAWN: Next((*_CLERKS, _R.MEDIATOR), N_("申请已经撤回，等待结案。"), N_("以后还可以重新申请。")),
    State.FAILED: Next(
        (*_CLERKS, _R.MEDIATOR),
        N_("调解已经结束，没有达成协议。您还可以仲裁、找行政机关或起诉。"),
        N_("请留意仲裁和起诉的期限。"),
    ),
}

_CONFIRM_ENTRY = Next(
    _APPLICANT,
    N_("这份申请是别人帮您填的。请您确认内容。"),
    N_("没有确认之前不能受理。"),
    ClockKind.ACCEPT,
)
_BEFORE_ROOM_SAYS = N_("请确认身份、阅读告知书、同意参加。都完成后调解室就打开。")
_BEFORE_ROOM_SILENCE = N_("没有完成的一方，调解员会打电话或上门；到期仍联系不上就结束，并告知其他途径。")
_OPENING = Next(
    (_R.MEDIATOR,), N_("各方都准备好了，调解员马上开始调解。"), N_("到期没有开始，上级中心会督促。"), ClockKind.MEDIATE
)
_BREACHED = Next(
    (_R.MEDIATOR, _R.BODY_CLERK),
    N_("有约定没有履行，处理办法已经告诉您。办理的人会回访。"),
    N_("您可以就协议起诉；经法院确认的，可以申请强制执行。"),
    ClockKind.FOLLOW_UP,
)
_COURT_SILENCE = N_("过了期限就不能再申请司法确认，协议仍然有效。")
_COURT_ASKED = N_("一方同意一起请法院确认协议，等另一方决定。约定的事照常履行。")
_TO_COURT = Next(
    (_R.MEDIATOR, _R.BODY_CLERK),
    N_("各方都同意申请司法确认，工作人员会把申请送到法院。约定的事照常履行。"),
    _COURT_SILENCE,
    ClockKind.COURT_REQUEST,
)


_COURT_NO = Next(
    (*_PARTIES, _R.MEDIATOR, _R.BODY_CLERK),
    N_("法院没有确认协议。双方可以请调解员重新调解，改好或者另写一份；也可以起诉，或者仍然照着做。"),
    N_("不重新调解的，已经做到的都算数；有争议的，由法院在诉讼里认定。"),
)
_ANEW = Next(
    (_R.MEDIATOR, *_PARTIES),
    N_("法院没有确认协议，正在重新调解。请到调解室商量：改好原来的协议，或者另写一份。"),
    N_("没有谈成的，可以照原协议履行，也可以起诉。原来的协议和已经做到的都留在案卷里。"),
    ClockKind.MEDIATE,
)
_ENDED_ANEW = Next(
    (*_CLERKS, _R.MEDIATOR),
    N_("重新调解结束了，没有谈成新的协议。您可以仲裁、找行政机关或起诉。"),
    N_("法院没有确认的那份协议和已经做到的，都留在案卷里。请留意仲裁和起诉的期限。"),
)


def next_step(state: State, facts: Facts | None = None) -> Next:
    """The step a case waits for. With `facts` it also tells apart what one state holds: who still has which gate."""
    if facts is None:
        return _USUAL[state]
    if state is State.SUBMITTED and not CONFIRMED.met(facts, None):
        return _CONFIRM_ENTRY
    if state is State.ASSIGNED and facts.mediator_confirmed:
        waiting = tuple(role for side in Side if _waits(facts, side) for role in _roles(side))
        return Next(waiting, _BEFORE_ROOM_SAYS, _BEFORE_ROOM_SILENCE, ClockKind.MEDIATE) if waiting else _OPENING
    if state is State.PERFORMING and facts.breach_noted and facts.remedies_told:
        return _BREACHED
    if facts.mediated_anew and state in (State.MEDIATING, State.FAILED):
        return _ANEW if state is State.MEDIATING else _ENDED_ANEW
    return court_step(state, facts) or (_COURT_NO if court_said_no(state, facts) else _USUAL[state])


def court_said_no(state: State, facts: Facts) -> bool:
    """Whether the parties have to choose what follows a court's no: not once they kept the agreement after all."""
    return state is State.PERFORMING and facts.court_outcome in COURT_NO and not facts.mediated_anew


def court_step(state: State, facts: Facts) -> Next | None:
    """What a joint request to the court waits for once a party agreed to it: the other side, or who files it."""
    asked = any(party.court_requested for party in facts.parties)
    possible = facts.court_may_confirm and facts.court_window_open and facts.court_outcome is not CourtOutcome.VALID
    if state not in (State.EFFECTIVE, State.PERFORMING) or not (asked and possible):
        return None
    open_sides = [side for side in Side if any(p.side is side and not p.court_requested for p in facts.parties)]
    if not open_sides:
        return _TO_COURT
    waiting = tuple(role for side in open_sides for role in _roles(side))
    return Next(waiting, _COURT_ASKED, _COURT_SILENCE, ClockKind.COURT_REQUEST)


def _roles(side: Side) -> tuple[CaseRole, ...]:
    return _APPLICANT if side is Side.APPLICANT else _RESPONDENT


def _waits(facts: Facts, side: Side) -> bool:
    return any(party.side is side and not _ready(party) for party in facts.parties)


def _ready(party: PartyFacts) -> bool:
    return (
        party.will is Will.AGREED
        and party.identity_checked
        and party.rights_notice
        and party.disclosure_seen
        and (party.online_consent or party.offline)
    )
