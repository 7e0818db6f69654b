"""What a mediator ticked off before an agreement was frozen."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from odr.core import clock
from odr.core.db import Base, UTCDateTime


class CheckAcknowledgement(Base):
    """A finding that the mediator has seen and lets stand. Append-only (triggers).

    `key` holds the version of the clause, so a change of it asks again.
    """

    __tablename__ = "check_acknowledgements"
    __table_args__ = (UniqueConstraint("agreement_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"))
    key: Mapped[str] = mapped_column(String(100))
    by_person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
