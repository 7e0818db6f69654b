"""What must be true before a case may move: facts read from the rows, and pure predicates over them with their law."""

from collections.abc import Callable
from dataclasses import dataclass

from odr.cases.codes import (
    ALWAYS_WRITTEN,
    COURT_NO,
    AgreementForm,
    Category,
    CourtOutcome,
    CourtStage,
    Result,
    Side,
    Source,
    SourceGroup,
    SuspendReason,
    Will,
)
from odr.core.i18n import N_, _

REPRESENTATIVES = 5
"""At most so many people speak for one side (宁波市人民调解条例 Art. 20, 信访工作条例 Art. 20)."""


@dataclass(frozen=True)
class PartyFacts:
    """One party of a case, as far as the rules ask. An agent's acts are facts of the party the agent acts for."""

    side: Side
    will: Will = Will.UNKNOWN
    identity_checked: bool = False
    rights_notice: bool = False
    disclosure_seen: bool = False
    online_consent: bool = False
    offline: bool = False
    """Takes part on site or by telephone, so asks for no consent to online mediation (mixed mode, Art. 4, 16)."""
    guardian_missing: bool = False
    reachable: bool = True
    routes_notice: bool = False
    """The notice of arbitration, administrative and court routes was delivered (Art. 26)."""
    extension_agreed: bool = False
    court_requested: bool = False


@dataclass(frozen=True)
class Facts:
    """What the rules ask about a case, read from its rows at the moment of the move. A new case has none of it."""

    parties: tuple[PartyFacts, ...] = ()
    category: Category | None = None
    source: Source | None = None
    division: bool = False
    facts_told: bool = False
    claims: int = 0
    applicant_confirmed: bool = False
    """The applicant applied in person or confirmed what was entered for them (code, clerk's screen, call back)."""
    body_named: bool = False
    body_competent: bool = False
    supplement_asked: bool = False
    supplement_listed: bool = False
    reason_given: bool = False
    deadline_over: bool = False
    transfer_target: bool = False
    contact_attempts: int = 0
    mediator_named: bool = False
    mediator_confirmed: bool = False
    disclosure_made: bool = False
    open_objection: bool = False
    violence: bool = False
    suspend_reason: SuspendReason | None = None
    court_stage: CourtStage | None = None
    clauses: int = 0
    clauses_accepted: bool = False
    signed: frozenset[int] = frozenset()
    """The parties whose signature stands under the frozen agreement."""
    effect_complete: bool = False
    """`agreements.rules.effective_at` has an answer (Art. 29)."""
    writing_needed: bool = False
    """A party asks for writing, the matter is major or complex, or it is not performed on the spot."""
    oral_confirmed: bool = False
    """Every party confirmed the mediator's record of the oral agreement (Art. 28, 30)."""
    court_may_confirm: bool = False
    court_window_open: bool = False
    court_outcome: CourtOutcome | None = None
    agreement_form: AgreementForm | None = None
    """The form of the agreement in effect."""
    mediated_anew: bool = False
    """The case went back to mediation after the court's no, and no other agreement has taken effect since."""
    items_settled: bool = False
    """Every promise is performed or waived by the one it was made to."""
    breach_noted: bool = False
    remedies_told: bool = False
    visited: bool = False
    outcome_told: bool = False
    dossier_complete: bool = False
    accepted_before: bool = False


Test = Callable[[Facts, Result | None], bool]


@dataclass(frozen=True)
class Guard:
    """A condition by name, the rule it comes from, and the sentence a person reads when it is not met."""

    name: str
    law: str
    say: str
    met: Test

    @property
    def sentence(self) -> str:
        return _(self.say)


def both_sides(facts: Facts) -> bool:
    return {party.side for party in facts.parties} == set(Side)


def _every(holds: Callable[[PartyFacts], bool]) -> Test:
    return lambda facts, result: both_sides(facts) and all(holds(party) for party in facts.parties)


def _fact(holds: Callable[[Facts], bool]) -> Test:
    return lambda facts, result: holds(facts)


def _confirmed(facts: Facts) -> bool:
    """Proactive mediation starts without an application (Art. 17)."""
    proactive = facts.source is not None and facts.source.group is SourceGroup.PROACTIVE
    return facts.applicant_confirmed or proactive


def _few_enough(facts: Facts) -> bool:
    return all(sum(party.side is side for party in facts.parties) <= REPRESENTATIVES for side in Side)


def _routes_told(facts: Facts) -> bool:
    return all(party.routes_notice for party in facts.parties if party.reachable)


def _attempts_kept(facts: Facts, result: Result | None) -> bool:
    return result is not Result.UNREACHABLE or facts.contact_attempts > 0


def _time_is_over(facts: Facts, result: Result | None) -> bool:
    return result is not Result.TIMEOUT or facts.deadline_over


def _has_an_end(facts: Facts) -> bool:
    return (
        facts.items_settled or facts.court_outcome is CourtOutcome.VALID or (facts.breach_noted and facts.remedies_told)
    )


def oral_is_enough(facts: Facts) -> bool:
    """Labour and medical matters are always written; others when a party asks or the matter is not simple."""
    return not (facts.writing_needed or facts.category in ALWAYS_WRITTEN)


# Intake
TOLD = Guard("facts_told", "人民调解文书格式", N_("请先写下事情的经过。"), _fact(lambda f: f.facts_told))
CATEGORY = Guard("category", "统计报表", N_("还没有选择纠纷类型。请先选择。"), _fact(lambda f: f.category is not None))
SOURCE = Guard("source", "统计报表", N_("还没有填写案件来源。请先填写。"), _fact(lambda f: f.source is not None))
DIVISION = Guard(
    "division",
    "宁波条例 Art. 18",
    N_("还没有填写事情发生在哪个镇、街道或社区。请先填写。"),
    _fact(lambda f: f.division),
)
CLAIMS = Guard("claims", "人民调解文书格式", N_("还没有写明要求。请至少写一项。"), _fact(lambda f: f.claims > 0))
TWO_SIDES = Guard("two_sides", "Art. 17", N_("纠纷要有两方。请把对方补充完整。"), _fact(both_sides))
REPRESENTED = Guard(
    "representatives",
    "宁波条例 Art. 20, 信访工作条例 Art. 20",
    N_("一方参加的人太多了。请每一方推选不超过 5 名代表。"),
    _fact(_few_enough),
)
CONFIRMED = Guard(
    "applicant_confirmed",
    "Art. 17, 在线调解规则 Art. 8",
    N_("申请人还没有确认这份申请。请让申请人用验证码或在窗口屏幕上确认。"),
    _fact(_confirmed),
)
BODY = Guard("body_named", "Art. 8", N_("还没有选定由哪个调委会办理。请先选定。"), _fact(lambda f: f.body_named))
COMPETENT = Guard(
    "body_competent",
    "宁波条例 Art. 18",
    N_("这个调委会不办理这类纠纷，或不在它的地域。请换一个调委会，或者转办。"),
    _fact(lambda f: f.body_competent),
)
NOBODY_REFUSES = Guard(
    "nobody_refuses",
    "Art. 17",
    N_("有一方已经明确表示不愿调解，不能再往下办。"),
    _fact(lambda f: all(party.will is not Will.REFUSED for party in f.parties)),
)
FIRST_SUPPLEMENT = Guard(
    "first_supplement",
    "在线诉讼规则 Art. 9",
    N_("补充材料只能要求一次，这件已经要求过了。请受理，或者说明理由不予受理。"),
    _fact(lambda f: not f.supplement_asked),
)
LISTED = Guard(
    "supplement_listed",
    "在线诉讼规则 Art. 9",
    N_("请写明要补充哪些材料、哪一天以前交。"),
    _fact(lambda f: f.supplement_listed),
)
REASON = Guard("reason_given", "在线调解规则 Art. 15", N_("请写明理由。"), _fact(lambda f: f.reason_given))
OVERDUE = Guard("deadline_over", "D", N_("期限还没有到。请等到期限届满以后再办。"), _fact(lambda f: f.deadline_over))
TARGET = Guard(
    "transfer_target", "D", N_("请写明转给哪个单位，并附上对方的签收回执。"), _fact(lambda f: f.transfer_target)
)
ALL_AGREE = Guard(
    "all_agree", "Art. 17", N_("还有当事人没有表示同意调解。请等对方答复。"), _every(lambda p: p.will is Will.AGREED)
)

# Mediator
NAMED = Guard("mediator_named", "Art. 19", N_("还没有选定调解员。请先选定。"), _fact(lambda f: f.mediator_named))
DISCLOSED = Guard(
    "disclosure_made",
    "在线调解规则 Art. 13",
    N_("调解员还没有披露与当事人有没有关系。请先填写披露。"),
    _fact(lambda f: f.disclosure_made),
)
TAKEN_ON = Guard(
    "mediator_confirmed",
    "在线调解规则 Art. 12",
    N_("调解员还没有确认接手。请先确认。"),
    _fact(lambda f: f.mediator_confirmed),
)
NOT_YET_TAKEN = Guard(
    "not_yet_confirmed", "D", N_("已经确认接手了，不用再确认。"), _fact(lambda f: not f.mediator_confirmed)
)
NO_OBJECTION = Guard(
    "no_open_objection",
    "Art. 23, 在线调解规则 Art. 14",
    N_("有当事人对调解员提出了异议。请先答复，或更换调解员。"),
    _fact(lambda f: not f.open_objection),
)

# Each party, before the joint room
IDENTITY = Guard(
    "identity_checked",
    "在线调解规则 Art. 17, 网络安全法 Art. 24",
    N_("还有当事人没有核实身份。请先核实，可以在网上，也可以到窗口。"),
    _every(lambda p: p.identity_checked),
)
RIGHTS = Guard(
    "rights_notice",
    "Art. 23, 24",
    N_("还有当事人没有确认权利义务告知书。请先确认。"),
    _every(lambda p: p.rights_notice),
)
DISCLOSURE_SEEN = Guard(
    "disclosure_seen",
    "在线调解规则 Art. 13",
    N_("还有当事人没有看过调解员的披露。请先确认。"),
    _every(lambda p: p.disclosure_seen),
)
ONLINE = Guard(
    "online_consent",
    "在线调解规则 Art. 4, 16",
    N_("还有当事人没有同意在网上调解。可以先问清楚，也可以改为现场或电话参加。"),
    _every(lambda p: p.online_consent or p.offline),
)
GUARDIAN = Guard(
    "guardian",
    "民法典 Art. 19-23",
    N_("未成年人等要由监护人代为参加。请先补充监护人。"),
    _every(lambda p: not p.guardian_missing),
)
PEACEFUL = Guard(
    "no_violence",
    "反家庭暴力法 Art. 10",
    N_("这件纠纷涉及暴力，双方不进同一个房间。请用单独房间调解。"),
    _fact(lambda f: not f.violence),
)

# Mediation
SUSPEND_REASON = Guard(
    "suspend_reason", "在线调解规则 Art. 24", N_("请选择中止的原因。"), _fact(lambda f: f.suspend_reason is not None)
)
EXTENSION = Guard(
    "extension_agreed",
    "在线调解规则 Art. 24",
    N_("延长期限要各方都同意。还有当事人没有同意。"),
    _every(lambda p: p.extension_agreed),
)
ATTEMPTS = Guard(
    "contact_attempts",
    "在线调解规则 Art. 15",
    N_("请先记下联系过哪几次、用什么方式、结果怎样，再按联系不上结束。"),
    _attempts_kept,
)
TIME_OVER = Guard("time_over", "在线调解规则 Art. 25", N_("调解期限还没有到，不能按期限届满结束。"), _time_is_over)
ROUTES = Guard(
    "routes_notice",
    "Art. 26",
    N_("结束之前，要告知每一位当事人还可以仲裁、找行政机关或起诉。请先送达告知书。"),
    _fact(_routes_told),
)

# Agreement
CLAUSES = Guard(
    "clauses_accepted",
    "Art. 23, 29",
    N_("还有条款没有得到各方同意，不能定稿。请先逐条确认。"),
    _fact(lambda f: f.clauses > 0 and f.clauses_accepted),
)
ORAL_ALLOWED = Guard(
    "oral_allowed",
    "Art. 28, 劳动争议调解仲裁法 Art. 14, 医疗纠纷条例 Art. 39, 宁波条例 Art. 24",
    N_("这件纠纷要写成书面协议，不能只作口头协议。请起草协议条款。"),
    _fact(oral_is_enough),
)
ORAL_CONFIRMED = Guard(
    "oral_confirmed",
    "Art. 28, 30",
    N_("还有当事人没有确认口头协议的内容。请等各方确认。"),
    _fact(lambda f: f.oral_confirmed),
)
EFFECT = Guard(
    "effect_complete",
    "Art. 29",
    N_("签名和盖章还不齐，协议没有生效。要各方当事人、调解员签名，并由调委会盖章。"),
    _fact(lambda f: f.effect_complete),
)

# Afterwards
COURT_KIND = Guard(
    "court_may_confirm",
    "民诉法解释 Art. 355",
    N_("婚姻、亲子关系和权利归属，法院不予确认，这里不能申请。只涉及钱款的，请直接到法院询问。"),
    _fact(lambda f: f.court_may_confirm),
)
COURT_WINDOW = Guard(
    "court_window",
    "Art. 33, 民事诉讼法 Art. 205",
    N_("协议生效已经超过 30 天，不能再申请司法确认。不履行时可以起诉。"),
    _fact(lambda f: f.court_window_open),
)
COURT_JOINT = Guard(
    "court_joint",
    "Art. 33",
    N_("司法确认要双方一起申请。还有一方没有同意。"),
    _every(lambda p: p.court_requested),
)
COURT_OUTCOME = Guard(
    "court_outcome", "Art. 33", N_("请填写法院的结果。"), _fact(lambda f: f.court_outcome is not None)
)
COURT_SAID_NO = Guard(
    "court_said_no",
    "Art. 33, 民事诉讼法 Art. 206",
    N_("只有法院没有确认协议，才能这样重新调解。履行有困难的，可以请对方同意延期，或者请调解员约一次会面。"),
    _fact(lambda f: f.court_outcome in COURT_NO),
)
MEDIATED_ANEW = Guard(
    "mediated_anew",
    "D (Art. 31)",
    N_("这件还没有生效的协议可以照着履行。请先谈成协议。"),
    _fact(lambda f: f.mediated_anew and f.agreement_form is not None),
)
SETTLED = Guard(
    "items_settled",
    "Art. 31",
    N_("还有约定的事项没有履行完，或对方没有确认。请先逐项确认。"),
    _fact(lambda f: f.items_settled),
)
REMEDIES = Guard(
    "remedies_told",
    "Art. 31, 32",
    N_("请先告知各方：一方不履行时，可以就协议起诉；经法院确认的，可以申请强制执行。"),
    _fact(lambda f: f.remedies_told),
)
BREACH = Guard("breach_noted", "Art. 31", N_("请先记下哪一项没有履行。"), _fact(lambda f: f.breach_noted))
AN_END = Guard(
    "obligations_end",
    "D",
    N_("协议还没有履行完。履行完毕、法院确认有效，或告知违约的处理办法以后，才能回访结案。"),
    _fact(_has_an_end),
)
VISITED = Guard("visited", "人民调解文书格式", N_("还没有回访记录。请先回访。"), _fact(lambda f: f.visited))
OUTCOME_TOLD = Guard(
    "outcome_told", "在线调解规则 Art. 15", N_("请先把结果和理由告知当事人，再结案。"), _fact(lambda f: f.outcome_told)
)
DOSSIER = Guard(
    "dossier_complete",
    "人民调解文书格式",
    N_("卷宗材料还不齐，不能归档。请先补齐。"),
    _fact(lambda f: f.dossier_complete),
)
WAS_ACCEPTED = Guard(
    "accepted_before", "D", N_("这件没有受理过，不能重新打开。请重新提出申请。"), _fact(lambda f: f.accepted_before)
)

_JOINT_ROOM_EACH: tuple[tuple[Guard, Callable[[PartyFacts], bool]], ...] = (
    (IDENTITY, lambda party: party.identity_checked),
    (RIGHTS, lambda party: party.rights_notice),
    (DISCLOSURE_SEEN, lambda party: party.disclosure_seen),
    (ONLINE, lambda party: party.online_consent or party.offline),
)


@dataclass(frozen=True)
class Gap:
    """What is still missing before the joint room opens; `party` is the index in `Facts.parties`, None for the case."""

    guard: Guard
    party: int | None = None


def joint_room_gaps(facts: Facts) -> tuple[Gap, ...]:
    """Everything that keeps the joint room shut, party by party; empty when it may open (domain rule §4.2)."""
    of_case = tuple(
        Gap(guard) for guard in (TWO_SIDES, PEACEFUL, DISCLOSED, NO_OBJECTION) if not guard.met(facts, None)
    )
    of_parties = tuple(
        Gap(guard, index)
        for index, party in enumerate(facts.parties)
        for guard, passed in _JOINT_ROOM_EACH
        if not passed(party)
    )
    return of_case + of_parties
