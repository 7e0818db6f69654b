"""Fixtures: a fresh database per test on SQLite and on PostgreSQL, the application, the cast."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import httpx2
import pytest
from fastapi import FastAPI

from odr.app import create_app
from odr.core import crypto, i18n, migrate
from odr.core.db import Database
from odr.core.settings import Settings
from tests import demo_city, places, servers
from tests.cast import Cast, found_cast
from tests.demo_city import DemoCity

pytest_plugins = ["tests.plugins.counts", "tests.plugins.faults"]

SECRET = "a secret for tests only, long enough to derive keys from"


def pytest_configure() -> None:
    if place := places.in_memory():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", place)


@pytest.fixture(scope="session", autouse=True)
def _keys() -> None:
    crypto.configure(SECRET.encode())


@pytest.fixture(autouse=True)
def _chinese() -> None:
    i18n.set_locale(i18n.SOURCE)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database at the newest tables; tests copy it."""
    folder = tmp_path_factory.mktemp("sqlite")
    asyncio.run(migrate.upgrade(Settings(var=folder, secret_key=SECRET)))
    return folder / "odr.sqlite3"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server with the template database `odr_template` at the newest tables."""
    with servers.postgres() as url:

        async def prepare() -> None:
            connection = await asyncpg.connect(f"{url}/postgres")
            await connection.execute("CREATE DATABASE odr_template")
            await connection.close()
            await migrate.upgrade(Settings(database_url=f"{url}/odr_template", secret_key=SECRET))

        asyncio.run(prepare())
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with servers.redis() as url:
        yield url


@pytest.fixture(scope="session", name="demo_city")
def _demo_city(tmp_path_factory: pytest.TempPathFactory) -> DemoCity:
    own = tmp_path_factory.getbasetemp()
    return demo_city.made_once(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own)


@pytest.fixture
def sqlite_settings(tmp_path: Path, sqlite_template: Path) -> Settings:
    shutil.copy(sqlite_template, tmp_path / "odr.sqlite3")
    return Settings(var=tmp_path, secret_key=SECRET)


@pytest.fixture
async def postgres_settings(tmp_path: Path, postgres_server: str) -> AsyncIterator[Settings]:
    name = f"odr_{abs(hash(str(tmp_path))):x}"
    connection = await asyncpg.connect(f"{postgres_server}/postgres")
    # Copying files is quicker than writing every page to the log, as newer servers do unasked.
    how = "STRATEGY FILE_COPY" if connection.get_server_version().major >= 15 else ""
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE odr_template {how}")
    yield Settings(var=tmp_path, database_url=f"{postgres_server}/{name}", secret_key=SECRET)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Both engines, SQLite alone where a test is marked `one_engine`."""
    if "engine_of_both" in metafunc.fixturenames:
        engines = [pytest.param("sqlite", marks=pytest.mark.sqlite)]
        if metafunc.definition.get_closest_marker("one_engine") is None:
            engines.append(pytest.param("postgres", marks=pytest.mark.postgres))
        metafunc.parametrize("engine_of_both", engines, indirect=True)


@pytest.fixture
def engine_of_both(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def settings(request: pytest.FixtureRequest, engine_of_both: str) -> Settings:
    """Both engines: a test that asks for this (or for `db`, `cast`, `app`) runs twice, or once if it is marked so."""
    found: Settings = request.getfixturevalue(f"{engine_of_both}_settings")
    return found


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The real application with its loops running."""
    application = create_app(settings)
    async with application.router.lifespan_context(application):
        yield application
    forget(application)


def forget(application: FastAPI) -> None:
    """A closed database is held by its journal as long as the process lives, and what it compiled of its statements
    with it: two megabytes a test, gigabytes at the end of a run."""
    database: Database = application.state.odr.db
    for engine in (database.engine, database._reader):
        engine.sync_engine.clear_compiled_cache()


@pytest.fixture
def db(app: FastAPI) -> Database:
    found: Database = app.state.odr.db
    return found


@pytest.fixture
async def cast(app: FastAPI) -> Cast:
    """Everybody, signed in: see tests/cast.py."""
    return await found_cast(app)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser that is not signed in."""
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url=app.state.odr.settings.base_url) as browser:
        yield browser
