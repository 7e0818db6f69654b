"""How staff prove who they are: a name, a password, and a code of the moment (TOTP)."""

from datetime import timedelta

import pyotp
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts import passwords
from odr.accounts.access import Actor
from odr.accounts.logins import end_logins_of
from odr.accounts.models import Credential, Person
from odr.audit import service as audit
from odr.audit.who import Who
from odr.core import clock, crypto
from odr.core.db import Database
from odr.core.errors import Invalid, NotFound, TooMany
from odr.core.forms import narrow
from odr.core.i18n import N_, _
from odr.core.ids import new_code
from odr.core.limits import Limiter, Rule

_PER_NAME_AND_IP = Rule(
    "staff:name_ip", "5/15 minutes", N_("试错次数太多了。请 15 分钟后再试，或请系统管理员重设密码。")
)
_PER_IP = Rule("staff:ip", "60/15 minutes", N_("这个网络试错次数太多了。请 15 分钟后再试。"))
_STEP = 30
_FAILURES = 5
LOCK = timedelta(minutes=15)


async def check_staff(db: Database, limiter: Limiter, *, login_name: str, password: str, totp: str, ip: str) -> Person:
    """The person behind a name, a password and a code of the moment. Runs in transactions of its own.

    Raises Invalid, the same for an unknown name, a wrong password and a wrong code; TooMany after failures from this
    address (a stranger elsewhere cannot lock a desk out).
    """
    key = (crypto.blind_index("login_name", login_name.lower()), ip)
    await limiter.hit(_PER_IP, ip)
    await limiter.hit(_PER_NAME_AND_IP, *key)
    async with db.read() as session:
        credential = await session.scalar(select(Credential).where(Credential.login_name == login_name.lower()))
    wrong = Invalid({"form": _("登录名、密码或动态码不对。请核对后再试。")})
    kept = None if credential is None else credential.password_hash
    if not await passwords.is_password(kept, password) or credential is None:
        raise wrong
    try:
        await check_totp(db, credential.person_id, totp)
    except Invalid:
        raise wrong from None
    await limiter.forget(_PER_NAME_AND_IP, *key)
    async with db.read() as session:
        return await session.get_one(Person, credential.person_id)


async def check_totp(db: Database, person_id: int, code: str) -> None:
    """Spend the code an authenticator shows, one step of 30 seconds early or late; each step works once.

    Runs in a transaction of its own, as failures and spent steps count whatever becomes of the caller's: never call
    it inside one. Raises Invalid({"code": …}); TooMany after five failures, for a quarter of an hour.
    """
    digits = "".join(narrow(code).split())
    async with db.write() as session:
        credential = await session.get(Credential, person_id, with_for_update=True)
        if credential is None:
            raise NotFound()
        now = clock.steady()
        if credential.locked_until is not None and credential.locked_until > now:
            raise TooMany(
                _("动态码试错太多次。请 15 分钟后再试。"),
                retry=int((credential.locked_until - now).total_seconds()) + 1,
            )
        # The authenticator goes by the clock on the wall.
        current = int(clock.now().timestamp()) // _STEP
        totp = pyotp.TOTP(credential.totp_secret)
        step = next((s for s in (current, current - 1, current + 1) if crypto.same(totp.at(s * _STEP), digits)), None)
        spent = step is not None and step <= credential.totp_last_step
        if step is not None and not spent:
            credential.totp_last_step, credential.failures, credential.locked_until = step, 0, None
            return
        credential.failures += 1
        if credential.failures >= _FAILURES:
            credential.failures, credential.locked_until = 0, now + LOCK
    if spent:
        raise Invalid({"code": _("这个动态码已经用过。请等它换成新的，再填一次。")})
    raise Invalid({"code": _("动态码不对。请看手机上的动态码，趁它没变时填写。")})


async def change_password(session: AsyncSession, who: Who, person_id: int, password_hash: str) -> None:
    """Set a new password (hashed before, outside the transaction). All other staff logins of the person end."""
    credential = await session.get(Credential, person_id, with_for_update=True)
    if credential is None:
        raise NotFound()
    credential.password_hash = password_hash
    person = await session.get_one(Person, person_id)
    await audit.record(session, who, "credential:password:changed", "person", person.pid)
    await end_logins_of(session, who, person_id, "password_changed", but=who.login_id, staff=True)


async def is_own_password(db: Database, limiter: Limiter, actor: Actor, password: str) -> bool:
    """Whether this is the actor's own password; takes a third of a second, outside any transaction. Raises TooMany."""
    await limiter.hit(_PER_NAME_AND_IP, actor.pid, actor.ip)
    async with db.read() as session:
        kept = await session.scalar(select(Credential.password_hash).where(Credential.person_id == actor.person_id))
    right = await passwords.is_password(kept, password)
    if right:
        await limiter.forget(_PER_NAME_AND_IP, actor.pid, actor.ip)
    return right


async def reset_totp(session: AsyncSession, who: Who, person: Person) -> str:
    """A new secret for the authenticator. The old one stops at once, all staff logins of the person end."""
    credential = await session.get(Credential, person.id, with_for_update=True)
    if credential is None:
        raise NotFound()
    credential.totp_secret, credential.totp_last_step = new_totp_secret(), 0
    credential.failures, credential.locked_until = 0, None
    await audit.record(session, who, "credential:totp:reset", "person", person.pid)
    await end_logins_of(session, who, person.id, "totp_reset", staff=True)
    return credential.totp_secret


def new_totp_secret() -> str:
    return pyotp.random_base32()


def new_password() -> str:
    """A password to hand over once: 75 random bits, without look-alikes."""
    return "-".join(new_code(5) for _n in range(3))


def totp_address(login_name: str, secret: str) -> str:
    """The otpauth:// address that an authenticator reads from a QR."""
    return pyotp.TOTP(secret).provisioning_uri(name=login_name, issuer_name=_("乌海解纷"))
