"""Finding lines of one room by their words: the same door and the same lines as every other read.

The index says which lines may answer; each is compared with its own text before it is shown, for pairs of characters
over-match. What is not indexed is read directly, newest first and a bounded piece at a time: the lines written a moment
ago, and every private room and notes room. Those are stored encrypted, and an index would spread in the clear, beside
them, what somebody said in confidence.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from odr.core.errors import Invalid
from odr.core.i18n import _
from odr.core.limits import Rule
from odr.rooms import index
from odr.rooms.access import unknown_room
from odr.rooms.append import plain
from odr.rooms.lines import Line, findable
from odr.rooms.models import Room, RoomKind, RoomMember
from odr.rooms.page import at
from odr.rooms.statements import both
from odr.rooms.tokens import Question

WORDS_MAX = 100
SCANNED = 2000
"""Lines that one question reads directly, at most."""
_ROUNDS = (64, 256, 1024)
"""Lines the index may name, round by round, before a question that over-matches is answered with what there is."""


@dataclass(frozen=True, slots=True)
class Found:
    """Lines that answer, newest first. `before`: where the question goes on, None when all was looked at.
    `indexed` is False for rooms whose lines are read one by one."""

    epoch: str
    head: int
    lines: list[Line]
    before: int | None
    indexed: bool


def asked(words: str) -> Question:
    """What somebody typed, as a question. Raises Invalid for field `q`."""
    if len(words) > WORDS_MAX:
        raise Invalid({"q": _("要找的字词太长了。请写 %(n)s 个字以内。", n=WORDS_MAX)})
    if question := Question.of(words):
        return question
    raise Invalid({"q": _("请写要找的字或词。")})


def search_rule() -> Rule:
    return Rule("rooms:search", "60/minute", _("查找得太快了。请等几秒再查。"))


_HEAD = both(
    "SELECT r.head_seq, COALESCE(s.seq, 0), {epoch} FROM rooms r LEFT JOIN search_heads s ON s.room_id = r.id "
    "WHERE r.id = :room"
)
_SCAN = both(
    "SELECT m.seq, m.body, m.sealed FROM messages m WHERE m.room_id = :room AND m.seq > :above AND m.seq < :below "
    "ORDER BY m.seq DESC LIMIT :limit"
)


async def search(
    session: AsyncSession,
    room: Room,
    member: RoomMember,
    question: Question,
    *,
    before: int | None = None,
    limit: int = 20,
) -> Found:
    """The newest lines that hold every word, as far as `member` may read them and below `before`.

    Lines that were taken back are never found. Raises NotFound for who has left.
    """
    if member.room_id != room.id or member.left_seq is not None:
        raise unknown_room()
    dialect = session.get_bind().dialect.name
    head, indexed, epoch = (await session.execute(_HEAD[dialect], {"room": room.id})).one()
    floor, below = member.joined_seq, head + 1 if before is None else min(before, head + 1)
    # What lies above is read directly.
    ceiling = max(floor, min(indexed, head)) if room.kind == RoomKind.JOINT else floor

    def answer(lines: list[Line], reached: int | None) -> Found:
        if len(lines) > limit:
            lines, reached = lines[:limit], lines[limit - 1].seq
        return Found(epoch, head, lines, reached, room.kind == RoomKind.JOINT)

    lines: list[Line] = []
    if below > ceiling + 1:
        seqs, reached = await _scan(session, room.id, question, above=ceiling, below=below)
        lines += await _those_that_answer(session, room.id, question, seqs)
        if len(lines) > limit or reached is not None:
            return answer(lines, reached)
        below = ceiling + 1
    if room.kind == RoomKind.JOINT:
        for size in _ROUNDS:
            if below <= floor + 1:
                break
            found = await index.find(session, room.id, question.tokens, above=floor, below=below, limit=size)
            lines += await _those_that_answer(session, room.id, question, found)
            below = found[-1] if len(found) == size else 0
            if len(lines) > limit:
                break
        if below > floor + 1:
            return answer(lines, below)
    return answer(lines, None)


async def _scan(
    session: AsyncSession, room_id: int, question: Question, *, above: int, below: int
) -> tuple[list[int], int | None]:
    """The lines that answer, read one by one; and the last one read, where there was not time for all."""
    asked = {"room": room_id, "above": above, "below": below, "limit": SCANNED}
    rows = (await session.execute(_SCAN[session.get_bind().dialect.name], asked)).all()
    hits = [seq for seq, body, sealed in rows if question.met_by(findable(plain(bytes(body), bool(sealed))))]
    return hits, rows[-1][0] if len(rows) == SCANNED else None


async def _those_that_answer(
    session: AsyncSession, room_id: int, question: Question, seqs: Sequence[int]
) -> list[Line]:
    return [
        line for line in await at(session, room_id, seqs) if not line.recalled and question.met_by(findable(line.raw))
    ]
