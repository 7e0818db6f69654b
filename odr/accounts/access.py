"""Who is asking: the signed-in actor behind a request or socket, and the doors that depend on roles alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Depends
from sqlalchemy import and_, bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from starlette.requests import HTTPConnection

from odr.accounts.models import Grant, Login, Person, Role
from odr.audit.who import Who
from odr.core import clock, crypto, web
from odr.core.errors import Forbidden, NotFound, SignInNeeded

_TOUCH_AFTER = timedelta(minutes=5)
# Staff desks are shared rooms: an idle one signs out (等保三级 8.1.4.1).
STAFF_IDLE = timedelta(minutes=30)
# A page that calls by script names the person it was made for.
MADE_FOR = "x-person"
# Tells browsers apart, whoever signs in on them; it opens nothing.
DEVICE_COOKIE = "odr_device"


@dataclass(frozen=True, kw_only=True)
class Actor(Who):
    """A signed-in person with roles: `grants` pairs each role with its body's internal id, or None for the city.

    `device_mark` is the same for everybody who signs in on one browser, and empty for a program.
    """

    person_id: int
    pid: str
    login_id: int
    login_pid: str = ""
    identity_level: str = "phone"
    staff: bool = False
    device_mark: str = ""
    grants: frozenset[tuple[Role, int | None]] = field(default_factory=frozenset)

    @property
    def is_staff(self) -> bool:
        return self.staff

    def has_role(self, role: Role | str, body_id: int | None = None) -> bool:
        """Whether the actor holds `role`, for this body if one is given. Roles work only in a staff login."""
        if role == Role.RESIDENT:
            return True
        return self.staff and any(r == role and (body_id is None or b == body_id) for r, b in self.grants)

    def bodies(self, *roles: Role) -> frozenset[int]:
        """Internal ids of the bodies for which the actor holds one of `roles`."""
        if not self.staff:
            return frozenset()
        return frozenset(b for r, b in self.grants if r in roles and b is not None)


def token_of(connection: HTTPConnection) -> str | None:
    """The login token: a bearer token of a program, else the cookie of a browser."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme == "Bearer" and token:
        return token.strip()
    return connection.cookies.get(web.LOGIN_COOKIE)


def device_mark_of(connection: HTTPConnection) -> str:
    """What this browser is known by in signatures, or "" where it carries no mark."""
    held = connection.cookies.get(DEVICE_COOKIE, "")
    return crypto.token_hash(held) if 32 <= len(held) <= 64 else ""


# Written once: building a statement anew costs more than running it, and this one runs for every page and socket.
_ACTOR = (
    select(
        Login.id,
        Login.pid,
        Login.staff,
        Login.seen_at,
        Login.ip,
        Login.device,
        Person.id,
        Person.pid,
        Person.name,
        Person.identity_level,
        Grant.role,
        Grant.body_id,
    )
    .join(Person, Person.id == Login.person_id)
    .outerjoin(Grant, and_(Grant.person_id == Person.id, Grant.ended_at.is_(None)))
    .where(
        Login.token_hash == bindparam("token_hash"),
        Login.ended_at.is_(None),
        Login.expires_at > bindparam("now"),
        Person.locked_at.is_(None),
    )
)


def actor_of(session: Session, token: str, ip: str = "", device: str = "") -> tuple[Actor, datetime] | None:
    """The actor of a login token and when the login was last seen to be used; None when the login is unknown, ended,
    expired or idle for too long."""
    now = clock.steady()
    rows = session.execute(_ACTOR, {"token_hash": crypto.token_hash(token), "now": now}).all()
    if not rows:
        return None
    login_id, login_pid, staff, seen_at, login_ip, login_device, person_id, pid, name, level, _, _ = rows[0]
    if staff and seen_at < now - STAFF_IDLE:
        return None
    actor = Actor(
        person_id=person_id,
        pid=pid,
        name=name,
        login_id=login_id,
        login_pid=login_pid,
        identity_level=level,
        staff=staff,
        grants=frozenset((Role(role), body_id) for *_, role, body_id in rows if role is not None),
        ip=ip or login_ip,
        device=device or login_device,
    )
    return actor, seen_at


async def load_actor(session: AsyncSession, token: str, *, ip: str = "", device: str = "") -> Actor | None:
    """The actor of a login token; None when the login is unknown, ended, expired or idle for too long."""
    found = await session.run_sync(actor_of, token, ip, device)
    return found[0] if found is not None else None


async def still_signed_in(session: AsyncSession, login_ids: Sequence[int]) -> set[int]:
    """Which of these logins still hold, by the same rules as `load_actor`; for lines that stay open for hours."""
    now = clock.steady()
    found = await session.scalars(
        select(Login.id)
        .join(Person, Person.id == Login.person_id)
        .where(
            Login.id.in_(login_ids),
            Login.ended_at.is_(None),
            Login.expires_at > now,
            Person.locked_at.is_(None),
            or_(Login.staff.is_(False), Login.seen_at >= now - STAFF_IDLE),
        )
    )
    return set(found)


async def touch(session: AsyncSession, login_ids: Sequence[int]) -> None:
    """These logins were used just now: talking in a room keeps a desk signed in as turning pages does."""
    await session.execute(update(Login).where(Login.id.in_(login_ids)).values(seen_at=clock.steady()))


async def find_actor(connection: HTTPConnection) -> Actor | None:
    """The signed-in person, or None. Also puts it on `request.state.actor` for the page's frame."""
    token = token_of(connection)
    actor: Actor | None = None
    if token:
        service = web.odr(connection)
        device = connection.headers.get("user-agent", "")[:120]
        found = await service.db.look(actor_of, token, web.client_ip(connection), device)
        actor, seen = found if found is not None else (None, None)
        if actor is not None and (mark := device_mark_of(connection)):
            actor = replace(actor, device_mark=mark)
        if actor is not None and seen is not None and seen < clock.steady() - _TOUCH_AFTER:
            async with service.db.write() as session:
                await session.execute(update(Login).where(Login.id == actor.login_id).values(seen_at=clock.steady()))
    connection.state.actor = actor
    return actor


async def _need_actor(connection: HTTPConnection, actor: Annotated[Actor | None, Depends(find_actor)]) -> Actor:
    if actor is None:
        raise SignInNeeded()
    # Two people share a browser: a page of the first must not act, or read, as the second who has signed in since.
    if connection.headers.get(MADE_FOR, actor.pid) != actor.pid:
        raise SignInNeeded(code="another_person")
    return actor


async def _need_staff(actor: Annotated[Actor, Depends(_need_actor)]) -> Actor:
    if not actor.staff:
        raise NotFound()
    return actor


MaybeActor = Annotated[Actor | None, Depends(find_actor)]
SignedIn = Annotated[Actor, Depends(_need_actor)]
Staff = Annotated[Actor, Depends(_need_staff)]


def need_role(actor: Actor, *roles: Role) -> None:
    """Raises NotFound for residents (the page does not exist for them), Forbidden for other staff."""
    if any(actor.has_role(role) for role in roles):
        return
    raise Forbidden() if actor.staff else NotFound()


async def own_login(session: AsyncSession, actor: Actor, pid: str) -> Login:
    """The door of a signed-in device: its owner alone. Raises NotFound."""
    login = await session.scalar(select(Login).where(Login.pid == pid, Login.person_id == actor.person_id))
    if login is None or login.ended_at is not None:
        raise NotFound()
    return login


def need_admin(actor: Actor) -> None:
    """The door of everything under /admin. Raises NotFound for residents, Forbidden for other staff."""
    need_role(actor, Role.SYSTEM_ADMIN)


def need_voucher(actor: Actor) -> None:
    """The door: mediators and clerks."""
    need_role(actor, Role.MEDIATOR, Role.BODY_CLERK, Role.CENTRE_CLERK)
