"""Sittings on site, by telephone or online: a time chosen, held and minuted in the same case."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from odr.core import clock
from odr.core.crypto import Sealed
from odr.core.db import Base, UTCDateTime
from odr.core.ids import new_pid


class Meeting(Base):
    """One sitting. kind: onsite | visit | phone | online; state: planned | held | missed | cancelled.

    Missed: somebody did not come, and it did not take place. An onsite meeting with a `link` is joined online too.

    `side`: a talk with one side, which only that side and the staff of the case see. Minutes are sealed like private
    lines.
    """

    __tablename__ = "meetings"
    __table_args__ = (Index("ix_meetings_case", "case_id"), Index("ix_meetings_time", "starts_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    kind: Mapped[str] = mapped_column(String(8))
    side: Mapped[str | None] = mapped_column(String(12))
    purpose: Mapped[str] = mapped_column(String(120))
    place: Mapped[str] = mapped_column(String(120), default="")
    link: Mapped[str] = mapped_column(String(300), default="", server_default="")
    phone: Mapped[str] = mapped_column(String(40), default="", server_default="")
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[str] = mapped_column(String(12), default="planned")
    # Entered after it happened (补录); `created_at` says when it was written down.
    recorded_later: Mapped[bool] = mapped_column(default=False)
    cancel_reason: Mapped[str] = mapped_column(String(200), default="")
    minutes: Mapped[str | None] = mapped_column(Sealed)
    minuted_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    minuted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    minutes_sha256: Mapped[str | None] = mapped_column(String(64))
    created_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class Attendance(Base):
    """Who came, how, and whether the minutes were confirmed by that party (在线调解规则 Art. 22).

    present: unknown | onsite | phone | online | excused | absent. A confirmation names the hash of the minutes it is
    for; `confirmed_how`: on the screen (`web`) or on the signed sheet (`paper`).
    """

    __tablename__ = "attendances"
    __table_args__ = (UniqueConstraint("meeting_id", "party_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id"))
    party_id: Mapped[int] = mapped_column(ForeignKey("parties.id"))
    present: Mapped[str] = mapped_column(String(8), default="unknown")
    late_minutes: Mapped[int] = mapped_column(default=0, server_default="0")
    confirmed_how: Mapped[str] = mapped_column(String(8), default="", server_default="")
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    confirmed_sha256: Mapped[str | None] = mapped_column(String(64))


class Coming(Base):
    """What a party said before a meeting of its own coming; the last row counts, the earlier ones show since when.

    kind: late | unable | on_time. That it comes late or not is for everybody of the meeting; its words, and the offered
    times (`times`) that would suit instead, are for that party and who handles the case.
    """

    __tablename__ = "meeting_comings"
    __table_args__ = (Index("ix_meeting_comings_attendance", "attendance_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    attendance_id: Mapped[int] = mapped_column(ForeignKey("attendances.id"))
    kind: Mapped[str] = mapped_column(String(8))
    minutes: Mapped[int] = mapped_column(default=0)
    words: Mapped[str] = mapped_column(Sealed, default="")
    times: Mapped[list[int]] = mapped_column(JSON, default=list)
    by_person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class Poll(Base):
    """约时间: times offered for one meeting with everybody. state: open | fixed | dropped."""

    __tablename__ = "meeting_polls"
    __table_args__ = (
        Index("ix_meeting_polls_case", "case_id"),
        CheckConstraint("(state = 'fixed') = (meeting_id IS NOT NULL)", name="a_fixed_one_has_its_meeting"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    kind: Mapped[str] = mapped_column(String(8))
    purpose: Mapped[str] = mapped_column(String(120))
    place: Mapped[str] = mapped_column(String(120), default="")
    link: Mapped[str] = mapped_column(String(300), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    state: Mapped[str] = mapped_column(String(8), default="open")
    # The meeting that did not take place, when the times are offered again.
    after_id: Mapped[int | None] = mapped_column(ForeignKey("meetings.id"))
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meetings.id"))
    created_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class PollTime(Base):
    """One time that is offered."""

    __tablename__ = "meeting_poll_times"
    __table_args__ = (UniqueConstraint("poll_id", "starts_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    poll_id: Mapped[int] = mapped_column(ForeignKey("meeting_polls.id"))
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime)


class PollAnswer(Base):
    """What suits one party. Only that side and the mediator ever see it: when somebody has time may be a weakness."""

    __tablename__ = "meeting_poll_answers"
    __table_args__ = (UniqueConstraint("poll_id", "party_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    poll_id: Mapped[int] = mapped_column(ForeignKey("meeting_polls.id"))
    party_id: Mapped[int] = mapped_column(ForeignKey("parties.id"))
    times: Mapped[list[int]] = mapped_column(JSON, default=list)
    note: Mapped[str] = mapped_column(Sealed, default="")
    by_person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
