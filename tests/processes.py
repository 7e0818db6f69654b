"""`odr serve` as a process of its own, as an operator starts it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from odr.core.settings import Settings
from tests import servers

SECONDS = 60.0


def environment(settings: Settings, **more: str) -> dict[str, str]:
    """The settings as an operator would give them, and nothing of this shell's own."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("ODR_")}
    env |= {"ODR_VAR": str(settings.var), "ODR_LOG_JSON": "true"}
    if settings.secret_key is not None:
        env["ODR_SECRET_KEY"] = settings.secret_key.get_secret_value()
    if settings.database_url:
        env["ODR_DATABASE_URL"] = settings.database_url
    if settings.redis_url:
        env["ODR_REDIS_URL"] = settings.redis_url
    return env | more


class Serving:
    """The process, where it listens, and what it wrote."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, own: list[int], log: Path) -> None:
        self.process, self.port, self.own, self._log = process, port, own, log

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._log.read_text().splitlines() if line.startswith("{")]

    def events(self, event: str) -> list[dict[str, Any]]:
        return [one for one in self.log() if one["event"] == event]

    def wait_for_event(self, event: str, count: int = 1) -> list[dict[str, Any]]:
        """Until the log has it so many times. Raises RuntimeError."""
        end = time.monotonic() + SECONDS
        while len(found := self.events(event)) < count:
            if time.monotonic() > end or (self.process.poll() is not None and len(self.events(event)) < count):
                raise RuntimeError(f"no {event} in: {self._log.read_text()[-3000:]}")
            time.sleep(0.02)
        return found

    def send(self, what: signal.Signals) -> None:
        self.process.send_signal(what)

    def get(self, path: str, port: int | None = None, **headers: str) -> tuple[int, str]:
        """Status and body; 0 when nobody answers."""
        request = urllib.request.Request(f"http://127.0.0.1:{port or self.port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read().decode()
        except OSError:
            return 0, ""


@contextlib.contextmanager
def serving(settings: Settings, *, workers: int = 1, **more: str) -> Iterator[Serving]:
    """Start it, wait until it is ready, and end it whatever happens."""
    port, *own = servers.neighbouring_ports(workers + 1)
    log = settings.var / f"serve-{port}.log"
    env = environment(settings, ODR_PORT=str(port), ODR_METRICS_PORT=str(own[0]), **more)
    with log.open("wb") as written:
        command = [sys.executable, "-m", "odr.cli", "serve", "--workers", str(workers)]
        process = subprocess.Popen(command, env=env, stdout=written, stderr=written)
    found = Serving(process, port, own if workers > 1 else [port], log)
    try:
        end = time.monotonic() + SECONDS
        while not all(found.get("/readyz", one)[0] == 200 for one in found.own):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"it did not start: {log.read_text()[-3000:]}")
            time.sleep(0.05)
        yield found
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(20)
