"""The processes of a measurement: servers on one core, load generators on the other. Each is ended by its handle."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from bench import machine
from bench.city import SECRET
from tests.servers import free_port

Member = dict[str, Any]


@dataclass
class Server:
    """A server under load. `said`: it acknowledges by a frame of its own; the floor's sender finds its own line."""

    name: str
    port: int
    process: "subprocess.Popen[bytes]"
    said: bool = True

    @property
    def memory(self) -> int:
        return machine.resident(self.process.pid)

    @property
    def core(self) -> float:
        return machine.cpu_seconds(self.process.pid)


@contextlib.contextmanager
def _served(name: str, module: str, *options: str, said: bool = True, **env: str) -> Iterator[Server]:
    port = free_port()
    env.setdefault("ODR_PORT", str(port))
    with tempfile.TemporaryFile() as said_on_errors:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *options],
            env={name: value for name, value in os.environ.items() if not name.startswith("ODR_")} | env,
            stdout=said_on_errors,
            stderr=said_on_errors,
        )
        try:
            _wait(process, int(env["ODR_PORT"]), said_on_errors)
            yield Server(name, int(env["ODR_PORT"]), process, said)
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: "subprocess.Popen[bytes]", port: int, told: Any) -> None:
    import socket

    end = time.monotonic() + 60
    while time.monotonic() < end:
        if process.poll() is not None:
            told.seek(0)
            raise RuntimeError(f"the server ended at once: {told.read().decode()[-2000:]}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        time.sleep(0.05)
    raise RuntimeError("the server did not come up")


@contextlib.contextmanager
def floor(history: int = 0) -> Iterator[Server]:
    """Bare `websockets`, in memory."""
    port = free_port()
    options = ("--port", str(port), "--history", str(history))
    with _served("floor", "bench.floor", *options, said=False, ODR_PORT=str(port)) as server:
        yield server


@contextlib.contextmanager
def plain() -> Iterator[Server]:
    """uvicorn and FastAPI, nothing else."""
    port = free_port()
    with _served("plain", "bench.plain", "--port", str(port), said=False, ODR_PORT=str(port)) as server:
        yield server


@contextlib.contextmanager
def service(
    var: Path,
    *,
    database: str | None = None,
    redis: str | None = None,
    core: int = machine.SERVER_CORE,
    one_per_commit: bool = False,
) -> Iterator[Server]:
    """The service on the database in `var`, or on PostgreSQL."""
    env = {"ODR_VAR": str(var), "ODR_SECRET_KEY": SECRET}
    if database:
        env["ODR_DATABASE_URL"] = database
    if redis:
        env["ODR_REDIS_URL"] = redis
    options = ["--core", str(core), *(["--one-per-commit"] if one_per_commit else [])]
    with _served("PostgreSQL" if database else "SQLite", "bench.serve", *options, **env) as server:
        yield server


class Load:
    """A load generator and what it was told."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self.server: Server | None = None

    def _order(self, do: str, **given: Any) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("the load generator has no pipes")
        stdin.write(orjson.dumps({"do": do, **given}) + b"\n")
        stdin.flush()
        answer: dict[str, Any] = orjson.loads(stdout.readline() or b'{"failed":"the load generator ended"}')
        if "failed" in answer:
            raise RuntimeError(answer["failed"])
        return answer

    def open(self, server: Server, members: list[Member], **more: Any) -> dict[str, Any]:
        """Everybody connects and joins."""
        self.server = server
        there = [{"port": server.port, "said": server.said, **member} for member in members]
        return self._order("open", members=there, **more)

    def run(self, rate: float, seconds: float) -> dict[str, Any]:
        """One stretch of load. `work` is what a thousand lines cost the server, in milliseconds of its core: that holds
        also where others use the core too."""
        before = self.server.core if self.server else 0.0
        result = self._order("run", rate=rate, seconds=seconds)
        used = (self.server.core if self.server else 0.0) - before
        lines = max(1.0, rate * seconds - result["missing"])
        return result | {"work": used / lines * 1_000_000}

    def close(self) -> None:
        self._order("close")


def settled(servers: Iterable[Server], patience: float = 20.0) -> None:
    """Wait until none of them works any more: what one does behind its answers (the index of a transcript) must not be
    charged to the next."""
    end = time.monotonic() + patience
    still = list(servers)
    quiet = 0
    while quiet < 3 and time.monotonic() < end:
        before = [server.core for server in still]
        time.sleep(0.5)
        busy = any(server.core - was > 0.03 for server, was in zip(still, before, strict=True))
        quiet = 0 if busy else quiet + 1


@contextlib.contextmanager
def load() -> Iterator[Load]:
    process = subprocess.Popen([sys.executable, "-m", "bench.load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield Load(process)
    finally:
        process.terminate()
        process.wait(10)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


@contextlib.contextmanager
def opened(server: Server, members: list[Member]) -> Iterator[Load]:
    """A load generator of its own for this server, everybody joined."""
    with load() as generator:
        generator.open(server, members)
        yield generator
