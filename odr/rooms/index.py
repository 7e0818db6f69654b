"""The index of joint rooms on both engines: which lines hold all these tokens.

Every line is also indexed by a term of its room, so that a question inside one room meets only that room's postings.
On SQLite a row of the index is named by room and seq in one number; its order is then the order of the transcript, and
no other table is needed to find the way back. Bodies of private rooms and of notes never come here.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncSession

_HEAD = text("INSERT INTO search_heads (room_id, seq) VALUES (:room, 0) ON CONFLICT (room_id) DO NOTHING")
_FORWARD = text("UPDATE search_heads SET seq = :upto WHERE room_id = :room AND seq = :above")
_ADD = {
    "sqlite": text("INSERT INTO search_words (rowid, words) VALUES (:room * 2147483648 + :seq, :words)"),
    "postgresql": text(
        "INSERT INTO search_lines (room_id, seq, words) "
        "VALUES (:room, :seq, array_to_tsvector(string_to_array(CAST(:words AS text), ' ')))"
    ),
}
_FIND = text(
    "SELECT rowid & 2147483647 FROM search_words WHERE search_words MATCH :asked "
    "AND rowid > :room * 2147483648 + :above AND rowid < :room * 2147483648 + :below "
    "ORDER BY rowid DESC LIMIT :limit"
)
# PostgreSQL does not give the hits of an index of words in the order of seq. Words that are common are met soon in the
# newest lines; what is not met there is rare enough to be gathered whole, and must be: left alone, the planner may
# rather read the whole room backwards.
_NEAR_LINES = 2000
_NEAR = text(
    "SELECT seq FROM search_lines WHERE room_id = :room AND seq > :above AND seq < :below "
    "AND words @@ CAST(CAST(:asked AS text) AS tsquery) ORDER BY seq DESC LIMIT :limit"
)
_FAR = text(
    "WITH hits AS MATERIALIZED "
    "(SELECT room_id, seq FROM search_lines WHERE words @@ CAST(CAST(:asked AS text) AS tsquery)) "
    "SELECT seq FROM hits WHERE room_id = :room AND seq > :above AND seq < :below ORDER BY seq DESC LIMIT :limit"
)


def _room_term(room_id: int) -> str:
    return f"§{room_id}"  # no text yields it: the sign is no letter


def add(
    connection: Connection, room_id: int, above: int, upto: int, found: Iterable[tuple[int, Iterable[str]]]
) -> bool:
    """Index the lines above `above` up to `upto`, given as (seq, tokens); those without tokens may be left out.

    False, and nothing is written, when another worker was quicker.
    """
    connection.execute(_HEAD, {"room": room_id})
    if not connection.execute(_FORWARD, {"room": room_id, "above": above, "upto": upto}).rowcount:
        return False
    rows = [
        {"room": room_id, "seq": seq, "words": " ".join([_room_term(room_id), *sorted(of)])} for seq, of in found if of
    ]
    if rows:
        connection.execute(_ADD[connection.dialect.name], rows)
    return True


async def find(
    session: AsyncSession, room_id: int, tokens: Iterable[str], *, above: int, below: int, limit: int
) -> Sequence[int]:
    """The newest lines between the two seqs that hold all tokens."""
    terms = [_room_term(room_id), *sorted(tokens)]
    wanted: dict[str, Any] = {"room": room_id, "above": above, "below": below, "limit": limit}
    if session.get_bind().dialect.name == "sqlite":
        wanted["asked"] = " ".join(f'"{term}"' for term in terms)
        return (await session.scalars(_FIND, wanted)).all()
    wanted["asked"] = " & ".join(f"'{term}'" for term in terms)
    edge = max(above, below - _NEAR_LINES)
    near = (await session.scalars(_NEAR, wanted | {"above": edge})).all()
    if len(near) == limit or edge == above:
        return near
    return (await session.scalars(_FAR, wanted)).all()
