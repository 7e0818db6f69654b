"""Where the files of the tests lie: in memory where there is room for it. Syncing to a disk costs three milliseconds a
commit and tells the tests nothing; what is about disks (tests/faults) asks for one."""

import shutil
from pathlib import Path

_MEMORY = Path("/dev/shm")  # containers often have one too small
_ROOM = 2 * 1024**3


def in_memory() -> str | None:
    """A folder in memory with room for the databases of all workers, or None: wherever the system keeps such files."""
    return str(_MEMORY) if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM else None
