"""How a sum is paid in instalments: rows under one version of a clause, frozen with it."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from odr.core import clock
from odr.core.db import Base, UTCDateTime


class PaymentPlan(Base):
    """The plan of one version of a clause. `default_term`: a key of `instalment_rules.DEFAULT_TERMS`, what follows when
    an instalment is not paid. Append-only (triggers): a changed plan belongs to a further version."""

    __tablename__ = "payment_plans"
    __table_args__ = (UniqueConstraint("clause_id", "clause_version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    clause_id: Mapped[int] = mapped_column(ForeignKey("clauses.id"))
    clause_version: Mapped[int] = mapped_column()
    default_term: Mapped[str] = mapped_column(String(12), default="")
    by_person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class Instalment(Base):
    """One payment of a plan. Append-only (triggers)."""

    __tablename__ = "instalments"
    __table_args__ = (
        UniqueConstraint("plan_id", "n"),
        CheckConstraint("amount_fen > 0", name="instalments_are_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("payment_plans.id"))
    n: Mapped[int] = mapped_column()
    amount_fen: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"))
    due_on: Mapped[date] = mapped_column()
