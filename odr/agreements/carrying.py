"""What one version says, carried into another of the same case: when it went back, or a further one begins from it."""

from sqlalchemy.ext.asyncio import AsyncSession

from odr.agreements import clause_words, content, instalments
from odr.agreements.models import Agreement, Clause


async def clauses(session: AsyncSession, person_id: int, old: Agreement, new: Agreement) -> None:
    """Copy the clauses that stand in `old`, with their instalments, in their order. Nobody has answered the copies yet.

    Who is no party of the case any more is left out of a clause: the checker names the gap."""
    known = {party.id for party in (await content.principals_of(session, [new.case_id]))[new.case_id]}
    before = await content.clauses_of(session, old)
    plans = await instalments.plans_of(session, before)
    for row in before:
        copied = Clause(agreement_id=new.id, ordinal=row.ordinal, **clause_words.fields(row))
        copied.obligor_id = copied.obligor_id if copied.obligor_id in known else None
        copied.obligee_id = copied.obligee_id if copied.obligee_id in known else None
        session.add(copied)
        await session.flush()
        await instalments.carry(session, person_id, plans.get(row.id), copied)
    await session.flush()
    for row in await content.clauses_of(session, new):
        await clause_words.keep(session, person_id, row)
