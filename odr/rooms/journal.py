"""Group commit: one journal per worker takes all waiting sends, of any rooms, and stores them in one transaction.

While one batch commits, the next gathers; there is no timer, so a lone line waits for nothing and a crowd shares one
sync. Who sent is answered after the commit, never before. The queue is bounded, in all and per room, and rooms take
turns, so that one loud room cannot keep the others waiting.
"""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError

from odr.core import metrics
from odr.core.db import AWAY, Database
from odr.core.log import log
from odr.rooms.append import Draft, Members, Moved, Outcome, Refusal, append
from odr.rooms.models import Room, RoomMember

Done = Callable[[Outcome], None]
Mark = tuple[str, int]
Waiting = tuple[Draft, Done, float]  # the last: when it came, on the monotonic clock

_QUEUE = 4096
_PER_ROOM = 1024
_BATCH = 1024
_ATTEMPTS = 5
# A database that neither commits nor fails (a frozen server) must not hold the queue for ever.
_PATIENCE = 15.0
# Nobody answers for a mark, so its client does not send it again: one that could not be written is tried later.
_MARKS_AGAIN = 2.0
# Deadlock, serialization failure, lock time-out: nothing was stored, the same batch may simply be run again.
_AGAIN = frozenset({"40P01", "40001", "55P03"})

_MARK = (
    update(RoomMember.__table__)  # type: ignore[arg-type]  # a Table, declared as any FromClause
    .where(
        RoomMember.person_id == bindparam("person"),
        RoomMember.left_seq.is_(None),
        RoomMember.read_seq < bindparam("seq"),
        RoomMember.room_id
        == select(Room.id).where(Room.pid == bindparam("room"), Room.head_seq >= bindparam("seq")).scalar_subquery(),
    )
    .values(read_seq=bindparam("seq"))
)


class Journal:
    """The queue and its one writer. `submit` never waits; the writer is a task that lives while there is work."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rooms: OrderedDict[str, deque[Waiting]] = OrderedDict()
        self._waiting = 0
        self._marks: dict[Mark, int] = {}
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._known = Members()
        self.on_commit: list[Callable[[list[Moved]], None]] = []
        self.on_marks: list[Callable[[dict[Mark, int]], None]] = []

    @property
    def waiting(self) -> int:
        """Lines not yet taken into a batch."""
        return self._waiting

    def submit(self, draft: Draft, done: Done) -> None:
        """Queue one line. `done` is called once, after its commit, with where it stands or why it was not taken;
        at once with `busy` when the queue is full or the service is stopping."""
        queue = self._rooms.get(draft.room)
        if self._closed or self._waiting >= _QUEUE or (queue is not None and len(queue) >= _PER_ROOM):
            done(Refusal.BUSY)
            return
        if queue is None:
            queue = self._rooms[draft.room] = deque()
        queue.append((draft, done, time.monotonic()))
        self._waiting += 1
        self._wake()

    async def say(self, draft: Draft) -> Outcome:
        """The same for who can wait. A caller who is cancelled takes nothing back: the line is stored all the same,
        and a repeat with its id finds it."""
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def done(outcome: Outcome) -> None:
            if not answer.done():
                answer.set_result(outcome)

        self.submit(draft, done)
        return await answer

    def mark(self, room: str, person_id: int, seq: int) -> None:
        """Remember that a person has read up to `seq`; only the highest mark of a batch is written."""
        key = (room, person_id)
        if not self._closed and seq > self._marks.get(key, 0):
            self._marks[key] = seq
            self._wake()

    def _mark_again(self, marks: dict[Mark, int]) -> None:
        for (room, person_id), seq in marks.items():
            self.mark(room, person_id, seq)

    async def close(self) -> None:
        """Take nothing more, finish what is waiting."""
        self._closed = True
        if self._task is not None:
            await self._task

    def _wake(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="journal")

    async def _run(self) -> None:
        try:
            while self._waiting or self._marks:
                batch, marks = self._take()
                await self._store(batch, marks)
        finally:
            self._task = None

    def _take(self) -> tuple[list[Waiting], dict[Mark, int]]:
        """The next batch, one line of each room in turn. Who is left waits at the front."""
        batch: list[Waiting] = []
        while self._rooms and len(batch) < _BATCH:
            room, queue = self._rooms.popitem(last=False)
            batch.append(queue.popleft())
            if queue:
                self._rooms[room] = queue
        self._waiting -= len(batch)
        marks, self._marks = self._marks, {}
        return batch, marks

    async def _store(self, batch: list[Waiting], marks: dict[Mark, int]) -> None:
        drafts = [draft for draft, _, _ in batch]
        began = time.monotonic()
        try:
            outcomes, moved = await self._commit_patiently(drafts, marks)
        except Exception as failure:
            poisoned = _is_poisoned(failure)
            told = "journal.poisoned" if poisoned else "journal.failed"
            log.error(told, lines=len(drafts), error=type(failure).__name__)
            if poisoned and (len(batch) > 1 or (batch and marks)):
                # One line that cannot be stored must not take its neighbours with it.
                for one in batch:
                    await self._store([one], {})
                if marks:
                    await self._store([], marks)
                return
            if marks and not poisoned:
                asyncio.get_running_loop().call_later(_MARKS_AGAIN, self._mark_again, marks)
            outcomes, moved, marks = [Refusal.BUSY] * len(batch), [], {}
        stored = time.monotonic()
        for (_, done, came), outcome in zip(batch, outcomes, strict=True):
            _call(done, outcome)
            metrics.ack_seconds.observe(stored - came)
        if moved:
            for listener in self.on_commit:
                _call(listener, moved)
            metrics.commit_lines.observe(len(batch))
            metrics.commit_seconds.observe(stored - began)
            metrics.fanout_seconds.observe(time.monotonic() - stored)
        if marks:
            for marked in self.on_marks:
                _call(marked, marks)

    async def _commit_patiently(self, drafts: list[Draft], marks: dict[Mark, int]) -> tuple[list[Outcome], list[Moved]]:
        """Commit, again when the engine says so or the line to it broke. A commit whose answer was lost may have
        happened: the client ids then turn the second try into repeats."""
        for attempt in range(_ATTEMPTS):
            try:
                return await self._commit(drafts, marks)
            except (DBAPIError, OSError, TimeoutError) as failure:
                if attempt + 1 == _ATTEMPTS or not _may_try_again(failure):
                    raise
                log.warning("journal.again", error=type(failure).__name__, attempt=attempt + 1)
            await asyncio.sleep(0.05 * 2**attempt)
        raise TimeoutError

    async def _commit(self, drafts: list[Draft], marks: dict[Mark, int]) -> tuple[list[Outcome], list[Moved]]:
        # A statement of SQLite runs in a thread and cannot be called off half-way; its own lock time-out bounds it.
        async with asyncio.timeout(None if self._database.is_sqlite else _PATIENCE):
            return await self._database.run(_write, drafts, marks, self._known)


def _write(
    connection: Connection, drafts: list[Draft], marks: dict[Mark, int], known: Members
) -> tuple[list[Outcome], list[Moved]]:
    stored = append(connection, drafts, known) if drafts else ([], [])
    if marks:
        rows = [{"room": room, "person": person, "seq": seq} for (room, person), seq in sorted(marks.items())]
        connection.execute(_MARK, rows)
    return stored


def _may_try_again(failure: Exception) -> bool:
    if isinstance(failure, DBAPIError):
        return failure.connection_invalidated or getattr(failure.orig, "sqlstate", None) in _AGAIN
    return isinstance(failure, OSError) and not isinstance(failure, TimeoutError)


def _is_poisoned(failure: Exception) -> bool:
    """Whether a line of the batch is at fault, and not the database: it refuses a value (SQLSTATE 22), a rule of a
    table (23), or what the driver could not even write down."""
    if not isinstance(failure, DBAPIError):
        return not isinstance(failure, AWAY)
    refused = (getattr(failure.orig, "sqlstate", None) or "").startswith(("22", "23"))
    own = isinstance(failure, (DataError, IntegrityError, InterfaceError)) and not failure.connection_invalidated
    return refused or own


def _call(listener: Callable[[Any], None], what: Any) -> None:
    try:
        listener(what)
    except Exception:
        log.exception("journal.listener_failed")


_journals: WeakKeyDictionary[Database, Journal] = WeakKeyDictionary()


def journal_of(database: Database) -> Journal:
    """The one journal of this worker's database."""
    found = _journals.get(database)
    if found is None:
        found = _journals[database] = Journal(database)
    return found
