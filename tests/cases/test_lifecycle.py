"""The table of moves, pair by pair."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odr.cases.clocks import CLOCKS, ClockKind, Origin
from odr.cases.codes import CaseRole, Category, CourtOutcome, CourtStage, Result, Side, Source, State, SuspendReason
from odr.cases.guards import Facts, Guard, joint_room_gaps
from odr.cases.lifecycle import (
    TABLE,
    GuardFailed,
    Move,
    NoSuchMove,
    Refusal,
    ResultNeeded,
    Row,
    Start,
    diagram,
    failing,
    may,
    moves_for,
    step,
)
from odr.core.errors import Conflict
from tests.cases.facts import BREAK, GOOD, GUARDS, RESULT_THAT_BREAKS, facts_for, good_party, with_respondent

PAIRS = [(state, move) for state in State for move in Move]
ROWS = list(TABLE.values())
BEFORE_AN_AGREEMENT = (
    State.CONSULTING,
    State.ACCEPTED,
    State.ASSIGNED,
    State.MEDIATING,
    State.SUSPENDED,
    State.SIGNING,
)


def name(line: Row) -> str:
    return f"{line.frm}-{line.move}"


def chosen(line: Row) -> Result | None:
    return line.results[0] if line.results else None


@pytest.mark.parametrize(("state", "move"), PAIRS)
def test_every_pair_either_moves_or_is_a_conflict(state: State, move: Move) -> None:
    line = TABLE.get((state, move))
    if line is None:
        with pytest.raises(NoSuchMove) as refused:
            step(state, move, GOOD)
        assert isinstance(refused.value, Conflict)
        assert refused.value.status == 409
        assert state.label in refused.value.say
        assert not any(may(state, move, role) for role in CaseRole)
        return
    made = step(state, move, facts_for(move), chosen(line))
    assert (made.frm, made.move, made.to) == (state, move, line.to)
    assert made.result == chosen(line)


def test_no_pair_stands_in_the_table_twice() -> None:
    from odr.cases.lifecycle import _rows

    assert len(list(_rows())) == len(TABLE)


def test_every_state_can_be_reached_from_a_draft() -> None:
    reached = {State.DRAFT}
    while more := {line.to for line in ROWS if line.frm in reached} - reached:
        reached |= more
    assert reached == set(State)


def test_every_state_leads_to_closed() -> None:
    leads = {State.CLOSED}
    while more := {line.frm for line in ROWS if line.to in leads} - leads:
        leads |= more
    assert leads == set(State)


def test_every_move_is_used_and_somebody_may_make_it() -> None:
    assert {line.move for line in ROWS} == set(Move)
    assert all(line.who for line in ROWS)


def test_every_guard_is_used_and_has_a_way_to_fail() -> None:
    used = {guard.name for line in ROWS for guard in line.guards}
    assert set(GUARDS) - used == {"no_violence"}, "violence shuts the joint room, not the mediation"
    assert set(BREAK) == set(GUARDS)


@pytest.mark.parametrize("guard", GUARDS.values(), ids=GUARDS.keys())
def test_each_guard_stops_exactly_its_own_moves(guard: Guard) -> None:
    result = RESULT_THAT_BREAKS.get(guard.name)
    for line in ROWS:
        facts = BREAK[guard.name](facts_for(line.move))
        wanted = result if result in line.results else chosen(line)
        meets = guard not in line.guards or (result is not None and result not in line.results)
        assert (guard in failing(line.frm, line.move, facts, wanted)) is not meets, name(line)
        if not meets:
            with pytest.raises(GuardFailed) as refused:
                step(line.frm, line.move, facts, wanted)
            assert guard in refused.value.all
            assert refused.value.status == 409
            assert refused.value.code == refused.value.guard.name
            assert refused.value.say == refused.value.guard.sentence


def test_every_guard_names_its_law_and_speaks_plainly() -> None:
    for guard in GUARDS.values():
        assert guard.law
        assert guard.say.endswith("。")
        assert "系统错误" not in guard.say


def test_a_failed_mediation_is_never_saved_without_the_notice_of_other_routes() -> None:
    to_failed = [line for line in ROWS if line.to is State.FAILED]
    assert to_failed
    for line in to_failed:
        with pytest.raises(GuardFailed) as refused:
            step(line.frm, line.move, with_respondent(GOOD, routes_notice=False), chosen(line))
        assert refused.value.guard.name == "routes_notice"


def test_somebody_who_cannot_be_reached_does_not_hold_up_the_end() -> None:
    lost = with_respondent(GOOD, routes_notice=False, reachable=False)
    assert step(State.CONSULTING, Move.END, lost, Result.UNREACHABLE).to is State.FAILED


@pytest.mark.parametrize("state", BEFORE_AN_AGREEMENT)
@pytest.mark.parametrize(
    "role", [CaseRole.APPLICANT, CaseRole.APPLICANT_AGENT, CaseRole.RESPONDENT, CaseRole.RESPONDENT_AGENT]
)
def test_either_side_may_leave_at_any_time_before_an_agreement(state: State, role: CaseRole) -> None:
    assert {Move.OPT_OUT, Move.WITHDRAW} & set(moves_for(state, role))


def test_leaving_asks_for_no_reason() -> None:
    silent = replace(GOOD, reason_given=False)
    for state in BEFORE_AN_AGREEMENT:
        assert step(state, Move.OPT_OUT, silent).to is State.FAILED


def test_nobody_is_moved_on_against_a_refusal() -> None:
    unwilling = BREAK["nobody_refuses"](GOOD)
    for state, move in ((State.SUBMITTED, Move.ACCEPT), (State.ACCEPTED, Move.ASSIGN), (State.ASSIGNED, Move.START)):
        with pytest.raises(GuardFailed):
            step(state, move, unwilling)


def test_proactive_mediation_needs_no_application_but_everybodys_consent() -> None:
    found = replace(GOOD, source=Source.GRID, applicant_confirmed=False)
    assert step(State.SUBMITTED, Move.ACCEPT, found).to is State.ACCEPTED
    with pytest.raises(GuardFailed) as refused:
        step(State.ASSIGNED, Move.START, BREAK["all_agree"](found))
    assert refused.value.guard.name == "all_agree"


def test_a_party_on_site_needs_no_consent_to_online_mediation() -> None:
    mixed = with_respondent(GOOD, online_consent=False, offline=True)
    assert step(State.ASSIGNED, Move.START, mixed).to is State.MEDIATING
    assert joint_room_gaps(mixed) == ()


@pytest.mark.parametrize("category", [Category.MEDICAL, Category.WAGE_ARREARS, Category.LABOUR_OTHER])
def test_labour_and_medical_matters_are_always_written(category: Category) -> None:
    with pytest.raises(GuardFailed) as refused:
        step(State.MEDIATING, Move.SETTLE_ORAL, replace(GOOD, category=category))
    assert refused.value.guard.name == "oral_allowed"


def test_only_the_computed_events_bring_an_agreement_into_effect() -> None:
    for line in ROWS:
        if line.to is State.EFFECTIVE:
            assert line.who == {CaseRole.SYSTEM}


def test_the_end_of_a_mediation_is_never_automatic() -> None:
    assert not any(CaseRole.SYSTEM in line.who for line in ROWS if line.to is State.FAILED)


def test_a_result_must_be_one_of_the_moves_own() -> None:
    for wrong in (None, Result.AGREED_WRITTEN):
        with pytest.raises(ResultNeeded) as refused:
            step(State.MEDIATING, Move.END, GOOD, wrong)
        assert refused.value.status == 422
    assert step(State.MEDIATING, Move.END, GOOD, Result.DEADLOCK).result is Result.DEADLOCK
    assert step(State.SIGNING, Move.TAKE_EFFECT, GOOD).result is Result.AGREED_WRITTEN


def test_every_end_leaves_a_result_and_a_reopened_case_loses_it() -> None:
    ends = {
        State.FAILED,
        State.WITHDRAWN,
        State.NOT_ACCEPTED,
        State.TRANSFERRED,
        State.EFFECTIVE,
    }
    for line in ROWS:
        # Who keeps the first agreement after all has its result again.
        assert bool(line.results) is (line.to in ends or line.move is Move.KEEP_AGREEMENT), name(line)
        assert line.clears_result is (line.move in (Move.REOPEN, Move.MEDIATE_ANEW))


@pytest.mark.parametrize("outcome", [None, *CourtOutcome])
def test_only_a_courts_no_leads_back_to_mediating_and_the_time_begins_anew(outcome: CourtOutcome | None) -> None:
    facts = replace(GOOD, court_outcome=outcome)
    if outcome not in (CourtOutcome.REFUSED, CourtOutcome.REJECTED):
        with pytest.raises(GuardFailed) as refused:
            step(State.PERFORMING, Move.MEDIATE_ANEW, facts)
        assert refused.value.code == "court_said_no"
        return
    made = step(State.PERFORMING, Move.MEDIATE_ANEW, facts)
    assert (made.to, made.result, made.clears_result) == (State.MEDIATING, None, True)
    assert made.starts == (Start(ClockKind.MEDIATE),)
    assert set(made.stops) == set(ClockKind), "no deadline of the first agreement runs on while another is talked about"
    with pytest.raises(GuardFailed, match="请写明理由"):
        step(State.PERFORMING, Move.MEDIATE_ANEW, replace(facts, reason_given=False))
    for state in State:
        if state is not State.PERFORMING:
            assert not may(state, Move.MEDIATE_ANEW, CaseRole.MEDIATOR)
    assert TABLE[State.PERFORMING, Move.MEDIATE_ANEW].who == {CaseRole.MEDIATOR, CaseRole.BODY_CLERK}


def test_where_nothing_is_changed_the_case_goes_back_to_the_agreement_in_effect_and_its_result() -> None:
    for result in (Result.AGREED_WRITTEN, Result.AGREED_ORAL):
        made = step(State.MEDIATING, Move.KEEP_AGREEMENT, GOOD, result)
        assert (made.to, made.result, made.starts) == (State.PERFORMING, result, ())
    for facts in (replace(GOOD, mediated_anew=False), replace(GOOD, agreement_form=None)):
        with pytest.raises(GuardFailed) as refused:
            step(State.MEDIATING, Move.KEEP_AGREEMENT, facts, Result.AGREED_WRITTEN)
        assert refused.value.code == "mediated_anew"
    # And who does not want to talk anew leaves as from any other mediation.
    assert step(State.MEDIATING, Move.OPT_OUT, GOOD).to is State.FAILED


def test_the_time_for_mediation_runs_from_where_the_law_says() -> None:
    def origins(category: Category, court: CourtStage | None = None) -> list[tuple[Move, Origin]]:
        facts = replace(GOOD, category=category, court_stage=court)
        made = [
            step(State.DRAFT, Move.SUBMIT, facts),
            step(State.SUBMITTED, Move.ACCEPT, facts),
            step(State.ASSIGNED, Move.CONFIRM_ASSIGNMENT, replace(facts, mediator_confirmed=False)),
        ]
        return [(one.move, start.origin) for one in made for start in one.starts if start.kind is ClockKind.MEDIATE]

    assert origins(Category.CONTRACT) == [(Move.CONFIRM_ASSIGNMENT, Origin.FIRST_CONFIRMATION)]
    assert origins(Category.CONTRACT, CourtStage.SUMMARY) == [(Move.CONFIRM_ASSIGNMENT, Origin.FIRST_CONFIRMATION)]
    assert origins(Category.MEDICAL) == [
        (Move.ACCEPT, Origin.ACCEPTANCE),
        (Move.CONFIRM_ASSIGNMENT, Origin.ACCEPTANCE),
    ]
    assert origins(Category.WAGE_ARREARS) == [
        (Move.SUBMIT, Origin.APPLICATION),
        (Move.ACCEPT, Origin.APPLICATION),
        (Move.CONFIRM_ASSIGNMENT, Origin.APPLICATION),
    ]


@pytest.mark.parametrize("reason", SuspendReason)
def test_only_an_appraisal_or_a_fault_of_the_service_stops_the_clock(reason: SuspendReason) -> None:
    facts = replace(GOOD, suspend_reason=reason)
    excluded = reason in (SuspendReason.APPRAISAL, SuspendReason.SERVICE_FAULT)
    assert (ClockKind.MEDIATE in step(State.MEDIATING, Move.SUSPEND, facts).stops) is excluded
    resumed = (Start(ClockKind.MEDIATE, Origin.RESUMPTION),) if excluded else ()
    assert step(State.SUSPENDED, Move.RESUME, facts).starts == resumed


def test_every_clock_has_a_rule_is_started_and_is_stopped_or_runs_out_by_itself() -> None:
    steps = [step(line.frm, line.move, facts_for(line.move), chosen(line)) for line in ROWS]
    assert set(CLOCKS) == set(ClockKind)
    assert {start.kind for one in steps for start in one.starts} == set(ClockKind)
    assert {kind for one in steps for kind in one.stops} == set(ClockKind)


@given(st.lists(st.sampled_from(Move), max_size=60))
def test_a_closed_case_keeps_only_the_clocks_that_belong_after_it(moves: list[Move]) -> None:
    state, running = State.DRAFT, set[ClockKind]()
    for move in moves:
        options = TABLE.get((state, move))
        if options is None:
            continue
        made = step(state, move, facts_for(move), chosen(options))
        running = (running - set(made.stops)) | {start.kind for start in made.starts}
        state = made.to
        if state in (State.CLOSED, State.ARCHIVED):
            assert running <= {
                ClockKind.REVISIT_FIRST,
                ClockKind.REVISIT_SECOND,
                ClockKind.ENFORCE,
                ClockKind.FOLLOW_UP,
            }


@given(st.sampled_from(PAIRS), st.sampled_from([None, *Result]))
def test_a_case_with_nothing_in_it_is_refused_with_a_sentence(pair: tuple[State, Move], result: Result | None) -> None:
    said = "。"
    try:
        step(*pair, Facts(), result)
    except Refusal as refused:
        said = refused.say
    assert said.endswith("。")


def test_nobody_but_the_roles_of_a_case_moves_it() -> None:
    assert moves_for(State.SUBMITTED, CaseRole.RESPONDENT) == ()
    assert set(moves_for(State.SUBMITTED, CaseRole.APPLICANT)) == {Move.WITHDRAW}
    assert Move.ACCEPT in moves_for(State.SUBMITTED, CaseRole.BODY_CLERK)
    for state in State:
        for role in CaseRole:
            assert moves_for(state, role) == tuple(move for move in moves_for(state, role) if may(state, move, role))


def test_the_joint_room_stays_shut_until_each_party_has_passed_each_gate() -> None:
    assert joint_room_gaps(GOOD) == ()
    for gate in ("identity_checked", "rights_notice", "disclosure_seen", "online_consent"):
        (gap,) = joint_room_gaps(with_respondent(GOOD, **{gate: False}))
        assert (gap.guard.name, gap.party) == (gate, 1)
    for of_case in ("no_violence", "disclosure_made", "no_open_objection", "two_sides"):
        assert [(gap.guard.name, gap.party) for gap in joint_room_gaps(BREAK[of_case](GOOD))] == [(of_case, None)]


def test_a_sixth_speaker_is_refused_on_either_side() -> None:
    five = replace(GOOD, parties=(good_party(Side.APPLICANT), *[good_party(Side.RESPONDENT)] * 5))
    assert step(State.SUBMITTED, Move.ACCEPT, five).to is State.ACCEPTED


def test_the_diagram_of_the_documents_is_the_table() -> None:
    page = (Path(__file__).parents[2] / "docs" / "lifecycle.md").read_text("utf-8")
    assert f"```mermaid\n{diagram()}\n```" in page, (
        "print odr.cases.lifecycle.diagram() and put it into docs/lifecycle.md"
    )
