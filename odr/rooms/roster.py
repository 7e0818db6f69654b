"""Who sits in a room, and what each of them may do and is told: the state the hub and the pages show."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.models import Person
from odr.core.i18n import _
from odr.rooms.models import Room, RoomKind, RoomMember
from odr.rooms.page import newest_epoch

_ORDER = {RoomKind.JOINT: 0, RoomKind.PRIVATE: 1, RoomKind.NOTES: 2}


@dataclass(frozen=True, slots=True)
class Seat:
    """One present member."""

    person_id: int
    pid: str
    name: str
    role: str
    may_write: bool
    joined_seq: int
    read_seq: int


@dataclass(slots=True)
class RoomState:
    """A room and its present members at one version."""

    id: int
    pid: str
    case: str
    kind: str
    label: str
    slot: str
    writable: bool
    head: int
    head_us: int
    version: int
    epoch: str
    seats: dict[int, Seat] = field(default_factory=dict)

    def can(self, person_id: int) -> list[str]:
        """What this member may send."""
        seat = self.seats.get(person_id)
        return ["say", "file", "recall"] if seat is not None and self.writable and seat.may_write else []

    def others(self, person_id: int) -> list[Seat]:
        return [seat for seat in self.seats.values() if seat.person_id != person_id]

    def audience(self, person_id: int) -> str:
        """The sentence above the composer: who reads what is written here."""
        if self.kind == RoomKind.JOINT:
            return _("双方当事人和调解员都能看到。")
        if self.kind == RoomKind.NOTES:
            return _("只有调解员能看到，双方当事人看不到。")
        names = _("、").join(seat.name for seat in self.others(person_id))
        if not names:
            return _("只有您能看到，对方看不到。")
        return _("只有您和%(names)s能看到，对方看不到。", names=names)

    def unread(self, person_id: int) -> int:
        """Derived from seq alone, so that all devices of a person agree."""
        seat = self.seats.get(person_id)
        return 0 if seat is None else max(0, self.head - max(seat.read_seq, seat.joined_seq))


def role_label(role: str) -> str:
    """The word beside a name."""
    labels = {
        "applicant": _("申请人"),
        "respondent": _("被申请人"),
        "agent": _("代理人"),
        "mediator": _("调解员"),
        "clerk": _("登记员"),
        "invited": _("受邀参加人"),
    }
    return labels.get(role, "")


async def states(
    session: AsyncSession, *, pids: Sequence[str] | None = None, subject: str | None = None
) -> dict[str, RoomState]:
    """The rooms with these public ids, or all rooms of a subject, each with its present members."""
    which = Room.subject_pid == subject if pids is None else Room.pid.in_(pids)
    rooms = await session.execute(
        select(
            Room.id, Room.pid, Room.subject_pid, Room.kind, Room.label, Room.slot, Room.writable, Room.head_seq,
            Room.head_us, Room.version, newest_epoch(),
        ).where(which)
    )  # fmt: skip
    by_id = {row[0]: RoomState(*row) for row in rooms}
    if not by_id:
        return {}
    seats = await session.execute(
        select(
            RoomMember.room_id, RoomMember.person_id, Person.pid, RoomMember.name, RoomMember.role,
            RoomMember.may_write, RoomMember.joined_seq, RoomMember.read_seq,
        )
        .join(Person, Person.id == RoomMember.person_id)
        .where(RoomMember.room_id.in_(by_id), RoomMember.left_seq.is_(None))
        .order_by(RoomMember.id)
    )  # fmt: skip
    for row in seats:
        seat = Seat(*row[1:])
        by_id[row[0]].seats[seat.person_id] = seat
    ordered = sorted(by_id.values(), key=lambda state: (_ORDER[RoomKind(state.kind)], state.id))
    return {state.pid: state for state in ordered}
