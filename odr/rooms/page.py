"""Reading a transcript: one code path for history, replay, the live stream, HTTP and audit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from odr.accounts.models import Person
from odr.core.errors import NotFound
from odr.rooms.append import plain
from odr.rooms.lines import NOTHING, Line
from odr.rooms.models import Lineage, Message, Room, RoomKind, RoomMember
from odr.rooms.schemas import PAGE_MAX

# A page of the longest lines would be 2 MB; a phone on a weak line gets it in parts.
_PAGE_BYTES = 96 * 1024
_TAIL_LINES = 1000


@dataclass(frozen=True, slots=True)
class Lines:
    """A piece of one transcript in the order of seq. `more`: there are further lines in the direction asked.
    `version` is that of the room's members when it was read."""

    epoch: str
    head: int
    version: int
    lines: list[Line]
    more: bool


def newest_epoch() -> Any:
    """The epoch in force, as a column of any query."""
    return select(Lineage.epoch).order_by(Lineage.id.desc()).limit(1).scalar_subquery()


async def page(
    session: AsyncSession,
    room: Room,
    member: RoomMember | None,
    *,
    before: int | None = None,
    after: int | None = None,
    limit: int = 50,
    sealed: bool = False,
) -> Lines:
    """The newest lines, those above `after`, or those below `before`, as far as `member` may read them.

    `sealed` is for audit of joint rooms alone: no membership, and recalled lines as they were written.
    Raises NotFound when audit asks for any other room.
    """
    if sealed:
        if room.kind != RoomKind.JOINT:
            raise NotFound()
        return await read(session, room.id, floor=0, before=before, after=after, limit=limit, as_written=True)
    if member is None or member.room_id != room.id or member.left_seq is not None:
        raise NotFound()
    return await read(session, room.id, floor=member.joined_seq, before=before, after=after, limit=limit)


async def read(
    session: AsyncSession,
    room_id: int,
    *,
    floor: int,
    before: int | None = None,
    after: int | None = None,
    limit: int = 50,
    as_written: bool = False,
) -> Lines:
    """What `page` does, for those who hold a membership already: only lines above `floor` are read."""
    limit = max(1, min(limit, PAGE_MAX))
    head = await session.execute(select(Room.head_seq, Room.version, newest_epoch()).where(Room.id == room_id))
    head_seq, version, epoch = head.one()
    lowest = max(floor, after or 0)
    where: list[ColumnElement[bool]] = [Message.room_id == room_id, Message.seq > lowest]
    if before is not None:
        where.append(Message.seq < before)
    forward = after is not None
    query = _columns().where(*where).order_by(Message.seq if forward else Message.seq.desc()).limit(limit + 1)
    rows = (await session.execute(query)).all()
    lines, cut = _within(rows[:limit], as_written)
    if not forward:
        lines.reverse()
    return Lines(epoch=epoch, head=head_seq, version=version, lines=lines, more=cut or len(rows) > limit)


async def tails(session: AsyncSession, after: Iterable[tuple[int, int]]) -> dict[int, list[Line]]:
    """What several rooms gained above a seq each, in one query; a long tail comes in several calls."""
    wanted = list(after)
    if not wanted:
        return {}
    found: dict[int, list[Line]] = {}
    query = _columns().where(or_(*(and_(Message.room_id == room, Message.seq > seq) for room, seq in wanted)))
    for row in await session.execute(query.order_by(Message.room_id, Message.seq).limit(_TAIL_LINES)):
        found.setdefault(row[0], []).append(_line(row))
    return found


def _columns() -> Any:
    recall = aliased(Message)
    recalled = exists().where(recall.room_id == Message.room_id, recall.ref_seq == Message.seq)
    return select(
        Message.room_id,
        Message.seq,
        Message.kind,
        Message.client_id,
        Person.pid,
        Message.author_name,
        Message.author_role,
        Message.at_us,
        Message.body,
        Message.sealed,
        recalled,
    ).outerjoin(Person, Person.id == Message.author_id)


def _line(row: Sequence[Any], as_written: bool = False) -> Line:
    _, seq, kind, client_id, author_pid, author_name, author_role, at_us, body, sealed, recalled = row
    hidden = bool(recalled) and not as_written
    return Line(
        seq=seq,
        kind=kind,
        client_id=client_id,
        author_pid=author_pid,
        author_name=author_name,
        author_role=author_role,
        at_us=at_us,
        raw=NOTHING if hidden else plain(bytes(body), bool(sealed)),
        recalled=bool(recalled),
    )


def _within(rows: Sequence[Any], as_written: bool) -> tuple[list[Line], bool]:
    """As many rows as fit into one page, one at least; True when some did not."""
    lines: list[Line] = []
    size = 0
    for row in rows:
        line = _line(row, as_written)
        size += len(line.raw) + 200
        if lines and size > _PAGE_BYTES:
            return lines, True
        lines.append(line)
    return lines, False
