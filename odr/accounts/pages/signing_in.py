"""Signing in: residents by phone and code, staff by password and code of the moment. Signing out."""

from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from odr.accounts import carried, service
from odr.accounts.access import MaybeActor
from odr.accounts.edge import (
    done,
    forget_login,
    keep_login,
    local_path,
    send_login_code,
    show,
    sign_in_by_code,
    sign_in_staff,
)
from odr.accounts.identity import mask_phone
from odr.accounts.schemas import CodeGiven, CodeLogin, CodeRequest, StaffLogin
from odr.core import forms, web
from odr.core.errors import Expired, Forbidden, Invalid, OdrError, TooMany
from odr.core.i18n import _

router = APIRouter()

_PHONE = "odr_phone"
_PHONE_KEPT = 15 * 60


def _next(request: Request, default: str) -> str:
    return local_path(request.query_params.get("next"), default)


def _with_next(request: Request, path: str) -> str:
    wanted = _next(request, "")
    return f"{path}?{urlencode({'next': wanted})}" if wanted else path


def _refused(error: OdrError, field: str) -> dict[str, str]:
    return error.fields if isinstance(error, Invalid) and error.fields else {field: error.say}


@router.get("/login")
async def phone_page(request: Request, actor: MaybeActor) -> Response:
    if actor is not None:
        return web.see_other(_next(request, "/"))
    return show(request, "accounts/login.html", staff_href=_with_next(request, "/login/staff"))


@router.post("/login")
async def ask_for_code(request: Request) -> Response:
    """Send a code. Somebody who comes back within the minute finds the field for the one already sent."""
    form = await forms.read(request)
    response = web.see_other(_with_next(request, "/login/code"))
    try:
        phone = form.parse(CodeRequest).phone
        carried.carry(request, response, _PHONE, phone, path="/login", seconds=_PHONE_KEPT)
        await send_login_code(request, phone)
    except TooMany as early:
        if early.code == "code_sent":
            return response
        return _phone_again(request, form, early)
    except Invalid as wrong:
        return _phone_again(request, form, wrong)
    return response


def _phone_again(request: Request, form: forms.Form, error: OdrError) -> Response:
    staff_href = _with_next(request, "/login/staff")
    errors = _refused(error, "phone")
    return show(
        request, "accounts/login.html", status=error.status, errors=errors, values=form.values, staff_href=staff_href
    )


def _carried_phone(request: Request) -> str | None:
    phone = carried.carried(request, _PHONE)
    return phone if isinstance(phone, str) else None


def _code_page(request: Request, phone: str, *, error: OdrError | None = None, code: str = "") -> Response:
    return show(
        request,
        "accounts/code.html",
        status=error.status if error else 200,
        errors=_refused(error, "code") if error else {},
        values={"code": code},
        phone=mask_phone(phone),
        wait=int(service.RESEND_AFTER.total_seconds()),
        back=_with_next(request, "/login"),
        again=_with_next(request, "/login/code/again"),
    )


@router.get("/login/code")
async def code_page(request: Request, actor: MaybeActor) -> Response:
    phone = _carried_phone(request)
    return _code_page(request, phone) if phone else web.see_other(_with_next(request, "/login"))


@router.post("/login/code")
async def sign_in(request: Request) -> Response:
    form = await forms.read(request)
    phone = _carried_phone(request)
    if phone is None:
        say = _("离开得有点久了。请再填一次手机号码，重新收一个验证码。")
        return done(request, _with_next(request, "/login"), say, tone="attention")
    try:
        given = CodeLogin(phone=phone, code=form.parse(CodeGiven).code)
        _person, login, token = await sign_in_by_code(request, given)
    except (Invalid, Expired, Forbidden) as wrong:
        return _code_page(request, phone, error=wrong, code=form.values.get("code", ""))
    response = web.see_other(_next(request, "/cases"))
    keep_login(request, response, login, token)
    carried.drop(response, _PHONE, path="/login")
    return response


@router.post("/login/code/again")
async def send_again(request: Request) -> Response:
    await forms.read(request)
    phone = _carried_phone(request)
    if phone is None:
        return web.see_other(_with_next(request, "/login"))
    try:
        await send_login_code(request, phone)
    except TooMany as early:
        return _code_page(request, phone, error=early)
    return done(request, _with_next(request, "/login/code"), _("新的验证码已经发出，请看手机短信。"))


@router.get("/login/staff")
async def staff_page(request: Request, actor: MaybeActor) -> Response:
    if actor is not None and actor.is_staff:
        return web.see_other(_next(request, "/"))
    return show(request, "accounts/staff_login.html", resident_href=_with_next(request, "/login"))


@router.post("/login/staff")
async def staff_sign_in(request: Request) -> Response:
    form = await forms.read(request)
    try:
        _person, login, token = await sign_in_staff(request, form.parse(StaffLogin))
    except (Invalid, TooMany, Forbidden) as wrong:
        return show(
            request,
            "accounts/staff_login.html",
            status=wrong.status,
            errors=_refused(wrong, "form"),
            values={"login_name": form.values.get("login_name", "")},
            resident_href=_with_next(request, "/login"),
        )
    response = web.see_other(_next(request, "/"))
    keep_login(request, response, login, token)
    return response


@router.post("/logout")
async def sign_out(request: Request, actor: MaybeActor) -> Response:
    await forms.read(request)
    if actor is not None:
        async with web.write(request) as session:
            await service.end_login(session, actor, actor.login_id, "signed_out")
    response = done(request, "/", _("您已经退出登录。"))
    forget_login(response)
    return response
