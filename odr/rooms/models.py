"""Rooms, their members by interval, and the transcript. A private talk is a room of its own."""

from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from odr.core import clock
from odr.core.db import Base
from odr.core.ids import new_pid


class RoomKind(StrEnum):
    """Who is meant to read: both sides, one side and the mediator, or mediators only."""

    JOINT = "joint"
    PRIVATE = "private"
    NOTES = "notes"


class Room(Base):
    """One stream of lines. The `head_` columns move only under this row's lock, by `append` alone.

    `version` grows with every change of members or rights, under the same lock: whoever holds a copy of the members
    knows from it whether the copy still holds. `head_us` is the newest line's time: shown time never runs backwards.
    """

    __tablename__ = "rooms"
    __table_args__ = (Index("ix_rooms_subject", "subject_pid"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    subject_pid: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(8))
    label: Mapped[str] = mapped_column(String(60))
    slot: Mapped[str] = mapped_column(String(16), default="")
    writable: Mapped[bool] = mapped_column(default=True)
    head_seq: Mapped[int] = mapped_column(default=0)
    head_leaf: Mapped[bytes] = mapped_column(LargeBinary(32), default=bytes(32))
    head_us: Mapped[int] = mapped_column(BigInteger, default=0)
    version: Mapped[int] = mapped_column(default=1)
    created_us: Mapped[int] = mapped_column(BigInteger, default=clock.now_us)


SEATS_OF_STAFF = frozenset({"mediator", "clerk"})
"""The roles of those who handle a case. Their seats open to a staff login alone, which took two factors."""


class RoomMember(Base):
    """A person in a room: reads the lines above `joined_seq`, and nothing any more once `left_seq` is set."""

    __tablename__ = "room_members"
    __table_args__ = (
        UniqueConstraint("room_id", "person_id"),
        Index("ix_room_members_person", "person_id"),
        CheckConstraint("left_seq IS NULL OR left_seq >= joined_seq", name="leaves_after_joining"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("rooms.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    role: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(50))
    may_write: Mapped[bool] = mapped_column(default=True)
    joined_seq: Mapped[int] = mapped_column(default=0)
    left_seq: Mapped[int | None] = mapped_column()
    read_seq: Mapped[int] = mapped_column(default=0)


class LineKind(StrEnum):
    """What a line is. `recall` takes an earlier one back without removing it."""

    TEXT = "text"
    FILE = "file"
    SYSTEM = "system"
    PROPOSAL = "proposal"
    RECALL = "recall"


class Message(Base):
    """One stored line; never updated, never deleted (triggers). Bodies of private rooms and notes are sealed.

    `body` is what was committed to: UTF-8 JSON, or its sealed form where `sealed`. The commitment is over the plain
    JSON, so a key rotation does not break the chain.
    """

    __tablename__ = "messages"
    __table_args__ = (
        # Exactly-once for the life of the case: a repeat of a client id meets this index, on any worker. Client ids
        # begin with their time, so new ones all go to its end; by room and author they went to as many leaves as people
        # write from, and storing a line cost nearly twice as much once the table was large.
        Index(
            "ix_messages_repeat",
            "client_id",
            "room_id",
            "author_id",
            unique=True,
            sqlite_where=text("client_id IS NOT NULL"),
            postgresql_where=text("client_id IS NOT NULL"),
        ),
        # Which lines of a page were taken back; holds recalls only.
        Index(
            "ix_messages_recalled",
            "room_id",
            "ref_seq",
            unique=True,
            sqlite_where=text("ref_seq IS NOT NULL"),
            postgresql_where=text("ref_seq IS NOT NULL"),
        ),
    )

    # Every read of a transcript is a range of this key; on SQLite the table still has a rowid (cheaper to append to).
    room_id: Mapped[int] = mapped_column(ForeignKey("rooms.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(8))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    author_role: Mapped[str] = mapped_column(String(16), default="")
    author_name: Mapped[str] = mapped_column(String(50), default="")
    client_id: Mapped[str | None] = mapped_column(String(64))
    ref_seq: Mapped[int | None] = mapped_column()
    at_us: Mapped[int] = mapped_column(BigInteger)
    client_at: Mapped[str | None] = mapped_column(String(40))
    epoch: Mapped[str] = mapped_column(String(16))
    sealed: Mapped[bool] = mapped_column(default=False)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    salt: Mapped[bytes] = mapped_column(LargeBinary(16))
    prev: Mapped[bytes] = mapped_column(LargeBinary(32))
    leaf: Mapped[bytes] = mapped_column(LargeBinary(32))


class SearchHead(Base):
    """How far a joint room is indexed: lines above `seq` are not yet in the index and are scanned when asked for.

    The index itself is no mapped table, for the engines have nothing in common there: `search_words` (FTS5) on SQLite,
    `search_lines` (tsvector) on PostgreSQL. Both can be emptied together with this table and fill again by themselves.
    """

    __tablename__ = "search_heads"

    room_id: Mapped[int] = mapped_column(ForeignKey("rooms.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(default=0)


class Lineage(Base):
    """The history of this database: a new epoch at birth and at every restore. The newest row is in force."""

    __tablename__ = "lineage"

    id: Mapped[int] = mapped_column(primary_key=True)
    epoch: Mapped[str] = mapped_column(String(16), unique=True)
    reason: Mapped[str] = mapped_column(String(24))
    at_us: Mapped[int] = mapped_column(BigInteger, default=clock.now_us)
