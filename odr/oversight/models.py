"""Reading under audit: the reason comes before the transcript."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from odr.core import clock
from odr.core.db import Base, UTCDateTime
from odr.core.ids import new_pid


class Reading(Base):
    """An auditor's stated reason for one case; it opens that case's joint rooms until `expires_at`."""

    __tablename__ = "readings"
    __table_args__ = (Index("ix_readings_use", "auditor_id", "case_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    auditor_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    reason: Mapped[str] = mapped_column(String(300))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
