"""What anyone who holds a paper of an agreement may know: that it is genuine, which version, how it stands."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.agreements import access, standing
from odr.agreements.models import Agreement, CourtRequest
from odr.bodies.models import Body
from odr.cases.codes import CourtOutcome
from odr.cases.models import Case
from odr.core.errors import NotFound
from odr.core.i18n import _
from odr.evidence import genuine
from odr.evidence.genuine import Genuine, Stand
from odr.evidence.models import File


@genuine.finds
async def paper(session: AsyncSession, check: str) -> Genuine | None:
    """The agreement of this check code, once it was frozen: a draft is no paper."""
    query = (
        select(Agreement, Case, Body.name)
        .join(Case, Case.id == Agreement.case_id)
        .outerjoin(Body, Body.id == Case.body_id)
        .where(Agreement.check_code == check, Agreement.sha256.is_not(None))
    )
    row = (await session.execute(query)).first()
    if row is None:
        return None
    agreement, case, body = row
    dismissed = await _dismissed(session, agreement)
    stand, effective = await _stand(session, case, agreement, dismissed=dismissed)
    moments = [(_("定稿时间"), agreement.frozen_at)] if agreement.frozen_at is not None else []
    if effective is not None and stand is not Stand.VOID:
        moments.append((_("生效时间"), effective))
    files = [(agreement.sha256 or "", _("定稿文件"))]
    copy = await session.scalar(select(File.sha256).where(File.id == (agreement.copy_file_id or 0)))
    if copy is not None:
        files.append((copy, _("盖章副本") if agreement.form == "written" else _("确认后的副本")))
    return Genuine(
        check=check,
        kind=_("人民调解协议书") if agreement.form == "written" else _("人民调解口头协议登记表"),
        stand=stand,
        say=_DISMISSED[stand]() if dismissed and stand in _DISMISSED else _SAY[stand](),
        body=body or "",
        version=agreement.version,
        moments=tuple(moments),
        files=tuple(files),
    )


_SAY = {
    Stand.IN_FORCE: lambda: _("这份文书是真的，已经生效。"),
    Stand.NOT_YET: lambda: _("这份文书是真的，但签名盖章（或者各方的确认）还没有齐，还没有生效。"),
    Stand.REPLACED: lambda: _("这一版是真的，但后来有了新的一版，请以新的一版为准。"),
    Stand.VOID: lambda: _("这一版已经作废，不能使用。请向当事人要最新的一版。"),
}
_DISMISSED = {
    Stand.NOT_CONFIRMED: lambda: _(
        "这份文书是真的，签名盖章都齐了，但法院审查以后没有确认它。能不能照着做，请问出具单位。"
    ),
    Stand.REPLACED: lambda: _("这份文书是真的。法院没有确认它，后来已经由新的协议代替，请以新的协议为准。"),
}


async def _stand(
    session: AsyncSession, case: Case, agreement: Agreement, *, dismissed: bool
) -> tuple[Stand, datetime | None]:
    stands = await standing.of(session, agreement)
    if agreement.state == "void":
        return Stand.VOID, None
    newest = await standing.in_effect(session, case)
    if newest is not None and newest.agreement.version > agreement.version:
        return Stand.REPLACED, stands.effective_at
    if stands.effective_at is None:
        return Stand.NOT_YET, None
    return (Stand.NOT_CONFIRMED if dismissed else Stand.IN_FORCE), stands.effective_at


async def _dismissed(session: AsyncSession, agreement: Agreement) -> bool:
    """Whether a court looked at it and dismissed the request (民事诉讼法 Art. 206). One that only would not take it in
    has said nothing of it; a later yes goes before an earlier no."""
    query = select(CourtRequest.outcome).where(
        CourtRequest.agreement_id == agreement.id,
        CourtRequest.outcome.in_((CourtOutcome.VALID, CourtOutcome.REJECTED)),
    )
    return await session.scalar(query.order_by(CourtRequest.id.desc()).limit(1)) == CourtOutcome.REJECTED


async def where_to_take_in(session: AsyncSession, actor: Actor, check: str) -> str | None:
    """Where the one who reads this sheet's QR takes it in, once it is signed: for who handles the case, else None."""
    pid = await session.scalar(select(Agreement.pid).where(Agreement.check_code == check))
    if pid is None:
        return None
    try:
        place = await access.for_reading(session, actor, pid)
    except NotFound:
        return None
    waiting = place.agreement.state == "frozen" and place.agreement.form == "written"
    if not place.view.handles or not waiting or (await standing.of(session, place.agreement)).effective_at is not None:
        return None
    return f"/cases/{place.case.pid}/agreement/paper?check={genuine.grouped(check)}"
