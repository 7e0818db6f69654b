"""What the pages and the JSON of signing in share: transactions, the login cookie, and where to go next."""

from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from odr.accounts import carried, service
from odr.accounts.access import DEVICE_COOKIE, Actor, device_mark_of, token_of
from odr.accounts.models import Login, Person
from odr.accounts.schemas import CodeLogin, NewStaff, PasswordChange, StaffLogin, Vouched
from odr.core import web
from odr.core.errors import Invalid
from odr.core.i18n import _
from odr.core.ids import new_token
from odr.core.templating import render

_DONE = "odr_done"
_DEVICE_LIFE = 400 * 24 * 3600


def device_of(request: Request) -> str:
    return request.headers.get("user-agent", "")[:120]


async def send_login_code(request: Request, phone: str) -> None:
    """Send the code to sign in with. The answer is the same for a known and an unknown number."""
    async with web.write(request) as session:
        await service.send_code(session, web.odr(request).limiter, phone, "login", web.client_ip(request))


async def sign_in_by_code(request: Request, given: CodeLogin) -> tuple[Person, Login, str]:
    """Sign a resident in; a new phone number is a new person. Raises Invalid, Expired, Forbidden (locked)."""
    ip = web.client_ip(request)
    await service.check_code(web.odr(request).db, given.phone, "login", given.code, ip=ip)
    async with web.write(request) as session:
        person = await service.find_or_create(session, given.phone)
        login, token = await service.open_login(
            session, person, False, ip, device_of(request), replaces=token_of(request)
        )
    return person, login, token


async def sign_in_staff(request: Request, given: StaffLogin) -> tuple[Person, Login, str]:
    """Sign a member of staff in. Raises Invalid (the same for every wrong part), TooMany, Forbidden (locked)."""
    part = web.odr(request)
    ip = web.client_ip(request)
    person = await service.check_staff(
        part.db, part.limiter, login_name=given.login_name, password=given.password, totp=given.totp, ip=ip
    )
    async with web.write(request) as session:
        login, token = await service.open_login(
            session, person, True, ip, device_of(request), replaces=token_of(request)
        )
    return person, login, token


def keep_login(request: Request, response: Response, login: Login, token: str) -> None:
    """Put the login into this browser. The browser's own mark stays when the login ends: see agreements' signing."""
    secure = web.odr(request).settings.is_https
    kept = {web.LOGIN_COOKIE: (token, int((login.expires_at - login.created_at).total_seconds()))}
    if not device_mark_of(request):
        kept[DEVICE_COOKIE] = (new_token(), _DEVICE_LIFE)
    for name, (value, seconds) in kept.items():
        response.set_cookie(name, value, max_age=seconds, path="/", httponly=True, samesite="lax", secure=secure)


def forget_login(response: Response) -> None:
    response.delete_cookie(web.LOGIN_COOKIE, path="/")


async def set_password(request: Request, actor: Actor, given: PasswordChange) -> None:
    """Check the old password, hash the new one, keep it; the slow parts outside the transaction."""
    part = web.odr(request)
    if not await service.is_own_password(part.db, part.limiter, actor, given.old):
        raise Invalid({"old": _("现在的密码不对。")})
    hashed = await service.hash_password(given.new)
    async with web.write(request) as session:
        await service.change_password(session, actor, actor.person_id, hashed)


async def vouch(request: Request, actor: Actor, given: Vouched) -> Person:
    """Keep that this person was seen; a phone nobody has used yet becomes a person."""
    settings = web.odr(request).settings
    await service.check_real_name(settings, given.name, given.id_no)
    async with web.write(request) as session:
        person = await service.find_or_create(session, given.phone, who=actor)
        return await service.vouch(session, actor, person, given.note, name=given.name, id_no=given.id_no)


async def create_staff(request: Request, actor: Actor, given: NewStaff) -> tuple[str, dict[str, str]]:
    """Make the account; gives the person's public id and what is handed over once: password and authenticator."""
    password, secret = service.new_password(), service.new_totp_secret()
    hashed = await service.hash_password(password)
    async with web.write(request) as session:
        body_id = await service.body_id_of(session, given.body)
        person = await service.create_staff(
            session, actor, given.name, given.phone, given.login_name, hashed, secret, [(given.role, body_id)]
        )
    secrets = {"login_name": given.login_name, "password": password}
    return person.pid, secrets | {"secret": secret, "totp": service.totp_address(given.login_name, secret)}


def local_path(text: str | None, default: str) -> str:
    """`text` when it is a path on this site, else `default`: a link to sign in must not lead anywhere else.

    Browsers take out tabs and line ends and read a backslash as a slash, so none of them may be there.
    """
    if not text or len(text) > 500 or text[0] != "/" or text.startswith("//"):
        return default
    if "\\" in text or any(ord(sign) < 0x21 or ord(sign) == 0x7F for sign in text):
        return default
    parts = urlsplit(text)
    return default if parts.scheme or parts.netloc or parts.path in ("/login", "/logout") else text


def done(request: Request, path: str, text: str, *, tone: str = "done") -> RedirectResponse:
    """Go on to a page that says once what has been done."""
    response = web.see_other(path)
    carried.carry(request, response, _DONE, {"text": text, "tone": tone})
    return response


def show(request: Request, name: str, /, *, status: int = 200, **context: Any) -> HTMLResponse:
    """A page, with what `done` left to say."""
    said = carried.carried(request, _DONE)
    page = render(request, name, status=status, flashes=[said] if said else [], **context)
    if said:
        carried.drop(page, _DONE)
    return page
