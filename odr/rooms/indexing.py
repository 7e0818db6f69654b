"""The index follows the transcript from behind. Nobody waits for it: what it does not hold yet is read directly.

One per worker, woken by its journal and by a slow look at all rooms, which finds system lines, other workers' lines and
what an earlier life left undone. It writes in small pieces while nobody writes lines, and seldom while somebody does.
"""

import asyncio
import contextlib
import time

from sqlalchemy import func, select

from odr.core.db import Database
from odr.core.log import log
from odr.rooms import index
from odr.rooms.append import Moved
from odr.rooms.journal import journal_of
from odr.rooms.lines import findable
from odr.rooms.models import Message, Room, RoomKind, SearchHead
from odr.rooms.tokens import tokens

BATCH = 100
_ROOMS = 500
_LOOK_SECONDS = 30.0
_QUIET_SECONDS = 1.0
_PACE_SECONDS = 0.2
_PATIENCE_SECONDS = 10.0


class Indexer:
    """The task of one worker. What it fails to do it does at a later look."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._journal = journal_of(database)
        self._moved: dict[str, None] = {}
        self._wake = asyncio.Event()
        self._written = 0.0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._journal.on_commit.append(self._note)
        self._task = asyncio.create_task(self._run(), name="indexing")

    async def close(self) -> None:
        self._journal.on_commit.remove(self._note)
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def _note(self, moved: list[Moved]) -> None:
        """Runs between a commit and the next batch: nothing but a note."""
        self._written = time.monotonic()
        for one in moved:
            self._moved[one.room] = None
        self._wake.set()

    async def _run(self) -> None:
        looked = time.monotonic() - _LOOK_SECONDS + _PATIENCE_SECONDS  # not in the way of the start
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.1, looked + _LOOK_SECONDS - time.monotonic())):
                    await self._wake.wait()
            self._wake.clear()
            await self._quiet()
            rooms, self._moved = list(self._moved), {}
            try:
                if time.monotonic() - looked >= _LOOK_SECONDS:
                    looked = time.monotonic()
                    rooms = list(dict.fromkeys([*rooms, *await behind(self._database)]))
                for room in rooms:
                    while await step(self._database, room):
                        await self._quiet()
                    if time.monotonic() - self._written < _QUIET_SECONDS:
                        # Many rooms in a row would keep those who write waiting behind each of their commits.
                        await asyncio.sleep(_PACE_SECONDS)
            except Exception as failure:
                log.warning("indexing.failed", error=type(failure).__name__)
                await asyncio.sleep(_QUIET_SECONDS)

    async def _quiet(self) -> None:
        """Until no line was written for a moment; a city that never sleeps is not waited for for ever."""
        start = time.monotonic()
        await asyncio.sleep(0)
        while time.monotonic() - start < _PATIENCE_SECONDS:
            left = _QUIET_SECONDS - (time.monotonic() - self._written)
            if left <= 0 and not self._journal.waiting:
                return
            await asyncio.sleep(max(left, 0.1))


async def behind(database: Database) -> list[str]:
    """Some joint rooms with lines that are not indexed."""
    query = (
        select(Room.pid)
        .outerjoin(SearchHead, SearchHead.room_id == Room.id)
        .where(Room.kind == RoomKind.JOINT, Room.head_seq > func.coalesce(SearchHead.seq, 0))
        .order_by(Room.id)
        .limit(_ROOMS)
    )
    async with database.read() as session:
        return list(await session.scalars(query))


async def step(database: Database, room_pid: str) -> bool:
    """Index the next lines of a room. Returns whether more may follow."""
    async with database.read() as session:
        row = (
            await session.execute(
                select(Room.id, SearchHead.seq)
                .outerjoin(SearchHead, SearchHead.room_id == Room.id)
                .where(Room.pid == room_pid, Room.kind == RoomKind.JOINT)
            )
        ).first()
        if row is None:
            return False
        room_id, above = row[0], row[1] or 0
        query = select(Message.seq, Message.body).where(Message.room_id == room_id, Message.seq > above)
        lines = (await session.execute(query.order_by(Message.seq).limit(BATCH))).all()
    if not lines:
        return False
    found = [(seq, tokens(findable(bytes(body)))) for seq, body in lines]
    return await database.run(index.add, room_id, above, found[-1][0], found) and len(lines) == BATCH
