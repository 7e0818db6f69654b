"""dossier: HTML routes. The papers of a case, one by one and bound, and the public page that tells a genuine one."""

from collections.abc import Iterator
from typing import IO, Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.background import BackgroundTask
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from odr.accounts.access import Actor, SignedIn
from odr.audit import service as audit
from odr.cases.codes import CaseRole
from odr.core import forms, paper, web, word
from odr.core.errors import Conflict, Invalid, NotFound, OdrError
from odr.core.i18n import _
from odr.core.limits import Rule
from odr.core.templating import render
from odr.dossier import access, ending_pack, filing, papers, whole
from odr.dossier.bundle import Bundle, gather
from odr.dossier.codes import Retention, retention
from odr.dossier.schemas import FilingIn

router = APIRouter(include_in_schema=False)

_PIECE = 64 * 1024


def errors_of(error: OdrError | None) -> dict[str, str]:
    if error is None:
        return {}
    return dict(error.fields) if isinstance(error, Invalid) and error.fields else {"form": error.say}


@router.get("/cases/{pid}/papers")
async def listed(request: Request, actor: SignedIn, pid: str) -> HTMLResponse:
    """The papers of a case."""
    async with web.read(request) as session:
        view = await access.of_case(session, actor, pid)
        b = await gather(session, view)
        at = f"/cases/{pid}/endings"
        context: dict[str, Any] = {
            "case": view.case,
            "papers": papers.shelf(b),
            "endings": [(seat.row.name, f"{at}/{seat.row.pid}.pdf") for seat in ending_pack.endings(b)],
            "with_facts": ending_pack.has_facts(b),
            "handles": view.handles,
            "wide": view.is_staff,
        }
    return render(request, "dossier/papers.html", **context)


async def _drawn(request: Request, actor: Actor, pid: str, key: str) -> tuple[str, str, papers.Paper]:
    """The paper's HTML, its name without an ending, and what it is. The HTML is empty for one kept as a file."""
    async with web.read(request) as session:
        b, found = await papers.one_of(session, await access.of_case(session, actor, pid), key)
    html = await whole.html_of(b, found) if found.fill is not None else ""
    return html, papers.name_of(b, found, ""), found


@router.get("/cases/{pid}/papers/{key}.pdf")
async def as_pdf(request: Request, actor: SignedIn, pid: str, key: str) -> Response:
    html, name, found = await _drawn(request, actor, pid, key)
    if found.href is not None:
        return RedirectResponse(found.href, status_code=303)
    return await paper.answer(request, html, f"{name}pdf")


@router.get("/cases/{pid}/papers/{key}.docx")
async def as_word(request: Request, actor: SignedIn, pid: str, key: str) -> Response:
    """The same as a Word file; what was signed or confirmed as exact bytes has none."""
    html, name, found = await _drawn(request, actor, pid, key)
    if found.href is not None:
        raise NotFound()
    return Response(await word.made(html), media_type=word.MIME, headers=named(f"{name}docx"))


@router.get("/cases/{pid}/papers/{key}")
async def as_page(request: Request, actor: SignedIn, pid: str, key: str) -> Response:
    """The same as a page, to read and to print."""
    html, _name, found = await _drawn(request, actor, pid, key)
    if found.href is not None:
        return RedirectResponse(found.href, status_code=303)
    return paper.page(request, html)


def named(name: str, how: str = "attachment") -> dict[str, str]:
    return {"content-disposition": f"{how}; filename*=UTF-8''{quote(name)}", "cache-control": "private, no-store"}


# --- the whole file -------------------------------------------------------------------------------------------------


async def _taken(request: Request, actor: Actor, pid: str, what: str) -> Bundle:
    """The case for taking its file away whole: who does it stands in the ledger, and not too often."""
    service = web.odr(request)
    say = _("取整卷的次数太多了。请过一小时再取。")
    await service.limiter.hit(Rule("dossier:whole", "40/hour", say), actor.pid)
    async with web.write(request) as session:
        view = await access.of_case(session, actor, pid)
        if view.case.accepted_at is None:
            raise NotFound()
        await audit.record(session, actor, "dossier:whole:taken", "case", view.case.pid, {"as": what})
        return await gather(session, view)


@router.get("/cases/{pid}/dossier.pdf")
async def bound_pdf(request: Request, actor: SignedIn, pid: str) -> Response:
    """The file as one PDF: the body's own with covers; a party's with what that party may have."""
    b = await _taken(request, actor, pid, "pdf")
    bound = await whole.bound(b)
    return Response(bound.data, media_type=paper.MIME, headers=named(whole.file_name(b, "pdf"), "inline"))


@router.get("/cases/{pid}/dossier.zip")
async def packed(request: Request, actor: SignedIn, pid: str) -> Response:
    """The file with its Word papers, originals, data and hashes."""
    b = await _taken(request, actor, pid, "zip")
    out = await whole.packed(b, await whole.bound(b))
    headers = named(whole.file_name(b, "zip"))
    return StreamingResponse(pieces(out), media_type="application/zip", headers=headers, background=closing(out))


def pieces(out: IO[bytes]) -> Iterator[bytes]:
    while piece := out.read(_PIECE):
        yield piece


def closing(out: IO[bytes]) -> BackgroundTask:
    return BackgroundTask(out.close)


async def _dossier(
    request: Request, actor: Actor, pid: str, *, error: OdrError | None = None, values: dict[str, str] | None = None
) -> HTMLResponse:
    async with web.read(request) as session:
        view = await access.for_handling(session, actor, pid)
        b = await gather(session, view)
    case, row = b.case, b.filing
    usual = retention(b.category, case.form, case.result)
    given = values or {
        "filed_on": row.filed_on.isoformat() if row else "",
        "retention": row.retention if row else usual.value,
        "remark": row.remark if row else "",
        "note": row.note if row else "",
    }
    missing: dict[str, list[str]] = {}
    for gap in papers.gaps(b):
        missing.setdefault(gap.paper, []).append(gap.text)
    context: dict[str, Any] = {
        "case": case,
        "at": f"/cases/{pid}",
        "missing": missing,
        "papers": papers.shelf(b),
        "retentions": [(one.value, one.label) for one in Retention],
        "usual": usual.label,
        "filed_by": b.name_of(row.filed_by) if row else "",
        "people": [
            (party.pid, f"{seat.block.word} {party.name}", party.acts_for_id is not None)
            for seat in b.seats
            for party in (seat.row, *(agent for agent, _block in seat.agents))
        ],
        "inquiries": b.inquiries,
        "mediates": CaseRole.MEDIATOR in view.roles,
        "archived": view.case.archived_at is not None,
        "wide": True,
    }
    status = error.status if error is not None else 200
    return render(request, "dossier/dossier.html", status=status, errors=errors_of(error), values=given, **context)


@router.get("/cases/{pid}/dossier")
async def dossier(request: Request, actor: SignedIn, pid: str) -> HTMLResponse:
    """What the file holds and what it lacks; 立卷."""
    return await _dossier(request, actor, pid)


@router.post("/cases/{pid}/dossier")
async def file(request: Request, actor: SignedIn, pid: str) -> Response:
    form = await forms.read(request)
    try:
        wanted = form.parse(FilingIn)
        async with web.write(request) as session:
            await filing.file(session, actor, pid, wanted)
    except (Invalid, Conflict) as error:
        return await _dossier(request, actor, pid, error=error, values=form.values)
    return web.see_other(f"/cases/{pid}/dossier")
