"""My account: who I am here, where I am signed in, and how to leave."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from odr.accounts import service
from odr.accounts.access import Actor, SignedIn, Staff, own_login
from odr.accounts.edge import done, forget_login, set_password, show
from odr.accounts.identity import mask_id_no, mask_phone
from odr.accounts.labels import device_name, identity_label, role_label
from odr.accounts.models import IdentityLevel, Person
from odr.accounts.schemas import AddressGiven, NameGiven, PasswordChange, RealName
from odr.core import forms, web
from odr.core.errors import Conflict, Invalid, OdrError, TooMany
from odr.core.i18n import _

router = APIRouter()


async def _person(request: Request, actor: Actor) -> Person:
    async with web.read(request) as session:
        return await session.get_one(Person, actor.person_id)


@router.get("/me")
async def page(request: Request, actor: SignedIn) -> Response:
    async with web.read(request) as session:
        person = await session.get_one(Person, actor.person_id)
        logins = await service.logins_of(session, actor.person_id)
        held = await service.held_by(session, actor.person_id)
    return show(
        request,
        "accounts/me.html",
        person=person,
        phone=mask_phone(service.phone_of(person) or ""),
        id_no=mask_id_no(person.id_no) if person.id_no else "",
        identity=identity_label(person.identity_level),
        checked=person.identity_level != IdentityLevel.PHONE,
        logins=[(login, device_name(login.device), login.id == actor.login_id) for login in logins],
        roles=[(role_label(one.role), one.body_name) for one in held],
    )


@router.get("/me/name")
async def name_page(request: Request, actor: SignedIn) -> Response:
    person = await _person(request, actor)
    return show(request, "accounts/name.html", values={"name": person.name})


@router.post("/me/name")
async def change_name(request: Request, actor: SignedIn) -> Response:
    form = await forms.read(request)
    try:
        given = form.parse(NameGiven)
        async with web.write(request) as session:
            person = await session.get_one(Person, actor.person_id)
            await service.change_name(session, actor, person, given.name)
    except (Invalid, Conflict) as wrong:
        return _again(request, "accounts/name.html", form, wrong, "name")
    return done(request, "/me", _("称呼已经保存。"))


@router.get("/me/identity")
async def identity_page(request: Request, actor: SignedIn) -> Response:
    person = await _person(request, actor)
    return show(request, "accounts/identity.html", values={"name": person.name})


@router.post("/me/identity")
async def prove_identity(request: Request, actor: SignedIn) -> Response:
    form = await forms.read(request)
    try:
        given = form.parse(RealName)
        method = await service.check_real_name(web.odr(request).settings, given.name, given.id_no)
        async with web.write(request) as session:
            person = await session.get_one(Person, actor.person_id)
            await service.prove_identity(session, actor, person, given.name, given.id_no, method=method)
    except (Invalid, Conflict) as wrong:
        return _again(request, "accounts/identity.html", form, wrong, "id_no")
    return done(request, "/me", _("实名核验已经完成。"))


@router.get("/me/address")
async def address_page(request: Request, actor: SignedIn) -> Response:
    person = await _person(request, actor)
    return show(request, "accounts/address.html", values={"address": person.address or ""})


@router.post("/me/address")
async def change_address(request: Request, actor: SignedIn) -> Response:
    form = await forms.read(request)
    try:
        given = form.parse(AddressGiven)
        async with web.write(request) as session:
            person = await session.get_one(Person, actor.person_id)
            await service.change_address(session, actor, person, given.address)
    except Invalid as wrong:
        return _again(request, "accounts/address.html", form, wrong, "address")
    return done(request, "/me", _("地址已经保存。"))


@router.get("/me/password")
async def password_page(request: Request, actor: Staff) -> Response:
    return show(request, "accounts/password.html")


@router.post("/me/password")
async def change_password(request: Request, actor: Staff) -> Response:
    form = await forms.read(request)
    try:
        await set_password(request, actor, form.parse(PasswordChange))
    except (Invalid, TooMany) as wrong:
        return _again(request, "accounts/password.html", form, wrong, "old")
    return done(request, "/me", _("密码已经修改，其他设备已经退出。"))


@router.post("/me/logins/{pid}/end")
async def end_login(request: Request, pid: str, actor: SignedIn) -> Response:
    """Sign one of my devices out, at once."""
    await forms.read(request)
    async with web.write(request) as session:
        login = await own_login(session, actor, pid)
        await service.end_login(session, actor, login.id, "revoked")
    if login.id == actor.login_id:
        response = done(request, "/", _("您已经退出登录。"))
        forget_login(response)
        return response
    return done(request, "/me", _("那台设备已经退出。"))


def _again(request: Request, template: str, form: forms.Form, error: OdrError, field: str) -> Response:
    errors = error.fields if isinstance(error, Invalid) and error.fields else {field: error.say}
    return show(request, template, status=error.status, errors=errors, values=form.values)
