"""Vouching in person: a mediator or clerk sees the person and the identity paper."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from odr.accounts.access import Staff, need_voucher
from odr.accounts.edge import done, show, vouch
from odr.accounts.identity import mask_phone
from odr.accounts.schemas import Vouched
from odr.core import forms
from odr.core.errors import Conflict, Forbidden, Invalid
from odr.core.i18n import _

router = APIRouter()


@router.get("/people/vouching")
async def page(request: Request, actor: Staff) -> Response:
    need_voucher(actor)
    return show(request, "accounts/vouching.html")


@router.post("/people/vouching")
async def submit(request: Request, actor: Staff) -> Response:
    need_voucher(actor)
    form = await forms.read(request)
    try:
        given = _parsed(form)
        await vouch(request, actor, given)
    except (Invalid, Conflict, Forbidden) as wrong:
        errors = wrong.fields if isinstance(wrong, Invalid) and wrong.fields else {"phone": wrong.say}
        return show(request, "accounts/vouching.html", status=wrong.status, errors=errors, values=form.values)
    return done(request, "/people/vouching", _("%(phone)s 的当面核验已经登记。", phone=mask_phone(given.phone)))


def _parsed(form: forms.Form) -> Vouched:
    try:
        return form.parse(Vouched)
    except Invalid as wrong:
        if "seen" in wrong.fields:
            wrong.fields["seen"] = _("请当面看过本人和证件原件，再勾选。")
        raise
