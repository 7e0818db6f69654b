"""Who loses the office of a mediator leaves the rooms of the cases at the same moment."""

from sqlalchemy import select

from odr.accounts import service as accounts
from odr.accounts.models import Person, Role
from odr.rooms.models import Room, RoomMember
from tests.cases.story import Story
from tests.cast import Cast


async def rooms_of(story: Story, person_id: int) -> set[str]:
    async with story.db.read() as session:
        query = select(Room.kind).join(RoomMember, RoomMember.room_id == Room.id)
        query = query.where(Room.subject_pid == story.pid, RoomMember.person_id == person_id)
        return set(await session.scalars(query.where(RoomMember.left_seq.is_(None))))


async def test_a_mediator_whose_role_ended_sits_in_no_room(story: Story, cast: Cast) -> None:
    await story.mediating()
    assert await rooms_of(story, cast.mediator.id) == {"joint", "private", "notes"}
    async with story.db.write() as session:
        person = await session.get_one(Person, cast.mediator.id)
        await accounts.end_grant(session, cast.system_admin.actor, person, Role.MEDIATOR, cast.body_id)
    assert await rooms_of(story, cast.mediator.id) == set()
    assert await rooms_of(story, cast.applicant.id) == {"joint", "private"}
