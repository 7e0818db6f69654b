"""dossier: HTML routes, and the public page that tells whether a paper is genuine."""

from fastapi import APIRouter, Request
from sqlalchemy import select
from starlette.responses import HTMLResponse, Response

from odr.accounts.access import MaybeActor, SignedIn
from odr.agreements import service as agreements
from odr.agreements.models import Agreement
from odr.bodies.models import Body
from odr.cases.models import Case
from odr.core import paper, web
from odr.core.errors import NotFound
from odr.core.templating import render
from odr.dossier import access, papers

router = APIRouter(include_in_schema=False)


@router.get("/cases/{pid}/papers")
async def listed(request: Request, actor: SignedIn, pid: str) -> HTMLResponse:
    """The papers of a case."""
    async with web.read(request) as session:
        view = await access.of_case(session, actor, pid)
        found = await papers.papers_of(session, view)
        return render(request, "dossier/papers.html", case=view.case, papers=found, wide=view.is_staff)


@router.get("/cases/{pid}/papers/{key}.pdf")
async def as_pdf(request: Request, actor: SignedIn, pid: str, key: str) -> Response:
    async with web.read(request) as session:
        html, name = await papers.paper(session, await access.of_case(session, actor, pid), key)
    return await paper.answer(request, html, name)


@router.get("/cases/{pid}/papers/{key}")
async def as_page(request: Request, actor: SignedIn, pid: str, key: str) -> HTMLResponse:
    """The same as a page, to read and to print."""
    async with web.read(request) as session:
        html, _name = await papers.paper(session, await access.of_case(session, actor, pid), key)
    return paper.page(request, html)


@router.get("/papers/{pid}")
async def genuine(request: Request, actor: MaybeActor, pid: str) -> HTMLResponse:
    """For anyone who scans the QR on a paper: which document this is and how it stands, and not a word of it."""
    async with web.read(request) as session:
        row = (
            await session.execute(
                select(Agreement, Body.name)
                .join(Case, Case.id == Agreement.case_id)
                .outerjoin(Body, Body.id == Case.body_id)
                .where(Agreement.pid == pid, Agreement.sha256.is_not(None))
            )
        ).first()
        if row is None:
            raise NotFound()
        agreement, body = row
        stands = await agreements.standing(session, agreement)
        return render(
            request,
            "dossier/genuine.html",
            agreement=agreement,
            body=body or "",
            effective_at=stands.effective_at,
        )
