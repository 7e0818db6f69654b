"""The database: two engines behind one code path.

SQLite: one process, one writer connection whose transactions begin IMMEDIATE, and separate readers; Python's
driver would otherwise begin only at the first write and lose updates without an error. PostgreSQL: one pool.
Services never commit: `write()` commits at the edge and only then runs what waited for the commit (pokes).
"""

import asyncio
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import copy_context
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, DateTime, MetaData, StaticPool, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from odr.core import one_visit
from odr.core.bus import Bus
from odr.core.settings import Settings

PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "2",  # FULL: acknowledged means synced
    "foreign_keys": "1",
    "recursive_triggers": "1",  # else INSERT OR REPLACE slips past the append-only triggers
    "trusted_schema": "0",
    "mmap_size": "0",
}
_WAL_AUTOCHECKPOINT = 8000
_BEGIN_TO_WRITE, _BEGIN_TO_READ = "BEGIN IMMEDIATE", "BEGIN"
# A worker that freezes inside a transaction holds the locks of its rooms; the server ends it, so that others go on.
_IDLE_MS = "15000"
_PROBE_SECONDS = 5.0
_FREE_BYTES = 4 * 1024 * 1024
# What a database that is away raises: by its driver, or because one that does not answer holds every connection.
AWAY = (DBAPIError, PoolTimeout, OSError)
# PostgreSQL's log still takes a message when its tables can no longer grow. It tells nobody how much room there is, but
# what does not fit into the memory of a query goes to a file beside the tables, for three milliseconds.
_ROOM_ON_THE_SERVER = (
    "SET LOCAL work_mem = '64kB'",
    "WITH much AS MATERIALIZED (SELECT repeat('x', 8000) || n FROM generate_series(1, 524) AS n) "  # 4 MB
    "SELECT count(*) FROM much",
)


class Base(DeclarativeBase):
    """All tables. Constraint names are fixed, so that migrations on both engines can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UTCDateTime(TypeDecorator[datetime]):
    """An aware moment, kept in UTC on both engines (SQLite keeps no zone of its own)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment without a zone must not reach the database")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


AfterCommit = Callable[[], Awaitable[None]]
P = ParamSpec("P")
T = TypeVar("T")


def after_commit(session: AsyncSession, call: AfterCommit, *, key: str | None = None) -> None:
    """Run `call` once this transaction is committed; dropped on rollback. The same `key` is kept once."""
    waiting: dict[str | int, AfterCommit] = session.info.setdefault("after_commit", {})
    waiting[key if key is not None else len(waiting)] = call


def poke(session: AsyncSession, topic: str, *ids: str) -> None:
    """Once this transaction is committed, tell every worker that these ids moved. One poke per topic and commit."""
    moved: dict[str, None] = session.info.setdefault(f"poke:{topic}", {})
    moved.update(dict.fromkeys(ids))
    bus: Bus | None = session.info.get("bus")

    async def send() -> None:
        if bus is not None:
            await bus.poke(topic, list(moved))

    after_commit(session, send, key=f"poke:{topic}")


class Database:
    """Opens sessions. `write()` for anything that changes rows, `read()` for the rest."""

    def __init__(self, settings: Settings) -> None:
        self.is_sqlite = settings.is_sqlite
        self.folder: Path | None = None  # of SQLite's file
        self._inner: WeakKeyDictionary[Any, Connection] = WeakKeyDictionary()
        self.bus: Bus | None = None  # set by the composition root; commands without one wake nobody
        if self.is_sqlite:
            self.folder = Path(settings.database.split("///", 1)[1]).parent
            self.folder.mkdir(parents=True, exist_ok=True)
            self._writer = _sqlite_engine(settings.database, begin=_BEGIN_TO_WRITE, size=1)
            self._reader = _sqlite_engine(settings.database, begin=_BEGIN_TO_READ, size=4)
        else:
            self._writer = create_async_engine(
                settings.database,
                pool_size=12,
                max_overflow=8,
                pool_pre_ping=True,
                json_serializer=_dumps,
                hide_parameters=True,  # an error's text may reach a log
                connect_args={"server_settings": {"idle_in_transaction_session_timeout": _IDLE_MS}},
            )
            self._reader = self._writer
            self._single = self._writer.execution_options(isolation_level="AUTOCOMMIT")

    @property
    def engine(self) -> AsyncEngine:
        """The engine that writes (for migrations and the journal)."""
        return self._writer

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A transaction that commits when the block ends and rolls back when it raises."""
        async with AsyncSession(self._writer, expire_on_commit=False, info={"bus": self.bus}) as session:
            async with session.begin():
                yield session
            waiting: dict[str | int, AfterCommit] = session.info.pop("after_commit", {})
        for call in waiting.values():
            await call()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A snapshot for reading; whatever it changed is thrown away."""
        async with AsyncSession(self._reader, expire_on_commit=False, autoflush=False) as session:
            if not self.is_sqlite:
                await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            # Closing gives the connection back and rolls back; an explicit rollback would expire the loaded rows.
            yield session

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """A writing transaction without ORM objects, for the journal's hot path."""
        async with self._writer.begin() as connection:
            yield connection

    async def run(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`work(connection, …)` in one writing transaction; the journal's hot path.

        On SQLite all of it, begin and commit included, is one visit to the writer's thread: statement by statement
        each would wait twice for the interpreter's lock, behind a busy event loop.
        """
        if not self.is_sqlite:
            async with self._writer.begin() as connection:
                return await connection.run_sync(work, *args, **kwargs)

        def visit(connection: Connection) -> T:
            with connection.begin():
                return work(connection, *args, **kwargs)

        return await self._visit(self._writer, _BEGIN_TO_WRITE, visit)

    async def look(self, work: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`work(session, …)` on one snapshot for reading, and on SQLite in one visit to a reader's thread: for what
        everybody asks at once after a restart."""
        if not self.is_sqlite:
            async with self.read() as session:
                return await session.run_sync(work, *args, **kwargs)

        def visit(connection: Connection) -> T:
            with Session(connection, expire_on_commit=False, autoflush=False) as session:
                return work(session, *args, **kwargs)

        return await self._visit(self._reader, _BEGIN_TO_READ, visit)

    async def glimpse(self, work: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`look` for work of one statement, which is a snapshot by itself: PostgreSQL is spared the transaction around
        it, four of its six round trips."""
        if self.is_sqlite:
            return await self.look(work, *args, **kwargs)
        async with AsyncSession(self._single, expire_on_commit=False, autoflush=False) as session:
            return await session.run_sync(work, *args, **kwargs)

    async def _visit(self, engine: AsyncEngine, begin: str, visit: Callable[[Connection], T]) -> T:
        """`visit` in the thread of one of the engine's connections, with that very connection."""
        async with engine.connect() as held:
            driver = (await held.get_raw_connection()).driver_connection
            if driver is None:
                raise RuntimeError("the database is closed")
            inner = self._inner.get(driver)
            if inner is None:
                inner = self._inner[driver] = _connection_inside(driver._conn, begin)
            # aiosqlite has no public name for "run this in your thread"; its version is locked. Time and language are
            # the caller's there too.
            done: T = await driver._execute(copy_context().run, visit, inner)
            return done

    async def close(self) -> None:
        """Give every connection back. Those inside the threads go first: left to the collector they would be given back
        to a closed driver, at the end of the process, and say so on the terminal."""
        for inner in list(self._inner.values()):
            if not inner.in_transaction():  # else its thread is still at work in it
                inner.close()
        self._inner.clear()
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()


def _dumps(value: Any) -> str:
    import orjson

    return orjson.dumps(value).decode()


def _connection_inside(connection: sqlite3.Connection, begin: str) -> Connection:
    inner = create_engine(
        "sqlite://",
        creator=lambda: connection,
        poolclass=StaticPool,
        pool_reset_on_return=None,  # when it goes, the connection has been closed by its owner
        hide_parameters=True,
    )
    event.listen(inner, "begin", lambda opened: opened.exec_driver_sql(begin))
    return inner.connect()


def _sqlite_engine(url: str, *, begin: str, size: int) -> AsyncEngine:
    one_visit.install()
    engine = create_async_engine(
        url,
        pool_size=size,
        max_overflow=0,
        pool_timeout=30,
        json_serializer=_dumps,
        # Whoever takes a connection ends its own transaction; another rollback at its return is a visit to its thread.
        pool_reset_on_return=None,
        hide_parameters=True,  # an error's text may reach a log
        connect_args={"timeout": 15},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin by itself
        cursor = connection.cursor()
        for name, value in PRAGMAS.items():
            cursor.execute(f"PRAGMA {name}={value}")
        cursor.execute(f"PRAGMA wal_autocheckpoint={_WAL_AUTOCHECKPOINT}")
        if begin == _BEGIN_TO_READ:
            cursor.execute("PRAGMA query_only=1")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _on_begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine


async def why_no_writes(database: Database) -> str | None:
    """Why the database takes no write just now, in words for an operator; None when it takes one and syncs it."""
    # Both go through the log to the disk as every commit does. An update that changes nothing would not on SQLite.
    if database.is_sqlite:
        probes = [f"PRAGMA user_version = {time.monotonic_ns() % 2**31}"]
    else:
        probes = ["SELECT pg_logical_emit_message(true, 'odr', 'probe')", *_ROOM_ON_THE_SERVER]
    try:
        async with asyncio.timeout(None if database.is_sqlite else _PROBE_SECONDS):
            async with database.connection() as connection:
                for probe in probes:
                    await connection.exec_driver_sql(probe)
    except AWAY as failure:
        return _in_words(failure)
    # A small write still finds room in the log when the lines of people no longer do.
    if database.folder is not None and shutil.disk_usage(database.folder).free < _FREE_BYTES:
        return "the disk is full"
    return None


def _in_words(failure: Exception) -> str:
    cause = getattr(failure, "orig", None)
    if getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL or getattr(cause, "sqlstate", None) == "53100":
        return "the disk is full"
    if isinstance(failure, (OSError, PoolTimeout)) or getattr(failure, "connection_invalidated", False):
        return "it does not answer"
    return " ".join(filter(None, (type(failure).__name__, getattr(cause, "sqlstate", None))))


async def check_pragmas(database: Database) -> dict[str, str]:
    """What SQLite really runs with. Raises RuntimeError when a promised setting does not hold."""
    found: dict[str, str] = {}
    async with database.connection() as connection:
        for name, wanted in PRAGMAS.items():
            row = (await connection.exec_driver_sql(f"PRAGMA {name}")).first()
            found[name] = str(row[0]).lower() if row is not None else "0"
            if found[name] != wanted:
                raise RuntimeError(f"SQLite runs with {name}={found[name]}, promised is {wanted}.")
    return found
