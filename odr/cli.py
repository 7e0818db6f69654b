"""The `odr` command. `odr --help` lists what it can do; every error names its mend."""

import asyncio
import json
import shutil
import socket
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from odr import __version__, probes, supervisor, verification
from odr.app import build, create_app
from odr.core import crypto, log, migrate
from odr.core.db import Database, check_pragmas
from odr.core.settings import Mode, Settings
from odr.core.templating import DIST
from odr.demo import city
from odr.evidence import service as evidence
from odr.live import serving
from odr.live.stopping import Lifeline, Server

cli = typer.Typer(
    name="odr",
    help="乌海解纷 · ODR for Wuhai. Without any setting the service runs on SQLite in ./var. "
    "Settings are environment variables ODR_*; `odr doctor` shows those in force.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console()
errors = Console(stderr=True)


def _fail(sentence: str, code: int = 2) -> "typer.Exit":
    errors.print(f"[bold red]odr:[/] {sentence}")
    return typer.Exit(code)


def _settings() -> Settings:
    try:
        return Settings()
    except ValueError as wrong:
        raise _fail(f"a setting cannot be read: {wrong}") from None


@cli.command()
def serve(
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes; more than one need PostgreSQL and Redis. ODR_WORKERS")
    ] = None,
) -> None:
    """Serve pages, JSON and the live line on ODR_HOST:ODR_PORT (127.0.0.1:8000)."""
    settings = _settings()
    if workers is not None:
        settings.workers = workers
    if refusal := settings.worker_refusal():
        raise _fail(refusal)
    if refusals := settings.refusals():
        raise _fail("this service refuses to start for a real city:\n  - " + "\n  - ".join(refusals))
    if not (DIST / ".vite" / "manifest.json").exists():
        raise _fail("the pages' scripts and styles are not built. Run `make run`, or `make build` once.")
    if settings.workers > 1:
        raise typer.Exit(_supervise(settings))
    app = create_app(settings)
    Server(serving.config(app, settings), app.state.odr.hub, linger=settings.linger_seconds).run()


def _supervise(settings: Settings) -> int:
    """Tables first and once, then the workers."""
    if not (DIST / ".vite" / "manifest.json").exists():
        raise _fail("the pages' scripts and styles are not built. Run `make run`, or `make build` once.")

    async def prepare() -> None:
        await migrate.upgrade(settings)

    log.configure(as_json=settings.log_json, worker="supervisor")
    crypto.configure(settings.secret)
    asyncio.run(prepare())
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
    app = create_app(settings)
    config = serving.config(app, settings)
    service = app.state.odr

    async def is_ready() -> bool:
        return not await probes.why_not_ready(service)

    line = Lifeline(socket.socket(fileno=lifeline), is_ready)
    server = Server(config, service.hub, linger=settings.linger_seconds, on_started=line.hold)
    server.run([socket.socket(fileno=int(one)) for one in listeners.split(",")])


@cli.command("migrate")
def migrate_() -> None:
    """Bring the database to the newest tables. `serve` does this too; here it can be done before."""
    settings = _settings()
    crypto.configure(settings.secret)
    asyncio.run(migrate.upgrade(settings))
    console.print(f"Tables are at {migrate.newest()}.")


@cli.command()
def demo(
    if_empty: Annotated[bool, typer.Option("--if-empty", help="Only print the logins when people exist.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the logins as JSON and nothing else.")] = False,
) -> None:
    """Fill the database with the demo city (invented people, cases in every state); print the logins of each role."""
    settings = _settings()
    if settings.mode is not Mode.DEMO:
        raise _fail("the demo city is for ODR_MODE=demo only; this service runs for a real city.")
    log.configure(as_json=settings.log_json, quiet=True)
    quiet = as_json or not sys.stdout.isatty()

    async def fill() -> dict[str, Any]:
        await migrate.upgrade(settings)
        service = build(settings)
        percent = TextColumn("{task.percentage:>3.0f}%")
        columns = (TextColumn("{task.description}"), BarColumn(), percent, TimeElapsedColumn())
        try:
            with Progress(*columns, console=console, disable=quiet, transient=True) as bar:
                task = bar.add_task("demo city", total=100)
                await city.build(service, lambda percent, what: bar.update(task, completed=percent, description=what))
            return await city.logins(service)
        finally:
            await service.db.close()

    async def there_already() -> bool:
        service = build(settings)
        try:
            return await city.exists(service.db)
        finally:
            await service.db.close()

    asyncio.run(migrate.upgrade(settings))
    crypto.configure(settings.secret)
    if asyncio.run(there_already()):
        if not if_empty and not as_json:
            raise _fail("this database holds people already. Use another ODR_VAR, or `odr demo --if-empty`.")
        found = asyncio.run(_logins(settings))
    else:
        found = asyncio.run(fill())
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=2))  # noqa: T201 - the output is the JSON itself
        return
    city.show(console, settings, found)


async def _logins(settings: Settings) -> dict[str, Any]:
    service = build(settings)
    try:
        return await city.logins(service)
    finally:
        await service.db.close()


@cli.command()
def verify(
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Recompute every hash chain and the digest of every paper. Names each row that was altered; exits with 1 then."""
    settings = _settings()
    crypto.configure(settings.secret)
    evidence.configure(settings.var)

    async def run() -> verification.Report:
        database = Database(settings)
        try:
            return await verification.verify(database, settings)
        finally:
            await database.close()

    report = asyncio.run(run())
    if as_json:
        print(json.dumps(report.as_dict(), ensure_ascii=False, indent=2))  # noqa: T201
    else:
        for fault in report.faults:
            errors.print(f"[red]✗[/] {fault}", highlight=False)
        console.print(report.sentence(), highlight=False)
    if report.faults:
        raise typer.Exit(1)


@cli.command()
def doctor() -> None:
    """Say what this installation has, what is missing, and which command mends it."""
    settings = _settings()
    problems = 0

    def line(ok: bool, what: str, mend: str = "") -> None:
        nonlocal problems
        problems += 0 if ok else 1
        console.print(f"[green]✓[/] {what}" if ok else f"[red]✗[/] {what} → {mend}", highlight=False)

    import sqlite3

    line(True, f"odr {__version__}, Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}")
    shown = settings.database.rsplit("@", 1)[-1]
    line(True, f"mode {settings.mode}, database {shown}, redis {'yes' if settings.redis_url else 'no'}")
    for refusal in settings.refusals():
        line(False, "not fit for a real city", refusal)
    line((DIST / ".vite" / "manifest.json").exists(), "scripts and styles are built", "make build")
    try:
        asyncio.run(_try_database(settings))
        line(True, f"the database takes writes; tables at {migrate.newest()}")
    except Exception as failure:
        line(False, f"the database does not answer ({type(failure).__name__})", "ODR_DATABASE_URL? disk space?")
    line(_has_pango(), "Pango is there: papers come as PDF", "apt-get install libpango-1.0-0 libpangoft2-1.0-0")
    fonts = shutil.which("fc-list") is None or _has_chinese_fonts()
    line(fonts, "Chinese fonts are there", "apt-get install fonts-noto-cjk")
    if problems:
        raise typer.Exit(1)


async def _try_database(settings: Settings) -> None:
    crypto.configure(settings.secret)
    await migrate.upgrade(settings)
    database = Database(settings)
    try:
        if settings.is_sqlite:
            await check_pragmas(database)
        async with database.connection() as connection:
            await connection.exec_driver_sql("UPDATE ledger_head SET seq = seq")
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
