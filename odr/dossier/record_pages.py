"""Pages of the record of mediation: begun, edited and frozen by the mediator; read and confirmed page by page."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from odr.accounts.access import Actor, SignedIn
from odr.cases.codes import CaseRole, Side
from odr.core import clock, forms, paper, web
from odr.core.errors import Conflict, Invalid, OdrError
from odr.core.templating import render
from odr.dossier import access, records
from odr.dossier.codes import Ending
from odr.dossier.paper_pages import errors_of
from odr.dossier.schemas import OnPaperIn, PageIn, RecordIn, StartIn, VoidIn
from odr.evidence.models import File
from odr.meetings import access as meeting_access

router = APIRouter(include_in_schema=False)

Values = dict[str, str]


async def _list(request: Request, actor: Actor, pid: str, error: OdrError | None = None) -> HTMLResponse:
    async with web.read(request) as session:
        view = await access.of_case(session, actor, pid)
        rows: list[dict[str, Any]] = []
        for row in await access.records(session, view):
            readers = await records.standing(session, row)
            mine = await records.my_reading(session, view, row)
            rows.append(
                {
                    "row": row,
                    "body": records.body_of(row),
                    "waits": mine is not None and row.state == "frozen" and not mine.done,
                    "done": bool(readers) and all(reader.done for reader in readers),
                }
            )
        taken = {one["row"].meeting_id for one in rows}
        held = [one for one in await meeting_access.in_case(session, view) if one.state == "held"]
        context: dict[str, Any] = {
            "case": view.case,
            "at": f"/cases/{pid}/records",
            "rows": rows,
            "mediates": CaseRole.MEDIATOR in view.roles,
            "meetings": [one for one in held if one.id not in taken],
            "wide": view.is_staff,
        }
    status = error.status if error is not None else 200
    return render(request, "dossier/records.html", status=status, errors=errors_of(error), **context)


@router.get("/cases/{pid}/records")
async def listed(request: Request, actor: SignedIn, pid: str) -> HTMLResponse:
    return await _list(request, actor, pid)


@router.post("/cases/{pid}/records")
async def begin(request: Request, actor: SignedIn, pid: str) -> Response:
    form = await forms.read(request)
    try:
        wanted = form.parse(StartIn)
        async with web.write(request) as session:
            row = await records.begin(session, actor, pid, wanted.meeting)
    except (Invalid, Conflict) as error:
        return await _list(request, actor, pid, error)
    return web.see_other(f"/cases/{pid}/records/{row.pid}")


# --- one record -----------------------------------------------------------------------------------------------------


async def _one(
    request: Request, actor: Actor, pid: str, record: str, error: OdrError | None = None, values: Values | None = None
) -> HTMLResponse:
    async with web.read(request) as session:
        view, row = await access.record(session, actor, pid, record)
        readers = await records.standing(session, row)
        mine = next((one for one in readers if view.principal is not None and one.party.id == view.principal.id), None)
        file = await session.get(File, row.pdf_file_id) if row.pdf_file_id is not None else None
    body, pages = records.body_of(row), records.pages_of(row)
    page = _page(request.query_params.get("page", ""), len(pages), mine.left if mine is not None else None)
    given = values if values is not None else _written(body)
    context: dict[str, Any] = {
        "case": view.case,
        "at": f"/cases/{pid}/records/{record}",
        "record": row,
        "body": body,
        "pages": pages,
        "page": page,
        "readers": readers,
        "mine": mine,
        "pdf": f"/files/{file.pid}" if file is not None else "",
        "mediates": CaseRole.MEDIATOR in view.roles,
        "handles": view.handles,
        "sections": records.SECTIONS,
        "endings": [(one.value, one.label) for one in Ending],
        "side_of": {side.value: side.label for side in Side},
        "wide": view.is_staff,
    }
    status = error.status if error is not None else 200
    return render(request, "dossier/record_one.html", status=status, errors=errors_of(error), values=given, **context)


def _page(asked: str, count: int, left: int | None) -> int:
    """The page to show: the one asked for, else the first that is still to be read."""
    wanted = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 5 else left or 1
    return max(1, min(wanted, count or 1))


def _written(body: records.Body) -> Values:
    found = {name: str(getattr(body, name)) for name in (*records.SECTIONS, "place", "matter", "invited", "writer")}
    found |= {"held_at": _wall(body.held_at), "ended_at": _wall(body.ended_at), "ending": body.ending}
    return found | {f"statements.{pid}": text for pid, text in body.statements.items()}


def _wall(iso: str) -> str:
    """An ISO time on the wall clock, as the field of a form takes it."""
    if not iso:
        return ""
    return f"{clock.local(datetime.fromisoformat(iso)):%Y-%m-%dT%H:%M}"


@router.get("/cases/{pid}/records/{record}")
async def one(request: Request, actor: SignedIn, pid: str, record: str) -> HTMLResponse:
    return await _one(request, actor, pid, record)


@router.get("/cases/{pid}/records/{record}/preview")
async def preview(request: Request, actor: SignedIn, pid: str, record: str) -> HTMLResponse:
    """The paper as it would be frozen now."""
    async with web.read(request) as session:
        view, row = await access.record(session, actor, pid, record)
        html, _name = await records.printed(session, view, row)
    return paper.page(request, html)


def _statements(form: forms.Form) -> dict[str, str]:
    prefix = "statements."
    return {name.removeprefix(prefix): text for name, text in form.values.items() if name.startswith(prefix)}


@router.post("/cases/{pid}/records/{record}")
async def write(request: Request, actor: SignedIn, pid: str, record: str) -> Response:
    """Save the draft; with `freeze` pressed, freeze it in the same step."""
    form = await forms.read(request)
    try:
        wanted = form.parse(RecordIn, statements=_statements(form))
        async with web.write(request) as session:
            await records.write(session, actor, pid, record, wanted)
        if form.values.get("freeze"):
            await records.freeze(web.odr(request).db, actor, pid, record)
    except (Invalid, Conflict) as error:
        return await _one(request, actor, pid, record, error, form.values)
    return web.see_other(f"/cases/{pid}/records/{record}")


@router.post("/cases/{pid}/records/{record}/pages")
async def answer(request: Request, actor: SignedIn, pid: str, record: str) -> Response:
    """A party's word on one page; then the next one."""
    form = await forms.read(request)
    try:
        wanted = form.parse(PageIn)
        async with web.write(request) as session:
            await records.answer(session, actor, pid, record, wanted)
    except (Invalid, Conflict) as error:
        return await _one(request, actor, pid, record, error, form.values)
    follow = wanted.page if wanted.answer == "object" else wanted.page + 1
    return web.see_other(f"/cases/{pid}/records/{record}?page={follow}#page")


@router.post("/cases/{pid}/records/{record}/papers")
async def on_paper(request: Request, actor: SignedIn, pid: str, record: str) -> Response:
    form = await forms.read(request)
    try:
        wanted = form.parse(OnPaperIn)
        async with web.write(request) as session:
            await records.on_paper(session, actor, pid, record, wanted)
    except (Invalid, Conflict) as error:
        return await _one(request, actor, pid, record, error, form.values)
    return web.see_other(f"/cases/{pid}/records/{record}")


@router.post("/cases/{pid}/records/{record}/versions")
async def revise(request: Request, actor: SignedIn, pid: str, record: str) -> Response:
    form = await forms.read(request)
    try:
        wanted = form.parse(VoidIn)
        async with web.write(request) as session:
            row = await records.revise(session, actor, pid, record, wanted.reason)
    except (Invalid, Conflict) as error:
        return await _one(request, actor, pid, record, error, form.values)
    return web.see_other(f"/cases/{pid}/records/{row.pid}")
