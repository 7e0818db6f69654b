"""The sockets of one worker: who is connected, who is online, what is told to whom besides lines, and who has to go.

Logins and heads are looked at again every two seconds: revocation and lines arrive also when a poke was lost.
"""

import asyncio
import contextlib
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterable

from odr.accounts.access import still_signed_in, touch
from odr.core.bus import Bus, MemoryBus
from odr.core.db import Database
from odr.core.errands import Errands
from odr.core.log import log
from odr.live import protocol
from odr.live.connection import Connection
from odr.live.presence import Presence
from odr.live.streams import LiveRoom, Streams, chunks
from odr.rooms import service as rooms
from odr.rooms.access import unknown_room
from odr.rooms.append import Moved
from odr.rooms.journal import Mark

CHECK_SECONDS = 2.0
_TOUCH_SECONDS = 300.0
# So many seconds a socket, and so many in all, are taken to send everybody home.
_HOME_EACH, _HOME_ALL, _HOME_STEP = 0.02, 3.0, 0.05
_PER_PERSON = 16
_PER_ADDRESS = 2_000  # signed in, each of them; a carrier puts a whole district behind one address
_SOCKETS = 20_000
_TYPING_SECONDS = 2.5
# Who come at once are told of together: of a crowd that returns after a restart, each would tell all the others.
_PRESENCE_SECONDS = 0.05
_WHAT = frozenset({"case", "agreement", "parties", "meetings", "performance"})
_HANDLING = frozenset({"mediator", "clerk"})


class Hub:
    """Of one worker. What is called without `await` never waits."""

    def __init__(self, db: Database, bus: Bus, redis_url: str | None = None) -> None:
        self.db = db
        self.journal = rooms.journal_of(db)
        self.streams = Streams(db, self)
        self.presence = Presence(bus, redis_url, self._tell_presence)
        self.stopping = False  # then nobody comes in any more
        self._bus = bus
        self._connections: set[Connection] = set()
        self._by_login: defaultdict[str, set[Connection]] = defaultdict(set)
        self._by_person: defaultdict[str, set[Connection]] = defaultdict(set)
        self._by_case: defaultdict[str, Counter[Connection]] = defaultdict(Counter)
        self._addresses: Counter[str] = Counter()
        self._doubtful: set[Connection] = set()
        self._presence_due: set[str] = set()
        self._unflushed: list[Connection] = []
        self._away: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._errands = Errands()

    def start(self) -> None:
        """Listen to the journal and to the other workers."""
        self.journal.on_commit.append(self._take_lines)
        self.journal.on_marks.append(self._take_marks)
        self._bus.on("rooms", self._on_rooms)
        self._bus.on("logins", self._on_logins)
        self._bus.on("cases", self._on_cases)
        self._bus.on("typing", self._on_typing)
        self._bus.on("marks", self._on_marks)
        self.presence.start()
        self._errands.run("check", self._check_for_ever)

    async def send_home(self, hurry: asyncio.Event) -> None:
        """The orderly end of every socket: what it sent is stored and answered first, and they go one after the other,
        so that they do not all come back in the same instant. `hurry` cuts the time short."""
        self.stopping = True
        leaving = list(self._connections)
        random.shuffle(leaving)
        steps = max(1, int(min(_HOME_ALL, len(leaving) * _HOME_EACH) / _HOME_STEP))
        goodbyes: list[asyncio.Task[None]] = []
        for step in range(steps):
            goodbyes += [asyncio.create_task(one.dismiss(protocol.RESTART)) for one in leaving[step::steps]]
            if step + 1 < steps and not hurry.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(hurry.wait(), _HOME_STEP)
        await asyncio.gather(*goodbyes)

    async def close(self) -> None:
        """End what is left, in the way that brings clients back."""
        for connection in list(self._connections):
            connection.end(protocol.RESTART)
        await self._errands.close()
        await self.streams.close()
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
            self.streams.leave_room(connection, pid)
        self._connections.discard(connection)
        for index, key in ((self._by_login, connection.actor.login_pid), (self._by_person, connection.actor.pid)):
            index[key].discard(connection)
            if not index[key]:
                del index[key]
        self._addresses[connection.actor.ip] -= 1
        if not self._addresses[connection.actor.ip]:
            del self._addresses[connection.actor.ip]

    def flush_soon(self, connection: Connection) -> None:
        """Have a socket written to at the end of this step: one call of the loop for all that were given something."""
        if not self._unflushed:
            asyncio.get_running_loop().call_soon(self._flush)
        self._unflushed.append(connection)

    def _flush(self) -> None:
        some, self._unflushed = self._unflushed, []
        for connection in some:
            try:
                connection.flush()
            except Exception:
                log.exception("hub.flush_failed")

    def read(self, connection: Connection, pid: str, seq: int) -> None:
        """A client has seen everything up to `seq`; at most what it was sent counts."""
        sub = connection.subs.get(pid)
        if sub is None:
            connection.enqueue(_unknown(connection, pid))
            return
        seq = min(seq, sub.sent)
        if seq > sub.room.reads.get(connection.actor.pid, 0):
            self.journal.mark(pid, connection.actor.person_id, seq)

    def _take_lines(self, moved: list[Moved]) -> None:
        self.streams.take(moved)
        for one in moved:
            self._tell_away("rooms", one.room)

    def _take_marks(self, marks: dict[Mark, int]) -> None:
        for (pid, person_id), seq in marks.items():
            room = self.streams.find(pid)
            seat = room.state.seats.get(person_id) if room is not None and room.state is not None else None
            if room is not None and seat is not None:
                self.streams.tell_reads(room, {seat.pid: seq})
            self._tell_away("marks", pid)

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
        self.streams.to_all(room, protocol.frame("typing", room=room.pid, who=person), but=person)

    def followed(self, connection: Connection, case: str) -> None:
        """A socket follows one more room of a case: its person is online there, and is told who else is."""
        self._by_case[case][connection] += 1
        if not self.presence.enter(case, connection.actor.pid):
            self._send_presence(connection, case)

    def unfollowed(self, connection: Connection, case: str) -> None:
        self.presence.leave(case, connection.actor.pid)
        self._by_case[case][connection] -= 1
        if self._by_case[case][connection] <= 0:
            del self._by_case[case][connection]
            connection.told.pop(case, None)
        if not self._by_case[case]:
            del self._by_case[case]

    def seated_anew(self, room: LiveRoom, case: str) -> None:
        """The members of a room changed, and with them who may know of whom. Who sits there was told of the room anew,
        and hears of presence after it."""
        for sub in room.subs:
            sub.connection.told.pop(case, None)
        self._tell_presence(case)

    def here(self, case: str) -> frozenset[str]:
        return self.presence.here(case)

    def _tell_presence(self, case: str) -> None:
        if not self._presence_due:
            asyncio.get_running_loop().call_later(_PRESENCE_SECONDS, self._send_presences)
        self._presence_due.add(case)

    def _send_presences(self) -> None:
        cases, self._presence_due = self._presence_due, set()
        for case in cases:
            for connection in list(self._by_case.get(case, ())):
                # A frame that says what was known already would tell the other side that something has happened.
                if connection.told.get(case) != self._met_here(connection, case):
                    self._send_presence(connection, case)

    def _send_presence(self, connection: Connection, case: str) -> None:
        connection.told[case] = here = self._met_here(connection, case)
        connection.enqueue(protocol.frame("presence", case=case, here=here))

    def _met_here(self, connection: Connection, case: str) -> list[str]:
        """Who is online, of those whom this person meets in some room of the case."""
        met: set[str] = set()
        for sub in connection.subs.values():
            if sub.room.state is not None and sub.room.state.case == case:
                met |= {seat.pid for seat in sub.room.state.seats.values()}
        return sorted(self.presence.here(case) & met)

    async def _on_cases(self, ids: list[str]) -> None:
        for one in ids:
            case, what, audience = [*one.split(":", 2), "", ""][:3]
            frame = protocol.frame("changed", case=case, what=what if what in _WHAT else "case")
            for connection in list(self._by_case.get(case, ())):
                if not audience or _hears(connection, case, audience):
                    connection.enqueue(frame)

    async def _on_typing(self, ids: list[str]) -> None:
        for one in ids:
            pid, _, person = one.partition(":")
            room = self.streams.find(pid)
            seats = room.state.seats if room is not None and room.state is not None else {}
            if room is not None and any(seat.pid == person for seat in seats.values()):
                self._tell_typing(room, person)

    def _tell_away(self, topic: str, id: str) -> None:
        """Tell the other workers, several at once when there are several, and never in the way of an ack."""
        if type(self._bus) is MemoryBus:
            return
        self._away[topic][id] = None
        self._errands.run("pokes", self._poke_away)

    async def _poke_away(self) -> None:
        while self._away:
            topic, ids = self._away.popitem()
            await self._bus.poke(topic, list(ids), here=False)

    async def _on_rooms(self, ids: list[str]) -> None:
        for pid in ids:
            self.streams.look_at(pid)

    async def _on_marks(self, ids: list[str]) -> None:
        for pid in ids:
            self.streams.look_at(pid, members=True)

    async def _on_logins(self, ids: list[str]) -> None:
        """Ended logins end their sockets at once; a person whose rights changed has all rooms looked at again."""
        for one in ids:
            kind, _, person = one.partition(":")
            if person and kind == "person":
                for connection in list(self._by_person.get(person, ())):
                    self._doubtful.add(connection)
                    for pid in connection.subs:
                        self.streams.look_at(pid, members=True)
            else:
                for connection in list(self._by_login.get(one, ())):
                    connection.end(protocol.SIGN_IN)
        if self._doubtful:
            self._errands.run("doubt", self._check_doubtful)

    async def _check_doubtful(self) -> None:
        """Not inside the poke: who asked the database would keep other pokes waiting."""
        while self._doubtful:
            some, self._doubtful = self._doubtful, set()
            try:
                await self._check_logins(some)
            except Exception as failure:
                log.warning("hub.check_failed", error=type(failure).__name__)

    async def _check_for_ever(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                await self._check_logins(list(self._connections))
                await self.streams.check_heads()
                await self._touch_logins()
            except Exception as failure:
                log.warning("hub.check_failed", error=type(failure).__name__)

    async def _check_logins(self, connections: Iterable[Connection]) -> None:
        by_login: defaultdict[int, list[Connection]] = defaultdict(list)
        for connection in connections:
            by_login[connection.actor.login_id].append(connection)
        for some in chunks(list(by_login)):
            async with self.db.read() as session:
                alive = await still_signed_in(session, some)
            for login_id in some:
                if login_id not in alive:
                    for connection in by_login[login_id]:
                        connection.end(protocol.SIGN_IN)

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


def _hears(connection: Connection, case: str, audience: str) -> bool:
    """Whether what happened before one side alone (`audience`), or before staff, is news for this client: even the
    moment of a private act is nothing for the other side. Who sits beside no side handles the case."""
    for sub in connection.subs.values():
        state = sub.room.state
        seat = state.seats.get(connection.actor.person_id) if state is not None and state.case == case else None
        if state is not None and seat is not None and (audience in (seat.role, state.slot) or seat.role in _HANDLING):
            return True
    return False


def _unknown(connection: Connection, pid: str) -> bytes:
    def make() -> bytes:
        error = unknown_room()
        return protocol.error(error.code, error.say, room=pid)

    return connection.in_language(make)
