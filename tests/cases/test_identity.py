"""Wherever identity is proven (the gates, one's own page, the counter), the rooms show the proven name."""

from sqlalchemy import select

from odr.accounts import service as accounts
from odr.accounts.models import IdentityLevel, Person
from odr.cases import seating
from odr.rooms.models import Room, RoomKind, RoomMember
from tests.cases.story import Story
from tests.cast import Cast


async def name_in_the_joint_room(story: Story, person_id: int) -> str | None:
    async with story.db.read() as session:
        query = select(RoomMember.name).join(Room, Room.id == RoomMember.room_id)
        query = query.where(Room.subject_pid == story.pid, Room.kind == RoomKind.JOINT)
        name: str | None = await session.scalar(query.where(RoomMember.person_id == person_id))
        return name


async def test_a_person_vouched_for_at_the_counter_has_the_proven_name_in_the_rooms(story: Story, cast: Cast) -> None:
    await story.mediating()
    async with story.step() as (session, case):
        person = await session.get_one(Person, cast.respondent.id)
        person.identity_level, person.name = IdentityLevel.PHONE, "阿力"
        await session.flush()
        await seating.keep_in_step(session, case)
    assert await name_in_the_joint_room(story, cast.respondent.id) == "李某"  # as the applicant named him
    async with story.db.write() as session:
        person = await session.get_one(Person, cast.respondent.id)
        clerk = cast.body_clerk.actor
        await accounts.vouch(session, clerk, person, "看了身份证", name="李大力", id_no="11010519491231002X")
    assert await name_in_the_joint_room(story, cast.respondent.id) == "李大力"
