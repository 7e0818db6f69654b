"""The `odr` command. `odr --help` lists what it can do; every error names its mend.

What a command needs it loads itself: half a second of modules is much for one that only says what is wrong.
"""

import asyncio
import gc
import json
import shutil
import socket
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from odr import __version__
from odr.core.settings import Mode, Settings

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

    from odr.core.web import Odr

T = TypeVar("T")

cli = typer.Typer(
    name="odr",
    help="乌海解纷 · ODR for Wuhai. Without any setting the service runs on SQLite in ./var. "
    "Settings are environment variables ODR_*; `odr doctor` shows those in force.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _fail(sentence: str, code: int = 2) -> "typer.Exit":
    typer.echo(f"{typer.style('odr:', fg='red', bold=True)} {sentence}", err=True)
    return typer.Exit(code)


def _settings() -> Settings:
    try:
        return Settings()
    except ValueError as wrong:
        raise _fail(f"a setting cannot be read: {wrong}") from None


@contextmanager
def _loading() -> Iterator[None]:
    """Modules are loaded for good: the collector would go through them again and again, at start and ever after."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _run(work: Coroutine[Any, Any, T]) -> T:
    """One piece of asynchronous work, on the loop that also serves."""
    from uvicorn.loops.auto import auto_loop_factory

    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        return runner.run(work)


@cli.command()
def serve(
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes; more than one need PostgreSQL and Redis. ODR_WORKERS")
    ] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Fill an empty database with the demo city first, and print its logins.")
    ] = False,
) -> None:
    """Serve pages, JSON and the live line on ODR_HOST:ODR_PORT (127.0.0.1:8000)."""
    from odr.core.templating import DIST

    settings = _settings()
    if workers is not None:
        settings.workers = workers
    if demo:
        _need_demo_mode(settings)
    if refusal := settings.worker_refusal():
        raise _fail(refusal)
    if refusals := settings.refusals():
        raise _fail("this service refuses to start for a real city:\n  - " + "\n  - ".join(refusals))
    if not (DIST / ".vite" / "manifest.json").exists():
        raise _fail("the pages' scripts and styles are not built. Run `make run`, or `make build` once.")
    if settings.workers > 1:
        if demo:
            _tell(_run(_city_alone(settings)))
        raise typer.Exit(_supervise(settings))
    app, config = _application(settings)
    service = app.state.odr

    async def run() -> None:
        from odr.live.stopping import Server

        if demo:
            try:
                _tell(await _city(service))
            except BaseException:
                await _put_away(service)
                raise
        await Server(config, service.hub, linger=settings.linger_seconds).serve()

    # One loop and one process fill the city and serve it: a second start would load everything twice.
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(run())


def _application(settings: Settings) -> "tuple[FastAPI, uvicorn.Config]":
    with _loading():
        from odr.app import create_app
        from odr.live import serving

        app = create_app(settings)
        serving.collect_seldom()
        return app, serving.config(app, settings)


def _supervise(settings: Settings) -> int:
    """Tables first and once, then the workers."""
    from odr import supervisor
    from odr.core import crypto, log, migrate

    log.configure(as_json=settings.log_json, worker="supervisor")
    crypto.configure(settings.secret)
    _run(migrate.upgrade(settings))
    try:
        return supervisor.supervise(settings)
    except OSError as taken:
        raise _fail(
            f"{taken}. Choose other ports with ODR_PORT and ODR_METRICS_PORT (the first worker's own)."
        ) from None


@cli.command(hidden=True)
def worker(listeners: str, lifeline: int) -> None:
    """One of several workers. `odr serve --workers N` starts it; the numbers are descriptors it inherits."""
    settings = _settings()
    app, config = _application(settings)
    service = app.state.odr

    from odr import probes
    from odr.live.stopping import Lifeline, Server

    async def is_ready() -> bool:
        return not await probes.why_not_ready(service)

    line = Lifeline(socket.socket(fileno=lifeline), is_ready)
    server = Server(config, service.hub, linger=settings.linger_seconds, on_started=line.hold)
    server.run([socket.socket(fileno=int(one)) for one in listeners.split(",")])


@cli.command("migrate")
def migrate_() -> None:
    """Bring the database to the newest tables. `serve` does this too; here it can be done before."""
    from odr.core import crypto, migrate

    settings = _settings()
    crypto.configure(settings.secret)
    _run(migrate.upgrade(settings))
    typer.echo(f"Tables are at {migrate.newest()}.")


@cli.command()
def demo(
    if_empty: Annotated[bool, typer.Option("--if-empty", help="Only print the logins when people exist.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the logins as JSON and nothing else.")] = False,
) -> None:
    """Fill the database with the demo city (invented people, cases in every state); print the logins of each role."""
    settings = _settings()
    _need_demo_mode(settings)
    found = _run(_city_alone(settings, quiet=as_json, must_be_empty=not if_empty and not as_json))
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=2))  # noqa: T201 - the output is the JSON itself
        return
    _tell(found)


def _need_demo_mode(settings: Settings) -> None:
    if settings.mode is not Mode.DEMO:
        raise _fail("the demo city is for ODR_MODE=demo only; this service runs for a real city.")


async def _city_alone(settings: Settings, *, quiet: bool = False, must_be_empty: bool = False) -> dict[str, Any]:
    """The same where nothing is served."""
    with _loading():
        from odr.app import build
        from odr.core import log

        log.configure(as_json=settings.log_json, quiet=True)
        service = build(settings)
    try:
        return await _city(service, quiet=quiet, must_be_empty=must_be_empty)
    finally:
        await _put_away(service)


async def _put_away(service: "Odr") -> None:
    """What was said is stored before its database goes, as where it is served."""
    from odr.rooms.journal import journal_of

    await journal_of(service.db).close()
    await service.bus.close()
    await service.db.close()


async def _city(service: "Odr", *, quiet: bool = False, must_be_empty: bool = False) -> dict[str, Any]:
    """The logins of the demo city, which is built first where nobody lives yet."""
    from odr.core import migrate
    from odr.demo import city

    await migrate.upgrade(service.settings)
    if await city.unfinished(service.db):
        raise _fail(
            "this database holds half a demo city: its building was cut off (or another process is still at it). "
            f"Nothing can be mended in it. {_start_afresh(service.settings)}, then start again."
        )
    if not await city.exists(service.db):
        await _fill(service, quiet=quiet or not sys.stdout.isatty())
    elif must_be_empty:
        raise _fail("this database holds people already. Use another ODR_VAR, or `odr demo --if-empty`.")
    return await city.logins(service)


def _start_afresh(settings: Settings) -> str:
    """The mend, as one sentence without its end. Nothing is deleted unasked: it may hold what somebody typed since."""
    if not settings.is_sqlite:
        return "Point ODR_DATABASE_URL at an empty database"
    file, folder = Path(settings.database.split("///", 1)[1]).resolve(), settings.var.resolve()
    if file.parent == folder:
        return f"Delete the folder {folder} (or set ODR_VAR to a new one)"
    return f"Delete the file {file} (or point ODR_DATABASE_URL at an empty database)"


async def _fill(service: "Odr", *, quiet: bool) -> None:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from odr.core import log
    from odr.demo import city

    percent = TextColumn("{task.percentage:>3.0f}%")
    columns = (TextColumn("{task.description}"), BarColumn(), percent, TimeElapsedColumn())
    log.configure(as_json=service.settings.log_json, quiet=True)
    with Progress(*columns, disable=quiet, transient=True) as bar:
        task = bar.add_task("demo city", total=100)
        await city.build(service, lambda percent, what: bar.update(task, completed=percent, description=what))
    log.configure(as_json=service.settings.log_json)


def _tell(found: dict[str, Any]) -> None:
    """Print the addresses, the logins, and a QR for the phone where somebody looks at a screen."""
    from odr.demo import city

    typer.echo(city.told(found))
    if sys.stdout.isatty():
        import segno

        segno.make(found["url"]).terminal(compact=True)


@cli.command()
def verify(
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Recompute every hash chain and the digest of every paper. Names each row that was altered; exits with 1 then."""
    from odr import verification
    from odr.core import crypto
    from odr.core.db import Database
    from odr.evidence import service as evidence

    settings = _settings()
    crypto.configure(settings.secret)
    evidence.configure(settings.var)

    async def run() -> verification.Report:
        database = Database(settings)
        try:
            return await verification.verify(database, settings)
        finally:
            await database.close()

    report = _run(run())
    if as_json:
        print(json.dumps(report.as_dict(), ensure_ascii=False, indent=2))  # noqa: T201
    else:
        for fault in report.faults:
            typer.echo(f"{typer.style('✗', fg='red')} {fault}", err=True)
        typer.echo(report.sentence())
    if report.faults:
        raise typer.Exit(1)


@cli.command("clock")
def clock_(
    accept: Annotated[
        bool, typer.Option("--accept", help="The machine's clock is right: believe it again. Stop the service first.")
    ] = False,
) -> None:
    """Say whether the machine's clock stands behind what this service has seen; exits with 1 then."""
    from odr import clock_accepting
    from odr.core import clock, crypto, migrate
    from odr.core.db import Database

    settings = _settings()
    crypto.configure(settings.secret)

    async def run() -> float:
        await migrate.upgrade(settings)
        database = Database(settings)
        try:
            by = await clock_accepting.behind_by(database)
            if accept and by:
                await clock_accepting.accept(database)
            return by
        finally:
            await database.close()

    by = _run(run())
    shown = f"{clock.local(clock.now()):%Y-%m-%d %H:%M:%S} in Wuhai"
    if not by:
        typer.echo(f"The clock shows {shown}, and nothing this service has seen is later.")
    elif accept:
        typer.echo(f"The clock shows {shown} and is believed. Start the service again.")
    else:
        raise _fail(
            f"the clock shows {shown}, {by:.0f} s behind the newest moment this service has seen. Is it wrong? Set it. "
            "Is it right, because it once stood ahead? Stop the service, run `odr clock --accept`, start it again.",
            code=1,
        )


@cli.command()
def restored() -> None:
    """Say that this database was put back from a copy: phones then start over. Run it before the service starts."""
    from odr import restoring
    from odr.core import crypto, migrate
    from odr.core.db import Database

    settings = _settings()
    crypto.configure(settings.secret)

    async def run() -> str:
        await migrate.upgrade(settings)
        database = Database(settings)
        try:
            return await restoring.begin_epoch(database)
        finally:
            await database.close()

    typer.echo(f"Epoch {_run(run())} is in force: whoever comes back with an older cursor starts over.")


@cli.command()
def doctor() -> None:
    """Say what this installation has, what is missing, and which command mends it."""
    settings = _settings()
    problems = 0

    def line(ok: bool, what: str, mend: str = "") -> None:
        nonlocal problems
        problems += 0 if ok else 1
        mark = typer.style("✓", fg="green") if ok else typer.style("✗", fg="red")
        typer.echo(f"{mark} {what}" if ok else f"{mark} {what} → {mend}")

    import sqlite3

    from odr.core import migrate
    from odr.core.templating import DIST

    line(True, f"odr {__version__}, Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}")
    shown = settings.database.rsplit("@", 1)[-1]
    line(True, f"mode {settings.mode}, database {shown}, redis {'yes' if settings.redis_url else 'no'}")
    for refusal in settings.refusals():
        line(False, "not fit for a real city", refusal)
    line((DIST / ".vite" / "manifest.json").exists(), "scripts and styles are built", "make build")
    try:
        _run(_try_database(settings))
        line(True, f"the database takes writes; tables at {migrate.newest()}")
    except Exception as failure:
        line(False, f"the database does not answer ({type(failure).__name__})", "ODR_DATABASE_URL? disk space?")
    line(_has_pango(), "Pango is there: papers come as PDF", "apt-get install libpango-1.0-0 libpangoft2-1.0-0")
    fonts = shutil.which("fc-list") is None or _has_chinese_fonts()
    line(fonts, "Chinese fonts are there", "apt-get install fonts-noto-cjk")
    if problems:
        raise typer.Exit(1)


async def _try_database(settings: Settings) -> None:
    from odr.core import crypto, migrate
    from odr.core.db import Database, check_pragmas, why_no_writes

    crypto.configure(settings.secret)
    await migrate.upgrade(settings)
    database = Database(settings)
    try:
        if settings.is_sqlite:
            await check_pragmas(database)
        if why := await why_no_writes(database):
            raise RuntimeError(why)
    finally:
        await database.close()


def _has_pango() -> bool:
    try:
        import weasyprint  # noqa: F401
    except OSError:
        return False
    return True


def _has_chinese_fonts() -> bool:
    import subprocess

    listed = subprocess.run(["fc-list", ":lang=zh-cn"], capture_output=True, text=True, check=False)  # noqa: S607
    return bool(listed.stdout.strip())


def main() -> None:
    """Entry point of the `odr` command."""
    try:
        cli()
    except BrokenPipeError:
        sys.exit(141)


if __name__ == "__main__":
    main()
