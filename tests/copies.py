"""Many cases from one that was played through: its rows again, under ids of their own. A story takes a second, a copy
nothing; what tells a list slow is only the number."""

from typing import Any

from sqlalchemy import Connection, Integer, String, Table, insert, select

from odr import schema
from odr.core import ids
from odr.core.db import Database

# Rows that belong to a case but tell nothing in lists, and the chain, which is not forged here.
_LEFT_OUT = frozenset({"messages", "invitations", "search_heads", "readings"})


async def copied(db: Database, case_pid: str, times: int) -> list[str]:
    """`times` copies of a case with its parties, gates, clocks, events, rooms and papers. Returns their public ids."""
    return await db.run(_copy, case_pid, times)


def _copy(connection: Connection, case_pid: str, times: int) -> list[str]:
    tables = schema.metadata.tables
    made = []
    for _ in range(times):
        known: dict[str, dict[Any, Any]] = {}
        case = connection.execute(select(tables["cases"]).where(tables["cases"].c.pid == case_pid)).mappings().one()
        pid = ids.new_pid()
        _again(connection, tables["cases"], dict(case), known, pid=pid)
        for room in _rows(connection, tables["rooms"], "subject_pid", [case_pid]):
            _again(connection, tables["rooms"], room, known, subject_pid=pid)
        for table in schema.metadata.sorted_tables:
            if table.name not in _LEFT_OUT and table.name not in known:
                _follow(connection, table, known)
        made.append(pid)
    return made


def _follow(connection: Connection, table: Table, known: dict[str, dict[Any, Any]]) -> None:
    """The rows of a table that hang on rows copied already."""
    for column in table.columns:
        for key in column.foreign_keys:
            owner = key.column.table.name
            if owner in known and owner != table.name and table.name not in known:
                for row in _rows(connection, table, column.name, list(known[owner])):
                    _again(connection, table, row, known)


def _rows(connection: Connection, table: Table, column: str, values: list[Any]) -> list[dict[str, Any]]:
    found = connection.execute(select(table).where(table.c[column].in_(values)).order_by(*table.primary_key.columns))
    return [dict(row) for row in found.mappings()]


def _again(
    connection: Connection, table: Table, row: dict[str, Any], known: dict[str, dict[Any, Any]], **changed: Any
) -> None:
    mine = known.setdefault(table.name, {})
    again = dict(row)
    for column in table.columns:
        for key in column.foreign_keys:
            again[column.name] = known.get(key.column.table.name, {}).get(row[column.name], row[column.name])
        if column.unique and isinstance(column.type, String) and row[column.name] is not None:
            again[column.name] = ids.new_pid()[: column.type.length or 32]
    own = next((c for c in table.primary_key.columns if isinstance(c.type, Integer) and not c.foreign_keys), None)
    if own is not None:
        again.pop(own.name)
    if table.name == "cases" and row["serial"] is not None:
        again["serial"] = -(int.from_bytes(ids.new_pid().encode()[:4]) % 2**31)
    done = connection.execute(insert(table).values(again | changed))
    if own is not None:
        mine[row[own.name]] = done.inserted_primary_key[0] if done.inserted_primary_key else None
