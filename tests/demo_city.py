"""The demo city as `odr demo` makes it, once in a run whatever the number of workers; tests play in copies of it."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class DemoCity:
    """The folder of a service that never ran, and what the command printed."""

    var: Path
    printed: str

    def copied(self, var: Path) -> None:
        """The same city at another place."""
        shutil.copytree(self.var, var)

    def logins(self, url: str) -> dict[str, Any]:
        """What the command would have printed where the service is served at `url`."""
        told: dict[str, Any] = json.loads(self.printed)
        return json.loads(self.printed.replace(told["url"], url))


def made_once(folder: Path) -> DemoCity:
    """The city in this folder, which all workers share; whoever comes first makes it."""
    var, printed = folder / "demo-city", folder / "demo-city.json"
    with (folder / "demo-city.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not printed.exists():
            env = {name: value for name, value in os.environ.items() if not name.startswith("ODR_")}
            made = subprocess.run(
                [sys.executable, "-m", "odr.cli", "demo", "--json"],
                env=env | {"ODR_VAR": str(var)}, capture_output=True, text=True,
            )  # fmt: skip
            assert made.returncode == 0, made.stderr
            assert "Exception" not in made.stderr + made.stdout
            printed.write_text(made.stdout, encoding="utf-8")
    return DemoCity(var, printed.read_text(encoding="utf-8"))
