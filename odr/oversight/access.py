"""The auditor's doors. A reason comes before a transcript; private rooms and notes stay sealed for everybody here."""

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor, need_role
from odr.accounts.models import Role
from odr.cases.models import Assignment, Case, Party
from odr.core import clock
from odr.core.errors import Forbidden, NotFound
from odr.core.i18n import _
from odr.oversight.models import Reading
from odr.rooms.models import Room, RoomKind


def for_audit(actor: Actor) -> None:
    """Raises NotFound for residents, Forbidden for other staff."""
    need_role(actor, Role.AUDITOR)


async def case_for_audit(session: AsyncSession, actor: Actor, pid: str) -> Case:
    """Any case of the city, as a card without its transcript."""
    for_audit(actor)
    case = await session.scalar(select(Case).where(Case.pid == pid))
    if case is None:
        raise NotFound()
    return case


async def has_part(session: AsyncSession, actor: Actor, case: Case) -> bool:
    """Whether the auditor is, or was, in this case: as a party or agent, as its mediator, or as who typed it in."""
    if case.entered_by == actor.person_id:
        return True
    party = exists().where(Party.case_id == case.id, Party.person_id == actor.person_id)
    mediator = exists().where(Assignment.case_id == case.id, Assignment.person_id == actor.person_id)
    return bool(await session.scalar(select(or_(party, mediator))))


async def need_no_part(session: AsyncSession, actor: Actor, case: Case) -> None:
    """Nobody audits a matter of their own. Raises Forbidden."""
    if await has_part(session, actor, case):
        raise Forbidden(_("您和这件纠纷有关系，不能由您查阅。请交给其他审计员。"), code="own_case")


async def reading_in_force(session: AsyncSession, actor: Actor, case: Case) -> Reading | None:
    """The reason this auditor stated for this case, while it lasts."""
    query = (
        select(Reading)
        .where(Reading.auditor_id == actor.person_id, Reading.case_id == case.id, Reading.expires_at > clock.steady())
        .order_by(Reading.id.desc())
        .limit(1)
    )
    found: Reading | None = await session.scalar(query)
    return found


async def room_for_audit(session: AsyncSession, actor: Actor, pid: str) -> tuple[Case, Room, Reading]:
    """A joint room whose case this auditor has stated a reason for.

    Raises NotFound for an unknown room, Forbidden for a case of one's own, for a sealed room and while no reason is
    in force.
    """
    for_audit(actor)
    row = (
        await session.execute(select(Case, Room).join(Room, Room.subject_pid == Case.pid).where(Room.pid == pid))
    ).first()
    if row is None:
        raise NotFound()
    case, room = row
    await need_no_part(session, actor, case)
    if room.kind != RoomKind.JOINT:
        raise Forbidden(_("单独谈话和调解员笔记是封存的，不能在这里查阅。"), code="sealed")
    reading = await reading_in_force(session, actor, case)
    if reading is None:
        raise Forbidden(_("请先写明查阅理由，再打开记录。"), code="reason_needed")
    return case, room, reading
