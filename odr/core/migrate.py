"""Bringing a database to the newest tables, from inside the service.

Alembic is loaded when there is something to do. Whether there is, every start asks, so that answer must cost nothing.
"""

import re
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from odr.core.settings import Settings

SCRIPTS = Path(__file__).resolve().parents[2] / "alembic"
_LOCK = 7_720_150_302  # any number that is this service's alone
_REVISION = re.compile(r'^(revision|down_revision) = "(\w+)"', re.MULTILINE)


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@cache
def _chain() -> tuple[frozenset[str], frozenset[str]]:
    """Every revision, and those that another one follows."""
    found: dict[str, set[str]] = {"revision": set(), "down_revision": set()}
    for script in (SCRIPTS / "versions").glob("*.py"):
        for what, revision in _REVISION.findall(script.read_text(encoding="utf-8")):
            found[what].add(revision)
    return frozenset(found["revision"]), frozenset(found["down_revision"])


def revisions() -> frozenset[str]:
    """Every revision this code knows."""
    return _chain()[0]


def newest() -> str:
    """The revision this code was written for: the one that no other follows. RuntimeError when there are two."""
    known, followed = _chain()
    if len(heads := known - followed) != 1:
        raise RuntimeError(f"the migrations end in {sorted(heads)}; each must follow the one before")
    return next(iter(heads))


def current(connection: Connection) -> str | None:
    """The revision a database stands at; None when it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


async def upgrade(settings: Settings) -> None:
    """Run every migration this database has not seen. Safe to call at each start."""
    if settings.is_sqlite:
        settings.var.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(settings.database, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            if await connection.run_sync(current) == newest():
                return
            if not settings.is_sqlite:
                # Several machines may start in the same moment: one makes the tables, the others find them made.
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                if await connection.run_sync(current) == newest():
                    return
            await connection.run_sync(_upgrade)
            await connection.commit()
    finally:
        await engine.dispose()
