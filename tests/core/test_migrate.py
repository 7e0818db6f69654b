"""Whether tables are current is asked at each start, so it is read without alembic; both must say the same."""

import asyncio
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from odr.core import migrate
from odr.core.settings import Settings
from tests.conftest import SECRET


def test_the_newest_revision_is_the_one_that_alembic_names() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.SCRIPTS))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    assert migrate.newest() == scripts.get_current_head()
    assert migrate.revisions() == {script.revision for script in scripts.walk_revisions()}


def test_two_ends_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "versions").mkdir()
    for name in ("b", "c"):
        (tmp_path / "versions" / f"{name}.py").write_text(f'revision = "{name}"\ndown_revision = "a"\n')
    monkeypatch.setattr(migrate, "SCRIPTS", tmp_path)
    migrate._chain.cache_clear()
    try:
        with pytest.raises(RuntimeError, match=r"\['b', 'c'\]"):
            migrate.newest()
    finally:
        migrate._chain.cache_clear()


@pytest.mark.sqlite
async def test_an_empty_folder_becomes_a_database_at_the_newest_tables(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path, secret_key=SECRET)
    await migrate.upgrade(settings)
    await migrate.upgrade(settings)  # a second start has nothing to do
    import sqlite3

    with sqlite3.connect(tmp_path / "odr.sqlite3") as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(migrate.newest(),)]
    connection.close()


@pytest.mark.postgres
async def test_machines_that_start_in_the_same_moment_make_the_tables_once(
    tmp_path: Path, postgres_server: str
) -> None:
    connection = await asyncpg.connect(f"{postgres_server}/postgres")
    await connection.execute("CREATE DATABASE started_twice")
    url = f"{postgres_server}/started_twice"
    settings = Settings(
        var=tmp_path, database_url=url, secret_key="a secret for tests only, long enough to derive keys"
    )
    try:
        await asyncio.gather(*(migrate.upgrade(settings) for _ in range(3)))
        made = await asyncpg.connect(url)
        assert await made.fetch("SELECT version_num FROM alembic_version") == [(migrate.newest(),)]
        await made.close()
    finally:
        await connection.execute("DROP DATABASE started_twice WITH (FORCE)")
        await connection.close()


def test_a_start_loads_nothing_that_only_some_requests_need() -> None:
    """Each of these costs every start a part of a second."""
    late = ("alembic", "babel", "cn2an", "PIL", "redis", "weasyprint")
    code = f"import sys, odr.app, odr.cli; print([name for name in {late!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
