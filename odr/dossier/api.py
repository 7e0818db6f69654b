"""dossier: JSON routes. Everything the pages do; papers themselves are fetched at the addresses named here."""

from typing import Any

from fastapi import APIRouter, Request

from odr.accounts.access import SignedIn
from odr.cases.models import Party
from odr.core import clock, web
from odr.core.web import Read, Write
from odr.dossier import access, court_api, ending_pages, filing, genuine_pages, papers, records
from odr.dossier.bundle import gather
from odr.dossier.models import Filing, Inquiry, Mandate, Particulars, Record
from odr.dossier.schemas import (
    FilingIn,
    InquiryIn,
    MandateIn,
    OnPaperIn,
    PageIn,
    ParticularsIn,
    RecordIn,
    StartIn,
    VoidIn,
)
from odr.evidence.models import File

router = APIRouter(prefix="/api/v1")
router.include_router(genuine_pages.api)
router.include_router(ending_pages.api)
router.include_router(court_api.router)


@router.get("/cases/{pid}/papers")
async def listed(actor: SignedIn, session: Read, pid: str) -> list[dict[str, Any]]:
    """The papers of a case this viewer may open, in the order of the file; each has an address."""
    view = await access.of_case(session, actor, pid)
    at = f"/cases/{pid}/papers"
    return [
        {
            "key": one.key,
            "item": one.item,
            "title": one.title,
            "note": one.note,
            "href": one.href or f"{at}/{one.key}.pdf",
            "word": None if one.href is not None else f"{at}/{one.key}.docx",
            "page": one.href or f"{at}/{one.key}",
        }
        for one in await papers.papers_of(session, view)
    ]


@router.get("/cases/{pid}/dossier")
async def dossier(actor: SignedIn, session: Read, pid: str) -> dict[str, Any]:
    """How the file stands: who filed it, what it still lacks, where it is taken whole."""
    b = await gather(session, await access.for_handling(session, actor, pid))
    return {
        "filing": _filing(b.filing) if b.filing is not None else None,
        "gaps": [{"paper": gap.paper, "text": gap.text} for gap in papers.gaps(b)],
        "pdf": f"/cases/{pid}/dossier.pdf",
        "zip": f"/cases/{pid}/dossier.zip",
    }


@router.put("/cases/{pid}/dossier")
async def file(actor: SignedIn, session: Write, pid: str, wanted: FilingIn) -> dict[str, Any]:
    return _filing(await filing.file(session, actor, pid, wanted))


def _filing(row: Filing) -> dict[str, Any]:
    return {
        "filed_on": row.filed_on.isoformat(),
        "retention": row.retention,
        "remark": row.remark,
        "note": row.note,
    }


# --- parties --------------------------------------------------------------------------------------------------------


@router.get("/cases/{pid}/parties/{party}/particulars")
async def particulars(actor: SignedIn, session: Read, pid: str, party: str) -> dict[str, Any]:
    """Of one's own side; staff of everybody."""
    row = await access.party_of(session, await access.of_case(session, actor, pid), party)
    return _particulars(row, await session.get(Particulars, row.id))


@router.put("/cases/{pid}/parties/{party}/particulars")
async def describe(actor: SignedIn, session: Write, pid: str, party: str, wanted: ParticularsIn) -> dict[str, Any]:
    written = await filing.describe(session, actor, pid, party, wanted)
    return _particulars(await session.get_one(Party, written.party_id), written)


def _particulars(party: Party, row: Particulars | None) -> dict[str, Any]:
    return {
        "party": party.pid,
        "ethnicity": row.ethnicity if row is not None else "",
        "occupation": row.occupation if row is not None else "",
        "domicile": (row.domicile or "") if row is not None else "",
    }


@router.get("/cases/{pid}/parties/{party}/mandate")
async def mandate(actor: SignedIn, session: Read, pid: str, party: str) -> dict[str, Any] | None:
    """授权委托书 of one agent; null while nothing is written."""
    agent = await access.agent_of(session, await access.of_case(session, actor, pid), party)
    row = await session.get(Mandate, agent.id)
    return _mandate(agent, row) if row is not None else None


@router.put("/cases/{pid}/parties/{party}/mandate")
async def give(actor: SignedIn, session: Write, pid: str, party: str, wanted: MandateIn) -> dict[str, Any]:
    row = await filing.mandate(session, actor, pid, party, wanted)
    return _mandate(await session.get_one(Party, row.party_id), row)


def _mandate(agent: Party, row: Mandate) -> dict[str, Any]:
    return {
        "party": agent.pid,
        "may_settle": agent.may_settle,
        "kind": row.kind,
        "licence_no": row.licence_no,
        "employer": row.employer,
        "scopes": row.scopes,
        "other": row.other,
        "signed_on": row.signed_on.isoformat(),
        "ends_on": row.ends_on.isoformat() if row.ends_on is not None else None,
    }


# --- inquiries ------------------------------------------------------------------------------------------------------


@router.get("/cases/{pid}/inquiries")
async def inquiries(actor: SignedIn, session: Read, pid: str) -> list[dict[str, Any]]:
    view = await access.of_case(session, actor, pid)
    return [_inquiry(row) for row in await access.inquiries(session, view)]


@router.post("/cases/{pid}/inquiries", status_code=201)
async def inquire(actor: SignedIn, session: Write, pid: str, wanted: InquiryIn) -> dict[str, Any]:
    return _inquiry(await filing.inquire(session, actor, pid, wanted))


@router.get("/cases/{pid}/inquiries/{inquiry}")
async def one_inquiry(actor: SignedIn, session: Read, pid: str, inquiry: str) -> dict[str, Any]:
    return _inquiry((await access.inquiry(session, actor, pid, inquiry))[1])


@router.put("/cases/{pid}/inquiries/{inquiry}")
async def inquire_again(actor: SignedIn, session: Write, pid: str, inquiry: str, wanted: InquiryIn) -> dict[str, Any]:
    return _inquiry(await filing.inquire(session, actor, pid, wanted, inquiry))


def _inquiry(row: Inquiry) -> dict[str, Any]:
    return {
        "id": row.pid,
        "held_at": clock.iso(row.held_at),
        "place": row.place,
        "matter": row.matter,
        "asked": row.asked,
        "about": row.about,
        "present": row.present,
        "writer": row.writer,
        "talk": [{"q": q, "a": a} for q, a in filing.talk_of(row)],
        "side": row.side,
        "shared": row.shared,
    }


# --- the record of mediation ----------------------------------------------------------------------------------------


@router.get("/cases/{pid}/records")
async def all_records(actor: SignedIn, session: Read, pid: str) -> list[dict[str, Any]]:
    view = await access.of_case(session, actor, pid)
    return [await _record(session, row) for row in await access.records(session, view)]


@router.post("/cases/{pid}/records", status_code=201)
async def begin(actor: SignedIn, session: Write, pid: str, wanted: StartIn) -> dict[str, Any]:
    """A draft filled with what the case holds."""
    return await _record(session, await records.begin(session, actor, pid, wanted.meeting))


@router.get("/cases/{pid}/records/{record}")
async def one_record(actor: SignedIn, session: Read, pid: str, record: str) -> dict[str, Any]:
    return await _record(session, (await access.record(session, actor, pid, record))[1])


@router.put("/cases/{pid}/records/{record}")
async def write(actor: SignedIn, session: Write, pid: str, record: str, wanted: RecordIn) -> dict[str, Any]:
    return await _record(session, await records.write(session, actor, pid, record, wanted))


@router.post("/cases/{pid}/records/{record}/final", status_code=201)
async def freeze(request: Request, actor: SignedIn, pid: str, record: str) -> dict[str, Any]:
    """Exact bytes; each party then confirms each page."""
    await records.freeze(web.odr(request).db, actor, pid, record)
    async with web.read(request) as session:
        return await _record(session, (await access.record(session, actor, pid, record))[1])


@router.post("/cases/{pid}/records/{record}/pages", status_code=201)
async def answer(actor: SignedIn, session: Write, pid: str, record: str, wanted: PageIn) -> dict[str, Any]:
    await records.answer(session, actor, pid, record, wanted)
    return await _record(session, (await access.record(session, actor, pid, record))[1])


@router.post("/cases/{pid}/records/{record}/papers", status_code=201)
async def on_paper(actor: SignedIn, session: Write, pid: str, record: str, wanted: OnPaperIn) -> dict[str, Any]:
    await records.on_paper(session, actor, pid, record, wanted)
    return await _record(session, (await access.record(session, actor, pid, record))[1])


@router.post("/cases/{pid}/records/{record}/versions", status_code=201)
async def revise(actor: SignedIn, session: Write, pid: str, record: str, wanted: VoidIn) -> dict[str, Any]:
    return await _record(session, await records.revise(session, actor, pid, record, wanted.reason))


async def _record(session: Read, row: Record) -> dict[str, Any]:
    body = records.body_of(row)
    file = await session.get(File, row.pdf_file_id) if row.pdf_file_id is not None else None
    return {
        "id": row.pid,
        "version": row.version,
        "state": row.state,
        "side": row.side,
        "sha256": row.sha256,
        "pdf": f"/files/{file.pid}" if file is not None else None,
        "pages": records.pages_of(row),
        "held_at": body.held_at,
        "ended_at": body.ended_at or None,
        "place": body.place,
        "matter": body.matter,
        "invited": body.invited,
        "writer": body.writer,
        "statements": body.statements,
        "ending": body.ending or None,
        **{name: getattr(body, name) for name in records.SECTIONS},
        "readers": [
            {
                "party": reader.party.pid,
                "name": reader.party.name,
                "side": reader.party.side,
                "done": reader.done,
                "pages": [
                    {
                        "page": page.page,
                        "confirmed_at": clock.iso(page.row.at) if page.row is not None else None,
                        "objections": [said.objection for said in page.objections],
                    }
                    for page in reader.pages
                ],
            }
            for reader in await records.standing(session, row)
        ],
    }
