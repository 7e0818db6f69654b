"""Playing a story: who acts, when, and the codes that go to phones. Every act is the verb real people use."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pyotp
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts import service as accounts
from odr.accounts.access import Actor, load_actor
from odr.accounts.models import Person
from odr.audit.who import SYSTEM
from odr.core import clock, ids, outbox
from odr.core.web import Odr
from odr.demo import people
from odr.rooms import service as rooms
from odr.rooms.schemas import SayIn

_DEVICE = "演示城市"


@dataclass
class Stage:
    """The running service and the cast of the demo city, by key."""

    service: Odr
    cast: dict[str, int] = field(default_factory=dict)
    _actors: dict[str, Actor] = field(default_factory=dict)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        async with self.service.db.write() as session:
            yield session

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        async with self.service.db.read() as session:
            yield session

    async def person(self, session: AsyncSession, key: str) -> Person:
        return await session.get_one(Person, self.cast[key])

    async def actor(self, key: str) -> Actor:
        """Sign this person in (once) and take the login along, as a real act does."""
        if key not in self._actors:
            staff = key in {one.login for one in people.STAFF_LOGINS}
            async with self.write() as session:
                person = await self.person(session, key)
                _login, token = await accounts.open_login(session, person, staff, "127.0.0.1", _DEVICE)
            async with self.read() as session:
                found = await load_actor(session, token, ip="127.0.0.1", device=_DEVICE)
            if found is None:
                raise RuntimeError(f"the demo's {key} could not sign in")
            self._actors[key] = found
        return self._actors[key]

    async def code_on_phone(self, key: str) -> str:
        """The newest code sent to this person's phone, read where the system admin would read it."""
        async with self.read() as session:
            query = select(outbox.Outbox).where(outbox.Outbox.channel == outbox.Channel.SMS)
            person = await self.person(session, key)
            for row in await session.scalars(query.order_by(outbox.Outbox.id.desc()).limit(50)):
                if row.address == person.phone and (found := re.search(r"\b\d{6}\b", row.text)):
                    return found.group()
        raise RuntimeError(f"no code was sent to the demo's {key}")

    def code_of_app(self, key: str) -> str:
        """What the authenticator of a staff member shows at the story's time."""
        return pyotp.TOTP(people.totp_secret(key)).at(clock.now())

    async def say(self, key: str, room: str, text: str) -> int:
        """One line in a room; returns its seq."""
        line = SayIn(id=ids.new_line_id(), kind="text", text=text)
        return (await rooms.say(self.service.db, await self.actor(key), room, line)).seq

    async def sign_everybody_out(self) -> None:
        async with self.write() as session:
            for actor in self._actors.values():
                await accounts.end_login(session, SYSTEM, actor.login_id, "demo")
        self._actors.clear()


def days_ago(days: float) -> timedelta:
    return -timedelta(days=days)
