"""A worker that freezes and wakes up again: the others carry on, and it says nothing stale."""

import asyncio
import signal
import time

import asyncpg

from tests.faults.service import SECONDS, Site
from tests.plugins.faults import Trial


async def test_a_frozen_worker_loses_nothing_and_its_phones_move(site: Site, trial: Trial) -> None:
    freezes = trial.size(2, 30)
    async with site.talking(heartbeat=0.5):
        for n in range(freezes):
            worker = site.workers[n % len(site.workers)]
            worker.send(signal.SIGSTOP)
            await asyncio.sleep(trial.dice.uniform(1.0, trial.size(2, 10)))
            worker.send(signal.SIGCONT)
            await asyncio.sleep(trial.dice.uniform(0.1, 0.5))
            trial.counts["freezes"] += 1
            trial.progress(n + 1, freezes)
    assert await site.verdict() == []


async def test_a_worker_frozen_inside_a_transaction_holds_up_the_others_for_seconds_only(
    city_site: Site, trial: Trial
) -> None:
    """It holds the locks of its rooms. The database ends its transaction, not an operator."""
    site = city_site
    frozen, awake = site.workers
    connection = await asyncpg.connect(site.settings.database_url)
    try:
        async with site.talking(per_second=400, heartbeat=0.5) as phones:
            await _freeze_inside_a_transaction(site, connection)
            began = time.monotonic()
            for phone in phones:
                before = {id for client, id, _, _ in site.history.acked if client == phone.person.pid}
                await phone.until(
                    lambda phone=phone, before=before: any(
                        client == phone.person.pid and id not in before for client, id, _, _ in site.history.acked
                    ),
                    SECONDS,
                )
            waited = time.monotonic() - began
            status, _ = await awake.ready()
            frozen.send(signal.SIGCONT)
        assert waited < 45
        assert status == 200
    finally:
        await connection.close()
    assert await site.verdict() == []


async def _freeze_inside_a_transaction(site: Site, connection: asyncpg.Connection) -> None:
    """Stop the first worker until it is caught with the rows of rooms locked."""
    frozen = site.workers[0]
    async with asyncio.timeout(SECONDS):
        while True:
            frozen.send(signal.SIGSTOP)
            await asyncio.sleep(0.02)  # what it sent before is done
            held = await connection.fetchval(
                "SELECT count(*) FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid "
                "WHERE a.state = 'idle in transaction' AND a.datname = current_database() "
                "AND l.relation = 'rooms'::regclass AND l.mode = 'RowShareLock' "
                "AND a.state_change < now() - interval '15ms'"
            )
            if held:
                return
            frozen.send(signal.SIGCONT)
            await asyncio.sleep(0.01)
