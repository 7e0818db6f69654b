"""Workers in a moment: everything is imported once, then each start of `odr serve` is a fork. Thousands of starts
in one run are thousands of forks; the code that serves is the command's own.

Orders come on stdin, one JSON object a line: the environment, the file for what it prints, and its clock. The answer
is the pid. Nobody outlives whoever gives the orders.
"""

import ctypes
import gc
import json
import os
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from fastapi.routing import iter_route_contexts

_PR_SET_PDEATHSIG = 1
LOADED = (
    "odr.cli", "odr.app", "odr.live.serving", "odr.live.stopping", "odr.core.redis_bus", "redis.asyncio",
    "sqlalchemy.dialects.sqlite.aiosqlite", "sqlalchemy.dialects.postgresql.asyncpg",
)  # fmt: skip


def _become(order: dict[str, Any]) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    printed = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for fd, target in ((os.open(os.devnull, os.O_RDONLY), 0), (printed, 1), (printed, 2)):
        os.dup2(fd, target)
    for name in [name for name in os.environ if name.startswith("ODR_")]:
        del os.environ[name]
    os.environ.update(order["env"])
    if order.get("clock"):
        from tests.faults import clock

        clock.follow(Path(order["clock"]))
    from odr import cli

    cli.serve()


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are buried by the kernel
    # The point of it all. A command loads what it needs when it runs, so what serving loads is named here.
    for name in LOADED:
        import_module(name)
    list(iter_route_contexts(import_module("odr.app").ROUTES.routes))  # made ready at the first look
    gc.collect()
    gc.freeze()
    print("ready", flush=True)  # noqa: T201
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                _become(json.loads(line))
                code = 0
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 1
            finally:
                os._exit(code)
        print(pid, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
