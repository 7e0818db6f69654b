"""The door of a room: membership is the only audience rule, for lines, files, frames and exports alike."""

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from odr.accounts.access import Actor
from odr.core.errors import NotFound
from odr.core.i18n import _
from odr.evidence import access as files
from odr.evidence.models import File
from odr.rooms.models import SEATS_OF_STAFF, Message, Room, RoomMember


def unknown_room() -> NotFound:
    """Absent and forbidden look alike."""
    return NotFound(_("没有找到这个调解室，或者您不在里面。请从“我的纠纷”进入。"), code="unknown_room")


def opens_to(role: str, actor: Actor) -> bool:
    """Whether a seat with this role opens to this login. A mediator may sign in as a resident, to a case of their own;
    what parties say to the mediator does not open to a code by SMS (等保三级 8.1.4.1)."""
    return actor.staff or role not in SEATS_OF_STAFF


async def member_of(session: AsyncSession, actor: Actor, room_pid: str) -> tuple[Room, RoomMember]:
    """The room and the actor's place in it. Raises NotFound for strangers, for those who have left, and for staff who
    have not signed in as such."""
    row = (
        await session.execute(
            select(Room, RoomMember)
            .join(RoomMember, RoomMember.room_id == Room.id)
            .where(Room.pid == room_pid, RoomMember.person_id == actor.person_id, RoomMember.left_seq.is_(None))
        )
    ).first()
    if row is None or not opens_to(row[1].role, actor):
        raise unknown_room()
    return row[0], row[1]


async def may_open_file(session: AsyncSession, actor: Actor, file: File) -> bool:
    """A file of a room opens to who may read the line that shows it; before there is one, to its uploader alone."""
    recall = aliased(Message)
    taken_back = exists().where(recall.room_id == file.holder_id, recall.ref_seq == file.shown_seq)
    found = await session.execute(
        select(RoomMember.role, RoomMember.joined_seq, taken_back).where(
            RoomMember.room_id == file.holder_id,
            RoomMember.person_id == actor.person_id,
            RoomMember.left_seq.is_(None),
        )
    )
    row = found.first()
    if row is None or not opens_to(row[0], actor):
        return False
    _, joined_seq, recalled = row
    if file.shown_seq is None:
        return file.uploaded_by == actor.person_id
    return file.shown_seq > joined_seq and not recalled


files.register_for_file("room", may_open_file)
