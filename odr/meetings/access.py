"""The doors of meetings: through the case. A talk with one side is not there for the other."""

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.cases import access as cases
from odr.cases import service as cases_service
from odr.cases.access import View
from odr.cases.codes import CaseRole
from odr.cases.models import Case
from odr.core.errors import Forbidden, NotFound
from odr.core.i18n import _
from odr.evidence import access as files
from odr.meetings.models import Attendance, Meeting, Poll


async def of_case(session: AsyncSession, actor: Actor, case_pid: str) -> View:
    """The case, for its parties and those who handle it. Raises NotFound."""
    view = await cases.for_reading(session, actor, case_pid)
    if not (view.is_party or view.handles):
        raise NotFound()
    return view


def sees(view: View, meeting: Meeting) -> bool:
    """Whether this viewer may know of the meeting at all."""
    return view.handles or meeting.side is None or meeting.side == view.side


async def for_reading(session: AsyncSession, actor: Actor, pid: str) -> tuple[View, Meeting]:
    """One meeting. Raises NotFound."""
    row = (
        await session.execute(
            select(Meeting, Case.pid).join(Case, Case.id == Meeting.case_id).where(Meeting.pid == pid)
        )
    ).first()
    if row is None:
        raise NotFound()
    meeting, case_pid = row
    view = await of_case(session, actor, case_pid)
    if not sees(view, meeting):
        raise NotFound()
    return view, meeting


async def lock(session: AsyncSession, view: View, meeting: Meeting) -> None:
    """Lock the case, then the meeting, and read both anew. In this order everywhere: what is written onto the timeline
    holds the case too, and two that wait for each other in a circle are both lost."""
    await cases_service.hold(session, view.case)
    await session.scalars(
        select(Meeting).where(Meeting.id == meeting.id).with_for_update().execution_options(populate_existing=True)
    )


async def for_change(session: AsyncSession, actor: Actor, pid: str) -> tuple[View, Meeting]:
    """The same for the mediator, under lock. Raises NotFound, Forbidden."""
    view, meeting = await for_reading(session, actor, pid)
    need_mediator(view)
    await lock(session, view, meeting)
    return view, meeting


async def for_coming(session: AsyncSession, actor: Actor, pid: str) -> tuple[View, Meeting, Attendance]:
    """One meeting for a party that is asked to it, or its agent, to say whether it comes; under lock, so that nothing
    is said while it is registered who came. Raises NotFound, Forbidden."""
    view, meeting = await for_reading(session, actor, pid)
    await lock(session, view, meeting)
    own = view.principal.id if view.principal is not None else None
    seat = await session.scalar(
        select(Attendance).where(Attendance.meeting_id == meeting.id, Attendance.party_id == own)
    )
    if seat is None:
        raise Forbidden(_("会晚到、来不了，由参加这次会面的当事人自己说。"))
    return view, meeting, seat


def need_mediator(view: View) -> None:
    """Raises Forbidden unless the viewer mediates this case."""
    if CaseRole.MEDIATOR not in view.roles:
        raise Forbidden(_("只有本案调解员能做这一步。"))


async def in_case(session: AsyncSession, view: View) -> list[Meeting]:
    """The meetings this viewer may know of, in order of time."""
    query = select(Meeting).where(Meeting.case_id == view.case.id)
    if not view.handles:
        query = query.where(or_(Meeting.side.is_(None), Meeting.side == view.side))
    return list(await session.scalars(query.order_by(Meeting.starts_at, Meeting.id)))


async def poll(session: AsyncSession, actor: Actor, pid: str) -> tuple[View, Poll]:
    """Times that are offered, for everybody in the case. Raises NotFound."""
    row = (
        await session.execute(select(Poll, Case.pid).join(Case, Case.id == Poll.case_id).where(Poll.pid == pid))
    ).first()
    if row is None:
        raise NotFound()
    found, case_pid = row
    return await of_case(session, actor, case_pid), found


async def _may_open_sheet(session: AsyncSession, actor: Actor, meeting_id: int) -> bool:
    """The photo of a signed sheet opens to those who may know of the meeting."""
    pid = await session.scalar(select(Meeting.pid).where(Meeting.id == meeting_id))
    try:
        return pid is not None and bool(await for_reading(session, actor, pid))
    except NotFound:
        return False


files.register("meeting", _may_open_sheet)
