"""Who sits in which room: the rooms of a case and their members, brought in step with parties, mediator and state.

Called in the transaction of every change, so that a mediator who is out is out of the rooms at the same moment (T21).
"""

from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts import service as accounts
from odr.accounts.models import Grant, IdentityLevel, Person, Role
from odr.cases.codes import ConsentKind, PartyKind, PartyRole, Side, State
from odr.cases.facts import Gathered, PartyState, gather
from odr.cases.models import Assignment, Case, Party
from odr.core.i18n import N_
from odr.rooms import service as rooms
from odr.rooms.models import Room, RoomKind, RoomMember

_JOINT_OPEN = (
    State.MEDIATING,
    State.SIGNING,
    State.EFFECTIVE,
    State.PERFORMING,
    State.CONFIRMING,
    State.PERFORMED,
    State.FOLLOWED_UP,
)
_PRIVATE_OPEN = (*_JOINT_OPEN, State.ASSIGNED, State.SUSPENDED)
_LABELS = {Side.APPLICANT: N_("申请人单独谈"), Side.RESPONDENT: N_("被申请人单独谈")}


@dataclass(frozen=True)
class _Seat:
    role: str
    name: str
    may_write: bool
    from_start: bool = True


@accounts.when_identified
async def _identified(session: AsyncSession, person: Person) -> None:
    """The rooms of this person's cases show the proven name from now on (T18)."""
    await _follow(session, select(Party.case_id).where(Party.person_id == person.id, Party.ended_at.is_(None)))


@accounts.when_grant_ended
async def _out_of_office(session: AsyncSession, person: Person) -> None:
    """Who is a mediator no longer leaves the rooms at the same moment, not only once somebody else is named (T21)."""
    own = select(Assignment.case_id).where(Assignment.person_id == person.id, Assignment.ended_at.is_(None))
    await _follow(session, own)


async def _follow(session: AsyncSession, ids: Select[int]) -> None:
    """Bring the rooms of these cases in step, in the order in which everybody locks them."""
    query = select(Case).where(Case.id.in_(ids), Case.state.in_(_PRIVATE_OPEN)).order_by(Case.id)
    for case in (await session.scalars(query)).all():
        await keep_in_step(session, case)


async def _in_office(session: AsyncSession, case: Case, found: Gathered) -> bool:
    """Whether the mediator named is one of the body still."""
    if found.mediator is None:
        return False
    held = select(Grant.id).where(
        Grant.person_id == found.mediator.id,
        Grant.role == Role.MEDIATOR,
        Grant.body_id == case.body_id,
        Grant.ended_at.is_(None),
    )
    return await session.scalar(held.limit(1)) is not None


async def keep_in_step(session: AsyncSession, case: Case, found: Gathered | None = None) -> None:
    """Open the rooms that are due and make members and rights what the rows say. Safe to repeat."""
    found = found or await gather(session, case)
    state = State(case.state)
    # In the order in which the journal locks them, or two transactions could wait for each other.
    await session.execute(select(Room.id).where(Room.subject_pid == case.pid).order_by(Room.id).with_for_update())
    open_rooms = {(room.kind, room.slot): room for room in await rooms.rooms_of(session, case.pid)}
    taken_on = found.assignment is not None and found.assignment.confirmed_at is not None
    people = await _people(session, found)
    in_office = taken_on and await _in_office(session, case, found)

    if taken_on and state in _PRIVATE_OPEN:
        for side in Side:
            bound = any(party.people for party in found.parties if party.row.side == side)
            if bound and (RoomKind.PRIVATE, side.value) not in open_rooms:
                open_rooms[RoomKind.PRIVATE, side.value] = await rooms.open_room(
                    session, subject_pid=case.pid, kind=RoomKind.PRIVATE, label=_LABELS[side], slot=side.value
                )
        if (RoomKind.NOTES, "") not in open_rooms:
            open_rooms[RoomKind.NOTES, ""] = await rooms.open_room(
                session, subject_pid=case.pid, kind=RoomKind.NOTES, label=N_("调解员笔记")
            )
    # Where there was violence the two sides are never put into one room (反家庭暴力法 Art. 10).
    joint_due = taken_on and state in _JOINT_OPEN and not case.violence
    if joint_due and (RoomKind.JOINT, "") not in open_rooms:
        open_rooms[RoomKind.JOINT, ""] = await rooms.open_room(
            session, subject_pid=case.pid, kind=RoomKind.JOINT, label=N_("共同调解室")
        )

    for room in open_rooms.values():
        await _seat(session, room, _wanted(room, found, people, in_office=in_office))
        writable = taken_on and state in (_JOINT_OPEN if room.kind == RoomKind.JOINT else _PRIVATE_OPEN)
        if room.kind == RoomKind.JOINT and case.violence:
            writable = False
        if room.writable != writable:
            await rooms.set_writable(session, room, writable)


async def _people(session: AsyncSession, found: Gathered) -> dict[int, Person]:
    ids = {person_id for party in found.parties for person_id in party.people}
    return {person.id: person for person in await session.scalars(select(Person).where(Person.id.in_(ids)))}


def _wanted(room: Room, found: Gathered, people: dict[int, Person], *, in_office: bool) -> dict[int, _Seat]:
    """Who belongs into this room now."""
    seats: dict[int, _Seat] = {}
    for party in found.parties:
        if room.kind == RoomKind.NOTES or (room.kind == RoomKind.PRIVATE and party.row.side != room.slot):
            continue
        seats |= _seats_of(party, people, private=room.kind == RoomKind.PRIVATE)
    if in_office and found.mediator is not None:
        # A new mediator starts with the joint history; an earlier private talk needs that party's consent (D).
        whole = room.kind == RoomKind.JOINT
        seats[found.mediator.id] = _Seat("mediator", found.mediator.name, may_write=True, from_start=whole)
    return seats


def _seats_of(party: PartyState, people: dict[int, Person], *, private: bool) -> dict[int, _Seat]:
    # R1: no line is taken from a party before its informed consent to talk online is on record.
    consented = ConsentKind.RIGHTS_NOTICE in party.gates and ConsentKind.ONLINE_MEDIATION in party.gates
    seats = {}
    for row in (party.row, *party.agents):
        if row.person_id is None:
            continue
        acts_for = row.role != PartyRole.PARTY
        seats[row.person_id] = _Seat(
            "agent" if acts_for else row.side,
            shown_name(row, people[row.person_id])[:50],
            may_write=consented,
            from_start=not (private and acts_for),
        )
    return seats


def shown_name(row: Party, person: Person | None) -> str:
    """The name others see: what was proved, where something was; a firm keeps its own (T18)."""
    proved = person is not None and person.identity_level != IdentityLevel.PHONE and person.name
    return person.name if person is not None and proved and row.kind == PartyKind.NATURAL else row.name


async def _seat(session: AsyncSession, room: Room, wanted: dict[int, _Seat]) -> None:
    sitting = {
        member.person_id: member
        for member in await session.scalars(
            select(RoomMember).where(RoomMember.room_id == room.id, RoomMember.left_seq.is_(None))
        )
    }
    for person_id in sitting.keys() - wanted.keys():
        await rooms.end_member(session, room, person_id)
    for person_id, seat in wanted.items():
        there = sitting.get(person_id)
        if there is not None and (there.role, there.name, there.may_write) == (seat.role, seat.name, seat.may_write):
            continue
        await rooms.add_member(
            session,
            room,
            person_id,
            role=seat.role,
            name=seat.name,
            may_write=seat.may_write,
            from_start=seat.from_start,
        )


async def announce(session: AsyncSession, case: Case, tag: str, text: str, link: str | None = None) -> None:
    """A quiet line where the parties read it: in the joint room, or in each private room while there is none."""
    found = _by_kind(await rooms.rooms_of(session, case.pid))
    for room in found.get(RoomKind.JOINT) or found.get(RoomKind.PRIVATE, []):
        await rooms.announce(session, room, tag, text, link)


def _by_kind(found: list[Room]) -> dict[str, list[Room]]:
    kinds: dict[str, list[Room]] = {}
    for room in found:
        kinds.setdefault(room.kind, []).append(room)
    return kinds
