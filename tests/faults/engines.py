"""PostgreSQL and Redis as things that can be broken: stopped at once, frozen, killed, and brought back as they were.

PostgreSQL syncs here, as it does for a city; the other tests' server does not.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg

from tests import servers

_QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


class Postgres:
    """A server with a data folder of its own; its `log` may lie elsewhere, on a disk that gets full. `url` names no
    database."""

    def __init__(self, folder: str, *, log: Path | None = None) -> None:
        self.folder = folder
        self.data = str(Path(folder, "data"))
        self.port = servers.free_port()
        self.url = f"postgresql://odr@127.0.0.1:{self.port}"
        # initdb and postgres refuse root.
        root = os.geteuid() == 0
        self._user = {"user": "postgres", "group": "postgres", "extra_groups": []} if root else {}
        for place in filter(None, (Path(folder), log and log.parent)):
            self.receives(place)
        # A log in pieces of 16 MB fills a small disk by itself.
        elsewhere = ["--wal-segsize=1", "-X", str(log)] if log else []
        self._options = ["max_wal_size=1GB"] if log else []
        self._run("initdb", "-U", "odr", "--auth=trust", "-E", "UTF8", "--no-locale", "-N", *elsewhere)
        self.process: subprocess.Popen[bytes] | None = None

    def receives(self, place: Path) -> None:
        """A folder that the server is to write to."""
        if self._user:
            shutil.chown(place, self._user["user"], self._user["group"])

    def _run(self, name: str, *args: str) -> None:
        command = [servers.program(name), "-D", self.data, *args]
        subprocess.run(command, check=True, cwd=self.folder, **_QUIET, **self._user)  # type: ignore[call-overload]

    def start(self) -> None:
        options = ["max_connections=200", "fsync=on", f"unix_socket_directories={self.folder}"]
        options.append("recovery_init_sync_method=syncfs")  # else each start after a crash opens every file there is
        options += self._options
        command = [servers.program("postgres"), "-D", self.data, "-h", "127.0.0.1", "-p", str(self.port)]
        command += [word for option in options for word in ("-c", option)]
        self.process = subprocess.Popen(command, cwd=self.folder, **_QUIET, **self._user)  # type: ignore[call-overload]
        servers.wait_for(self.port, self.process)

    def until_it_answers(self) -> None:
        servers.until_ready(self.url)

    def stop_at_once(self) -> None:
        """What `pg_ctl stop -m immediate` does: no check-point, recovery from the log at the next start."""
        assert self.process is not None
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(20)

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(20)


class Redis:
    """A server without persistence, on the same port whenever it lives."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.port = servers.free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", self.folder]
        self.process = subprocess.Popen(command, **_QUIET)  # type: ignore[call-overload]
        servers.wait_for(self.port, self.process)

    def send(self, what: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(what)

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)


@contextlib.contextmanager
def durable_postgres() -> Iterator[Postgres]:
    with tempfile.TemporaryDirectory(prefix="odr-faults-pg-", ignore_cleanup_errors=True) as folder:
        server = Postgres(folder)
        try:
            server.start()
            servers.until_ready(server.url)
            yield server
        finally:
            server.end()


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A disk of that size. Mounting needs root, which the machines that run these tests give."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "odr-faults", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> None:
    """Until not one byte fits any more."""
    with (disk / "ballast").open("wb", buffering=0) as file:
        for size in (1024 * 1024, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue


def make_room(disk: Path) -> None:
    (disk / "ballast").unlink()


@contextlib.contextmanager
def postgres_on_a_small_disk(what: str) -> Iterator[tuple[Postgres, Path]]:
    """A server of which the `tables` or the `log` (the write-ahead log) lie on a disk that is soon full; never both:
    whether the log needs another piece just then would be a matter of chance."""
    with (
        tempfile.TemporaryDirectory(prefix="odr-faults-pg-", ignore_cleanup_errors=True) as folder,
        small_disk(Path(folder, "disk"), {"tables": 64, "log": 32}[what]) as disk,
    ):
        server = Postgres(folder, log=disk / "log" if what == "log" else None)
        try:
            server.start()
            servers.until_ready(server.url)
            if what == "tables":
                server.receives(disk)
                asyncio.run(_new_databases_lie_in(server, disk))
            yield server, disk
        finally:
            server.end()


async def _new_databases_lie_in(server: Postgres, place: Path) -> None:
    connection = await asyncpg.connect(f"{server.url}/postgres")
    await connection.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
    await connection.execute("ALTER DATABASE template1 SET TABLESPACE small")
    await connection.close()


@contextlib.contextmanager
def breakable_redis(tmp: Path) -> Iterator[Redis]:
    server = Redis(str(tmp))
    try:
        server.start()
        yield server
    finally:
        server.kill()
