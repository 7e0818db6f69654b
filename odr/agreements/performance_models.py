"""What becomes of a promise: what was done of it so far, its postponements, and the papers about it."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from odr.core import clock
from odr.core.crypto import Sealed
from odr.core.db import Base, UTCDateTime
from odr.core.ids import new_pid
from odr.evidence.genuine import CHECK_LENGTH, new_check_code


class Part(Base):
    """One payment, or one piece of a deed, with its own proof. state: waiting | received | refused.

    `whole`: it is said to be all that was left. `entered_as`: obligor | obligee | staff, whose word it is. Of a sum
    the obligee may confirm less than was claimed: `received_fen`.
    """

    __tablename__ = "performance_parts"
    __table_args__ = (
        Index("ix_performance_parts_item", "item_id"),
        CheckConstraint("amount_fen IS NULL OR amount_fen > 0", name="parts_are_positive"),
        CheckConstraint("(state = 'waiting') = (answered_at IS NULL)", name="answered_parts_have_their_time"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    item_id: Mapped[int] = mapped_column(ForeignKey("performance_items.id"))
    whole: Mapped[bool] = mapped_column(default=False)
    amount_fen: Mapped[int | None] = mapped_column(BigInteger)
    done_on: Mapped[date] = mapped_column()
    note: Mapped[str] = mapped_column(String(300), default="")
    proof_file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id"))
    entered_as: Mapped[str] = mapped_column(String(8))
    entered_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    entered_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    channel: Mapped[str] = mapped_column(String(16), default="web")
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    received_fen: Mapped[int | None] = mapped_column(BigInteger)
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answer_note: Mapped[str] = mapped_column(String(300), default="")


class Postponement(Base):
    """延期: another day for one promise, asked by who has to do it. state: asked | agreed | refused | withdrawn.

    The clause keeps its day as it was signed; the promise moves to `to_on` when the other side agrees.
    """

    __tablename__ = "performance_postponements"
    __table_args__ = (
        Index("ix_performance_postponements_item", "item_id"),
        Index(
            "uq_performance_postponements_open",
            "item_id",
            unique=True,
            sqlite_where=text("state = 'asked'"),
            postgresql_where=text("state = 'asked'"),
        ),
        CheckConstraint("to_on > from_on", name="later_is_later"),
        CheckConstraint("(state = 'asked') = (answered_at IS NULL)", name="answered_ones_have_their_time"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    item_id: Mapped[int] = mapped_column(ForeignKey("performance_items.id"))
    from_on: Mapped[date] = mapped_column()
    to_on: Mapped[date] = mapped_column()
    reason: Mapped[str] = mapped_column(String(300))
    asked_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    channel: Mapped[str] = mapped_column(String(16), default="web")
    state: Mapped[str] = mapped_column(String(10), default="asked")
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answer_note: Mapped[str] = mapped_column(String(300), default="")
    answer_channel: Mapped[str] = mapped_column(String(16), default="")


class PerformancePaper(Base):
    """A paper about performance. kind: `certificate` (协议已履行证明) | `breach` (不履行告知书); state: asked | issued.

    `content` is what it says, as data, sealed: the paper stays the same whatever becomes of the rows since. A
    certificate belongs to who asked for it (`party_id`, empty for the staff); a notice of breach goes to everybody.
    """

    __tablename__ = "performance_papers"
    __table_args__ = (
        Index("ix_performance_papers_case", "case_id"),
        Index("uq_performance_papers_check_code", "check_code", unique=True),
        CheckConstraint("(state = 'issued') = (issued_at IS NOT NULL)", name="issued_has_its_time"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"))
    item_id: Mapped[int | None] = mapped_column(ForeignKey("performance_items.id"))
    party_id: Mapped[int | None] = mapped_column(ForeignKey("parties.id"))
    kind: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(8), default="asked")
    purpose: Mapped[str] = mapped_column(String(120), default="")
    # The police or another office and its number of the matter: the certificate is often asked for there.
    reference: Mapped[str] = mapped_column(String(80), default="")
    content: Mapped[str | None] = mapped_column(Sealed)
    check_code: Mapped[str] = mapped_column(String(CHECK_LENGTH), default=new_check_code)
    asked_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    issued_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    issued_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id"))
    sha256: Mapped[str | None] = mapped_column(String(64))
