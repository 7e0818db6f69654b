"""Meetings as verbs: plan, hold, minute, confirm; and what happened offline, written down later with its real time.

How a time is chosen stands in `polls`, what follows when somebody does not come in `absence`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.accounts.models import Person, Role
from odr.audit import service as audit
from odr.cases import service as cases
from odr.cases.access import View, mediated_by
from odr.cases.codes import CaseRole, Side
from odr.cases.models import Case, Party
from odr.core import clock, jobs, outbox
from odr.core.errors import Conflict, Forbidden, Invalid
from odr.core.i18n import _
from odr.core.templating import moment
from odr.evidence import service as evidence
from odr.evidence.models import File
from odr.meetings import absence, access, coming, places
from odr.meetings.models import Attendance, Meeting
from odr.meetings.schemas import PRESENT, HoldIn, Kind, MinutesIn, PastIn, PlanIn, Presence, SheetIn, Where

REMIND = "meetings:remind"
_BEFORE = {"day": timedelta(days=1), "soon": timedelta(hours=2)}
_PLANNED = "您有一次调解会面的安排，请登录“我的纠纷”查看。"
_REMINDERS = {
    "day": "您明天有一次调解会面，请登录“我的纠纷”查看时间和地点。",
    "soon": "您今天有一次调解会面，两小时后开始，请登录“我的纠纷”查看。",
}
_ANOTHER_TIME = "另约时间"
_CANCELLED = "您的一次调解会面取消了，请登录“我的纠纷”查看。"
_MINUTES = "您有一份会面记录等您确认，请登录“我的纠纷”查看。"


@dataclass(frozen=True)
class Seat:
    """One party of a meeting and its attendance."""

    party: Party
    row: Attendance
    said: coming.Said | None = None

    @property
    def presence(self) -> Presence:
        return Presence(self.row.present)

    @property
    def present(self) -> bool:
        return self.presence in PRESENT


@dataclass(frozen=True)
class MeetingView:
    """A meeting as one viewer may see it."""

    row: Meeting
    seats: tuple[Seat, ...]
    mine: Seat | None
    sheets: tuple[File, ...] = ()

    @property
    def kind(self) -> Kind:
        return Kind(self.row.kind)

    def confirmed(self, seat: Seat) -> bool:
        """Whether this party confirmed the minutes as they stand now (E14): a change asks for a new round."""
        return seat.row.confirmed_sha256 is not None and seat.row.confirmed_sha256 == self.row.minutes_sha256

    @property
    def waits_for_me(self) -> bool:
        if self.mine is None or not self.mine.present or self.row.minutes is None:
            return False
        return not self.confirmed(self.mine)

    @property
    def all_confirmed(self) -> bool:
        there = [seat for seat in self.seats if seat.present]
        return bool(there) and self.row.minutes is not None and all(self.confirmed(seat) for seat in there)


def digest(minutes: str) -> str:
    """The hash a confirmation names."""
    return hashlib.sha256(minutes.encode()).hexdigest()


def link(case: Case) -> str:
    return f"/cases/{case.pid}/meetings"


def _audience(meeting: Meeting) -> str:
    return meeting.side or "all"


# --- reading --------------------------------------------------------------------------------------------------------


async def show(session: AsyncSession, view: View, meeting: Meeting) -> MeetingView:
    """One meeting with its attendance."""
    return (await _shown(session, view, [meeting]))[0]


async def _shown(session: AsyncSession, view: View, meetings: Sequence[Meeting]) -> list[MeetingView]:
    ids = [meeting.id for meeting in meetings]
    said = await coming.of_all(session, meetings)
    sheets = await evidence.held_by(session, "meeting", ids)
    query = select(Attendance, Party).join(Party, Party.id == Attendance.party_id)
    seats: dict[int, list[Seat]] = {meeting_id: [] for meeting_id in ids}
    for row, party in await session.execute(query.where(Attendance.meeting_id.in_(ids)).order_by(Attendance.id)):
        seats[row.meeting_id].append(Seat(party, row, said[row.meeting_id].get(party.id)))
    own = view.principal.id if view.principal is not None else None
    return [
        MeetingView(
            meeting,
            tuple(seats[meeting.id]),
            next((seat for seat in seats[meeting.id] if seat.party.id == own), None),
            tuple(sheets[meeting.id]),
        )
        for meeting in meetings
    ]


async def meetings_of(session: AsyncSession, view: View) -> list[MeetingView]:
    """The meetings of a case this viewer may know of, in order of time."""
    return await _shown(session, view, list(await access.in_case(session, view)))


@cases.adds("meetings")
async def in_document(session: AsyncSession, view: View) -> list[dict[str, Any]]:
    """What the case's JSON says of its meetings."""
    if not (view.is_party or view.handles):
        return []
    return [public(view, meeting) for meeting in await meetings_of(session, view)]


def public(view: View, shown: MeetingView) -> dict[str, Any]:
    """A meeting for JSON."""
    row = shown.row
    return {
        "id": row.pid,
        "kind": row.kind,
        "kind_label": shown.kind.label,
        "side": row.side,
        "purpose": row.purpose,
        "place": row.place,
        "link": row.link,
        "phone": row.phone,
        "starts_at": clock.iso(row.starts_at),
        "state": row.state,
        "recorded_later": row.recorded_later,
        "minutes": row.minutes,
        "sha256": row.minutes_sha256,
        "cancel_reason": row.cancel_reason,
        "my_turn": shown.waits_for_me,
        "may_say_coming": shown.mine is not None and coming.open_for(view, row),
        "sheets": [{"id": f.pid, "name": f.name, "href": f"/files/{f.pid}"} for f in shown.sheets],
        "attendance": [
            {
                "party": seat.party.pid,
                "name": seat.party.name,
                "side": seat.party.side,
                "present": seat.presence.value,
                "present_label": seat.presence.label,
                "late_minutes": seat.row.late_minutes,
                "coming": coming.public(seat.said, whole=view.handles or seat is shown.mine),
                "confirmed": shown.confirmed(seat),
                "confirmed_how": seat.row.confirmed_how if shown.confirmed(seat) else "",
            }
            for seat in shown.seats
        ],
    }


@cases.adds_today
async def today(session: AsyncSession, actor: Actor) -> list[dict[str, Any]]:
    """The sittings of today and tomorrow, for a mediator's desk."""
    if not actor.has_role(Role.MEDIATOR):
        return []
    start = datetime.combine(clock.today(), datetime.min.time(), clock.SHANGHAI)
    rows = await session.execute(
        select(Meeting, Case)
        .join(Case, Case.id == Meeting.case_id)
        .where(Meeting.case_id.in_(mediated_by(actor)), Meeting.state == "planned")
        .where(Meeting.starts_at >= start, Meeting.starts_at < start + timedelta(days=2))
        .order_by(Meeting.starts_at)
    )
    found = rows.all()
    said = await coming.of_all(session, [meeting for meeting, _case in found])
    cells = []
    for meeting, case in found:
        short = coming.worst(said[meeting.id].values())
        cells.append(
            {
                "text": f"{moment(meeting.starts_at)} {meeting.purpose}",
                "href": f"{link(case)}/{meeting.pid}",
                "note": f"{case.title} · {short}" if short else case.title,
            }
        )
    return cells


@cases.adds_work
async def unregistered(session: AsyncSession, actor: Actor) -> list[dict[str, Any]]:
    """Meetings whose time is over and of which nobody has written down who came: without that nothing fair follows."""
    if not actor.has_role(Role.MEDIATOR):
        return []
    query = select(Meeting, Case).join(Case, Case.id == Meeting.case_id).where(Meeting.case_id.in_(mediated_by(actor)))
    query = query.where(Meeting.state == "planned", Meeting.starts_at < clock.now() - coming.OVER_AFTER)
    rows = (await session.execute(query.order_by(Meeting.starts_at, Meeting.id))).all()
    names = await cases.between(session, [case for _row, case in rows])
    return [
        {
            "text": _("登记谁来了：%(when)s 会面", when=moment(meeting.starts_at)),
            "note": f"{names.get(case.id, '')} · {meeting.purpose}",
            "href": f"{link(case)}/{meeting.pid}",
            "icon": "calendar",
            "badge": _("还没有登记"),
            "tone": "attention",
        }
        for meeting, case in rows
    ]


# --- planning and holding -------------------------------------------------------------------------------------------


async def plan(session: AsyncSession, actor: Actor, case_pid: str, wanted: PlanIn) -> Meeting:
    """Plan a meeting with everybody or one side, and tell them without a word of the matter. The same once more, as
    from a form that was sent again because its answer was lost, is that meeting."""
    wanted.check()
    view = await for_planning(session, actor, case_pid, wanted.side)
    place = await places.resolve(session, view.case, wanted)
    if (twin := await _twin(session, view.case, wanted, place, state="planned")) is not None:
        return twin
    await instead_of(session, actor, view, wanted.after, wanted.side)
    return await appoint(session, actor, view, wanted, place, wanted.starts_at, wanted.side)


async def for_planning(session: AsyncSession, actor: Actor, case_pid: str, side: str | None) -> View:
    """The case for its mediator, locked, where a meeting may be planned. Raises NotFound, Forbidden, Conflict."""
    view = await access.of_case(session, actor, case_pid)
    access.need_mediator(view)
    await cases.hold(session, view.case)
    _need_living(view)
    if side is None and view.case.violence:
        # The two sides are never brought together (反家庭暴力法 Art. 10).
        raise Conflict(_("这件纠纷涉及家庭暴力，不安排双方见面。请和各方分开谈。"), code="violence")
    return view


async def appoint(
    session: AsyncSession, actor: Actor, view: View, where: Where, place: str, starts_at: datetime, side: str | None
) -> Meeting:
    """Write the meeting down, tell those of it and set the reminders."""
    meeting = await _store(session, actor, view.case, where, place, starts_at, side)
    if side is None:
        text = f"调解员安排了会面：{moment(starts_at)}，{where.kind.zh}" + (f"，{place}" if place else "") + "。"
        await cases.announce(session, view.case, "meeting:sitting:planned", text, link(view.case))
    await _event(session, actor, view, meeting, "meeting:sitting:planned", f"安排了会面：{where.purpose}")
    await tell(session, view.case, meeting, "meeting:planned", _PLANNED)
    for when, before in _BEFORE.items():
        if (due := starts_at - before) > clock.now():
            payload = {"meeting": meeting.id, "when": when}
            await jobs.enqueue(session, REMIND, payload, due_at=due, key=f"meeting:{meeting.id}:{when}")
    return meeting


async def hold(session: AsyncSession, actor: Actor, pid: str, wanted: HoldIn) -> Meeting:
    """It took place: who came, and how; or it did not. Said again, the last word counts; a repeat changes nothing.

    Raises NotFound, Forbidden, Conflict (cancelled, too early, minuted), Invalid."""
    view, meeting = await access.for_change(session, actor, pid)
    before, state = meeting.state, "held" if wanted.opened else "missed"
    if before == "cancelled":
        raise Conflict(_("这次会面已经取消了。"), code="cancelled")
    if meeting.starts_at > clock.now() + timedelta(hours=2):
        raise Conflict(_("会面的时间还没有到。"), code="too_early")
    if meeting.minutes is not None and not wanted.opened:
        raise Conflict(_("这次会面已经写了记录，不能改成没有开成。"), code="minuted")
    if not wanted.opened and not any(how in absence.MISSING for how in wanted.present.values()):
        raise Invalid({"opened": _("大家都来了。会面没有开成的，请选谁没有来；开成了的，请选“开成了”。")})
    changed = await _attend(session, meeting, wanted.present, wanted.late)
    if wanted.opened and not any(row.present in PRESENT for row in (await _seats(session, meeting)).values()):
        raise Invalid({"opened": _("没有一个人参加，会面就没有开成。请选“没有开成”，或者改上面谁来了。")})
    if before == state and not changed:
        return meeting
    meeting.state = state
    await session.flush()
    await _forget(session, meeting)
    if before == state:
        await _event(session, actor, view, meeting, "meeting:sitting:corrected", "更正了谁参加了会面的登记。")
        return meeting
    if wanted.opened:
        await _event(session, actor, view, meeting, "meeting:sitting:held", f"举行了会面：{meeting.purpose}")
    else:
        await _event(session, actor, view, meeting, "meeting:sitting:missed", "约好的会面没有开成：有一方没能参加。")
    await absence.follow(session, view, meeting)
    return meeting


async def _forget(session: AsyncSession, meeting: Meeting) -> None:
    for when in _BEFORE:
        await jobs.cancel(session, f"meeting:{meeting.id}:{when}")


async def cancel(session: AsyncSession, actor: Actor, pid: str, reason: str) -> Meeting:
    """It will not take place. Everybody who was told is told again."""
    view, meeting = await access.for_change(session, actor, pid)
    if meeting.state != "planned":
        raise Conflict(_("这次会面已经开过或取消了。"), code="not_planned")
    await _call_off(session, actor, view, meeting, reason)
    return meeting


async def _call_off(session: AsyncSession, actor: Actor, view: View, meeting: Meeting, reason: str) -> None:
    meeting.state, meeting.cancel_reason = "cancelled", reason
    await session.flush()
    await _forget(session, meeting)
    await _event(session, actor, view, meeting, "meeting:sitting:cancelled", f"取消了会面：{reason}")
    await tell(session, view.case, meeting, "meeting:cancelled", _CANCELLED)


async def instead_of(
    session: AsyncSession, actor: Actor, view: View, pid: str | None, side: str | None
) -> Meeting | None:
    """The meeting of the same people in whose place another is sought, as somebody cannot come or did not. One that
    was still to be held is called off. The case is locked already. None without a `pid` of such a meeting."""
    if pid is None:
        return None
    same = select(Meeting).where(Meeting.pid == pid, Meeting.case_id == view.case.id)
    same = same.where(Meeting.side.is_(None) if side is None else Meeting.side == side)
    meeting = await session.scalar(same.with_for_update().execution_options(populate_existing=True))
    if meeting is not None and meeting.state == "planned":
        await _call_off(session, actor, view, meeting, _ANOTHER_TIME)
    return meeting


async def minute(session: AsyncSession, actor: Actor, pid: str, wanted: MinutesIn) -> Meeting:
    """Write or change the minutes. A change makes earlier confirmations count for nothing (E14)."""
    view, meeting = await access.for_change(session, actor, pid)
    if meeting.state != "held":
        raise Conflict(_("请先登记会面已经举行、谁到场，再写记录。"), code="not_held")
    if meeting.minutes == wanted.minutes:
        return meeting
    _write(meeting, actor, wanted.minutes)
    await session.flush()
    await _event(session, actor, view, meeting, "meeting:minutes:written", "写好了会面记录，请参加的人确认。")
    await tell(session, view.case, meeting, "meeting:minutes", _MINUTES)
    return meeting


async def record_past(
    session: AsyncSession, actor: Actor, case_pid: str, wanted: PastIn, sheets: Sequence[evidence.Prepared] = ()
) -> Meeting:
    """补录: a call, visit or sitting that has happened, under its real date, with what was said; where it was signed at
    the door, with photos of the sheet and who signed on it."""
    wanted.check()
    view = await access.of_case(session, actor, case_pid)
    access.need_mediator(view)
    await cases.hold(session, view.case)
    _need_living(view)
    place = await places.resolve(session, view.case, wanted)
    side = wanted.side.value if wanted.side else None
    if (twin := await _twin(session, view.case, wanted, place, state="held", minutes=wanted.minutes)) is not None:
        return twin
    meeting = await _store(session, actor, view.case, wanted, place, wanted.starts_at, side)
    meeting.recorded_later, meeting.state = True, "held"
    if wanted.present:
        await _attend(session, meeting, wanted.present)
    _write(meeting, actor, wanted.minutes)
    await session.flush()
    note = f"补记：{moment(wanted.starts_at)} {wanted.kind.zh}，{wanted.purpose}"
    await _event(session, actor, view, meeting, "meeting:sitting:recorded", note)
    if wanted.signed or sheets:
        await _on_sheet(session, actor, meeting, wanted.signed, sheets)
    if any(Presence(how) in PRESENT for how in wanted.present.values()):
        await tell(session, view.case, meeting, "meeting:minutes", _MINUTES)
    return meeting


async def confirm(session: AsyncSession, actor: Actor, pid: str, sha256: str) -> Meeting:
    """A party that was there confirms the minutes as it read them. Raises Conflict when they have changed since."""
    view, meeting = await access.for_reading(session, actor, pid)
    await access.lock(session, view, meeting)
    shown = await show(session, view, meeting)
    if shown.mine is None or not shown.mine.present:
        raise Forbidden(_("记录由参加了会面的当事人确认。"))
    if meeting.minutes_sha256 is None:
        raise Conflict(_("还没有会面记录。"), code="no_minutes")
    if meeting.minutes_sha256 != sha256:
        raise Conflict(_("记录刚刚改过。请再读一遍，再确认。"), code="changed")
    if shown.confirmed(shown.mine):
        return meeting
    row = shown.mine.row
    row.confirmed_at, row.confirmed_by, row.confirmed_sha256 = clock.now(), actor.person_id, sha256
    row.confirmed_how = "web"
    await session.flush()
    audience = meeting.side or "all"
    await cases.event(
        session, actor, view.case, "meeting:minutes:confirmed", role=view.role, audience=audience,
        note=f"{Side(shown.mine.party.side).zh}确认了会面记录。", detail={"meeting": meeting.pid, "sha256": sha256},
    )  # fmt: skip
    await audit.record(session, actor, "meeting:minutes:confirmed", "meeting", meeting.pid, {"sha256": sha256})
    return meeting


async def sign_on_paper(
    session: AsyncSession, actor: Actor, pid: str, wanted: SheetIn, sheets: Sequence[evidence.Prepared]
) -> Meeting:
    """The minutes were read and signed by hand: photos of the sheet, and who signed. Raises Conflict without minutes,
    Invalid without a photo or for somebody who was not there."""
    view, meeting = await access.for_change(session, actor, pid)
    if meeting.minutes_sha256 is None:
        raise Conflict(_("还没有会面记录。请先写好记录，再请参加的人签名。"), code="no_minutes")
    await _on_sheet(session, actor, meeting, wanted.signed, sheets)
    await _event(session, actor, view, meeting, "meeting:minutes:signed", "参加的人在纸质记录上签了名。")
    return meeting


async def _on_sheet(
    session: AsyncSession, actor: Actor, meeting: Meeting, signed: Sequence[str], sheets: Sequence[evidence.Prepared]
) -> None:
    if not sheets:
        raise Invalid({"sheets": _("请拍下签了名的那张纸。")})
    seats = await _seats(session, meeting)
    for pid in signed:
        if pid not in seats or seats[pid].present not in PRESENT:
            raise Invalid({"signed": _("只有参加了会面的人才能在记录上签名。请先选他是怎样参加的。")})
        row = seats[pid]
        row.confirmed_at, row.confirmed_by, row.confirmed_how = clock.now(), actor.person_id, "paper"
        row.confirmed_sha256 = meeting.minutes_sha256
    for sheet in sheets:
        await evidence.keep(session, actor, sheet, "meeting", meeting.id)
    await session.flush()
    detail = {"sha256": meeting.minutes_sha256, "signed": len(signed)}
    await audit.record(session, actor, "meeting:minutes:signed", "meeting", meeting.pid, detail)


# --- parts ----------------------------------------------------------------------------------------------------------


def attendance_lines(shown: MeetingView) -> list[str]:
    """Who came and how, in the words of a record (Chinese), for whoever writes one: one line for each party."""
    words = {Presence.UNKNOWN: "没有登记是否参加", Presence.EXCUSED: "事先说明不能参加", Presence.ABSENT: "没有参加"}
    lines = []
    for seat in shown.seats:
        how = words.get(seat.presence, f"{seat.presence.zh}")
        late = f"，迟到 {seat.row.late_minutes} 分钟" if seat.row.late_minutes else ""
        lines.append(f"{Side(seat.party.side).zh}{seat.party.name}：{how}{late}。")
    return lines


def _need_living(view: View) -> None:
    if view.state in coming.OVER:
        raise Conflict(_("这件纠纷已经结束，不能再安排会面。"), code="over")


async def _store(
    session: AsyncSession, actor: Actor, case: Case, where: Where, place: str, starts_at: datetime, side: str | None
) -> Meeting:
    meeting = Meeting(
        case_id=case.id, kind=where.kind.value, side=side, purpose=where.purpose, place=place, link=where.link,
        phone=where.phone, starts_at=starts_at, created_by=actor.person_id,
    )  # fmt: skip
    session.add(meeting)
    await session.flush()
    for party in await cases.parties_of(session, case):
        if side is None or party.side == side:
            session.add(Attendance(meeting_id=meeting.id, party_id=party.id))
    await session.flush()
    return meeting


async def _twin(
    session: AsyncSession,
    case: Case,
    wanted: PlanIn | PastIn,
    place: str,
    *,
    state: str,
    minutes: str | None = None,
) -> Meeting | None:
    """The same meeting, at the same time, which is there already."""
    query = select(Meeting).where(
        Meeting.case_id == case.id, Meeting.state == state, Meeting.starts_at == wanted.starts_at,
        Meeting.kind == wanted.kind.value, Meeting.purpose == wanted.purpose, Meeting.place == place,
    )  # fmt: skip
    query = query.where(Meeting.side.is_(None) if wanted.side is None else Meeting.side == wanted.side.value)
    rows = await session.scalars(query.order_by(Meeting.id))
    return next((row for row in rows if row.minutes == minutes), None)


async def _seats(session: AsyncSession, meeting: Meeting) -> dict[str, Attendance]:
    rows = await session.execute(
        select(Attendance, Party.pid)
        .join(Party, Party.id == Attendance.party_id)
        .where(Attendance.meeting_id == meeting.id)
    )
    return {pid: row for row, pid in rows}


async def _attend(
    session: AsyncSession, meeting: Meeting, present: Mapping[str, Presence], late: Mapping[str, int] | None = None
) -> bool:
    """Write down who came; whether anything was new. Who said beforehand that it cannot come did not stay away."""
    seats, excused = await _seats(session, meeting), await coming.excused(session, meeting)
    if set(present) - set(seats):
        raise Invalid({"present": _("请从参加这次会面的当事人里选。")})
    changed = False
    for pid, how in present.items():
        row, minutes = seats[pid], (late or {}).get(pid, 0) if Presence(how) in PRESENT else 0
        said_so = Presence(how) is Presence.ABSENT and row.party_id in excused
        now = Presence.EXCUSED if said_so else Presence(how)
        changed = changed or (row.present, row.late_minutes) != (now.value, minutes)
        row.present, row.late_minutes = now.value, minutes
    await session.flush()
    return changed


def _write(meeting: Meeting, actor: Actor, minutes: str) -> None:
    meeting.minutes, meeting.minutes_sha256 = minutes, digest(minutes)
    meeting.minuted_by, meeting.minuted_at = actor.person_id, clock.now()


async def _event(session: AsyncSession, actor: Actor, view: View, meeting: Meeting, tag: str, note: str) -> None:
    """Onto the timeline, under the meeting's own channel and place; a talk with one side for that side and staff."""
    await cases.event(
        session, actor, view.case, tag, role=CaseRole.MEDIATOR, channel=Kind(meeting.kind).channel, place=meeting.place,
        audience=_audience(meeting), note=note, detail={"meeting": meeting.pid, "at": meeting.starts_at.isoformat()},
    )  # fmt: skip


async def tell(session: AsyncSession, case: Case, meeting: Meeting, tag: str, text: str) -> None:
    """Those of the meeting, in the service and by text message; no names, no cause."""
    ids = select(Attendance.party_id).where(Attendance.meeting_id == meeting.id)
    rows = await session.scalars(
        select(Person)
        .join(Party, Party.person_id == Person.id)
        .where(Party.id.in_(ids) | Party.acts_for_id.in_(ids), Party.ended_at.is_(None))
        .distinct()
    )
    for person in rows.all():
        more: dict[str, Any] = {"tag": tag, "text": text, "person_id": person.id, "thing": f"case:{case.pid}"}
        await outbox.post(session, outbox.Channel.IN_APP, address="", link=link(case), **more)
        if person.phone is not None:
            await outbox.post(session, outbox.Channel.SMS, address=person.phone, **more)


@jobs.handles(REMIND)
async def remind(session: AsyncSession, payload: dict[str, Any]) -> None:
    """A day before, and two hours before."""
    meeting = await session.get(Meeting, payload["meeting"])
    if meeting is not None and meeting.state == "planned":
        text = _REMINDERS[payload.get("when", "day")]
        await tell(session, await session.get_one(Case, meeting.case_id), meeting, "meeting:soon", text)
