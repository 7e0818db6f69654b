"""Telling people, delivering, and who reads what was sent."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from odr.accounts.models import Person
from odr.audit.models import LedgerRow
from odr.core import jobs, outbox
from odr.core.db import Database
from odr.core.outbox import Channel, Outbox
from odr.core.settings import Mode
from odr.notices import adapters, service
from tests.cast import CSRF, Cast

TEXT = "您有一条新的调解消息，请登录查看。"


async def tell(db: Database, whom: Person | str, **more: Any) -> None:
    async with db.write() as session:
        await service.tell(session, whom, "case:message", TEXT, **more)


async def rows(db: Database) -> list[Outbox]:
    async with db.read() as session:
        return list(await session.scalars(select(Outbox).order_by(Outbox.id)))


async def deliver(db: Database) -> None:
    """Until every job is done, by this hand or by the application's own loop."""
    async with asyncio.timeout(10):
        while True:
            await jobs.run_due(db)
            async with db.read() as session:
                if await session.scalar(select(jobs.Job.id).where(jobs.Job.done_at.is_(None)).limit(1)) is None:
                    return
            await asyncio.sleep(0.02)


async def test_a_person_is_told_by_sms_and_inside(cast: Cast, db: Database) -> None:
    async with db.read() as session:
        person = await session.get_one(Person, cast.applicant.id)
    await tell(db, person, link="/cases/x")
    await deliver(db)
    found = await rows(db)
    assert [(row.channel, row.address, row.adapter) for row in found] == [
        ("sms", cast.applicant.phone, "outbox"),
        ("in_app", "", "in_app"),
    ]
    assert all(row.sent_at is not None for row in found)


async def test_a_number_nobody_uses_yet_gets_the_sms_alone(db: Database) -> None:
    await tell(db, "13904730300")
    assert [(row.channel, row.person_id) for row in await rows(db)] == [("sms", None)]


async def test_a_number_that_cannot_be_reached_is_marked_and_left(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(address: str, text: str) -> None:
        raise adapters.Undeliverable

    monkeypatch.setitem(adapters._ADAPTERS, "outbox", refuse)
    await tell(db, "13904730300")
    await deliver(db)
    row = (await rows(db))[0]
    assert (row.failed_at is not None, row.sent_at) == (True, None)


async def test_a_letter_waits_for_the_clerk(db: Database) -> None:
    async with db.write() as session:
        await outbox.post(session, Channel.LETTER, tag="case:invitation", address="海达小区", text=TEXT)
    await deliver(db)
    assert (await rows(db))[0].sent_at is None


def test_an_unknown_adapter_is_refused_when_the_service_starts() -> None:
    with pytest.raises(RuntimeError, match="pigeon"):
        adapters.configure("pigeon")


async def test_everybody_sees_their_own_notices_only_and_opening_is_seeing(cast: Cast, db: Database) -> None:
    async with db.read() as session:
        person = await session.get_one(Person, cast.applicant.id)
    await tell(db, person, link="/cases/x")
    for name, member in cast.everybody().items():
        async with member.browser() as browser:
            before = (await browser.get("/api/v1/notices")).json()
            page = await browser.get("/notices")
            after = (await browser.get("/api/v1/notices")).json()
        mine = name == "applicant"
        assert before["unseen"] == (1 if mine else 0), name
        assert (TEXT in page.text, 'href="/cases/x"' in page.text) == (mine, mine), name
        assert after["unseen"] == 0


async def test_the_admin_reads_codes_in_the_outbox_and_each_reading_is_in_the_ledger(cast: Cast, db: Database) -> None:
    async with cast.stranger.program() as program:
        await program.post("/api/v1/logins/codes", json={"phone": "13904730300"})
    async with cast.system_admin.browser() as admin:
        found = (await admin.get("/api/v1/outbox?limit=5&tag=login")).json()["outbox"]
        assert found[0]["address"] == "13904730300"
        assert "验证码是" in found[0]["text"]
        assert (await admin.get(f"/api/v1/outbox?person={cast.applicant.pid}")).json()["outbox"] == []
        assert (await admin.get("/api/v1/outbox?limit=0")).status_code == 422
        page = await admin.get("/admin/outbox?tag=login:code")
        assert "13904730300" in page.text
    async with db.read() as session:
        tags = list(await session.scalars(select(LedgerRow.tag).where(LedgerRow.person_id == cast.system_admin.id)))
    assert tags == ["outbox:rows:read"] * 3


async def test_in_a_real_city_the_admin_sees_neither_numbers_nor_codes(
    app: FastAPI, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with cast.stranger.program() as program:
        await program.post("/api/v1/logins/codes", json={"phone": "13904730300"})
    monkeypatch.setattr(app.state.odr.settings, "mode", Mode.CITY)
    async with cast.system_admin.browser() as admin:
        row = (await admin.get("/api/v1/outbox")).json()["outbox"][0]
        assert (row["address"], row["text"]) == (None, None)
        page = (await admin.get("/admin/outbox")).text
    assert "13904730300" not in page
    assert "验证码是" not in page


async def test_marking_as_seen_needs_ones_own_login(cast: Cast, db: Database) -> None:
    async with db.read() as session:
        person = await session.get_one(Person, cast.applicant.id)
    await tell(db, person)
    async with cast.stranger.browser() as browser:
        browser.headers["x-csrf-token"] = CSRF
        assert (await browser.put("/api/v1/notices/seen")).status_code == 204
    async with cast.applicant.program() as program:
        assert (await program.get("/api/v1/notices")).json()["unseen"] == 1
        await program.put("/api/v1/notices/seen")
        assert (await program.get("/api/v1/notices")).json()["unseen"] == 0
