"""What agreements tell the rules of a case: registered from here, so that a case never looks up."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from odr.agreements import access, board, confirming, performing, rules, standing, visits
from odr.agreements.models import Agreement
from odr.cases import service as cases
from odr.cases.codes import Category, State
from odr.cases.models import Case
from odr.core import clock


@cases.tells
async def tell(session: AsyncSession, case: Case) -> Mapping[str, Any]:
    """The facts that hang on clauses, signatures, promises and return visits."""
    agreement = await access.current(session, case)
    facts: dict[str, Any] = {"court_may_confirm": rules.court_may_confirm(Category(case.category))}
    if agreement is None:
        return facts
    facts |= await _of_version(session, case, agreement)
    if case.state in (State.SUBMITTED, State.CONSULTING, State.ACCEPTED, State.ASSIGNED):
        return facts
    effect = await standing.in_effect(session, case)
    until = effect.court_until if effect is not None else None
    return facts | {
        "court_window_open": until is not None and clock.today() <= until,
        "court_outcome": await confirming.outcome_of(session, case),
        "items_settled": await performing.settled(session, case),
        "breach_noted": await performing.breached(session, case),
        "visited": await _visited(session, case),
    }


async def _of_version(session: AsyncSession, case: Case, agreement: Agreement) -> dict[str, Any]:
    count, whole = await board.all_accepted(session, case, agreement)
    effective = (await standing.of(session, case, agreement)).effective_at is not None
    return {
        "clauses": count,
        "clauses_accepted": whole,
        "effect_complete": agreement.form == "written" and effective,
        "oral_confirmed": agreement.form == "oral" and effective,
    }


async def _visited(session: AsyncSession, case: Case) -> bool:
    """Every party was visited; one that was never reachable here is told apart by the mediator's own hand (finish)."""
    return bool(await visits.visited_parties(session, case))
