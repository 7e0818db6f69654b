"""What the official file needs and no other feature holds: who filed it, authorities of agents, inquiries, records."""

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from odr.core import clock
from odr.core.crypto import Sealed
from odr.core.db import Base, UTCDateTime
from odr.core.ids import new_pid


class Filing(Base):
    """立卷: who put the file together, when, for how long it is kept, and the note on it (卷宗情况说明)."""

    __tablename__ = "dossiers"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    filed_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    filed_on: Mapped[date] = mapped_column()
    retention: Mapped[str] = mapped_column(String(12))
    remark: Mapped[str] = mapped_column(String(200), default="")
    note: Mapped[str] = mapped_column(String(2000), default="")
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class Particulars(Base):
    """What every official form asks of a person beside name and number: ethnicity, occupation, registered home."""

    __tablename__ = "party_particulars"

    party_id: Mapped[int] = mapped_column(ForeignKey("parties.id"), primary_key=True)
    ethnicity: Mapped[str] = mapped_column(String(20), default="")
    occupation: Mapped[str] = mapped_column(String(60), default="")
    domicile: Mapped[str | None] = mapped_column(Sealed)
    by_person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class Mandate(Base):
    """授权委托书: what an agent may do, since when and until when. The power to concede and sign itself stays in
    `parties.may_settle`, which every door asks; this row is what the paper says of it."""

    __tablename__ = "mandates"
    __table_args__ = (CheckConstraint("ends_on IS NULL OR ends_on >= signed_on", name="ends_after_it_began"),)

    party_id: Mapped[int] = mapped_column(ForeignKey("parties.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    licence_no: Mapped[str] = mapped_column(String(40), default="")
    employer: Mapped[str] = mapped_column(String(80), default="")
    scopes: Mapped[list[str]] = mapped_column(JSON, default=list)
    other: Mapped[str] = mapped_column(String(200), default="")
    signed_on: Mapped[date] = mapped_column()
    ends_on: Mapped[date | None] = mapped_column()
    by_person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class Inquiry(Base):
    """调查记录: questions put to somebody who knows of the matter. `talk` is sealed: JSON of [question, answer].

    Staff read it; `side` opens it to the side that was asked, `shared` to both.
    """

    __tablename__ = "inquiries"
    __table_args__ = (Index("ix_inquiries_case", "case_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    held_at: Mapped[datetime] = mapped_column(UTCDateTime)
    place: Mapped[str] = mapped_column(String(120))
    matter: Mapped[str] = mapped_column(String(120))
    asked: Mapped[str] = mapped_column(String(50))
    about: Mapped[str] = mapped_column(String(120), default="")
    present: Mapped[str] = mapped_column(String(200), default="")
    writer: Mapped[str] = mapped_column(String(50))
    talk: Mapped[str] = mapped_column(Sealed)
    side: Mapped[str | None] = mapped_column(String(12))
    shared: Mapped[bool] = mapped_column(default=False)
    by_person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class Record(Base):
    """调解记录: one version of the reviewed record of a talk. state: drafting | frozen | void.

    Frozen means exact PDF bytes; each party then confirms each page. `side`: a talk with one side, which the other
    side never sees. `body` and `pages` are sealed JSON: the sections, and the words that stand on each page.
    """

    __tablename__ = "mediation_records"
    __table_args__ = (
        Index("ix_mediation_records_case", "case_id"),
        CheckConstraint("(state = 'drafting') = (frozen_at IS NULL)", name="frozen_has_its_time"),
        CheckConstraint("(frozen_at IS NULL) = (sha256 IS NULL)", name="frozen_has_its_bytes"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meetings.id"))
    side: Mapped[str | None] = mapped_column(String(12))
    version: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(String(8), default="drafting")
    body: Mapped[str] = mapped_column(Sealed)
    pages: Mapped[str | None] = mapped_column(Sealed)
    pdf_file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id"))
    sha256: Mapped[str | None] = mapped_column(String(64))
    frozen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    frozen_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    void_reason: Mapped[str] = mapped_column(String(300), default="")
    created_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class RecordPage(Base):
    """What one party said of one page: it is right, or what is not. Append-only (triggers): objections are kept.

    `channel` other than `web`: read and signed on paper before staff, who stand for it (`by_person_id`).
    """

    __tablename__ = "record_pages"
    __table_args__ = (
        Index("ix_record_pages_record", "record_id", "party_id", "page"),
        # One confirmation a page; objections may be several.
        UniqueConstraint("record_id", "party_id", "page", "answer", "objection"),
        CheckConstraint("(answer = 'object') = (objection <> '')", name="objections_say_what"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("mediation_records.id"))
    party_id: Mapped[int] = mapped_column(ForeignKey("parties.id"))
    page: Mapped[int] = mapped_column()
    answer: Mapped[str] = mapped_column(String(8))
    objection: Mapped[str] = mapped_column(String(300), default="")
    channel: Mapped[str] = mapped_column(String(16), default="web")
    by_person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    login_id: Mapped[int | None] = mapped_column(ForeignKey("logins.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
