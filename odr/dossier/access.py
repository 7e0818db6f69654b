"""The doors of papers: through the case, for its parties and those who handle it."""

from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.cases import access as cases
from odr.cases.access import View
from odr.core.errors import NotFound


async def of_case(session: AsyncSession, actor: Actor, pid: str) -> View:
    """The case, for who may open some of its papers. Raises NotFound."""
    view = await cases.for_reading(session, actor, pid)
    if not (view.is_party or view.handles):
        raise NotFound()
    return view
