"""Finding cases and acts, opening transcripts for a stated reason. Each reading is itself in the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Row, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.accounts.models import Person
from odr.audit import service as audit
from odr.audit.models import LedgerRow
from odr.bodies.models import Body
from odr.cases.models import Case
from odr.core import clock
from odr.core.errors import NotFound
from odr.core.forms import narrow
from odr.evidence.models import File
from odr.oversight import access
from odr.oversight.models import Reading
from odr.oversight.schemas import CaseSearch, LedgerSearch
from odr.rooms import service as rooms
from odr.rooms.models import Room, RoomKind

PAGE = 50
READING_LASTS = timedelta(hours=1)


@dataclass(frozen=True)
class Found:
    """One page of a search, and how many there are in all."""

    rows: Sequence[Row[Case, Body | None]]
    total: int
    page: int


async def find_cases(session: AsyncSession, actor: Actor, search: CaseSearch) -> Found:
    """Cases by number, state, body and day of submission, newest first. Cards only: no facts, no names."""
    access.for_audit(actor)
    wanted = []
    if search.number:
        word = narrow(search.number)
        # Case numbers are written with full brackets, and people copy half of one.
        word = word.replace("(", "〔").replace(")", "〕").replace("[", "〔").replace("]", "〕")
        wanted.append(
            or_(
                Case.case_no.contains(word, autoescape=True),
                Case.application_no.contains(word.upper(), autoescape=True),
            )
        )
    if search.state:
        wanted.append(Case.state == search.state)
    if search.body:
        wanted.append(Body.pid == search.body)
    if search.since:
        wanted.append(Case.submitted_at >= clock.end_of_day(search.since) - timedelta(days=1))
    if search.until:
        wanted.append(Case.submitted_at <= clock.end_of_day(search.until))
    query: Select[Case, Body | None] = select(Case, Body).outerjoin(Body, Body.id == Case.body_id).where(*wanted)
    total = await session.scalar(select(func.count()).select_from(query.subquery())) or 0
    page = query.order_by(Case.submitted_at.desc(), Case.id.desc()).limit(PAGE).offset((search.page - 1) * PAGE)
    return Found((await session.execute(page)).all(), total, search.page)


async def state_reason(session: AsyncSession, actor: Actor, pid: str, reason: str) -> Reading:
    """Write down why this case is read; its joint rooms open for an hour. The same reason again, while it holds, is
    the same reading. Raises Forbidden for a case of one's own."""
    case = await access.case_for_audit(session, actor, pid)
    await access.need_no_part(session, actor, case)
    holds = await access.reading_in_force(session, actor, case)
    if holds is not None and holds.reason == reason:
        return holds
    reading = Reading(
        auditor_id=actor.person_id, case_id=case.id, reason=reason, expires_at=clock.steady() + READING_LASTS
    )
    session.add(reading)
    await session.flush()
    await audit.record(session, actor, "reading:reason:stated", "case", case.pid, {"reading": reading.pid})
    return reading


async def case_of_room(session: AsyncSession, room_pid: str) -> str:
    """The public id of the case a room belongs to."""
    return (await session.scalars(select(Room.subject_pid).where(Room.pid == room_pid))).one()


async def rooms_of(session: AsyncSession, case: Case) -> list[Room]:
    return list(await session.scalars(select(Room).where(Room.subject_pid == case.pid).order_by(Room.id)))


async def read_room(
    session: AsyncSession, actor: Actor, pid: str, *, after: int | None = None, before: int | None = None
) -> tuple[Case, Room, Reading, rooms.Lines]:
    """Lines of a joint room as they were, those taken back included; what was read goes into the ledger."""
    case, room, reading = await access.room_for_audit(session, actor, pid)
    page = await rooms.page(session, room, None, after=after, before=before, limit=PAGE, sealed=True)
    span = {"first": page.lines[0].seq, "last": page.lines[-1].seq} if page.lines else {}
    await audit.record(session, actor, "room:transcript:read", "room", room.pid, {"reading": reading.pid} | span)
    return case, room, reading, page


async def read_file(session: AsyncSession, actor: Actor, room_pid: str, pid: str) -> File:
    """A file that was shown in a joint room, also when its line was taken back; the reading goes into the ledger.

    Raises what `access.room_for_audit` raises, NotFound for a file that was never shown there.
    """
    _case, room, reading = await access.room_for_audit(session, actor, room_pid)
    query = select(File).where(
        File.pid == pid, File.holder == "room", File.holder_id == room.id, File.shown_seq.is_not(None)
    )
    file: File | None = await session.scalar(query)
    if file is None:
        raise NotFound()
    await audit.record(session, actor, "file:shown:read", "file", file.pid, {"reading": reading.pid, "room": room.pid})
    return file


async def room_is_whole(session: AsyncSession, room: Room, span: tuple[int, int] | None = None) -> list[str]:
    """The faults of one room's chain, or of the lines from the first to the last seq of `span`; empty when they are as
    they were written."""
    return [fault async for fault in rooms.verify(session, room, span)]


async def ledger(session: AsyncSession, actor: Actor, search: LedgerSearch) -> Sequence[Row[LedgerRow, Person | None]]:
    """Acts, newest first. Looking at the ledger is an act too."""
    access.for_audit(actor)
    query: Select[LedgerRow, Person | None] = select(LedgerRow, Person).outerjoin(
        Person, Person.id == LedgerRow.person_id
    )
    if search.tag:
        query = query.where(LedgerRow.tag.startswith(search.tag, autoescape=True))
    if search.thing:
        query = query.where(LedgerRow.thing_pid == search.thing)
    if search.person:
        query = query.where(Person.pid == search.person)
    if search.below is not None:
        query = query.where(LedgerRow.seq < search.below)
    rows = (await session.execute(query.order_by(LedgerRow.seq.desc()).limit(PAGE))).all()
    await audit.record(session, actor, "ledger:page:read", "ledger", "ledger", {"rows": len(rows)})
    return rows


def is_sealed(room: Room) -> bool:
    return room.kind != RoomKind.JOINT
