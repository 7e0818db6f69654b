"""Rooms of one case with the cast seated."""

from dataclasses import dataclass

import pytest

from odr.core import ids
from odr.core.db import Database
from odr.rooms import service as rooms
from odr.rooms.models import Room, RoomKind
from odr.rooms.schemas import SayIn
from tests.cast import Cast


@dataclass
class Rooms:
    """A joint room, a private one per side, and the mediators' notes."""

    case: str
    joint: Room
    applicants: Room
    respondents: Room
    notes: Room


async def opened_rooms(db: Database, cast: Cast) -> Rooms:
    """Open the four rooms of a case and seat the cast in them."""
    case = ids.new_pid()
    async with db.write() as session:
        joint = await rooms.open_room(session, subject_pid=case, kind=RoomKind.JOINT, label="共同调解室")
        applicants = await rooms.open_room(
            session, subject_pid=case, kind=RoomKind.PRIVATE, label="单独谈", slot="applicant"
        )
        respondents = await rooms.open_room(
            session, subject_pid=case, kind=RoomKind.PRIVATE, label="单独谈", slot="respondent"
        )
        notes = await rooms.open_room(session, subject_pid=case, kind=RoomKind.NOTES, label="调解员笔记")
        for room, seated in (
            (joint, ("applicant", "respondent", "mediator")),
            (applicants, ("applicant", "mediator")),
            (respondents, ("respondent", "mediator")),
            (notes, ("mediator",)),
        ):
            for who in seated:
                person = cast.everybody()[who]
                await rooms.add_member(session, room, person.id, role=who, name=person.actor.name)
    return Rooms(case, joint, applicants, respondents, notes)


@pytest.fixture
async def opened(db: Database, cast: Cast) -> Rooms:
    return await opened_rooms(db, cast)


def line(text: str, client_id: str | None = None) -> SayIn:
    """A line of text with an id of its own."""
    return SayIn(id=client_id or ids.new_pid(), text=text)
