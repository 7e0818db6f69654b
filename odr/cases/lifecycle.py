"""The life of a case as one pure table: which move leads from which state to which, who may make it, what must be true.

Nothing here reads a row or a clock. `service` gathers `Facts`, asks `step`, and writes what it says in one transaction.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from odr.cases import guards as g
from odr.cases.clocks import ClockKind, Origin, term
from odr.cases.codes import CaseRole, Coded, CourtOutcome, Result, State
from odr.cases.guards import Facts, Guard, PartyFacts
from odr.core.errors import Conflict
from odr.core.i18n import N_, _

__all__ = [
    "TABLE",
    "Facts",
    "Guard",
    "GuardFailed",
    "Move",
    "NoSuchMove",
    "PartyFacts",
    "Refusal",
    "ResultNeeded",
    "Row",
    "Start",
    "Step",
    "diagram",
    "failing",
    "may",
    "moves_for",
    "row",
    "step",
]


class Move(Coded):
    """Everything that moves a case. The word is what its button says."""

    SUBMIT = "submit", N_("提交申请")
    REQUEST_SUPPLEMENT = "request_supplement", N_("要求补充材料")
    RESUBMIT = "resubmit", N_("补充后再提交")
    LAPSE = "lapse", N_("逾期未补，视为撤回")
    REFUSE = "refuse", N_("不予受理")
    TRANSFER = "transfer", N_("转办")
    CONSULT = "consult", N_("征询对方意愿")
    ACCEPT = "accept", N_("受理")
    ASSIGN = "assign", N_("分配调解员")
    DECLINE_ASSIGNMENT = "decline_assignment", N_("不接手")
    CONFIRM_ASSIGNMENT = "confirm_assignment", N_("确认接手")
    START = "start", N_("开始调解")
    REPLACE_MEDIATOR = "replace_mediator", N_("更换调解员")
    SUSPEND = "suspend", N_("中止调解")
    RESUME = "resume", N_("恢复调解")
    EXTEND = "extend", N_("延长期限")
    WITHDRAW = "withdraw", N_("撤回申请")
    OPT_OUT = "opt_out", N_("不再调解")
    END = "end", N_("终止调解")
    FREEZE = "freeze", N_("协议定稿")
    UNFREEZE = "unfreeze", N_("退回修改")
    SETTLE_ORAL = "settle_oral", N_("口头协议生效")
    TAKE_EFFECT = "take_effect", N_("书面协议生效")
    START_PERFORMANCE = "start_performance", N_("进入履行")
    APPLY_CONFIRMATION = "apply_confirmation", N_("申请司法确认")
    RECORD_COURT_RESULT = "record_court_result", N_("登记法院结果")
    MEDIATE_ANEW = "mediate_anew", N_("重新调解")
    KEEP_AGREEMENT = "keep_agreement", N_("照原协议履行")
    RECORD_BREACH = "record_breach", N_("登记不履行")
    MARK_PERFORMED = "mark_performed", N_("履行完毕")
    FOLLOW_UP = "follow_up", N_("完成回访")
    CLOSE = "close", N_("结案")
    ARCHIVE = "archive", N_("归档")
    REOPEN = "reopen", N_("重新打开")


@dataclass(frozen=True)
class Row:
    """One line of the table. `results`: the codes this move may leave; none means it sets none, one means that one."""

    frm: State
    move: Move
    to: State
    who: frozenset[CaseRole]
    guards: tuple[Guard, ...] = ()
    results: tuple[Result, ...] = ()
    starts: tuple[ClockKind, ...] = ()
    stops: tuple[ClockKind, ...] = ()
    clears_result: bool = False


@dataclass(frozen=True)
class Start:
    """A clock to start, and from which moment it runs. Starting a clock that runs replaces it."""

    kind: ClockKind
    origin: Origin = Origin.NOW


@dataclass(frozen=True)
class Step:
    """What a move does: the new state, the result to write (`clears_result`: take it away), the clocks.

    `stops` come before `starts`: a kind in both is stopped and begins anew.
    """

    frm: State
    move: Move
    to: State
    result: Result | None
    starts: tuple[Start, ...]
    stops: tuple[ClockKind, ...]
    clears_result: bool


class Refusal(Conflict):
    """A move that cannot be made now."""


class NoSuchMove(Refusal):
    """The state has no such move (409)."""

    code = "no_such_move"

    def __init__(self, state: State, move: Move) -> None:
        self.state, self.move = state, move
        super().__init__(
            _(
                "现在是“%(state)s”，不能“%(move)s”。请刷新页面，看看到了哪一步。",
                state=state.label,
                move=move.label,
            )
        )


class GuardFailed(Refusal):
    """A condition is not met. `guard` is the first, `all` every one that fails, for a checklist."""

    def __init__(self, failing: tuple[Guard, ...]) -> None:
        self.guard, self.all = failing[0], failing
        super().__init__(self.guard.sentence, code=self.guard.name)


class ResultNeeded(Refusal):
    """This move leaves a result, and none of its own was named."""

    status = 422
    code = "result_needed"

    def __init__(self, allowed: tuple[Result, ...]) -> None:
        self.allowed = allowed
        super().__init__(_("请选择结束的原因。"))


_R = CaseRole
_APPLICANTS = frozenset({_R.APPLICANT, _R.APPLICANT_AGENT})
_RESPONDENTS = frozenset({_R.RESPONDENT, _R.RESPONDENT_AGENT})
_PARTIES = _APPLICANTS | _RESPONDENTS
_CLERKS = frozenset({_R.BODY_CLERK, _R.CENTRE_CLERK})
_BODY = frozenset({_R.BODY_CLERK})
_MEDIATOR = frozenset({_R.MEDIATOR})
_GRID = frozenset({_R.GRID_WORKER})
_SYSTEM = frozenset({_R.SYSTEM})

_ALL_CLOCKS = tuple(ClockKind)
_ACCEPTABLE = (
    g.TOLD,
    g.CATEGORY,
    g.SOURCE,
    g.DIVISION,
    g.CLAIMS,
    g.TWO_SIDES,
    g.REPRESENTED,
    g.CONFIRMED,
    g.BODY,
    g.COMPETENT,
    g.NOBODY_REFUSES,
)
_READY = (
    g.TAKEN_ON,
    g.DISCLOSED,
    g.NO_OBJECTION,
    g.ALL_AGREE,
    g.GUARDIAN,
    g.IDENTITY,
    g.RIGHTS,
    g.DISCLOSURE_SEEN,
    g.ONLINE,
)
_ENDING = (g.REASON, g.ATTEMPTS, g.TIME_OVER, g.ROUTES)
# A party's right to leave (Art. 23) asks for no reason. The notice of Art. 26 is issued by the service in the same
# transaction, so this guard never makes anybody wait.
_LEAVING = (g.ROUTES,)
_OWN_ACCORD = (Result.WITHDRAWN, Result.SETTLED_SELF)
_EARLY_ENDS = (
    Result.REFUSED,
    Result.UNREACHABLE,
    Result.ENDED_LAW,
    Result.SUSPECTED_FALSE,
    Result.DUPLICATE,
    Result.OTHER,
)
_LATE_ENDS = (
    Result.DEADLOCK,
    Result.TIMEOUT,
    Result.UNREACHABLE,
    Result.REFUSED,
    Result.ENDED_PARTY,
    Result.ENDED_LAW,
    Result.SUSPECTED_FALSE,
    Result.OTHER,
)


def _rows() -> Iterable[Row]:
    s, m, c = State, Move, ClockKind
    entered_for_another = _CLERKS | _GRID | _SYSTEM

    # Intake
    yield Row(s.DRAFT, m.SUBMIT, s.SUBMITTED, _APPLICANTS | entered_for_another, (g.TOLD,), starts=(c.ACCEPT,))
    yield Row(
        s.SUBMITTED,
        m.REQUEST_SUPPLEMENT,
        s.SUPPLEMENT,
        _CLERKS,
        (g.FIRST_SUPPLEMENT, g.LISTED),
        starts=(c.SUPPLEMENT,),
        stops=(c.ACCEPT,),
    )
    yield Row(
        s.SUPPLEMENT,
        m.RESUBMIT,
        s.SUBMITTED,
        _APPLICANTS | entered_for_another - _SYSTEM,
        (g.TOLD,),
        starts=(c.ACCEPT,),
        stops=(c.SUPPLEMENT,),
    )
    yield Row(
        s.SUPPLEMENT, m.LAPSE, s.WITHDRAWN, _CLERKS | _SYSTEM, (g.OVERDUE,), (Result.WITHDRAWN,), stops=_ALL_CLOCKS
    )
    for state in (s.SUBMITTED, s.CONSULTING):
        yield Row(
            state,
            m.REFUSE,
            s.NOT_ACCEPTED,
            _CLERKS,
            (g.REASON,),
            (Result.NOT_ACCEPTED, Result.DUPLICATE),
            stops=_ALL_CLOCKS,
        )
    for state in (s.SUBMITTED, s.CONSULTING, s.ACCEPTED, s.ASSIGNED):
        yield Row(state, m.TRANSFER, s.TRANSFERRED, _CLERKS, (g.TARGET,), (Result.TRANSFERRED,), stops=_ALL_CLOCKS)
    yield Row(
        s.SUBMITTED,
        m.CONSULT,
        s.CONSULTING,
        _CLERKS | _MEDIATOR,
        (g.TOLD, g.TWO_SIDES, g.CONFIRMED),
        starts=(c.CONTACT,),
        stops=(c.ACCEPT,),
    )
    yield Row(
        s.SUBMITTED,
        m.ACCEPT,
        s.ACCEPTED,
        _CLERKS,
        _ACCEPTABLE,
        starts=(c.CONTACT, c.CHOOSE, c.ASSIGN),
        stops=(c.ACCEPT,),
    )
    yield Row(
        s.CONSULTING,
        m.ACCEPT,
        s.ACCEPTED,
        _CLERKS,
        (*_ACCEPTABLE, g.ALL_AGREE),
        starts=(c.CHOOSE, c.ASSIGN),
        stops=(c.CONTACT,),
    )

    # The mediator
    yield Row(
        s.ACCEPTED,
        m.ASSIGN,
        s.ASSIGNED,
        _CLERKS | _SYSTEM,
        (g.NAMED, g.NOBODY_REFUSES),
        starts=(c.CONFIRM,),
        stops=(c.CHOOSE, c.ASSIGN),
    )
    yield Row(
        s.ASSIGNED,
        m.DECLINE_ASSIGNMENT,
        s.ACCEPTED,
        _MEDIATOR | _CLERKS | _SYSTEM,
        (g.REASON,),
        starts=(c.ASSIGN,),
        stops=(c.CONFIRM,),
    )
    yield Row(
        s.ASSIGNED,
        m.CONFIRM_ASSIGNMENT,
        s.ASSIGNED,
        _MEDIATOR,
        (g.NAMED, g.NOT_YET_TAKEN, g.DISCLOSED),
        stops=(c.CONFIRM,),
    )
    yield Row(s.ASSIGNED, m.START, s.MEDIATING, _MEDIATOR | _SYSTEM, _READY, stops=(c.CONTACT, c.CONFIRM))
    yield Row(
        s.MEDIATING, m.REPLACE_MEDIATOR, s.ACCEPTED, _CLERKS | _MEDIATOR, (g.REASON,), starts=(c.CHOOSE, c.ASSIGN)
    )

    # Mediation
    yield Row(s.MEDIATING, m.SUSPEND, s.SUSPENDED, _MEDIATOR | _BODY, (g.SUSPEND_REASON,))
    yield Row(s.SUSPENDED, m.RESUME, s.MEDIATING, _MEDIATOR | _BODY)
    yield Row(s.MEDIATING, m.EXTEND, s.MEDIATING, _MEDIATOR, (g.EXTENSION,))
    yield Row(
        s.MEDIATING,
        m.SETTLE_ORAL,
        s.EFFECTIVE,
        _SYSTEM,
        (g.ORAL_ALLOWED, g.NO_OBJECTION, g.ORAL_CONFIRMED),
        (Result.AGREED_ORAL,),
        starts=(c.COURT_REQUEST,),
        stops=(c.MEDIATE,),
    )
    yield Row(s.MEDIATING, m.FREEZE, s.SIGNING, _MEDIATOR, (g.CLAUSES, g.NO_OBJECTION))
    yield Row(s.SIGNING, m.UNFREEZE, s.MEDIATING, _MEDIATOR, (g.REASON,))
    yield Row(
        s.SIGNING,
        m.TAKE_EFFECT,
        s.EFFECTIVE,
        _SYSTEM,
        (g.EFFECT,),
        (Result.AGREED_WRITTEN,),
        starts=(c.COURT_REQUEST,),
        stops=(c.MEDIATE,),
    )

    # Ends without an agreement
    for state in (s.SUBMITTED, s.SUPPLEMENT, s.CONSULTING, s.ACCEPTED, s.ASSIGNED, s.MEDIATING, s.SUSPENDED, s.SIGNING):
        yield Row(state, m.WITHDRAW, s.WITHDRAWN, _APPLICANTS, (), _OWN_ACCORD, stops=_ALL_CLOCKS)
    for state in (s.CONSULTING, s.ACCEPTED, s.ASSIGNED):
        yield Row(state, m.OPT_OUT, s.FAILED, _RESPONDENTS, _LEAVING, (Result.REFUSED,), stops=_ALL_CLOCKS)
        yield Row(state, m.END, s.FAILED, _CLERKS | _MEDIATOR, _ENDING, _EARLY_ENDS, stops=_ALL_CLOCKS)
    for state in (s.MEDIATING, s.SUSPENDED):
        yield Row(state, m.OPT_OUT, s.FAILED, _PARTIES, _LEAVING, (Result.ENDED_PARTY,), stops=_ALL_CLOCKS)
        yield Row(state, m.END, s.FAILED, _MEDIATOR | _BODY, _ENDING, _LATE_ENDS, stops=_ALL_CLOCKS)
    yield Row(s.SIGNING, m.OPT_OUT, s.FAILED, _PARTIES, _LEAVING, (Result.SIGN_REFUSED,), stops=_ALL_CLOCKS)
    yield Row(
        s.SIGNING,
        m.END,
        s.FAILED,
        _MEDIATOR | _BODY,
        _ENDING,
        (Result.SIGN_REFUSED, Result.TIMEOUT, Result.UNREACHABLE, Result.ENDED_LAW, Result.SUSPECTED_FALSE),
        stops=_ALL_CLOCKS,
    )

    # After an agreement
    yield Row(s.EFFECTIVE, m.START_PERFORMANCE, s.PERFORMING, _MEDIATOR | _SYSTEM)
    for state in (s.EFFECTIVE, s.PERFORMING):
        yield Row(
            state,
            m.APPLY_CONFIRMATION,
            s.CONFIRMING,
            _PARTIES | _MEDIATOR | _BODY,
            (g.COURT_KIND, g.COURT_WINDOW, g.COURT_JOINT),
            starts=(c.COURT_DECISION,),
            stops=(c.COURT_REQUEST,),
        )
    yield Row(
        s.CONFIRMING,
        m.RECORD_COURT_RESULT,
        s.PERFORMING,
        _MEDIATOR | _BODY | _SYSTEM,
        (g.COURT_OUTCOME,),
        stops=(c.COURT_DECISION,),
    )
    # The court said no: the parties may change what they agreed, or agree on something else (Art. 33). The agreement
    # stays in the record; the case has no result while it is talked about, and the time for mediating begins anew.
    yield Row(
        s.PERFORMING,
        m.MEDIATE_ANEW,
        s.MEDIATING,
        _MEDIATOR | _BODY,
        (g.COURT_SAID_NO, g.REASON),
        starts=(c.MEDIATE,),
        stops=_ALL_CLOCKS,
        clears_result=True,
    )
    # Nothing is changed in the end: what was agreed binds as before, so the case goes back to performing it.
    yield Row(
        s.MEDIATING,
        m.KEEP_AGREEMENT,
        s.PERFORMING,
        _MEDIATOR | _BODY,
        (g.MEDIATED_ANEW, g.REASON),
        (Result.AGREED_WRITTEN, Result.AGREED_ORAL),
        stops=_ALL_CLOCKS,
    )
    yield Row(
        s.PERFORMING, m.RECORD_BREACH, s.PERFORMING, _MEDIATOR | _BODY, (g.BREACH, g.REMEDIES), starts=(c.FOLLOW_UP,)
    )
    yield Row(s.PERFORMING, m.MARK_PERFORMED, s.PERFORMED, _MEDIATOR | _SYSTEM, (g.SETTLED,), starts=(c.FOLLOW_UP,))
    for state in (s.PERFORMING, s.PERFORMED):
        yield Row(
            state,
            m.FOLLOW_UP,
            s.FOLLOWED_UP,
            _MEDIATOR | _BODY | _GRID,
            (g.AN_END, g.VISITED),
            stops=(c.FOLLOW_UP,),
        )

    # The file
    yield Row(
        s.FOLLOWED_UP,
        m.CLOSE,
        s.CLOSED,
        _MEDIATOR | _BODY,
        (g.AN_END, g.VISITED),
        starts=(c.REVISIT_FIRST, c.REVISIT_SECOND),
        stops=(c.COURT_REQUEST,),
    )
    yield Row(s.FAILED, m.CLOSE, s.CLOSED, _MEDIATOR | _CLERKS, (g.ROUTES,))
    for state in (s.WITHDRAWN, s.NOT_ACCEPTED, s.TRANSFERRED):
        yield Row(state, m.CLOSE, s.CLOSED, _MEDIATOR | _CLERKS, (g.OUTCOME_TOLD,))
    yield Row(s.CLOSED, m.ARCHIVE, s.ARCHIVED, _CLERKS | _SYSTEM, (g.DOSSIER,))
    # A relapse goes on in the same case. An archived file itself stays as it is: what follows is a further volume.
    for state in (s.CLOSED, s.ARCHIVED):
        yield Row(
            state,
            m.REOPEN,
            s.ACCEPTED,
            _CLERKS | _MEDIATOR,
            (g.WAS_ACCEPTED, g.REASON),
            starts=(c.CONTACT, c.CHOOSE, c.ASSIGN),
            stops=tuple(kind for kind in ClockKind if kind is not ClockKind.ENFORCE),
            clears_result=True,
        )


TABLE: Mapping[tuple[State, Move], Row] = {(row.frm, row.move): row for row in _rows()}


def row(state: State, move: Move) -> Row:
    """The line of the table; raises NoSuchMove (409) for a pair it does not hold."""
    try:
        return TABLE[state, move]
    except KeyError:
        raise NoSuchMove(state, move) from None


def may(state: State, move: Move, role: CaseRole) -> bool:
    """Whether somebody in this role may make the move here, conditions aside."""
    line = TABLE.get((state, move))
    return line is not None and role in line.who


def moves_for(state: State, role: CaseRole) -> tuple[Move, ...]:
    """The moves somebody in this role has here, in the order of the table: a page's buttons."""
    return tuple(move for (frm, move), line in TABLE.items() if frm is state and role in line.who)


def failing(state: State, move: Move, facts: Facts, result: Result | None = None) -> tuple[Guard, ...]:
    """Every condition that is not met, for a checklist beside the button. Raises NoSuchMove."""
    return tuple(guard for guard in row(state, move).guards if not guard.met(facts, result))


def step(state: State, move: Move, facts: Facts, result: Result | None = None) -> Step:
    """What this move does to a case in this state.

    Who makes it is the door's question (`may`). Raises NoSuchMove (409), ResultNeeded (422) when the move leaves a
    result and `result` is none of its own, GuardFailed (409, its code is the guard's name).
    """
    line = row(state, move)
    chosen = line.results[0] if result is None and len(line.results) == 1 else result
    if line.results and chosen not in line.results:
        raise ResultNeeded(line.results)
    if unmet := failing(state, move, facts, chosen):
        raise GuardFailed(unmet)
    return Step(
        frm=state,
        move=move,
        to=line.to,
        result=chosen if line.results else None,
        starts=tuple(Start(kind) for kind in line.starts) + _further_starts(move, facts),
        stops=line.stops + _further_stops(move, facts),
        clears_result=line.clears_result,
    )


_STAGES = {
    Move.SUBMIT: (Origin.APPLICATION,),
    Move.ACCEPT: (Origin.APPLICATION, Origin.ACCEPTANCE),
    Move.CONFIRM_ASSIGNMENT: (Origin.APPLICATION, Origin.ACCEPTANCE, Origin.FIRST_CONFIRMATION),
}


def _further_starts(move: Move, facts: Facts) -> tuple[Start, ...]:
    """Clocks whose start hangs on the facts: the time for mediation, and the one to enforce.

    The time for mediation runs from the application (labour), the acceptance (medical) or the mediator's first
    confirmation. It is set again at each of these moves, as the category may have been changed in between.
    """
    if move in _STAGES:
        origin = term(ClockKind.MEDIATE, facts.category, facts.court_stage).origin
        return (Start(ClockKind.MEDIATE, origin),) if origin in _STAGES[move] else ()
    if move is Move.RESUME and _stands_still(facts):
        return (Start(ClockKind.MEDIATE, Origin.RESUMPTION),)
    if move is Move.EXTEND:
        return (Start(ClockKind.MEDIATE, Origin.EXTENSION),)
    if move is Move.RECORD_BREACH and facts.court_outcome is CourtOutcome.VALID:
        return (Start(ClockKind.ENFORCE),)
    return ()


def _further_stops(move: Move, facts: Facts) -> tuple[ClockKind, ...]:
    return (ClockKind.MEDIATE,) if move is Move.SUSPEND and _stands_still(facts) else ()


def _stands_still(facts: Facts) -> bool:
    return facts.suspend_reason is not None and facts.suspend_reason.stops_clock


def diagram() -> str:
    """The table as a Mermaid state diagram, for the docs."""
    arrows: dict[tuple[State, State], list[str]] = {}
    for line in TABLE.values():
        arrows.setdefault((line.frm, line.to), []).append(line.move.value)
    drawn = [f"    {frm} --> {to}: {', '.join(moves)}" for (frm, to), moves in arrows.items()]
    return "\n".join(["stateDiagram-v2", f"    [*] --> {State.DRAFT}", *drawn, f"    {State.ARCHIVED} --> [*]"])
