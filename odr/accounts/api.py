"""accounts: JSON routes."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts import service
from odr.accounts.access import Actor, SignedIn, Staff, need_admin, need_voucher, own_login
from odr.accounts.edge import (
    create_staff,
    send_login_code,
    set_password,
    sign_in_by_code,
    sign_in_staff,
    vouch,
)
from odr.accounts.identity import mask_phone
from odr.accounts.labels import device_name
from odr.accounts.models import Login, Person
from odr.accounts.schemas import (
    AddressGiven,
    CodeLogin,
    CodeRequest,
    NameGiven,
    NewGrant,
    NewKey,
    NewStaff,
    PasswordChange,
    RealName,
    StaffLogin,
    Vouched,
)
from odr.core import web
from odr.core.errors import Conflict
from odr.core.i18n import _

router = APIRouter(prefix="/api/v1", tags=["accounts"])


# --- logins ---------------------------------------------------------------------------------------------------------


@router.post("/logins/codes", status_code=202)
async def ask_for_code(request: Request, given: CodeRequest) -> dict[str, int]:
    """Send a code to sign in with. The answer is the same for a known and an unknown number."""
    await send_login_code(request, given.phone)
    return {
        "expires_in": int(service.LIFE.total_seconds()),
        "again_in": int(service.RESEND_AFTER.total_seconds()),
    }


@router.post("/logins", status_code=201)
async def sign_in(request: Request, given: CodeLogin) -> dict[str, Any]:
    """Sign a resident in; send the token as `Authorization: Bearer …`."""
    return _opened(*await sign_in_by_code(request, given))


@router.post("/logins/staff", status_code=201)
async def sign_in_as_staff(request: Request, given: StaffLogin) -> dict[str, Any]:
    """Sign a member of staff in, with password and code of the moment."""
    return _opened(*await sign_in_staff(request, given))


def _opened(person: Person, login: Login, token: str) -> dict[str, Any]:
    return {
        "token": token,
        "expires_at": login.expires_at,
        "person": {"id": person.pid, "name": person.name, "identity_level": person.identity_level},
        "login": {"id": login.pid, "staff": login.staff},
    }


@router.get("/logins")
async def list_logins(session: web.Read, actor: SignedIn) -> dict[str, Any]:
    """The devices I am signed in on."""
    logins = await service.logins_of(session, actor.person_id)
    return {"logins": [_device(login, actor) for login in logins]}


def _device(login: Login, actor: Actor) -> dict[str, str | bool | datetime]:
    return {
        "id": login.pid,
        "device": device_name(login.device),
        "staff": login.staff,
        "current": login.id == actor.login_id,
        "created_at": login.created_at,
        "seen_at": login.seen_at,
        "expires_at": login.expires_at,
    }


@router.delete("/logins/current", status_code=204, response_class=Response)
async def sign_out(session: web.Write, actor: SignedIn) -> None:
    """Sign this device out."""
    await service.end_login(session, actor, actor.login_id, "signed_out")


@router.delete("/logins/{pid}", status_code=204, response_class=Response)
async def end_login(session: web.Write, actor: SignedIn, pid: str) -> None:
    """Sign one of my devices out, at once."""
    login = await own_login(session, actor, pid)
    await service.end_login(session, actor, login.id, "revoked")


# --- me -------------------------------------------------------------------------------------------------------------


@router.get("/me")
async def me(session: web.Read, actor: SignedIn) -> dict[str, Any]:
    return await _me(session, actor)


async def _me(session: AsyncSession, actor: Actor) -> dict[str, Any]:
    person = await session.get_one(Person, actor.person_id)
    login = await session.get_one(Login, actor.login_id)
    phone = service.phone_of(person)
    return {
        "id": person.pid,
        "name": person.name,
        "phone": mask_phone(phone) if phone else None,
        "address": person.address,
        "identity_level": person.identity_level,
        "staff": actor.staff,
        # Roles work in a staff login only; a resident's login shows none.
        "roles": await _roles(session, person) if actor.staff else [],
        "login": {"id": login.pid, "expires_at": login.expires_at},
    }


async def _roles(session: AsyncSession, person: Person) -> list[dict[str, Any]]:
    return [
        {"role": one.role, "body": {"id": one.body_pid, "name": one.body_name} if one.body_pid else None}
        for one in await service.held_by(session, person.id)
    ]


@router.put("/me/name")
async def change_name(session: web.Write, actor: SignedIn, given: NameGiven) -> dict[str, Any]:
    person = await session.get_one(Person, actor.person_id)
    await service.change_name(session, actor, person, given.name)
    return await _me(session, actor)


@router.put("/me/address")
async def change_address(session: web.Write, actor: SignedIn, given: AddressGiven) -> dict[str, Any]:
    person = await session.get_one(Person, actor.person_id)
    await service.change_address(session, actor, person, given.address)
    return await _me(session, actor)


@router.post("/me/identity")
async def prove_identity(request: Request, actor: SignedIn, given: RealName) -> dict[str, Any]:
    """The real-name check: name and id number."""
    method = await service.check_real_name(web.odr(request).settings, given.name, given.id_no)
    async with web.write(request) as session:
        person = await session.get_one(Person, actor.person_id)
        await service.prove_identity(session, actor, person, given.name, given.id_no, method=method)
        return await _me(session, actor)


@router.put("/me/password", status_code=204, response_class=Response)
async def change_password(request: Request, actor: Staff, given: PasswordChange) -> None:
    """Change my password; my other staff logins end."""
    await set_password(request, actor, given)


# --- vouching -------------------------------------------------------------------------------------------------------


@router.post("/vouchings", status_code=201)
async def vouch_for(request: Request, actor: Staff, given: Vouched) -> dict[str, Any]:
    """A mediator or clerk saw this person and the identity paper."""
    need_voucher(actor)
    person = await vouch(request, actor, given)
    return {"person": {"id": person.pid, "identity_level": person.identity_level}}


# --- the system admin -----------------------------------------------------------------------------------------------


@router.get("/people")
async def list_staff(session: web.Read, actor: Staff, q: str = "") -> dict[str, Any]:
    """Everybody with a staff account."""
    need_admin(actor)
    return {"people": [_member(member) for member in await service.staff_list(session, q.strip()[:50])]}


def _member(member: service.StaffMember) -> dict[str, Any]:
    return {
        "id": member.person.pid,
        "name": member.person.name,
        "login_name": member.login_name,
        "locked": member.person.locked_at is not None,
        "roles": [{"role": one.role, "body": one.body_pid} for one in member.held],
    }


@router.post("/people", status_code=201)
async def new_staff(request: Request, actor: Staff, given: NewStaff) -> dict[str, Any]:
    """A staff account. Password and TOTP secret are in this answer and never again."""
    need_admin(actor)
    pid, secrets = await create_staff(request, actor, given)
    return {"person": {"id": pid, "name": given.name}, **secrets}


@router.post("/people/{pid}/grants", status_code=201)
async def give_role(session: web.Write, actor: Staff, pid: str, given: NewGrant) -> dict[str, Any]:
    need_admin(actor)
    member = await service.staff_member(session, pid)
    if member.login_name is None:
        raise Conflict(_("这个人还没有工作人员账户。请先新建账户。"))
    await service.grant(session, actor, member.person, given.role, await service.body_id_of(session, given.body))
    return _member(await service.staff_member(session, pid))


@router.delete("/people/{pid}/grants", status_code=204, response_class=Response)
async def end_role(session: web.Write, actor: Staff, pid: str, role: str, body: str | None = None) -> None:
    """Take a role away, at once: `?role=mediator&body=<id>`."""
    need_admin(actor)
    person = await service.person_by_pid(session, pid)
    await service.end_grant(session, actor, person, role, await service.body_id_of(session, body))


@router.put("/people/{pid}/lock", status_code=204, response_class=Response)
async def lock(session: web.Write, actor: Staff, pid: str) -> None:
    """Lock an account: all its logins end, none can be opened."""
    need_admin(actor)
    await service.lock(session, actor, await service.person_by_pid(session, pid))


@router.delete("/people/{pid}/lock", status_code=204, response_class=Response)
async def unlock(session: web.Write, actor: Staff, pid: str) -> None:
    need_admin(actor)
    await service.unlock(session, actor, await service.person_by_pid(session, pid))


@router.post("/people/{pid}/password", status_code=201)
async def reset_password(request: Request, actor: Staff, pid: str) -> dict[str, str]:
    """A new password for a member of staff, whose logins end. It is in this answer and never again."""
    need_admin(actor)
    password = service.new_password()
    hashed = await service.hash_password(password)
    async with web.write(request) as session:
        member = await service.staff_member(session, pid)
        await service.change_password(session, actor, member.person.id, hashed)
    return {"login_name": member.login_name or "", "password": password}


@router.post("/people/{pid}/totp", status_code=201)
async def reset_totp(session: web.Write, actor: Staff, pid: str) -> dict[str, str]:
    """A new TOTP secret, likewise."""
    need_admin(actor)
    member = await service.staff_member(session, pid)
    secret = await service.reset_totp(session, actor, member.person)
    login_name = member.login_name or ""
    return {"login_name": login_name, "secret": secret, "totp": service.totp_address(login_name, secret)}


@router.delete("/people/{pid}/logins")
async def end_logins(session: web.Write, actor: Staff, pid: str) -> dict[str, int]:
    """Sign somebody out everywhere, at once; one's own device of the moment stays."""
    need_admin(actor)
    person = await service.person_by_pid(session, pid)
    return {"ended": await service.end_logins_of(session, actor, person.id, "revoked", but=actor.login_id)}


@router.get("/api-keys")
async def list_keys(session: web.Read, actor: Staff) -> dict[str, Any]:
    need_admin(actor)
    found = await service.keys(session)
    return {
        "keys": [
            {"id": k.pid, "name": k.name, "scope": k.scope, "created_at": k.created_at, "ended_at": k.ended_at}
            for k in found
        ]
    }


@router.post("/api-keys", status_code=201)
async def new_key(session: web.Write, actor: Staff, given: NewKey) -> dict[str, str]:
    """A key for a machine. Its text is in this answer and never again."""
    need_admin(actor)
    key, text = await service.create_key(session, actor, given.name, given.scope)
    return {"id": key.pid, "name": key.name, "scope": key.scope, "key": text}


@router.delete("/api-keys/{pid}", status_code=204, response_class=Response)
async def end_key(session: web.Write, actor: Staff, pid: str) -> None:
    need_admin(actor)
    await service.end_key(session, actor, pid)
