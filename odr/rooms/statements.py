"""Statements of the hot path, written once for both engines, which differ in how a list of ids becomes rows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, text
from sqlalchemy.sql import TextClause

_ENGINES = {
    "sqlite": {
        "each": "json_each(:wanted) AS q",
        "text": "q.value",
        "int0": "json_extract(q.value, '$[0]')",
        "int1": "json_extract(q.value, '$[1]')",
        "text2": "json_extract(q.value, '$[2]')",
        "lock": "",
    },
    "postgresql": {
        "each": "jsonb_array_elements(CAST(:wanted AS jsonb)) AS q(value)",
        "text": "(q.value #>> '{}')",
        "int0": "CAST(q.value ->> 0 AS integer)",
        "int1": "CAST(q.value ->> 1 AS integer)",
        "text2": "(q.value ->> 2)",
        "lock": "FOR NO KEY UPDATE OF r",
    },
}
_WORDS = {
    "epoch": "(SELECT epoch FROM lineage ORDER BY id DESC LIMIT 1)",
    # Two look-ups per line and no joins: a planner that expects many lines would read both tables whole for them.
    "line": "m.room_id, m.seq, m.kind, m.client_id, (SELECT p.pid FROM people p WHERE p.id = m.author_id), "
    "m.author_name, m.author_role, m.at_us, m.body, m.sealed, "
    "(SELECT 1 FROM messages b WHERE b.room_id = m.room_id AND b.ref_seq = m.seq LIMIT 1) IS NOT NULL",
    "room": "r.id, r.pid, r.subject_pid, r.kind, r.label, r.slot, r.writable, r.head_seq, r.head_us, r.version",
}


def both(template: str) -> dict[str, TextClause]:
    """The statement by dialect name. `{each}` stands for the rows of `:wanted`, `{int0}` … for their parts, `{line}`
    and `{room}` for the columns of which lines and rooms are made, `{epoch}` for the epoch in force."""
    return {name: text(template.format_map(words | _WORDS)) for name, words in _ENGINES.items()}


def wanted(rows: Iterable[Any]) -> dict[str, str]:
    """The parameter of `{each}`: one JSON text, so that the statement stays the same for any number of rows."""
    return {"wanted": orjson.dumps(list(rows)).decode()}


# How many rows one statement of SQLite takes; few sizes, so that the driver keeps each prepared.
_SIZES = (128, 32, 8, 1)


class Rows:
    """A statement that writes many rows at once, from a table `q` that holds them: on PostgreSQL an array per column.

    Values go in as they are: building each row's parameters through the expression language costs more than storing it.
    On SQLite the rows stand in one statement, because its driver gives the interpreter's lock away with every step, and
    behind a busy event loop each of them waits to get it back.

    `columns` are the names with their PostgreSQL types; the statement may say `{names}`.
    """

    def __init__(self, columns: Mapping[str, str], statement: str) -> None:
        names = ", ".join(columns)
        places = f"({', '.join('?' * len(columns))})"
        arrays = ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(columns.values(), 1))
        act = statement.format(names=names)
        self._of_size = {size: f"WITH q ({names}) AS (VALUES {', '.join([places] * size)}) {act}" for size in _SIZES}
        self._of_arrays = f"WITH q ({names}) AS (SELECT * FROM unnest({arrays})) {act}"  # noqa: S608 - all of it is ours

    def write(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        if connection.dialect.name != "sqlite":
            connection.exec_driver_sql(self._of_arrays, tuple(list(column) for column in zip(*rows, strict=True)))
            return
        start = 0
        for size in _SIZES:
            while len(rows) - start >= size:
                some = rows[start : start + size]
                connection.exec_driver_sql(self._of_size[size], tuple(value for row in some for value in row))
                start += size
