"""Two workers behind the proxy as it is shipped: one address, sockets kept, and nobody notices who is replaced."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest

from odr.live import protocol
from tests.faults.front import nginx
from tests.faults.service import SECONDS, Site
from tests.plugins.faults import Trial

pytestmark = [pytest.mark.postgres, pytest.mark.redis]


@pytest.fixture
async def front(city_site: Site) -> AsyncIterator[int]:
    with nginx(city_site.settings.var / "nginx", [worker.port for worker in city_site.workers]) as port:
        yield port


async def test_workers_are_replaced_and_killed_behind_it_and_nothing_is_lost(
    city_site: Site, trial: Trial, front: int
) -> None:
    async with (
        city_site.talking(address=lambda _n: lambda: front) as phones,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{front}", timeout=SECONDS) as pages,
    ):
        for n in range(rounds := trial.size(4, 40)):
            worker = city_site.workers[n % 2]
            await (worker.kill() if n % 4 == 3 else worker.stop())
            # One worker is away, and its sockets have a place to go to.
            assert {(await pages.get(path)).status_code for path in ("/", "/login", "/healthz")} == {200}
            for phone in phones:
                acked = len(city_site.history.acked)
                await phone.until(lambda acked=acked: len(city_site.history.acked) > acked, SECONDS)
            await worker.start()
            await asyncio.sleep(trial.dice.uniform(0.1, 0.4))
            trial.counts["restarts"] += 1
            trial.progress(n + 1, rounds)
    codes = {code for phone in phones for code in phone.closes}
    assert protocol.RESTART in codes  # it goes through the proxy as it is
    assert codes <= {protocol.RESTART, None, 1006}
    assert await city_site.verdict() == []


async def test_what_is_for_operators_stays_inside_and_an_empty_house_is_said_in_words(
    city_site: Site, front: int
) -> None:
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{front}", timeout=SECONDS) as pages:
        for path in ("/metrics", "/readyz"):
            assert (await pages.get(path)).status_code == 404
        packed = await pages.get("/")
        assert (packed.status_code, packed.headers["content-encoding"]) == (200, "gzip")
        # More than the service takes, less than the proxy stops: the page of the service says so.
        large = await pages.post("/cases/x/evidence", content=b"x" * (city_site.settings.body_max_bytes + 1))
        assert large.status_code == 413
        assert "太大" in large.text
        for worker in city_site.workers:
            await worker.stop()
        away = await pages.get("/")
        assert (away.status_code, away.headers["retry-after"]) == (503, "5")
        assert "系统正在更新" in away.text
        for worker in city_site.workers:
            await worker.start()
        async with asyncio.timeout(SECONDS):
            while (await pages.get("/")).status_code != 200:  # noqa: ASYNC110
                await asyncio.sleep(0.2)
