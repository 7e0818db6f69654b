"""How this browser wants pages shown: larger text, light or dark, language. Cookies only, no account needed."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from odr.accounts.access import MaybeActor
from odr.accounts.edge import local_path, show
from odr.core import forms, i18n, web
from odr.core.templating import Prefs

router = APIRouter()
_YEAR = 365 * 24 * 3600


@router.get("/preferences")
async def page(request: Request, actor: MaybeActor) -> Response:
    return show(request, "accounts/preferences.html", back=local_path(request.query_params.get("back"), "/"))


@router.post("/preferences")
async def change(request: Request) -> Response:
    """Any of `care` (1, 0), `theme` (light, dark, auto), `locale`; what is missing or unknown stays as it is."""
    form = await forms.read(request)
    prefs = Prefs(request)
    care = {"1": True, "0": False}.get(form.values.get("care", ""), prefs.care)
    theme = form.values.get("theme", prefs.theme)
    theme = theme if theme in ("light", "dark", "auto") else prefs.theme
    words = (["care"] if care else []) + ([theme] if theme != "auto" else [])
    response = web.see_other(local_path(form.values.get("back"), "/"))
    _keep(request, response, "odr_prefs", ".".join(words))
    if form.values.get("locale") in i18n.LOCALES:
        _keep(request, response, "odr_lang", form.values["locale"])
    return response


def _keep(request: Request, response: Response, name: str, value: str) -> None:
    secure = web.odr(request).settings.is_https
    response.set_cookie(name, value, max_age=_YEAR, path="/", httponly=True, samesite="lax", secure=secure)
