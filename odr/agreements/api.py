"""agreements: JSON routes."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Request, UploadFile
from starlette.responses import Response

from odr.accounts.access import SignedIn
from odr.agreements import (
    access,
    board_api,
    check_api,
    confirming,
    court_api,
    documents,
    instalment_api,
    offer_api,
    performance_api,
    scans,
    service,
)
from odr.agreements.schemas import (
    AcceptAllIn,
    AnswerIn,
    ClauseChangeIn,
    ClauseIn,
    ConfirmOralIn,
    CourtConsentIn,
    CourtOutcomeIn,
    CourtRequestIn,
    DraftIn,
    OrderIn,
    PaperIn,
    ReadIn,
    ReasonIn,
    RegisterIn,
    SheetIn,
    SignIn,
    VouchIn,
)
from odr.core import forms, web
from odr.core.forms import Strict
from odr.core.web import Read, Write
from odr.evidence import service as evidence

router = APIRouter(prefix="/api/v1")
router.include_router(board_api.router)
router.include_router(check_api.router)
router.include_router(instalment_api.router)
router.include_router(offer_api.router)
UPLOAD_CEILING = 64 * 1024 * 1024  # the service's own limit (ODR_UPLOAD_MAX_BYTES) lies below


class FormIn(Strict):
    form: Literal["written"]


class SealIn(Strict):
    """The seal, on the text with this hash."""

    sha256: str


async def _document(request: Request, actor: SignedIn, pid: str) -> dict[str, Any]:
    """The agreement as it stands after a step that committed by itself."""
    async with web.read(request) as session:
        return await documents.document(session, await access.for_reading(session, actor, pid))


@router.get("/cases/{case}/agreements")
async def versions(actor: SignedIn, session: Read, case: str) -> list[dict[str, Any]]:
    """Every version, the newest first."""
    return await documents.versions(session, await access.of_case(session, actor, case))


@router.post("/cases/{case}/agreements", status_code=201)
async def draft(actor: SignedIn, session: Write, case: str, wanted: DraftIn) -> dict[str, Any]:
    row = await service.draft(session, actor, case, wanted)
    return await documents.document(session, await access.for_reading(session, actor, row.pid))


@router.get("/agreements/{pid}")
async def agreement(actor: SignedIn, session: Read, pid: str) -> dict[str, Any]:
    return await documents.document(session, await access.for_reading(session, actor, pid))


@router.put("/agreements/{pid}/sheet")
async def sheet(actor: SignedIn, session: Write, pid: str, wanted: SheetIn) -> dict[str, Any]:
    await service.revise_sheet(session, actor, pid, wanted)
    return await documents.document(session, await access.for_reading(session, actor, pid))


@router.post("/agreements/{pid}/clauses", status_code=201)
async def add_clause(actor: SignedIn, session: Write, pid: str, wanted: ClauseIn) -> dict[str, Any]:
    clause = await service.add_clause(session, actor, pid, wanted)
    return {"id": clause.pid, "version": clause.version}


@router.put("/agreements/{pid}/clauses/{clause}")
async def change_clause(
    actor: SignedIn, session: Write, pid: str, clause: str, wanted: ClauseChangeIn
) -> dict[str, Any]:
    row = await service.change_clause(session, actor, pid, clause, wanted)
    return {"id": row.pid, "version": row.version}


@router.delete("/agreements/{pid}/clauses/{clause}", status_code=204)
async def remove_clause(actor: SignedIn, session: Write, pid: str, clause: str) -> Response:
    await service.remove_clause(session, actor, pid, clause)
    return Response(status_code=204)


@router.put("/agreements/{pid}/order", status_code=204)
async def order(actor: SignedIn, session: Write, pid: str, wanted: OrderIn) -> Response:
    await service.reorder(session, actor, pid, wanted)
    return Response(status_code=204)


@router.post("/agreements/{pid}/clauses/{clause}/answers", status_code=201)
async def answer(actor: SignedIn, session: Write, pid: str, clause: str, wanted: AnswerIn) -> dict[str, Any]:
    await service.answer(session, actor, pid, clause, wanted)
    return await documents.document(session, await access.for_reading(session, actor, pid))


@router.post("/agreements/{pid}/answers", status_code=201)
async def answers(actor: SignedIn, session: Write, pid: str, wanted: AcceptAllIn) -> dict[str, Any]:
    """Accept all clauses as they were shown."""
    await service.accept_all(session, actor, pid, wanted)
    return await documents.document(session, await access.for_reading(session, actor, pid))


@router.post("/agreements/{pid}/final", status_code=201)
async def final(request: Request, actor: SignedIn, pid: str) -> dict[str, Any]:
    """定稿: freeze the text as exact bytes."""
    part = web.odr(request)
    await service.finalise(part.db, actor, pid, base_url=part.settings.base_url)
    return await _document(request, actor, pid)


@router.post("/agreements/{pid}/versions", status_code=201)
async def new_version(actor: SignedIn, session: Write, pid: str, wanted: ReasonIn) -> dict[str, Any]:
    """退回修改: a new version as a draft."""
    row = await service.unfreeze(session, actor, pid, wanted.reason)
    return await documents.document(session, await access.for_reading(session, actor, row.pid))


@router.put("/agreements/{pid}/form")
async def form(actor: SignedIn, session: Write, pid: str, wanted: FormIn) -> dict[str, Any]:
    """Make an oral draft a written one. The other way there is none."""
    await service.write_down(session, actor, pid)
    return await documents.document(session, await access.for_reading(session, actor, pid))


@router.put("/agreements/{pid}/register", status_code=204)
async def register(actor: SignedIn, session: Write, pid: str, wanted: RegisterIn) -> Response:
    """What the register form of an oral agreement asks beside its clauses."""
    await service.register(session, actor, pid, wanted)
    return Response(status_code=204)


@router.post("/agreements/{pid}/readings", status_code=204)
async def read(actor: SignedIn, session: Write, pid: str, wanted: ReadIn) -> Response:
    """I have read this text to its end, on this login. Nobody signs or confirms before."""
    await service.note_read(session, actor, pid, wanted)
    return Response(status_code=204)


@router.post("/agreements/{pid}/codes", status_code=204)
async def code(request: Request, actor: SignedIn, session: Write, pid: str) -> Response:
    """Send a fresh code for signing or confirming this version."""
    await service.send_code(session, web.odr(request).limiter, actor, pid)
    return Response(status_code=204)


@router.post("/agreements/{pid}/signatures", status_code=201)
async def sign(request: Request, actor: SignedIn, pid: str, wanted: SignIn) -> dict[str, Any]:
    await service.sign(web.odr(request).db, actor, pid, wanted)
    return await _document(request, actor, pid)


@router.post("/agreements/{pid}/seal", status_code=201)
async def seal(request: Request, actor: SignedIn, pid: str, wanted: SealIn) -> dict[str, Any]:
    """The body's seal, last."""
    async with web.write(request) as session:
        await service.seal(session, actor, pid, wanted.sha256)
    await _keep_copy(request, actor, pid)
    return await _document(request, actor, pid)


@router.post("/agreements/{pid}/papers", status_code=201, max_body_size=UPLOAD_CEILING)
async def take_paper(
    request: Request,
    actor: SignedIn,
    pid: str,
    signers: Annotated[list[str], Form()],
    check_code: Annotated[str, Form()],
    seen: Annotated[bool, Form()] = False,
    note: Annotated[str, Form()] = "",
    signed_on: Annotated[str, Form()] = "",
    file: Annotated[list[UploadFile] | None, File()] = None,
) -> dict[str, Any]:
    """A sheet signed by hand: its scan or a photo of each page, who signed on it, its check code, the day on it."""
    given = {"signers": signers, "check_code": check_code, "seen": seen, "note": note, "signed_on": signed_on}
    wanted = forms.parse(PaperIn, given)
    async with web.read(request) as session:
        access.need_handler((await access.for_reading(session, actor, pid)).view)
    prepared = await scans.taken(file or [], web.odr(request).settings)
    async with web.write(request) as session:
        await service.take_paper(session, actor, pid, wanted, prepared)
    await _keep_copy(request, actor, pid)
    return await _document(request, actor, pid)


@router.post("/agreements/{pid}/confirmations", status_code=201)
async def confirm_oral(request: Request, actor: SignedIn, pid: str, wanted: ConfirmOralIn) -> dict[str, Any]:
    """A party confirms the oral agreement as registered."""
    await service.confirm_oral(web.odr(request).db, actor, pid, wanted)
    await _keep_copy(request, actor, pid)
    return await _document(request, actor, pid)


@router.post("/agreements/{pid}/vouchings", status_code=201)
async def vouch_oral(request: Request, actor: SignedIn, pid: str, wanted: VouchIn) -> dict[str, Any]:
    """The mediator or clerk vouches that a party confirmed the oral agreement."""
    async with web.write(request) as session:
        await service.vouch_oral(session, actor, pid, wanted)
    await _keep_copy(request, actor, pid)
    return await _document(request, actor, pid)


async def _keep_copy(request: Request, actor: SignedIn, pid: str) -> None:
    async with web.read(request) as session:
        place = await access.for_reading(session, actor, pid)
        effective = (await service.standing(session, place.agreement)).effective_at
    if effective is not None:
        await service.keep_copy(web.odr(request).db, web.odr(request).settings, actor, pid)


# --- performance ----------------------------------------------------------------------------------------------------


# --- the court -------------------------------------------------------------------------------------------------------


async def _court(session: Write, actor: SignedIn, case: str) -> dict[str, Any]:
    return await confirming.shown(session, await access.of_case(session, actor, case))


@router.get("/cases/{case}/court")
async def court(actor: SignedIn, session: Read, case: str) -> dict[str, Any]:
    """The joint request for judicial confirmation: whether it is possible, who agreed, until when, the outcome."""
    return await confirming.shown(session, await access.of_case(session, actor, case))


@router.post("/cases/{case}/court/consents", status_code=201)
async def agree_to_court(actor: SignedIn, session: Write, case: str, wanted: CourtConsentIn) -> dict[str, Any]:
    """A party agrees to ask the court together; staff record a consent that was signed on paper."""
    await service.agree_to_court(session, actor, case, wanted)
    return await _court(session, actor, case)


@router.post("/cases/{case}/court/revocations", status_code=201)
async def take_back_court_consent(actor: SignedIn, session: Write, case: str) -> dict[str, Any]:
    await service.take_back_court_consent(session, actor, case)
    return await _court(session, actor, case)


@router.post("/cases/{case}/court/wishes", status_code=201)
async def ask_anew(actor: SignedIn, session: Write, case: str) -> dict[str, Any]:
    """After a court's no a party asks the mediator to mediate anew."""
    await service.ask_anew(session, actor, case)
    return await _court(session, actor, case)


@router.post("/cases/{case}/court/requests", status_code=201)
async def register_court_request(actor: SignedIn, session: Write, case: str, wanted: CourtRequestIn) -> dict[str, Any]:
    """The request was handed to a court: `court` is the six digits of its division, or `other` with `court_name`."""
    await service.register_court_request(session, actor, case, wanted)
    return await _court(session, actor, case)


@router.post("/cases/{case}/court/outcomes", status_code=201, max_body_size=UPLOAD_CEILING)
async def record_court_outcome(
    request: Request,
    actor: SignedIn,
    case: str,
    outcome: Annotated[str, Form()],
    decided_on: Annotated[str, Form()],
    head: Annotated[str, Form()] = "",
    docket_no: Annotated[str, Form()] = "",
    note: Annotated[str, Form()] = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> dict[str, Any]:
    """What the court said, with its paper where there is one."""
    given = {"outcome": outcome, "decided_on": decided_on, "docket_no": docket_no, "note": note}
    wanted = forms.parse(CourtOutcomeIn, given | ({"head": head} if head else {}))
    wanted.check()
    async with web.read(request) as session:
        access.need_handler(await access.of_case(session, actor, case))
    paper = await evidence.prepare(file, web.odr(request).settings) if file is not None else None
    async with web.write(request) as session:
        await service.record_court_outcome(session, actor, case, wanted, paper)
        return await _court(session, actor, case)


router.include_router(court_api.router)
router.include_router(performance_api.router)
