"""A full disk: nobody is told that a line is kept which is not, reading goes on, and it mends itself."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx2
import pytest

from odr.core.settings import Settings
from tests.conftest import SECRET
from tests.faults import engines
from tests.faults.conftest import an_empty_city, opened_site
from tests.faults.engines import Postgres, Redis
from tests.faults.phone import Phone
from tests.faults.service import SECONDS, Nursery, Site, Worker
from tests.plugins.faults import Trial

_LINE = "满" * 200


@pytest.fixture
def small_disk(tmp_path: Path, sqlite_template: Path) -> Iterator[Path]:
    with engines.small_disk(tmp_path / "disk", 64) as disk:
        shutil.copy(sqlite_template, disk / "odr.sqlite3")
        yield disk


@pytest.mark.sqlite
async def test_a_full_disk_is_said_and_nothing_is_lost(nursery: Nursery, trial: Trial, small_disk: Path) -> None:
    settings = Settings(var=small_disk, secret_key=SECRET)
    log = small_disk.parent / "workers.log"
    async with opened_site(nursery, settings, trial, workers=1, log=log) as site:
        await _fills_up_again_and_again(site, trial, small_disk)


@dataclass
class Cramped:
    """A city whose PostgreSQL has a small disk."""

    settings: Settings
    server: Postgres
    disk: Path


@pytest.fixture
def cramped(request: pytest.FixtureRequest, tmp_path: Path, redis: Redis) -> Iterator[Cramped]:
    with engines.postgres_on_a_small_disk(request.param) as (server, disk):
        settings = Settings(var=tmp_path, database_url=f"{server.url}/odr", redis_url=redis.url, secret_key=SECRET)
        asyncio.run(an_empty_city(server, settings))
        yield Cramped(settings, server, disk)


@pytest.mark.postgres
@pytest.mark.redis
@pytest.mark.parametrize("cramped", ["tables"], indirect=True)
async def test_a_full_disk_under_postgres_is_said_and_nothing_is_lost(
    nursery: Nursery, trial: Trial, cramped: Cramped
) -> None:
    async with opened_site(nursery, cramped.settings, trial, workers=2) as site:
        await _fills_up_again_and_again(site, trial, cramped.disk)


async def _fills_up_again_and_again(site: Site, trial: Trial, disk: Path) -> None:
    async with site.talking(body=lambda: _LINE) as phones:
        for n in range(rounds := trial.size(2, 20)):
            await asyncio.sleep(0.3)
            assert {await _status(worker) for worker in site.workers} == {200}
            engines.fill(disk)
            refused = [len(phone.errors) for phone in phones]
            for phone, before in zip(phones, refused, strict=True):
                await phone.until(lambda phone=phone, before=before: len(phone.errors) > before, SECONDS)
                assert {error["code"] for error in phone.errors[before:]} == {"busy"}
            trial.counts["full"] += 1
            for worker in site.workers:
                await _says_that_it_is_full(worker)
            await _everything_acknowledged_can_be_read(site)
            engines.make_room(disk)
            await _all_goes_on(site, phones)
            trial.progress(n + 1, rounds)
    assert await site.verdict() == []


async def _says_that_it_is_full(worker: Worker) -> None:
    """A full disk may also break the line over which it is asked; the next answer names it."""
    said: dict[str, str] = {}
    async with asyncio.timeout(SECONDS):
        while said.get("database") != "the disk is full":
            status, said = await worker.ready()
            assert status == 503
            assert said["database"] in ("the disk is full", "it does not answer")


async def _status(worker: Worker) -> int:
    return (await worker.ready())[0]


async def _all_goes_on(site: Site, phones: list[Phone]) -> None:
    """Within ten seconds, in the processes that were there before."""
    async with asyncio.timeout(10):
        for phone in phones:
            acked = len(site.history.acked)
            await phone.until(lambda acked=acked: len(site.history.acked) > acked, 10)
        while {await _status(worker) for worker in site.workers} != {200}:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def _everything_acknowledged_can_be_read(site: Site) -> None:
    acked = {(id, room) for _, id, room, _ in site.history.acked}
    await site.read_all()
    assert acked <= {(line.id, room) for room, lines in site.history.final.items() for line in lines}


@pytest.mark.postgres
@pytest.mark.redis
@pytest.mark.parametrize("cramped", ["log"], indirect=True)
async def test_a_full_log_ends_postgres_and_nothing_is_lost(nursery: Nursery, trial: Trial, cramped: Cramped) -> None:
    """PostgreSQL panics when its log cannot grow, cannot recover either, and ends. Whoever made room starts it again;
    the service is the same as before."""
    server = cramped.server
    async with opened_site(nursery, cramped.settings, trial, workers=2) as site:
        async with site.talking(body=lambda: _LINE) as phones:
            for n in range(rounds := trial.size(1, 15)):
                refused = [len(phone.errors) for phone in phones]
                engines.fill(cramped.disk)
                await _ends(site, server)
                trial.counts["full"] += 1
                for worker in site.workers:
                    status, said = await worker.ready()
                    assert (status, said["database"]) == (503, "it does not answer")
                for phone, before in zip(phones, refused, strict=True):
                    await phone.until(lambda phone=phone, before=before: len(phone.errors) > before, SECONDS)
                    assert {error["code"] for error in phone.errors[before:]} == {"busy"}
                await _is_alive(site)
                engines.make_room(cramped.disk)
                await asyncio.to_thread(server.start)
                await asyncio.to_thread(server.until_it_answers)
                await _all_goes_on(site, phones)
                trial.progress(n + 1, rounds)
        assert await site.verdict() == []


async def _ends(site: Site, server: Postgres) -> None:
    """Its log has pieces in store, which a large import by somebody else uses up. On its way down, too, the service
    says that it is ready or that it is not."""
    assert server.process is not None
    connection = await asyncpg.connect(site.settings.database_url)
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        async with asyncio.timeout(SECONDS):
            while True:
                await connection.execute("SELECT pg_logical_emit_message(false, 'odr', repeat('x', 500000))")
                assert {await _status(worker) for worker in site.workers} <= {200, 503}
    connection.terminate()
    async with asyncio.timeout(SECONDS):
        while server.process.poll() is None:
            assert {await _status(worker) for worker in site.workers} <= {200, 503}


async def _is_alive(site: Site) -> None:
    """What a supervisor asks before it restarts a process."""
    for worker in site.workers:
        async with httpx2.AsyncClient(base_url=worker.origin, timeout=5) as client:
            assert (await client.get("/healthz")).status_code == 200
