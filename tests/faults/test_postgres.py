"""PostgreSQL goes away: sends end as stored and acknowledged, or as to be sent again, never as anything between."""

import asyncio
from contextlib import suppress

import asyncpg
import pytest

from odr.core.db import Database
from tests.faults.engines import Postgres
from tests.faults.service import Site
from tests.plugins.faults import Trial

pytestmark = [pytest.mark.postgres, pytest.mark.redis]


async def test_it_syncs_and_waits_for_the_sync(city_site: Site) -> None:
    database = Database(city_site.settings)
    try:
        async with database.connection() as connection:
            for name in ("fsync", "synchronous_commit", "full_page_writes"):
                assert (await connection.exec_driver_sql(f"SHOW {name}")).scalar() == "on"
    finally:
        await database.close()


async def test_backends_ended_in_a_loop_lose_and_double_nothing(city_site: Site, trial: Trial) -> None:
    rounds = trial.size(12, 400)
    admin = await asyncpg.connect(city_site.settings.database_url)
    try:
        async with city_site.talking():
            for n in range(rounds):
                await asyncio.sleep(trial.dice.uniform(0.05, 0.2))
                # All of them, or one that is in the middle of something.
                some = "state <> 'idle'" if trial.dice.random() < 0.5 else "true"
                trial.counts["ended backends"] += await admin.fetchval(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                    f"WHERE datname = current_database() AND pid <> pg_backend_pid() AND {some}"
                )
                trial.progress(n + 1, rounds)
    finally:
        await admin.close()
    assert trial.counts["ended backends"]
    assert await city_site.verdict() == []


async def test_an_immediate_restart_loses_nothing_and_service_is_back_in_ten_seconds(
    city_site: Site, postgres: Postgres, trial: Trial
) -> None:
    restarts = trial.size(2, 20)
    async with city_site.talking() as phones:
        for n in range(restarts):
            await asyncio.sleep(trial.dice.uniform(0.2, 0.6))
            await asyncio.to_thread(postgres.stop_at_once)
            await asyncio.sleep(trial.dice.uniform(0.1, 1.0))
            answers = [await worker.ready() for worker in city_site.workers]
            assert [status for status, _ in answers] == [503, 503]
            await asyncio.to_thread(postgres.start)
            await _answers(postgres)
            acked = len(city_site.history.acked)
            async with asyncio.timeout(10):
                for phone in phones:
                    await phone.until(lambda acked=acked: len(city_site.history.acked) > acked, 10)
                while {(await worker.ready())[0] for worker in city_site.workers} != {200}:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            trial.counts["restarts"] += 1
            trial.progress(n + 1, restarts)
    assert await city_site.verdict() == []


async def _answers(postgres: Postgres) -> None:
    async with asyncio.timeout(60):
        while True:
            with suppress(OSError, asyncpg.PostgresError):
                connection = await asyncpg.connect(f"{postgres.url}/postgres")
                await connection.close()
                return
            await asyncio.sleep(0.05)
