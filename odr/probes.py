"""What watches the service: does it live, can it serve and if not why, and what it counts. `docs/operations.md`."""

import asyncio
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from odr import __version__, schema
from odr.core import clock, clock_mark, crypto, jobs, metrics, migrate, web
from odr.core.db import why_no_writes
from odr.core.errors import NotFound
from odr.core.web import Odr

router = APIRouter(include_in_schema=False)

_DEAF_SECONDS = 10.0
_COUNT_SECONDS = 2.0
_FORWARDED = ("x-forwarded-for", "x-real-ip", "forwarded")


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process lives."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(request: Request) -> JSONResponse:
    """The service can serve, or why not. What is only worse than it should be is said, and is no reason to go away."""
    service = web.odr(request)
    reasons = await why_not_ready(service)
    worse: dict[str, Any] = {}
    if (age := service.bus.listener_age()) > _DEAF_SECONDS:
        worse["bus"] = f"Redis has not been heard for {age:.0f} s; other workers' lines come by polling"
    if (by := clock.behind()) > clock_mark.WORTH_SAYING:
        worse["clock"] = f"stands {by:.0f} s behind the newest moment this service has seen; see `odr clock`"
    status = "not ready" if reasons else "degraded" if worse else "ready"
    return JSONResponse({"status": status, **reasons, **worse}, status_code=503 if reasons else 200)


async def why_not_ready(service: Odr) -> dict[str, Any]:
    """Reasons by what they concern, in words for an operator; empty when this worker can serve."""
    if service.hub.stopping:
        return {"worker": "stopping"}
    if why := await why_no_writes(service.db):
        return {"database": why}
    reasons: dict[str, Any] = {}
    try:
        async with service.db.connection() as connection:
            if await connection.run_sync(_is_behind):
                reasons["migrations"] = "missing; run `odr migrate`"
            if lost := await connection.run_sync(schema.missing_triggers):
                reasons["triggers"] = lost
    except (SQLAlchemyError, OSError) as failure:
        reasons["database"] = type(failure).__name__
    try:
        await asyncio.to_thread(_write_something, service.settings.var)
    except OSError as failure:
        reasons["files"] = f"ODR_VAR takes no writes: {failure.strerror}"
    return reasons


def _is_behind(connection: Connection) -> bool:
    """Tables newer than this code are no reason: in a rolling restart the old workers serve on beside the new."""
    current = migrate.current(connection)
    return current != _newest() and (current is None or current in _known())


@cache
def _newest() -> str | None:
    return migrate.newest()


@cache
def _known() -> frozenset[str]:
    return migrate.revisions()


def _write_something(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(4096))


@router.get("/metrics")
async def metrics_(request: Request) -> Response:
    """For Prometheus: who is asked from this machine, or with ODR_METRICS_TOKEN. To others there is no such page."""
    service = web.odr(request)
    settings = service.settings
    if not _may_count(request, service):
        raise NotFound
    if settings.workers > 1 and request.scope["server"][1] == settings.port:
        # Whichever worker took this connection would answer for itself only.
        first, last = settings.first_worker_port, settings.first_worker_port + settings.workers - 1
        return PlainTextResponse(f"Each worker counts for itself: ask the ports {first} to {last}.\n", status_code=404)
    await _look_at_gauges(service)
    return Response(metrics.text(), media_type="text/plain; version=0.0.4")


def _may_count(request: Request, service: Odr) -> bool:
    token = service.settings.metrics_token
    if token is not None:
        return crypto.same(request.headers.get("authorization", ""), f"Bearer {token.get_secret_value()}")
    # What a proxy passes on comes from this machine too, and from everywhere.
    is_direct = not any(name in request.headers for name in _FORWARDED)
    return is_direct and web.client_ip(request) in ("127.0.0.1", "::1")


async def _look_at_gauges(service: Odr) -> None:
    hub = service.hub
    metrics.sockets.set(hub.sockets)
    metrics.rooms_live.set(hub.streams.count)
    metrics.journal_waiting.set(hub.journal.waiting)
    metrics.bus_listener_age.set(service.bus.listener_age())
    metrics.worker_info.labels(service.settings.worker, __version__).set(1)
    due = waiting = float("nan")  # a database that does not answer leaves a gap, not a number
    try:
        async with asyncio.timeout(_COUNT_SECONDS), service.db.read() as session:
            due, waiting = await jobs.depths(session)
    except (SQLAlchemyError, OSError):
        pass
    metrics.jobs_due.set(due)
    metrics.outbox_waiting.set(waiting)
