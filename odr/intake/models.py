"""The doors: drafts of applications, and orders that a machine fed in."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from odr.core import clock
from odr.core.crypto import Sealed
from odr.core.db import Base, UTCDateTime
from odr.core.ids import new_pid


class Draft(Base):
    """An application being written, saved at each step and open on every device of its owner.

    `answers` is JSON text of what was typed, sealed: it holds names, phones and the story before anybody may read it.
    """

    __tablename__ = "drafts"
    __table_args__ = (Index("ix_drafts_owner", "owner_id", "case_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    owner_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    answers: Mapped[str] = mapped_column(Sealed, default="{}")
    step: Mapped[str] = mapped_column(String(24), default="")
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    dropped_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class IntakeOrder(Base):
    """A work order of 12345 or 110. Idempotent by source and order number; refused ones carry a reason back."""

    __tablename__ = "intake_orders"
    __table_args__ = (UniqueConstraint("source", "order_no"), Index("ix_intake_orders_queue", "centre_id", "state"))

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    source: Mapped[str] = mapped_column(String(24))
    order_no: Mapped[str] = mapped_column(String(64))
    api_key_id: Mapped[int] = mapped_column(ForeignKey("api_keys.id"))
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)
    caller: Mapped[str] = mapped_column(String(50), default="")
    phone: Mapped[str | None] = mapped_column(Sealed)
    address: Mapped[str | None] = mapped_column(Sealed)
    division_code: Mapped[str | None] = mapped_column(ForeignKey("divisions.code"))
    category_text: Mapped[str] = mapped_column(String(80), default="")
    content: Mapped[str] = mapped_column(Sealed)
    urgency: Mapped[str] = mapped_column(String(12), default="normal")
    consent_to_transfer: Mapped[bool] = mapped_column(default=False)
    extra: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    body_hash: Mapped[str] = mapped_column(String(64))
    centre_id: Mapped[int] = mapped_column(ForeignKey("bodies.id"))
    state: Mapped[str] = mapped_column(String(12), default="received")
    reason: Mapped[str] = mapped_column(String(200), default="")
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
