"""A clock that can be set while the service runs.

Not libfaketime: a preloaded library would shift the monotonic clock too, or leave it to a flag of its version, and
the event loop with it. When an administrator or NTP sets a machine's clock only the wall clock moves, so only what
the service reads of the wall clock is moved here: `datetime.now` as `odr.core.clock` sees it, and `time.time`.
"""

import mmap
import struct
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from odr.core import clock

_FORM = "d"


def set_by(path: Path, seconds: float) -> None:
    """From now on the wall clock of everybody who follows this file stands so many seconds ahead."""
    if path.exists():
        with path.open("r+b") as file:
            file.write(struct.pack(_FORM, seconds))
    else:
        path.write_bytes(struct.pack(_FORM, seconds))


def follow(path: Path) -> None:
    """In a worker: take the shift from the file at each look at the clock."""
    with path.open("rb") as file:
        shared = mmap.mmap(file.fileno(), struct.calcsize(_FORM), prot=mmap.PROT_READ)
    true_time = time.time

    def shift() -> float:
        return float(struct.unpack(_FORM, shared[:])[0])

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(seconds=shift())

    time.time = lambda: true_time() + shift()
    clock.datetime = Shifted  # type: ignore[misc]
