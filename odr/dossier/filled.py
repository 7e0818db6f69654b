"""What stands in each paper, as a function of the bundle. Pure: nothing is read here, nothing is invented.

What is not known stays empty here; the templates print the mark for it and name it to the staff (`need`).
"""

import base64
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from odr.accounts.models import IdentityLevel, Person
from odr.agreements.models import Agreement, PerformanceItem, ReturnVisit
from odr.agreements.performance_models import Part
from odr.agreements.schemas import Performed
from odr.cases.codes import Channel, ConsentKind, CourtOutcome, RefusalGround, Result, Side, Source
from odr.cases.events import TOOK_EFFECT
from odr.cases.texts import RIGHTS, ROUTES
from odr.core import clock
from odr.dossier import records
from odr.dossier.bundle import Block, Bundle, Seat
from odr.dossier.codes import LICENSED, NUMBERS, AgentKind, Retention, Scope
from odr.dossier.filing import talk_of
from odr.dossier.models import Inquiry, Record
from odr.dossier.wording import day, moment, sum_of
from odr.evidence.models import File
from odr.meetings.schemas import PRESENT, Presence
from odr.meetings.service import MeetingView

Filled = dict[str, Any]

_LEVELS = {IdentityLevel.ID_CHECKED: "姓名与号码相符", IdentityLevel.IN_PERSON: "当面核对证件，人证相符"}
_STATES = {
    "pending": "待履行",
    "claimed": "履行人说已经履行，等对方确认",
    "part": "部分履行",
    "done": "已履行",
    "late": "过期未履行",
    "disputed": "有争议",
    "waived": "对方不再要求履行",
    "replaced": "没有做完，由新的协议代替",
}
_SATISFACTION = ("没有填写", "非常满意", "满意", "一般", "不满意", "非常不满意")
_STARTED = "case:start:done"
_ENDED = (
    "case:end:done", "case:opt_out:done", "case:withdraw:done", "case:lapse:done", "case:refuse:done",
    "case:transfer:done",
)  # fmt: skip


def common(b: Bundle, title: str) -> Filled:
    """What every paper has."""
    return {
        "title": title,
        "no": b.no,
        "body": b.body_name,
        "category": b.category.zh,
        "matter": b.case.title,
        "footer_text": f"{b.no}　{title}",
        "mediators": b.mediators,
    }


def _names(seats: Iterable[Seat]) -> str:
    found = [seat.row.name for seat in seats]
    return found[0] + ("等" if len(found) > 1 else "") if found else ""


def _facts(b: Bundle) -> Filled:
    case = b.case
    return {
        "applicants": [seat.block for seat in b.side(Side.APPLICANT)],
        "respondents": [seat.block for seat in b.side(Side.RESPONDENT)],
        "facts": case.facts,
        "claims": case.claims,
        "application_no": case.application_no,
        "submitted_at": moment(case.submitted_at),
        "attached": [file.name for file in b.evidence if file.holder == "case"],
    }


# --- front and back -------------------------------------------------------------------------------------------------


def _filing(b: Bundle) -> Filled:
    row = b.filing
    return {
        "filed_by": b.name_of(row.filed_by) if row is not None else "",
        "filed_on": day(row.filed_on) if row is not None else "",
        "retention": Retention(row.retention).zh if row is not None else "",
        "remark": row.remark if row is not None else "",
    }


def ended_at(b: Bundle) -> datetime | None:
    """When the mediating ended: with the agreement, or without one."""
    found = [at for tag in (*TOOK_EFFECT, *_ENDED) if (at := b.at(tag)) is not None]
    return max(found) if found else None


def cover(b: Bundle) -> Filled:
    started, ended = b.at(_STARTED), ended_at(b)
    names = f"{_names(b.side(Side.APPLICANT))}与{_names(b.side(Side.RESPONDENT))}"
    return _filing(b) | {
        "dossier_title": names + b.category.zh,
        "dossier_no": b.case.case_no or "",
        "mediated_from": day(clock.local(started).date()) if started else "",
        "mediated_to": day(clock.local(ended).date()) if ended else "",
    }


def back_cover(b: Bundle) -> Filled:
    return _filing(b)


def file_note(b: Bundle) -> Filled:
    return _filing(b) | {"note": b.filing.note if b.filing is not None else ""}


# --- opening --------------------------------------------------------------------------------------------------------


def application(b: Bundle) -> Filled:
    case = b.case
    return _facts(b) | {
        "occurred_on": day(case.occurred_on),
        "place": b.place + case.place if case.place else "",
        "amount": sum_of(case.amount_fen),
        "channel": Channel(case.channel).zh,
        "entered_by": b.name_of(case.entered_by),
        "confirmed_at": moment(case.confirmed_at),
    }


def intake_register(b: Bundle) -> Filled:
    accepted = b.event("case:accept:done")
    return _facts(b) | {
        "accepted_on": _day_of(b.case.accepted_at),
        "source": Source(b.case.source).zh,
        "registrar": b.name_of(accepted.person_id) if accepted is not None else "",
        "remark": "",
    }


def _day_of(at: datetime | None) -> str:
    return day(clock.local(at).date()) if at is not None else ""


def rights_notice(b: Bundle) -> Filled:
    rows = []
    for seat in b.seats:
        gate = seat.state.gates.get(ConsentKind.RIGHTS_NOTICE)
        if not b.mine(seat):
            continue
        rows.append(
            {
                "name": seat.row.name,
                "side": seat.block.word,
                "at": moment(gate.at) if gate is not None else "",
                "how": Channel(gate.channel).zh if gate is not None else "",
                "version": gate.text_version if gate is not None else "",
            }
        )
    return {"points": [{"head": p.head, "body": p.body} for p in RIGHTS.points], "receipts": rows}


def identity(b: Bundle) -> Filled:
    found = []
    for seat in b.seats:
        if not b.mine(seat):
            continue
        found.append(checked(b, seat.block.word, seat.block, seat.state.person))
        for agent, block in seat.agents:
            person = b.people.get(agent.person_id or 0)
            found.append(checked(b, f"{seat.block.word}的代理人", block, person))
    return {"people": found}


def checked(b: Bundle, word: str, block: Block, person: Person | None) -> Filled:
    row = b.vouchings.get(person.id) if person is not None else None
    level = _LEVELS.get(IdentityLevel(person.identity_level), "") if person is not None else ""
    if level and person is not None and person.name != block.name:
        level = f"{level}（由{person.name}代表）"
    return {
        "word": word,
        "block": block,
        "level": level,
        "how": ("工作人员当面核对证件" if row.by_person_id else "网上核对姓名和号码") if row is not None else "",
        "at": moment(person.identity_at) if person is not None and level else "",
        "by": b.name_of(row.by_person_id) if row is not None else "",
        "note": row.note if row is not None else "",
    }


def mandate(b: Bundle, seat: Seat, pid: str) -> Filled:
    agent, block = next(one for one in seat.agents if one[0].pid == pid)
    row = b.mandates.get(agent.id)
    given = set(row.scopes) if row is not None else set()
    return {
        "principal": seat.block,
        "agent": block,
        "kind": AgentKind(row.kind).zh if row is not None else "",
        "licensed": row is not None and row.kind in LICENSED,
        "licence_no": row.licence_no if row is not None else "",
        "employer": row.employer if row is not None else "",
        "scopes": [
            {
                "n": NUMBERS[n],
                "text": scope.zh,
                "given": scope.value in given,
                "more": row.other if row is not None and scope is Scope.OTHER else "",
            }
            for n, scope in enumerate(Scope)
        ],
        "special": agent.may_settle,
        "signed_on": day(row.signed_on) if row is not None else "",
        "ends_on": day(row.ends_on) if row is not None else "",
    }


def address(b: Bundle, seat: Seat) -> Filled:
    gate = seat.state.gates.get(ConsentKind.E_DELIVERY)
    return {
        "b": seat.block,
        "agents": [agent.name for agent, _block in seat.agents],
        "electronic": f"同意电子送达（{moment(gate.at)}确认）" if gate is not None else "没有同意电子送达，用纸质送达",
    }


def notice(b: Bundle, seat: Seat, meeting: MeetingView) -> Filled:
    row = meeting.row
    return {
        "b": seat.block,
        "accepted_on": _day_of(b.case.accepted_at),
        "at": moment(row.starts_at),
        "kind": meeting.kind.zh,
        "where": row.place or meeting.kind.zh,
        "body_phone": b.body.phone if b.body is not None else "",
        "made_on": _day_of(row.created_at),
    }


# --- the talk -------------------------------------------------------------------------------------------------------


def inquiry(b: Bundle, row: Inquiry) -> Filled:
    return {
        "held_at": moment(row.held_at),
        "place": row.place,
        "matter": row.matter,
        "asker": b.name_of(row.by_person_id),
        "asked": row.asked,
        "about": row.about,
        "present": row.present,
        "writer": row.writer,
        "talk": talk_of(row),
    }


def evidence(b: Bundle) -> Filled:
    return {"files": [_evidence(b, n, file) for n, file in enumerate(b.evidence, start=1)]}


def _evidence(b: Bundle, n: int, file: File) -> Filled:
    src = picture(b, file)
    where = "本件之后" if src else "附后" if file.mime == "application/pdf" else "另存（压缩包）"
    return {
        "n": n,
        "name": file.name,
        "by": b.name_of(file.uploaded_by),
        "at": moment(file.created_at),
        "size": f"{file.size:,}",
        "sha256": file.sha256,
        "where": where,
        "src": src,
    }


def picture(b: Bundle, file: File) -> str:
    """The picture inside the text, when it is one and its bytes were read."""
    data = b.pictures.get(file.pid)
    return f"data:{file.shown_mime};base64,{base64.b64encode(data).decode()}" if data else ""


def minutes(b: Bundle, meeting: MeetingView) -> Filled:
    row = meeting.row
    writer = b.name_of(row.minuted_by)
    return {
        "purpose": row.purpose,
        "held_at": moment(row.starts_at),
        "kind": meeting.kind.zh,
        "place": row.place or meeting.kind.zh,
        "recorded_later": moment(row.created_at) if row.recorded_later else "",
        "seats": [
            {
                "name": seat.party.name,
                "side": Side(seat.party.side).zh,
                "how": Presence(seat.row.present).zh,
                "present": seat.presence in PRESENT,
                "confirmed": moment(seat.row.confirmed_at) if meeting.confirmed(seat) else "",
            }
            for seat in meeting.seats
        ],
        "writer": writer,
        "minutes": row.minutes or "",
        "sha256": row.minutes_sha256 or "",
    }


def record_pages(b: Bundle, row: Record, readers: list[records.Reader]) -> Filled:
    shown, objections = [], []
    for reader in readers:
        who = Side(reader.party.side).zh + reader.party.name
        pages = [
            {
                "page": page.page,
                "at": moment(page.row.at) if page.row is not None else "",
                "how": "" if page.row is None else "网上确认" if page.row.channel == Channel.WEB else "纸质逐页签名",
            }
            for page in reader.pages
        ]
        shown.append({"who": who, "pages": pages})
        objections += [
            {"who": who, "at": moment(said.at), "page": said.page, "text": said.objection} for said in reader.objections
        ]
    count = len(records.pages_of(row))
    return {
        "readers": shown,
        "objections": objections,
        "count": count,
        "version": row.version,
        "sha256": row.sha256 or "",
    }


# --- the end --------------------------------------------------------------------------------------------------------


def _agreement_no(b: Bundle, of: Agreement | None = None) -> str:
    if of is not None:
        return of.agreement_no or ""
    return (b.effect.agreement.agreement_no or "") if b.effect is not None else ""


def receipts(b: Bundle, of: Agreement | None = None, items: Sequence[PerformanceItem] | None = None) -> Filled:
    """Of the agreement in effect; with `of` and `items`, of one that was replaced."""
    shown, pictures = [], []
    for n, item in enumerate(b.items if items is None else items, start=1):
        proofs = b.proofs(item)
        pictures += [
            {"src": src, "caption": f"第{n}项履行凭证　{proof.name}"} for proof in proofs if (src := picture(b, proof))
        ]
        moved = [row for row in b.postponements.get(item.id, ()) if row.state == "agreed"]
        shown.append(
            {
                "text": item.text,
                "obligor": b.party_name(item.obligor_id),
                "obligee": b.party_name(item.obligee_id),
                "sum": sum_of(item.amount_fen),
                "due": day(moved[0].from_on if moved else item.due_on),
                "postponed": day(item.due_on) if moved else "",
                "parts": [_part(part) for part in b.parts.get(item.id, ()) if not part.whole],
                "state": _STATES.get(item.state, item.state),
                "settled": moment(item.settled_at),
                "claim": item.claim_note,
                "answer": item.answer_note,
                "proof": "、".join(proof.name for proof in proofs),
                "wanted": item.state in ("done", "claimed", "part"),
                "confirmed": "没有提交凭证，由对方确认" if item.state == "done" else "",
            }
        )
    return {"agreement_no": _agreement_no(b, of), "items": shown, "pictures": pictures}


def _part(part: Part) -> str:
    """One payment or piece of a deed: part performance interrupts limitation, so its day stands in the file."""
    said = {"waiting": "等对方确认", "received": "对方已确认", "refused": "对方没有确认"}[part.state]
    some = part.received_fen is not None and part.received_fen != part.amount_fen
    more = f"，确认收到{sum_of(part.received_fen)}" if some else ""
    return f"{day(part.done_on)}　{sum_of(part.amount_fen) or part.note or '一部分'}（{said}{more}）"


def visits(b: Bundle) -> Filled:
    return {"agreement_no": _agreement_no(b), "visits": [_visit(b, row) for row in b.visits]}


def _visit(b: Bundle, row: ReturnVisit) -> Filled:
    seat = next((one for one in b.seats if one.row.id == row.party_id), None)
    return {
        "who": f"{seat.block.word}{seat.row.name}" if seat is not None else "",
        "why": row.why or ("协议履行情况" if b.items else "调解结束后的情况"),
        "at": moment(row.visited_at),
        "channel": "本人在网上填写" if row.filled_by is not None else Channel(row.channel).zh,
        "by": b.name_of(row.by_person_id),
        "performed": Performed(row.performed).zh,
        "satisfaction": f"{row.satisfaction}（{_SATISFACTION[row.satisfaction]}）",
        "conflict": "有新的矛盾苗头，需要处理" if row.new_conflict else "没有发现新的矛盾",
        "note": row.note,
        "suit": row.suit,
        # What staff made of a visit is for the body's own copy.
        "signs": "、".join(_SIGNS[sign] for sign in row.signs) if b.whole else "",
        "steps": row.steps if b.whole else "",
    }


_SIGNS = {"wrong": "可能调解得不对", "escalation": "可能激化", "risk": "有其他风险"}


def court(b: Bundle) -> Filled:
    pictures = []
    for row in b.court:
        for file in b.kept_for_court(row):
            if src := picture(b, file):
                word = "法院文书" if file.id == row.paper_file_id else "申请材料"
                pictures.append({"src": src, "caption": f"{word}　{file.name}"})
    effect = b.effect
    return {
        "agreement_no": _agreement_no(b),
        "effective_at": moment(effect.effective_at) if effect is not None else "",
        "until": day(effect.court_until) if effect is not None else "",
        "consents": [_consent(b, seat) for seat in b.seats],
        "requests": [
            {
                "agreement": next((_agreement_no(b, one) for one in b.agreements if one.id == row.agreement_id), ""),
                "court": row.court,
                "docket": row.docket_no,
                "applied_on": day(row.applied_on),
                "by": b.name_of(row.filed_by),
                "outcome": CourtOutcome(row.outcome).zh if row.outcome is not None else "",
                "decided_on": day(row.decided_on),
                "note": row.note,
            }
            for row in b.court
        ],
        "pictures": pictures,
    }


def _consent(b: Bundle, seat: Seat) -> Filled:
    gate = b.consents.get(seat.row.id)
    return {
        "who": f"{seat.block.word}{seat.row.name}",
        "at": moment(gate.at) if gate is not None else "",
        "how": Channel(gate.channel).zh if gate is not None else "",
    }


def refusal(b: Bundle) -> Filled:
    row = b.event("case:refuse:done")
    ground = str(row.detail.get("ground", "")) if row is not None else ""
    said = row.note if row is not None else ""
    head = RefusalGround(ground).zh if ground else ""
    return {
        "names": [seat.row.name for seat in b.side(Side.APPLICANT)],
        "submitted_at": moment(b.case.submitted_at),
        "why": said or head,
        "routes": [{"head": p.head, "body": p.body} for p in ROUTES.points],
        "office": b.body_name or "矛盾纠纷调处中心",
        "decided_on": _day_of(row.at) if row is not None else "",
        "delivered": {seat.row.name: _delivered(seat) for seat in b.side(Side.APPLICANT)},
    }


def _delivered(seat: Seat) -> str:
    told = seat.state.routes
    return f"{moment(told.delivered_at)}，{Channel(told.channel).zh}" if told is not None else ""


def ended_on(b: Bundle) -> str:
    """The day on which mediating ended without an agreement."""
    return _day_of(ended_at(b))


def ending(b: Bundle, seat: Seat) -> Filled:
    case = b.case
    why = Result(case.result).zh if case.result else ""
    return {
        "b": seat.block,
        "accepted_on": _day_of(case.accepted_at),
        "ended_on": _day_of(ended_at(b)),
        "why": why + (f"。{case.result_note}" if why and case.result_note else ""),
        "routes": [{"head": p.head, "body": p.body} for p in ROUTES.points],
        "delivered": _delivered(seat),
    }


def handover(b: Bundle) -> Filled:
    row = b.event("case:transfer:done")
    detail = row.detail if row is not None else {}
    target = str(detail.get("target", ""))
    return _facts(b) | {
        "target": target,
        "receipt": str(detail.get("receipt", "")),
        "note": (row.note.removeprefix(target).lstrip("。") if row is not None else ""),
        "office": b.body_name or "矛盾纠纷调处中心",
        "moved_on": _day_of(row.at) if row is not None else "",
        "agreed": b.handed,
    }


def closing_report(b: Bundle) -> Filled:
    case = b.case
    result = Result(case.result).zh if case.result else ""
    done = [item for item in b.items if item.state in ("done", "waived")]
    closed = case.closed_at or b.at("case:mark_performed:done") or ended_at(b)
    total = sum(clause.amount_fen or 0 for clause in b.clauses)
    return _filing(b) | {
        "dossier_no": case.case_no or "",
        "accepted_on": _day_of(case.accepted_at),
        "closed_on": _day_of(closed),
        "source": Source(case.source).zh,
        "blocks": [seat.block for seat in b.seats],
        "facts": case.facts,
        "result": result,
        "amount": sum_of(total),
        "performed": f"共{len(b.items)}项，已履行{len(done)}项" if b.items else "",
        "note": case.result_note,
    }
