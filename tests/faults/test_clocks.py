"""The clock jumps: order and ids do not feel it, shown time never runs backwards in a room, what has ended stays ended.
Days pass: who was away for a month comes back to all of it."""

import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from odr import clock_accepting
from odr.accounts import logins
from odr.accounts.models import Person
from odr.core.clock import shifted
from odr.core.settings import Settings
from tests.faults import clock
from tests.faults.conftest import opened_site
from tests.faults.proxy import Weather, proxied
from tests.faults.service import SECONDS, Nursery, Site
from tests.faults.test_resends import send_all
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


async def test_who_was_away_for_two_days_and_for_thirty_gets_every_line_once(
    site: Site, trial: Trial, clock_file: Path
) -> None:
    """On the other worker, after restarts, and signed in anew where the login has ended meanwhile. What was stored
    before the line broke, and never acknowledged, is said again and stands once."""
    weather = Weather()
    worker = site.workers[0]
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        async with proxied(lambda: worker.port, weather, 1) as proxy:
            reached = proxy.port
            async with site.talking(
                per_second=60, address=lambda n: (lambda: reached) if n == 0 else site.a_port
            ) as phones:
                away, other = phones[0], phones[1]
                shared = next(room for room in away.rooms if room in other.rooms)
                gone = 0.0
                for n, days in enumerate((2, 30), 1):
                    await away.until(lambda: away.socket is not None and away.unsent == 0, SECONDS)
                    weather.swallow_down = True
                    words = f"走之前说的 {days}"
                    away.say(shared, words)
                    await other.until(
                        lambda words=words: site.history.has_heard(other.person.pid, shared, words), SECONDS
                    )
                    reached = nobody.getsockname()[1]
                    proxy.cut_all()
                    weather.swallow_down = False
                    late = away.say(shared, f"路上写的 {days}")
                    before = dict(away.cursors)

                    gone += days * _DAY
                    clock.set_by(clock_file, gone)
                    for one in site.workers:
                        await one.stop()
                    if gone > 30 * _DAY:
                        assert away.unsent
                        await _sign_in_anew(site, gone)
                    await site.start()
                    acked = len(site.history.acked)
                    many = trial.size(150, 1500)
                    await other.until(
                        lambda acked=acked, many=many: len(site.history.acked) > acked + many, SECONDS * 2
                    )

                    heads = _heads(site)
                    worker, reached = site.workers[n % len(site.workers)], proxy.port
                    await away.until(
                        lambda heads=heads: all(away.cursors[one][1] >= heads[one] for one in away.rooms), SECONDS
                    )
                    await away.until(lambda late=late: any(id == late for _, id, _, _ in site.history.acked), SECONDS)
                    trial.counts["missed"] += sum(heads[room] - before[room][1] for room in away.rooms)
            trial.counts["cuts"] += proxy.cuts
    assert away.resends >= 2
    assert trial.counts["missed"] > 2 * trial.size(50, 500)
    await _an_id_is_good_for_the_life_of_the_case(site)
    assert await site.verdict() == []


def _heads(site: Site) -> dict[str, int]:
    heads = dict.fromkeys(site.rooms, 0)
    for _, _, room, seq in site.history.acked:
        heads[room] = max(seq, heads[room])
    return heads


async def _sign_in_anew(site: Site, seconds: float) -> None:
    """Everybody, as the page over the room asks for it: cursors and what is unsent stay on the phones."""
    with shifted(timedelta(seconds=seconds)):
        async with site.database() as db, db.write() as session:
            for n, phone in enumerate(site.phones):
                row = await session.get_one(Person, phone.person.id)
                login, token = await logins.open_login(session, row, False, "127.0.0.1", "")
                site.people[n] = phone.person = replace(phone.person, token=token, login=login.pid)


async def _an_id_is_good_for_the_life_of_the_case(site: Site) -> None:
    """The first lines of a month ago, said again."""
    words = {id: body for _, id, _, body in site.history.sent}
    known = {person.pid: person for person in site.people}
    for client, id, room, seq in site.history.acked[:5]:
        frame = {"t": "say", "room": room, "id": id, "text": words[id]}
        _, answers = await send_all(site, known[client], [frame])
        assert [(answer["t"], answer["seq"]) for answer in answers] == [("said", seq)]
