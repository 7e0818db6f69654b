"""Counting statements: a list that grows must not ask more questions."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Engine, event

# The loops of the service (jobs, heads) ask the same database at their own times; only this task's questions count.
_counting: ContextVar[list[str] | None] = ContextVar("counting", default=None)


@contextmanager
def counted() -> Iterator[list[str]]:
    """Every statement that this task asks while the block runs, beginnings of transactions aside."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        mine = _counting.get()
        if mine is asked and not statement.startswith(("BEGIN", "SET TRANSACTION")):
            asked.append(statement)

    mark = _counting.set(asked)
    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)
        _counting.reset(mark)
