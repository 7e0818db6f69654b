"""JSON routes of what comes after signing: promises, parts, another day, papers about them, return visits."""

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Request, UploadFile
from starlette.responses import Response

from odr.accounts.access import Actor, SignedIn
from odr.agreements import access, documents, performance_papers, schedule, service, visit_plan, visits
from odr.agreements.performance_schemas import CertificateIn, PartAnswerIn, PostponeAnswerIn, PostponeIn, VisitFormIn
from odr.agreements.schemas import ClaimIn, Pid, ReasonIn, RecordIn, SettleIn, UrgeIn, VisitIn
from odr.core import forms, ics, web
from odr.core.forms import Strict
from odr.core.web import Read, Write
from odr.evidence import service as evidence

router = APIRouter()
UPLOAD_CEILING = 64 * 1024 * 1024  # the service's own limit (ODR_UPLOAD_MAX_BYTES) lies below


@router.get("/cases/{case}/performance")
async def performance(actor: SignedIn, session: Read, case: str) -> list[dict[str, Any]]:
    return await documents.promises(session, await access.of_case(session, actor, case))


@router.get("/cases/{case}/performance/replaced")
async def replaced(actor: SignedIn, session: Read, case: str) -> list[dict[str, Any]]:
    """The agreements that another one has replaced, each with what became of its promises."""
    return await documents.replaced(session, await access.of_case(session, actor, case))


@router.get("/cases/{case}/performance/calendar")
async def calendar(actor: SignedIn, session: Read, case: str) -> list[dict[str, Any]]:
    """The same by month: [{`month`, `promises` [ids]}]; lasting duties have no day and are left out."""
    promises = await documents.promises(session, await access.of_case(session, actor, case))
    return [
        {"month": f"{month.year}-{month.month:02d}", "promises": [row["id"] for row in month.rows]}
        for month in schedule.months(promises)
    ]


@router.get("/cases/{case}/performance/calendar.ics")
async def calendar_file(request: Request, actor: SignedIn, session: Read, case: str) -> Response:
    """My own days as a calendar file; its titles tell nothing."""
    view = await access.of_case(session, actor, case)
    return ics.answer(await service.calendar_entries(session, view, web.odr(request).settings.base_url), "ODR")


@router.get("/performance/{pid}")
async def promise(actor: SignedIn, session: Read, pid: str) -> dict[str, Any]:
    view, item = await access.for_item(session, actor, pid)
    return await documents.promise(session, view, item)


async def _promise(session: Write, actor: Actor, pid: str) -> dict[str, Any]:
    view, item = await access.for_item(session, actor, pid)
    return await documents.promise(session, view, item)


async def _prepared(request: Request, file: UploadFile | None) -> evidence.Prepared | None:
    if file is None:
        return None
    return await evidence.prepare(file, web.odr(request).settings, allow=evidence.PAPERS)


@router.post("/performance/{pid}/claims", status_code=201, max_body_size=UPLOAD_CEILING)
async def claim(
    request: Request,
    actor: SignedIn,
    pid: str,
    note: Annotated[str, Form()] = "",
    amount: Annotated[str, Form()] = "",
    done_on: Annotated[str, Form()] = "",
    part: Annotated[bool, Form()] = False,
    again: Annotated[bool, Form()] = False,
    file: Annotated[UploadFile | None, File()] = None,
) -> dict[str, Any]:
    """ "I have done it", or a part of it, with proof where there is one."""
    given = {"note": note, "amount": amount, "done_on": done_on, "part": part, "again": again}
    wanted = forms.parse(ClaimIn, given)
    async with web.read(request) as session:
        await access.for_item(session, actor, pid)
    proof = await _prepared(request, file)
    async with web.write(request) as session:
        await service.claim(session, actor, pid, wanted, proof)
        return await _promise(session, actor, pid)


@router.post("/performance/{pid}/answers", status_code=201)
async def settle(actor: SignedIn, session: Write, pid: str, wanted: SettleIn) -> dict[str, Any]:
    """The obligee confirms all or a part, or says what is missing."""
    await service.settle(session, actor, pid, wanted)
    return await _promise(session, actor, pid)


@router.post("/performance-parts/{pid}/answers", status_code=201)
async def answer_part(actor: SignedIn, session: Write, pid: str, wanted: PartAnswerIn) -> dict[str, Any]:
    """The obligee's word on one payment."""
    item = await service.answer_part(session, actor, pid, wanted)
    return await _promise(session, actor, item.pid)


@router.post("/performance/{pid}/records", status_code=201)
async def record(actor: SignedIn, session: Write, pid: str, wanted: RecordIn) -> dict[str, Any]:
    """What the obligee said at a visit or by telephone."""
    if wanted.outcome == "part":
        await service.record_part(session, actor, pid, wanted)
    else:
        await service.record(session, actor, pid, wanted)
    return await _promise(session, actor, pid)


@router.post("/performance/{pid}/urgings", status_code=201)
async def urge(actor: SignedIn, session: Write, pid: str, wanted: UrgeIn) -> dict[str, Any]:
    await service.urge(session, actor, pid, wanted)
    return await _promise(session, actor, pid)


@router.post("/performance/{pid}/breaches", status_code=201)
async def breach(request: Request, actor: SignedIn, pid: str, wanted: ReasonIn) -> dict[str, Any]:
    """Not performed: noted, and both sides told the ways that remain, by a notice they can keep."""
    part = web.odr(request)
    async with web.write(request) as session:
        row = await service.breach(session, actor, pid, wanted)
        found = await _promise(session, actor, pid)
    await service.keep_performance_paper(part.db, part.settings, row.pid)
    return found


@router.post("/performance/{pid}/postponements", status_code=201)
async def postpone(actor: SignedIn, session: Write, pid: str, wanted: PostponeIn) -> dict[str, Any]:
    """ "I will be late": another day, and why."""
    await service.postpone(session, actor, pid, wanted)
    return await _promise(session, actor, pid)


@router.post("/postponements/{pid}/answers", status_code=201)
async def answer_postponement(actor: SignedIn, session: Write, pid: str, wanted: PostponeAnswerIn) -> dict[str, Any]:
    row = await service.answer_postponement(session, actor, pid, wanted)
    return {"id": row.pid, "state": row.state}


@router.post("/postponements/{pid}/withdrawal", status_code=201)
async def withdraw_postponement(actor: SignedIn, session: Write, pid: str) -> dict[str, Any]:
    row = await service.withdraw_postponement(session, actor, pid)
    return {"id": row.pid, "state": row.state}


@router.post("/cases/{case}/performance/completion", status_code=204)
async def complete(actor: SignedIn, session: Write, case: str) -> Response:
    """All is performed: by the mediator's hand, for agreements of lasting duties."""
    await service.complete(session, actor, case)
    return Response(status_code=204)


# --- papers ---------------------------------------------------------------------------------------------------------


@router.get("/cases/{case}/performance/papers")
async def papers(actor: SignedIn, session: Read, case: str) -> list[dict[str, Any]]:
    """Certificates of performance and notices of breach."""
    return await performance_papers.shown(session, await access.of_case(session, actor, case))


@router.post("/cases/{case}/certificates", status_code=201)
async def ask_certificate(actor: SignedIn, session: Write, case: str, wanted: CertificateIn) -> dict[str, Any]:
    row = await service.ask_certificate(session, actor, case, wanted)
    return {"id": row.pid, "state": row.state}


@router.post("/certificates/{pid}/issue", status_code=201)
async def issue_certificate(request: Request, actor: SignedIn, pid: str) -> dict[str, Any]:
    """The body's clerk issues it under the seal."""
    part = web.odr(request)
    row = await service.issue_certificate(part.db, part.settings, actor, pid)
    return {"id": row.pid, "state": row.state, "sha256": row.sha256}


# --- return visits --------------------------------------------------------------------------------------------------


class FormIn(Strict):
    party: Pid


@router.get("/cases/{case}/visits")
async def visits_made(actor: SignedIn, session: Read, case: str) -> list[dict[str, Any]]:
    return await documents.visits_of(session, await access.of_case(session, actor, case))


@router.get("/cases/{case}/visits/due")
async def visits_due(actor: SignedIn, session: Read, case: str) -> list[dict[str, Any]]:
    """What is still to be visited: for staff all, for a party the form that waits for it."""
    return await visit_plan.shown(session, await access.of_case(session, actor, case))


@router.post("/cases/{case}/visits", status_code=201)
async def visit(actor: SignedIn, session: Write, case: str, wanted: VisitIn) -> dict[str, Any]:
    row = await service.visit(session, actor, case, wanted)
    return {"id": row.pid}


@router.post("/cases/{case}/visits/forms", status_code=201)
async def send_form(actor: SignedIn, session: Write, case: str, wanted: FormIn) -> dict[str, Any]:
    """Ask a party to fill in the form itself."""
    row = await service.send_visit_form(session, actor, case, wanted.party)
    return {"id": row.pid}


@router.post("/cases/{case}/visits/answers", status_code=201)
async def fill_form(actor: SignedIn, session: Write, case: str, wanted: VisitFormIn) -> dict[str, Any]:
    """A party answers by itself."""
    row = await service.fill_visit_form(session, actor, case, wanted)
    return {"id": row.pid}


@router.post("/cases/{case}/visits/{pid}/reopening", status_code=204)
async def reopen(actor: SignedIn, session: Write, case: str, pid: str) -> Response:
    """A relapse: the same case goes on."""
    await service.reopen_from_visit(session, actor, case, pid)
    return Response(status_code=204)


@router.post("/cases/{case}/visits/completion", status_code=204)
async def finish_visits(actor: SignedIn, session: Write, case: str) -> Response:
    await visits.finish(session, actor, case)
    return Response(status_code=204)
