"""Read-through: before a hand signs, the whole text was before its eyes, on the login that signs."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.agreements import access, hands
from odr.agreements.models import Agreement, ReadThrough
from odr.agreements.schemas import ReadIn
from odr.audit import service as audit
from odr.core.errors import Conflict
from odr.core.i18n import _


async def note(session: AsyncSession, actor: Actor, pid: str, wanted: ReadIn) -> None:
    """Keep that this person has come to the end of this frozen text. A repeat on the same login changes nothing.

    Raises NotFound, Conflict (not frozen, or another text by now), Invalid (the end was not reached).
    """
    wanted.check()
    place = await access.for_reading(session, actor, pid)
    agreement = place.agreement
    if agreement.state != "frozen" or agreement.sha256 is None:
        raise Conflict(_("现在没有等您签名的协议。请刷新页面，看看到了哪一步。"), code="not_signing")
    hands.need_same_text(agreement, wanted.sha256)
    if await has_read(session, actor, agreement):
        return
    row = ReadThrough(
        agreement_id=agreement.id, person_id=actor.person_id, login_id=actor.login_id, sha256=wanted.sha256,
        way=wanted.way, seconds=wanted.seconds,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    detail = {"case": place.case.pid, "version": agreement.version, "sha256": wanted.sha256, "way": wanted.way}
    await audit.record(session, actor, "agreement:text:read", "agreement", agreement.pid, detail)


async def has_read(session: AsyncSession, actor: Actor, agreement: Agreement) -> bool:
    """Whether this login has come to the end of exactly this text."""
    query = select(ReadThrough.id).where(
        ReadThrough.agreement_id == agreement.id,
        ReadThrough.person_id == actor.person_id,
        ReadThrough.login_id == actor.login_id,
        ReadThrough.sha256 == agreement.sha256,
    )
    return await session.scalar(query.limit(1)) is not None


async def need(session: AsyncSession, actor: Actor, agreement: Agreement) -> None:
    """Raises Conflict while the end was not reached."""
    if not await has_read(session, actor, agreement):
        raise Conflict(_("请先把协议从头读到尾，再来签名。读完最后一条，页面会带您到这里。"), code="unread")
