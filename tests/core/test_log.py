"""The log of several workers is one file."""

import os
import subprocess
import sys

_SPEAKER = """
import os, sys
from odr.core.log import configure, log
configure(as_json=True, worker=sys.argv[1])
for n in range(300):
    log.info("spoken", n=n)
"""


def test_lines_of_two_workers_at_once_stay_whole() -> None:
    read, write = os.pipe()
    workers = [subprocess.Popen([sys.executable, "-c", _SPEAKER, name], stderr=write) for name in ("1", "2")]
    os.close(write)
    with os.fdopen(read) as told:
        lines = told.read().splitlines()
    assert [worker.wait(30) for worker in workers] == [0, 0]
    assert len(lines) == 600
    assert all(line.startswith("{") and line.endswith("}") and line.count('"event"') == 1 for line in lines)
