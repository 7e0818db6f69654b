"""The sockets of one worker, by room: committed lines in, frames out.

Lines that this worker committed are handed over at once and go out when they follow on what was delivered; everything
else is read from the table above what was delivered: after a poke of another worker, after a move's own line, after
a hole, and every two seconds by comparing heads, should a poke be lost. Who may read is checked against the room's
version, which the lines bring along: a line never leaves by an older list of members than its own.
"""

import asyncio
import contextlib
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import orjson
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from odr.accounts.access import still_signed_in, touch
from odr.core.bus import Bus, MemoryBus
from odr.core.db import Database
from odr.core.log import log
from odr.live import protocol
from odr.live.connection import Connection
from odr.live.presence import Presence
from odr.rooms import service as rooms
from odr.rooms.access import unknown_room
from odr.rooms.append import Moved
from odr.rooms.journal import Mark
from odr.rooms.lines import Line
from odr.rooms.models import Room
from odr.rooms.page import Lines, read, tails

CHECK_SECONDS = 2.0
_TOUCH_SECONDS = 300.0
_READERS = 4
_SUBS_MAX = 200
_PER_PERSON = 16
_PER_ADDRESS = 400
_SOCKETS = 20_000
_FRAME_BYTES = 48 * 1024
_CHUNK = 1000
_AGAIN_SECONDS = 1.0
_TYPING_SECONDS = 2.5
_WHAT = frozenset({"case", "agreement", "parties", "meetings", "performance"})


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

    __slots__ = ("delivered", "pid", "reads", "state", "subs")

    def __init__(self, pid: str) -> None:
        self.pid = pid
        self.state: rooms.RoomState | None = None
        self.delivered = 0
        self.subs: set[Sub] = set()
        self.reads: dict[str, int] = {}


class Hub:
    """Of one worker. Everything that is called without `await` never waits."""

    def __init__(self, db: Database, bus: Bus, redis_url: str | None = None) -> None:
        self.db = db
        self.journal = rooms.journal_of(db)
        self.presence = Presence(bus, redis_url, self._tell_presence)
        self._bus = bus
        self._connections: set[Connection] = set()
        self._by_login: defaultdict[str, set[Connection]] = defaultdict(set)
        self._by_person: defaultdict[str, set[Connection]] = defaultdict(set)
        self._by_case: defaultdict[str, Counter[Connection]] = defaultdict(Counter)
        self._addresses: Counter[str] = Counter()
        self._rooms: dict[str, LiveRoom] = {}
        self._dirty: set[str] = set()
        self._doubtful: set[Connection] = set()
        self._away: dict[str, dict[str, None]] = defaultdict(dict)
        self._readers = asyncio.Semaphore(_READERS)
        self._tasks: dict[str, asyncio.Task[None]] = {}

    # --- life -------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Listen to the journal and to the other workers."""
        self.journal.on_commit.append(self.take)
        self.journal.on_marks.append(self._take_marks)
        self._bus.on("rooms", self._on_rooms)
        self._bus.on("logins", self._on_logins)
        self._bus.on("cases", self._on_cases)
        self._bus.on("typing", self._on_typing)
        self._bus.on("marks", self._on_rooms_read)
        self.presence.start()
        self._tasks["check"] = asyncio.create_task(self._check_for_ever(), name="hub-check")

    async def close(self) -> None:
        """End what is left, in the way that brings clients back."""
        for connection in list(self._connections):
            connection.end(protocol.RESTART)
        for task in list(self._tasks.values()):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self.presence.close()

    @property
    def sockets(self) -> int:
        return len(self._connections)

    def has_place_for(self, person: str, address: str) -> bool:
        """Whether one more socket of this person, from this address, may come in."""
        return (
            len(self._connections) < _SOCKETS
            and len(self._by_person.get(person, ())) < _PER_PERSON
            and self._addresses[address] < _PER_ADDRESS
        )

    def enter(self, connection: Connection) -> None:
        self._connections.add(connection)
        self._by_login[connection.actor.login_pid].add(connection)
        self._by_person[connection.actor.pid].add(connection)
        self._addresses[connection.actor.ip] += 1

    def leave(self, connection: Connection) -> None:
        """The socket is gone; so is everything that was kept for it."""
        for pid in list(connection.subs):
            self.leave_room(connection, pid)
        self._connections.discard(connection)
        for index, key in ((self._by_login, connection.actor.login_pid), (self._by_person, connection.actor.pid)):
            index[key].discard(connection)
            if not index[key]:
                del index[key]
        self._addresses[connection.actor.ip] -= 1
        if not self._addresses[connection.actor.ip]:
            del self._addresses[connection.actor.ip]

    # --- following --------------------------------------------------------------------------------------------------

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
            state, page = await self._first_page(connection, room, asked)
        except BaseException:
            self._drop(sub)
            raise
        if page is None:
            self._drop(sub)
            connection.enqueue(protocol.frame("resync", room=room.pid, epoch=state.epoch, head=state.head))
            return
        if connection.is_ending:
            self._drop(sub)
            return
        connection.subs[room.pid] = sub
        self._by_case[state.case][connection] += 1
        connection.enqueue(self._room_frame(sub))
        sub.sent = page.lines[-1].seq if page.lines else page.head
        self._send_page(connection, room.pid, page, "join")
        if not self.presence.enter(state.case, connection.actor.pid):
            self._send_presence(connection, state.case)
        await self._catch_up(sub, more=page.more and asked.seq is not None)

    async def _first_page(
        self, connection: Connection, room: LiveRoom, asked: protocol.Join
    ) -> tuple[rooms.RoomState, Lines | None]:
        """The first lines, by a membership that holds at the version they were read at; None for a foreign cursor."""
        for _ in range(5):
            state, seat = await self._seat(connection, room)
            if asked.seq is not None and (asked.epoch != state.epoch or asked.seq > state.head):
                # The state may lag behind: only the table says whether a cursor is foreign.
                state = await self._load(room)
                if asked.epoch != state.epoch or asked.seq > state.head:
                    return state, None
            async with self._readers, self.db.read() as session:
                page = await read(session, state.id, floor=seat.joined_seq, after=asked.seq)
            if room.state is not None and page.version == room.state.version and page.epoch == room.state.epoch:
                return room.state, page
            await self._load(room)
        raise unknown_room()

    async def _seat(self, connection: Connection, room: LiveRoom) -> tuple[rooms.RoomState, rooms.Seat]:
        """The room and this person's place in it; who is not on a list in hand may be on the newest one."""
        state = room.state
        if state is None or connection.actor.person_id not in state.seats:
            state = await self._load(room)
        seat = state.seats.get(connection.actor.person_id)
        if seat is None:
            raise unknown_room()
        return state, seat

    async def _load(self, room: LiveRoom) -> rooms.RoomState:
        """Read the room's state; what is known already of it moves forward, never back."""
        async with self._readers, self.db.read() as session:
            state = (await rooms.states(session, pids=[room.pid])).get(room.pid)
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
                async with self._readers, self.db.read() as session:
                    page = await read(session, state.id, floor=seat.joined_seq, after=sub.sent, limit=200)
            except (DBAPIError, OSError) as failure:
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
                self._send_page(connection, room.pid, page, "join")
            else:
                sub.sent = max(sub.sent, page.head)

    async def _history(self, connection: Connection, asked: protocol.History) -> None:
        for _ in range(5):
            sub = connection.subs.get(asked.room)
            if sub is None:
                raise unknown_room()
            state, seat = await self._seat(connection, sub.room)
            async with self._readers, self.db.read() as session:
                page = await read(
                    session, state.id, floor=seat.joined_seq, before=asked.before, after=asked.after, limit=asked.limit
                )
            if connection.subs.get(asked.room) is sub and page.version == state.version:
                self._send_page(connection, asked.room, page, "history")
                return
            await self._load(sub.room)
        raise unknown_room()

    def leave_room(self, connection: Connection, pid: str) -> None:
        sub = connection.subs.pop(pid, None)
        if sub is None:
            return
        if sub.room.state is not None:
            case = sub.room.state.case
            self.presence.leave(case, connection.actor.pid)
            self._by_case[case][connection] -= 1
            if self._by_case[case][connection] <= 0:
                del self._by_case[case][connection]
            if not self._by_case[case]:
                del self._by_case[case]
        self._drop(sub)

    def _drop(self, sub: Sub) -> None:
        sub.live = False
        sub.room.subs.discard(sub)
        if not sub.room.subs and self._rooms.get(sub.room.pid) is sub.room:
            del self._rooms[sub.room.pid]
            self._dirty.discard(sub.room.pid)

    # --- lines out --------------------------------------------------------------------------------------------------

    def take(self, moved: list[Moved]) -> None:
        """What this worker has just committed."""
        for one in moved:
            room = self._rooms.get(one.room)
            if room is not None:
                state = room.state
                follows = one.first == room.delivered + 1
                if state is None or (one.version, one.epoch) != (state.version, state.epoch) or not follows:
                    self._look_at(room.pid)
                else:
                    self._deliver(room, one.lines)
            self._tell_away("rooms", one.room)

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
                    shared = _live(room.pid, state.epoch, lines)
                frames = shared
            else:
                frames = _live(room.pid, state.epoch, [line for line in lines if line.seq > sub.sent])
            sub.sent = last
            for data in frames:
                sub.connection.enqueue(data)
        room.delivered = last
        state.head = max(state.head, last)

    def _look_at(self, pid: str) -> None:
        """Read this room's news from the table."""
        self._dirty.add(pid)
        if "pump" not in self._tasks:
            self._tasks["pump"] = asyncio.create_task(self._pump(), name="hub-pump")

    async def _pump(self) -> None:
        try:
            while self._dirty:
                pids, self._dirty = list(self._dirty)[:_CHUNK], set(list(self._dirty)[_CHUNK:])
                try:
                    await self._read_news(pids)
                except Exception as failure:
                    # The database is away: the head check asks again.
                    log.warning("hub.news_failed", error=type(failure).__name__)
        finally:
            self._tasks.pop("pump", None)

    async def _read_news(self, pids: list[str]) -> None:
        """Members first, then lines, of one snapshot: a line goes to those who sat there when it was read."""
        wanted = [room for pid in pids if (room := self._rooms.get(pid)) is not None]
        if not wanted:
            return
        async with self.db.read() as session:
            states = await rooms.states(session, pids=[room.pid for room in wanted])
            behind = {
                states[room.pid].id: room.delivered
                for room in wanted
                if room.state is not None and room.pid in states and states[room.pid].head > room.delivered
            }
            news = await tails(session, behind.items())
        for room in wanted:
            state = states.get(room.pid)
            if state is None or self._rooms.get(room.pid) is not room:
                continue
            first_time = room.state is None
            self._renew(room, state)
            if first_time:
                continue
            lines = [line for line in news.get(state.id, ()) if line.seq > room.delivered]
            if lines and lines[0].seq == room.delivered + 1:
                self._deliver(room, lines)
                if state.head > room.delivered:
                    self._dirty.add(room.pid)

    def _renew(self, room: LiveRoom, state: rooms.RoomState) -> rooms.RoomState:
        """Take in a state that was read; sockets whose person left go, the others hear of changed rights."""
        known = room.state
        if known is not None and known.version > state.version:
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
        self._tell_reads(room, {seat.pid: seat.read_seq for seat in state.seats.values()}, silent=known is None)
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
            if connection.actor.person_id not in state.seats:
                self.leave_room(connection, room.pid)
                connection.enqueue(protocol.frame("gone", room=room.pid))
            else:
                connection.enqueue(self._room_frame(sub))
        self._tell_presence(state.case)

    def _send_page(self, connection: Connection, pid: str, page: Lines, source: str) -> None:
        connection.enqueue(_lines(pid, page.epoch, page.lines, source, page.more))

    def _room_frame(self, sub: Sub) -> bytes:
        state, person_id = sub.room.state, sub.connection.actor.person_id
        if state is None:
            raise unknown_room()

        def make() -> bytes:
            here = self.presence.here(state.case) | {sub.connection.actor.pid}
            members = [
                {
                    "id": seat.pid,
                    "name": seat.name,
                    "role": seat.role,
                    "role_label": rooms.role_label(seat.role),
                    "here": seat.pid in here,
                }
                for seat in state.seats.values()
            ]
            return protocol.frame(
                "room",
                room=state.pid,
                case=state.case,
                kind=state.kind,
                label=state.label,
                audience=state.audience(person_id),
                epoch=state.epoch,
                head=state.head,
                can=state.can(person_id),
                members=members,
                read={seat.pid: seq for seat in state.seats.values() if (seq := sub.room.reads.get(seat.pid))},
            )

        return sub.connection.in_language(make)

    # --- read marks, typing, presence, changes ------------------------------------------------------------------------

    def read(self, connection: Connection, pid: str, seq: int) -> None:
        """A client has seen everything up to `seq`; at most what it was sent counts."""
        sub = connection.subs.get(pid)
        if sub is None:
            connection.enqueue(_unknown(connection, pid))
            return
        seq = min(seq, sub.sent)
        if seq > sub.room.reads.get(connection.actor.pid, 0):
            self.journal.mark(pid, connection.actor.person_id, seq)

    def _take_marks(self, marks: dict[Mark, int]) -> None:
        for (pid, person_id), seq in marks.items():
            room = self._rooms.get(pid)
            seat = room.state.seats.get(person_id) if room is not None and room.state is not None else None
            if room is not None and seat is not None:
                self._tell_reads(room, {seat.pid: seq})
            self._tell_away("marks", pid)

    def _tell_reads(self, room: LiveRoom, reads: dict[str, int], *, silent: bool = False) -> None:
        for person, seq in reads.items():
            if seq <= room.reads.get(person, 0):
                continue
            room.reads[person] = seq
            if not silent:
                self._to_all(room, protocol.frame("read", room=room.pid, who=person, seq=seq))

    def typing(self, connection: Connection, pid: str) -> None:
        """Somebody writes: told to the others in the same room, to nobody else."""
        sub = connection.subs.get(pid)
        if sub is None or sub.room.state is None:
            connection.enqueue(_unknown(connection, pid))
            return
        now = time.monotonic()
        if now - sub.typed < _TYPING_SECONDS or not sub.room.state.can(connection.actor.person_id):
            return
        sub.typed = now
        self._tell_typing(sub.room, connection.actor.pid)
        self._tell_away("typing", f"{pid}:{connection.actor.pid}")

    def _tell_typing(self, room: LiveRoom, person: str) -> None:
        self._to_all(room, protocol.frame("typing", room=room.pid, who=person), but=person)

    def _to_all(self, room: LiveRoom, data: bytes, *, but: str = "") -> None:
        for sub in list(room.subs):
            if sub.connection.actor.pid != but and sub.connection.subs.get(room.pid) is sub:
                sub.connection.enqueue(data)

    def _tell_presence(self, case: str) -> None:
        for connection in list(self._by_case.get(case, ())):
            self._send_presence(connection, case)

    def _send_presence(self, connection: Connection, case: str) -> None:
        """Who is online, of those whom this person meets in some room of the case."""
        met: set[str] = set()
        for sub in connection.subs.values():
            if sub.room.state is not None and sub.room.state.case == case:
                met |= {seat.pid for seat in sub.room.state.seats.values()}
        here = sorted(self.presence.here(case) & met)
        connection.enqueue(protocol.frame("presence", case=case, here=here))

    async def _on_cases(self, ids: list[str]) -> None:
        for one in ids:
            case, _, what = one.partition(":")
            frame = protocol.frame("changed", case=case, what=what if what in _WHAT else "case")
            for connection in list(self._by_case.get(case, ())):
                connection.enqueue(frame)

    async def _on_typing(self, ids: list[str]) -> None:
        for one in ids:
            pid, _, person = one.partition(":")
            room = self._rooms.get(pid)
            seats = room.state.seats if room is not None and room.state is not None else {}
            if room is not None and any(seat.pid == person for seat in seats.values()):
                self._tell_typing(room, person)

    # --- other workers, revocation, the check -------------------------------------------------------------------------

    def _tell_away(self, topic: str, id: str) -> None:
        """Tell the other workers, several at once when there are several, and never in the way of an ack."""
        if type(self._bus) is MemoryBus:
            return
        self._away[topic][id] = None
        if "away" not in self._tasks:
            self._tasks["away"] = asyncio.create_task(self._poke_away(), name="hub-pokes")

    async def _poke_away(self) -> None:
        try:
            while self._away:
                topic, ids = self._away.popitem()
                await self._bus.poke(topic, list(ids), here=False)
        finally:
            self._tasks.pop("away", None)

    async def _on_rooms(self, ids: list[str]) -> None:
        for pid in ids:
            if pid in self._rooms:
                self._look_at(pid)

    async def _on_rooms_read(self, ids: list[str]) -> None:
        await self._on_rooms(ids)

    async def _on_logins(self, ids: list[str]) -> None:
        """Ended logins end their sockets at once; a person whose rights changed has all rooms looked at again."""
        for one in ids:
            kind, _, person = one.partition(":")
            if person and kind == "person":
                for connection in list(self._by_person.get(person, ())):
                    self._doubtful.add(connection)
                    for pid in connection.subs:
                        self._look_at(pid)
            else:
                for connection in list(self._by_login.get(one, ())):
                    connection.end(protocol.SIGN_IN)
        if self._doubtful and "doubt" not in self._tasks:
            self._tasks["doubt"] = asyncio.create_task(self._check_doubtful(), name="hub-doubt")

    async def _check_doubtful(self) -> None:
        """Not inside the poke: who asked the database would keep other pokes waiting."""
        try:
            while self._doubtful:
                some, self._doubtful = self._doubtful, set()
                await self._check_logins(some)
        except Exception as failure:
            log.warning("hub.check_failed", error=type(failure).__name__)
        finally:
            self._tasks.pop("doubt", None)

    async def _check_for_ever(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                await self._check_logins(list(self._connections))
                await self._check_heads()
                await self._touch_logins()
            except Exception as failure:
                log.warning("hub.check_failed", error=type(failure).__name__)

    async def _check_logins(self, connections: Iterable[Connection]) -> None:
        by_login: defaultdict[int, list[Connection]] = defaultdict(list)
        for connection in connections:
            by_login[connection.actor.login_id].append(connection)
        for some in _chunks(list(by_login)):
            async with self.db.read() as session:
                alive = await still_signed_in(session, some)
            for login_id in some:
                if login_id not in alive:
                    for connection in by_login[login_id]:
                        connection.end(protocol.SIGN_IN)

    async def _check_heads(self) -> None:
        """What a lost poke left behind: a newer head, or members who changed."""
        known = {room.state.id: room for room in self._rooms.values() if room.state is not None}
        for some in _chunks(list(known)):
            async with self.db.read() as session:
                found = await session.execute(select(Room.id, Room.head_seq, Room.version).where(Room.id.in_(some)))
                rows = found.all()
            for id, head, version in rows:
                room = known[id]
                if room.state is not None and (head > room.delivered or version > room.state.version):
                    self._look_at(room.pid)

    async def _touch_logins(self) -> None:
        """Whoever talked lately is not idle."""
        now = time.monotonic()
        due = [one for one in self._connections if one.active and now - one.touched > _TOUCH_SECONDS]
        if not due:
            return
        for one in due:
            one.active, one.touched = False, now
        async with self.db.write() as session:
            await touch(session, sorted({one.actor.login_id for one in due}))


def _unknown(connection: Connection, pid: str) -> bytes:
    def make() -> bytes:
        error = unknown_room()
        return protocol.error(error.code, error.say, room=pid)

    return connection.in_language(make)


def _lines(pid: str, epoch: str, lines: Sequence[Line], source: str, more: bool) -> bytes:
    return orjson.dumps(
        {
            "t": "lines",
            "room": pid,
            "epoch": epoch,
            "lines": [line.public() for line in lines],
            "from": source,
            "more": more,
        }
    )


def _live(pid: str, epoch: str, lines: Sequence[Line]) -> list[bytes]:
    """One frame, or several when the lines are long: no single write may fill a client's queue."""
    frames: list[bytes] = []
    some: list[Line] = []
    size = 0
    for line in lines:
        if some and size + len(line.raw) > _FRAME_BYTES:
            frames.append(_lines(pid, epoch, some, "live", False))
            some, size = [], 0
        some.append(line)
        size += len(line.raw) + 200
    frames.append(_lines(pid, epoch, some, "live", False))
    return frames


def _chunks(ids: list[int]) -> Iterable[list[int]]:
    for start in range(0, len(ids), _CHUNK):
        yield ids[start : start + _CHUNK]
