"""The service as an operator starts it: `odr demo`, then `odr serve`, each a process of its own."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from tests import servers
from tests.demo_city import DemoCity

# One unit for the waits of a journey; a slow machine scales it.
SECONDS = float(os.environ.get("ODR_TEST_SECONDS", "20"))


@dataclass(frozen=True)
class Service:
    """Where it listens, the logins the demo printed, and the settings of its processes."""

    url: str
    logins: dict[str, Any]
    environment: dict[str, str] = field(default_factory=dict)

    def odr(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """A further command of the operator beside the served one, like `odr("verify")`."""
        return subprocess.run(
            [sys.executable, "-m", "odr.cli", *command], env=self.environment, capture_output=True, text=True
        )

    def staff(self, login: str) -> dict[str, str]:
        found: dict[str, str] = next(one for one in self.logins["staff"] if one["login"] == login)
        return found


@contextlib.contextmanager
def running(var: Path, city: DemoCity | None = None, **settings: str) -> Iterator[Service]:
    """A demo city in `var`, served on a free port until the block ends: a copy of `city`, or one made for these
    settings (`ODR_DATABASE_URL="…"`)."""
    port = servers.free_port()
    env = {name: value for name, value in os.environ.items() if not name.startswith("ODR_")}
    env |= {"ODR_VAR": str(var), "ODR_PORT": str(port)} | settings
    command = [sys.executable, "-m", "odr.cli"]
    if city is None:
        made = subprocess.run([*command, "demo", "--json"], env=env, capture_output=True, text=True, check=True)
        logins = json.loads(made.stdout)
    else:
        city.copied(var)
        logins = city.logins(f"http://127.0.0.1:{port}")
    with (var / "serve.log").open("wb") as log:
        process = subprocess.Popen([*command, "serve"], env=env, stdout=log, stderr=log)
        try:
            _until_ready(f"{logins['url']}/readyz", process)
            yield Service(logins["url"], logins, env)
        finally:
            process.terminate()
            process.wait(SECONDS)


def _until_ready(address: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"`odr serve` ended at once with {process.returncode}")
        with contextlib.suppress(URLError, ConnectionError), urlopen(address, timeout=1) as answer:
            if answer.status == 200:
                return
        time.sleep(0.05)
    raise RuntimeError("`odr serve` did not come up")
