"""Plans of instalments as rows: made for one version of a clause, carried to its next, copied to a new agreement."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.agreements import instalment_rules as rules
from odr.agreements.instalment_models import Instalment, PaymentPlan
from odr.agreements.instalment_rules import DefaultTerm, Due
from odr.agreements.models import Clause
from odr.core.templating import day


@dataclass(frozen=True)
class Plan:
    """The instalments of a clause, and what follows when one is missed."""

    dues: tuple[Due, ...]
    default: DefaultTerm | None

    @property
    def total_fen(self) -> int:
        return sum(one.amount_fen for one in self.dues)


async def plans_of(session: AsyncSession, clauses: Collection[Clause]) -> dict[int, Plan]:
    """The plan of each clause's present version, by clause id; those paid at once are left out."""
    versions = {clause.id: clause.version for clause in clauses}
    rows = await session.scalars(select(PaymentPlan).where(PaymentPlan.clause_id.in_(versions)))
    held = {row.id: row for row in rows if row.clause_version == versions[row.clause_id]}
    dues: dict[int, list[Due]] = {plan_id: [] for plan_id in held}
    query = select(Instalment).where(Instalment.plan_id.in_(held)).order_by(Instalment.plan_id, Instalment.n)
    for one in await session.scalars(query):
        dues[one.plan_id].append(Due(one.n, one.amount_fen, one.due_on))
    return {
        row.clause_id: Plan(tuple(dues[plan_id]), rules.default_term(row.default_term)) for plan_id, row in held.items()
    }


async def plan_of(session: AsyncSession, clause: Clause) -> Plan | None:
    """The plan of one clause, if there is one."""
    return (await plans_of(session, [clause])).get(clause.id)


async def keep(session: AsyncSession, person_id: int, clause: Clause, dues: Sequence[Due], default: str) -> None:
    """Store this plan for the clause's present version."""
    row = PaymentPlan(clause_id=clause.id, clause_version=clause.version, default_term=default, by_person_id=person_id)
    session.add(row)
    await session.flush()
    session.add_all(Instalment(plan_id=row.id, n=one.n, amount_fen=one.amount_fen, due_on=one.due_on) for one in dues)
    await session.flush()


async def carry(session: AsyncSession, person_id: int, plan: Plan | None, clause: Clause) -> None:
    """Give the plan of an earlier version to the present one; a clause that is no payment any more has none. A plan
    whose sum does not fit any more is carried too: the checker names it, and nothing that was typed is lost."""
    if plan is not None and clause.kind == "pay":
        await keep(session, person_id, clause, plan.dues, plan.default.key if plan.default is not None else "")


def words(plan: Plan | None) -> str:
    """In one line, for the history of a clause."""
    if plan is None:
        return ""
    each = "；".join(f"{one.due_on.isoformat()} {rules.yuan(one.amount_fen)}" for one in plan.dues)
    return f"{each}。{plan.default.text if plan.default is not None else ''}"


def shown(plan: Plan | None) -> dict[str, Any] | None:
    """As JSON and pages show it."""
    if plan is None:
        return None
    return {
        "instalments": [
            {"n": one.n, "amount_fen": one.amount_fen, "due_on": one.due_on.isoformat(), "due": day(one.due_on)}
            for one in plan.dues
        ],
        "total_fen": plan.total_fen,
        "default_term": plan.default.key if plan.default is not None else None,
        "default_text": plan.default.text if plan.default is not None else "",
    }


def promised(clause: Clause, plan: Plan | None) -> list[tuple[str, int | None, date | None]]:
    """What is promised one by one: text, sum and day of each."""
    if plan is None:
        return [(clause.text, clause.amount_fen, clause.due_on)]
    # A promise holds a thousand signs, as a clause does: the words that tell the instalments apart have their place.
    tails = [f"（第 {one.n} 期，共 {len(plan.dues)} 期）" for one in plan.dues]
    return [
        (clause.text[: 1000 - len(tail)] + tail, one.amount_fen, one.due_on)
        for one, tail in zip(plan.dues, tails, strict=True)
    ]
