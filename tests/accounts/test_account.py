"""My account: identity, address, devices. And what a locked or revoked login still gets: nothing, at once."""

import re

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select, text

from odr.accounts import service
from odr.accounts.access import load_actor
from odr.accounts.models import Login, Person, Vouching
from odr.core.db import Database
from odr.core.errors import Conflict, Forbidden, NotFound
from tests.accounts.conftest import PASSWORD, StaffCard, last_code
from tests.cast import CSRF, Cast, Member

ID_NO = "110105194912310021"
OTHER_ID = "11010519491231002X"


def heard(app: FastAPI) -> list[str]:
    """What the bus tells about logins from now on."""
    ids: list[str] = []

    async def hear(moved: list[str]) -> None:
        ids.extend(moved)

    app.state.odr.bus.on("logins", hear)
    return ids


async def new_resident(db: Database, client: httpx2.AsyncClient, phone: str = "13904730088") -> dict[str, str]:
    await client.post("/api/v1/logins/codes", json={"phone": phone})
    opened = await client.post("/api/v1/logins", json={"phone": phone, "code": await last_code(db, phone)})
    return {"Authorization": f"Bearer {opened.json()['token']}"}


async def test_the_ladder_goes_from_phone_to_checked(db: Database, client: httpx2.AsyncClient) -> None:
    bearer = await new_resident(db, client)
    assert (await client.get("/api/v1/me", headers=bearer)).json()["identity_level"] == "phone"
    given = {"name": " 阿依•古丽 ", "id_no": "１１０１０５ 19491231 002ｘ"}
    answer = await client.post("/api/v1/me/identity", json=given, headers=bearer)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["name"], answer.json()["identity_level"]) == ("阿依·古丽", "id_checked")
    async with db.read() as session:
        person = await session.scalar(select(Person).where(Person.pid == answer.json()["id"]))
        assert person is not None
        assert person.id_no == OTHER_ID
        assert list(await session.scalars(select(Vouching.method))) == ["format"]
        raw = (await session.execute(text("SELECT phone, id_no FROM people"))).all()
    assert b"13904730088" not in b"".join(bytes(part) for row in raw for part in row if part)
    assert OTHER_ID.encode() not in b"".join(bytes(part) for row in raw for part in row if part)


async def test_a_checked_identity_cannot_be_swapped_for_another(db: Database, client: httpx2.AsyncClient) -> None:
    bearer = await new_resident(db, client)
    mine = {"name": "王某某", "id_no": OTHER_ID}
    assert (await client.post("/api/v1/me/identity", json=mine, headers=bearer)).status_code == 200
    assert (await client.post("/api/v1/me/identity", json=mine, headers=bearer)).status_code == 200
    other = await client.post("/api/v1/me/identity", json={"name": "李某", "id_no": OTHER_ID}, headers=bearer)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "other_identity")
    assert (await client.put("/api/v1/me/name", json={"name": "李某"}, headers=bearer)).status_code == 409


@pytest.mark.parametrize("id_no", ["", "1101051949123100", "110105194902310021", ID_NO])
@pytest.mark.one_engine
async def test_an_id_number_that_cannot_be_is_said_at_the_field(cast: Cast, db: Database, id_no: str) -> None:
    async with cast.stranger.browser() as browser:
        answer = await browser.post("/me/identity", data={"csrf": CSRF, "name": "冯路人", "id_no": id_no})
    assert answer.status_code == 422
    assert 'id="f-id_no-error"' in answer.text
    assert 'value="冯路人"' in answer.text


async def test_the_address_is_kept_sealed_and_can_be_taken_away(cast: Cast, db: Database) -> None:
    async with cast.stranger.browser() as browser:
        await browser.post("/me/address", data={"csrf": CSRF, "address": "海达小区 3 号楼"})
        assert "海达小区 3 号楼" in (await browser.get("/me")).text
        async with db.read() as session:
            raw = (await session.execute(text("SELECT address FROM people WHERE address IS NOT NULL"))).scalar_one()
        assert "海达小区".encode() not in bytes(raw)
        await browser.post("/me/address", data={"csrf": CSRF, "address": ""})
        assert (await browser.get("/api/v1/me")).json()["address"] is None


async def second_device(db: Database, member: Member) -> tuple[Login, Member]:
    async with db.write() as session:
        person = await session.get_one(Person, member.id)
        login, token = await service.open_login(session, person, False, "10.0.0.7", "iPhone MicroMessenger")
        actor = await load_actor(session, token)
    assert actor is not None
    return login, Member(actor=actor, token=token, phone=member.phone, app=member.app)


async def test_a_device_that_is_signed_out_gets_401_at_once_and_its_sockets_hear_of_it(
    app: FastAPI, cast: Cast, db: Database
) -> None:
    ids = heard(app)
    login, phone = await second_device(db, cast.applicant)
    async with phone.browser() as lost, cast.applicant.browser() as kept:
        assert (await lost.get("/api/v1/me")).status_code == 200
        page = await kept.get("/me")
        assert "iPhone · 微信" in page.text
        assert (await kept.post(f"/me/logins/{login.pid}/end", data={"csrf": CSRF})).status_code == 303
        assert (await lost.get("/api/v1/me")).status_code == 401
        assert (await lost.get("/me")).headers["location"].startswith("/login?next=")
        assert (await kept.get("/api/v1/me")).status_code == 200
    assert ids == [login.pid]


async def test_nobody_ends_the_device_of_another(cast: Cast, db: Database) -> None:
    login, _phone = await second_device(db, cast.applicant)
    for name, member in cast.everybody_but("applicant").items():
        async with member.program() as program:
            assert (await program.delete(f"/api/v1/logins/{login.pid}")).status_code == 404, name
    async with db.read() as session:
        assert (await session.get_one(Login, login.id)).ended_at is None


async def test_signing_out_ends_this_login(app: FastAPI, cast: Cast) -> None:
    ids = heard(app)
    async with cast.applicant.browser() as browser:
        assert (await browser.post("/logout", data={"csrf": CSRF})).headers["location"] == "/"
        browser.cookies.set("odr_login", cast.applicant.token)
        assert (await browser.get("/api/v1/me")).status_code == 401
    assert ids == [cast.applicant.actor.login_pid]


async def test_a_new_password_ends_the_other_staff_logins(app: FastAPI, db: Database, auditor_card: StaffCard) -> None:
    async with db.write() as session:
        here, token = await service.open_login(session, auditor_card.person, True, "", "")
        other, _token = await service.open_login(session, auditor_card.person, True, "", "")
        actor = await load_actor(session, token)
    assert actor is not None
    me = Member(actor=actor, token=token, phone="", app=app)
    async with me.browser() as browser:
        wrong = await browser.post("/me/password", data={"csrf": CSRF, "old": "wrong", "new": "a new long password"})
        assert wrong.status_code == 422
        short = await browser.post("/me/password", data={"csrf": CSRF, "old": PASSWORD, "new": "short"})
        assert 'id="f-new-error"' in short.text
        right = await browser.post("/me/password", data={"csrf": CSRF, "old": PASSWORD, "new": "a new long password"})
        assert right.status_code == 303
        assert (await browser.get("/api/v1/me")).status_code == 200
    async with db.read() as session:
        assert (await session.get_one(Login, here.id)).ended_at is None
        assert (await session.get_one(Login, other.id)).end_reason == "password_changed"


# --- vouching -------------------------------------------------------------------------------------------------------

VOUCHED = {"phone": "13904730088", "name": "王某某", "id_no": OTHER_ID, "seen": "1"}


async def test_only_mediators_and_clerks_vouch(cast: Cast) -> None:
    may = ("mediator", "other_mediator", "body_clerk", "centre_clerk")
    for name, member in cast.everybody().items():
        async with member.browser() as browser:
            opened = (await browser.get("/people/vouching")).status_code
            posted = (await browser.post("/people/vouching", data=VOUCHED | {"csrf": CSRF})).status_code
        staff = member.actor.staff
        assert (opened, posted) == ((200, 303) if name in may else (403, 403) if staff else (404, 404)), name


async def test_who_was_seen_in_person_stands_highest(cast: Cast, db: Database) -> None:
    async with cast.body_clerk.program() as program:
        unseen = await program.post("/api/v1/vouchings", json=VOUCHED | {"seen": "0"})
        assert unseen.status_code == 422
        done = await program.post("/api/v1/vouchings", json=VOUCHED)
    assert (done.status_code, done.json()["person"]["identity_level"]) == (201, "in_person")


async def test_nobody_vouches_for_themselves_or_over_another_identity(cast: Cast, db: Database) -> None:
    async with db.write() as session:
        clerk = await session.get_one(Person, cast.body_clerk.id)
        with pytest.raises(Forbidden):
            await service.vouch(session, cast.body_clerk.actor, clerk, "", name="钱登记", id_no=OTHER_ID)
        person = await session.get_one(Person, cast.applicant.id)
        await service.prove_identity(session, cast.applicant.actor, person, "王某某", OTHER_ID)
        with pytest.raises(Conflict):
            await service.vouch(session, cast.mediator.actor, person, "", name="李某", id_no=OTHER_ID)
        with pytest.raises(Forbidden):
            await service.vouch(session, cast.stranger.actor, person, "")


async def test_a_key_of_another_scope_is_no_key(cast: Cast, db: Database) -> None:
    async with db.write() as session:
        key, secret = await service.create_key(session, cast.system_admin.actor, "12345 热线", "hotline")
        assert (await service.check_api_key(session, secret, "hotline")).id == key.id
        for wrong, scope in ((secret, "police"), (secret + "x", "hotline"), ("", "hotline")):
            with pytest.raises(NotFound):
                await service.check_api_key(session, wrong, scope)
        await service.end_key(session, cast.system_admin.actor, key.pid)
        with pytest.raises(NotFound):
            await service.check_api_key(session, secret, "hotline")


async def test_what_one_person_typed_is_never_sent_by_another_who_signed_in_since(cast: Cast, db: Database) -> None:
    """Two people at one machine: the first page is still open when the second has signed in."""
    form = {"address": "海达小区 3 号楼"}
    async with cast.applicant.browser() as browser:
        shown = _token((await browser.get("/me/address")).text)
        browser.cookies.delete("odr_login")
        asked = await browser.post("/me/address", data=form | {"csrf": shown})
        assert asked.status_code == 401
        again = _token(asked.text)
        for token in (shown, again):
            browser.cookies.set("odr_login", cast.stranger.token)
            refused = await browser.post("/me/address", data=form | {"csrf": token})
            assert refused.status_code == 403
            assert "别人登录时打开的" in refused.text
            async with db.read() as session:
                assert (await session.get_one(Person, cast.stranger.id)).address is None
            browser.cookies.delete("odr_login")
            browser.cookies.set("odr_login", cast.applicant.token)
            assert (await browser.post("/me/address", data=form | {"csrf": token})).status_code == 303
            browser.cookies.delete("odr_login")


def _token(page: str) -> str:
    found = re.search(r'<main.*?name="csrf" value="([^"]+)"', page, re.S)
    assert found is not None
    return found[1]
