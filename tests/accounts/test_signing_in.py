"""Residents and staff sign in and out, by pages and by JSON, on both engines."""

from datetime import timedelta
from urllib.parse import quote

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from odr.accounts import service
from odr.accounts.access import DEVICE_COOKIE
from odr.accounts.models import Login, Person
from odr.audit.models import LedgerRow
from odr.core import clock
from odr.core.db import Database
from odr.core.limits import Limiter
from tests.accounts.conftest import PASSWORD, StaffCard, last_code, other_than, texts_to
from tests.cast import CSRF, Cast

PHONE = "13904730077"


async def ask(browser: httpx2.AsyncClient, phone: str = PHONE, query: str = "") -> httpx2.Response:
    return await browser.post(f"/login{query}", data={"csrf": CSRF, "phone": phone})


async def give(browser: httpx2.AsyncClient, code: str, query: str = "") -> httpx2.Response:
    return await browser.post(f"/login/code{query}", data={"csrf": CSRF, "code": code})


async def tags(db: Database) -> list[str]:
    async with db.read() as session:
        return list(await session.scalars(select(LedgerRow.tag).order_by(LedgerRow.seq)))


async def test_a_new_phone_signs_in_and_is_a_new_person(db: Database, browser: httpx2.AsyncClient) -> None:
    asked = await ask(browser, "１３９ ０４７３ ００７７")
    assert (asked.status_code, asked.headers["location"]) == (303, "/login/code")
    page = await browser.get("/login/code")
    assert "139****0077" in page.text
    assert PHONE not in page.text
    given = await give(browser, await last_code(db, PHONE))
    assert (given.status_code, given.headers["location"]) == (303, "/cases")
    cookie = next(c for c in given.headers.get_list("set-cookie") if c.startswith("odr_login="))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Max-Age=2592000" in cookie
    assert "Secure" not in cookie  # plain http on loopback
    me = await browser.get("/me")
    assert me.status_code == 200
    assert "139****0077" in me.text
    assert await tags(db) == ["person:account:created", "login:resident:opened"]


async def test_the_same_phone_is_the_same_person(db: Database, browser: httpx2.AsyncClient) -> None:
    for n in range(2):
        with clock.shifted(timedelta(minutes=2 * n)):
            await ask(browser)
            await give(browser, await last_code(db, PHONE))
            browser.cookies.delete("odr_login")
    async with db.read() as session:
        assert await session.scalar(select(func.count()).select_from(Person)) == 1
        assert await session.scalar(select(func.count()).select_from(Login)) == 2


async def test_signing_in_again_ends_the_login_this_browser_had(db: Database, browser: httpx2.AsyncClient) -> None:
    for n in range(2):
        with clock.shifted(timedelta(minutes=2 * n)):
            await ask(browser)
            await give(browser, await last_code(db, PHONE))
    async with db.read() as session:
        assert list(await session.scalars(select(Login.end_reason).order_by(Login.id))) == ["replaced", None]


async def test_a_browser_keeps_its_own_mark_whoever_signs_in(db: Database, browser: httpx2.AsyncClient) -> None:
    """Two sides of a case on one phone are told apart from two phones by it; it outlives the login."""
    marks = []
    for phone in (PHONE, "13904730078"):
        await ask(browser, phone)
        await give(browser, await last_code(db, phone))
        marks.append(browser.cookies.get(DEVICE_COOKIE))
        await browser.post("/logout", data={"csrf": CSRF})
        assert "odr_login" not in browser.cookies
    assert marks[0] is not None
    assert marks[0] == marks[1]


async def test_a_wrong_code_is_said_at_the_field_and_counts(db: Database, browser: httpx2.AsyncClient) -> None:
    await ask(browser)
    code = await last_code(db, PHONE)
    for _n in range(5):
        wrong = await give(browser, other_than(code))
        assert wrong.status_code == 422
        assert 'id="f-code-error"' in wrong.text
    right = await give(browser, code)
    assert right.status_code == 410
    assert "重新发送" in right.text
    assert "odr_login" not in browser.cookies


async def test_an_expired_code_is_refused_with_what_to_do(db: Database, browser: httpx2.AsyncClient) -> None:
    await ask(browser)
    code = await last_code(db, PHONE)
    with clock.shifted(timedelta(minutes=6)):
        late = await give(browser, code)
    assert late.status_code == 410
    assert "验证码已过期" in late.text


async def test_asking_twice_leads_to_the_field_of_the_code_already_sent(
    db: Database, browser: httpx2.AsyncClient
) -> None:
    await ask(browser)
    again = await ask(browser)
    assert (again.status_code, again.headers["location"]) == (303, "/login/code")
    assert len(await texts_to(db, PHONE)) == 1
    early = await browser.post("/login/code/again", data={"csrf": CSRF})
    assert early.status_code == 429
    with clock.shifted(timedelta(seconds=61)):
        assert (await browser.post("/login/code/again", data={"csrf": CSRF})).status_code == 303
    assert len(await texts_to(db, PHONE)) == 2


async def test_a_known_and_an_unknown_phone_get_the_same_answer(cast: Cast, client: httpx2.AsyncClient) -> None:
    answers = [
        await client.post("/api/v1/logins/codes", json={"phone": phone}) for phone in (cast.applicant.phone, PHONE)
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize("phone", ["", "123", "１２３", "0473-2020202", "<script>"])
@pytest.mark.one_engine
async def test_what_is_no_phone_is_said_at_the_field_and_kept(browser: httpx2.AsyncClient, phone: str) -> None:
    wrong = await ask(browser, phone)
    assert wrong.status_code == 422
    assert 'href="#f-phone"' in wrong.text
    assert "<script>alert" not in wrong.text
    if phone.isdigit():
        assert f'value="{phone}"' in wrong.text


@pytest.mark.parametrize(
    ("wanted", "to"),
    [
        ("/cases/abc?tab=file", "/cases/abc?tab=file"),
        ("//evil.example", "/cases"),
        ("https://evil.example/", "/cases"),
        ("/\\evil.example", "/cases"),
        ("/\t/evil.example", "/cases"),
        ("/\n//evil.example", "/cases"),
        ("javascript:alert(1)", "/cases"),
        ("evil", "/cases"),
        ("/login?next=/login", "/cases"),
        ("/" + "a" * 600, "/cases"),
    ],
)
@pytest.mark.one_engine
async def test_after_signing_in_only_paths_of_this_site_are_followed(
    db: Database, browser: httpx2.AsyncClient, wanted: str, to: str
) -> None:
    query = f"?next={quote(wanted, safe='')}"
    asked = await ask(browser, query=query)
    assert "evil" not in asked.headers["location"]
    given = await give(browser, await last_code(db, PHONE), query)
    assert given.headers["location"] == to


@pytest.mark.parametrize(
    "path", ["/login", "/login/code", "/login/code/again", "/login/staff", "/logout", "/preferences"]
)
@pytest.mark.one_engine
async def test_a_form_without_its_token_is_refused(browser: httpx2.AsyncClient, path: str) -> None:
    assert (await browser.post(path, data={"phone": PHONE})).status_code == 403


@pytest.mark.one_engine
async def test_a_form_from_another_site_is_refused(browser: httpx2.AsyncClient) -> None:
    answer = await browser.post(
        "/login", data={"csrf": CSRF, "phone": PHONE}, headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403


async def test_a_program_signs_in_reads_itself_and_signs_out(db: Database, client: httpx2.AsyncClient) -> None:
    assert (await client.post("/api/v1/logins/codes", json={"phone": PHONE})).status_code == 202
    opened = await client.post("/api/v1/logins", json={"phone": PHONE, "code": await last_code(db, PHONE)})
    assert opened.status_code == 201
    bearer = {"Authorization": f"Bearer {opened.json()['token']}"}
    me = (await client.get("/api/v1/me", headers=bearer)).json()
    assert (me["id"], me["phone"], me["roles"]) == (opened.json()["person"]["id"], "139****0077", [])
    assert (await client.delete("/api/v1/logins/current", headers=bearer)).status_code == 204
    refused = await client.get("/api/v1/me", headers=bearer)
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "sign_in_needed")


@pytest.mark.one_engine
async def test_a_wrong_code_by_json_names_the_field(client: httpx2.AsyncClient) -> None:
    await client.post("/api/v1/logins/codes", json={"phone": PHONE})
    wrong = await client.post("/api/v1/logins", json={"phone": PHONE, "code": "12345"})
    assert wrong.status_code == 422
    assert "code" in wrong.json()["error"]["fields"]
    more = await client.post("/api/v1/logins", json={"phone": PHONE, "code": "123456", "staff": True})
    assert "staff" in more.json()["error"]["fields"]


# --- staff ----------------------------------------------------------------------------------------------------------


async def staff(
    browser: httpx2.AsyncClient, card: StaffCard, *, password: str = PASSWORD, totp: str | None = None
) -> httpx2.Response:
    form = {"csrf": CSRF, "login_name": card.login_name, "password": password, "totp": totp or card.code()}
    return await browser.post("/login/staff", data=form)


async def test_staff_sign_in_with_password_and_code_of_the_moment(
    db: Database, browser: httpx2.AsyncClient, auditor_card: StaffCard
) -> None:
    answer = await staff(browser, auditor_card)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("odr_login="))
    assert "Max-Age=43200" in cookie
    assert (await browser.get("/")).headers["location"] == "/audit"
    assert (await browser.get("/api/v1/me")).json()["roles"] == [{"role": "auditor", "body": None}]
    assert (await tags(db))[-1] == "login:staff:opened"


async def test_roles_work_in_a_staff_login_only(
    db: Database, browser: httpx2.AsyncClient, auditor_card: StaffCard
) -> None:
    await ask(browser, "13904730100")
    await give(browser, await last_code(db, "13904730100"))
    me = (await browser.get("/api/v1/me")).json()
    assert (me["id"], me["staff"], me["roles"]) == (auditor_card.person.pid, False, [])
    assert (await browser.get("/admin/people")).status_code == 404


@pytest.mark.one_engine
async def test_every_wrong_part_gets_the_same_answer(browser: httpx2.AsyncClient, auditor_card: StaffCard) -> None:
    nobody = StaffCard(auditor_card.person, "nobody", auditor_card.secret)
    answers = [
        await staff(browser, nobody),
        await staff(browser, auditor_card, password="a wrong password"),
        await staff(browser, auditor_card, totp=other_than(auditor_card.code())),
    ]
    assert [answer.status_code for answer in answers] == [422, 422, 422]
    assert all("登录名、密码或动态码不对" in answer.text for answer in answers)
    assert all(PASSWORD not in answer.text for answer in answers)


@pytest.mark.parametrize("steps", [-1, 0, 1])
@pytest.mark.one_engine
async def test_a_clock_may_be_one_step_off(browser: httpx2.AsyncClient, auditor_card: StaffCard, steps: int) -> None:
    assert (await staff(browser, auditor_card, totp=auditor_card.code(steps))).status_code == 303


@pytest.mark.parametrize("steps", [-3, 3])
@pytest.mark.one_engine
async def test_a_clock_further_off_is_refused(browser: httpx2.AsyncClient, auditor_card: StaffCard, steps: int) -> None:
    assert (await staff(browser, auditor_card, totp=auditor_card.code(steps))).status_code == 422


async def test_a_code_of_the_moment_works_once(browser: httpx2.AsyncClient, auditor_card: StaffCard) -> None:
    code = auditor_card.code()
    assert (await staff(browser, auditor_card, totp=code)).status_code == 303
    browser.cookies.delete("odr_login")
    assert (await staff(browser, auditor_card, totp=code)).status_code == 422
    with clock.shifted(timedelta(seconds=61)):
        assert (await staff(browser, auditor_card)).status_code == 303


async def test_failures_lock_this_name_for_this_address_only(
    app: FastAPI, db: Database, limiter: Limiter, auditor_card: StaffCard, browser: httpx2.AsyncClient
) -> None:
    for _n in range(5):
        assert (await staff(browser, auditor_card, password="guess")).status_code == 422
    locked = await staff(browser, auditor_card)
    assert locked.status_code == 429
    person = await service.check_staff(
        db, limiter, login_name="wu.audit", password=PASSWORD, totp=auditor_card.code(), ip="10.9.9.9"
    )
    assert person.id == auditor_card.person.id


async def test_five_wrong_codes_after_the_right_password_lock_the_code(
    db: Database, limiter: Limiter, auditor_card: StaffCard, browser: httpx2.AsyncClient
) -> None:
    wrong = other_than(auditor_card.code())
    for _n in range(5):
        assert (await staff(browser, auditor_card, totp=wrong)).status_code == 422
    with pytest.raises(Exception, match="15 分钟"):
        await service.check_totp(db, auditor_card.person.id, auditor_card.code())
    with clock.shifted(timedelta(minutes=16)):
        await service.check_totp(db, auditor_card.person.id, auditor_card.code())


async def test_a_staff_login_ends_when_idle_and_after_a_shift(
    browser: httpx2.AsyncClient, auditor_card: StaffCard
) -> None:
    await staff(browser, auditor_card)
    with clock.shifted(timedelta(minutes=29)):
        assert (await browser.get("/api/v1/me")).status_code == 200
    with clock.shifted(timedelta(minutes=58)):  # 29 minutes after it was seen
        assert (await browser.get("/api/v1/me")).status_code == 200
    with clock.shifted(timedelta(minutes=89)):
        assert (await browser.get("/api/v1/me")).status_code == 401
    with clock.shifted(timedelta(hours=12, minutes=1)):
        assert (await browser.get("/api/v1/me")).status_code == 401


async def test_nothing_personal_is_logged(
    db: Database, browser: httpx2.AsyncClient, auditor_card: StaffCard, capfd: pytest.CaptureFixture[str]
) -> None:
    await ask(browser)
    code = await last_code(db, PHONE)
    await give(browser, other_than(code))
    await give(browser, code)
    await staff(browser, auditor_card, password="a guess nobody should read")
    out, err = capfd.readouterr()
    for secret in (PHONE, code, "a guess nobody", "吴审计", auditor_card.secret):
        assert secret not in out + err
