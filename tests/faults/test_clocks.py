"""The clock jumps: order and ids do not feel it, and shown time never runs backwards in a room."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import httpx2
import pytest

from odr import clock_accepting
from odr.core.settings import Settings
from tests.faults import clock
from tests.faults.conftest import opened_site
from tests.faults.service import SECONDS, Nursery, Site
from tests.plugins.faults import Trial

_DAY, _HOUR = 86400.0, 3600.0


@pytest.fixture
async def small_site(
    nursery: Nursery, sqlite_settings: Settings, trial: Trial, clock_file: Path
) -> AsyncIterator[Site]:
    async with opened_site(nursery, sqlite_settings, trial, workers=1, clock_file=clock_file) as site:
        yield site


@pytest.fixture
async def city_site(nursery: Nursery, city_settings: Settings, trial: Trial, clock_file: Path) -> AsyncIterator[Site]:
    async with opened_site(nursery, city_settings, trial, workers=2, clock_file=clock_file) as site:
        yield site


@pytest.fixture
def clock_file(tmp_path: Path) -> Path:
    path = tmp_path / "clock"
    clock.set_by(path, 0.0)
    return path


async def test_jumps_of_the_clock_reorder_lose_and_double_nothing(site: Site, trial: Trial, clock_file: Path) -> None:
    async with site.talking() as phones:
        for jump in [_DAY, -_HOUR, -_DAY, 2 * _DAY, 0.0] * trial.size(1, 10):
            clock.set_by(clock_file, jump)
            # Each goes on being heard, and an id of before the jump is still the same line.
            for phone in phones:
                seen = len(phone.history.acked)
                await phone.until(lambda seen=seen: len(site.history.acked) > seen + 10, SECONDS)
            site.workers[0].send(9)
            await site.workers[0].gone()
            await site.workers[0].start()
            trial.counts["kills"] += 1
            trial.counts["jumps"] += 1
    for room in site.rooms:
        shown = [moment async for moment in _times(site, room)]
        assert shown == sorted(shown)
    assert await site.verdict() == []


async def _times(site: Site, room: str) -> AsyncIterator[datetime]:
    reader = site.reader_of(room)
    async with httpx2.AsyncClient(base_url=site.workers[0].origin, headers=reader.headers, timeout=20) as client:
        after, more = 0, True
        while more:
            page = (await client.get(f"/api/v1/rooms/{room}/lines?after={after}&limit=200")).json()
            more = page["more"]
            for line in page["lines"]:
                after = line["seq"]
                yield datetime.fromisoformat(line["at"])


async def test_logins_end_by_the_clock_and_stay_ended_when_it_is_set_back(site: Site, clock_file: Path) -> None:
    """Thirty days were granted; after thirty-one nobody is signed in, sockets included. The clock goes back, and no
    login comes alive, over restarts too. Then the operator says that the clock is right, and that it was not before."""

    async def restart() -> None:
        for worker in site.workers:
            await worker.kill()
            await worker.start()

    async with site.talking(per_second=20) as phones:
        clock.set_by(clock_file, 31 * _DAY)
        for phone in phones:
            await phone.until(lambda phone=phone: 4401 in phone.closes, 10)
        opened = [phone.opened for phone in phones]
        await restart()
        clock.set_by(clock_file, 0.0)
        for again in (False, True):
            if again:
                await restart()
            for phone in phones:
                refused = len(phone.closes)
                await phone.until(lambda phone=phone, refused=refused: 4401 in phone.closes[refused:], 10)
        assert [phone.opened for phone in phones] == opened
        for worker in site.workers:
            status, said = await worker.ready()
            assert (status, said["status"]) == (200, "degraded")
            assert said["clock"].startswith("stands 2678")
            await worker.stop()
        async with site.database() as db:
            await clock_accepting.accept(db)
        await site.start()
        for phone, before in zip(phones, opened, strict=True):
            await phone.until(lambda phone=phone, before=before: phone.opened > before, SECONDS)
        assert (await site.workers[0].ready())[1] == {"status": "ready"}
    assert await site.verdict() == []
