"""Recomputing every chain: a line that was changed, dropped, inserted or moved is named by room and seq."""

from collections.abc import AsyncIterator
from typing import Any

from cryptography.exceptions import InvalidTag
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.models import Person
from odr.core import chain
from odr.rooms.append import plain
from odr.rooms.lines import leaf
from odr.rooms.models import Message, Room

_COLUMNS: tuple[Any, ...] = (
    Message.room_id,
    Message.seq,
    Message.kind,
    Person.pid,
    Message.author_role,
    Message.author_name,
    Message.client_id,
    Message.ref_seq,
    Message.at_us,
    Message.client_at,
    Message.epoch,
    Message.sealed,
    Message.body,
    Message.salt,
    Message.prev,
    Message.leaf,
)


async def faults(
    session: AsyncSession, room: Room | None = None, span: tuple[int, int] | None = None
) -> AsyncIterator[str]:
    """Each fault, of one room or of all, as a sentence: `room <pid>: line <seq> was altered`, `… is missing`,
    `the head says …`.

    With a `span` (first and last seq) only those lines of the room are computed, on from the line before them.
    """
    of_rooms = () if room is None else (Room.id == room.id,)
    of_lines: tuple[Any, ...] = () if room is None else (Message.room_id == room.id,)
    ends: dict[int, tuple[int, bytes]] = {}
    if room is not None and span is not None:
        first, last = span
        of_lines += (Message.seq.between(first, last),)
        before = await session.scalar(select(Message.leaf).where(Message.room_id == room.id, Message.seq == first - 1))
        ends[room.id] = (first - 1, bytes(before) if before is not None else chain.ZERO)
    rooms = {
        id: (pid, head_seq, bytes(head_leaf))
        for id, pid, head_seq, head_leaf in await session.execute(
            select(Room.id, Room.pid, Room.head_seq, Room.head_leaf).where(*of_rooms)
        )
    }
    query = (
        select(*_COLUMNS)
        .outerjoin(Person, Person.id == Message.author_id)
        .where(*of_lines)
        .order_by(Message.room_id, Message.seq)
        .execution_options(yield_per=1000)
    )
    async for row in await session.stream(query):
        room_id, seq = row[0], row[1]
        if room_id not in rooms:
            yield f"room #{room_id}: the room of line {seq} is missing"
            continue
        pid = rooms[room_id][0]
        seen, prev = ends.get(room_id, (0, chain.ZERO))
        if seq != seen + 1:
            gone = f"line {seen + 1} is" if seq == seen + 2 else f"lines {seen + 1} to {seq - 1} are"
            yield f"room {pid}: {gone} missing" if seq > seen else f"room {pid}: line {seq} is out of place"
        elif bytes(row.prev) != prev:
            yield f"room {pid}: line {seq} does not follow the line before it"
        if _leaf_of(pid, row) != bytes(row.leaf):
            yield f"room {pid}: line {seq} was altered"
        ends[room_id] = (seq, bytes(row.leaf))
    for room_id, (pid, head_seq, head_leaf) in rooms.items():
        if span is not None:
            if (found := ends[room_id][0]) != span[1]:
                yield f"room {pid}: lines {found + 1} to {span[1]} are missing"
        elif ends.get(room_id, (0, chain.ZERO)) != (head_seq, head_leaf):
            yield f"room {pid}: the head says {head_seq} lines, found {ends.get(room_id, (0, b''))[0]}"


def _leaf_of(room_pid: str, row: Any) -> bytes | None:
    """The leaf as it should be; None when the body cannot even be read."""
    try:
        body = plain(bytes(row.body), bool(row.sealed))
        return leaf(
            bytes(row.prev),
            room=room_pid,
            epoch=row.epoch,
            seq=row.seq,
            kind=row.kind,
            author=row.pid,
            role=row.author_role,
            name=row.author_name,
            client_id=row.client_id,
            ref_seq=row.ref_seq,
            at_us=row.at_us,
            client_at=row.client_at,
            sealed=bool(row.sealed),
            salt=bytes(row.salt),
            body=body,
        )
    except (InvalidTag, IndexError, ValueError, TypeError):
        return None
