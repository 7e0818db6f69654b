"""Files: the sealed original as it came, and the copy that is shown."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from odr.core import clock
from odr.core.db import Base, UTCDateTime
from odr.core.ids import new_pid


class File(Base):
    """One uploaded or produced file. `holder` names the thing that decides who may open it, e.g. `room` + its id.

    `size` and `sha256` are those of the bytes as they came; `original`, `shown` and `thumb` name sealed files in
    the vault. `shown_seq` is the line of the room that shows the file: before it only the uploader may open it.
    """

    __tablename__ = "files"
    __table_args__ = (Index("ix_files_holder", "holder", "holder_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    holder: Mapped[str] = mapped_column(String(24))
    holder_id: Mapped[int] = mapped_column()
    uploaded_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    name: Mapped[str] = mapped_column(String(120))
    mime: Mapped[str] = mapped_column(String(80))
    size: Mapped[int] = mapped_column()
    sha256: Mapped[str] = mapped_column(String(64))
    original: Mapped[str] = mapped_column(String(80))
    shown: Mapped[str] = mapped_column(String(80))
    shown_mime: Mapped[str] = mapped_column(String(80))
    thumb: Mapped[str | None] = mapped_column(String(80))
    width: Mapped[int | None] = mapped_column()
    height: Mapped[int | None] = mapped_column()
    shown_seq: Mapped[int | None] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
