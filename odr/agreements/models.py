"""Clauses, versions, signatures, performance and return visits. Effect is computed from the events, never set."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from odr.core import clock
from odr.core.crypto import Sealed
from odr.core.db import Base, UTCDateTime
from odr.core.ids import new_pid
from odr.evidence.genuine import CHECK_LENGTH, new_check_code


class Agreement(Base):
    """One version of what the parties agree. form: written | oral; state: drafting | frozen | void.

    Signed and effective are no states: they are read from the signatures (Art. 29) or confirmations (Art. 30).
    """

    __tablename__ = "agreements"
    __table_args__ = (
        UniqueConstraint("case_id", "version"),
        Index("uq_agreements_check_code", "check_code", unique=True),
        CheckConstraint("(state = 'drafting') = (frozen_at IS NULL)", name="frozen_has_its_time"),
        CheckConstraint("(frozen_at IS NULL) = (sha256 IS NULL)", name="frozen_has_its_bytes"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    version: Mapped[int] = mapped_column(default=1)
    form: Mapped[str] = mapped_column(String(8), default="written")
    state: Mapped[str] = mapped_column(String(8), default="drafting")
    facts: Mapped[str] = mapped_column(Text, default="")
    issues: Mapped[str] = mapped_column(Text, default="")
    paper_only: Mapped[str | None] = mapped_column(String(200))
    agreement_no: Mapped[str | None] = mapped_column(String(56))
    frozen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    pdf_file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id"))
    sha256: Mapped[str | None] = mapped_column(String(64))
    check_code: Mapped[str] = mapped_column(String(CHECK_LENGTH), default=new_check_code, server_default="")
    # What was frozen, as data: the sheet and the sealed copy are set from it, whatever became of the rows since.
    content: Mapped[str | None] = mapped_column(Sealed)
    # The sealed print copy: the frozen text with its signatures; the signed bytes stay `pdf_file_id`.
    copy_file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id"))
    void_reason: Mapped[str] = mapped_column(String(300), default="")
    created_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class Clause(Base):
    """Who does what, how much, by when, where, how. A change raises `version`, which voids earlier answers.

    `begins_on` and `recurring` say of a lasting duty since when and how often. `account` is where money is paid to:
    sealed, told to the two sides and printed on the paper, and nowhere else.
    """

    __tablename__ = "clauses"
    __table_args__ = (
        Index("ix_clauses_agreement", "agreement_id", "ordinal"),
        CheckConstraint("amount_fen IS NULL OR amount_fen > 0", name="amounts_are_positive"),
        CheckConstraint("kind <> 'pay' OR amount_fen IS NOT NULL", name="paying_names_an_amount"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"))
    ordinal: Mapped[int] = mapped_column()
    version: Mapped[int] = mapped_column(default=1)
    kind: Mapped[str] = mapped_column(String(12))
    obligor_id: Mapped[int | None] = mapped_column(ForeignKey("parties.id"))
    obligee_id: Mapped[int | None] = mapped_column(ForeignKey("parties.id"))
    text: Mapped[str] = mapped_column(String(1000))
    amount_fen: Mapped[int | None] = mapped_column(BigInteger)
    due_on: Mapped[date | None] = mapped_column()
    manner: Mapped[str] = mapped_column(String(120), default="")
    place: Mapped[str] = mapped_column(String(120), default="", server_default="")
    begins_on: Mapped[date | None] = mapped_column()
    recurring: Mapped[str] = mapped_column(String(80), default="", server_default="")
    account: Mapped[str | None] = mapped_column(Sealed)
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ClauseVersion(Base):
    """What a clause said at one version (`said`, sealed JSON), and who wrote it. Append-only (triggers)."""

    __tablename__ = "clause_versions"
    __table_args__ = (UniqueConstraint("clause_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    clause_id: Mapped[int] = mapped_column(ForeignKey("clauses.id"))
    version: Mapped[int] = mapped_column()
    said: Mapped[str] = mapped_column(Sealed)
    by_person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class ClauseProposal(Base):
    """A clause that somebody suggests for the board. state: open | taken | declined | withdrawn.

    `audience` private: seen by `side` and the mediator alone until that side releases it. What it says is sealed like
    private talk. A party's own has `by_party_id`; without one the mediator put it to that side.
    """

    __tablename__ = "clause_proposals"
    __table_args__ = (
        Index("ix_clause_proposals_case", "case_id", "id"),
        CheckConstraint("audience = 'private' OR by_party_id IS NOT NULL", name="the_mediator_proposes_to_one_side"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided_has_its_time"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    side: Mapped[str] = mapped_column(String(12))
    audience: Mapped[str] = mapped_column(String(8))
    by_party_id: Mapped[int | None] = mapped_column(ForeignKey("parties.id"))
    by_person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    # The clause that is to be changed; empty for a further one.
    clause_id: Mapped[int | None] = mapped_column(ForeignKey("clauses.id"))
    said: Mapped[str] = mapped_column(Sealed)
    note: Mapped[str | None] = mapped_column(Sealed)
    state: Mapped[str] = mapped_column(String(10), default="open")
    reply: Mapped[str | None] = mapped_column(String(8))
    reply_note: Mapped[str | None] = mapped_column(Sealed)
    released_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    decision_note: Mapped[str | None] = mapped_column(Sealed)
    taken_clause_id: Mapped[int | None] = mapped_column(ForeignKey("clauses.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class ClauseAnswer(Base):
    """One party's answer to one version of a clause: accept, change with a wish, or reject with a reason. Kept, never
    overwritten: a comment that is released later is a further answer (`released_id` names the private one)."""

    __tablename__ = "clause_answers"
    __table_args__ = (Index("ix_clause_answers_clause", "clause_id", "clause_version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    clause_id: Mapped[int] = mapped_column(ForeignKey("clauses.id"))
    clause_version: Mapped[int] = mapped_column()
    party_id: Mapped[int] = mapped_column(ForeignKey("parties.id"))
    by_person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    answer: Mapped[str] = mapped_column(String(8))
    comment: Mapped[str] = mapped_column(String(300), default="")
    # Who reads the comment: `joint`, or `private` for the mediator alone. The answer itself is always joint.
    audience: Mapped[str] = mapped_column(String(8), default="joint")
    # A comment for the mediator alone is private talk, and kept as such; `comment` is empty then.
    private_comment: Mapped[str | None] = mapped_column(Sealed)
    released_id: Mapped[int | None] = mapped_column(ForeignKey("clause_answers.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class Signature(Base):
    """A signature, the mediator's, or the body's seal, on exact bytes. Append-only (triggers). One each per version.

    kind: party | mediator | body_seal | oral_confirmation; method: screen | paper | seal | vouched.
    Somebody who signed on paper only may have no account here, so `person_id` may be empty then; `vouched_by` is not.
    """

    __tablename__ = "signatures"
    __table_args__ = (
        UniqueConstraint("agreement_id", "kind", "party_id"),
        # NULLs are distinct to UNIQUE, so the mediator and the body need an index of their own.
        Index(
            "uq_signatures_staff",
            "agreement_id",
            "kind",
            unique=True,
            sqlite_where=text("party_id IS NULL"),
            postgresql_where=text("party_id IS NULL"),
        ),
        CheckConstraint(
            "(kind IN ('party', 'oral_confirmation')) = (party_id IS NOT NULL)", name="parties_sign_for_a_party"
        ),
        CheckConstraint("person_id IS NOT NULL OR vouched_by IS NOT NULL", name="somebody_stands_for_it"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"))
    kind: Mapped[str] = mapped_column(String(20))
    party_id: Mapped[int | None] = mapped_column(ForeignKey("parties.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    method: Mapped[str] = mapped_column(String(8))
    sha256: Mapped[str] = mapped_column(String(64))
    strokes: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    typed_name: Mapped[str] = mapped_column(String(50), default="")
    scan_file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id"))
    vouched_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    note: Mapped[str] = mapped_column(String(200), default="")
    code_id: Mapped[int | None] = mapped_column(ForeignKey("one_time_codes.id"))
    login_id: Mapped[int | None] = mapped_column(ForeignKey("logins.id"))
    ip: Mapped[str] = mapped_column(String(45), default="")
    device: Mapped[str] = mapped_column(String(120), default="")
    # The browser, told apart by a cookie of its own: two sides on one device within minutes are one hand.
    device_mark: Mapped[str] = mapped_column(String(64), default="", server_default="")
    # Where somebody confirmed who was vouched for, and the day written on a paper; `at` is when it was recorded.
    channel: Mapped[str] = mapped_column(String(16), default="", server_default="")
    signed_on: Mapped[date | None] = mapped_column()
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class ReadThrough(Base):
    """Somebody has had the whole of one frozen text before the eyes, on one login. Append-only (triggers).

    way: `scrolled` (the page saw its end), `pages` (both halves, without script), `told` (a program says so).
    """

    __tablename__ = "read_throughs"
    __table_args__ = (Index("ix_read_throughs_reader", "agreement_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    login_id: Mapped[int] = mapped_column(ForeignKey("logins.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    way: Mapped[str] = mapped_column(String(8))
    seconds: Mapped[int | None] = mapped_column()
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class OralRegister(Base):
    """What the form of an oral agreement asks beside its clauses (口头协议登记表); frozen with its version."""

    __tablename__ = "oral_registers"

    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"), primary_key=True)
    held_on: Mapped[date] = mapped_column()
    place: Mapped[str] = mapped_column(String(120))
    cross_committee: Mapped[bool] = mapped_column(default=False)
    performed: Mapped[str] = mapped_column(String(8))
    written_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    written_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class PerformanceItem(Base):
    """What was promised, and how it stands. state: pending | part | claimed | done | late | disputed | waived.

    `claim_note` and `proof_file_id` are those of the last claim; each has a row of its own (`performance_models.Part`).
    """

    __tablename__ = "performance_items"
    __table_args__ = (
        Index("ix_performance_items_case", "case_id"),
        Index("ix_performance_items_due", "state", "due_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"))
    clause_id: Mapped[int] = mapped_column(ForeignKey("clauses.id"))
    obligor_id: Mapped[int | None] = mapped_column(ForeignKey("parties.id"))
    obligee_id: Mapped[int | None] = mapped_column(ForeignKey("parties.id"))
    kind: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(String(1000))
    amount_fen: Mapped[int | None] = mapped_column(BigInteger)
    due_on: Mapped[date | None] = mapped_column()
    state: Mapped[str] = mapped_column(String(10), default="pending")
    claimed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    claimed_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    claim_note: Mapped[str] = mapped_column(String(300), default="")
    proof_file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id"))
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    answer_note: Mapped[str] = mapped_column(String(300), default="")


class CourtRequest(Base):
    """司法确认: the joint request handed to a court, and what became of it. outcome: see `cases.codes.CourtOutcome`."""

    __tablename__ = "court_requests"
    __table_args__ = (
        Index("ix_court_requests_case", "case_id"),
        # One request at a time; a further one may follow a refusal or withdrawal.
        Index(
            "uq_court_requests_open",
            "case_id",
            unique=True,
            sqlite_where=text("outcome IS NULL"),
            postgresql_where=text("outcome IS NULL"),
        ),
        CheckConstraint("(outcome IS NULL) = (decided_on IS NULL)", name="outcome_has_its_day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"))
    court: Mapped[str] = mapped_column(String(80))
    docket_no: Mapped[str] = mapped_column(String(60), default="")
    applied_on: Mapped[date] = mapped_column()
    filed_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    filed_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    outcome: Mapped[str | None] = mapped_column(String(12))
    decided_on: Mapped[date | None] = mapped_column()
    note: Mapped[str] = mapped_column(String(300), default="")
    paper_file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id"))
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    recorded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # On which head the court said no: see `court_codes.Head`.
    head: Mapped[str | None] = mapped_column(String(12))


class ReturnVisit(Base):
    """回访: made by the one who handled the case. satisfaction: 1 (very satisfied) to 5 (very dissatisfied).

    The form of 回访记录: `why` (回访事由), `suit` (a later suit and its result), `signs` (`performance_schemas.SIGNS`),
    `steps` (what was done about it).
    """

    __tablename__ = "return_visits"

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    party_id: Mapped[int] = mapped_column(ForeignKey("parties.id"))
    channel: Mapped[str] = mapped_column(String(16))
    visited_at: Mapped[datetime] = mapped_column(UTCDateTime)
    performed: Mapped[str] = mapped_column(String(8))
    satisfaction: Mapped[int] = mapped_column()
    new_conflict: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(String(500), default="")
    why: Mapped[str] = mapped_column(String(120), default="", server_default="")
    suit: Mapped[str] = mapped_column(String(200), default="", server_default="")
    signs: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    steps: Mapped[str] = mapped_column(String(300), default="", server_default="")
    # Who answers for the visit: who made it, or who asked the party to fill in the form itself (`filled_by`).
    by_person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    filled_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
