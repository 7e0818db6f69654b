"""For the system admin: staff and their roles, locked accounts, keys of machines."""

from typing import Any

import segno
from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from odr.accounts import carried, service
from odr.accounts.access import Actor, Staff, need_admin
from odr.accounts.edge import create_staff, done, show
from odr.accounts.identity import mask_phone
from odr.accounts.labels import identity_label, role_choices, role_label
from odr.accounts.schemas import CodeRequest, NewGrant, NewKey, NewStaff
from odr.core import forms, web
from odr.core.errors import Conflict, Forbidden, Invalid, OdrError
from odr.core.i18n import _

router = APIRouter()

# Shown once: it travels to the next page in a sealed cookie, and is dropped as it is shown.
_ONCE = "odr_once"
_Refusals = (Invalid, Conflict, Forbidden)


def _errors(error: OdrError, field: str = "form") -> dict[str, str]:
    return error.fields if isinstance(error, Invalid) and error.fields else {field: error.say}


def _hand_over(request: Request, path: str, secrets: dict[str, str]) -> Response:
    response = web.see_other(path)
    carried.carry(request, response, _ONCE, secrets, path="/admin", seconds=120)
    return response


def _show_once(request: Request, name: str, /, *, status: int = 200, **context: Any) -> Response:
    once = carried.carried(request, _ONCE)
    secrets: dict[str, str] = once if isinstance(once, dict) else {}
    if "totp" in secrets:
        drawn = segno.make(secrets["totp"], error="m").svg_inline(omitsize=True, border=0)
        context["qr"] = Markup(drawn)  # noqa: S704 - drawn here from our own address, all of it paths
    page = show(request, name, status=status, once=secrets, **context)
    if once:
        carried.drop(page, _ONCE, path="/admin")
    return page


# --- people ---------------------------------------------------------------------------------------------------------


@router.get("/admin/people")
async def people(request: Request, actor: Staff, q: str = "") -> Response:
    need_admin(actor)
    async with web.read(request) as session:
        found = await service.staff_list(session, q.strip()[:50])
    return show(request, "accounts/people.html", members=found, q=q, role_label=role_label)


@router.post("/admin/people/search")
async def find_by_phone(request: Request, actor: Staff) -> Response:
    """Anybody by phone, residents too. By POST: a phone number in an address would end up in logs."""
    need_admin(actor)
    form = await forms.read(request)
    try:
        phone = form.parse(CodeRequest).phone
        async with web.read(request) as session:
            person = await service.by_phone(session, phone)
        if person is None:
            raise Invalid({"phone": _("没有人用这个手机号登录过。")})
    except Invalid as wrong:
        async with web.read(request) as session:
            found = await service.staff_list(session)
        context = {"members": found, "q": "", "role_label": role_label}
        return show(request, "accounts/people.html", status=422, errors=_errors(wrong), values=form.values, **context)
    return web.see_other(f"/admin/people/{person.pid}")


async def _new_page(
    request: Request, *, status: int = 200, errors: dict[str, str] | None = None, values: dict[str, str] | None = None
) -> Response:
    async with web.read(request) as session:
        bodies = await service.body_choices(session)
    choices = {"roles": role_choices(), "bodies": bodies}
    return show(request, "accounts/new_staff.html", status=status, errors=errors or {}, values=values or {}, **choices)


@router.get("/admin/people/new")
async def new_staff_page(request: Request, actor: Staff) -> Response:
    need_admin(actor)
    return await _new_page(request)


@router.post("/admin/people/new")
async def new_staff(request: Request, actor: Staff) -> Response:
    need_admin(actor)
    form = await forms.read(request)
    try:
        pid, secrets = await create_staff(request, actor, form.parse(NewStaff))
    except _Refusals as wrong:
        return await _new_page(request, status=wrong.status, errors=_errors(wrong), values=form.values)
    return _hand_over(request, f"/admin/people/{pid}", secrets)


async def _person_page(
    request: Request,
    actor: Actor,
    pid: str,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    values: dict[str, str] | None = None,
) -> Response:
    async with web.read(request) as session:
        member = await service.staff_member(session, pid)
        logins = await service.logins_of(session, member.person.id)
        bodies = await service.body_choices(session)
    return _show_once(
        request,
        "accounts/person.html",
        status=status,
        errors=errors or {},
        values=values or {},
        member=member,
        phone=mask_phone(service.phone_of(member.person) or ""),
        identity=identity_label(member.person.identity_level),
        held=[(one, role_label(one.role)) for one in member.held],
        logins=len(logins),
        myself=member.person.id == actor.person_id,
        roles=role_choices(),
        bodies=bodies,
    )


@router.get("/admin/people/{pid}")
async def person_page(request: Request, pid: str, actor: Staff) -> Response:
    need_admin(actor)
    return await _person_page(request, actor, pid)


@router.post("/admin/people/{pid}/grants")
async def give_role(request: Request, pid: str, actor: Staff) -> Response:
    need_admin(actor)
    form = await forms.read(request)
    try:
        given = form.parse(NewGrant)
        async with web.write(request) as session:
            member = await service.staff_member(session, pid)
            if member.login_name is None:
                raise Conflict(_("这个人还没有工作人员账户。请先新建账户。"))
            await service.grant(
                session, actor, member.person, given.role, await service.body_id_of(session, given.body)
            )
    except _Refusals as wrong:
        return await _person_page(
            request, actor, pid, status=wrong.status, errors=_errors(wrong, "role"), values=form.values
        )
    return done(request, f"/admin/people/{pid}", _("角色已经授予，立即生效。"))


@router.post("/admin/people/{pid}/grants/end")
async def end_role(request: Request, pid: str, actor: Staff) -> Response:
    need_admin(actor)
    form = await forms.read(request)
    try:
        given = form.parse(NewGrant)
        async with web.write(request) as session:
            person = await service.person_by_pid(session, pid)
            body_id = await service.body_id_of(session, given.body)
            await service.end_grant(session, actor, person, given.role, body_id)
    except _Refusals as wrong:
        return await _person_page(request, actor, pid, status=wrong.status, errors=_errors(wrong))
    return done(request, f"/admin/people/{pid}", _("角色已经收回，立即生效。"))


@router.post("/admin/people/{pid}/password")
async def reset_password(request: Request, pid: str, actor: Staff) -> Response:
    need_admin(actor)
    await forms.read(request)
    password = service.new_password()
    hashed = await service.hash_password(password)
    async with web.write(request) as session:
        member = await service.staff_member(session, pid)
        await service.change_password(session, actor, member.person.id, hashed)
    secrets = {"login_name": member.login_name or "", "password": password}
    return _hand_over(request, f"/admin/people/{pid}", secrets)


@router.post("/admin/people/{pid}/totp")
async def reset_totp(request: Request, pid: str, actor: Staff) -> Response:
    need_admin(actor)
    await forms.read(request)
    async with web.write(request) as session:
        member = await service.staff_member(session, pid)
        secret = await service.reset_totp(session, actor, member.person)
    login_name = member.login_name or ""
    secrets = {"login_name": login_name, "secret": secret, "totp": service.totp_address(login_name, secret)}
    return _hand_over(request, f"/admin/people/{pid}", secrets)


@router.post("/admin/people/{pid}/lock")
async def lock(request: Request, pid: str, actor: Staff) -> Response:
    need_admin(actor)
    await forms.read(request)
    try:
        async with web.write(request) as session:
            await service.lock(session, actor, await service.person_by_pid(session, pid))
    except _Refusals as wrong:
        return await _person_page(request, actor, pid, status=wrong.status, errors=_errors(wrong))
    return done(request, f"/admin/people/{pid}", _("账户已经停用，所有设备已经退出。"))


@router.post("/admin/people/{pid}/unlock")
async def unlock(request: Request, pid: str, actor: Staff) -> Response:
    need_admin(actor)
    await forms.read(request)
    async with web.write(request) as session:
        await service.unlock(session, actor, await service.person_by_pid(session, pid))
    return done(request, f"/admin/people/{pid}", _("账户已经恢复，可以重新登录。"))


@router.post("/admin/people/{pid}/logins/end")
async def end_logins(request: Request, pid: str, actor: Staff) -> Response:
    need_admin(actor)
    await forms.read(request)
    async with web.write(request) as session:
        person = await service.person_by_pid(session, pid)
        ended = await service.end_logins_of(session, actor, person.id, "revoked", but=actor.login_id)
    return done(request, f"/admin/people/{pid}", _("已经退出 %(n)s 台设备。", n=ended))


# --- keys -----------------------------------------------------------------------------------------------------------


async def _keys_page(
    request: Request, *, status: int = 200, errors: dict[str, str] | None = None, values: dict[str, str] | None = None
) -> Response:
    async with web.read(request) as session:
        found = await service.keys(session)
    context = {"keys": found, "scopes": [("hotline", _("推送热线工单")), ("court", _("法院报回司法确认的结果"))]}
    return _show_once(request, "accounts/keys.html", status=status, errors=errors or {}, values=values or {}, **context)


@router.get("/admin/keys")
async def keys_page(request: Request, actor: Staff) -> Response:
    need_admin(actor)
    return await _keys_page(request)


@router.post("/admin/keys")
async def new_key(request: Request, actor: Staff) -> Response:
    need_admin(actor)
    form = await forms.read(request)
    try:
        given = form.parse(NewKey)
        async with web.write(request) as session:
            key, text = await service.create_key(session, actor, given.name, given.scope)
    except Invalid as wrong:
        return await _keys_page(request, status=422, errors=_errors(wrong), values=form.values)
    return _hand_over(request, "/admin/keys", {"key": text, "name": key.name})


@router.post("/admin/keys/{pid}/end")
async def end_key(request: Request, pid: str, actor: Staff) -> Response:
    need_admin(actor)
    await forms.read(request)
    async with web.write(request) as session:
        await service.end_key(session, actor, pid)
    return done(request, "/admin/keys", _("密钥已经停用，立即生效。"))
