"""Everybody who waits sees what comes, whose turn it is and what happens in silence."""

from dataclasses import replace

import pytest

from odr.cases.clocks import ClockKind
from odr.cases.codes import CaseRole, CourtOutcome, Source, State
from odr.cases.guards import Facts
from odr.cases.next_steps import next_step
from odr.cases.way import HANGS_ON_FACTS
from tests.cases.facts import BREAK, GOOD, with_respondent


@pytest.mark.parametrize("state", State)
def test_every_state_says_what_comes_next_and_what_happens_in_silence(state: State) -> None:
    for step in (next_step(state), next_step(state, GOOD)):
        assert step.text.endswith("。")
        assert step.otherwise.endswith("。")
        assert bool(step.whose) is (state not in (State.CLOSED, State.ARCHIVED))


def test_lists_of_staff_read_facts_wherever_the_next_step_hangs_on_them() -> None:
    # A list shows staff whose turn it is and until when; its words are staff's own, by state (`way.staff_text`).
    def listed(state: State, facts: Facts | None) -> object:
        step = next_step(state, facts)
        return step.whose, step.clock

    every = [GOOD, replace(GOOD, court_outcome=CourtOutcome.REJECTED), *[change(GOOD) for change in BREAK.values()]]
    hanging = {state for state in State for facts in every if listed(state, facts) != listed(state, None)}
    assert hanging <= set(HANGS_ON_FACTS)


def test_a_party_who_has_not_passed_a_gate_has_the_turn() -> None:
    step = next_step(State.ASSIGNED, with_respondent(GOOD, rights_notice=False))
    assert step.is_turn_of(CaseRole.RESPONDENT)
    assert not step.is_turn_of(CaseRole.APPLICANT)
    assert step.clock is ClockKind.MEDIATE


def test_the_mediator_has_the_turn_when_all_gates_are_passed_or_before_taking_the_case_on() -> None:
    assert next_step(State.ASSIGNED, GOOD).whose == (CaseRole.MEDIATOR,)
    waiting = next_step(State.ASSIGNED, replace(GOOD, mediator_confirmed=False))
    assert (waiting.whose, waiting.clock) == ((CaseRole.MEDIATOR,), ClockKind.CONFIRM)


def test_what_was_entered_for_somebody_waits_for_their_own_confirmation() -> None:
    assert next_step(State.SUBMITTED, replace(GOOD, applicant_confirmed=False)).is_turn_of(CaseRole.APPLICANT)
    found = replace(GOOD, applicant_confirmed=False, source=Source.GRID)
    assert next_step(State.SUBMITTED, found).is_turn_of(CaseRole.BODY_CLERK)


def test_after_a_courts_no_both_sides_and_the_mediator_have_a_choice_until_the_agreement_is_kept() -> None:
    facts = replace(
        GOOD, court_outcome=CourtOutcome.REJECTED, breach_noted=False, mediated_anew=False, court_window_open=False
    )
    step = next_step(State.PERFORMING, facts)
    for role in (CaseRole.APPLICANT, CaseRole.RESPONDENT, CaseRole.MEDIATOR, CaseRole.BODY_CLERK):
        assert step.is_turn_of(role)
    assert "重新调解" in step.text
    kept = replace(facts, mediated_anew=True)
    assert next_step(State.PERFORMING, kept) == next_step(State.PERFORMING)
    assert "正在重新调解" in next_step(State.MEDIATING, kept).text
    assert "没有谈成新的协议" in next_step(State.FAILED, kept).text
    for outcome in (None, CourtOutcome.VALID, CourtOutcome.WITHDRAWN):
        assert next_step(State.PERFORMING, replace(facts, court_outcome=outcome)) == next_step(State.PERFORMING)


def test_a_breach_waits_for_the_return_visit() -> None:
    assert next_step(State.PERFORMING, GOOD).clock is ClockKind.FOLLOW_UP
    assert next_step(State.PERFORMING, replace(GOOD, breach_noted=False)).clock is None
