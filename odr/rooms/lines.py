"""A line of a transcript: its public form and its leaf, shared by writers, readers and the verifier."""

from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from odr.core import chain, clock

NOTHING = b"{}"


class Line(NamedTuple):
    """What a reader gets. `raw` is the plain JSON body, `{}` for a line that was taken back."""

    seq: int
    kind: str
    client_id: str | None
    author_pid: str | None
    author_name: str
    author_role: str
    at_us: int
    raw: bytes
    recalled: bool = False

    @property
    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(self.raw)
        return found

    @property
    def at(self) -> datetime:
        return clock.from_us(self.at_us)

    def public(self) -> dict[str, Any]:
        """The line as `odr.v1` writes it; to be encoded by `orjson` (the body goes in as the bytes it is)."""
        found: dict[str, Any] = {
            "seq": self.seq,
            "kind": self.kind,
            "id": self.client_id,
            "by": None
            if self.author_pid is None
            else {"id": self.author_pid, "name": self.author_name, "role": self.author_role},
            "at": stamp(self.at_us),
            "body": orjson.Fragment(self.raw),
        }
        if self.recalled:
            found["recalled"] = True
        return found


def findable(raw: bytes) -> str:
    """What of a body can be searched: its text and the name of its file. A body that is no JSON holds nothing."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return ""
    file = body.get("file") or {}
    return "\n".join(part for part in (body.get("text"), file.get("name")) if part)


def stamp(us: int) -> str:
    """2026-11-24T07:00:00.123Z."""
    return f"{_second(us // 1_000_000)}.{us // 1000 % 1000:03d}Z"


@lru_cache(64)
def _second(seconds: int) -> str:
    """Lines that are talked about now are of the same few seconds."""
    return clock.from_us(seconds * 1_000_000).isoformat(timespec="seconds")[:-6]


def leaf(
    prev: bytes,
    *,
    room: str,
    epoch: str,
    seq: int,
    kind: str,
    author: str | None,
    role: str,
    name: str,
    client_id: str | None,
    ref_seq: int | None,
    at_us: int,
    client_at: str | None,
    sealed: bool,
    salt: bytes,
    body: bytes,
) -> bytes:
    """The hash of one stored line: every column, the public ids of room and author, and the leaf before it.

    The body enters as a salted commitment to its plain JSON, so that a lawful erasure or a change of keys leaves
    the chain whole.
    """
    return chain.leaf(
        {
            "alg": "sha256",
            "room": room,
            "epoch": epoch,
            "seq": seq,
            "kind": kind,
            "author": author,
            "role": role,
            "name": name,
            "id": client_id,
            "ref": ref_seq,
            "at": at_us,
            "client_at": client_at,
            "sealed": sealed,
            "body": chain.commitment(salt, body).hex(),
        },
        prev,
    )
