"""Who is sent away is away within two seconds on every worker, within ten without Redis; and hears nothing more."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx2
import pytest
import redis.asyncio as redis_client
from sqlalchemy import select

from odr.accounts import logins, staff
from odr.accounts.models import Login, Person
from odr.audit.who import Who
from odr.core.db import Database
from odr.core.redis_bus import RedisBus
from odr.live import protocol
from odr.rooms import service as rooms
from tests.faults.engines import Redis
from tests.faults.phone import Phone
from tests.faults.service import SECONDS, Site

_WITH_REDIS, _WITHOUT = 2.0, 10.0


@asynccontextmanager
async def _elsewhere(site: Site) -> AsyncIterator[Database]:
    """A third worker, as far as the database and the bus go: the one where an admin acts."""
    async with site.database() as db:
        db.bus = RedisBus(redis_client.from_url(site.settings.redis_url or ""))
        try:
            yield db
        finally:
            await db.bus.close()


@pytest.mark.postgres
@pytest.mark.redis
@pytest.mark.parametrize("with_redis", [True, False])
async def test_removal_rights_log_out_and_lock_hold_on_every_worker(
    city_site: Site, redis: Redis, with_redis: bool
) -> None:
    site = city_site
    ports = [worker.port for worker in site.workers]
    within = _WITH_REDIS if with_redis else _WITHOUT
    joint, other_joint = site.rooms[0], site.rooms[1]
    admin = Who(person_id=site.people[0].id)
    async with site.talking(per_second=60, address=lambda n: lambda: ports[n % 2]) as phones, _elsewhere(site) as db:
        removed, muted, out = phones[1], phones[3], phones[5]
        if not with_redis:
            await asyncio.to_thread(redis.kill)

        async with db.write() as session:
            await rooms.end_member(session, await rooms.room(session, joint), removed.person.id)
        await removed.until(lambda: joint in removed.gone, within)

        async with db.write() as session:
            room = await rooms.room(session, other_joint)
            await rooms.add_member(session, room, muted.person.id, role="invited", name="居民3", may_write=False)
        await muted.until(lambda: muted.can[other_joint] == [], within)
        refused = muted.say(other_joint)
        await muted.until(lambda: any(frame.get("re") == refused for frame in muted.errors), SECONDS)
        assert [frame["code"] for frame in muted.errors if frame.get("re") == refused] == ["read_only"]

        async with db.write() as session:
            login = await session.scalar(select(Login).where(Login.pid == out.person.login))
            assert login is not None
            await logins.end_login(session, admin, login.id, "left")
        await _is_out(out, within)

        async with db.write() as session:
            await staff.lock(session, admin, await session.get_one(Person, removed.person.id))
        await _is_out(removed, within)

        acked = len(site.history.acked)
        await phones[0].until(lambda: len(site.history.acked) > acked + 20, SECONDS)
        assert [phone.after_gone for phone in phones] == [[]] * len(phones)
    assert await site.verdict() == []


async def _is_out(phone: Phone, within: float) -> None:
    await phone.until(_closed_with(phone, protocol.SIGN_IN), within)
    phone.is_retired = True
    opened = phone.opened
    await asyncio.sleep(0.3)
    assert phone.opened == opened  # it knocks, and is not let in


def _closed_with(phone: Phone, code: int) -> Callable[[], bool]:
    return lambda: code in phone.closes


@pytest.mark.sqlite
async def test_logging_out_ends_the_sockets_of_that_login(small_site: Site) -> None:
    async with small_site.talking(per_second=60) as phones:
        out = phones[5]
        async with httpx2.AsyncClient(base_url=small_site.workers[0].origin, headers=out.person.headers) as client:
            assert (await client.delete("/api/v1/logins/current")).status_code == 204
        await _is_out(out, _WITH_REDIS)
    assert await small_site.verdict() == []
