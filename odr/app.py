"""The composition root: settings in, one ASGI application out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import redis.asyncio as redis_client
from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.responses import JSONResponse

import odr.accounts.api
import odr.accounts.pages
import odr.agreements.api
import odr.agreements.pages
import odr.bodies.api
import odr.bodies.pages
import odr.cases.api
import odr.cases.pages
import odr.dossier.api
import odr.dossier.pages
import odr.evidence.pages
import odr.intake.api
import odr.intake.pages
import odr.live.endpoint
import odr.meetings.api
import odr.meetings.pages
import odr.notices.api
import odr.notices.pages
import odr.oversight.api
import odr.oversight.pages
import odr.rooms.api
from odr import __version__, navigation, schema
from odr.accounts import realname
from odr.core import crypto, db, jobs, log, migrate
from odr.core.bus import Bus, MemoryBus, RedisBus
from odr.core.limits import Limiter
from odr.core.settings import Settings
from odr.core.static import BuiltFiles
from odr.core.templating import DIST
from odr.core.web import Edge, Odr, install_errors
from odr.evidence import service as evidence
from odr.live.hub import Hub
from odr.notices import adapters
from odr.rooms import service as rooms
from odr.rooms.indexing import Indexer

_ROUTERS = [
    odr.accounts.pages.router,
    odr.accounts.api.router,
    odr.bodies.pages.router,
    odr.bodies.api.router,
    odr.notices.pages.router,
    odr.notices.api.router,
    odr.evidence.pages.router,
    odr.rooms.api.router,
    odr.cases.pages.router,
    odr.cases.api.router,
    odr.meetings.pages.router,
    odr.meetings.api.router,
    odr.agreements.pages.router,
    odr.agreements.api.router,
    odr.intake.pages.router,
    odr.intake.api.router,
    odr.dossier.pages.router,
    odr.dossier.api.router,
    odr.oversight.pages.router,
    odr.oversight.api.router,
    odr.live.endpoint.router,
]


def build(settings: Settings) -> Odr:
    """The parts of one service. Raises RuntimeError when this configuration must not serve a real city."""
    if refusals := settings.refusals():
        raise RuntimeError("This service refuses to start for a real city:\n- " + "\n- ".join(refusals))
    adapters.configure(settings.sms_adapter)
    realname.adapter(settings.realname_adapter)
    crypto.configure(settings.secret)
    evidence.configure(settings.var)
    bus: Bus = MemoryBus()
    if settings.redis_url:
        bus = RedisBus(redis_client.from_url(settings.redis_url))
    database = db.Database(settings)
    database.bus = bus
    return Odr(
        settings=settings,
        db=database,
        bus=bus,
        limiter=Limiter(settings.redis_url),
        hub=Hub(database, bus, settings.redis_url),
    )


def create_app(settings: Settings | None = None) -> FastAPI:
    """The ASGI application. Tables are brought up to date when it starts."""
    settings = settings or Settings()
    log.configure(as_json=settings.log_json)
    service = build(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await migrate.upgrade(settings)
        if settings.is_sqlite:
            await db.check_pragmas(service.db)
        await service.bus.start()
        runner = jobs.Runner(service.db)
        runner.start()
        service.hub.start()
        indexer = Indexer(service.db)
        indexer.start()
        sweeper = asyncio.create_task(evidence.sweep_for_ever(service.db), name="evidence-sweep")
        yield
        sweeper.cancel()
        await indexer.close()
        # Sockets are told first, what they sent is stored, then the lines to the other servers are let go.
        await service.hub.close()
        await rooms.journal_of(service.db).close()
        await runner.close()
        await service.bus.close()
        await service.db.close()

    app = FastAPI(
        title="乌海解纷",
        version=__version__,
        lifespan=lifespan,
        max_body_size=settings.body_max_bytes,
        middleware=[Middleware(Edge, service=service)],
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        # Nothing may leave the city's network unasked: no exporter is taken from the environment.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.odr = service
    app.state.desk_nav = navigation.desk_nav
    install_errors(app)
    for router in _ROUTERS:
        app.include_router(router)
    if DIST.exists():
        app.mount("/static", BuiltFiles(directory=DIST), name="static")

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        """The process lives."""
        return {"status": "ok"}

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        """The service can serve: the database takes writes and stands at the newest tables."""
        reasons: dict[str, Any] = {}
        if why := await db.why_no_writes(service.db):
            reasons["database"] = why
            return JSONResponse({"status": "not ready", **reasons}, status_code=503)
        try:
            async with service.db.connection() as connection:
                if await connection.run_sync(migrate.current) != migrate.newest():
                    reasons["database"] = "migrations are missing"
                if lost := await connection.run_sync(schema.missing_triggers):
                    reasons["triggers"] = lost
        except Exception as failure:
            reasons["database"] = type(failure).__name__
        degraded = {"bus": "listener is deaf"} if service.bus.listener_age() > 10 else {}
        status = "not ready" if reasons else "degraded" if degraded else "ready"
        return JSONResponse({"status": status, **reasons, **degraded}, status_code=503 if reasons else 200)

    return app
