"""会晚到、来不了: what a party says before a meeting of its own coming, so that nobody waits for nothing.

The other side is told that, never why: a reason, and when somebody has time instead, may be a weakness. Whoever says
beforehand that it cannot come is not counted as one that stayed away (`absence`).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.accounts.models import Role
from odr.cases import service as cases
from odr.cases.access import View, mediated_by
from odr.cases.codes import Side, State
from odr.cases.models import Case
from odr.core import clock
from odr.core.errors import Conflict, Invalid
from odr.core.i18n import _
from odr.core.templating import moment
from odr.meetings import access
from odr.meetings.models import Attendance, Coming, Meeting, Poll, PollTime
from odr.meetings.schemas import ComingIn, Expected

OVER_AFTER = timedelta(hours=2)
"""A meeting is over after so long, as far as parties and the desk are concerned."""
_MOST = 8
"""How often one party may change its mind about one meeting: each change is a text message to the others."""
_ON_THE_WAY = timedelta(days=1)
OVER = (State.CLOSED, State.ARCHIVED, State.NOT_ACCEPTED, State.TRANSFERRED, State.WITHDRAWN)
_TOLD = {
    Expected.LATE: "约好的会面，有一方会晚到，请登录“我的纠纷”查看。",
    Expected.UNABLE: "约好的会面，有一方来不了，请登录“我的纠纷”查看。",
    Expected.ON_TIME: "约好的会面，原来说晚到或者来不了的一方又能按时来，请登录“我的纠纷”查看。",
}
_WORK = {
    Expected.LATE: "一次会面有一方会晚到，请登录工作台查看。",
    Expected.UNABLE: "一次会面有一方来不了，请登录工作台查看，看要不要另约时间。",
    Expected.ON_TIME: "一次会面，原来说晚到或者来不了的一方又能按时来，请登录工作台查看。",
}
_ADDED = "一次会面，有一方改了说明，请登录工作台查看。"


@dataclass(frozen=True)
class Said:
    """What one party said last, and whether it stood so when the meeting began."""

    row: Coming
    beforehand: bool
    times: tuple[PollTime, ...] = ()

    @property
    def kind(self) -> Expected:
        return Expected(self.row.kind)

    @property
    def short(self) -> str:
        """For a cell or a hint; empty for who comes on time."""
        if self.kind is Expected.ON_TIME:
            return ""
        if self.kind is Expected.LATE:
            return _("说了会晚到约 %(n)s 分钟", n=self.row.minutes)
        return _("说了来不了") if self.beforehand else _("开始以后才说来不了")


def public(said: Said | None, *, whole: bool) -> dict[str, Any] | None:
    """For JSON. `whole`: with the words and the times, for that party and who handles the case."""
    if said is None:
        return None
    return {
        "kind": said.kind.value,
        "kind_label": said.kind.label,
        "short": said.short,
        "minutes": said.row.minutes,
        "at": clock.iso(said.row.at),
        "beforehand": said.beforehand,
        "words": said.row.words if whole else "",
        "times": [one.pid for one in said.times] if whole else [],
    }


# --- reading --------------------------------------------------------------------------------------------------------


async def of(session: AsyncSession, meeting: Meeting) -> dict[int, Said]:
    """What was said last, by party."""
    return (await of_all(session, [meeting]))[meeting.id]


async def of_all(session: AsyncSession, meetings: Sequence[Meeting]) -> dict[int, dict[int, Said]]:
    """The same for many meetings, by the meeting's id."""
    begins = {meeting.id: meeting.starts_at for meeting in meetings}
    query = select(Coming, Attendance.meeting_id, Attendance.party_id)
    query = query.join(Attendance, Attendance.id == Coming.attendance_id).where(Attendance.meeting_id.in_(begins))
    rows = (await session.execute(query.order_by(Coming.id))).all()
    wanted = {time_id for row, _meeting, _party in rows for time_id in row.times}
    times: dict[int, PollTime] = {}
    if wanted:
        times = {one.id: one for one in await session.scalars(select(PollTime).where(PollTime.id.in_(wanted)))}
    found: dict[int, dict[int, Said]] = {meeting_id: {} for meeting_id in begins}
    at_start: dict[tuple[int, int], str] = {}
    for row, meeting_id, party_id in rows:
        seat = meeting_id, party_id
        if row.at <= begins[meeting_id]:
            at_start[seat] = row.kind
        elif row.kind != at_start.get(seat):
            at_start[seat] = ""  # taken back while the others were waiting
        chosen = tuple(times[one] for one in row.times if one in times)
        found[meeting_id][party_id] = Said(row, row.kind == at_start.get(seat), chosen)
    return found


async def excused(session: AsyncSession, meeting: Meeting) -> set[int]:
    """The parties that said before the meeting began that they cannot come, and have not taken it back."""
    return {
        party_id
        for party_id, said in (await of(session, meeting)).items()
        if said.kind is Expected.UNABLE and said.beforehand
    }


def worst(said: Iterable[Said]) -> str:
    """In a few words for the desk: that somebody cannot come, else that somebody comes late."""
    kinds = {one.kind for one in said}
    if Expected.UNABLE in kinds:
        return _("有人来不了")
    return _("有人会晚到") if Expected.LATE in kinds else ""


async def other_times(session: AsyncSession, meeting: Meeting) -> list[PollTime]:
    """The times that were offered together with this one and are still to come."""
    query = select(PollTime).join(Poll, Poll.id == PollTime.poll_id)
    query = query.where(Poll.meeting_id == meeting.id, PollTime.starts_at != meeting.starts_at)
    return list(await session.scalars(query.where(PollTime.starts_at > clock.now()).order_by(PollTime.starts_at)))


def open_for(view: View, meeting: Meeting) -> bool:
    """Whether a party may still say so."""
    return meeting.state == "planned" and meeting.starts_at + OVER_AFTER > clock.now() and view.state not in OVER


# --- the act --------------------------------------------------------------------------------------------------------


async def say(session: AsyncSession, actor: Actor, pid: str, wanted: ComingIn) -> Meeting:
    """A party or its agent says that it comes late, cannot come, or comes on time after all; the last word counts. The
    others of the meeting and the mediator are told; the same again changes nothing and tells nobody.

    Raises NotFound, Forbidden, Conflict (cancelled, registered, over, too often), Invalid."""
    wanted.check()
    view, meeting, seat = await access.for_coming(session, actor, pid)
    _need_open(view, meeting)
    chosen = await _chosen(session, meeting, wanted.times)
    before = await session.scalar(
        select(Coming).where(Coming.attendance_id == seat.id).order_by(Coming.id.desc()).limit(1)
    )
    kind, minutes = wanted.kind, wanted.minutes or 0
    known = (before.kind, before.minutes) if before is not None else (Expected.ON_TIME.value, 0)
    same = known == (kind.value, minutes)
    if same and (before is None or (before.words, before.times) == (wanted.words, chosen)):
        return meeting
    count = await session.scalar(select(func.count()).where(Coming.attendance_id == seat.id))
    if (count or 0) >= _MOST:
        raise Conflict(_("您已经改了好几次。再有变化，请在调解室里告诉调解员，或者打电话。"), code="too_often")
    row = Coming(
        attendance_id=seat.id, kind=kind.value, minutes=minutes, words=wanted.words, times=chosen,
        by_person_id=actor.person_id, at=clock.now(),
    )  # fmt: skip
    session.add(row)
    await session.flush()
    await _told(session, actor, view, meeting, wanted, added=same)
    return meeting


def _need_open(view: View, meeting: Meeting) -> None:
    if meeting.state == "cancelled":
        raise Conflict(_("这次会面已经取消了，不用去，也不用再说。"), code="cancelled")
    if meeting.state != "planned":
        raise Conflict(_("这次会面已经登记过谁来了，不能再改。有不对的，请在调解室里告诉调解员。"), code="registered")
    if not open_for(view, meeting):
        raise Conflict(_("这次会面的时间已经过了。有话要说的，请在调解室里告诉调解员。"), code="over")


async def _chosen(session: AsyncSession, meeting: Meeting, pids: Collection[str]) -> list[int]:
    offered = {one.pid: one.id for one in await other_times(session, meeting)}
    if set(pids) - set(offered):
        raise Invalid({"times": _("请从给出的时间里选。")})
    return sorted({offered[pid] for pid in pids})


async def _told(
    session: AsyncSession, actor: Actor, view: View, meeting: Meeting, wanted: ComingIn, *, added: bool
) -> None:
    """Onto the timeline, and to the others of the meeting. What was only `added` in confidence is the mediator's."""
    kind, case = wanted.kind, view.case
    tag, link = f"meeting:coming:{kind.value}", f"/cases/{case.pid}/meetings/{meeting.pid}"
    side = view.side or Side.APPLICANT
    words = {
        Expected.LATE: f"{side.zh}说会面会晚到约 {wanted.minutes} 分钟。",
        Expected.UNABLE: f"{side.zh}说这次会面来不了。",
        Expected.ON_TIME: f"{side.zh}说又能按时来会面。",
    }[kind]
    audience = side.value if added else meeting.side or "all"
    await cases.event(
        session, actor, case, tag, role=view.role, audience=audience, note=f"{side.zh}改了说明。" if added else words,
        detail={"meeting": meeting.pid},
    )  # fmt: skip
    near = meeting.starts_at - clock.now() < _ON_THE_WAY
    await cases.tell_mediator(session, case, tag, _ADDED if added else _WORK[kind], sms=near and not added, link=link)
    if added:
        return
    if meeting.side is None:
        await cases.announce(session, case, tag, words, link)
    of_it = set(await session.scalars(select(Attendance.party_id).where(Attendance.meeting_id == meeting.id)))
    states = [state for state in await cases.party_states(session, case) if state.row.id in of_it]
    await cases.tell_parties(session, case, states, tag, _TOLD[kind], but=actor.person_id, link=link)


# --- the desk -------------------------------------------------------------------------------------------------------


@cases.adds_work
async def work(session: AsyncSession, actor: Actor) -> list[dict[str, Any]]:
    """Meetings to come to which somebody comes late or not at all, for the mediator to see to."""
    if not actor.has_role(Role.MEDIATOR):
        return []
    last = select(func.max(Coming.id)).group_by(Coming.attendance_id)
    query = (
        select(Meeting, Case, Coming)
        .join(Case, Case.id == Meeting.case_id)
        .join(Attendance, Attendance.meeting_id == Meeting.id)
        .join(Coming, Coming.attendance_id == Attendance.id)
        .where(Meeting.case_id.in_(mediated_by(actor)), Meeting.state == "planned", Coming.id.in_(last))
        .where(Meeting.starts_at > clock.now() - OVER_AFTER, Coming.kind != Expected.ON_TIME.value)
        .order_by(Meeting.starts_at, Meeting.id, Coming.id)
    )
    rows = (await session.execute(query)).all()
    names = await cases.between(session, [case for _meeting, case, _row in rows])
    cells: dict[int, dict[str, Any]] = {}
    for meeting, case, row in rows:
        unable = row.kind == Expected.UNABLE.value
        if meeting.id in cells and not unable:
            continue
        when = moment(meeting.starts_at)
        cells[meeting.id] = {
            "text": _("有人来不了：%(when)s 会面", when=when) if unable else _("有人会晚到：%(when)s 会面", when=when),
            "note": f"{names.get(case.id, '')} · {meeting.purpose}",
            "href": f"/cases/{case.pid}/meetings/{meeting.pid}",
            "icon": "calendar",
            "badge": _("来不了") if unable else _("晚到约 %(n)s 分钟", n=row.minutes),
            "tone": "attention",
        }
    return list(cells.values())
