"""Real PostgreSQL and Redis for the tests: in temporary folders, on sockets and ports of their own.

Each is ended by the handle of the process that was started, never by name.
"""

import asyncio
import contextlib
import os
import random
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests import places

# A server that nobody starts again after a crash.
_FORGETFUL = ["fsync=off", "full_page_writes=off", "synchronous_commit=off", "wal_level=minimal", "max_wal_senders=0"]


def free_port() -> int:
    """A loopback port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def neighbouring_ports(count: int) -> list[int]:
    """Free loopback ports, one after the other. Below those the system gives out by itself: who asks again and again
    whether one of these listens yet would in the end be connected to himself."""
    while True:
        first = random.randrange(20_000, 32_000)
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            for port in range(first, first + count):
                probe = held.enter_context(socket.socket())
                probe.bind(("127.0.0.1", port))
            return list(range(first, first + count))


def program(name: str) -> str:
    """A program on the PATH or in Debian's folder for PostgreSQL."""
    found = shutil.which(name)
    if found and Path(found).resolve().parent.name == "bin" and "postgresql" in str(Path(found).resolve()):
        return found
    bins = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    return str(bins[-1] / name) if bins else (found or name)


def wait_for(port: int, process: "subprocess.Popen[bytes]", seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the test server ended at once with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        time.sleep(0.05)
    raise RuntimeError("the test server did not come up")


@contextlib.contextmanager
def postgres(*, durable: bool = False) -> Iterator[str]:
    """A PostgreSQL server; yields its URL. initdb refuses root, so then it runs as the user postgres. Only a `durable`
    one lies on a disk and syncs its commits, as a real one does."""
    root = os.geteuid() == 0
    place = None if durable else places.in_memory()
    with tempfile.TemporaryDirectory(prefix="odr-pg-", dir=place, ignore_cleanup_errors=True) as folder:
        if root:
            shutil.chown(folder, "postgres", "postgres")
        user = {"user": "postgres", "group": "postgres", "extra_groups": []} if root else {}
        data = f"{folder}/data"
        subprocess.run(
            [program("initdb"), "-D", data, "-U", "odr", "--auth=trust", "-E", "UTF8", "--no-locale", "-N"],
            check=True, capture_output=True, cwd=folder, **user,
        )  # fmt: skip
        port = free_port()
        said = ["max_connections=200", f"unix_socket_directories={folder}"]
        if not durable:
            said += _FORGETFUL
        options = [word for one in said for word in ("-c", one)]
        process = subprocess.Popen(
            [program("postgres"), "-D", data, "-h", "127.0.0.1", "-p", str(port), *options],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, **user,
        )  # fmt: skip
        try:
            wait_for(port, process)
            url = f"postgresql://odr@127.0.0.1:{port}"
            until_ready(url)
            yield url
        finally:
            process.terminate()
            process.wait(20)


def until_ready(url: str) -> None:
    import asyncpg

    async def ask() -> None:
        for _ in range(100):
            try:
                connection = await asyncpg.connect(f"{url}/postgres")
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.1)
            else:
                await connection.close()
                return
        raise RuntimeError("PostgreSQL did not answer")

    asyncio.run(ask())


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """A Redis server without persistence; yields its URL."""
    with tempfile.TemporaryDirectory(prefix="odr-redis-") as folder:
        port = free_port()
        process = subprocess.Popen(
            ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            wait_for(port, process)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait(10)
