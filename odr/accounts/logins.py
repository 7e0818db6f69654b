"""Signed-in devices: opened, listed, ended at once with their live sockets."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import STAFF_IDLE
from odr.accounts.models import Login, Person
from odr.audit import service as audit
from odr.audit.who import Who
from odr.core import clock, crypto
from odr.core.db import poke
from odr.core.errors import Forbidden
from odr.core.i18n import _
from odr.core.ids import new_token

RESIDENT_LIFE = timedelta(days=30)
STAFF_LIFE = timedelta(hours=12)


async def open_login(
    session: AsyncSession, person: Person, staff: bool, ip: str, device: str, *, replaces: str | None = None
) -> tuple[Login, str]:
    """Sign a person in on one device. Gives the login and its token, which is stored nowhere.

    `replaces` is the token this browser held before; that login ends. Raises Forbidden for a locked account.
    """
    if person.locked_at is not None:
        raise Forbidden(_("这个账户已经停用。请拨打 12348，或到就近的调处中心问一问。"), code="locked")
    if replaces:
        await _end_replaced(session, replaces, ip, device)
    token = new_token()
    now = clock.steady()
    login = Login(
        token_hash=crypto.token_hash(token),
        person_id=person.id,
        staff=staff,
        ip=ip,
        device=device[:120],
        created_at=now,
        seen_at=now,
        expires_at=now + (STAFF_LIFE if staff else RESIDENT_LIFE),
    )
    session.add(login)
    await session.flush()
    who = Who(person_id=person.id, pid=person.pid, name=person.name, login_id=login.id, ip=ip, device=device)
    kind = "staff" if staff else "resident"
    await audit.record(session, who, f"login:{kind}:opened", "login", login.pid, {"person": person.pid})
    return login, token


async def _end_replaced(session: AsyncSession, token: str, ip: str, device: str) -> None:
    old = await session.scalar(
        select(Login).where(Login.token_hash == crypto.token_hash(token), Login.ended_at.is_(None))
    )
    if old is not None:
        who = Who(person_id=old.person_id, login_id=old.id, ip=ip, device=device)
        await end_login(session, who, old.id, "replaced")


async def logins_of(session: AsyncSession, person_id: int) -> Sequence[Login]:
    """The devices on which a person is signed in now, the latest seen first."""
    now = clock.steady()
    rows = await session.scalars(
        select(Login)
        .where(Login.person_id == person_id, Login.ended_at.is_(None), Login.expires_at > now)
        .order_by(Login.seen_at.desc(), Login.id.desc())
    )
    return [row for row in rows if not row.staff or row.seen_at >= now - STAFF_IDLE]


async def end_login(session: AsyncSession, who: Who, login_id: int, reason: str) -> None:
    """End one login: its pages answer 401 from the next request on, its sockets close. Ending twice does nothing."""
    login = await session.get(Login, login_id, with_for_update=True)
    if login is None or login.ended_at is not None:
        return
    login.ended_at, login.end_reason = clock.now(), reason
    await audit.record(session, who, "login:device:ended", "login", login.pid, {"reason": reason})
    poke(session, "logins", login.pid)


async def end_logins_of(
    session: AsyncSession, who: Who, person_id: int, reason: str, *, but: int | None = None, staff: bool | None = None
) -> int:
    """End all logins of a person, except `but`; with `staff` only those of that kind. Gives how many ended."""
    query = select(Login.id).where(Login.person_id == person_id, Login.ended_at.is_(None)).order_by(Login.id)
    if staff is not None:
        query = query.where(Login.staff.is_(staff))
    ids = [login_id for login_id in await session.scalars(query) if login_id != but]
    for login_id in ids:
        await end_login(session, who, login_id, reason)
    return len(ids)
