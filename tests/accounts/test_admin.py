"""The system admin's doors and acts; every act is in the ledger."""

import re

import httpx2
import pyotp
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from odr.accounts import service
from odr.accounts.models import Login, Person, Role
from odr.audit import service as audit
from odr.audit.models import LedgerRow
from odr.audit.who import SYSTEM
from odr.core import clock
from odr.core.db import Database
from odr.core.errors import Conflict, Forbidden, Invalid
from tests.cast import CSRF, Cast

PAGES = ("/admin/people", "/admin/people/new", "/admin/keys", "/admin/outbox")
CALLS = (
    ("GET", "/api/v1/people"),
    ("POST", "/api/v1/people"),
    ("GET", "/api/v1/api-keys"),
    ("POST", "/api/v1/api-keys"),
    ("GET", "/api/v1/outbox"),
)
NEW = {"name": "韩调解", "phone": "13904730200", "login_name": "Han.Mediator", "role": "mediator"}


async def test_nobody_else_opens_the_admins_pages(cast: Cast) -> None:
    for name, member in cast.everybody_but("system_admin").items():
        refused = 403 if member.actor.staff else 404
        async with member.browser() as browser:
            for page in (*PAGES, f"/admin/people/{cast.applicant.pid}"):
                assert (await browser.get(page)).status_code == refused, (name, page)
    async with cast.system_admin.browser() as browser:
        for page in (*PAGES, f"/admin/people/{cast.applicant.pid}"):
            assert (await browser.get(page)).status_code == 200, page


async def test_nobody_else_makes_the_admins_calls(cast: Cast, client: httpx2.AsyncClient) -> None:
    bodies = {"/api/v1/people": NEW | {"body": cast.body_pid}, "/api/v1/api-keys": {"name": "一把钥匙"}}
    acts = [
        *CALLS,
        ("POST", f"/api/v1/people/{cast.applicant.pid}/grants"),
        ("DELETE", f"/api/v1/people/{cast.applicant.pid}/grants?role=mediator"),
        ("PUT", f"/api/v1/people/{cast.applicant.pid}/lock"),
        ("DELETE", f"/api/v1/people/{cast.applicant.pid}/lock"),
        ("POST", f"/api/v1/people/{cast.applicant.pid}/password"),
        ("POST", f"/api/v1/people/{cast.applicant.pid}/totp"),
        ("DELETE", f"/api/v1/people/{cast.applicant.pid}/logins"),
        ("DELETE", "/api/v1/api-keys/nothing"),
    ]
    for name, member in cast.everybody_but("system_admin").items():
        async with member.program() as program:
            for method, path in acts:
                given = bodies.get(path, {"role": "auditor"}) if method == "POST" else None
                answer = await program.request(method, path, json=given)
                assert answer.status_code == (403 if member.actor.staff else 404), (name, method, path)
    for method, path in acts:
        assert (await client.request(method, path, json=bodies.get(path, {}))).status_code == 401, (method, path)


async def test_nobody_else_posts_to_the_admins_pages(cast: Cast) -> None:
    base = f"/admin/people/{cast.applicant.pid}"
    acts = ("grants", "grants/end", "password", "totp", "lock", "unlock", "logins/end")
    paths = ["/admin/people/new", "/admin/people/search", "/admin/keys", *(f"{base}/{act}" for act in acts)]
    for name, member in cast.everybody_but("system_admin").items():
        async with member.browser() as browser:
            for path in paths:
                answer = await browser.post(path, data={"csrf": CSRF})
                assert answer.status_code == (403 if member.actor.staff else 404), (name, path)


async def test_a_new_member_of_staff_is_handed_password_and_qr_once(
    app: FastAPI, cast: Cast, browser: httpx2.AsyncClient
) -> None:
    async with cast.system_admin.browser() as admin:
        made = await admin.post("/admin/people/new", data=NEW | {"csrf": CSRF, "body": cast.body_pid})
        assert made.status_code == 303, made.text
        once = await admin.get(made.headers["location"])
        again = await admin.get(made.headers["location"])
    password = re.search(r"<dt>密码</dt><dd>([^<]+)</dd>", once.text)
    secret = re.search(r"<dt>验证器密钥</dt><dd>([^<]+)</dd>", once.text)
    assert password is not None
    assert secret is not None
    assert "<svg" in once.text.split("qr-picture")[1]
    assert password[1] not in again.text
    assert secret[1] not in again.text
    totp = pyotp.TOTP(secret[1]).at(int(clock.now().timestamp()))
    form = {"csrf": CSRF, "login_name": "han.mediator", "password": password[1], "totp": totp}
    signed_in = await browser.post("/login/staff", data=form)
    assert signed_in.status_code == 303
    me = (await browser.get("/api/v1/me")).json()
    assert me["roles"] == [{"role": "mediator", "body": {"id": cast.body_pid, "name": me["roles"][0]["body"]["name"]}}]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"login_name": "a b"}, "login_name"),
        ({"role": "resident"}, "role"),
        ({"role": "king"}, "role"),
        ({"body": ""}, "body"),
        ({"role": "auditor"}, "body"),
        ({"body": "no-such-body"}, "body"),
        ({"phone": "12"}, "phone"),
        ({"name": ""}, "name"),
    ],
)
@pytest.mark.one_engine
async def test_a_wrong_field_of_a_new_member_is_named_and_the_rest_kept(
    cast: Cast, change: dict[str, str], field: str
) -> None:
    async with cast.system_admin.browser() as admin:
        answer = await admin.post("/admin/people/new", data=NEW | {"csrf": CSRF, "body": cast.body_pid} | change)
    assert answer.status_code == 422
    assert f'id="f-{field}-error"' in answer.text
    assert ('value="韩调解"' in answer.text) is (field != "name")


async def test_a_login_name_and_a_phone_serve_one_person(cast: Cast, db: Database) -> None:
    async with cast.system_admin.program() as admin:
        given = NEW | {"body": cast.body_pid}
        assert (await admin.post("/api/v1/people", json=given)).status_code == 201
        same_name = await admin.post("/api/v1/people", json=given | {"phone": "13904730201"})
        same_phone = await admin.post("/api/v1/people", json=given | {"login_name": "han.two"})
    assert list(same_name.json()["error"]["fields"]) == ["login_name"]
    assert list(same_phone.json()["error"]["fields"]) == ["phone"]


async def test_a_role_given_and_ended_works_at_once_and_is_in_the_ledger(
    app: FastAPI, cast: Cast, db: Database
) -> None:
    ids: list[str] = []

    async def hear(moved: list[str]) -> None:
        ids.extend(moved)

    app.state.odr.bus.on("logins", hear)
    path = f"/api/v1/people/{cast.mediator.pid}/grants?role=mediator&body={cast.body_pid}"
    async with cast.system_admin.program() as admin, cast.mediator.program() as mediator:
        assert len((await mediator.get("/api/v1/me")).json()["roles"]) == 1
        assert (await admin.delete(path)).status_code == 204
        assert (await mediator.get("/api/v1/me")).json()["roles"] == []
        assert (await admin.delete(path)).status_code == 404
    assert ids == [f"person:{cast.mediator.pid}"]
    async with db.read() as session:
        row = (await session.scalars(select(LedgerRow).order_by(LedgerRow.seq.desc()).limit(1))).one()
        assert (row.tag, row.person_id, row.thing_pid) == ("grant:role:ended", cast.system_admin.id, cast.mediator.pid)
        assert row.detail == {"role": "mediator", "body": cast.body_pid}
        assert [fault async for fault in audit.faults(session)] == []


async def test_the_rules_of_roles_hold(cast: Cast, db: Database) -> None:
    admin = cast.system_admin.actor
    async with db.write() as session:
        me = await session.get_one(Person, admin.person_id)
        auditor = await session.get_one(Person, cast.auditor.id)
        mediator = await session.get_one(Person, cast.mediator.id)
        with pytest.raises(Forbidden, match="自己"):
            await service.grant(session, admin, me, Role.AUDITOR, None)
        with pytest.raises(Conflict, match="同一个人"):
            await service.grant(session, admin, auditor, Role.SYSTEM_ADMIN, None)
        with pytest.raises(Conflict, match="最后一位"):
            await service.end_grant(session, admin, me, Role.SYSTEM_ADMIN, None)
        with pytest.raises(Conflict, match="最后一位"):
            await service.lock(session, SYSTEM, me)
        with pytest.raises(Invalid):
            await service.grant(session, admin, mediator, Role.MEDIATOR, None)
        first = await service.grant(session, admin, mediator, Role.MEDIATOR, cast.other_body_id)
        await session.flush()
        assert await service.grant(session, admin, mediator, Role.MEDIATOR, cast.other_body_id) is first


async def test_a_locked_person_is_out_everywhere_and_cannot_come_back(
    app: FastAPI, cast: Cast, db: Database, browser: httpx2.AsyncClient
) -> None:
    path = f"/admin/people/{cast.applicant.pid}"
    async with cast.system_admin.browser() as admin, cast.applicant.browser() as resident:
        found = await admin.post("/admin/people/search", data={"csrf": CSRF, "phone": cast.applicant.phone})
        assert found.headers["location"] == path
        assert (await admin.post(f"{path}/lock", data={"csrf": CSRF})).status_code == 303
        assert "停用" in (await admin.get(path)).text
        assert (await resident.get("/api/v1/me")).status_code == 401
        async with db.write() as session:
            person = await session.get_one(Person, cast.applicant.id)
            with pytest.raises(Forbidden):
                await service.open_login(session, person, False, "", "")
        assert (await admin.post(f"{path}/unlock", data={"csrf": CSRF})).status_code == 303
        assert (await resident.get("/api/v1/me")).status_code == 401
    async with db.write() as session:
        person = await session.get_one(Person, cast.applicant.id)
        await session.refresh(person)
        await service.open_login(session, person, False, "", "")
        reasons = list(await session.scalars(select(Login.end_reason).where(Login.person_id == person.id)))
    assert reasons == ["locked", None]


async def test_an_admin_does_not_lock_themselves(cast: Cast) -> None:
    async with cast.system_admin.program() as admin:
        assert (await admin.put(f"/api/v1/people/{cast.system_admin.pid}/lock")).status_code == 403


async def test_a_key_is_shown_once(cast: Cast) -> None:
    async with cast.system_admin.browser() as admin:
        made = await admin.post("/admin/keys", data={"csrf": CSRF, "name": "12345 热线平台", "scope": "hotline"})
        assert made.headers["location"] == "/admin/keys"
        once = (await admin.get("/admin/keys")).text
        found = re.search(r"odr_[A-Za-z0-9_-]{40,}", once)
        assert found is not None
        assert found[0] not in (await admin.get("/admin/keys")).text


async def test_what_was_lost_is_made_anew_by_json(cast: Cast, client: httpx2.AsyncClient) -> None:
    """A password and a TOTP secret that were lost, and the devices that may be in other hands."""
    async with cast.system_admin.program() as program:
        given = NEW | {"body": cast.body_pid}
        made = (await program.post("/api/v1/people", json=given)).json()
        at = f"/api/v1/people/{made['person']['id']}"
        password = (await program.post(f"{at}/password")).json()
        totp = (await program.post(f"{at}/totp")).json()
        assert password["login_name"] == totp["login_name"] == "han.mediator"
        assert made["password"] != password["password"]
        code = pyotp.TOTP(totp["secret"]).at(clock.now())
        login = {"login_name": "han.mediator", "password": password["password"], "totp": code}
        assert (await client.post("/api/v1/logins/staff", json=login)).status_code == 201
        assert (await program.delete(f"{at}/logins")).json() == {"ended": 1}
        assert (await program.post("/api/v1/people/nobody/password")).status_code == 404
