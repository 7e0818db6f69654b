"""The fact sheet of a case: what the parties agree happened, and what they do not. No word of an offer stands in it.

It is a record of its own (在线调解规则 Art. 18): concessions made in talk may not be used later, agreed facts may,
so the two never share a table.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from odr.core import clock
from odr.core.db import Base, UTCDateTime
from odr.core.ids import new_pid


class Fact(Base):
    """One fact as it stands now. kind: `agreed` (to be confirmed by each party) or `disputed` (noted as such).

    A change raises `version`, which voids the answers; `by_party_id` is empty when the mediator wrote it.
    """

    __tablename__ = "facts"
    __table_args__ = (Index("ix_facts_case", "case_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    version: Mapped[int] = mapped_column(default=1)
    kind: Mapped[str] = mapped_column(String(8))
    text: Mapped[str] = mapped_column(String(600))
    by_party_id: Mapped[int | None] = mapped_column(ForeignKey("parties.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class FactVersion(Base):
    """What a fact said at each version, and who wrote it. Append-only (triggers)."""

    __tablename__ = "fact_versions"
    __table_args__ = (UniqueConstraint("fact_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    fact_id: Mapped[int] = mapped_column(ForeignKey("facts.id"))
    version: Mapped[int] = mapped_column()
    kind: Mapped[str] = mapped_column(String(8))
    text: Mapped[str] = mapped_column(String(600))
    by_person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class FactAnswer(Base):
    """One party's word on one version: it is so, or it is not, and what was instead. Append-only (triggers).

    With a `channel` other than `web` the party said it to staff (`by_person_id`), who stand for it.
    """

    __tablename__ = "fact_answers"
    __table_args__ = (Index("ix_fact_answers_fact", "fact_id", "fact_version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    fact_id: Mapped[int] = mapped_column(ForeignKey("facts.id"))
    fact_version: Mapped[int] = mapped_column()
    party_id: Mapped[int] = mapped_column(ForeignKey("parties.id"))
    answer: Mapped[str] = mapped_column(String(8))
    words: Mapped[str] = mapped_column(String(300), default="")
    channel: Mapped[str] = mapped_column(String(16), default="web")
    note: Mapped[str] = mapped_column(String(200), default="")
    by_person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    login_id: Mapped[int | None] = mapped_column(ForeignKey("logins.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class FactRelease(Base):
    """Whether a party lets the agreed facts go on to a court or another body when talks fail (R34).

    The last one counts. Append-only (triggers).
    """

    __tablename__ = "fact_releases"
    __table_args__ = (Index("ix_fact_releases_case", "case_id", "party_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    party_id: Mapped[int] = mapped_column(ForeignKey("parties.id"))
    allowed: Mapped[bool] = mapped_column()
    channel: Mapped[str] = mapped_column(String(16), default="web")
    by_person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
