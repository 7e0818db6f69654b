"""A machine's clock that is set back lengthens nothing, and one that once stood ahead locks nobody out."""

from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from odr import clock_accepting
from odr.accounts import service
from odr.accounts.access import load_actor
from odr.accounts.models import Credential, Login, OneTimeCode, Person
from odr.audit.models import LedgerRow
from odr.cases.invitations import Standing, standing
from odr.cases.models import Invitation
from odr.core import clock, clock_mark
from odr.core.db import Database
from odr.core.errors import Expired, TooMany
from odr.core.limits import Limiter, Rule
from odr.oversight.models import Reading
from tests.accounts.conftest import last_code
from tests.cast import Cast

PHONE = "13904730001"
HOUR, DAY, YEARS = timedelta(hours=1), timedelta(days=1), timedelta(days=3650)


class Machine:
    """Its clock can be set, and real time can pass; the count since it was started knows only of the second."""

    def __init__(self) -> None:
        self.off = self.passed = timedelta(0)

    def set(self, off: timedelta) -> None:
        """So much ahead of the true time."""
        self.off = off

    def restart(self) -> None:
        """The service remembers nothing but what it has stored."""
        clock._seen = 0.0, 0.0


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    found = Machine()
    true_count = clock.time.clock_gettime

    class Shown(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + found.off + found.passed

    class Count:
        @staticmethod
        def clock_gettime(which: int) -> float:
            return true_count(which) + found.passed.total_seconds()

    monkeypatch.setattr(clock, "datetime", Shown)
    monkeypatch.setattr(clock, "time", Count)
    monkeypatch.setattr(clock, "_seen", (0.0, 0.0))
    return found


@pytest.fixture
def app(machine: Machine, app: FastAPI) -> FastAPI:
    """Ends before the machine's clock is put back: its worker would take what was kept here for the newest moment."""
    return app


def _near(one: datetime, other: datetime) -> bool:
    return abs(one - other) < timedelta(seconds=5)


def test_the_service_goes_on_by_the_time_that_has_passed(machine: Machine) -> None:
    began = clock.steady()
    assert clock.behind() == 0
    machine.set(-HOUR)
    assert _near(clock.now(), began - HOUR)
    assert _near(clock.steady(), began)
    machine.passed = 2 * HOUR
    assert _near(clock.steady(), began + 2 * HOUR)
    assert 3595 < clock.behind() < 3605
    machine.set(timedelta(0))
    assert clock.behind() == 0
    machine.set(DAY)  # believed: it may have been behind until now
    assert _near(clock.steady(), began + 2 * HOUR + DAY)
    machine.set(timedelta(seconds=DAY.total_seconds() - 0.5))  # as NTP does
    assert clock.behind() == 0


async def test_the_mark_outlives_a_restart(db: Database, machine: Machine) -> None:
    began = clock.steady()
    await clock_mark.keep(db)
    machine.restart()
    machine.set(-DAY)
    assert clock.behind() == 0  # nothing is known yet
    await clock_mark.keep(db)
    assert _near(clock.steady(), began)
    machine.passed = HOUR
    await clock_mark.keep(db)
    machine.restart()
    await clock_mark.keep(db)
    assert _near(clock.steady(), began + HOUR)


async def test_another_workers_mark_is_learned_and_never_lowered(db: Database, machine: Machine) -> None:
    machine.set(HOUR)  # on the other machine
    await clock_mark.keep(db)
    machine.set(timedelta(0))
    machine.restart()
    began = clock.now()
    await clock_mark.keep(db)
    await clock_mark.keep(db)
    assert _near(clock.steady(), began + HOUR)
    async with db.read() as session:
        kept = await session.scalar(select(clock_mark.ClockMark.at))
    assert kept is not None
    assert _near(kept, began + HOUR)


async def test_readiness_and_the_log_say_it(app: FastAPI, client: httpx2.AsyncClient, machine: Machine) -> None:
    clock.steady()
    machine.set(-HOUR)
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["clock"].startswith("stands 3600 s behind the newest moment")
    machine.set(timedelta(seconds=-30))
    assert (await client.get("/readyz")).json() == {"status": "ready"}


async def test_what_has_ended_stays_ended_and_what_lives_lives_no_longer(
    app: FastAPI, db: Database, cast: Cast, machine: Machine
) -> None:
    limiter: Limiter = app.state.odr.limiter
    rule = Rule("test:back", "1/hour", "不行")
    async with db.write() as session:
        await service.send_code(session, limiter, PHONE, "login", "10.0.0.1")
    code = await last_code(db, PHONE)
    await limiter.hit(rule, "x")
    until = clock.now() + timedelta(minutes=5)
    async with db.write() as session:
        for login in await session.scalars(select(Login)):
            login.expires_at = until
    invitation, reading = Invitation(expires_at=until), Reading(expires_at=until)

    machine.set(-DAY)
    machine.passed = timedelta(minutes=4)
    async with db.read() as session:
        assert await load_actor(session, cast.applicant.token) is not None
    assert standing(invitation) is Standing.OPEN
    with pytest.raises(TooMany) as told:
        await limiter.hit(rule, "x")
    assert told.value.retry is not None
    assert 3300 < told.value.retry <= 3600  # not a day and an hour

    machine.passed = timedelta(minutes=6)
    async with db.read() as session:
        assert await load_actor(session, cast.applicant.token) is None
    assert standing(invitation) is Standing.EXPIRED
    assert reading.expires_at < clock.steady()
    with pytest.raises(Expired):
        await service.check_code(db, PHONE, "login", code)
    machine.passed = timedelta(minutes=61)
    await limiter.hit(rule, "x")


async def test_after_a_clock_that_stood_years_ahead_people_sign_in_as_ever(
    app: FastAPI, db: Database, cast: Cast, machine: Machine
) -> None:
    limiter: Limiter = app.state.odr.limiter

    async def sign_in() -> str:
        async with db.write() as session:
            await service.send_code(session, limiter, cast.applicant.phone, "login", "10.0.0.1")
        await service.check_code(db, cast.applicant.phone, "login", await last_code(db, cast.applicant.phone))
        async with db.write() as session:
            person = await session.get_one(Person, cast.applicant.id)
            return (await service.open_login(session, person, False, "10.0.0.1", ""))[1]

    async def is_in(token: str) -> bool:
        async with db.read() as session:
            return await load_actor(session, token) is not None

    machine.set(YEARS)
    ahead = await sign_in()
    machine.set(timedelta(0))
    machine.passed = timedelta(minutes=2)
    assert not await is_in(cast.applicant.token)  # its term is over by what this service must believe
    assert await is_in(ahead)
    right = await sign_in()
    assert await is_in(right)
    machine.passed = timedelta(days=30, minutes=3)
    assert not await is_in(right)


async def test_the_operator_vouches_for_the_clock_and_no_term_grows(
    app: FastAPI, db: Database, cast: Cast, machine: Machine
) -> None:
    limiter: Limiter = app.state.odr.limiter
    machine.set(YEARS)
    await clock_mark.keep(db)
    async with db.write() as session:
        await service.send_code(session, limiter, PHONE, "login", "10.0.0.1")
        for login in await session.scalars(select(Login)):
            login.seen_at, login.expires_at = clock.steady(), clock.steady() + DAY
        session.add(
            Credential(
                person_id=cast.auditor.id, login_name="wu", password_hash="", totp_secret="",
                locked_until=clock.steady() + timedelta(minutes=15),
            )
        )  # fmt: skip
    machine.set(timedelta(0))
    assert clock.behind() > 3600
    await clock_accepting.accept(db)
    assert clock.behind() == 0
    machine.restart()
    await clock_mark.keep(db)
    assert clock.behind() == 0
    now = clock.now()
    async with db.read() as session:
        for login in await session.scalars(select(Login)):
            term = timedelta(hours=12) if login.staff else timedelta(days=30)
            assert login.expires_at <= now + term
            assert login.seen_at <= now
        credential = await session.get_one(Credential, cast.auditor.id)
        assert credential.locked_until is not None
        assert credential.locked_until <= now + timedelta(minutes=15)
        code = (await session.scalars(select(OneTimeCode))).one()
        assert code.created_at <= now
        assert code.expires_at <= now + timedelta(minutes=5)
        assert await load_actor(session, cast.applicant.token) is not None
        assert await load_actor(session, cast.auditor.token) is not None
        told = (await session.scalars(select(LedgerRow).where(LedgerRow.tag == "clock:mark:lowered"))).one()
        assert told.detail["seconds"] == pytest.approx(YEARS.total_seconds(), abs=60)
    machine.passed = timedelta(minutes=1)
    async with db.write() as session:
        await service.send_code(session, limiter, PHONE, "login", "10.0.0.2")
