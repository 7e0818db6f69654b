"""A case for which everything is in order, and one way to break each condition."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from odr.cases import guards
from odr.cases.codes import AgreementForm, Category, CourtOutcome, Result, Side, Source, SuspendReason, Will
from odr.cases.guards import Facts, Guard, PartyFacts

GUARDS = {value.name: value for value in vars(guards).values() if isinstance(value, Guard)}


def good_party(side: Side) -> PartyFacts:
    return PartyFacts(
        side=side,
        will=Will.AGREED,
        identity_checked=True,
        rights_notice=True,
        disclosure_seen=True,
        online_consent=True,
        routes_notice=True,
        extension_agreed=True,
        court_requested=True,
    )


REJECTED = CourtOutcome.REJECTED
GOOD = Facts(
    parties=(good_party(Side.APPLICANT), good_party(Side.RESPONDENT)),
    category=Category.CONTRACT,
    source=Source.ODR_SELF,
    division=True,
    facts_told=True,
    claims=1,
    applicant_confirmed=True,
    body_named=True,
    body_competent=True,
    supplement_listed=True,
    reason_given=True,
    deadline_over=True,
    transfer_target=True,
    contact_attempts=1,
    mediator_named=True,
    mediator_confirmed=True,
    disclosure_made=True,
    suspend_reason=SuspendReason.APPRAISAL,
    clauses=1,
    clauses_accepted=True,
    effect_complete=True,
    oral_confirmed=True,
    court_may_confirm=True,
    court_window_open=True,
    court_outcome=CourtOutcome.VALID,
    agreement_form=AgreementForm.WRITTEN,
    mediated_anew=True,
    items_settled=True,
    breach_noted=True,
    remedies_told=True,
    visited=True,
    outcome_told=True,
    dossier_complete=True,
    accepted_before=True,
)


def facts_for(move: str) -> Facts:
    """GOOD, as it stands before this move."""
    before = {"confirm_assignment": {"mediator_confirmed": False}, "mediate_anew": {"court_outcome": REJECTED}}
    return replace(GOOD, **before.get(move, {}))


def with_respondent(facts: Facts, **changes: Any) -> Facts:
    applicant, respondent = facts.parties
    return replace(facts, parties=(applicant, replace(respondent, **changes)))


def _case(**changes: Any) -> Callable[[Facts], Facts]:
    return lambda facts: replace(facts, **changes)


def _respondent(**changes: Any) -> Callable[[Facts], Facts]:
    return lambda facts: with_respondent(facts, **changes)


BREAK: dict[str, Callable[[Facts], Facts]] = {
    "facts_told": _case(facts_told=False),
    "category": _case(category=None),
    "source": _case(source=None),
    "division": _case(division=False),
    "claims": _case(claims=0),
    "two_sides": _case(parties=(good_party(Side.APPLICANT),)),
    "representatives": _case(parties=(good_party(Side.APPLICANT), *[good_party(Side.RESPONDENT)] * 6)),
    "applicant_confirmed": _case(applicant_confirmed=False),
    "body_named": _case(body_named=False),
    "body_competent": _case(body_competent=False),
    "nobody_refuses": _respondent(will=Will.REFUSED),
    "first_supplement": _case(supplement_asked=True),
    "supplement_listed": _case(supplement_listed=False),
    "reason_given": _case(reason_given=False),
    "deadline_over": _case(deadline_over=False),
    "transfer_target": _case(transfer_target=False),
    "all_agree": _respondent(will=Will.UNKNOWN),
    "mediator_named": _case(mediator_named=False),
    "disclosure_made": _case(disclosure_made=False),
    "mediator_confirmed": _case(mediator_confirmed=False),
    "not_yet_confirmed": _case(mediator_confirmed=True),
    "no_open_objection": _case(open_objection=True),
    "identity_checked": _respondent(identity_checked=False),
    "rights_notice": _respondent(rights_notice=False),
    "disclosure_seen": _respondent(disclosure_seen=False),
    "online_consent": _respondent(online_consent=False),
    "guardian": _respondent(guardian_missing=True),
    "no_violence": _case(violence=True),
    "suspend_reason": _case(suspend_reason=None),
    "extension_agreed": _respondent(extension_agreed=False),
    "contact_attempts": _case(contact_attempts=0),
    "time_over": _case(deadline_over=False),
    "routes_notice": _respondent(routes_notice=False),
    "clauses_accepted": _case(clauses_accepted=False),
    "oral_allowed": _case(category=Category.MEDICAL),
    "oral_confirmed": _case(oral_confirmed=False),
    "effect_complete": _case(effect_complete=False),
    "court_may_confirm": _case(court_may_confirm=False),
    "court_window": _case(court_window_open=False),
    "court_joint": _respondent(court_requested=False),
    "court_outcome": _case(court_outcome=None),
    "court_said_no": _case(court_outcome=CourtOutcome.WITHDRAWN),
    "mediated_anew": _case(mediated_anew=False),
    "items_settled": _case(items_settled=False),
    "remedies_told": _case(remedies_told=False),
    "breach_noted": _case(breach_noted=False),
    "obligations_end": _case(items_settled=False, court_outcome=None, remedies_told=False),
    "visited": _case(visited=False),
    "outcome_told": _case(outcome_told=False),
    "dossier_complete": _case(dossier_complete=False),
    "accepted_before": _case(accepted_before=False),
}

RESULT_THAT_BREAKS = {"contact_attempts": Result.UNREACHABLE, "time_over": Result.TIMEOUT}
