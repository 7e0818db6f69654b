"""What was sent, acknowledged and heard while things broke, and the judge of it: a pure function over records.

It believes nobody: the final read of every room is held against what each client sent, was told and heard.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Fault(StrEnum):
    """The ways in which a transcript can break its promises."""

    LOST = "lost"  # acknowledged, and not there at the end
    DOUBLED = "doubled"  # one id at two places, or one line given twice on one line to the server
    HOLE = "hole"  # a seq left out, at the end or on the way to a client
    REORDERED = "reordered"  # not in the order in which its author sent it, one at a time
    LATE = "late"  # a line that appeared below one already seen
    CHANGED = "changed"  # one place with two contents, or not what was sent
    PHANTOM = "phantom"  # heard or stored, and never sent or not there at the end
    MISPLACED = "misplaced"  # acknowledged with a seq at which something else stands
    LEAKED = "leaked"  # heard by somebody who does not sit in the room
    REWOUND = "rewound"  # told to start over although nothing was restored


class Found(NamedTuple):
    """One broken promise, with the room and what to look for."""

    fault: Fault
    room: str
    what: str


class Line(NamedTuple):
    """One row of a transcript as a reader saw it."""

    seq: int
    id: str | None
    author: str | None
    body: str


class Stream(NamedTuple):
    """What one client was given of one room between one join and the next: everything above `after`, in order.
    `after` is None when it asked for the newest lines only."""

    client: str
    room: str
    epoch: str
    after: int | None
    lines: list[Line]


@dataclass
class History:
    """The records of one run. Clients append to it while they live; `final` is read when all is quiet."""

    members: dict[str, set[str]] = field(default_factory=dict)  # room: clients who sit in it
    sent: list[tuple[str, str, str, str]] = field(default_factory=list)  # client, id, room, body; once per line
    in_order: set[str] = field(default_factory=set)  # clients who send a line only after the one before is stored
    acked: list[tuple[str, str, str, int]] = field(default_factory=list)  # client, id, room, seq; each time
    streams: list[Stream] = field(default_factory=list)
    resyncs: list[tuple[str, str]] = field(default_factory=list)  # client, room
    final: dict[str, list[Line]] = field(default_factory=dict)
    final_epoch: str = ""

    def joined(self, client: str, room: str, epoch: str, after: int | None) -> Stream:
        """A client follows a room from here on."""
        stream = Stream(client, room, epoch, after, [])
        self.streams.append(stream)
        return stream

    def has_heard(self, client: str, room: str, body: str) -> bool:
        """Whether a line came to a client, lately."""
        own = (stream for stream in reversed(self.streams) if (stream.client, stream.room) == (client, room))
        stream = next(own, None)
        return stream is not None and any(line.body == body for line in reversed(stream.lines))


def judge(history: History) -> list[Found]:
    """Every promise this history breaks; empty when it breaks none. A line that was never acknowledged may be stored
    or not: who sent it was told nothing."""
    found: list[Found] = []
    for room in sorted(history.final.keys() | {stream.room for stream in history.streams}):
        lines = history.final.get(room, [])
        found += _of_the_end(history, room, lines)
        found += _of_the_acks(history, room, lines)
        found += _of_the_ways(history, room, {line.seq: line for line in lines})
    found += [Found(Fault.REWOUND, room, client) for client, room in history.resyncs]
    rooms = history.final.keys()
    found += [Found(Fault.LOST, room, id) for _, id, room, _ in history.acked if room not in rooms]
    return found


def _of_the_end(history: History, room: str, lines: list[Line]) -> Iterable[Found]:
    """The final read by itself, and against what was sent."""
    sent = {id: (client, body) for client, id, where, body in history.sent if where == room}
    places: dict[tuple[str | None, str], int] = {}
    for place, line in enumerate(lines, 1):
        if line.seq != place:
            yield Found(Fault.HOLE, room, f"the end has {line.seq} at place {place}")
            break
    for line in lines:
        if line.id is None:
            continue
        if (line.author, line.id) in places:
            yield Found(Fault.DOUBLED, room, f"{line.id} at {places[line.author, line.id]} and {line.seq}")
        places[line.author, line.id] = line.seq
        if line.id not in sent:
            yield Found(Fault.PHANTOM, room, f"{line.seq} was never sent")
        elif sent[line.id] != (line.author, line.body):
            yield Found(Fault.CHANGED, room, f"{line.seq} is not what was sent as {line.id}")
    last: dict[str, int] = defaultdict(int)
    for client, id, where, _ in history.sent:
        place = places.get((client, id), 0)
        if where == room and client in history.in_order and place:
            if place < last[client]:
                yield Found(Fault.REORDERED, room, f"{id} of {client} stands before its elder")
            last[client] = place


def _of_the_acks(history: History, room: str, lines: list[Line]) -> Iterable[Found]:
    at = {(line.author, line.id): line.seq for line in lines}
    for client, id, where, seq in history.acked:
        if where != room:
            continue
        stored = at.get((client, id))
        if stored is None:
            yield Found(Fault.LOST, room, id)
        elif stored != seq:
            yield Found(Fault.MISPLACED, room, f"{id} was acknowledged at {seq} and stands at {stored}")


def _of_the_ways(history: History, room: str, end: dict[int, Line]) -> Iterable[Found]:
    """What each client was given, by itself, against the other clients and against the end."""
    streams = [stream for stream in history.streams if stream.room == room]
    contents: dict[tuple[str, int], Line] = {}
    for stream in streams:
        if stream.lines and stream.client not in history.members.get(room, set()):
            yield Found(Fault.LEAKED, room, stream.client)
        yield from _of_one_way(stream)
        for line in stream.lines:
            known = contents.setdefault((stream.epoch, line.seq), line)
            if known != line:
                yield Found(Fault.CHANGED, room, f"{line.seq} read differently by two clients")
    for (epoch, seq), line in sorted(contents.items()):
        if epoch != history.final_epoch:
            continue
        stored = end.get(seq)
        if stored is None:
            yield Found(Fault.PHANTOM, room, f"{seq} was heard and is not there")
        elif stored != line:
            yield Found(Fault.CHANGED, room, f"{seq} was heard otherwise than it stands")


def _of_one_way(stream: Stream) -> Iterable[Found]:
    seen: set[int] = set()
    last = stream.after
    for line in stream.lines:
        if line.seq in seen:
            yield Found(Fault.DOUBLED, stream.room, f"{stream.client} was given {line.seq} twice")
        elif last is not None and line.seq <= last:
            yield Found(Fault.LATE, stream.room, f"{stream.client} was given {line.seq} after {last}")
        elif last is not None and line.seq != last + 1:
            yield Found(Fault.HOLE, stream.room, f"{stream.client} was given {line.seq} after {last}")
        seen.add(line.seq)
        last = max(last or 0, line.seq)
