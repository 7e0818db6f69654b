"""Workers die at any moment: what was acknowledged is there, once, in order, and everybody hears all of it."""

import asyncio

from tests.faults.service import Site
from tests.plugins.faults import Trial


async def test_workers_killed_under_load_lose_and_double_nothing(site: Site, trial: Trial) -> None:
    kills = trial.size(8, 500)
    async with site.talking():
        for n in range(kills):
            await asyncio.sleep(trial.dice.uniform(0.02, 0.3))
            worker = trial.dice.choice(site.workers)
            await worker.kill()
            trial.counts["kills"] += 1
            if trial.dice.random() < 0.3:
                await asyncio.sleep(trial.dice.uniform(0.0, 0.2))
            await worker.start()
            trial.progress(n + 1, kills)
    assert await site.verdict() == []
