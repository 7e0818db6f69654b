"""Rounds about a sum: offers in turn, and blind bids. What a side has not let the other see is sealed."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from odr.core import clock
from odr.core.crypto import Sealed
from odr.core.db import Base, UTCDateTime
from odr.core.ids import new_pid


class OfferRound(Base):
    """A sum that one party is to pay another, sought in rounds. kind: open | blind; state: open | met | ended.

    `carried`: an offer is seen by the mediator first, who carries it over. `tried`: how often blind bids were opened.
    """

    __tablename__ = "offer_rounds"
    __table_args__ = (
        Index("ix_offer_rounds_case", "case_id", "id"),
        Index(
            "uq_offer_rounds_open",
            "case_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed_has_its_time"),
        CheckConstraint("(state = 'met') = (agreed_fen IS NOT NULL)", name="met_has_its_sum"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    kind: Mapped[str] = mapped_column(String(8))
    carried: Mapped[bool] = mapped_column(default=False)
    payer_id: Mapped[int] = mapped_column(ForeignKey("parties.id"))
    payee_id: Mapped[int] = mapped_column(ForeignKey("parties.id"))
    about: Mapped[str] = mapped_column(String(200))
    due_on: Mapped[date] = mapped_column()
    tries: Mapped[int] = mapped_column(default=3)
    tried: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(8), default="open")
    agreed_fen: Mapped[int | None] = mapped_column(BigInteger().with_variant(Integer, "sqlite"))
    started_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    started_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Offer(Base):
    """An offer or counter-offer. state: given (its side and the mediator know it) | shown (both sides) | accepted."""

    __tablename__ = "offers"
    __table_args__ = (Index("ix_offers_round", "round_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    round_id: Mapped[int] = mapped_column(ForeignKey("offer_rounds.id"))
    party_id: Mapped[int] = mapped_column(ForeignKey("parties.id"))
    by_person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    amount: Mapped[str] = mapped_column(Sealed)
    # For the mediator alone, whatever becomes of the offer: how far this side would go, and why.
    aside: Mapped[str | None] = mapped_column(Sealed)
    state: Mapped[str] = mapped_column(String(8), default="given")
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class BlindBid(Base):
    """A sealed number that waits to be opened. It has no time, no history, and is deleted at the opening: what was lost
    is nowhere to be found afterwards."""

    __tablename__ = "blind_bids"
    __table_args__ = (UniqueConstraint("round_id", "party_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("offer_rounds.id"))
    party_id: Mapped[int] = mapped_column(ForeignKey("parties.id"))
    amount: Mapped[str] = mapped_column(Sealed)
