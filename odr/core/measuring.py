"""Around every HTTP request: how long its answer took, by route; and the last answers of a service that stops."""

import time
from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from odr.core import metrics


class Measured:
    """Pure ASGI. `stopping` says whether this worker is on its way out."""

    def __init__(self, app: ASGIApp, stopping: Callable[[], bool]) -> None:
        self.app = app
        self._stopping = stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def send_noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if self._stopping():
                    # A proxy that keeps this connection would send its next request into a closed door.
                    MutableHeaders(scope=message)["connection"] = "close"
            await send(message)

        try:
            await self.app(scope, receive, send_noting)
        finally:
            took = time.perf_counter() - began
            metrics.http_seconds.labels(_route(scope), f"{status // 100}xx").observe(took)


def _route(scope: Scope) -> str:
    """The route as a pattern. What no route takes is one word: an address of a stranger's choice is no label."""
    pattern: str | None = getattr(scope.get("route"), "path", None)
    if pattern is None and str(scope["path"]).startswith("/static/"):
        return "/static"
    return pattern or "none"
