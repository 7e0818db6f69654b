"""Lines that break: at any moment, in the middle of an answer, between the commit and its acknowledgement, silently."""

import asyncio
import contextlib
from collections.abc import Callable

from tests.faults.proxy import Proxy, Weather, proxied
from tests.faults.service import SECONDS, Site
from tests.plugins.faults import Trial


async def test_lines_cut_at_random_lose_double_and_skip_nothing(site: Site, trial: Trial) -> None:
    cuts = trial.size(60, 2000)
    weathers = [Weather(), Weather(), Weather(delay=0.02)]
    async with contextlib.AsyncExitStack() as stack:
        proxies: list[Proxy] = []
        for n in range(len(site.people)):
            seed = trial.dice.randrange(10**6)
            proxies.append(await stack.enter_async_context(proxied(site.a_port, weathers[n % 3], seed)))
        async with site.talking(address=lambda n: lambda: proxies[n].port):
            weathers[0].cut_after = (0.02, 0.6)
            weathers[1].cut_after_bytes = (300, 6000)
            weathers[2].cut_after = (0.05, 1.0)
            for proxy in proxies:
                proxy.cut_all()
            while (done := sum(proxy.cuts for proxy in proxies)) < cuts:
                trial.counts["cuts"] = done
                trial.progress(done, cuts)
                await asyncio.sleep(0.1)
            for weather in weathers:
                weather.cut_after = weather.cut_after_bytes = None
            for proxy in proxies:
                proxy.cut_all()
        trial.counts["cuts"] = sum(proxy.cuts for proxy in proxies)
    assert await site.verdict() == []


async def test_a_cut_between_the_commit_and_its_acknowledgement_stores_once(site: Site, trial: Trial) -> None:
    weather = Weather()
    async with proxied(site.a_port, weather, 1) as proxy:

        def address(n: int) -> Callable[[], int]:
            return (lambda: proxy.port) if n == 0 else site.a_port

        async with site.talking(per_second=20, address=address) as phones:
            deaf, other = phones[0], phones[1]
            room = next(room for room in deaf.rooms if room in other.rooms)
            for n in range(trial.size(5, 50)):
                await deaf.until(lambda: deaf.socket is not None and deaf.unsent == 0, SECONDS)
                weather.swallow_down = True
                words = f"听不到回音 {n}"
                deaf.say(room, words)
                # The other side has it, so it is committed; whoever wrote it does not know.
                await other.until(lambda words=words: site.history.has_heard(other.person.pid, room, words), SECONDS)
                assert deaf.unsent
                proxy.cut_all()
                weather.swallow_down = False
        trial.counts["cuts"] += proxy.cuts
    assert deaf.resends >= trial.size(5, 50)
    assert await site.verdict() == []


async def test_a_silent_line_is_left_and_nothing_is_missed(site: Site, trial: Trial) -> None:
    """A black hole closes nothing: neither side hears of it but by the heartbeat."""
    weather = Weather()
    async with proxied(site.a_port, weather, 2) as proxy:

        def address(n: int) -> Callable[[], int]:
            return (lambda: proxy.port) if n < 2 else site.a_port

        async with site.talking(address=address, heartbeat=0.4) as phones:
            for both in (True, False):
                opened = [phone.opened for phone in phones[:2]]
                weather.swallow_up, weather.swallow_down = both, True
                await asyncio.sleep(1.0)
                weather.swallow_up = weather.swallow_down = False
                for phone, before in zip(phones[:2], opened, strict=True):
                    await phone.until(lambda phone=phone, before=before: phone.opened > before, SECONDS)
                trial.counts["cuts"] += 2
    assert await site.verdict() == []
