"""What the service wants to send, written in the same transaction as its cause; `notices` delivers it.

Texts that go to a phone hold no names and no cause of a dispute. Address and text are sealed, as some of them
hold codes.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from odr.core import clock
from odr.core.crypto import Sealed
from odr.core.db import Base, UTCDateTime
from odr.core.ids import new_pid
from odr.core.jobs import enqueue


class Channel(StrEnum):
    """How a notice travels."""

    SMS = "sms"
    IN_APP = "in_app"
    LETTER = "letter"


class Outbox(Base):
    """One message to one address."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_person", "person_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[str] = mapped_column(String(32), unique=True, default=new_pid)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    channel: Mapped[str] = mapped_column(String(16))
    tag: Mapped[str] = mapped_column(String(48))
    address: Mapped[str] = mapped_column(Sealed)
    text: Mapped[str] = mapped_column(Sealed)
    link: Mapped[str | None] = mapped_column(String(300))
    thing: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    failed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    adapter: Mapped[str | None] = mapped_column(String(32))


async def post(
    session: AsyncSession,
    channel: Channel,
    *,
    tag: str,
    address: str,
    text: str,
    person_id: int | None = None,
    link: str | None = None,
    thing: str | None = None,
) -> Outbox:
    """Queue one message. `tag` names the cause (`login:code`), `thing` the public id it is about."""
    row = Outbox(channel=channel, tag=tag, address=address, text=text, person_id=person_id, link=link, thing=thing)
    session.add(row)
    await session.flush()
    await enqueue(session, "outbox:deliver", {"id": row.id}, key=f"outbox:{row.id}")
    return row
