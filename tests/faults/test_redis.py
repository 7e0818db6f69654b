"""Redis is no record: empty, deaf, frozen, killed or never there, lines are stored, acknowledged and delivered."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable

import pytest
import redis.asyncio as redis_client

from odr.core.settings import Settings
from tests.faults.conftest import opened_site
from tests.faults.engines import Redis
from tests.faults.phone import Phone
from tests.faults.service import SECONDS, Nursery, Site
from tests.plugins.faults import Trial

pytestmark = [pytest.mark.postgres, pytest.mark.redis]

_LAG = 5.0  # while Redis is gone
_LAG_AFTER = 10.0


async def test_a_torn_redis_loses_nothing(city_site: Site, redis: Redis, trial: Trial) -> None:
    rounds = trial.size(10, 200)
    async with city_site.talking(), redis_client.from_url(redis.url) as client:
        for n in range(rounds):
            await asyncio.sleep(trial.dice.uniform(0.05, 0.25))
            match n % 4:
                case 0:
                    await client.flushall()
                case 1:
                    await client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
                case 2:
                    await client.execute_command("CLIENT", "KILL", "TYPE", "normal")
                case _:
                    await client.execute_command("CLIENT", "PAUSE", str(trial.size(400, 3000)), "ALL")
            trial.progress(n + 1, rounds)
    assert await city_site.verdict() == []


async def _frozen(redis: Redis) -> Callable[[], None]:
    redis.send(signal.SIGSTOP)
    return lambda: redis.send(signal.SIGCONT)


async def _killed(redis: Redis) -> Callable[[], None]:
    await asyncio.to_thread(redis.kill)
    return redis.start


@pytest.mark.parametrize("gone", [_frozen, _killed])
async def test_without_redis_lines_cross_in_seconds_and_acks_do_not_wait(
    city_site: Site, redis: Redis, trial: Trial, gone: Callable[[Redis], Awaitable[Callable[[], None]]]
) -> None:
    ports = [worker.port for worker in city_site.workers]
    async with city_site.talking(per_second=20, address=lambda n: lambda: ports[n % 2]) as phones:
        come_back = await gone(redis)
        await asyncio.sleep(0.5)
        for phone, other in ((phones[0], phones[3]), (phones[3], phones[0])):
            await _say_and_hear(city_site, phone, other, _LAG)
        for worker in city_site.workers:
            status, _ = await worker.ready()
            assert status == 200
        await _http_says(city_site)
        await asyncio.to_thread(come_back)
        for phone, other in ((phones[0], phones[3]), (phones[3], phones[0])):
            await _say_and_hear(city_site, phone, other, _LAG_AFTER)
    assert await city_site.verdict() == []


async def _say_and_hear(site: Site, phone: Phone, other: Phone, lag: float) -> None:
    """One line from the sockets of one worker to those of the other."""
    room = next(room for room in phone.rooms if room in other.rooms)
    await phone.until(lambda: phone.unsent < 3, SECONDS)
    words = f"听得到吗 {time.monotonic()}"
    id = phone.say(room, words)
    await phone.until(lambda: any(one[1] == id for one in reversed(site.history.acked)), 2.0)
    await other.until(lambda: site.history.has_heard(other.person.pid, room, words), lag)


async def _http_says(site: Site) -> None:
    """Limits are counted in Redis; a call must not wait for one that does not answer."""
    import httpx2

    from odr.core import ids

    person = site.people[5]
    room = site.rooms_of(person)[0]
    async with httpx2.AsyncClient(base_url=site.workers[0].origin, timeout=5) as client:
        body = {"id": ids.new_pid(), "text": "没有 Redis 也能说"}
        site.history.sent.append((person.pid, body["id"], room, body["text"]))
        answer = await client.post(f"/api/v1/rooms/{room}/lines", json=body, headers=person.headers)
        assert answer.status_code == 201
        site.history.acked.append((person.pid, body["id"], room, answer.json()["seq"]))


async def test_the_service_starts_without_redis_and_uses_it_once_it_is_there(
    nursery: Nursery, city_settings: Settings, redis: Redis, trial: Trial
) -> None:
    await asyncio.to_thread(redis.kill)
    async with opened_site(nursery, city_settings, trial, workers=2) as site:
        ports = [worker.port for worker in site.workers]
        async with site.talking(per_second=20, address=lambda n: lambda: ports[n % 2]) as phones:
            await _say_and_hear(site, phones[0], phones[3], _LAG)
            await asyncio.to_thread(redis.start)
            async with redis_client.from_url(redis.url) as client, asyncio.timeout(_LAG_AFTER):
                while (await client.pubsub_numsub("odr:pokes"))[0][1] < 2:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            await _say_and_hear(site, phones[0], phones[3], _LAG)
        assert await site.verdict() == []
