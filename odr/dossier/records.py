"""调解记录 as a reviewed document: begun from what is on file, edited by the mediator, frozen as exact bytes, and then
confirmed page by page by each party (在线调解规则 Art. 22). It is not the chat log, and nothing of a private room gets
into it by itself."""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.accounts.models import Person
from odr.agreements import access as agreement_access
from odr.agreements import service as agreements
from odr.audit import service as audit
from odr.cases import service as cases
from odr.cases.access import View
from odr.cases.codes import Category, Channel, ConsentKind, Result, Side, State
from odr.cases.models import Assignment, Case, Party
from odr.core import clock, paper
from odr.core.db import Database
from odr.core.errors import Conflict, Forbidden, Invalid
from odr.core.i18n import _
from odr.dossier import access, wording
from odr.dossier.codes import Ending
from odr.dossier.models import Record, RecordPage
from odr.dossier.schemas import OnPaperIn, PageIn, RecordIn
from odr.evidence import service as evidence
from odr.factsheet.sheet import agreed_facts
from odr.meetings import access as meeting_access
from odr.meetings.models import Attendance, Meeting
from odr.meetings.schemas import PRESENT

_TURN = "您有一份调解记录等您逐页看过、确认，请登录“我的纠纷”查看。"
SECTIONS = ("rights", "principles", "course", "facts", "risk", "outcome")
# What the body of the record must show (人民调解文书格式): the course of the talk may stay empty.
NEEDED = ("rights", "principles", "facts", "risk", "outcome")


@dataclass
class Body:
    """What a record says. Kept as sealed JSON."""

    held_at: str
    place: str
    matter: str
    writer: str
    ended_at: str = ""
    invited: str = ""
    rights: str = ""
    principles: str = ""
    statements: dict[str, str] = field(default_factory=dict)
    course: str = ""
    facts: str = ""
    risk: str = ""
    outcome: str = ""
    ending: str = ""


def body_of(record: Record) -> Body:
    return Body(**json.loads(record.body))


def _packed(body: Body) -> str:
    return json.dumps(asdict(body), ensure_ascii=False, sort_keys=True)


@dataclass(frozen=True)
class PageState:
    """How one party stands to one page."""

    page: int
    row: RecordPage | None
    objections: tuple[RecordPage, ...] = ()

    @property
    def confirmed(self) -> bool:
        return self.row is not None


@dataclass(frozen=True)
class Reader:
    """One party that was there, and its pages."""

    party: Party
    pages: tuple[PageState, ...]

    @property
    def done(self) -> bool:
        return bool(self.pages) and all(page.confirmed for page in self.pages)

    @property
    def left(self) -> int | None:
        """The first page that is still to be read."""
        return next((page.page for page in self.pages if not page.confirmed), None)

    @property
    def objections(self) -> list[RecordPage]:
        return [row for page in self.pages for row in page.objections]


# --- beginning and writing ------------------------------------------------------------------------------------------


async def begin(session: AsyncSession, actor: Actor, case_pid: str, meeting_pid: str | None = None) -> Record:
    """A draft filled with what the case holds: rights told, identities, the application, the minutes, the outcome.

    Raises NotFound, Forbidden, Conflict (not accepted yet, archived), Invalid for a meeting that was not held.
    """
    view = await access.for_handling(session, actor, case_pid)
    access.need_mediator(view)
    case = await access.hold(session, view)
    if case.accepted_at is None:
        raise Conflict(_("这件纠纷还没有受理，还不用写调解记录。"), code="not_accepted")
    meeting = await _meeting(session, view, meeting_pid) if meeting_pid is not None else None
    record = Record(
        case_id=case.id, meeting_id=meeting.id if meeting else None, side=meeting.side if meeting else None,
        body=_packed(await _draft(session, view, meeting)), created_by=actor.person_id,
    )  # fmt: skip
    session.add(record)
    await session.flush()
    await _event(session, actor, view, record, "record:text:begun", "开始整理调解记录。", audience="staff")
    return record


async def _meeting(session: AsyncSession, view: View, pid: str) -> Meeting:
    found = [one for one in await meeting_access.in_case(session, view) if one.pid == pid]
    if not found or found[0].state != "held":
        raise Invalid({"meeting": _("请选择一次已经举行的会面。")})
    return found[0]


async def _draft(session: AsyncSession, view: View, meeting: Meeting | None) -> Body:
    case = view.case
    side = meeting.side if meeting is not None else None
    states = [state for state in await cases.party_states(session, case) if side in (None, state.row.side)]
    mediators = await mediators_of(session, case)
    told = []
    for state in states:
        gate = state.gates.get(ConsentKind.RIGHTS_NOTICE)
        if gate is not None:
            who = f"{Side(state.row.side).zh}{state.row.name}"
            told.append(f"{who}于{wording.moment(gate.at)}阅读了《当事人权利义务告知书》，表示明白自己的权利和义务。")
    checked = [s.row.name for s in states if s.identity_checked]
    outcome, ending = await _outcome(session, case)
    return Body(
        held_at=(meeting.starts_at if meeting else clock.now()).isoformat(timespec="minutes"),
        place=(meeting.place if meeting else "") or f"线上调解室（{case.case_no or case.application_no}）",
        matter=case.title + (f"：{meeting.purpose}" if meeting else ""),
        writer=mediators[-1] if mediators else "",
        rights="\n".join(told),
        principles=wording.principles(mediators, checked),
        statements={
            s.row.pid: wording.application(case.facts, case.claims) if s.row.side == Side.APPLICANT else ""
            for s in states
        },
        course=(meeting.minutes or "") if meeting else "",
        facts=await _facts(session, case),
        risk=wording.RISK,
        outcome=outcome,
        ending=ending,
    )


async def _facts(session: AsyncSession, case: Case) -> str:
    """④ from what both sides confirmed, else from the agreement they froze; never from talk."""
    if agreed := await agreed_facts(session, case):
        return "\n".join(f"{n}．{text}" for n, text in enumerate(agreed, start=1))
    agreement = await agreement_access.current(session, case)
    return agreement.facts if agreement is not None and agreement.state == "frozen" else ""


async def _outcome(session: AsyncSession, case: Case) -> tuple[str, str]:
    agreement = await agreement_access.current(session, case)
    # One that was in effect already when talking began again is not what came of this talk.
    earlier = case.form is None and await agreements.in_effect(session, case) is not None
    if agreement is not None and agreement.state == "frozen" and not earlier:
        return wording.agreed(agreement.form, agreement.agreement_no or ""), Ending.AGREED.value
    if case.state in (State.FAILED, State.CLOSED) and case.result is not None:
        return wording.not_agreed(Result(case.result).zh, case.result_note), Ending.NOT_AGREED.value
    return "", ""


async def mediators_of(session: AsyncSession, case: Case) -> list[str]:
    """The mediators who took the case on, in order; the last one has it now."""
    query = (
        select(Person.name)
        .join(Assignment, Assignment.person_id == Person.id)
        .where(Assignment.case_id == case.id, Assignment.confirmed_at.is_not(None))
        .order_by(Assignment.id)
    )
    return list(dict.fromkeys(await session.scalars(query)))


async def write(session: AsyncSession, actor: Actor, case_pid: str, pid: str, wanted: RecordIn) -> Record:
    """Save the draft as it stands; nothing is asked of it yet. Raises NotFound, Forbidden, Conflict, Invalid."""
    view, record = await _drafting(session, actor, case_pid, pid)
    known = {party.pid for party in await readers_of(session, record)}
    if set(wanted.statements) - known:
        raise Invalid({"statements": _("请从参加这次调解的当事人里选。")})
    old = body_of(record)
    record.body = _packed(
        Body(
            held_at=_iso(wanted.held_at),
            ended_at=_iso(wanted.ended_at) if wanted.ended_at else "",
            place=wanted.place,
            matter=wanted.matter,
            invited=wanted.invited,
            writer=wanted.writer,
            statements={pid: wanted.statements.get(pid, old.statements.get(pid, "")) for pid in sorted(known)},
            ending=wanted.ending.value if wanted.ending else "",
            **{name: getattr(wanted, name) for name in SECTIONS},
        )
    )
    await session.flush()
    await _event(session, actor, view, record, "record:text:written", "修改了调解记录的草稿。", audience="staff")
    return record


def _iso(moment: datetime) -> str:
    return moment.astimezone(clock.SHANGHAI).isoformat(timespec="minutes")


async def _drafting(session: AsyncSession, actor: Actor, case_pid: str, pid: str) -> tuple[View, Record]:
    view, record = await _locked(session, actor, case_pid, pid)
    access.need_mediator(view)
    if record.state != "drafting":
        raise Conflict(_("这份记录已经定稿。要改，请先退回修改，已经确认的人要重新确认。"), code="frozen")
    return view, record


async def _locked(session: AsyncSession, actor: Actor, case_pid: str, pid: str) -> tuple[View, Record]:
    view, record = await access.record(session, actor, case_pid, pid)
    await access.hold(session, view)
    await session.refresh(record)
    return view, record


# --- freezing -------------------------------------------------------------------------------------------------------


async def freeze(database: Database, actor: Actor, case_pid: str, pid: str) -> Record:
    """定稿: exact bytes and the words on each page. Prepare, verify, store, as with an agreement.

    Raises NotFound, Forbidden, Conflict, Invalid (what the record must show and does not), NoPrinter.
    """
    async with database.read() as session:
        view, record = await access.record(session, actor, case_pid, pid)
        access.need_mediator(view)
        await _need_whole(session, record)
        html, name = await printed(session, view, record)
        wanted = record.body
    data, pages = await paper.paged(html)
    prepared = await evidence.prepare_bytes(name, paper.MIME, data)
    async with database.write() as session:
        view, record = await _drafting(session, actor, case_pid, pid)
        if record.body != wanted or (await printed(session, view, record))[0] != html:
            raise Conflict(_("定稿时有人刚好改了内容。请看一遍最新的草稿，再定稿一次。"), code="changed")
        file = await evidence.keep(session, actor, prepared, "record", record.id)
        record.state, record.frozen_at, record.frozen_by = "frozen", clock.now(), actor.person_id
        record.pdf_file_id, record.sha256 = file.id, file.sha256
        record.pages = json.dumps(pages, ensure_ascii=False)
        await session.flush()
        if record.side is None:
            text = "调解员整理好了调解记录。请各方逐页看过，没有错的请确认。"
            await cases.announce(session, view.case, "record:text:frozen", text, link(view.case, record))
        await _event(session, actor, view, record, "record:text:frozen", "调解记录定稿，请逐页确认。")
        detail = {"case": view.case.pid, "sha256": file.sha256, "pages": len(pages)}
        await audit.record(session, actor, "record:bytes:kept", "record", record.pid, detail)
        readers = {party.id for party in await readers_of(session, record)}
        states = [s for s in await cases.party_states(session, view.case) if s.row.id in readers]
        await cases.tell_parties(session, view.case, states, "record:text:frozen", _TURN)
        return record


async def _need_whole(session: AsyncSession, record: Record) -> None:
    if record.state != "drafting":
        raise Conflict(_("这份记录已经定稿。"), code="frozen")
    body, wrong = body_of(record), {}
    for name in NEEDED:
        if not getattr(body, name).strip():
            wrong[name] = _("还没有写这一段。记录要写明这一项。")
    for party in await readers_of(session, record):
        if not body.statements.get(party.pid, "").strip():
            wrong[f"statements.{party.pid}"] = _("还没有写%(name)s是怎么说的。", name=party.name)
    if not body.ending:
        wrong["ending"] = _("请选择这次调解的结果。")
    if wrong:
        raise Invalid(wrong)


async def printed(session: AsyncSession, view: View, record: Record) -> tuple[str, str]:
    """The paper's HTML and its file name. Independent of who looks: the bytes are the same for everybody."""
    case, body = view.case, body_of(record)
    parties = await readers_of(session, record)
    agents = list(
        await session.scalars(
            select(Party).where(Party.acts_for_id.in_([p.id for p in parties]), Party.ended_at.is_(None))
        )
    )
    shown = {
        "no": case.case_no or case.application_no,
        "footer_text": f"{case.case_no or case.application_no}　调解记录　第{record.version}版",
        "body": await wording.body_name(session, case),
        "category": Category(case.category).zh,
        "held_at": wording.moment(datetime.fromisoformat(body.held_at)),
        "ended_at": wording.moment(datetime.fromisoformat(body.ended_at)) if body.ended_at else "",
        "parties": [
            {
                "pid": party.pid,
                "side": Side(party.side).zh,
                "name": party.name,
                "agents": [agent.name for agent in agents if agent.acts_for_id == party.id],
                "says": body.statements.get(party.pid, ""),
            }
            for party in parties
        ],
        "mediators": await mediators_of(session, case),
        "ending": Ending(body.ending).zh if body.ending else "",
        "r": body,
    }
    number = case.case_no or case.application_no
    return wording.rendered("dossier/mediation_record.html", shown), f"调解记录-{number}-第{record.version}版.pdf"


def link(case: Case, record: Record) -> str:
    return f"/cases/{case.pid}/records/{record.pid}"


def pages_of(record: Record) -> list[list[str]]:
    """The paragraphs on each page of the frozen bytes."""
    found: list[list[str]] = json.loads(record.pages) if record.pages is not None else []
    return found


async def revise(session: AsyncSession, actor: Actor, case_pid: str, pid: str, reason: str) -> Record:
    """退回修改: a new draft with the same words. What was confirmed stays with the old version, as do objections.

    Raises NotFound, Forbidden, Conflict."""
    view, old = await _locked(session, actor, case_pid, pid)
    access.need_mediator(view)
    if old.state != "frozen":
        raise Conflict(_("只有定了稿的记录可以退回修改。"), code="not_frozen")
    old.state, old.void_reason = "void", reason
    new = Record(
        case_id=old.case_id, meeting_id=old.meeting_id, side=old.side, version=old.version + 1, body=old.body,
        created_by=actor.person_id,
    )  # fmt: skip
    session.add(new)
    await session.flush()
    await _event(session, actor, view, old, "record:text:voided", f"调解记录退回修改：{reason}")
    return new


# --- page by page ---------------------------------------------------------------------------------------------------


async def readers_of(session: AsyncSession, record: Record) -> list[Party]:
    """The parties that confirm: those of the record's side, and of a meeting only those who came."""
    case = await session.get_one(Case, record.case_id)
    found = [party for party in await cases.parties_of(session, case) if record.side in (None, party.side)]
    if record.meeting_id is None:
        return found
    query = select(Attendance.party_id).where(
        Attendance.meeting_id == record.meeting_id, Attendance.present.in_(PRESENT)
    )
    there = set(await session.scalars(query))
    return [party for party in found if party.id in there] or found


async def standing(session: AsyncSession, record: Record) -> list[Reader]:
    """Every party that confirms, with its pages."""
    query = select(RecordPage).where(RecordPage.record_id == record.id).order_by(RecordPage.id)
    said: dict[tuple[int, int], list[RecordPage]] = {}
    for row in await session.scalars(query):
        said.setdefault((row.party_id, row.page), []).append(row)
    count = len(pages_of(record))
    return [
        Reader(party, tuple(_state(page, said.get((party.id, page), [])) for page in range(1, count + 1)))
        for party in await readers_of(session, record)
    ]


def _state(page: int, rows: list[RecordPage]) -> PageState:
    yes = next((row for row in rows if row.answer == "confirm"), None)
    return PageState(page, yes, tuple(row for row in rows if row.answer == "object"))


async def answer(session: AsyncSession, actor: Actor, case_pid: str, pid: str, wanted: PageIn) -> Reader:
    """A party says of one page that it is right, or what is not. A repeat changes nothing.

    Raises NotFound, Forbidden (not of those who were there), Conflict (other bytes, not frozen), Invalid.
    """
    view, record = await _locked(session, actor, case_pid, pid)
    mine = await _mine(session, view, record)
    if mine is None:
        raise Forbidden(_("记录由参加了调解的当事人确认。"))
    _need_frozen(record, wanted.sha256)
    if wanted.page > len(mine.pages):
        raise Invalid({"page": _("这份记录没有这一页。")})
    page = mine.pages[wanted.page - 1]
    if wanted.answer == "confirm" and page.confirmed:
        return mine
    if any(row.objection == wanted.objection for row in page.objections) and wanted.answer == "object":
        return mine
    row = RecordPage(
        record_id=record.id, party_id=mine.party.id, page=wanted.page, answer=wanted.answer,
        objection=wanted.objection if wanted.answer == "object" else "", by_person_id=actor.person_id,
        login_id=actor.login_id,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    detail = {"record": record.pid, "page": wanted.page, "sha256": record.sha256}
    if wanted.answer == "object":
        side = Side(mine.party.side)
        note = f"{side.zh}对调解记录第 {wanted.page} 页提出了意见。"
        await _event(session, actor, view, record, "record:page:objected", note, more=detail)
        await cases.tell_mediator(session, view.case, "record:page:objected")
    else:
        await audit.record(session, actor, "record:page:confirmed", "record", record.pid, detail)
    after = await _mine(session, view, record)
    if after is not None and after.done and not mine.done:
        await _done(session, actor, view, record, after)
    return after or mine


async def on_paper(session: AsyncSession, actor: Actor, case_pid: str, pid: str, wanted: OnPaperIn) -> Reader:
    """A party read the printed record and signed each page before the staff, who stand for it.

    Raises NotFound, Forbidden, Conflict, Invalid."""
    view, record = await _locked(session, actor, case_pid, pid)
    access.need_handler(view)
    _need_frozen(record, wanted.sha256)
    found = {reader.party.pid: reader for reader in await standing(session, record)}
    if wanted.party not in found:
        raise Invalid({"party": _("请从参加了调解的当事人里选。")})
    reader = found[wanted.party]
    if reader.done:
        return reader
    session.add_all(
        RecordPage(
            record_id=record.id, party_id=reader.party.id, page=page.page, answer="confirm",
            channel=Channel.ONSITE, by_person_id=actor.person_id, login_id=actor.login_id,
        )
        for page in reader.pages
        if not page.confirmed
    )  # fmt: skip
    await session.flush()
    await _done(session, actor, view, record, reader)
    return next(one for one in await standing(session, record) if one.party.id == reader.party.id)


def _need_frozen(record: Record, sha256: str) -> None:
    if record.state != "frozen" or record.sha256 != sha256:
        raise Conflict(_("记录刚刚改过。请看最新的一版，再确认。"), code="changed")


async def _mine(session: AsyncSession, view: View, record: Record) -> Reader | None:
    if view.principal is None:
        return None
    wanted = view.principal.id
    return next((one for one in await standing(session, record) if one.party.id == wanted), None)


async def my_reading(session: AsyncSession, view: View, record: Record) -> Reader | None:
    """The pages of the viewer's own party, when it is one that confirms."""
    return await _mine(session, view, record)


async def _done(session: AsyncSession, actor: Actor, view: View, record: Record, reader: Reader) -> None:
    note = f"{Side(reader.party.side).zh}逐页确认了调解记录。"
    await _event(session, actor, view, record, "record:pages:confirmed", note, more={"party": reader.party.pid})


async def _event(
    session: AsyncSession,
    actor: Actor,
    view: View,
    record: Record,
    tag: str,
    note: str,
    *,
    audience: str | None = None,
    more: dict[str, Any] | None = None,
) -> None:
    """Onto the timeline; a talk with one side for that side and staff alone."""
    await cases.event(
        session, actor, view.case, tag, role=view.role, audience=audience or record.side or "all", note=note,
        detail={"record": record.pid, "version": record.version} | (more or {}),
    )  # fmt: skip
