"""The service as it runs for a city: processes, a database with people in rooms, phones that talk, and the verdict."""

import asyncio
import contextlib
import json
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy import delete

from odr.accounts.models import Grant, Login, Role
from odr.accounts.models import Person as PersonRow
from odr.core import clock, crypto, ids
from odr.core.clock_mark import ClockMark
from odr.core.db import Database
from odr.core.settings import Settings
from odr.rooms import service as rooms
from odr.rooms.models import RoomKind
from tests import servers
from tests.faults.history import Found, History, Line, judge
from tests.faults.phone import Person, Phone, line_of
from tests.plugins.faults import Trial

SECONDS = 60.0  # for what must happen at last; a failing run waits, a good one does not
_SEATS = ((0, 1, 2), (2, 3, 4), (4, 5), (0, 3, 5))
_OUTBOX = 12


class Nursery:
    """Where workers come from; see `worker.py`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.worker"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        self._read()

    def _read(self) -> str:
        assert self._process.stdout is not None
        answer = self._process.stdout.readline().strip()
        if not answer:
            raise RuntimeError("the nursery of workers has ended")
        return answer

    def bear(self, order: dict[str, Any]) -> int:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(self._read())

    def close(self) -> None:
        self._process.stdin.close()  # type: ignore[union-attr]
        self._process.stdout.close()  # type: ignore[union-attr]
        self._process.wait(20)


def environment(settings: Settings, port: int) -> dict[str, str]:
    """The settings as an administrator would give them."""
    given = {
        "ODR_VAR": str(settings.var),
        "ODR_PORT": str(port),
        "ODR_SECRET_KEY": settings.secret_key.get_secret_value() if settings.secret_key else "",
    }
    if settings.database_url:
        given["ODR_DATABASE_URL"] = settings.database_url
    if settings.redis_url:
        given["ODR_REDIS_URL"] = settings.redis_url
    return given


class Worker:
    """One process that serves, always on the same port."""

    def __init__(self, nursery: Nursery, settings: Settings, log: Path, clock_file: Path | None = None) -> None:
        self.port = servers.free_port()
        self.log = log
        self.pid = 0
        self._nursery = nursery
        self._order = {"env": environment(settings, self.port), "log": str(log)}
        if clock_file is not None:
            self._order["clock"] = str(clock_file)
        self._handle = -1

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def bear(self) -> None:
        self.pid = self._nursery.bear(self._order)
        self._handle = os.pidfd_open(self.pid)

    async def start(self) -> None:
        """Returns when it listens."""
        self.bear()
        async with asyncio.timeout(SECONDS):
            while not _listens(self.port):
                if self.is_gone:
                    raise RuntimeError(f"the worker has ended: {self.log.read_text()[-2000:]}")
                await asyncio.sleep(0.01)

    @property
    def is_gone(self) -> bool:
        try:
            signal.pidfd_send_signal(self._handle, 0)
        except (ProcessLookupError, OSError):
            return True
        return False

    def send(self, what: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, what)

    async def gone(self, seconds: float = SECONDS) -> None:
        """Wait until the process has ended. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not self.is_gone:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        os.close(self._handle)
        self._handle = -1

    async def kill(self) -> None:
        self.send(signal.SIGKILL)
        await self.gone()

    async def stop(self, seconds: float = 30.0) -> None:
        self.send(signal.SIGTERM)
        await self.gone(seconds)

    async def end(self) -> None:
        """Whatever state it is in."""
        if self._handle >= 0:
            self.send(signal.SIGCONT)
            await self.kill()

    async def ready(self) -> tuple[int, dict[str, Any]]:
        """What /readyz says."""
        async with httpx2.AsyncClient(base_url=self.origin, timeout=20) as client:
            answer = await client.get("/readyz")
            return answer.status_code, answer.json()


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5):
        return True
    return False


class Site:
    """A service with its workers, six people and four rooms, and the history of what happens to them."""

    def __init__(self, settings: Settings, workers: list[Worker], trial: Trial) -> None:
        self.settings, self.workers, self.trial = settings, workers, trial
        self.people: list[Person] = []
        self.rooms: list[str] = []
        self.history = History()
        self.phones: list[Phone] = []
        self.dice = trial.dice

    @contextlib.asynccontextmanager
    async def database(self) -> AsyncIterator[Database]:
        """The database itself. On SQLite only while no worker runs: it has one writer."""
        database = Database(self.settings)
        try:
            yield database
        finally:
            await database.close()

    async def found(self, people: int = 6) -> None:
        """People who are signed in and rooms in which they sit."""
        async with self.database() as db, db.write() as session:
            await session.execute(delete(ClockMark))  # of an earlier test in the same database, on another day
            for n in range(people):
                phone = f"139{secrets.randbelow(10**8):08d}"
                row = PersonRow(
                    name=f"居民{n}", phone=phone, phone_index=crypto.blind_index("phone", phone), invented=True
                )
                session.add(row)
                await session.flush()
                token = ids.new_token()
                login = Login(
                    token_hash=crypto.token_hash(token), person_id=row.id, staff=False,
                    expires_at=clock.now() + timedelta(days=30),
                )  # fmt: skip
                session.add(login)
                await session.flush()
                self.people.append(Person(row.id, row.pid, token, login.pid))
            for n, seats in enumerate(_SEATS):
                kind = RoomKind.PRIVATE if len(seats) == 2 else RoomKind.JOINT
                room = await rooms.open_room(session, subject_pid=ids.new_pid(), kind=kind, label="调解室", slot=str(n))
                self.rooms.append(room.pid)
                for seat in seats:
                    person = self.people[seat]
                    await rooms.add_member(session, room, person.id, role="applicant", name=f"居民{seat}")
                self.history.members[room.pid] = {self.people[seat].pid for seat in seats}
            row = await session.get_one(PersonRow, self.people[0].id)
            session.add(Grant(person_id=row.id, role=Role.AUDITOR))

    async def start(self) -> None:
        for worker in self.workers:
            await worker.start()

    def a_port(self) -> int:
        return self.dice.choice(self.workers).port

    def rooms_of(self, person: Person) -> list[str]:
        return [room for room in self.rooms if person.pid in self.history.members[room]]

    @contextlib.asynccontextmanager
    async def talking(
        self, *, per_second: float = 150.0, address: Callable[[int], Callable[[], int]] | None = None,
        heartbeat: float = 20.0, body: Callable[[], str | None] = lambda: None,
    ) -> AsyncIterator[list[Phone]]:  # fmt: skip
        """Everybody is on line and talks until the block ends; then all fall silent and get what is still missing."""
        self.phones = [
            Phone(
                person, self.rooms_of(person), address(n) if address else self.a_port, self.history,
                random.Random(self.dice.random()), window=(1, 8)[n % 2], heartbeat=heartbeat,
            )
            for n, person in enumerate(self.people)
        ]  # fmt: skip
        self.history.in_order = {phone.person.pid for n, phone in enumerate(self.phones) if n % 2 == 0}
        lives = [asyncio.create_task(phone.live()) for phone in self.phones]
        talk = asyncio.create_task(self._talk(per_second, body))
        try:
            for phone in self.phones:
                await phone.until(lambda phone=phone: len(phone.cursors) == len(phone.rooms), SECONDS)
            yield self.phones
            talk.cancel()
            await self._settle()
        finally:
            for task in (talk, *lives):
                task.cancel()
            await asyncio.gather(talk, *lives, return_exceptions=True)
            self.count()

    async def _talk(self, per_second: float, body: Callable[[], str | None]) -> None:
        while True:
            phone = self.dice.choice(self.phones)
            open_rooms = [room for room in phone.rooms if room not in phone.gone]
            if open_rooms and phone.unsent < _OUTBOX and not phone.is_retired:
                phone.say(self.dice.choice(open_rooms), body())
            await asyncio.sleep(self.dice.expovariate(per_second))

    async def _settle(self) -> None:
        """Until everything is acknowledged and everybody has heard everything."""
        staying = [phone for phone in self.phones if not phone.is_retired]
        for phone in staying:
            await phone.until(lambda phone=phone: phone.unsent == 0, SECONDS)
        heads: dict[str, int] = {}
        for _, _, room, seq in self.history.acked:
            heads[room] = max(seq, heads.get(room, 0))
        for phone in staying:
            for room in set(phone.rooms) - phone.gone:
                await phone.until(
                    lambda phone=phone, room=room: phone.cursors.get(room, ("", 0))[1] >= heads.get(room, 0), SECONDS
                )

    def count(self) -> None:
        """Into the table at the end of the run."""
        counts = self.trial.counts
        counts["sent"] += len(self.history.sent) - counts["sent"]
        counts["acked"] = len({(client, id, room) for client, id, room, _ in self.history.acked})
        counts["heard"] = sum(len(stream.lines) for stream in self.history.streams)
        counts["resends"] += sum(phone.resends for phone in self.phones)

    def reader_of(self, room: str) -> Person:
        """Somebody who may read it to the end."""
        away = {phone.person.pid for phone in self.phones if phone.is_retired or room in phone.gone}
        return next(one for one in self.people if one.pid in self.history.members[room] - away)

    async def read_all(self) -> None:
        """The final read, through the JSON API."""
        worker = next(worker for worker in self.workers if not worker.is_gone)
        async with httpx2.AsyncClient(base_url=worker.origin, timeout=20) as client:
            for room in self.rooms:
                reader = self.reader_of(room)
                lines: list[Line] = []
                more = True
                while more:
                    after = lines[-1].seq if lines else 0
                    address = f"/api/v1/rooms/{room}/lines?after={after}&limit=200"
                    answer = await client.get(address, headers=reader.headers)
                    answer.raise_for_status()
                    page = answer.json()
                    lines += map(line_of, page["lines"])
                    more = page["more"]
                    self.history.final_epoch = page["epoch"]
                self.history.final[room] = lines

    async def verdict(self) -> list[Found]:
        """Read everything once more, stop the service, verify every chain, and judge. Empty when nothing is broken."""
        await self.read_all()
        for worker in self.workers:
            if not worker.is_gone:
                await worker.stop()
        async with self.database() as db, db.read() as session:
            broken = [fault async for fault in rooms.verify(session)]
        found = judge(self.history)
        counts = self.trial.counts
        for name in ("lost", "doubled", "hole", "other"):
            counts[name] += sum(one.fault == name or (name == "other" and not _has_column(one)) for one in found)
        assert broken == []
        return found


def _has_column(found: Found) -> bool:
    return found.fault in ("lost", "doubled", "hole")


@contextlib.contextmanager
def nursery() -> Iterator[Nursery]:
    found = Nursery()
    try:
        yield found
    finally:
        found.close()
