"""A dispute from application to archive. The state column is moved by `lifecycle.step` only."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from odr.core import clock
from odr.core.crypto import Sealed
from odr.core.db import Base, UTCDateTime
from odr.core.ids import new_pid


class Case(Base):
    """One dispute. `submitted_at` is server time and never changes: it interrupts limitation (诉讼时效规定 Art. 12)."""

    __tablename__ = "cases"
    __table_args__ = (
        UniqueConstraint("body_id", "year", "serial"),
        Index("ix_cases_body_state", "body_id", "state"),
        Index("ix_cases_centre_state", "centre_id", "state"),
        CheckConstraint("(serial IS NULL) = (case_no IS NULL)", name="number_comes_whole"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    state: Mapped[str] = mapped_column(String(16))
    version: Mapped[int] = mapped_column(default=1)

    application_no: Mapped[str] = mapped_column(String(24), unique=True)
    submitted_at: Mapped[datetime] = mapped_column(UTCDateTime)
    source: Mapped[str] = mapped_column(String(24))
    channel: Mapped[str] = mapped_column(String(16))
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    # A matter typed in at the counter waits for the person's own confirmation.
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    confirmed_how: Mapped[str | None] = mapped_column(String(16))

    title: Mapped[str] = mapped_column(String(60))
    category: Mapped[str] = mapped_column(String(4))
    facts: Mapped[str] = mapped_column(Text)
    claims: Mapped[list[str]] = mapped_column(JSON, default=list)
    occurred_on: Mapped[date | None] = mapped_column()
    place: Mapped[str] = mapped_column(String(120), default="")
    division_code: Mapped[str] = mapped_column(ForeignKey("divisions.code"))
    # An INTEGER of SQLite has 64 bits anyway.
    amount_fen: Mapped[int | None] = mapped_column(BigInteger().with_variant(Integer, "sqlite"))
    violence: Mapped[bool] = mapped_column(default=False)
    supply_stop: Mapped[bool] = mapped_column(default=False)

    centre_id: Mapped[int] = mapped_column(ForeignKey("bodies.id"))
    body_id: Mapped[int | None] = mapped_column(ForeignKey("bodies.id"))
    routed_why: Mapped[list[str]] = mapped_column(JSON, default=list)
    year: Mapped[int | None] = mapped_column()
    serial: Mapped[int | None] = mapped_column()
    case_no: Mapped[str | None] = mapped_column(String(48), unique=True)
    accepted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    form: Mapped[str | None] = mapped_column(String(8))
    result: Mapped[str | None] = mapped_column(String(16))
    result_note: Mapped[str] = mapped_column(String(500), default="")
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    archived_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    invented: Mapped[bool] = mapped_column(default=False)


class Party(Base):
    """Somebody on a side of a case: a party, or who acts for one. Bound to a person once that person proved it."""

    __tablename__ = "parties"
    __table_args__ = (
        Index("ix_parties_case", "case_id"),
        Index("ix_parties_person", "person_id"),
        CheckConstraint("(role = 'party') = (acts_for_id IS NULL)", name="agents_act_for_somebody"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    side: Mapped[str] = mapped_column(String(12))
    role: Mapped[str] = mapped_column(String(8), default="party")
    acts_for_id: Mapped[int | None] = mapped_column(ForeignKey("parties.id"))
    may_settle: Mapped[bool] = mapped_column(default=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[str] = mapped_column(String(12), default="natural")
    name: Mapped[str] = mapped_column(String(80))
    legal_rep: Mapped[str] = mapped_column(String(50), default="")
    phone: Mapped[str | None] = mapped_column(Sealed)
    id_no: Mapped[str | None] = mapped_column(Sealed)
    address: Mapped[str | None] = mapped_column(Sealed)
    will: Mapped[str] = mapped_column(String(8), default="unknown")
    will_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Gate(Base):
    """One consent or notice one party has to pass before the joint room, with the text version shown (R1)."""

    __tablename__ = "gates"
    __table_args__ = (Index("ix_gates_party", "party_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    party_id: Mapped[int] = mapped_column(ForeignKey("parties.id"))
    kind: Mapped[str] = mapped_column(String(24))
    text_version: Mapped[str] = mapped_column(String(24))
    channel: Mapped[str] = mapped_column(String(16))
    by_person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Assignment(Base):
    """A mediator on a case, from naming over disclosure (Art. 13 of the online rules) to the end."""

    __tablename__ = "assignments"
    __table_args__ = (Index("ix_assignments_case", "case_id"), Index("ix_assignments_person", "person_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    lead: Mapped[bool] = mapped_column(default=True)
    why: Mapped[list[str]] = mapped_column(JSON, default=list)
    assigned_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    assigned_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    disclosure: Mapped[str | None] = mapped_column(String(300))
    disclosed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    objection: Mapped[str | None] = mapped_column(String(300))
    objected_by: Mapped[int | None] = mapped_column(ForeignKey("parties.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    end_reason: Mapped[str] = mapped_column(String(200), default="")


class CaseEvent(Base):
    """What happened, where and by whom: moves of the lifecycle and other acts. Append-only (triggers).

    `audience` says who sees it on the way: `all`, `staff`, or one side (`applicant`, `respondent`).
    """

    __tablename__ = "case_events"
    __table_args__ = (Index("ix_case_events_case", "case_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    tag: Mapped[str] = mapped_column(String(48))
    from_state: Mapped[str | None] = mapped_column(String(16))
    to_state: Mapped[str | None] = mapped_column(String(16))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    actor_role: Mapped[str] = mapped_column(String(16), default="")
    channel: Mapped[str] = mapped_column(String(16), default="web")
    place: Mapped[str] = mapped_column(String(120), default="")
    audience: Mapped[str] = mapped_column(String(12), default="all")
    note: Mapped[str] = mapped_column(String(500), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class CaseClock(Base):
    """A running deadline. `provisional` when the holiday table of its year is not known yet."""

    __tablename__ = "case_clocks"
    __table_args__ = (Index("ix_case_clocks_due", "stopped_at", "due_at"), Index("ix_case_clocks_case", "case_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    kind: Mapped[str] = mapped_column(String(24))
    started_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    provisional: Mapped[bool] = mapped_column(default=False)
    stopped_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class NumberSeries(Base):
    """The last number given per body and year; the row is locked while one is taken, so there is no gap."""

    __tablename__ = "number_series"

    body_id: Mapped[int] = mapped_column(ForeignKey("bodies.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(default=0)


class ApplicationSeries(Base):
    """The last application number of a day (ODR20260123-000045)."""

    __tablename__ = "application_series"

    day: Mapped[date] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(default=0)


class Invitation(Base):
    """A link, QR and code for one party. It names an invitation, not a person: no names before identity (T16)."""

    __tablename__ = "invitations"
    __table_args__ = (Index("ix_invitations_party", "party_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    party_id: Mapped[int] = mapped_column(ForeignKey("parties.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    token: Mapped[str] = mapped_column(Sealed)
    code: Mapped[str] = mapped_column(Sealed)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    used_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ContactAttempt(Base):
    """A try to reach a party: when, how, with what result (online rules Art. 15)."""

    __tablename__ = "contact_attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    party_id: Mapped[int] = mapped_column(ForeignKey("parties.id"), index=True)
    channel: Mapped[str] = mapped_column(String(16))
    result: Mapped[str] = mapped_column(String(120))
    by_person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class RoutesNotice(Base):
    """The notice of arbitration, administrative and court routes, per party; no failure without it (Art. 26)."""

    __tablename__ = "routes_notices"

    id: Mapped[int] = mapped_column(primary_key=True)
    party_id: Mapped[int] = mapped_column(ForeignKey("parties.id"), index=True)
    text_version: Mapped[str] = mapped_column(String(24))
    channel: Mapped[str] = mapped_column(String(16))
    delivered_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
