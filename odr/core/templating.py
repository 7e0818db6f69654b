"""Jinja2 pages: one environment, autoescape everywhere, gettext, filters for time and money."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from odr.core import clock, csrf, i18n
from odr.core.i18n import _

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT.parent / "frontend" / "dist"
_WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


def day(value: date | datetime | None) -> str:
    """11月24日 周二, with the year when it is not this one."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = clock.local(value).date()
    if i18n.locale() == "en":
        return f"{value:%a} {value.day} {value:%B}" + ("" if value.year == clock.today().year else f" {value.year}")
    year = "" if value.year == clock.today().year else f"{value.year}年"
    return f"{year}{value.month}月{value.day}日 {_WEEKDAYS[value.weekday()]}"


def moment(value: datetime | None) -> str:
    """11月24日 周二 15:00."""
    return "" if value is None else f"{day(value)} {clock.local(value):%H:%M}"


def money(fen: int | None) -> str:
    """2,600.00 元, from whole fen."""
    return "" if fen is None else _("%(sum)s 元", sum=f"{fen // 100:,}.{fen % 100:02d}")


@lru_cache(maxsize=1)
def _manifest(_stamp: float) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((DIST / ".vite" / "manifest.json").read_text())
    return loaded


def asset(name: str) -> str:
    """The address of a built file, e.g. `asset("styles/main.css")`."""
    path = DIST / ".vite" / "manifest.json"
    if not path.exists():
        return f"/static/missing/{name}"
    entry = _manifest(path.stat().st_mtime).get(name)
    return f"/static/{entry['file']}" if entry else f"/static/missing/{name}"


def _csrf_field(token: str) -> Markup:
    return Markup('<input type="hidden" name="csrf" value="{}">').format(token)


def _environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.add_extension("jinja2.ext.loopcontrols")
    # The extension for gettext adds this method; the environment's own class does not know it.
    env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: i18n.catalogue(i18n.locale()).gettext(text),
        ngettext=lambda one, many, n: i18n.catalogue(i18n.locale()).ngettext(one, many, n),
        newstyle=True,
    )
    env.globals |= {"asset": asset}
    env.filters |= {"day": day, "moment": moment, "money": money}
    return env


env = _environment()


class Prefs:
    """How this browser wants pages shown; from the cookie `odr_prefs` (care, theme)."""

    def __init__(self, request: Request) -> None:
        words = request.cookies.get("odr_prefs", "").split(".")
        self.care = "care" in words
        self.theme = next((word for word in words if word in ("light", "dark")), "auto")


def render_text(name: str, context: Mapping[str, Any]) -> str:
    """A template without a request: papers, notices."""
    return env.get_template(name).render(locale=i18n.locale(), now=clock.now(), **context)


def render(request: Request, name: str, /, *, status: int = 200, **context: Any) -> HTMLResponse:
    """An HTML page. Every page gets: request, actor, locale, prefs, nonce, csrf_field, now, settings."""
    state = request.state
    actor = getattr(state, "actor", None)
    token = csrf.masked(state.csrf_token, "" if actor is None else actor.pid)
    page = env.get_template(name).render(
        {
            "request": request,
            "actor": actor,
            "desk_nav": request.app.state.desk_nav(actor),
            "here": request.url.path,
            "locale": i18n.locale(),
            "prefs": Prefs(request),
            "nonce": state.nonce,
            "csrf_field": lambda: _csrf_field(token),
            "now": clock.now(),
            "settings": request.app.state.odr.settings,
            "errors": {},
            "values": {},
        }
        | context
    )
    return HTMLResponse(page, status_code=status)
