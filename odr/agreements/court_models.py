"""What was handed to a court by the service itself, and the court's receipt for it."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from odr.core.db import Base, UTCDateTime


class CourtPack(Base):
    """The papers of one request as exact bytes, with every number in them: for the court and the staff alone.

    The receipt is the adapter's, once the pack has left the machine.
    """

    __tablename__ = "court_packs"

    request_id: Mapped[int] = mapped_column(ForeignKey("court_requests.id"), primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("files.id"))
    adapter: Mapped[str] = mapped_column(String(32), default="")
    receipt_no: Mapped[str] = mapped_column(String(80), default="")
    received_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
