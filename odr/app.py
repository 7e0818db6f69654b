"""The composition root: settings in, one ASGI application out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

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
import odr.factsheet.api
import odr.factsheet.pages
import odr.intake.api
import odr.intake.pages
import odr.meetings.api
import odr.meetings.pages
import odr.notices.api
import odr.notices.pages
import odr.oversight.api
import odr.oversight.pages
import odr.rooms.api
from odr import __version__, navigation, probes
from odr.accounts import realname
from odr.core import clock_mark, crypto, db, jobs, log, migrate
from odr.core.bus import Bus, MemoryBus
from odr.core.errands import Errands
from odr.core.limits import Limiter
from odr.core.measuring import Measured
from odr.core.packing import PackedPages
from odr.core.settings import Settings
from odr.core.static import BuiltFiles
from odr.core.templating import DIST
from odr.core.web import Edge, InWords, Odr, install_errors
from odr.dossier import court_adapter
from odr.evidence import service as evidence
from odr.live import endpoint
from odr.live.hub import Hub
from odr.notices import adapters
from odr.rooms import service as rooms
from odr.rooms.indexing import Indexer

_ROUTERS = [
    # First: routes are tried in turn, and the framework makes a router's routes ready when it first tries them. After a
    # restart everybody asks for the live line, and whoever waits for the service asks for its health.
    probes.router,
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
    odr.factsheet.pages.router,
    odr.factsheet.api.router,
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
]
# Included once in a process and not once in an application: three hundred routes are a third of a second of work at the
# first request, which the tests, with an application each, would pay a thousand times.
ROUTES = APIRouter()
for _router in _ROUTERS:
    ROUTES.include_router(_router)


def build(settings: Settings) -> Odr:
    """The parts of one service. Raises RuntimeError when this configuration must not serve a real city."""
    if refusals := settings.refusals():
        raise RuntimeError("This service refuses to start for a real city:\n- " + "\n- ".join(refusals))
    adapters.configure(settings.sms_adapter)
    realname.adapter(settings.realname_adapter)
    court_adapter.configure(settings)
    crypto.configure(settings.secret)
    evidence.configure(settings.var)
    bus: Bus = MemoryBus()
    if settings.redis_url:
        import redis.asyncio as redis_client

        from odr.core.redis_bus import RedisBus

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


class _App(FastAPI):
    """FastAPI with our word where its own outermost layer would answer, and a way past it for sockets."""

    def build_middleware_stack(self) -> ASGIApp:
        pages = InWords(super().build_middleware_stack(), self.state.odr)

        async def by_kind(scope: Scope, receive: Receive, send: Send) -> None:
            is_line = scope["type"] == "websocket" and scope["path"] == endpoint.PATH
            await (endpoint.line if is_line else pages)(scope, receive, send)

        return by_kind


def create_app(settings: Settings | None = None) -> FastAPI:
    """The ASGI application. Tables are brought up to date when it starts."""
    settings = settings or Settings()
    log.configure(as_json=settings.log_json, worker=settings.worker if settings.workers > 1 else None)
    service = build(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await migrate.upgrade(settings)
        if settings.is_sqlite:
            await db.check_pragmas(service.db)
        keeper = clock_mark.Keeper(service.db)
        await keeper.start()
        await service.bus.start()
        runner = jobs.Runner(service.db)
        runner.start()
        service.hub.start()
        indexer = Indexer(service.db)
        indexer.start()
        errands = Errands()
        errands.run("evidence-sweep", lambda: evidence.sweep_for_ever(service.db))
        yield
        await errands.close()
        await indexer.close()
        # Sockets are told first, what they sent is stored, then the lines to the other servers are let go.
        await service.hub.close()
        await rooms.journal_of(service.db).close()
        await runner.close()
        await keeper.close()
        await service.bus.close()
        await service.db.close()

    app = _App(
        title="乌海解纷",
        version=__version__,
        lifespan=lifespan,
        max_body_size=settings.body_max_bytes,
        middleware=[
            Middleware(Measured, stopping=lambda: service.hub.stopping),
            Middleware(Edge, service=service),
            Middleware(PackedPages),
        ],
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        # Nothing may leave the city's network unasked: no exporter is taken from the environment.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.odr = service
    app.state.desk_nav = navigation.desk_nav
    install_errors(app)
    app.router.routes.extend(ROUTES.routes)
    if DIST.exists():
        app.mount("/static", BuiltFiles(directory=DIST), name="static")
    return app
