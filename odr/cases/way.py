"""A case shown like a parcel on its way: what is done, where it is, whose turn, by when, and what if nobody answers."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.cases import deadlines, gates
from odr.cases.access import PARTY_ROLES, STAFF_ROLES, View
from odr.cases.codes import CaseRole, ConsentKind, Result, Side, State, Will
from odr.cases.facts import Gathered, gather, gather_all
from odr.cases.guards import CONFIRMED
from odr.cases.lifecycle import Move
from odr.cases.models import CaseClock, CaseEvent
from odr.cases.next_steps import Next, court_said_no, court_step, next_step
from odr.core.i18n import N_, _

_S = State
_STAGES: tuple[tuple[str, tuple[State, ...], str], ...] = (
    (N_("提交申请"), (_S.DRAFT,), "case:submit:done"),
    (N_("受理"), (_S.SUBMITTED, _S.SUPPLEMENT, _S.CONSULTING), "case:accept:done"),
    (N_("安排调解员，各方确认"), (_S.ACCEPTED, _S.ASSIGNED), "case:start:done"),
    (N_("调解"), (_S.MEDIATING, _S.SUSPENDED), "case:freeze:done"),
    (N_("签署协议"), (_S.SIGNING,), "case:take_effect:done"),
    (N_("履行约定"), (_S.EFFECTIVE, _S.PERFORMING, _S.CONFIRMING), "case:mark_performed:done"),
    (N_("回访、结案"), (_S.PERFORMED, _S.FOLLOWED_UP), "case:close:done"),
)
# The same step in the words of who works on it.
_FOR_STAFF: Mapping[State, str] = {
    _S.DRAFT: N_("草稿，还没有提交。"),
    _S.SUBMITTED: N_("请看申请，选定调委会，决定是否受理。"),
    _S.SUPPLEMENT: N_("等申请人补充材料。"),
    _S.CONSULTING: N_("等各方答复是否愿意调解。"),
    _S.ACCEPTED: N_("请分配调解员。"),
    _S.ASSIGNED: N_("等调解员确认接手并披露。"),
    _S.MEDIATING: N_("正在调解。"),
    _S.SUSPENDED: N_("调解中止，原因消除后恢复。"),
    _S.SIGNING: N_("协议已定稿，等签名和盖章。"),
    _S.EFFECTIVE: N_("协议已生效，请跟进履行。"),
    _S.PERFORMING: N_("请督促履行，逐项确认。"),
    _S.CONFIRMING: N_("等法院的确认结果。"),
    _S.PERFORMED: N_("已履行完毕，请回访。"),
    _S.FOLLOWED_UP: N_("回访已做，可以结案。"),
    _S.CLOSED: N_("已经结案。"),
    _S.ARCHIVED: N_("已经归档。"),
    _S.NOT_ACCEPTED: N_("不予受理，已告知理由，请结案。"),
    _S.TRANSFERRED: N_("已转办，请结案。"),
    _S.WITHDRAWN: N_("申请已撤回，请结案。"),
    _S.FAILED: N_("调解已结束，请核对后结案。"),
}
# For staff; a party's own step hangs on its gates in many states.
HANGS_ON_FACTS = (_S.SUBMITTED, _S.ASSIGNED, _S.EFFECTIVE, _S.PERFORMING)
_ENDS = (_S.NOT_ACCEPTED, _S.TRANSFERRED, _S.WITHDRAWN, _S.FAILED)
_CLERKS = frozenset({CaseRole.BODY_CLERK, CaseRole.CENTRE_CLERK})
_AGREED = (Result.AGREED_WRITTEN, Result.AGREED_ORAL)


@dataclass(frozen=True)
class WayStep:
    """One stage: done, now, or next."""

    title: str
    state: str
    at: datetime | None = None
    note: str = ""


@dataclass(frozen=True)
class Action:
    """The one next thing this viewer can do: a page to open, or a step to post."""

    text: str
    href: str
    post: bool = False


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """What is next. `mine`: something is there to do for this viewer; `turn`: the case itself waits for this viewer."""

    text: str
    mine: bool
    turn: bool
    due: datetime | None
    due_label: str


@dataclass(frozen=True, kw_only=True)
class Way(Ahead):
    """The whole way for one viewer."""

    steps: list[WayStep]
    whose: str
    provisional: bool
    otherwise: str
    action: Action | None


async def way(session: AsyncSession, view: View, found: Gathered | None = None) -> Way:
    """The way of a case for this viewer. Nothing in it depends on what happens in a room the viewer does not sit in."""
    found = found or await gather(session, view.case)
    running = await deadlines.running(session, view.case)
    step = next_step(view.state, found.facts)
    clock_row = _deadline(step, running)
    return Way(
        **asdict(_ahead(view, found, running)),
        steps=await _steps(session, view),
        whose=_whose(view, step, signed=_has_signed(view, found)),
        provisional=clock_row.provisional if clock_row else False,
        otherwise=step.otherwise,
        action=_action(view, found),
    )


def _deadline(step: Next, running: Sequence[CaseClock]) -> CaseClock | None:
    return next((row for row in running if step.clock is not None and row.kind == step.clock), None)


async def ahead(
    session: AsyncSession, views: Sequence[View], running: Mapping[int, Sequence[CaseClock]]
) -> dict[int, Ahead]:
    """What is next in many cases, for a list. Facts are read only where the next step hangs on them: they are the
    greater part of the work."""
    asked = [view.case for view in views if view.is_party or view.state in HANGS_ON_FACTS]
    gathered = await gather_all(session, asked) if asked else {}
    return {view.case.id: _ahead(view, gathered.get(view.case.id), running.get(view.case.id, ())) for view in views}


def _ahead(view: View, found: Gathered | None, running: Sequence[CaseClock]) -> Ahead:
    step = next_step(view.state, found.facts if found is not None else None)
    turn = any(step.is_turn_of(role) for role in view.roles) and not (found is not None and _has_signed(view, found))
    clock_row = _deadline(step, running)
    return Ahead(
        text=_text(view, found, step) if found is not None else staff_text(view.state),
        mine=_is_mine(view, step, found) if found is not None else turn,
        turn=turn,
        due=clock_row.due_at if clock_row else None,
        due_label=step.clock.label if step.clock and clock_row else "",
    )


async def _steps(session: AsyncSession, view: View) -> list[WayStep]:
    rows = await session.execute(
        select(CaseEvent.tag, CaseEvent.at).where(CaseEvent.case_id == view.case.id, CaseEvent.to_state.is_not(None))
        .order_by(CaseEvent.id)
    )  # fmt: skip
    times: dict[str, datetime] = dict(rows.all())
    # An oral agreement has nothing to sign: its effect ends both the talk and the signing.
    if spoken := times.get("case:settle_oral:done"):
        times.update({"case:freeze:done": spoken, "case:take_effect:done": spoken})
    state, case = view.state, view.case
    if state in _ENDS or (state in (_S.CLOSED, _S.ARCHIVED) and case.result not in _AGREED):
        return _ended_steps(view, times)
    at = next((n for n, (_t, states, _tag) in enumerate(_STAGES) if state in states), len(_STAGES))
    steps = []
    for n, (title, _states, tag) in enumerate(_STAGES):
        oral = case.form == "oral" and tag == "case:take_effect:done"
        note = case.case_no or "" if tag == "case:accept:done" else ""
        steps.append(
            WayStep(
                _("口头协议登记") if oral else _(title),
                "done" if n < at else "now" if n == at else "next",
                times.get(tag) if n < at else None,
                note if n < at else "",
            )
        )
    if state in (_S.CLOSED, _S.ARCHIVED):
        steps.append(
            WayStep(state.label, "now", times.get(f"case:{'close' if state is _S.CLOSED else 'archive'}:done"))
        )
    return steps


def _ended_steps(view: View, times: Mapping[str, datetime]) -> list[WayStep]:
    """What was reached, and the end: nothing is promised after it."""
    steps = [
        WayStep(_(title), "done", times[tag], view.case.case_no or "" if tag == "case:accept:done" else "")
        for title, _states, tag in _STAGES[:-1]
        if times.get(tag)
    ]
    ends = {"case:refuse:done", "case:transfer:done", "case:withdraw:done", "case:lapse:done", "case:opt_out:done"}
    at = max((moment for tag, moment in times.items() if tag in ends | {"case:end:done"}), default=None)
    result = Result(view.case.result).label if view.case.result else view.state.label
    closed = view.state in (_S.CLOSED, _S.ARCHIVED)
    steps.append(WayStep(result, "done" if closed else "now", at, view.case.result_note))
    if closed:
        steps.append(WayStep(view.state.label, "now", times.get("case:close:done")))
    return steps


def _has_signed(view: View, found: Gathered) -> bool:
    """Whether this party has done its part of the signing."""
    party = found.party(view.party)
    return view.state is _S.SIGNING and party is not None and party.row.id in found.facts.signed


def _whose(view: View, step: Next, *, signed: bool = False) -> str:
    """Whose turn, in this viewer's words."""
    names: dict[str, None] = {}
    for role in step.whose:
        if role in PARTY_ROLES:
            side = Side.APPLICANT if role in (CaseRole.APPLICANT, CaseRole.APPLICANT_AGENT) else Side.RESPONDENT
            if signed and view.side is side:
                continue
            names[_("您") if view.side is side else _("对方") if view.is_party else side.label] = None
        elif role in view.roles or (role in _CLERKS and _CLERKS & set(view.roles)):
            names[_("您")] = None
        elif role in _CLERKS:
            names[_("工作人员")] = None
        else:
            names[role.label] = None
    return _("、").join(sorted(names, key=lambda name: name != _("您")))


def _is_mine(view: View, step: Next, found: Gathered) -> bool:
    party = found.party(view.party)
    if party is not None and _waiting_gate(view, found):
        return True
    return any(step.is_turn_of(role) for role in view.roles) and not _has_signed(view, found)


def staff_text(state: State, *, confirmed: bool = True, taken_on: bool = False, waits_for: str = "") -> str:
    """What is next, for staff. `confirmed`: the applicant stands by the entry; `taken_on`: a mediator has the case."""
    if state is _S.SUBMITTED and not confirmed:
        return _("等申请人确认代填的申请。")
    if state is _S.ASSIGNED and taken_on:
        return _("等各方完成确认：%(names)s。", names=waits_for) if waits_for else _("调解员已接手，等各方完成确认。")
    return _(_FOR_STAFF[state])


def _text(view: View, found: Gathered, step: Next) -> str:
    if not view.is_staff:
        return _own_text(view, found, step) or step.text
    if court := court_step(view.state, found.facts):
        handed = CaseRole.MEDIATOR in court.whose
        return _("各方都同意申请司法确认，请送交法院并登记。") if handed else court.text
    if court_said_no(view.state, found.facts):
        return _("法院没有确认协议。请问问双方：重新调解，还是照原协议履行。")
    taken_on = found.facts.mediator_confirmed
    waiting = []
    if view.state is _S.ASSIGNED and taken_on:
        waiting = [state.row.name for state, left in gates.missing(found) if left]
    if view.state is _S.ASSIGNED and taken_on and not waiting:
        return _("各方都准备好了，可以开始调解。")
    confirmed = CONFIRMED.met(found.facts, None)
    return staff_text(view.state, confirmed=confirmed, taken_on=taken_on, waits_for=_("、").join(waiting))


def _own_text(view: View, found: Gathered, step: Next) -> str:
    """What waits for this party alone, where the case as a whole waits for somebody or something else."""
    party = found.party(view.party)
    if _has_signed(view, found):
        return _("您已经签好了。等其他人签完、调委会盖章，协议就生效，我们会通知您。")
    if party is None or not _waiting_gate(view, found) or view.state is _S.MEDIATING:
        return ""
    if party.row.will != Will.AGREED:
        return _("请核对身份、读告知书，再决定是否参加调解。")
    return "" if step.is_turn_of(view.role) else _("您还有几项确认可以现在就做，做完等调解员接手。")


def _waiting_gate(view: View, found: Gathered) -> bool:
    party = found.party(view.party)
    if party is None or view.state not in (_S.CONSULTING, _S.ACCEPTED, _S.ASSIGNED, _S.MEDIATING):
        return False
    return gates.next_gate(gates.gates_of(found, party)) is not None


def _action(view: View, found: Gathered) -> Action | None:
    at = f"/cases/{view.case.pid}"
    if view.is_party:
        return _party_action(view, found, at)
    if not set(view.roles) & STAFF_ROLES:
        return None
    state = view.state
    if state is _S.SUBMITTED:
        if not CONFIRMED.met(found.facts, None):
            return None
        return (
            Action(_("选定调委会"), f"{at}/routing")
            if found.body is None
            else Action(_("受理"), f"{at}/acceptance", post=True)
        )
    if state is _S.ACCEPTED:
        return Action(_("分配调解员"), f"{at}/assignment")
    if CaseRole.MEDIATOR in view.roles:
        if state is _S.ASSIGNED and not found.facts.mediator_confirmed:
            return Action(_("确认接手并披露"), f"{at}/disclosure")
        if state is _S.ASSIGNED and not gates_left(found):
            return Action(_("开始调解"), f"{at}/mediation", post=True)
        if state in (_S.ASSIGNED, _S.MEDIATING):
            return Action(_("进入调解室"), f"{at}/room")
    if state is _S.SIGNING:
        return Action(_("去看协议和签署"), f"{at}/agreement")
    if state is _S.CONFIRMING:
        return Action(_("登记法院的结果"), f"{at}/court") if view.handles else None
    if (court := court_step(state, found.facts)) and view.handles and CaseRole.MEDIATOR in court.whose:
        return Action(_("登记司法确认申请"), f"{at}/court")
    if court_said_no(state, found.facts) and view.handles:
        return Action(_("法院没有确认，看看怎么办"), f"{at}/court")
    if state in (_S.EFFECTIVE, _S.PERFORMING):
        return Action(_("去看履行"), f"{at}/performance")
    if state is _S.PERFORMED:
        return Action(_("去回访"), f"{at}/visits")
    if state in (_S.FOLLOWED_UP, *_ENDS) and view.may(Move.CLOSE):
        return Action(_("结案"), f"{at}/closing")
    return None


def gates_left(found: Gathered) -> bool:
    """Whether any party still has a gate before it."""
    return any(left for _party, left in gates.missing(found))


def _party_action(view: View, found: Gathered, at: str) -> Action | None:
    state = view.state
    if view.side is Side.APPLICANT and view.case.confirmed_at is None and state in (_S.SUBMITTED, _S.CONSULTING):
        return Action(_("内容属实，确认这份申请"), f"{at}/confirmation", post=True)
    if view.side is Side.APPLICANT and state is _S.SUPPLEMENT:
        return Action(_("去补充材料"), f"{at}/supplements")
    if _waiting_gate(view, found):
        return Action(_("继续确认，每次一项"), f"{at}/gates")
    party = found.party(view.party)
    consented = party is not None and ConsentKind.ONLINE_MEDIATION in party.gates
    if state in (_S.MEDIATING, _S.SUSPENDED) or (state is _S.ASSIGNED and found.facts.mediator_confirmed):
        return Action(_("进入调解室"), f"{at}/room") if consented else None
    if state is _S.SIGNING:
        words = _("看协议和签名") if _has_signed(view, found) else _("去签协议")
        return Action(words, f"{at}/agreement")
    if (court := court_step(state, found.facts)) and any(court.is_turn_of(role) for role in view.roles):
        return Action(_("看看是否一起请法院确认"), f"{at}/court")
    if court_said_no(state, found.facts):
        return Action(_("法院没有确认，看看怎么办"), f"{at}/court")
    if state in (_S.EFFECTIVE, _S.PERFORMING, _S.CONFIRMING):
        return Action(_("去看履行"), f"{at}/performance")
    if state in (_S.FAILED, _S.NOT_ACCEPTED):
        return Action(_("看看其他解决途径"), f"{at}/routes")
    return None
