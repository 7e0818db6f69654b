"""Who sits in a room, and what each of them may do and is told: the state the hub and the pages show."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from odr.core.i18n import _
from odr.rooms.models import RoomKind
from odr.rooms.statements import both, wanted

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


_ROOMS_OF = both("SELECT {room}, {epoch} FROM rooms r WHERE r.subject_pid = :subject")
_ROOMS = both("SELECT {room}, {epoch} FROM rooms r WHERE r.pid IN (SELECT {text} FROM {each})")
_SEATS = both(
    "SELECT m.room_id, m.person_id, p.pid, m.name, m.role, m.may_write, m.joined_seq, m.read_seq "
    "FROM room_members m JOIN people p ON p.id = m.person_id "
    "WHERE m.room_id IN (SELECT CAST({text} AS integer) FROM {each}) AND m.left_seq IS NULL ORDER BY m.id"
)


async def states(
    session: AsyncSession, *, pids: Sequence[str] | None = None, subject: str | None = None
) -> dict[str, RoomState]:
    """The rooms with these public ids, or all rooms of a subject, each with its present members."""
    return await session.run_sync(states_of, pids=pids, subject=subject)


def states_of(
    session: Session, *, pids: Sequence[str] | None = None, subject: str | None = None
) -> dict[str, RoomState]:
    """`states`, for `Database.look`."""
    dialect = session.get_bind().dialect.name
    if pids is None:
        found = session.execute(_ROOMS_OF[dialect], {"subject": subject})
    else:
        found = session.execute(_ROOMS[dialect], wanted(pids))
    by_id = {row[0]: RoomState(*row) for row in found}
    if not by_id:
        return {}
    for state in by_id.values():
        state.writable = bool(state.writable)  # SQLite answers plain statements with 0 and 1
    for row in session.execute(_SEATS[dialect], wanted(by_id)):
        room_id, person_id, pid, name, role, may_write, joined_seq, read_seq = row
        by_id[room_id].seats[person_id] = Seat(person_id, pid, name, role, bool(may_write), joined_seq, read_seq)
    ordered = sorted(by_id.values(), key=lambda state: (_ORDER[RoomKind(state.kind)], state.id))
    return {state.pid: state for state in ordered}
