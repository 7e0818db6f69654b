"""Papers made from a frozen version: the sheet to sign by hand, and the sealed copy. Made outside transactions."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.accounts.models import Person
from odr.agreements import access, content, papers, seals, standing
from odr.agreements.access import Place
from odr.agreements.content import Content
from odr.agreements.models import Agreement
from odr.agreements.papers import Mark
from odr.audit.who import SYSTEM
from odr.core import clock, paper
from odr.core.db import Database
from odr.core.errors import Conflict, OdrError
from odr.core.i18n import _
from odr.core.log import log
from odr.core.settings import Settings
from odr.evidence import service as evidence


async def _frozen(session: AsyncSession, settings: Settings, place: Place) -> tuple[Content, Mark]:
    """What was frozen, with its mark."""
    agreement = place.agreement
    if agreement.sha256 is None or agreement.frozen_at is None:
        raise Conflict(_("协议还没有定稿，不能打印签名用纸。"), code="not_frozen")
    found = await content.kept(session, place.case, agreement)
    return found, papers.mark_of(found, settings.base_url, agreement.sha256)


async def draft_html(session: AsyncSession, place: Place) -> str:
    """The text as it would be frozen today, as a page: to look at before, and where no PDF can be made."""
    if place.agreement.frozen_at is not None:
        return papers.html(await content.kept(session, place.case, place.agreement))
    return papers.html(await content.gather(session, place.case, place.agreement, clock.today()))


async def sheet_html(session: AsyncSession, settings: Settings, actor: Actor, pid: str) -> tuple[str, str]:
    """The sheet for signing by hand and its file name. Raises NotFound, Conflict before the text is frozen."""
    place = await access.for_reading(session, actor, pid)
    found, mark = await _frozen(session, settings, place)
    return papers.sheet(found, mark), "签名用纸-" + papers.file_name(found, "")


async def sealed_html(session: AsyncSession, settings: Settings, place: Place) -> tuple[str, str]:
    """The copy with signatures and seal, and its file name. Raises Conflict while the agreement is not in effect."""
    stands = await standing.of(session, place.agreement)
    if stands.effective_at is None:
        raise Conflict(_("协议还没有生效，还没有盖章的副本。"), code="not_effective")
    found, mark = await _frozen(session, settings, place)
    rows = [slot.row for slot in stands.slots if slot.row is not None]
    ids = {row.person_id for row in rows} | {row.vouched_by for row in rows}
    people = await session.scalars(select(Person).where(Person.id.in_([i for i in ids if i is not None])))
    signers = {person.id: person.name for person in people}
    html = papers.sealed(found, mark, stands, signers, seals.adapter(settings))
    return html, "盖章副本-" + papers.file_name(found, "")


async def keep_copy(database: Database, settings: Settings, actor: Actor, pid: str) -> None:
    """Make, seal and keep the copy, once the agreement is in effect. Called after the commit that made it so.

    A failure here takes nothing back: the agreement is in effect, and the copy is made again when somebody asks.
    """
    try:
        async with database.read() as session:
            place = await access.for_reading(session, actor, pid)
            if place.agreement.copy_file_id is not None:
                return
            html, name = await sealed_html(session, settings, place)
            body = (await content.kept(session, place.case, place.agreement)).body
        data = await seals.adapter(settings).sign(await paper.pdf(html), body)
        prepared = await evidence.prepare_bytes(name, paper.MIME, data)
        async with database.write() as session:
            row = await session.scalar(select(Agreement).where(Agreement.pid == pid).with_for_update())
            if row is not None and row.copy_file_id is None:
                file = await evidence.keep(session, SYSTEM, prepared, "agreement", row.id)
                row.copy_file_id = file.id
    except OdrError as failure:
        log.warning("agreements.copy_failed", code=failure.code)
