"""Frames that several places build: a room as one member sees it, and lines."""

from collections.abc import Sequence, Set

import orjson

from odr.core.i18n import _
from odr.live import protocol
from odr.rooms import service as rooms
from odr.rooms.lines import Line

_FRAME_BYTES = 48 * 1024


def room_frame(state: rooms.RoomState, person_id: int, here: Set[str], reads: dict[str, int]) -> bytes:
    """The room with its members and rights, as this member is told."""
    members = [
        {
            "id": seat.pid,
            "name": seat.name,
            "role": seat.role,
            "role_label": rooms.role_label(seat.role),
            "here": seat.pid in here,
        }
        for seat in state.seats.values()
    ]
    return protocol.frame(
        "room",
        room=state.pid,
        case=state.case,
        kind=state.kind,
        label=_(state.label),
        audience=state.audience(person_id),
        epoch=state.epoch,
        head=state.head,
        can=state.can(person_id),
        members=members,
        read={seat.pid: seq for seat in state.seats.values() if (seq := reads.get(seat.pid))},
    )


def lines_frame(pid: str, epoch: str, lines: Sequence[Line], source: str, more: bool) -> bytes:
    """Rows of a transcript; `source` is join, history or live."""
    return orjson.dumps(
        {
            "t": "lines",
            "room": pid,
            "epoch": epoch,
            "lines": [line.public() for line in lines],
            "from": source,
            "more": more,
        }
    )


def live_frames(pid: str, epoch: str, lines: Sequence[Line]) -> list[bytes]:
    """One frame, or several when the lines are long: no single write may fill a client's queue."""
    frames: list[bytes] = []
    some: list[Line] = []
    size = 0
    for line in lines:
        if some and size + len(line.raw) > _FRAME_BYTES:
            frames.append(lines_frame(pid, epoch, some, "live", False))
            some, size = [], 0
        some.append(line)
        size += len(line.raw) + 200
    frames.append(lines_frame(pid, epoch, some, "live", False))
    return frames
