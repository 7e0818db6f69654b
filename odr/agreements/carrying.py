"""What one version says, carried into another of the same case: when it went back, or a further one begins from it."""

from sqlalchemy.ext.asyncio import AsyncSession

from odr.agreements import clause_words, content, instalments
from odr.agreements.models import Agreement, Clause


async def clauses(session: AsyncSession, person_id: int, old: Agreement, new: Agreement) -> None:
    """Copy the clauses that stand in `old`, with their instalments, in their order. Nobody has answered the copies yet.

    A clause that binds somebody who has left the case since is copied too: the checker names it."""
    before = await content.clauses_of(session, old)
    plans = await instalments.plans_of(session, before)
    for row in before:
        copied = Clause(agreement_id=new.id, ordinal=row.ordinal, **clause_words.fields(row))
        session.add(copied)
        await session.flush()
        await instalments.carry(session, person_id, plans.get(row.id), copied)
    await session.flush()
    for row in await content.clauses_of(session, new):
        await clause_words.keep(session, person_id, row)
