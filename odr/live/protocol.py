"""The frames of `odr.v1` as a client sends them: strict models, and why a frame was not one."""

import re
from typing import Annotated, Any, Literal, Self

import orjson
from pydantic import Field, StringConstraints, TypeAdapter, ValidationError, model_validator

from odr.core import metrics
from odr.core.i18n import _
from odr.rooms.schemas import PAGE_MAX, FromOutside, PublicId, RecallIn, SayIn, Seq

NAME = "odr.v1"
VERSION = 1
HEARTBEAT_SECONDS = 20
FRAME_BYTES = 64 * 1024
FIRST_FRAME_SECONDS = 10.0

SIGN_IN = 4401
REFUSED = 4403
SILENT = 4408
TOO_MANY = 4429
RESTART = 1012
TOO_SLOW = 1013

_WORD = re.compile(r"[A-Za-z0-9_-]+")


class Join(FromOutside):
    """Follow a room, from a cursor (epoch, seq) or from the newest lines."""

    t: Literal["join"]
    room: PublicId
    epoch: Annotated[str, StringConstraints(max_length=32)] | None = None
    seq: Annotated[int, Field(ge=0, le=2**63)] | None = None  # beyond any head: answered by resync, not by an error

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.epoch is None) != (self.seq is None):
            raise ValueError("a cursor is epoch and seq")
        return self


class Leave(FromOutside):
    t: Literal["leave"]
    room: PublicId


class Say(SayIn):
    t: Literal["say"]
    room: PublicId


class Recall(RecallIn):
    t: Literal["recall"]
    room: PublicId


class Read(FromOutside):
    t: Literal["read"]
    room: PublicId
    seq: Seq


class Typing(FromOutside):
    t: Literal["typing"]
    room: PublicId


class History(FromOutside):
    """Lines below `before` or above `after`."""

    t: Literal["history"]
    room: PublicId
    before: Seq | None = None
    after: Seq | None = None
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = 50

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.before is None) == (self.after is None):
            raise ValueError("either before or after")
        return self


class Ping(FromOutside):
    t: Literal["ping"]
    n: Annotated[int, Field(ge=0, le=2**53)] | None = None


Frame = Join | Leave | Say | Recall | Read | Typing | History | Ping
_frames: TypeAdapter[Frame] = TypeAdapter(Annotated[Frame, Field(discriminator="t")])


class BadFrame(Exception):
    """A message that is no frame; holds the error frame that answers it."""

    def __init__(self, answer: bytes) -> None:
        super().__init__("bad frame")
        self.answer = answer


def parse(message: str | bytes | None) -> Frame:
    """One message as a frame. Raises BadFrame; nothing of the message but a well-formed id comes back in it."""
    if not isinstance(message, str):
        raise BadFrame(error("bad_frame", _("只接受文字消息。")))
    try:
        given = orjson.loads(message)
    except orjson.JSONDecodeError:
        raise BadFrame(error("bad_frame", _("这条消息不是完整的 JSON。"))) from None
    if not isinstance(given, dict):
        raise BadFrame(error("bad_frame", _("这条消息不是协议里的一种。")))
    try:
        return _frames.validate_python(given)
    except ValidationError as failed:
        raise BadFrame(_why(failed, given)) from None


def id_of(message: Any) -> str | None:
    """The id in a message that is not read any further (it came too fast), so that its client keeps the line."""
    try:
        given = orjson.loads(message)
    except (orjson.JSONDecodeError, TypeError):
        return None
    return _word(given.get("id"), 64) if isinstance(given, dict) else None


def _why(failed: ValidationError, given: dict[str, Any]) -> bytes:
    problem = failed.errors(include_url=False, include_input=False)[0]
    re, room = _word(given.get("id"), 64), _word(given.get("room"), 32)
    if problem["type"] == "string_too_long" and problem["loc"][-1] == "text":
        return error("too_long", _("一句话最多 4000 个字。请分几次发送。"), re=re, room=room)
    if problem["type"] == "value_error" and given.get("t") == "say" and len(problem["loc"]) <= 1:
        return error("bad_frame", str(problem["ctx"]["error"]), re=re, room=room)
    return error("bad_frame", _("这条消息不是协议里的一种。"), re=re, room=room)


def _word(value: Any, longest: int) -> str | None:
    """An id to send back, if it is one: raw input is never echoed."""
    return value if isinstance(value, str) and len(value) <= longest and _WORD.fullmatch(value) else None


def frame(t: str, /, **fields: Any) -> bytes:
    """A frame of the server; fields that are None are left out."""
    return orjson.dumps({"t": t, **{name: value for name, value in fields.items() if value is not None}})


def error(code: str, say: str, *, re: str | None = None, room: str | None = None, retry: int | None = None) -> bytes:
    """A typed error; the socket stays."""
    metrics.refusals.labels(code).inc()
    return frame("error", code=code, say=say, re=re, room=room, retry=retry)
