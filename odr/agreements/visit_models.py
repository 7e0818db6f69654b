"""Return visits that are due: planned by the rules of `visit_rules`, done by the one who handled the case."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from odr.core import clock
from odr.core.db import Base, UTCDateTime
from odr.core.ids import new_pid


class DueVisit(Base):
    """A visit to one party by a day. state: open | done | dropped; `rule` names why (`visit_rules.RULES`).

    `form_sent_at`: the party was asked to fill in the form itself; `visit_id`: the visit that answered it.
    """

    __tablename__ = "due_visits"
    __table_args__ = (
        Index("ix_due_visits_case", "case_id"),
        Index("ix_due_visits_open", "state", "due_on"),
        CheckConstraint("(state = 'done') = (visit_id IS NOT NULL)", name="done_ones_have_their_visit"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    party_id: Mapped[int] = mapped_column(ForeignKey("parties.id"))
    item_id: Mapped[int | None] = mapped_column(ForeignKey("performance_items.id"))
    rule: Mapped[str] = mapped_column(String(12))
    due_on: Mapped[date] = mapped_column()
    state: Mapped[str] = mapped_column(String(8), default="open")
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("return_visits.id"))
    form_sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    form_sent_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
