"""The doors of intake: a draft is its owner's alone, an order its centre's."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor, need_role
from odr.accounts.models import Role
from odr.cases.codes import Side
from odr.cases.models import Case, Party
from odr.core.errors import Forbidden, NotFound
from odr.evidence import access as files
from odr.intake.models import Draft, IntakeOrder

_MAY_ENTER = (Role.CENTRE_CLERK, Role.BODY_CLERK, Role.MEDIATOR, Role.GRID_WORKER)


async def my_draft(session: AsyncSession, actor: Actor, pid: str, *, lock: bool = False) -> Draft:
    """A draft, for its owner on any device. Raises NotFound."""
    query = select(Draft).where(Draft.pid == pid, Draft.owner_id == actor.person_id, Draft.dropped_at.is_(None))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    draft = await session.scalar(query)
    if draft is None:
        raise NotFound()
    return draft


async def _may_open_file(session: AsyncSession, actor: Actor, draft_id: int) -> bool:
    """Until it is sent, a photo is as private as the draft that holds it."""
    draft = await session.get(Draft, draft_id)
    return draft is not None and draft.owner_id == actor.person_id and draft.dropped_at is None


files.register("draft", _may_open_file)


def need_counter(actor: Actor) -> None:
    """Who sits at a window or goes from door to door. Raises NotFound for residents, Forbidden for other staff."""
    need_role(actor, *_MAY_ENTER)


async def entered_case(session: AsyncSession, actor: Actor, pid: str) -> tuple[Case, Party]:
    """A case this clerk typed in, with its applicant. Raises NotFound."""
    need_counter(actor)
    query = (
        select(Case, Party)
        .join(Party, Party.case_id == Case.id)
        .where(Case.pid == pid, Case.entered_by == actor.person_id)
        .where(Party.side == Side.APPLICANT, Party.acts_for_id.is_(None))
        .order_by(Party.id)
    )
    row = (await session.execute(query)).first()
    if row is None:
        raise NotFound()
    return row[0], row[1]


def need_clerk(actor: Actor) -> frozenset[int]:
    """The centres for which the actor takes matters in. Raises Forbidden for other staff, NotFound for residents."""
    centres = actor.bodies(Role.CENTRE_CLERK)
    if not centres:
        raise Forbidden() if actor.staff else NotFound()
    return centres


async def order_for_clerk(session: AsyncSession, actor: Actor, pid: str, *, lock: bool = False) -> IntakeOrder:
    """An order, for a clerk of its centre. Raises NotFound."""
    query = select(IntakeOrder).where(IntakeOrder.pid == pid)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    order = await session.scalar(query)
    if order is None or not actor.has_role(Role.CENTRE_CLERK, order.centre_id):
        raise NotFound()
    return order
