"""Cores, memory and facts of the machine. The server and its database keep one core, the load generator another."""

import contextlib
import os
import platform
import sqlite3
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

SERVER_CORE, LOAD_CORE = 0, 1
# Above this the other users of the machine are measured too.
QUIET = 1.5


def pin(core: int) -> None:
    """Keep this process, and whatever it starts from now on, on one core. Does nothing where there is no such call."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > core:
        os.sched_setaffinity(0, {core})


@contextlib.contextmanager
def pinned(core: int) -> Iterator[None]:
    """What is started inside the block stays on one core."""
    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    pin(core)
    try:
        yield
    finally:
        if before is not None:
            os.sched_setaffinity(0, before)


def load_average() -> float:
    return os.getloadavg()[0]


def resident(pid: int) -> int:
    """Bytes a process holds, shared pages counted in parts where the kernel tells."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    told = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return int(told.stdout) * 1024


def sockets_on(port: int) -> int:
    """Established connections of the server's side of a port."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[1].endswith(f":{port:04X}") and row[3] == "01" for row in rows)


def cpu_seconds(pid: int) -> float:
    """What a process has used of a core so far; 0 where it cannot be read."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def facts() -> list[str]:
    """What a reader must know to compare: processor, memory, system, versions."""
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    kernel = platform.release().split("-")[0]
    names = ("fastapi", "uvicorn", "websockets", "uvloop", "sqlalchemy", "aiosqlite", "asyncpg", "orjson")
    return [
        f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {kernel}",
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        + ", ".join(f"{name} {version(name)}" for name in names),
    ]
