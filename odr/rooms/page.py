"""Reading a transcript: one code path for history, replay, the live stream, HTTP and audit."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from odr.core.errors import NotFound
from odr.rooms.append import plain
from odr.rooms.lines import NOTHING, Line
from odr.rooms.models import Room, RoomKind, RoomMember
from odr.rooms.schemas import PAGE_MAX, SEQ_MAX
from odr.rooms.statements import both, wanted

# A page of the longest lines would be 2 MB; a phone on a weak line gets it in parts.
_PAGE_BYTES = 96 * 1024
_NEWS_LINES = 2000


@dataclass(frozen=True, slots=True)
class Lines:
    """A piece of one transcript in the order of seq. `more`: there are further lines in the direction asked.
    `version` is that of the room's members when it was read."""

    epoch: str
    head: int
    version: int
    lines: list[Line]
    more: bool


_UP = both(
    "SELECT {line} FROM messages m "
    "WHERE m.room_id = :room AND m.seq > :above AND m.seq < :below ORDER BY m.seq LIMIT :limit"
)
_DOWN = both(
    "SELECT {line} FROM messages m "
    "WHERE m.room_id = :room AND m.seq > :above AND m.seq < :below ORDER BY m.seq DESC LIMIT :limit"
)
_NEWS = {
    "sqlite": both(
        "SELECT r.pid, r.head_seq, r.version, {epoch}, {line} "
        "FROM (SELECT {int0} AS room, {int1} AS seq FROM {each}) AS t "
        "JOIN rooms r ON r.id = t.room LEFT JOIN messages m ON m.room_id = r.id AND m.seq > t.seq "
        "ORDER BY r.id, m.seq LIMIT :limit"
    )["sqlite"],
    # Room by room: a planner that guesses how long the tails are would rather read the whole table once it is large.
    "postgresql": both(
        "SELECT r.pid, r.head_seq, r.version, {epoch}, {line} "
        "FROM (SELECT {int0} AS room, {int1} AS seq FROM {each}) AS t JOIN rooms r ON r.id = t.room "
        "LEFT JOIN LATERAL (SELECT * FROM messages l WHERE l.room_id = r.id AND l.seq > t.seq ORDER BY l.seq "
        "LIMIT :limit) AS m ON true ORDER BY r.id, m.seq LIMIT :limit"
    )["postgresql"],
}
_AT = both(
    "SELECT {line} FROM messages m "
    "WHERE m.room_id = :room AND m.seq IN (SELECT CAST({text} AS integer) FROM {each}) ORDER BY m.seq DESC"
)
_HEAD = both("SELECT r.head_seq, r.version, {epoch} FROM rooms r WHERE r.id = :room")


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
    return await session.run_sync(
        lines_of, room_id, floor=floor, before=before, after=after, limit=limit, as_written=as_written
    )


def lines_of(
    session: Session,
    room_id: int,
    *,
    floor: int,
    before: int | None = None,
    after: int | None = None,
    limit: int = 50,
    as_written: bool = False,
) -> Lines:
    """`read`, for `Database.look`."""
    dialect = session.get_bind().dialect.name
    limit = max(1, min(limit, PAGE_MAX))
    head_seq, version, epoch = session.execute(_HEAD[dialect], {"room": room_id}).one()
    forward = after is not None
    asked = {
        "room": room_id,
        "above": max(floor, after or 0),
        "below": SEQ_MAX if before is None else before,
        "limit": limit + 1,
    }
    rows = session.execute((_UP if forward else _DOWN)[dialect], asked).all()
    lines, cut = _within(rows[:limit], as_written)
    if not forward:
        lines.reverse()
    return Lines(epoch=epoch, head=head_seq, version=version, lines=lines, more=cut or len(rows) > limit)


@dataclass(slots=True)
class News:
    """Where a room stands, and what it gained. `version` is that of its members when the lines were read."""

    head: int
    version: int
    epoch: str
    lines: list[Line]


def news_of(session: Session, after: Iterable[tuple[int, int]]) -> dict[str, News]:
    """What rooms (by id) gained above a seq each, by public id: one statement, which is one snapshot. A long tail comes
    in several calls; a room for which nothing was left of this one is missing."""
    found: dict[str, News] = {}
    asked = wanted(after) | {"limit": _NEWS_LINES}
    for pid, head, version, epoch, *line in session.execute(_NEWS[session.get_bind().dialect.name], asked):
        news = found.get(pid)
        if news is None:
            news = found[pid] = News(head, version, epoch, [])
        if line[1] is not None:
            news.lines.append(_line(line))
    return found


async def at(session: AsyncSession, room_id: int, seqs: Collection[int]) -> list[Line]:
    """The lines with these seqs, newest first, for those who know that the reader may see them."""
    if not seqs:
        return []
    rows = await session.execute(_AT[session.get_bind().dialect.name], wanted(seqs) | {"room": room_id})
    return [_line(row) for row in rows]


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
