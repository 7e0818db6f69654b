"""The doors of papers: through the case, for its parties and those who handle it.

A record of a talk with one side, an inquiry and a party's particulars are not there for the other side.
"""

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.cases import access as cases
from odr.cases.access import View
from odr.cases.codes import CaseRole, PartyRole, State
from odr.cases.models import Case, Party
from odr.core.errors import Conflict, Forbidden, NotFound
from odr.core.i18n import _
from odr.dossier.models import Inquiry, Record
from odr.evidence import access as files


async def of_case(session: AsyncSession, actor: Actor, pid: str) -> View:
    """The case, for who may open some of its papers. Raises NotFound."""
    view = await cases.for_reading(session, actor, pid)
    if not (view.is_party or view.handles or issues(view)):
        raise NotFound()
    return view


def issues(view: View) -> bool:
    """A centre's clerk refuses or hands on what no body has taken yet: those papers are the centre's own."""
    return CaseRole.CENTRE_CLERK in view.roles and view.case.accepted_at is None


async def for_handling(session: AsyncSession, actor: Actor, pid: str) -> View:
    """The case, for who puts its file together. Raises NotFound, Forbidden."""
    view = await of_case(session, actor, pid)
    need_handler(view)
    return view


def need_handler(view: View) -> None:
    """Raises Forbidden unless the viewer mediates the case or is a clerk of its body."""
    if not view.handles:
        raise Forbidden(_("这一步由调解员或调委会工作人员来做。"))


def need_mediator(view: View) -> None:
    """Raises Forbidden unless the viewer mediates this case."""
    if CaseRole.MEDIATOR not in view.roles:
        raise Forbidden(_("只有本案调解员能做这一步。"))


def need_living(view: View) -> None:
    """Raises Conflict for a file that is archived: it is read-only."""
    if view.state is State.ARCHIVED:
        raise Conflict(_("案卷已经归档，不能再改。"), code="archived")


async def hold(session: AsyncSession, view: View) -> Case:
    """The case row, locked, read afresh: changes to its file queue here."""
    query = select(Case).where(Case.id == view.case.id).with_for_update().execution_options(populate_existing=True)
    found = (await session.scalars(query)).one()
    need_living(view)
    return found


async def party_of(session: AsyncSession, view: View, pid: str) -> Party:
    """Somebody of the case whose particulars this viewer may write: staff everybody's, a party its own side's.

    Raises NotFound."""
    query = select(Party).where(Party.pid == pid, Party.case_id == view.case.id, Party.ended_at.is_(None))
    party = await session.scalar(query)
    if party is None or not (view.handles or party.side == view.side):
        raise NotFound()
    return party


async def agent_of(session: AsyncSession, view: View, pid: str) -> Party:
    """An agent of the case. Raises NotFound."""
    party = await party_of(session, view, pid)
    if party.role == PartyRole.PARTY:
        raise NotFound()
    return party


def sees_inquiry(view: View, inquiry: Inquiry) -> bool:
    return view.handles or inquiry.shared or (inquiry.side is not None and inquiry.side == view.side)


async def inquiries(session: AsyncSession, view: View) -> list[Inquiry]:
    """The inquiries this viewer may read, in order of time."""
    query = select(Inquiry).where(Inquiry.case_id == view.case.id).order_by(Inquiry.held_at, Inquiry.id)
    return [row for row in await session.scalars(query) if sees_inquiry(view, row)]


async def inquiry(session: AsyncSession, actor: Actor, case_pid: str, pid: str) -> tuple[View, Inquiry]:
    """One of them. Raises NotFound."""
    view = await of_case(session, actor, case_pid)
    row = await session.scalar(select(Inquiry).where(Inquiry.pid == pid, Inquiry.case_id == view.case.id))
    if row is None or not sees_inquiry(view, row):
        raise NotFound()
    return view, row


def sees_record(view: View, record: Record) -> bool:
    """A draft is its mediator's and the body's; a frozen one is read by those who were there."""
    if view.handles:
        return True
    return record.state != "drafting" and record.side in (None, view.side)


async def records(session: AsyncSession, view: View) -> list[Record]:
    """The records this viewer may know of, oldest first, without those that were replaced."""
    query = select(Record).where(Record.case_id == view.case.id, Record.state != "void")
    if not view.handles:
        query = query.where(or_(Record.side.is_(None), Record.side == view.side))
    return [row for row in await session.scalars(query.order_by(Record.id)) if sees_record(view, row)]


async def record(session: AsyncSession, actor: Actor, case_pid: str, pid: str) -> tuple[View, Record]:
    """One of them, or one that was replaced. Raises NotFound."""
    view = await of_case(session, actor, case_pid)
    row = await session.scalar(select(Record).where(Record.pid == pid, Record.case_id == view.case.id))
    if row is None or not sees_record(view, row):
        raise NotFound()
    return view, row


async def _may_open_record(session: AsyncSession, actor: Actor, record_id: int) -> bool:
    """The PDF of a record opens to those who may read it."""
    row = await session.get(Record, record_id)
    case = await session.get(Case, row.case_id) if row is not None else None
    if row is None or case is None:
        return False
    try:
        return sees_record(await of_case(session, actor, case.pid), row)
    except NotFound:
        return False


files.register("record", _may_open_record)
