"""The ledger: append-only, chained by hash, so that a changed, dropped or inserted row shows."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from odr.core.db import Base, UTCDateTime


class LedgerRow(Base):
    """One act. `seq` is 1, 2, 3 … over the whole service; `leaf` covers every other column and the leaf before."""

    __tablename__ = "ledger"
    __table_args__ = (Index("ix_ledger_thing", "thing", "thing_pid", "seq"), Index("ix_ledger_person", "person_id"))

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    tag: Mapped[str] = mapped_column(String(64))
    thing: Mapped[str] = mapped_column(String(24))
    thing_pid: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    on_behalf_of: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    login_id: Mapped[int | None] = mapped_column()
    ip: Mapped[str] = mapped_column(String(45), default="")
    device: Mapped[str] = mapped_column(String(120), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    prev: Mapped[bytes] = mapped_column(LargeBinary(32))
    leaf: Mapped[bytes] = mapped_column(LargeBinary(32))


class LedgerHead(Base):
    """The one row that is locked while a ledger row is added."""

    __tablename__ = "ledger_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(default=0)
    leaf: Mapped[bytes] = mapped_column(LargeBinary(32), default=bytes(32))
