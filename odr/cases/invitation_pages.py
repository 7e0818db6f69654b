"""Being asked in: the page of a link and the page of a code. Neither names anybody before identity (T16)."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from odr.accounts.access import Actor, MaybeActor
from odr.cases import joining
from odr.core import forms, web
from odr.core.errors import Expired, Invalid, NotFound, OdrError, SignInNeeded, TooMany
from odr.core.i18n import _
from odr.core.templating import render

router = APIRouter()


def _page(
    request: Request,
    actor: Actor | None,
    *,
    by_code: bool,
    error: OdrError | None = None,
    values: dict[str, str] | None = None,
) -> Response:
    errors: dict[str, str] = {}
    if error is not None:
        errors = error.fields if isinstance(error, Invalid) and error.fields else {"form": error.say}
    return render(
        request,
        "cases/join.html",
        status=error.status if error else 200,
        by_code=by_code,
        signed_in=actor is not None,
        errors=errors,
        values=values or {"name": actor.name if actor else ""},
    )


@router.get("/i/{token}")
async def by_link(request: Request, actor: MaybeActor, token: str) -> Response:
    """The same page for every token, a made-up one included: what it is worth shows only to who signs in and asks."""
    return _page(request, actor, by_code=False)


@router.get("/join")
async def by_code(request: Request, actor: MaybeActor) -> Response:
    return _page(request, actor, by_code=True)


@router.post("/i/{token}")
async def take_by_link(request: Request, actor: MaybeActor, token: str) -> Response:
    return await _take(request, actor, token=token)


@router.post("/join")
async def take_by_code(request: Request, actor: MaybeActor) -> Response:
    return await _take(request, actor, token=None)


async def _take(request: Request, actor: Actor | None, *, token: str | None) -> Response:
    form = await forms.read(request)
    if actor is None:
        raise SignInNeeded()
    name, code = form.values.get("name", "").strip(), form.values.get("code", "").strip()
    try:
        fields = {}
        if not name:
            fields["name"] = _("请填写您的姓名。")
        if token is None and not code:
            fields["code"] = _("请填写邀请码。")
        if fields:
            raise Invalid(fields)
        pid = await joining.take(request, actor, token=token, code=None if token else code, name=name[:80])
        if pid is None:
            raise Invalid({"name": _("没有核对上。请检查姓名，或联系发邀请给您的调委会。")})
    except (Invalid, NotFound, Expired, TooMany) as error:
        return _page(request, actor, by_code=token is None, error=error, values=form.values)
    return web.see_other(f"/cases/{pid}/gates")
