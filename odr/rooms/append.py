"""The one append. Every line of every room comes through here: sends in batches from the journal, system lines from
the transaction of their cause. It runs on any open transaction, with plain statements and no ORM objects.

In one transaction: lock the room rows in id order; look up the authors' membership; look up repeats; take seqs;
compute leaves; insert; move the heads. Nobody reads a seq before the commit, so seq order is commit order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, bindparam, update

from odr.core import chain
from odr.core.crypto import keyring
from odr.evidence.models import File
from odr.rooms.lines import NOTHING, Line, leaf
from odr.rooms.models import SEATS_OF_STAFF, LineKind, RoomKind
from odr.rooms.statements import Rows, both, wanted

RECALL_WINDOW_US = 120 * 1_000_000


class Refusal(StrEnum):
    """Why a line was not taken; the codes of the protocol."""

    UNKNOWN_ROOM = "unknown_room"
    READ_ONLY = "read_only"
    CONFLICT = "conflict"
    TOO_LATE = "too_late"
    NOT_YOURS = "not_yours"
    BUSY = "busy"


class Draft(NamedTuple):
    """A line that wants to be stored. Without `author_id` it is the service's own and needs no membership.

    `ref_seq` is the line a recall takes back, `file` the file a line shows. `as_staff` is False for the lines of a
    login that is none of staff: to it the seats of those who handle a case are not there.
    """

    room: str
    kind: str
    body: bytes
    at_us: int
    author_id: int | None = None
    client_id: str | None = None
    client_at: str | None = None
    ref_seq: int | None = None
    file: str | None = None
    as_staff: bool = True


class Stored(NamedTuple):
    """Where a draft stands in the transcript. `repeated`: it stood there already."""

    seq: int
    at_us: int
    repeated: bool = False


Outcome = Stored | Refusal


@dataclass(slots=True)
class Moved:
    """What one transaction added to one room, in the order of seq."""

    room: str
    version: int
    epoch: str
    first: int
    lines: list[Line] = field(default_factory=list)


class Member(NamedTuple):
    """Who writes: as the room row's `version` has it."""

    pid: str
    name: str
    role: str
    may_write: bool


class Members:
    """Memberships met lately, each good for one version of its room. The version is read under the room's lock, so a
    member who was removed a moment ago, by any worker, is not found here."""

    _ROOMS = 4096

    def __init__(self) -> None:
        self._rooms: dict[int, tuple[int, dict[int, Member | None]]] = {}

    def of(self, room_id: int, version: int) -> dict[int, Member | None]:
        found = self._rooms.get(room_id)
        if found is None or found[0] != version:
            if len(self._rooms) >= self._ROOMS:
                self._rooms.clear()
            found = self._rooms[room_id] = (version, {})
        return found[1]


@dataclass(slots=True)
class _Locked:
    """A room row under lock, and what is about to be added to it."""

    id: int
    kind: str
    writable: bool
    seq: int
    leaf: bytes
    us: int
    moved: Moved
    members: dict[int, Member | None]


_LOCK = {
    # SQLite's one writer is the lock. All rooms in one value: its driver gives the interpreter's lock away per row.
    "sqlite": both(
        "SELECT json_group_array(json_array(r.id, r.pid, r.kind, r.writable, r.head_seq, r.head_us, r.version, "
        "{epoch}, hex(r.head_leaf))) FROM rooms r WHERE r.pid IN (SELECT {text} FROM {each})"
    )["sqlite"],
    "postgresql": both(
        "SELECT r.id, r.pid, r.kind, r.writable, r.head_seq, r.head_us, r.version, {epoch}, r.head_leaf "
        "FROM rooms r WHERE r.pid IN (SELECT {text} FROM {each}) ORDER BY r.id {lock}"
    )["postgresql"],
}
_MEMBERS = both(
    "SELECT m.room_id, m.person_id, p.pid, m.name, m.role, m.may_write FROM {each} "
    "JOIN room_members m ON m.room_id = {int0} AND m.person_id = {int1} AND m.left_seq IS NULL "
    "JOIN people p ON p.id = m.person_id"
)
_REPEATS = both(
    "SELECT m.room_id, m.author_id, m.client_id, m.seq, m.kind, m.ref_seq, m.at_us, m.sealed, m.body FROM {each} "
    "JOIN messages m ON m.room_id = {int0} AND m.author_id = {int1} AND m.client_id = {text2}"
)
_TARGETS = both(
    "SELECT m.room_id, m.seq, m.author_id, m.kind, m.at_us, r.seq, r.at_us FROM {each} "
    "JOIN messages m ON m.room_id = {int0} AND m.seq = {int1} "
    "LEFT JOIN messages r ON r.room_id = m.room_id AND r.ref_seq = m.seq"
)
_INSERT = Rows(
    {
        "room_id": "integer",
        "seq": "integer",
        "kind": "varchar",
        "author_id": "integer",
        "author_role": "varchar",
        "author_name": "varchar",
        "client_id": "varchar",
        "ref_seq": "integer",
        "at_us": "bigint",
        "client_at": "varchar",
        "epoch": "varchar",
        "sealed": "boolean",
        "body": "bytea",
        "salt": "bytea",
        "prev": "bytea",
        "leaf": "bytea",
    },
    "INSERT INTO messages ({names}) SELECT {names} FROM q",
)
_HEADS = Rows(
    {"head_seq": "integer", "head_leaf": "bytea", "head_us": "bigint", "id": "integer"},
    "UPDATE rooms SET head_seq = q.head_seq, head_leaf = q.head_leaf, head_us = q.head_us FROM q WHERE rooms.id = q.id",
)
_SHOWN = (
    update(File.__table__)  # type: ignore[arg-type]  # a Table, declared as any FromClause
    .where(File.pid == bindparam("file"), File.holder == "room", File.holder_id == bindparam("room"))
    .values(shown_seq=bindparam("seq"))
)


# --- the append -----------------------------------------------------------------------------------------------------


def append(
    connection: Connection, drafts: Sequence[Draft], known: Members | None = None
) -> tuple[list[Outcome], list[Moved]]:
    """Store what may be stored: an outcome for each draft, in their order, and what was added to each room.

    The caller's transaction decides: without its commit nothing of this happened. Run it by
    `AsyncConnection.run_sync`.
    """
    dialect = connection.dialect.name
    rooms = _lock(connection, dialect, {draft.room for draft in drafts}, known or Members())
    _find_members(connection, dialect, rooms, drafts)
    repeats = _find_repeats(connection, dialect, rooms, drafts)
    targets = _find_targets(connection, dialect, rooms, drafts)
    rows: list[tuple[Any, ...]] = []
    shown: list[dict[str, Any]] = []
    outcomes = [
        _place(draft, rooms.get(draft.room), salt, repeats, targets, rows, shown)
        for draft, salt in zip(drafts, chain.new_salts(len(drafts)), strict=True)
    ]
    moved = [room for room in rooms.values() if room.moved.lines]
    if rows:
        _INSERT.write(connection, rows)
        _HEADS.write(connection, [(room.seq, room.leaf, room.us, room.id) for room in moved])
    if shown:
        connection.execute(_SHOWN, shown)
    return outcomes, [room.moved for room in moved]


def _lock(connection: Connection, dialect: str, pids: set[str], known: Members) -> dict[str, _Locked]:
    rows: Iterable[Any] = connection.execute(_LOCK[dialect], wanted(pids))
    if dialect == "sqlite":
        rows = [(*room, bytes.fromhex(leaf)) for (rooms,) in rows for *room, leaf in orjson.loads(rooms)]
    return {
        pid: _Locked(
            id=id,
            kind=kind,
            writable=bool(writable),
            seq=head_seq,
            leaf=head_leaf,
            us=head_us,
            moved=Moved(room=pid, version=version, epoch=epoch, first=head_seq + 1),
            members=known.of(id, version),
        )
        for id, pid, kind, writable, head_seq, head_us, version, epoch, head_leaf in rows
    }


def _find_members(connection: Connection, dialect: str, rooms: dict[str, _Locked], drafts: Sequence[Draft]) -> None:
    """Fill in the members that are not known yet; a person who is none is remembered as None."""
    missing: dict[tuple[int, int], dict[int, Member | None]] = {}
    for draft in drafts:
        room = rooms.get(draft.room)
        if room is not None and draft.author_id is not None and draft.author_id not in room.members:
            missing[room.id, draft.author_id] = room.members
    if not missing:
        return
    for (_, person_id), members in missing.items():
        members[person_id] = None
    for room_id, person_id, pid, name, role, may_write in connection.execute(_MEMBERS[dialect], wanted(missing)):
        missing[room_id, person_id][person_id] = Member(pid, name, role, bool(may_write))


class _Repeat(NamedTuple):
    stored: Stored
    kind: str
    ref_seq: int | None
    body: bytes


_Repeats = dict[tuple[int, int, str], _Repeat]


def _find_repeats(connection: Connection, dialect: str, rooms: dict[str, _Locked], drafts: Sequence[Draft]) -> _Repeats:
    asked = {
        (rooms[draft.room].id, draft.author_id, draft.client_id)
        for draft in drafts
        if draft.client_id is not None and draft.room in rooms
    }
    if not asked:
        return {}
    return {
        (room_id, author_id, client_id): _Repeat(
            Stored(seq, at_us, repeated=True), kind, ref_seq, plain(bytes(body), bool(sealed))
        )
        for room_id, author_id, client_id, seq, kind, ref_seq, at_us, sealed, body in connection.execute(
            _REPEATS[dialect], wanted(asked)
        )
    }


class _Target(NamedTuple):
    author_id: int | None
    kind: str
    at_us: int
    taken_back: Stored | None


_Targets = dict[tuple[int, int], _Target]


def _find_targets(connection: Connection, dialect: str, rooms: dict[str, _Locked], drafts: Sequence[Draft]) -> _Targets:
    asked = {
        (rooms[draft.room].id, draft.ref_seq) for draft in drafts if draft.ref_seq is not None and draft.room in rooms
    }
    if not asked:
        return {}
    return {
        (room_id, seq): _Target(author_id, kind, at_us, Stored(by_seq, by_us, True) if by_seq is not None else None)
        for room_id, seq, author_id, kind, at_us, by_seq, by_us in connection.execute(_TARGETS[dialect], wanted(asked))
    }


def _place(
    draft: Draft,
    room: _Locked | None,
    salt: bytes,
    repeats: _Repeats,
    targets: _Targets,
    rows: list[tuple[Any, ...]],
    shown: list[dict[str, Any]],
) -> Outcome:
    """Decide on one draft and, when it is new and allowed, give it its seq and leaf."""
    if room is None:
        return Refusal.UNKNOWN_ROOM
    member: Member | None = None
    if draft.author_id is not None:
        member = room.members.get(draft.author_id)
        if member is None or (member.role in SEATS_OF_STAFF and not draft.as_staff):
            return Refusal.UNKNOWN_ROOM
        if draft.client_id is not None:
            # Before the rights: what was stored stays said, also when the room has closed since.
            repeat = repeats.get((room.id, draft.author_id, draft.client_id))
            if repeat is not None:
                same = (repeat.kind, repeat.ref_seq, repeat.body) == (draft.kind, draft.ref_seq, draft.body)
                return repeat.stored if same else Refusal.CONFLICT
        if not (room.writable and member.may_write):
            return Refusal.READ_ONLY
    if draft.ref_seq is not None:
        answered = _take_back(draft, draft.ref_seq, room, targets)
        if answered is not None:
            return answered
    stored = _write(draft, room, member, salt, rows)
    if draft.file is not None:
        shown.append({"file": draft.file, "room": room.id, "seq": stored.seq})
    if draft.author_id is not None and draft.client_id is not None:
        repeats[room.id, draft.author_id, draft.client_id] = _Repeat(
            Stored(stored.seq, stored.at_us, repeated=True), draft.kind, draft.ref_seq, draft.body
        )
    return stored


def _take_back(draft: Draft, seq: int, room: _Locked, targets: _Targets) -> Outcome | None:
    """None when the recall is to be written; why not otherwise. A line that was taken back already is answered
    with the recall that did it."""
    target = targets.get((room.id, seq))
    if target is None or target.author_id != draft.author_id or target.kind not in (LineKind.TEXT, LineKind.FILE):
        return Refusal.NOT_YOURS
    if target.taken_back is not None:
        return target.taken_back
    if draft.at_us - target.at_us > RECALL_WINDOW_US:
        return Refusal.TOO_LATE
    targets[room.id, seq] = target._replace(taken_back=Stored(room.seq + 1, max(draft.at_us, room.us), repeated=True))
    return None


def _write(draft: Draft, room: _Locked, member: Member | None, salt: bytes, rows: list[tuple[Any, ...]]) -> Stored:
    seq, at_us, prev = room.seq + 1, max(draft.at_us, room.us), room.leaf
    author_pid, name, role = (member.pid, member.name, member.role) if member else (None, "", "")
    sealed = room.kind != RoomKind.JOINT
    room.seq, room.us = seq, at_us
    room.leaf = leaf(
        prev,
        room=room.moved.room,
        epoch=room.moved.epoch,
        seq=seq,
        kind=draft.kind,
        author=author_pid,
        role=role,
        name=name,
        client_id=draft.client_id,
        ref_seq=draft.ref_seq,
        at_us=at_us,
        client_at=draft.client_at,
        sealed=sealed,
        salt=salt,
        body=draft.body,
    )
    rows.append(
        (
            room.id,
            seq,
            draft.kind,
            draft.author_id,
            role,
            name,
            draft.client_id,
            draft.ref_seq,
            at_us,
            draft.client_at,
            room.moved.epoch,
            sealed,
            keyring().seal(draft.body.decode()) if sealed else draft.body,
            salt,
            prev,
            room.leaf,
        )
    )
    room.moved.lines.append(
        Line(
            seq=seq,
            kind=draft.kind,
            client_id=draft.client_id,
            author_pid=author_pid,
            author_name=name,
            author_role=role,
            at_us=at_us,
            raw=draft.body,
        )
    )
    return Stored(seq, at_us)


def plain(body: bytes, sealed: bool) -> bytes:
    """The JSON of a stored body. Raises `cryptography.exceptions.InvalidTag` when sealed bytes were altered."""
    return keyring().unseal(body).encode() if sealed else body


def pack(body: dict[str, Any]) -> bytes:
    """A body as it is stored and committed to: canonical JSON without empty fields."""
    kept = {name: value for name, value in body.items() if value is not None}
    return chain.canonical(kept) if kept else NOTHING
