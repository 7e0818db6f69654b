"""People, how they sign in, and what they may be."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint, column, table
from sqlalchemy.orm import Mapped, mapped_column

from odr.core import clock
from odr.core.crypto import Sealed
from odr.core.db import Base, UTCDateTime
from odr.core.ids import new_pid

# What a grant needs to show of a body. The feature itself stands a floor above and may not be imported here.
BODIES = table(
    "bodies", column("id", Integer), column("pid", String), column("name", String), column("active", Boolean)
)


class Role(StrEnum):
    """What a person may be. Everybody who signed in is a resident; the others are granted, most of them for a body."""

    RESIDENT = "resident"
    MEDIATOR = "mediator"
    BODY_CLERK = "body_clerk"
    CENTRE_CLERK = "centre_clerk"
    GRID_WORKER = "grid_worker"
    AUDITOR = "auditor"
    SYSTEM_ADMIN = "system_admin"


class IdentityLevel(StrEnum):
    """The identity ladder: a phone, an id number that fits its name, or somebody who saw the person."""

    PHONE = "phone"
    ID_CHECKED = "id_checked"
    IN_PERSON = "in_person"


class Person(Base):
    """A natural person. Phone, id number and address are sealed; the indexes are keyed hashes."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    name: Mapped[str] = mapped_column(String(50), default="")
    phone: Mapped[str | None] = mapped_column(Sealed)
    phone_index: Mapped[str | None] = mapped_column(String(64), unique=True)
    id_no: Mapped[str | None] = mapped_column(Sealed)
    id_no_index: Mapped[str | None] = mapped_column(String(64), index=True)
    address: Mapped[str | None] = mapped_column(Sealed)
    identity_level: Mapped[str] = mapped_column(String(16), default=IdentityLevel.PHONE)
    identity_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    invented: Mapped[bool] = mapped_column(default=False)
    locked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class Vouching(Base):
    """A clerk or mediator saw this person and the identity paper. A real-name check is a row of the same kind."""

    __tablename__ = "vouchings"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    method: Mapped[str] = mapped_column(String(24))
    by_person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    note: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class Grant(Base):
    """A role, for a body where it has one (mediator, clerks, grid worker), city-wide otherwise."""

    __tablename__ = "grants"
    __table_args__ = (
        CheckConstraint("(role IN ('auditor', 'system_admin')) = (body_id IS NULL)", name="city_roles_have_no_body"),
        Index("ix_grants_body", "body_id", "role"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    role: Mapped[str] = mapped_column(String(16))
    body_id: Mapped[int | None] = mapped_column(ForeignKey("bodies.id"))
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    granted_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Credential(Base):
    """How staff sign in: a name, a password (argon2) and a TOTP secret.

    `failures` counts wrong codes of somebody who had the password or a live login already, so nobody else can lock it.
    """

    __tablename__ = "credentials"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    login_name: Mapped[str] = mapped_column(String(40), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    totp_secret: Mapped[str] = mapped_column(Sealed)
    totp_last_step: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Login(Base):
    """One signed-in device. Ending the row ends its pages and its live sockets."""

    __tablename__ = "logins"

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    staff: Mapped[bool] = mapped_column(default=False)
    ip: Mapped[str] = mapped_column(String(45), default="")
    device: Mapped[str] = mapped_column(String(120), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.steady)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    end_reason: Mapped[str | None] = mapped_column(String(24))


class OneTimeCode(Base):
    """Six digits sent to a phone, for one purpose (`login`, `sign:<agreement>`, `confirm:<case>`).

    Wrong tries from the address that asked are counted apart from those of strangers: five of a stranger's must not
    lock out the one who holds the phone.
    """

    __tablename__ = "one_time_codes"
    __table_args__ = (Index("ix_one_time_codes_use", "phone_index", "purpose", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    phone_index: Mapped[str] = mapped_column(String(64))
    purpose: Mapped[str] = mapped_column(String(64))
    code_hash: Mapped[str] = mapped_column(String(64))
    asked_from: Mapped[str] = mapped_column(String(45), default="")
    tries: Mapped[int] = mapped_column(default=0)
    strange_tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Consent(Base):
    """What a person was told and agreed to, in which words, and when it was taken back. One purpose a row."""

    __tablename__ = "consents"
    __table_args__ = (Index("ix_consents_person", "person_id", "purpose"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    purpose: Mapped[str] = mapped_column(String(32))
    thing_pid: Mapped[str | None] = mapped_column(String(32))
    text_version: Mapped[str] = mapped_column(String(24))
    channel: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ApiKey(Base):
    """A key for a machine that feeds matters in (12345, 110)."""

    __tablename__ = "api_keys"
    __table_args__ = (UniqueConstraint("key_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    name: Mapped[str] = mapped_column(String(60))
    scope: Mapped[str] = mapped_column(String(32))
    key_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
