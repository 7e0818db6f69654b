"""Telling people: a neutral text by SMS and inside the service in one call, its delivery, and what was told."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts import service as accounts
from odr.accounts.access import Actor
from odr.accounts.models import Person
from odr.audit import service as audit
from odr.audit.who import Who
from odr.core import clock
from odr.core.db import Database
from odr.core.jobs import Note, carries
from odr.core.outbox import Channel, Outbox, post
from odr.core.settings import Mode, Settings
from odr.notices import adapters

LIST_MAX = 100
READ_MAX = 200


async def tell(
    session: AsyncSession,
    whom: Person | str,
    tag: str,
    text: str,
    link: str | None = None,
    thing: str | None = None,
) -> None:
    """Queue a text message and a notice inside the service, in the caller's transaction.

    `whom`: a person, or a normalised mobile number (somebody not signed in yet). `text`: Chinese, not translated,
    marked with `N_`, as it is read later in the reader's own language; it holds no name and no cause, because it
    lights up on a phone that others see. `link`: a local path.
    """
    phone = whom if isinstance(whom, str) else accounts.phone_of(whom)
    person = await accounts.by_phone(session, whom) if isinstance(whom, str) else whom
    person_id = None if person is None else person.id
    if phone is not None:
        await post(session, Channel.SMS, tag=tag, address=phone, text=text, person_id=person_id, link=link, thing=thing)
    if person_id is not None:
        await post(session, Channel.IN_APP, tag=tag, address="", text=text, person_id=person_id, link=link, thing=thing)


@carries("outbox:deliver")
async def deliver(database: Database, payload: dict[str, Any]) -> Note | None:
    """Hand one row to what carries it. A letter waits for the clerk who posts it."""
    async with database.read() as session:
        row = await session.get_one(Outbox, payload["id"])
    if row.sent_at is not None or row.failed_at is not None or row.channel == Channel.LETTER:
        return None
    carrier, reached = "in_app", True
    if row.channel == Channel.SMS:
        carrier, send = adapters.chosen()
        try:
            await send(row.address, row.text)
        except adapters.Undeliverable:
            reached = False

    async def note(session: AsyncSession) -> None:
        told = await session.get_one(Outbox, row.id, with_for_update=True)
        told.adapter = carrier
        if reached:
            told.sent_at = clock.now()
        else:
            told.failed_at = clock.now()

    return note


async def notices_of(session: AsyncSession, actor: Actor) -> Sequence[Outbox]:
    """The actor's notices inside the service, newest first."""
    query = (
        select(Outbox)
        .where(Outbox.person_id == actor.person_id, Outbox.channel == Channel.IN_APP)
        .order_by(Outbox.id.desc())
        .limit(LIST_MAX)
    )
    return (await session.scalars(query)).all()


async def unseen(session: AsyncSession, actor: Actor) -> int:
    """How many notices the actor has not looked at."""
    return await session.scalar(select(func.count()).select_from(Outbox).where(*_unseen(actor))) or 0


async def mark_seen(session: AsyncSession, actor: Actor) -> None:
    """The actor has looked at the list: every notice in it is seen."""
    await session.execute(update(Outbox).where(*_unseen(actor)).values(seen_at=clock.now()))


def _unseen(actor: Actor) -> tuple[Any, ...]:
    return (Outbox.person_id == actor.person_id, Outbox.channel == Channel.IN_APP, Outbox.seen_at.is_(None))


def is_readable(settings: Settings) -> bool:
    """Whether an operator may see addresses and texts: in the demo only, as the texts hold codes to sign in with."""
    return settings.mode is Mode.DEMO


async def read_outbox(
    session: AsyncSession, who: Who, *, limit: int = 50, tag: str | None = None, person: str | None = None
) -> list[tuple[Outbox, str | None]]:
    """What was or will be sent, newest first, each with its person's public id. This reading is in the ledger.

    `tag` is a whole tag (`login:code`) or its first part (`login`); `person` a public id.
    """
    query = select(Outbox, Person.pid).outerjoin(Person, Person.id == Outbox.person_id)
    if tag:
        query = query.where((Outbox.tag == tag) | Outbox.tag.startswith(f"{tag}:", autoescape=True))
    if person:
        query = query.where(Person.pid == person)
    found = (await session.execute(query.order_by(Outbox.id.desc()).limit(min(limit, READ_MAX)))).all()
    detail = {"rows": len(found), "tag": tag, "person": person}
    await audit.record(session, who, "outbox:rows:read", "outbox", "outbox", detail)
    return [(row, pid) for row, pid in found]
