"""The edge: state of the running service, transactions per request, the one translator of errors, safe headers."""

import secrets
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

import structlog
from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from odr.core import csrf, i18n
from odr.core.bus import Bus
from odr.core.db import Database
from odr.core.errors import Forbidden, Invalid, NotFound, OdrError, SignInNeeded, TooLarge, TooMany
from odr.core.forms import field_errors
from odr.core.i18n import _
from odr.core.limits import Limiter
from odr.core.log import log
from odr.core.settings import Settings
from odr.core.templating import render

LOGIN_COOKIE = "odr_login"
_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# What a page must not carry while somebody signs in again: secrets are typed anew.
_NOT_KEPT = frozenset({"csrf", "password", "old", "new", "totp", "code"})


@dataclass
class Odr:
    """What one running service consists of; in `app.state.odr`."""

    settings: Settings
    db: Database
    bus: Bus
    limiter: Limiter
    hub: Any = None  # the live rooms of this worker; a floor far above this one fills it in


def odr(connection: HTTPConnection) -> Odr:
    """The service behind a request or socket."""
    found: Odr = connection.app.state.odr
    return found


def write(connection: HTTPConnection) -> AbstractAsyncContextManager[AsyncSession]:
    """A writing transaction for a page: `async with write(request) as session`. It rolls back when the block raises,
    so a page that shows a form again must catch the error outside the block."""
    return odr(connection).db.write()


def read(connection: HTTPConnection) -> AbstractAsyncContextManager[AsyncSession]:
    return odr(connection).db.read()


async def _write_session(connection: HTTPConnection) -> AsyncIterator[AsyncSession]:
    async with odr(connection).db.write() as session:
        yield session


async def _read_session(connection: HTTPConnection) -> AsyncIterator[AsyncSession]:
    async with odr(connection).db.read() as session:
        yield session


# scope="function": commit before the answer leaves. With the default the body is sent first.
Write = Annotated[AsyncSession, Depends(_write_session, scope="function")]
Read = Annotated[AsyncSession, Depends(_read_session, scope="function")]


def client_ip(connection: HTTPConnection) -> str:
    """The address of the caller (uvicorn has put it right behind trusted proxies)."""
    return connection.client.host if connection.client else ""


def see_other(path: str) -> RedirectResponse:
    """POST → 303: a reload does not post again."""
    return RedirectResponse(path, status_code=303)


# --- errors ---------------------------------------------------------------------------------------------------------


def wants_json(scope: Scope) -> bool:
    return str(scope["path"]).startswith("/api/")


def answer(request: Request, error: OdrError) -> Response:
    """The one translator: an error as JSON or as a page."""
    headers = {"Retry-After": str(error.retry)} if isinstance(error, TooMany) else None
    if wants_json(request.scope):
        body: dict[str, Any] = {"code": error.code, "say": error.say}
        if isinstance(error, Invalid) and error.fields:
            body["fields"] = error.fields
        return JSONResponse({"error": body}, status_code=error.status, headers=headers)
    if isinstance(error, SignInNeeded):
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return see_other(f"/login?next={quote(target, safe='/')}")
    page = render(request, "errors/error.html", status=error.status, error=error)
    if headers:
        page.headers.update(headers)
    return page


async def _on_odr_error(request: Request, error: OdrError) -> Response:
    if isinstance(error, SignInNeeded) and request.method == "POST" and not wants_json(request.scope):
        return await _ask_to_sign_in(request)
    return answer(request, error)


async def _ask_to_sign_in(request: Request) -> Response:
    """The login ended while somebody was writing: the page keeps every word and sends it again after signing in."""
    data = await request.form(max_fields=200, max_files=60)
    kept = [(name, value) for name, value in data.multi_items() if isinstance(value, str) and name not in _NOT_KEPT]
    had_files = any(not isinstance(value, str) and value.filename for _name, value in data.multi_items())
    action = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    # The token goes along as it came: it says whose words these are, and nobody else can send them.
    context = {"kept": kept, "token": data.get("csrf"), "had_files": had_files, "action": action}
    return render(request, "errors/sign_in_again.html", status=401, **context)


async def _on_invalid_request(request: Request, error: RequestValidationError) -> Response:
    fields = field_errors(error.errors())
    # An id in the path or a filter that cannot be one is simply not there.
    if any(problem["loc"][0] == "path" for problem in error.errors()):
        return answer(request, NotFound())
    return answer(request, Invalid(fields))


def _page_above(request: Request) -> str | None:
    """The nearest page over an address that takes forms only. A browser keeps that address when it shows a form again,
    and asks for it when the tab is opened anew."""
    path: str = request.scope["path"]
    while path := path.rpartition("/")[0]:
        scope = dict(request.scope) | {"path": path}
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.router.routes):
            return path
    return None


async def _on_http_exception(request: Request, error: HTTPException) -> Response:
    lost = error.status_code == 405 and request.method == "GET" and not wants_json(request.scope)
    if lost and (above := _page_above(request)) is not None:
        return see_other(quote(above))
    known: dict[int, OdrError] = {404: NotFound(), 403: Forbidden(), 413: TooLarge()}
    found = known.get(error.status_code)
    if error.status_code == 400:  # a body cut short, or with more parts than any form has
        found = OdrError(_("这次提交的内容没有传完整，或者太多了。请退回上一页，再提交一次。"), code="bad_body")
        found.status = 400
    if found is None:
        found = OdrError(_("这个地址不接受这种操作。请从首页重新进入。"), code="refused")
        found.status = error.status_code
    response = answer(request, found)
    if error.headers:
        response.headers.update(error.headers)
    return response


async def _on_bug(request: Request, error: Exception) -> Response:
    log.error("web.bug", error=type(error).__name__, path_root=request.url.path.split("/")[1])
    return answer(request, OdrError())


def install_errors(app: FastAPI) -> None:
    """Make `answer` the only place that turns an error into a response."""
    handlers: dict[type[Exception], Any] = {
        OdrError: _on_odr_error,
        RequestValidationError: _on_invalid_request,
        HTTPException: _on_http_exception,
        Exception: _on_bug,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


# --- every request --------------------------------------------------------------------------------------------------


class Edge:
    """Around every HTTP request: language, nonce, CSRF, request id, headers. Sockets check for themselves."""

    def __init__(self, app: ASGIApp, service: Odr) -> None:
        self.app = app
        self.service = service
        socket = self.service.settings.base_url.replace("http", "ws", 1)
        self._connect = f"'self' {socket}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        state = scope.setdefault("state", {})
        state["nonce"] = secrets.token_urlsafe(16)
        token, fresh = csrf.kept_or_new(request.cookies.get(csrf.COOKIE))
        state["csrf_token"] = token
        i18n.set_locale(request.cookies.get("odr_lang", i18n.SOURCE))
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=secrets.token_hex(4))

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                self.add_headers(headers, state["nonce"], scope["path"])
                if fresh and headers.get("content-type", "").startswith("text/html"):
                    secure = "; Secure" if self.service.settings.is_https else ""
                    headers.append("set-cookie", f"{csrf.COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax{secure}")
            await send(message)

        if (refused := self._refusal(request, state)) is not None:
            await answer(Request(scope, receive), refused)(scope, receive, send_safely)
            return
        await self.app(scope, receive, send_safely)

    def _refusal(self, request: Request, state: dict[str, Any]) -> OdrError | None:
        """Cross-site posts. A bearer token is no ambient right, so a program that sends one needs no CSRF token."""
        if "\x00" in request.scope["path"] or b"%00" in request.scope["query_string"]:
            return NotFound()  # PostgreSQL takes no NUL in text: such an address cannot name anything
        if request.method not in _UNSAFE or request.headers.get("authorization", "").startswith("Bearer "):
            return None
        has_login = LOGIN_COOKIE in request.cookies
        origin = _origin(request.headers)
        if (origin is not None or has_login) and origin not in self.service.settings.origins:
            return Forbidden(_("请从本网站的页面操作。"), code="origin")
        if wants_json(request.scope) and has_login:
            sent = request.headers.get("x-csrf-token", "")
            if csrf.drawn_for(sent, state["csrf_token"]) is None:
                return Forbidden(_("这一页放得太久了。请刷新后再试。"), code="csrf")
        return None

    def add_headers(self, headers: MutableHeaders, nonce: str, path: str) -> None:
        headers.setdefault(
            "content-security-policy",
            f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; "
            f"style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:; "
            f"media-src 'self' blob:; font-src 'self'; connect-src {self._connect}; manifest-src 'self'; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        )
        headers.setdefault("x-content-type-options", "nosniff")
        # Not "no-referrer": under that policy a browser posts its own forms with "Origin: null".
        headers.setdefault("referrer-policy", "same-origin")
        headers.setdefault("x-frame-options", "DENY")
        headers.setdefault("cross-origin-opener-policy", "same-origin")
        headers.setdefault("permissions-policy", "geolocation=(), payment=(), usb=()")
        if self.service.settings.is_https:
            headers.setdefault("strict-transport-security", "max-age=31536000")
        if not path.startswith("/static/"):
            headers.setdefault("cache-control", "private, no-store")


class InWords:
    """Outside of everything: a body over the limit is refused by the framework in bare English; people get our page."""

    def __init__(self, app: ASGIApp, service: Odr) -> None:
        self.app = app
        self.edge = Edge(app, service)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        replaced = False

        async def send_in_words(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and message["status"] == 413:
                given = Headers(raw=message["headers"]).get("content-type", "")
                # Only after the edge has seen the request is there what a page needs.
                if given.startswith("text/plain") and "nonce" in scope.get("state", {}):
                    replaced = True
                    response = answer(Request(scope), TooLarge())
                    self.edge.add_headers(response.headers, scope["state"]["nonce"], scope["path"])
                    await response(scope, receive, send)
            if not replaced:
                await send(message)

        await self.app(scope, receive, send_in_words)


def _origin(headers: Headers) -> str | None:
    """Who sent this: Origin, else the origin of Referer; None when the caller names neither."""
    origin = headers.get("origin")
    if origin is not None:
        return origin
    referer = headers.get("referer")
    if referer is None:
        return None
    parts = urlsplit(referer)
    return f"{parts.scheme}://{parts.netloc}"
