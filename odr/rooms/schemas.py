"""What people may send to a room, the same over the socket and over HTTP."""

import re
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from odr.core.i18n import _

TEXT_MAX = 4000
PAGE_MAX = 200
SEARCH_MAX = 50
SEQ_MAX = 2**31 - 1

# Made once by the client and kept with the line: at least 128 random bits, written in 22 characters or more, best
# behind the time (`ids.new_line_id`).
ClientId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{22,64}$")]
PublicId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
Seq = Annotated[int, Field(ge=0, le=SEQ_MAX)]

# Controls that no keyboard writes; some would hide or reorder what a court reads later.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufeff]")


# The signs of a moment. `fromisoformat` takes any one character between day and hour, also one no text may hold.
_MOMENT = re.compile(r"[-0-9TWZ:.,+ ]*")


class FromOutside(BaseModel):
    """Unknown fields are refused, types are not bent."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class SayIn(FromOutside):
    """One line. `id` is the client's own, used again for every retry."""

    id: ClientId
    kind: Literal["text", "file"] = "text"
    text: str | None = Field(default=None, max_length=TEXT_MAX)
    file: PublicId | None = None
    at: Annotated[str, StringConstraints(max_length=40)] | None = None

    @field_validator("text")
    @classmethod
    def _clean(cls, text: str | None) -> str | None:
        return None if text is None else _CONTROLS.sub("", text.replace("\r\n", "\n")).strip() or None

    @field_validator("at")
    @classmethod
    def _moment(cls, at: str | None) -> str | None:
        if at is not None:
            if not _MOMENT.fullmatch(at):
                raise ValueError("not a moment")
            datetime.fromisoformat(at)
        return at

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.kind == "text" and (self.text is None or self.file is not None):
            raise ValueError(_("请先写一句话再发送。"))
        if self.kind == "file" and self.file is None:
            raise ValueError(_("请先选一个文件再发送。"))
        return self


class RecallIn(FromOutside):
    """Take back one's own line `seq`."""

    id: ClientId
    seq: Annotated[int, Field(ge=1, le=SEQ_MAX)]


class ReadIn(FromOutside):
    """Everything up to `seq` was seen."""

    seq: Seq
