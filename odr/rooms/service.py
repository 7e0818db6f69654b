"""Rooms as verbs. Cases open rooms and seat people; rooms know who may speak, not why.

Order of locks, for everybody who writes in one transaction: the room rows in the order they are spoken to, then the
ledger's head, which `announce` never touches.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from odr.accounts.access import Actor
from odr.accounts.models import Person
from odr.audit.who import Who
from odr.core import clock
from odr.core.db import Database, poke
from odr.core.errors import Busy, Conflict, Forbidden, Invalid, OdrError
from odr.core.i18n import _
from odr.evidence.models import File
from odr.rooms import verification
from odr.rooms.access import member_of, unknown_room
from odr.rooms.append import Draft, Outcome, Refusal, Stored, append, pack
from odr.rooms.journal import Journal, journal_of
from odr.rooms.lines import Line, findable, stamp
from odr.rooms.models import LineKind, Room, RoomKind, RoomMember
from odr.rooms.page import Lines, page
from odr.rooms.roster import RoomState, Seat, role_label, states, states_of
from odr.rooms.schemas import RecallIn, SayIn
from odr.rooms.search import SCANNED, Found, asked, search, search_rule
from odr.rooms.statements import both, wanted
from odr.rooms.tokens import Piece

__all__ = [
    "SCANNED",
    "Draft",
    "Found",
    "Journal",
    "Line",
    "Lines",
    "Outcome",
    "Piece",
    "Refusal",
    "RoomState",
    "RoomView",
    "Said",
    "Seat",
    "add_member",
    "announce",
    "asked",
    "end_member",
    "findable",
    "follow",
    "journal_of",
    "mark_read",
    "open_room",
    "page",
    "propose",
    "recall",
    "recall_draft",
    "refused",
    "role_label",
    "room",
    "rooms_for",
    "rooms_of",
    "say",
    "say_draft",
    "search",
    "search_rule",
    "set_writable",
    "states",
    "states_of",
    "text_draft",
    "verify",
]


# --- rooms and members ----------------------------------------------------------------------------------------------


async def open_room(session: AsyncSession, *, subject_pid: str, kind: RoomKind, label: str, slot: str = "") -> Room:
    """A new, empty room of a subject (a case). `slot` tells the private rooms of one case apart."""
    found = Room(subject_pid=subject_pid, kind=RoomKind(kind), label=label, slot=slot)
    session.add(found)
    await session.flush()
    return found


async def room(session: AsyncSession, pid: str) -> Room:
    """The room with this public id, without asking who wants it. Raises NotFound."""
    found = await session.scalar(select(Room).where(Room.pid == pid))
    if found is None:
        raise unknown_room()
    return found


async def add_member(
    session: AsyncSession,
    room: Room,
    person_id: int,
    *,
    role: str,
    name: str,
    may_write: bool = True,
    from_start: bool = True,
) -> RoomMember:
    """Seat a person, or change role and rights of one who is seated. Without `from_start` they read only what is
    written from now on. Who had left and comes back is bounded the same way."""
    member = await session.scalar(
        select(RoomMember).where(RoomMember.room_id == room.id, RoomMember.person_id == person_id)
    )
    rights = (role, name, may_write)
    if member is not None and member.left_seq is None and (member.role, member.name, member.may_write) == rights:
        return member
    head = await _touch(session, room)
    if member is None:
        member = RoomMember(room_id=room.id, person_id=person_id, joined_seq=0 if from_start else head)
        session.add(member)
    elif member.left_seq is not None:
        member.left_seq, member.joined_seq = None, 0 if from_start else head
    member.role, member.name, member.may_write = rights
    await session.flush()
    return member


async def end_member(session: AsyncSession, room: Room, person_id: int) -> None:
    """A person leaves: reading, writing and the live stream end with this commit, on every worker."""
    head = await _touch(session, room)
    member = await session.scalar(
        select(RoomMember).where(
            RoomMember.room_id == room.id, RoomMember.person_id == person_id, RoomMember.left_seq.is_(None)
        )
    )
    if member is None:
        return
    member.left_seq = max(head, member.joined_seq)
    await session.flush()
    pid = await session.scalar(select(Person.pid).where(Person.id == person_id))
    poke(session, "logins", f"person:{pid}")


async def set_writable(session: AsyncSession, room: Room, writable: bool) -> None:
    """Open or close a room for writing. What is in it stays readable."""
    if room.writable != writable:
        room.writable = writable
        await session.flush()
        await _touch(session, room)


async def _touch(session: AsyncSession, room: Room) -> int:
    """Lock the room, raise its version, tell the hubs; returns its head."""
    row = await session.execute(
        update(Room)
        .where(Room.id == room.id)
        .values(version=Room.version + 1)
        .returning(Room.head_seq, Room.version)
        .execution_options(synchronize_session=False)
    )
    head, version = row.one()
    set_committed_value(room, "head_seq", head)
    set_committed_value(room, "version", version)
    poke(session, "rooms", room.pid)
    return int(head)


async def rooms_of(session: AsyncSession, subject_pid: str) -> list[Room]:
    """All rooms of a subject, for the services that own it."""
    found = await session.scalars(select(Room).where(Room.subject_pid == subject_pid).order_by(Room.id))
    return list(found)


@dataclass(frozen=True, slots=True)
class RoomView:
    """A room as one of its members sees it."""

    pid: str
    kind: str
    label: str
    slot: str
    audience: str
    can: list[str]
    others: list[Seat]
    unread: int
    head: int
    epoch: str


async def rooms_for(session: AsyncSession, subject_pid: str, person_id: int) -> list[RoomView]:
    """The rooms of a subject this person sits in: the joint room first."""
    return [
        RoomView(
            pid=state.pid,
            kind=state.kind,
            label=_(state.label),
            slot=state.slot,
            audience=state.audience(person_id),
            can=state.can(person_id),
            others=state.others(person_id),
            unread=state.unread(person_id),
            head=state.head,
            epoch=state.epoch,
        )
        for state in (await states(session, subject=subject_pid)).values()
        if person_id in state.seats
    ]


async def follow(session: AsyncSession, subject_pid: str, person_id: int) -> dict[str, Any] | None:
    """Where a page joins the live line to hear that its case changed: the joint room, or one's own; None without a
    seat. The cursor stands at the head, so that no line is sent."""
    found = await rooms_for(session, subject_pid, person_id)
    if not found:
        return None
    return {"case": subject_pid, "room": found[0].pid, "epoch": found[0].epoch, "seq": found[0].head}


_UNREAD = both(
    "SELECT r.subject_pid, r.head_seq, m.read_seq, m.joined_seq FROM room_members m JOIN rooms r ON r.id = m.room_id "
    "WHERE m.person_id = :person AND m.left_seq IS NULL AND r.subject_pid IN (SELECT {text} FROM {each})"
)


async def unread(session: AsyncSession, subject_pids: Sequence[str], person_id: int) -> dict[str, int]:
    """Unread lines by subject, in all rooms this person sits in; subjects without a seat are left out."""
    found: dict[str, int] = {}
    asked = wanted(subject_pids) | {"person": person_id}
    for subject, head, read, joined in await session.execute(_UNREAD[session.get_bind().dialect.name], asked):
        found[subject] = found.get(subject, 0) + max(0, head - max(read, joined))
    return found


# --- lines in the caller's transaction ------------------------------------------------------------------------------


async def announce(session: AsyncSession, room: Room, tag: str, text: str, link: str | None = None) -> int:
    """A system line in the caller's transaction, so that a move and its line cannot part. Returns its seq."""
    body = pack({"tag": tag, "text": text, "link": link})
    return await _add(session, room, Draft(room=room.pid, kind=LineKind.SYSTEM, body=body, at_us=clock.now_us()))


async def propose(session: AsyncSession, room: Room, who: Who, body: Mapping[str, Any]) -> int:
    """A proposal line {agreement, clause, version, text} in the caller's transaction, in the name of a member.

    Raises NotFound for who is no member, Forbidden where the member may not write. Returns the line's seq.
    """
    draft = Draft(
        room=room.pid, kind=LineKind.PROPOSAL, body=pack(dict(body)), at_us=clock.now_us(), author_id=who.person_id
    )
    return await _add(session, room, draft)


async def _add(session: AsyncSession, room: Room, draft: Draft) -> int:
    await session.flush()
    connection = await session.connection()
    outcomes, _moved = await connection.run_sync(append, [draft])
    stored = _settled(outcomes[0])
    set_committed_value(room, "head_seq", stored.seq)
    poke(session, "rooms", room.pid)
    return stored.seq


# --- lines through the journal --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Said:
    """The line is stored and synced. `repeated`: it was before, and this is the same answer again."""

    room: str
    id: str
    seq: int
    at_us: int
    repeated: bool = False

    def public(self) -> dict[str, Any]:
        return {"room": self.room, "id": self.id, "seq": self.seq, "at": stamp(self.at_us)}


async def say(db: Database, actor: Actor, room_pid: str, line: SayIn) -> Said:
    """One line of a member. Returns when it is stored.

    Raises NotFound (`unknown_room`), Forbidden (`read_only`), Conflict (same id, other content), Invalid
    (`bad_file`), Busy (not stored, try again).
    """
    return await _through(db, await say_draft(db, actor, room_pid, line), line.id)


async def recall(db: Database, actor: Actor, room_pid: str, given: RecallIn) -> Said:
    """Take back one's own line within two minutes; audit of a joint room still reads it.

    Raises besides: Conflict (`too_late`), Forbidden (`not_yours`).
    """
    return await _through(db, recall_draft(actor, room_pid, given), given.id)


async def say_draft(db: Database, actor: Actor, room_pid: str, line: SayIn) -> Draft:
    """What `say` hands to the journal; a file is looked up here, outside the batch."""
    if line.file is None:
        return text_draft(actor, room_pid, line)
    async with db.read() as session:
        shown = await _file_of_room(session, actor, room_pid, line.file)
    return text_draft(actor, room_pid, line, shown)


def text_draft(actor: Actor, room_pid: str, line: SayIn, shown: dict[str, Any] | None = None) -> Draft:
    """The draft of a line whose file, if it has one, was looked up."""
    return Draft(
        room=room_pid,
        kind=line.kind,
        body=pack({"text": line.text, "file": shown}),
        at_us=clock.now_us(),
        author_id=actor.person_id,
        client_id=line.id,
        client_at=line.at,
        file=line.file,
        as_staff=actor.staff,
    )


def recall_draft(actor: Actor, room_pid: str, given: RecallIn) -> Draft:
    return Draft(
        room=room_pid,
        kind=LineKind.RECALL,
        body=pack({"seq": given.seq}),
        at_us=clock.now_us(),
        author_id=actor.person_id,
        client_id=given.id,
        ref_seq=given.seq,
        as_staff=actor.staff,
    )


async def _file_of_room(session: AsyncSession, actor: Actor, room_pid: str, file_pid: str) -> dict[str, Any]:
    found, _member = await member_of(session, actor, room_pid)
    file = await session.scalar(
        select(File).where(
            File.pid == file_pid,
            File.holder == "room",
            File.holder_id == found.id,
            File.uploaded_by == actor.person_id,
            File.removed_at.is_(None),
        )
    )
    if file is None:
        raise bad_file()
    return shown_file(file)


def shown_file(file: File) -> dict[str, Any]:
    """A file as lines and answers name it."""
    size = {"width": file.width, "height": file.height} if file.width is not None else {}
    return {
        "id": file.pid,
        "name": file.name,
        "mime": file.shown_mime,
        "size": file.size,
        **size,
        "sha256": file.sha256,
    }


async def _through(db: Database, draft: Draft, client_id: str) -> Said:
    stored = _settled(await journal_of(db).say(draft))
    return Said(draft.room, client_id, stored.seq, stored.at_us, stored.repeated)


def _settled(outcome: Outcome) -> Stored:
    if isinstance(outcome, Refusal):
        raise refused(outcome)
    return outcome


def bad_file() -> Invalid:
    error = Invalid({"file": _("没有找到这个文件。请重新选择并上传。")}, say=_("没有找到这个文件。请重新选择并上传。"))
    error.code = "bad_file"
    return error


def refused(why: Refusal) -> OdrError:
    """Why a line was not taken, as a sentence in the language of who sent it."""
    if why is Refusal.UNKNOWN_ROOM:
        return unknown_room()
    if why is Refusal.READ_ONLY:
        return Forbidden(_("这个调解室现在只能查看，不能再发言。"), code=why)
    if why is Refusal.CONFLICT:
        return Conflict(_("这句话的编号已经用过，内容却不一样。请刷新后重新发送。"), code=why)
    if why is Refusal.TOO_LATE:
        return Conflict(_("发出两分钟后就不能撤回了。"), code=why)
    if why is Refusal.NOT_YOURS:
        return Forbidden(_("只能撤回您自己发的话。"), code=why)
    return Busy()


async def mark_read(db: Database, session: AsyncSession, actor: Actor, room_pid: str, seq: int) -> None:
    """Move the actor's read mark up to `seq`, at most to the head; it never goes back. Raises NotFound."""
    found, member = await member_of(session, actor, room_pid)
    seq = min(seq, found.head_seq)
    if seq > member.read_seq:
        journal_of(db).mark(room_pid, actor.person_id, seq)


def verify(session: AsyncSession, room: Room | None = None, span: tuple[int, int] | None = None) -> AsyncIterator[str]:
    """Every way in which a transcript (all of them without `room`) is not what was written, naming room and seq.

    With a `span` (first and last seq) only those lines of the room are looked at.
    """
    return verification.faults(session, room, span)
