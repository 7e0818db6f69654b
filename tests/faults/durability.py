"""Reads a trace of system calls: was the log synced before the acknowledgement left?

`kill -9` cannot show it: the kernel keeps what a killed process wrote. A database that never syncs survives every
kill and loses lines when the power goes.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_CALL = re.compile(r"^(?P<pid>\d+)\s+(?P<call>\w+)\((?P<args>.*)$")
_RESUMED = re.compile(r"^(?P<pid>\d+)\s+<\.\.\. (?P<call>\w+) resumed>(?P<args>.*)$")
_SAID = re.compile(r'\\"t\\":\\"said\\".*?\\"id\\":\\"([A-Za-z0-9_-]{22,64})\\"')
_WRITES = ("pwrite64", "write", "writev", "sendto", "sendmsg")


class Ack(NamedTuple):
    """An acknowledgement that left. `is_covered`: the log had been written and synced since the one before."""

    id: str
    is_covered: bool


def acks(trace: Iterable[str]) -> Iterator[Ack]:
    """The acknowledgements of a client that sends one line at a time, each with whether its line was synced by then.

    A sync counts when it has returned 0, and only when nothing was written to the log after it had begun.
    """
    begun: dict[str, int] = {}  # by thread: how much was written when its sync began
    written = synced = acked = 0
    for line in trace:
        resumed = _RESUMED.match(line)
        found = resumed or _CALL.match(line)
        if found is None:
            continue
        pid, call, args = found["pid"], found["call"], found["args"]
        if call in ("fdatasync", "fsync"):
            if resumed is None and "-wal>" in args:
                begun[pid] = written
            if pid in begun and "<unfinished" not in args and re.search(r"\)\s*= 0$", args.rstrip()):
                synced = max(synced, begun.pop(pid))
        elif call in _WRITES and resumed is None:
            if "-wal>" in args:
                written += 1
            for id in _SAID.findall(args):
                yield Ack(id, acked < synced == written)
                acked = written
