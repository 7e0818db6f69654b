"""Pages of the audit: cases, the stated reason, the transcript, the ledger."""

from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from sqlalchemy import select
from starlette.responses import Response

from odr.accounts.access import Actor, Staff
from odr.bodies.models import Body
from odr.cases.codes import State
from odr.core import forms, web
from odr.core.errors import Forbidden, Invalid
from odr.core.i18n import _
from odr.core.templating import render
from odr.evidence import service as evidence
from odr.oversight import access, service, words
from odr.oversight.schemas import CaseSearch, Cursor, LedgerSearch, ReadingIn

router = APIRouter(include_in_schema=False, prefix="/audit")
AT_ONCE = 5_000
"""Lines that are computed anew while a page opens, well within its 200 ms."""


def _given(request: Request, schema: type[forms.S]) -> tuple[forms.S, dict[str, str]]:
    """The filters of the address bar; a wrong one is dropped and named."""
    values = {k: v for k, v in request.query_params.items() if v.strip()}
    try:
        return forms.parse(schema, values), {}
    except Invalid as problem:
        return forms.parse(schema, {k: v for k, v in values.items() if k not in problem.fields}), problem.fields


@router.get("")
async def cases_page(request: Request, actor: Staff) -> Response:
    search, errors = _given(request, CaseSearch)
    async with web.read(request) as session:
        found = await service.find_cases(session, actor, search)
        bodies = (await session.execute(select(Body.pid, Body.name).order_by(Body.name))).all()
    kept = {k: v for k, v in request.query_params.items() if k != "page"}
    last = max(1, -(-found.total // service.PAGE))

    def address(page: int) -> str | None:
        return f"/audit?{urlencode(kept | {'page': str(page)})}" if 1 <= page <= last else None

    return render(
        request,
        "oversight/cases.html",
        found=found,
        bodies=[(pid, name) for pid, name in bodies],
        states=[(state.value, state.label) for state in State if state is not State.DRAFT],
        state_labels={state.value: state.label for state in State},
        values=dict(request.query_params),
        errors=errors,
        newer=address(found.page - 1) if found.page > 1 else None,
        older=address(found.page + 1),
    )


@router.get("/cases/{pid}")
async def case_page(request: Request, pid: str, actor: Staff) -> Response:
    return await _case(request, actor, pid, {}, {})


@router.post("/cases/{pid}/readings")
async def state_reason(request: Request, pid: str, actor: Staff) -> Response:
    form = await forms.read(request)
    try:
        reason = form.parse(ReadingIn)
        async with web.write(request) as session:
            await service.state_reason(session, actor, pid, reason.reason)
    except Invalid as problem:
        return await _case(request, actor, pid, form.values, problem.fields)
    return web.see_other(f"/audit/cases/{pid}")


async def _case(request: Request, actor: Actor, pid: str, values: dict[str, str], errors: dict[str, str]) -> Response:
    async with web.read(request) as session:
        case = await access.case_for_audit(session, actor, pid)
        context: dict[str, Any] = {
            "case": case,
            "state": State(case.state),
            "body": await session.get(Body, case.body_id) if case.body_id else None,
            "reading": await access.reading_in_force(session, actor, case),
            "own": await access.has_part(session, actor, case),
            "rooms": [(room, service.is_sealed(room)) for room in await service.rooms_of(session, case)],
        }
    return render(
        request, "oversight/case.html", status=422 if errors else 200, values=values, errors=errors, **context
    )


@router.get("/rooms/{pid}")
async def room_page(
    request: Request,
    pid: str,
    actor: Staff,
    after: Cursor | None = None,
    before: Cursor | None = None,
    whole: bool = False,
) -> Response:
    """The transcript as it was. The reading is written down before a line is shown.

    Every line of the room is computed anew; in a very long room only those shown, until all are asked for.
    """
    try:
        async with web.write(request) as session:
            case, room, reading, page = await service.read_room(session, actor, pid, after=after, before=before)
    except Forbidden as refused:
        if refused.code != "reason_needed":
            raise
        async with web.read(request) as session:
            case_pid = await service.case_of_room(session, pid)
        return web.see_other(f"/audit/cases/{case_pid}")
    first, last = (page.lines[0].seq, page.lines[-1].seq) if page.lines else (0, 0)
    part = (first, last) if room.head_seq > AT_ONCE and page.lines and not whole else None
    async with web.read(request) as session:
        faults = await service.room_is_whole(session, room, part)
    return render(
        request,
        "oversight/room.html",
        case=case,
        room=room,
        reading=reading,
        lines=page.lines,
        faults=faults,
        part=part,
        older=f"/audit/rooms/{pid}?before={first}" if first > 1 else None,
        newer=f"/audit/rooms/{pid}?after={last}" if last and last < room.head_seq else None,
    )


@router.get("/rooms/{pid}/files/{file}")
async def room_file(request: Request, pid: str, file: str, actor: Staff) -> Response:
    """A file as it was shown in a joint room, as bytes that run nowhere."""
    async with web.write(request) as session:
        found = await service.read_file(session, actor, pid, file)
    inline = found.shown_mime in evidence.PAPERS
    headers = {
        "content-disposition": f"{'inline' if inline else 'attachment'}; filename*=UTF-8''{quote(found.name, safe='')}",
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox",
        "cross-origin-resource-policy": "same-origin",
    }
    return Response(await evidence.read_bytes(found), media_type=found.shown_mime, headers=headers)


@router.get("/ledger")
async def ledger_page(request: Request, actor: Staff) -> Response:
    search, errors = _given(request, LedgerSearch)
    async with web.write(request) as session:
        rows = await service.ledger(session, actor, search)
    kept = {k: v for k, v in request.query_params.items() if k != "below"}
    full = len(rows) == service.PAGE
    return render(
        request,
        "oversight/ledger.html",
        rows=rows,
        act=words.act,
        details=words.details,
        thing=words.thing,
        values=dict(request.query_params),
        errors=errors,
        older=f"/audit/ledger?{urlencode(kept | {'below': str(rows[-1][0].seq)})}" if full else None,
        system=_("系统"),
    )
