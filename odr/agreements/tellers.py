"""What agreements tell the rules of a case: registered from here, so that a case never looks up."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from odr.agreements import access, board, confirming, performing, rules, standing, visits
from odr.agreements.models import Agreement
from odr.cases import service as cases
from odr.cases.codes import AgreementForm, Category, State
from odr.cases.models import Case
from odr.core import clock

_BEFORE = (State.SUBMITTED, State.CONSULTING, State.ACCEPTED, State.ASSIGNED)


def _was_frozen(newest: Agreement | None) -> bool:
    """Nothing follows from a first draft: no signature, promise, request or visit."""
    return newest is not None and (newest.version > 1 or newest.state != "drafting")


def _signed(stands: standing.Standing | None) -> frozenset[int]:
    slots = stands.slots if stands is not None else ()
    return frozenset(slot.party.id for slot in slots if slot.party is not None and slot.row is not None)


@cases.tells
async def tell(session: AsyncSession, asked: Sequence[Case]) -> Mapping[int, Mapping[str, Any]]:
    """The facts that hang on clauses, signatures, promises and return visits."""
    facts: dict[int, dict[str, Any]] = {
        case.id: {"court_may_confirm": rules.court_may_confirm(Category(case.category))} for case in asked
    }
    current = await access.current_of(session, list(facts))
    if not current:
        return facts
    accepted = await board.all_accepted_of(session, current.values())
    standings = await standing.of_all(session, [one for one in current.values() if one.state == "frozen"])
    for case_id, agreement in current.items():
        count, whole = accepted[agreement.id]
        stands = standings.get(agreement.id)
        effective = stands is not None and stands.effective_at is not None
        facts[case_id] |= {
            "clauses": count,
            "clauses_accepted": whole,
            "signed": _signed(stands),
            "effect_complete": agreement.form == "written" and effective,
            "oral_confirmed": agreement.form == "oral" and effective,
        }
    later = [case.id for case in asked if case.state not in _BEFORE and _was_frozen(current.get(case.id))]
    if not later:
        return facts
    in_effect = await standing.in_effect_of(session, later)
    requests = confirming.of_effect(await confirming.requests_by_case(session, later), in_effect)
    items = await performing.items_by_case(session, later)
    breached = await cases.happened(session, later, performing.BREACHED)
    visited = await visits.visited_by_case(session, later)
    for case_id in later:
        until = in_effect[case_id].court_until if case_id in in_effect else None
        facts[case_id] |= {
            "agreement_form": AgreementForm(in_effect[case_id].agreement.form) if case_id in in_effect else None,
            "court_window_open": until is not None and clock.today() <= until,
            "court_outcome": confirming.outcome(requests.get(case_id, ())),
            "items_settled": performing.settled(items.get(case_id, ())),
            "breach_noted": performing.BREACHED in breached[case_id],
            # A party that was never reachable here is told apart by the mediator's own hand (visits.finish).
            "visited": bool(visited.get(case_id)),
        }
    return facts
