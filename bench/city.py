"""People, logins and rooms, written straight into the tables: thousands in a second, without password or code."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import Connection, Table, insert, text

from bench.words import TEXT
from odr.accounts.models import Login, Person
from odr.core import clock, crypto, ids, migrate
from odr.core.db import Database
from odr.core.settings import Settings
from odr.rooms.append import Draft, append, pack
from odr.rooms.models import LineKind, Room, RoomKind, RoomMember

SECRET = "a secret for measurements only, long enough to derive keys from"
_PER_ADDRESS = 200
_FIRST = 1_000_000
_BATCH = 2000


@dataclass
class City:
    """Rooms with their members' tokens, as the load generator wants them."""

    epoch: str
    members: list[dict[str, Any]]


def settings(var: Path, database: str | None = None) -> Settings:
    # As from the environment: the settings make their own types of the texts.
    return Settings(var=var, database_url=database, secret_key=SECRET)  # type: ignore[arg-type]


def built(var: Path, *, rooms: int, size: int, lines: int = 0, database: str | None = None) -> City:
    """An empty database at the newest tables, with `rooms` of `size` members each, and `lines` in every room."""
    return asyncio.run(_build(settings(var, database), rooms, size, lines))


async def _build(settings: Settings, rooms: int, size: int, lines: int) -> City:
    await migrate.upgrade(settings)
    crypto.configure(settings.secret)
    database = Database(settings)
    try:
        city = await database.run(_people, rooms, size)
        for _ in range(0, lines, 50):
            for some in range(0, rooms, _BATCH // 50):
                drafts = [
                    _draft(member["room"], _FIRST + room * size)
                    for room in range(some, min(rooms, some + _BATCH // 50))
                    for member in [city.members[room * size]]
                    for _ in range(min(50, lines))
                ]
                await database.run(append, drafts)
        return city
    finally:
        await database.close()


def _table(model: Any) -> Table:
    found: Table = model.__table__
    return found


def _people(connection: Connection, rooms: int, size: int) -> City:
    now = clock.now()
    people, logins, halls, seats, members = [], [], [], [], []
    for room in range(rooms):
        pid = ids.new_pid()
        kind = {"subject_pid": ids.new_pid(), "kind": RoomKind.JOINT, "label": "调解室"}
        halls.append({"id": _FIRST + room, "pid": pid, **kind})
        for place in range(size):
            id, name, token = _FIRST + room * size + place, f"某某{place}", ids.new_token()
            people.append({"id": id, "pid": ids.new_pid(), "name": name, "invented": True})
            role = ("applicant", "respondent", "mediator", "invited")[place % 4]
            login = {"token_hash": crypto.token_hash(token), "expires_at": now + timedelta(days=1)}
            logins.append({"id": id, "person_id": id, "staff": role == "mediator", **login})
            seats.append({"room_id": _FIRST + room, "person_id": id, "role": role, "name": name})
            network, host = divmod(len(members) // _PER_ADDRESS, 250)
            members.append({"room": pid, "token": token, "address": f"10.1.{network}.{host + 1}"})
    for model, rows in ((Person, people), (Login, logins), (Room, halls), (RoomMember, seats)):
        for start in range(0, len(rows), 1000):
            connection.execute(insert(_table(model)), rows[start : start + 1000])
    epoch = connection.execute(text("SELECT epoch FROM lineage ORDER BY id DESC LIMIT 1")).scalar_one()
    return City(epoch=epoch, members=members)


def _draft(room: str, author: int) -> Draft:
    return Draft(
        room=room,
        kind=LineKind.TEXT,
        body=pack({"text": TEXT}),
        at_us=clock.now_us(),
        author_id=author,
        client_id=ids.new_line_id(),
    )


@contextlib.contextmanager
def database_of(server: str) -> Iterator[str]:
    """A new, empty database on a PostgreSQL server."""
    name = f"bench_{ids.new_pid().lower().replace('-', '_')}"

    async def ask(statement: str) -> None:
        connection = await asyncpg.connect(f"{server}/postgres")
        await connection.execute(statement)
        await connection.close()

    asyncio.run(ask(f"CREATE DATABASE {name}"))
    try:
        yield f"{server}/{name}"
    finally:
        asyncio.run(ask(f"DROP DATABASE {name} WITH (FORCE)"))
