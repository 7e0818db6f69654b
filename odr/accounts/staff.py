"""Staff: their roles, and accounts that are locked. Every act is in the ledger."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts import people
from odr.accounts.logins import end_logins_of
from odr.accounts.models import BODIES, Credential, Grant, IdentityLevel, Person, Role
from odr.audit import service as audit
from odr.audit.who import Who
from odr.core import clock
from odr.core.db import poke
from odr.core.errors import Conflict, Forbidden, Invalid, NotFound
from odr.core.i18n import _

CITY_ROLES = frozenset({Role.AUDITOR, Role.SYSTEM_ADMIN})


async def create_staff(
    session: AsyncSession,
    who: Who,
    name: str,
    phone: str,
    login_name: str,
    password_hash: str,
    totp_secret: str,
    grants: Iterable[tuple[Role, int | None]],
) -> Person:
    """A person who signs in with a password and a code, with these roles (role, internal id of the body or None).

    `phone` and `name` are normalised. Raises Invalid for a taken login name or a phone that has credentials already.
    """
    person = await people.find_or_create(session, phone, who=who)
    if await session.get(Credential, person.id) is not None:
        raise Invalid({"phone": _("这个手机号已经有工作人员账户了。")})
    if person.identity_level == IdentityLevel.PHONE or not person.name:
        person.name = name
    try:
        async with session.begin_nested():
            session.add(
                Credential(
                    person_id=person.id,
                    login_name=login_name.lower(),
                    password_hash=password_hash,
                    totp_secret=totp_secret,
                )
            )
    except IntegrityError:
        raise Invalid({"login_name": _("这个登录名已经有人用了，请换一个。")}) from None
    await audit.record(session, who, "person:staff:created", "person", person.pid)
    for role, body_id in grants:
        await grant(session, who, person, role, body_id)
    return person


async def grant(session: AsyncSession, who: Who, person: Person, role: Role | str, body_id: int | None) -> Grant:
    """Give a role, for a body where it has one. Given twice it is one. Raises Invalid, Forbidden, Conflict."""
    try:
        role = Role(role)
    except ValueError:
        raise Invalid({"role": _("请从给出的选项里选一个。")}) from None
    if role is Role.RESIDENT:
        raise Invalid({"role": _("每个人都是居民，不用授权。")})
    if (role in CITY_ROLES) != (body_id is None):
        say = _("这个角色面向全市，不用选组织。") if role in CITY_ROLES else _("请选择在哪个组织任职。")
        raise Invalid({"body": say})
    if who.person_id == person.id:
        raise Forbidden(_("不能给自己授权。请另一位系统管理员来做。"), code="self")
    await session.refresh(person, with_for_update=True)  # two admins in the same moment give one grant
    held = list(await session.scalars(_open_grants(person.id)))
    # 等保 2.0, three separate officers: who runs the service must not be who audits it.
    if role in CITY_ROLES and any(row.role in CITY_ROLES - {role} for row in held):
        raise Conflict(_("系统管理员和审计员不能是同一个人。"), code="separate_officers")
    if (same := next((row for row in held if (row.role, row.body_id) == (role, body_id)), None)) is not None:
        return same
    row = Grant(person_id=person.id, role=role, body_id=body_id, granted_by=who.person_id)
    session.add(row)
    detail = {"role": str(role), "body": await _body_pid(session, body_id)}
    await audit.record(session, who, "grant:role:given", "person", person.pid, detail)
    poke(session, "logins", f"person:{person.pid}")
    return row


GrantEnded = Callable[[AsyncSession, Person], Awaitable[None]]
_told: list[GrantEnded] = []


def when_grant_ended(listener: GrantEnded) -> GrantEnded:
    """Register who has to know, in the same transaction, that somebody lost a role."""
    _told.append(listener)
    return listener


async def end_grant(session: AsyncSession, who: Who, person: Person, role: Role | str, body_id: int | None) -> None:
    """Take a role away, at once, live sockets included. Raises NotFound, Conflict for the last system admin."""
    query = _open_grants(person.id).where(Grant.role == role, Grant.body_id.is_not_distinct_from(body_id))
    row = await session.scalar(query.with_for_update())
    if row is None:
        raise NotFound()
    if row.role == Role.SYSTEM_ADMIN:
        await _need_another_admin(session, person.id)
    row.ended_at = clock.now()
    await session.flush()
    for listener in _told:  # before the ledger: who listens locks rooms, and the ledger's lock is the last of all
        await listener(session, person)
    detail = {"role": row.role, "body": await _body_pid(session, body_id)}
    await audit.record(session, who, "grant:role:ended", "person", person.pid, detail)
    poke(session, "logins", f"person:{person.pid}")


def _open_grants(person_id: int) -> Select[Grant]:
    return select(Grant).where(Grant.person_id == person_id, Grant.ended_at.is_(None)).order_by(Grant.id)


async def _need_another_admin(session: AsyncSession, person_id: int) -> None:
    # Locked, so that the last two cannot end each other in the same moment.
    others = await session.scalars(
        select(Grant)
        .join(Person, Person.id == Grant.person_id)
        .where(
            Grant.role == Role.SYSTEM_ADMIN,
            Grant.ended_at.is_(None),
            Person.locked_at.is_(None),
        )
        .with_for_update(of=Grant)
    )
    if all(row.person_id == person_id for row in others):
        raise Conflict(_("这是最后一位系统管理员。请先任命另一位。"), code="last_admin")


async def _body_pid(session: AsyncSession, body_id: int | None) -> str | None:
    if body_id is None:
        return None
    return await session.scalar(select(BODIES.c.pid).where(BODIES.c.id == body_id))


async def lock(session: AsyncSession, who: Who, person: Person) -> None:
    """Lock an account: every login of it ends, and none can be opened. Raises Forbidden for oneself, Conflict."""
    if who.person_id == person.id:
        raise Forbidden(_("不能停用自己的账户。请另一位系统管理员来做。"), code="self")
    if person.locked_at is not None:
        return
    if any(row.role == Role.SYSTEM_ADMIN for row in await session.scalars(_open_grants(person.id))):
        await _need_another_admin(session, person.id)
    person.locked_at = clock.now()
    await audit.record(session, who, "person:account:locked", "person", person.pid)
    await end_logins_of(session, who, person.id, "locked")
    poke(session, "logins", f"person:{person.pid}")


async def unlock(session: AsyncSession, who: Who, person: Person) -> None:
    """Open a locked account again; its devices have to sign in anew."""
    if person.locked_at is not None:
        person.locked_at = None
        await audit.record(session, who, "person:account:unlocked", "person", person.pid)


@dataclass(frozen=True)
class Held:
    """A role somebody holds, as it is shown."""

    role: Role
    body_pid: str | None
    body_name: str | None


@dataclass(frozen=True)
class StaffMember:
    """A person as the system admin sees them."""

    person: Person
    login_name: str | None
    held: tuple[Held, ...]


async def staff_list(session: AsyncSession, query: str = "") -> list[StaffMember]:
    """Everybody with credentials, by login name; `query` is a part of the name or login name."""
    rows = select(Person, Credential.login_name).join(Credential, Credential.person_id == Person.id)
    if query:
        rows = rows.where(
            Person.name.contains(query, autoescape=True)
            | Credential.login_name.contains(query.lower(), autoescape=True)
        )
    found = (await session.execute(rows.order_by(Credential.login_name))).all()
    held = await _held_by(session, [person.id for person, _name in found])
    return [StaffMember(person, name, tuple(held.get(person.id, ()))) for person, name in found]


async def staff_member(session: AsyncSession, pid: str) -> StaffMember:
    """One person, staff or not. Raises NotFound."""
    person = await person_by_pid(session, pid)
    login_name = await session.scalar(select(Credential.login_name).where(Credential.person_id == person.id))
    held = await _held_by(session, [person.id])
    return StaffMember(person, login_name, tuple(held.get(person.id, ())))


async def held_by(session: AsyncSession, person_id: int) -> Sequence[Held]:
    """The roles a person holds now."""
    return (await _held_by(session, [person_id])).get(person_id, [])


async def _held_by(session: AsyncSession, person_ids: list[int]) -> dict[int, list[Held]]:
    rows = await session.execute(
        select(Grant.person_id, Grant.role, BODIES.c.pid, BODIES.c.name)
        .outerjoin(BODIES, BODIES.c.id == Grant.body_id)
        .where(Grant.person_id.in_(person_ids), Grant.ended_at.is_(None))
        .order_by(Grant.id)
    )
    found: dict[int, list[Held]] = {}
    for person_id, role, body_pid, body_name in rows:
        found.setdefault(person_id, []).append(Held(Role(role), body_pid, body_name))
    return found


async def person_by_pid(session: AsyncSession, pid: str) -> Person:
    """Raises NotFound."""
    person = await session.scalar(select(Person).where(Person.pid == pid))
    if person is None:
        raise NotFound()
    return person


async def body_choices(session: AsyncSession) -> list[tuple[str, str]]:
    """Public id and name of every active body."""
    rows = await session.execute(select(BODIES.c.pid, BODIES.c.name).where(BODIES.c.active).order_by(BODIES.c.name))
    return [(pid, name) for pid, name in rows]


async def body_id_of(session: AsyncSession, pid: str | None) -> int | None:
    """The internal id of a body. Raises Invalid when there is none with this public id."""
    if not pid:
        return None
    found: int | None = await session.scalar(select(BODIES.c.id).where(BODIES.c.pid == pid))
    if found is None:
        raise Invalid({"body": _("请从给出的选项里选一个。")})
    return found
