"""Cheap password hashes, a staff member with credentials, and what was sent to a phone."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2
import pyotp
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from sqlalchemy import select

from odr.accounts import passwords, service
from odr.accounts.models import Person, Role
from odr.audit.who import SYSTEM
from odr.core import clock
from odr.core.db import Database
from odr.core.limits import Limiter
from odr.core.outbox import Outbox
from tests.cast import CSRF

PASSWORD = "an old bridge over the lake"


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def limiter(app: FastAPI) -> Limiter:
    found: Limiter = app.state.odr.limiter
    return found


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser that is not signed in but has opened a page: it posts forms with `csrf=CSRF`."""
    base = app.state.odr.settings.base_url
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url=base, headers={"Origin": base}
    ) as client:
        client.cookies.set("odr_csrf", CSRF)
        yield client


@dataclass
class StaffCard:
    """What an admin hands to a new member of staff."""

    person: Person
    login_name: str
    secret: str

    def code(self, steps: int = 0) -> str:
        return pyotp.TOTP(self.secret).at(int(clock.now().timestamp()) + 30 * steps)


@pytest.fixture
async def auditor_card(db: Database) -> StaffCard:
    secret = service.new_totp_secret()
    hashed = await service.hash_password(PASSWORD)
    async with db.write() as session:
        person = await service.create_staff(
            session, SYSTEM, "吴审计", "13904730100", "wu.audit", hashed, secret, [(Role.AUDITOR, None)]
        )
    return StaffCard(person, "wu.audit", secret)


async def texts_to(db: Database, phone: str) -> list[str]:
    """Every text message to a phone, oldest first."""
    async with db.read() as session:
        rows = await session.scalars(select(Outbox).where(Outbox.channel == "sms").order_by(Outbox.id))
        return [row.text for row in rows if row.address == phone]


async def last_code(db: Database, phone: str) -> str:
    """The newest code sent to a phone."""
    return (await texts_to(db, phone))[-1].split("验证码是 ")[1][:6]


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"
