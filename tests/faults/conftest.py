"""The service as processes: one on SQLite, two on PostgreSQL and Redis."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from odr.core import migrate
from odr.core.settings import Settings
from tests.conftest import SECRET
from tests.faults import engines, service
from tests.faults.engines import Postgres, Redis
from tests.faults.service import Nursery, Site, Worker
from tests.plugins.faults import Trial


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """On a disk: a kill finds commits on their way to it."""
    with tempfile.TemporaryDirectory(prefix="odr-faults-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with service.nursery() as found:
        yield found


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL that syncs, with a database at the newest tables."""
    with engines.durable_postgres() as server:
        asyncio.run(an_empty_city(server, Settings(database_url=f"{server.url}/odr", secret_key=SECRET)))
        yield server


async def an_empty_city(server: Postgres, settings: Settings) -> None:
    """A database at the newest tables."""
    connection = await asyncpg.connect(f"{server.url}/postgres")
    await connection.execute("CREATE DATABASE odr")
    await connection.close()
    await migrate.upgrade(settings)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    with engines.breakable_redis(tmp_path) as server:
        yield server


@pytest.fixture
def city_settings(tmp_path: Path, postgres: Postgres, redis: Redis) -> Settings:
    """What a city runs on. One database for all tests, each with people and rooms of its own: making one is a hundred
    files to sync."""
    return Settings(var=tmp_path, database_url=f"{postgres.url}/odr", redis_url=redis.url, secret_key=SECRET)


@contextlib.asynccontextmanager
async def opened_site(
    nursery: Nursery,
    settings: Settings,
    trial: Trial,
    *,
    workers: int,
    clock_file: Path | None = None,
    log: Path | None = None,
) -> AsyncIterator[Site]:
    """A site whose workers are started and ended with the block."""
    log = log or settings.var / "workers.log"
    site = Site(settings, [Worker(nursery, settings, log, clock_file) for _ in range(workers)], trial)
    trial.engine = "SQLite" if settings.is_sqlite else "PostgreSQL + Redis"
    await site.found()
    try:
        await site.start()
        yield site
    finally:
        for worker in site.workers:
            await worker.end()


@pytest.fixture
async def small_site(nursery: Nursery, sqlite_settings: Settings, trial: Trial) -> AsyncIterator[Site]:
    """SQLite, one process."""
    async with opened_site(nursery, sqlite_settings, trial, workers=1) as site:
        yield site


@pytest.fixture
async def city_site(nursery: Nursery, city_settings: Settings, trial: Trial) -> AsyncIterator[Site]:
    """PostgreSQL and Redis, two workers."""
    async with opened_site(nursery, city_settings, trial, workers=2) as site:
        yield site


@pytest.fixture(
    params=[
        pytest.param("small", marks=pytest.mark.sqlite),
        pytest.param("city", marks=[pytest.mark.postgres, pytest.mark.redis]),
    ]
)
def site(request: pytest.FixtureRequest) -> Site:
    """Both ways of running the service."""
    found: Site = request.getfixturevalue(f"{request.param}_site")
    return found
