"""The rooms that sockets of this worker follow: joining, catching up, and lines out.

Lines that this worker committed are handed over at once and go out when they follow on what was delivered; everything
else is read from the table above what was delivered: after a poke of another worker, after a move's own line, after
a hole, and when a look at the heads finds what a lost poke left behind. Who may read is checked against the room's
version, which the lines bring along: a line never leaves by an older list of members than its own.
"""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Protocol

from sqlalchemy import select

from odr.core import metrics
from odr.core.db import AWAY, Database
from odr.core.errands import Errands
from odr.core.log import log
from odr.live import protocol
from odr.live.connection import Connection
from odr.live.frames import lines_frame, live_frames, room_frame
from odr.rooms import service as rooms
from odr.rooms.access import opens_to, unknown_room
from odr.rooms.append import Moved
from odr.rooms.lines import Line
from odr.rooms.models import Room
from odr.rooms.page import Lines, lines_of, news_of

_READERS = 4
_SUBS_MAX = 200
_CHUNK = 1000
_AGAIN_SECONDS = 1.0


class Watcher(Protocol):
    """Who is told when sockets follow the rooms of a case, and knows who is online there."""

    def followed(self, connection: Connection, case: str) -> None: ...
    def unfollowed(self, connection: Connection, case: str) -> None: ...
    def seated_anew(self, room: "LiveRoom", case: str) -> None: ...
    def here(self, case: str) -> frozenset[str]: ...


class Sub:
    """One socket following one room. `sent`: the last seq it was given; live once it has caught up."""

    __slots__ = ("connection", "live", "room", "sent", "typed")

    def __init__(self, connection: Connection, room: "LiveRoom") -> None:
        self.connection = connection
        self.room = room
        self.sent = 0
        self.live = False
        self.typed = 0.0


class LiveRoom:
    """A room that sockets of this worker follow. `state` is None until it is read for the first time."""

    __slots__ = ("delivered", "first_load", "pages", "pid", "reads", "state", "subs")

    def __init__(self, pid: str) -> None:
        self.pid = pid
        self.first_load: asyncio.Future[None] | None = None
        self.pages: dict[int | None, asyncio.Task[tuple[Lines, bytes]]] = {}
        self.state: rooms.RoomState | None = None
        self.delivered = 0
        self.subs: set[Sub] = set()
        self.reads: dict[str, int] = {}


class Streams:
    """All live rooms of one worker. What is called without `await` never waits."""

    def __init__(self, db: Database, watcher: Watcher) -> None:
        self.db = db
        self._watcher = watcher
        self._rooms: dict[str, LiveRoom] = {}
        self._dirty: set[str] = set()  # lines to read
        self._stale: set[str] = set()  # members and marks too
        self._readers = asyncio.Semaphore(_READERS)
        self._errands = Errands()

    async def close(self) -> None:
        await self._errands.close()

    @property
    def count(self) -> int:
        return len(self._rooms)

    def find(self, pid: str) -> LiveRoom | None:
        return self._rooms.get(pid)

    # --- following ---

    async def answer(self, connection: Connection, asked: protocol.Join | protocol.History) -> None:
        """Join a room or read its history. Raises NotFound for rooms that are not the client's to see."""
        if isinstance(asked, protocol.Join):
            await self._join(connection, asked)
        else:
            await self._history(connection, asked)

    async def _join(self, connection: Connection, asked: protocol.Join) -> None:
        if len(connection.subs) >= _SUBS_MAX:
            raise unknown_room()
        self.leave_room(connection, asked.room)
        # The room is registered before it is read: what commits meanwhile marks it dirty and is read afterwards.
        room = self._rooms.setdefault(asked.room, LiveRoom(asked.room))
        sub = Sub(connection, room)
        room.subs.add(sub)
        try:
            state, page, frame = await self._first_page(connection, room, asked)
        except BaseException:
            self._drop(sub)
            raise
        if page is None:
            self._drop(sub)
            metrics.joins_resync.inc()
            connection.enqueue(protocol.frame("resync", room=room.pid, epoch=state.epoch, head=state.head))
            return
        if connection.is_ending:
            self._drop(sub)
            return
        (metrics.joins_fresh if asked.seq is None else metrics.joins_resumed).inc()
        connection.subs[room.pid] = sub
        connection.enqueue(self._room_frame(sub))
        sub.sent = page.lines[-1].seq if page.lines else page.head
        connection.enqueue(frame)
        self._watcher.followed(connection, state.case)
        await self._catch_up(sub, more=page.more and asked.seq is not None)

    async def _first_page(
        self, connection: Connection, room: LiveRoom, asked: protocol.Join
    ) -> tuple[rooms.RoomState, Lines | None, bytes]:
        """The first lines, by a membership that holds at the version they were read at; None for a foreign cursor."""
        for _ in range(5):
            state, seat = await self._seat(connection, room)
            if _is_foreign(asked, state, seat):
                # The state may lag behind: only the table says whether a cursor is foreign.
                await self._load(room)
                state, seat = await self._seat(connection, room)
                if _is_foreign(asked, state, seat):
                    return state, None, b""
            page, frame = await self._page_for_all(room, state.id, seat.joined_seq, asked.seq)
            if room.state is not None and page.version == room.state.version and page.epoch == room.state.epoch:
                return room.state, page, frame
            await self._load(room)
        raise unknown_room()

    async def _page_for_all(self, room: LiveRoom, id: int, floor: int, after: int | None) -> tuple[Lines, bytes]:
        """The first lines of one who joins, as read and as sent. Members who come back at the same moment with the same
        cursor share them; what was said since they were read, each catches up with."""
        if after is None and floor:
            return await self._read_page(room, id, floor, None)  # who came later sees no earlier line
        key = None if after is None else max(floor, after)
        reading = room.pages.get(key)
        if reading is None:
            reading = room.pages[key] = asyncio.create_task(self._read_page(room, id, floor, after))
            reading.add_done_callback(lambda _: room.pages.pop(key, None))
        return await asyncio.shield(reading)

    async def _read_page(self, room: LiveRoom, id: int, floor: int, after: int | None) -> tuple[Lines, bytes]:
        async with self._readers:
            page = await self.db.look(lines_of, id, floor=floor, after=after)
        return page, lines_frame(room.pid, page.epoch, page.lines, "join", page.more)

    async def _seat(self, connection: Connection, room: LiveRoom) -> tuple[rooms.RoomState, rooms.Seat]:
        """The room and this person's place in it; who is not on a list in hand may be on the newest one."""
        state = room.state or await self._first_load(room)
        if connection.actor.person_id not in state.seats:
            state = await self._load(room)
        seat = state.seats.get(connection.actor.person_id)
        if seat is None or not opens_to(seat.role, connection.actor):
            raise unknown_room()
        return state, seat

    async def _first_load(self, room: LiveRoom) -> rooms.RoomState:
        """The state of a room nobody has followed so far. After a restart all its members come at once, and one of them
        reads it for the others."""
        while room.state is None and room.first_load is not None:
            await asyncio.shield(room.first_load)  # one of those who wait may leave, and cancels its own wait only
        if room.state is not None:
            return room.state
        room.first_load = asyncio.get_running_loop().create_future()
        try:
            return await self._load(room)
        finally:
            room.first_load.set_result(None)
            room.first_load = None

    async def _load(self, room: LiveRoom) -> rooms.RoomState:
        """Read the room's state; what is known already of it moves forward, never back."""
        async with self._readers:
            state = (await self.db.look(rooms.states_of, pids=[room.pid])).get(room.pid)
        if state is None:
            raise unknown_room()
        return self._renew(room, state)

    async def _catch_up(self, sub: Sub, *, more: bool) -> None:
        """Page by page until nothing lies between this socket and the live stream, then let it in: in one step."""
        connection, room = sub.connection, sub.room
        while True:
            if connection.subs.get(room.pid) is not sub or room.state is None:
                return
            if not more and sub.sent >= room.delivered:
                sub.live = True
                return
            await connection.below_half()
            try:
                state, seat = await self._seat(connection, room)
                async with self._readers:
                    page = await self.db.look(lines_of, state.id, floor=seat.joined_seq, after=sub.sent, limit=200)
            except AWAY as failure:
                # The client believes that it follows; so it does, once the database is back.
                log.warning("hub.catch_up_waits", error=type(failure).__name__)
                await asyncio.sleep(_AGAIN_SECONDS)
                continue
            if connection.subs.get(room.pid) is not sub:
                return
            if page.version != state.version:
                await self._load(room)
                continue
            more = page.more
            if page.lines:
                sub.sent = page.lines[-1].seq
                connection.enqueue(lines_frame(room.pid, page.epoch, page.lines, "join", page.more))
            else:
                sub.sent = max(sub.sent, page.head)

    async def _history(self, connection: Connection, asked: protocol.History) -> None:
        for _ in range(5):
            sub = connection.subs.get(asked.room)
            if sub is None:
                raise unknown_room()
            state, seat = await self._seat(connection, sub.room)
            async with self._readers:
                page = await self.db.look(
                    lines_of,
                    state.id,
                    floor=seat.joined_seq,
                    before=asked.before,
                    after=asked.after,
                    limit=asked.limit,
                )
            if connection.subs.get(asked.room) is sub and page.version == state.version:
                connection.enqueue(lines_frame(asked.room, page.epoch, page.lines, "history", page.more))
                return
            await self._load(sub.room)
        raise unknown_room()

    def leave_room(self, connection: Connection, pid: str) -> None:
        """This socket follows the room no longer."""
        sub = connection.subs.pop(pid, None)
        if sub is None:
            return
        if sub.room.state is not None:
            self._watcher.unfollowed(connection, sub.room.state.case)
        self._drop(sub)

    def _drop(self, sub: Sub) -> None:
        sub.live = False
        sub.room.subs.discard(sub)
        if not sub.room.subs and self._rooms.get(sub.room.pid) is sub.room:
            del self._rooms[sub.room.pid]
            self._dirty.discard(sub.room.pid)
            self._stale.discard(sub.room.pid)

    # --- lines out ---

    def take(self, moved: list[Moved]) -> None:
        """What this worker has just committed."""
        for one in moved:
            room = self._rooms.get(one.room)
            if room is None:
                continue
            state = room.state
            hole = one.first > room.delivered + 1
            if state is None or (one.version, one.epoch) != (state.version, state.epoch) or hole:
                self.look_at(room.pid)
            else:
                # A look at the table may have been quicker than this news of its commit.
                self._deliver(room, [line for line in one.lines if line.seq > room.delivered])

    def _deliver(self, room: LiveRoom, lines: Sequence[Line]) -> None:
        """Lines that follow on what was delivered, to everybody who is live: encoded once, the same bytes for all."""
        state = room.state
        if state is None or not lines:
            return
        first, last = lines[0].seq, lines[-1].seq
        shared: list[bytes] | None = None
        for sub in list(room.subs):
            if not sub.live or sub.sent >= last:
                continue
            if sub.sent + 1 == first:
                if shared is None:
                    shared = live_frames(room.pid, state.epoch, lines)
                frames = shared
            else:
                frames = live_frames(room.pid, state.epoch, [line for line in lines if line.seq > sub.sent])
            sub.sent = last
            for data in frames:
                sub.connection.enqueue(data)
        room.delivered = last
        state.head = max(state.head, last)

    def look_at(self, pid: str, *, members: bool = False) -> None:
        """Read this room's news from the table, if anybody follows it; with `members` also who sits there and how far
        each has read, which a newer version tells by itself."""
        room = self._rooms.get(pid)
        if room is None:
            return
        (self._stale if members or room.state is None else self._dirty).add(pid)
        self._errands.run("news", self._pump)

    async def _pump(self) -> None:
        while self._stale or self._dirty:
            try:
                if self._stale:
                    await self._read_members(_some(self._stale))
                if self._dirty:
                    await self._read_news(_some(self._dirty))
            except AWAY as failure:
                # The database is away: the look at the heads asks again.
                log.warning("hub.news_failed", error=type(failure).__name__)

    async def _read_members(self, pids: list[str]) -> None:
        states = await self.db.look(rooms.states_of, pids=pids)
        for pid in pids:
            room, state = self._rooms.get(pid), states.get(pid)
            if room is None or state is None:
                continue
            self._renew(room, state)
            if state.head > room.delivered:
                self._dirty.add(pid)

    async def _read_news(self, pids: list[str]) -> None:
        """Lines, and the version of the members at the moment they were read: by an older list none of them leaves."""
        wanted = {pid: room for pid in pids if (room := self._rooms.get(pid)) is not None and room.state is not None}
        if not wanted:
            return
        before = {pid: room.delivered for pid, room in wanted.items()}
        asked = [(room.state.id, room.delivered) for room in wanted.values() if room.state is not None]
        news = await self.db.glimpse(news_of, asked)
        moved, left = False, list(wanted.keys() - news.keys())
        for pid, new in news.items():
            room, state = self._rooms.get(pid), wanted[pid].state
            if room is not wanted[pid] or room is None or state is None:
                continue
            if (new.version, new.epoch) != (state.version, state.epoch):
                self._stale.add(pid)
                moved = True
                continue
            lines = [line for line in new.lines if line.seq > room.delivered]
            if lines and lines[0].seq == room.delivered + 1:
                self._deliver(room, lines)
            moved = moved or room.delivered > before[pid]
            if new.head > room.delivered:
                left.append(pid)
        # Long news come in parts. Where nothing moved, reading at once again would only find the same.
        if moved:
            self._dirty.update(left)

    def _renew(self, room: LiveRoom, state: rooms.RoomState) -> rooms.RoomState:
        """Take in a state that was read; sockets whose person left go, the others hear of changed rights."""
        known = room.state
        # Versions grow within one epoch only: a copy that was put back brings older ones along.
        if known is not None and known.epoch == state.epoch and known.version > state.version:
            return known
        room.state = state
        if known is None:
            room.delivered = max(room.delivered, state.head)
        else:
            state.head = max(state.head, known.head)
        if known is not None and known.epoch != state.epoch:
            self._start_over(room, state)
        elif known is not None and known.version != state.version:
            self._apply_members(room, state)
        self.tell_reads(room, {seat.pid: seat.read_seq for seat in state.seats.values()}, silent=known is None)
        return state

    def _start_over(self, room: LiveRoom, state: rooms.RoomState) -> None:
        room.delivered = state.head
        for sub in list(room.subs):
            frame = protocol.frame("resync", room=room.pid, epoch=state.epoch, head=state.head)
            sub.connection.enqueue(frame)
            self.leave_room(sub.connection, room.pid)

    def _apply_members(self, room: LiveRoom, state: rooms.RoomState) -> None:
        for sub in list(room.subs):
            connection = sub.connection
            if connection.subs.get(room.pid) is not sub:
                continue
            seat = state.seats.get(connection.actor.person_id)
            if seat is None or not opens_to(seat.role, connection.actor):
                self.leave_room(connection, room.pid)
                connection.enqueue(protocol.frame("gone", room=room.pid))
            else:
                connection.enqueue(self._room_frame(sub))
        self._watcher.seated_anew(room, state.case)

    def _room_frame(self, sub: Sub) -> bytes:
        state, actor = sub.room.state, sub.connection.actor
        if state is None:
            raise unknown_room()
        here = self._watcher.here(state.case) | {actor.pid}
        return sub.connection.in_language(lambda: room_frame(state, actor.person_id, here, sub.room.reads))

    def tell_reads(self, room: LiveRoom, reads: dict[str, int], *, silent: bool = False) -> None:
        """Read marks that moved, to everybody in the room; they never go back."""
        for person, seq in reads.items():
            if seq <= room.reads.get(person, 0):
                continue
            room.reads[person] = seq
            if not silent:
                self.to_all(room, protocol.frame("read", room=room.pid, who=person, seq=seq))

    def to_all(self, room: LiveRoom, data: bytes, *, but: str = "") -> None:
        """One frame to every socket that follows the room, save those of one person."""
        for sub in list(room.subs):
            if sub.connection.actor.pid != but and sub.connection.subs.get(room.pid) is sub:
                sub.connection.enqueue(data)

    async def check_heads(self) -> None:
        """What a lost poke left behind: a newer head, or members who changed."""
        known = {room.state.id: room for room in self._rooms.values() if room.state is not None}
        for some in chunks(list(known)):
            async with self.db.read() as session:
                found = await session.execute(select(Room.id, Room.head_seq, Room.version).where(Room.id.in_(some)))
                rows = found.all()
            for id, head, version in rows:
                room = known[id]
                if room.state is not None and (head > room.delivered or version > room.state.version):
                    self.look_at(room.pid)


def _is_foreign(asked: protocol.Join, state: rooms.RoomState, seat: rooms.Seat) -> bool:
    """Whether a cursor is of another history, beyond the head, or of an earlier time of this person in the room: what
    was said between that and this one never comes, and would be a hole for ever."""
    if asked.seq is None:
        return False
    return asked.epoch != state.epoch or asked.seq > state.head or 0 < asked.seq < seat.joined_seq


def _some(pids: set[str]) -> list[str]:
    """As many as one query takes, taken out."""
    some = list(pids)[:_CHUNK]
    pids.difference_update(some)
    return some


def chunks(ids: list[int]) -> Iterator[list[int]]:
    """As many ids as one query takes."""
    for start in range(0, len(ids), _CHUNK):
        yield ids[start : start + _CHUNK]
