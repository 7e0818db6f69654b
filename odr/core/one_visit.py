"""SQLite's connection lives in a thread of its own. SQLAlchemy goes there four times for a statement: to make the
cursor, to execute, for the rows, to close. Each time waits for the interpreter's lock; here it is one visit.

It leans on names inside SQLAlchemy and aiosqlite, whose versions the lock file holds; every test on SQLite runs on it.
"""

import sqlite3
from collections import deque
from collections.abc import Callable
from typing import Any

from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection, AsyncAdapt_aiosqlite_cursor


class _Result:
    """What is left of a cursor that was closed in its thread."""

    description: Any = None
    rowcount = -1
    lastrowid: int | None = None
    arraysize = 1

    def close(self) -> None:
        return None


class OneVisitCursor(AsyncAdapt_aiosqlite_cursor):
    """A statement with its rows, in one visit. Rows are taken whole, as SQLAlchemy's own cursor takes them."""

    __slots__ = ()
    _awaitable_cursor_close = False  # nothing is open when it is closed

    def __init__(self, adapt_connection: Any) -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._cursor: Any = _Result()
        self._soft_closed_memoized: Any = {}
        self._rows: deque[Any] = deque()

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        given = () if parameters is None else parameters
        return await self._visit(lambda connection: connection.execute(operation, given))

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        return await self._visit(lambda connection: connection.executemany(operation, seq_of_parameters))

    async def _visit(self, act: Callable[[sqlite3.Connection], sqlite3.Cursor]) -> Any:
        held: Any = self._connection

        def visit() -> None:
            cursor = act(held._conn)
            try:
                rows = cursor.fetchall() if cursor.description else ()
                found = self._cursor
                found.description, found.lastrowid = cursor.description, cursor.lastrowid
                found.rowcount = cursor.rowcount  # after the rows: with RETURNING it is known only then
                self._rows = deque(rows)
            finally:
                cursor.close()

        async with self._adapt_connection._execute_mutex:
            await held._execute(visit)
            return self._cursor


def install() -> None:
    """From here on every connection to SQLite works so."""
    AsyncAdapt_aiosqlite_connection._cursor_cls = OneVisitCursor
