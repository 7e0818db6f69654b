"""Migrations on both engines, from the command line and from inside the service."""

import asyncio
from typing import Any

from alembic import context
from sqlalchemy import Connection, inspect, pool
from sqlalchemy.ext.asyncio import create_async_engine

from odr import schema
from odr.core.settings import Settings


def _own_tables_only(_object: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
    """The index of search is made by hand: no model fits both engines, and FTS5 keeps tables of its own."""
    own = name != "alembic_version" and not str(name).startswith(("search_lines", "search_words"))
    return own or kind != "table"


def run(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    context.configure(
        connection=connection,
        target_metadata=schema.metadata,
        render_as_batch=True,
        compare_type=True,
        include_object=_own_tables_only,
    )
    with context.begin_transaction():
        context.run_migrations()
        # Batch migrations on SQLite rebuild tables and lose triggers without a word.
        if inspect(connection).has_table(schema.APPEND_ONLY[0]):
            schema.finish(connection)


async def run_alone() -> None:
    settings = Settings()
    if settings.is_sqlite:
        settings.var.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(settings.database, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()
    await engine.dispose()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    asyncio.run(run_alone())
