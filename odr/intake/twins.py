"""The same application sent twice, by an impatient finger or a broken line, is one case."""

from datetime import timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.accounts.models import Person
from odr.cases.codes import Side
from odr.cases.models import Case, Party
from odr.cases.schemas import Application
from odr.core import clock

_SOON = timedelta(minutes=10)


async def entered(session: AsyncSession, actor: Actor, application: Application) -> Case | None:
    """The case that this clerk typed in a moment ago with the same words for the same person."""
    return await _twin(
        session, actor, application, Case.entered_by == actor.person_id, Party.name == application.applicant.name
    )


async def sent(session: AsyncSession, actor: Actor, application: Application) -> Case | None:
    """The case that this person applied for a moment ago with the same words."""
    return await _twin(session, actor, application, Case.entered_by.is_(None), Party.person_id == actor.person_id)


async def _twin(
    session: AsyncSession, actor: Actor, application: Application, *same: ColumnElement[bool]
) -> Case | None:
    # The second of two at once waits here until the first is stored.
    await session.execute(select(Person.id).where(Person.id == actor.person_id).with_for_update())
    query = (
        select(Case)
        .join(Party, Party.case_id == Case.id)
        .where(*same, Party.side == Side.APPLICANT, Party.acts_for_id.is_(None))
        .where(Case.facts == application.facts, Case.category == application.category.value)
        .where(Case.submitted_at > clock.now() - _SOON)
        .order_by(Case.id)
    )
    return next((case for case in await session.scalars(query) if case.claims == application.claims), None)
