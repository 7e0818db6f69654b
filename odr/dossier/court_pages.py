"""The pack for the court on a page: what there is, what is missing and who brings it, to download and to hand in."""

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse, Response, StreamingResponse

from odr.accounts.access import Actor, SignedIn
from odr.agreements import service as agreements
from odr.agreements.court_codes import Head
from odr.audit import service as audit
from odr.core import forms, paper, web
from odr.core.errors import Conflict, Invalid, NotFound, OdrError
from odr.core.i18n import _
from odr.core.limits import Rule
from odr.core.templating import render
from odr.dossier import court_pack, court_sending
from odr.dossier.court_pack import Pack
from odr.dossier.court_sending import FillIn, SendIn
from odr.dossier.paper_pages import closing, errors_of, named, pieces
from odr.evidence import service as evidence
from odr.evidence.kinds import PAPERS

router = APIRouter(include_in_schema=False)
UPLOAD_CEILING = 64 * 1024 * 1024


async def _page(
    request: Request, actor: Actor, pid: str, *, error: OdrError | None = None, values: dict[str, str] | None = None
) -> HTMLResponse:
    async with web.read(request) as session:
        view = await court_pack.door(session, actor, pid)
        pack = await court_pack.gather(session, view) if await agreements.in_effect(session, view.case) else None
        offer = await agreements.court_shown(session, view)
        chosen = offer["courts"][0]["id"] if offer["courts"] else ""
        open_now = await court_sending.is_open(session, view)
        context: dict[str, Any] = {
            "case": view.case,
            "at": f"/cases/{pid}/court",
            "pack": court_pack.shown(pack) if pack is not None else None,
            "open_now": open_now,
            "offer": offer,
            "courts": agreements.courts_offered(offer["courts"]),
            "heads": [one.label for one in Head if one is not Head.OTHER],
            "may_certify": court_pack.certifies(view) and open_now,
            "may_send": view.handles and offer["possible"],
            "handles": view.handles,
            "upload_max": web.odr(request).settings.upload_max_bytes,
            "back": f"/cases/{pid}/court",
            "back_text": _("司法确认"),
        }
    status = error.status if error is not None else 200
    shown = values if values is not None else {"court": chosen}
    return render(request, "dossier/court_pack.html", status=status, errors=errors_of(error), values=shown, **context)


@router.get("/cases/{pid}/court/pack")
async def listed(request: Request, actor: SignedIn, pid: str) -> HTMLResponse:
    return await _page(request, actor, pid)


async def taken(request: Request, actor: Actor, pid: str, what: str) -> Pack:
    """The pack for taking away: who does it stands in the ledger, and not too often. Raises NotFound."""
    say = _("取申请材料的次数太多了。请过一小时再取。")
    await web.odr(request).limiter.hit(Rule("court:pack", "40/hour", say), actor.pid)
    async with web.write(request) as session:
        view = await court_pack.door(session, actor, pid)
        if await agreements.in_effect(session, view.case) is None:
            raise NotFound()
        await audit.record(session, actor, "court:pack:taken", "case", view.case.pid, {"as": what})
        return await court_pack.gather(session, view, settings=web.odr(request).settings)


@router.get("/cases/{pid}/court/pack.pdf")
async def as_pdf(request: Request, actor: SignedIn, pid: str) -> Response:
    """One PDF with bookmarks; a party's hides the other side's numbers."""
    pack = await taken(request, actor, pid, "pdf")
    bound = await court_pack.bound(pack)
    return Response(bound.data, media_type=paper.MIME, headers=named(court_pack.name_of(pack, "pdf"), "inline"))


@router.get("/cases/{pid}/court/pack.zip")
async def as_zip(request: Request, actor: SignedIn, pid: str) -> Response:
    """The same with the originals, the data and the hashes."""
    pack = await taken(request, actor, pid, "zip")
    out = await court_pack.packed(pack, await court_pack.bound(pack))
    headers = named(court_pack.name_of(pack, "zip"))
    return StreamingResponse(pieces(out), media_type="application/zip", headers=headers, background=closing(out))


@router.post("/cases/{pid}/court/pack/parties")
async def fill_in(request: Request, actor: SignedIn, pid: str) -> Response:
    """What is missing of a party."""
    form = await forms.read(request)
    try:
        async with web.write(request) as session:
            await court_sending.fill_in(session, actor, pid, form.parse(FillIn))
    except (Invalid, Conflict) as error:
        return await _page(request, actor, pid, error=error, values=form.values)
    return web.see_other(f"/cases/{pid}/court/pack")


@router.post("/cases/{pid}/court/pack/certificate")
async def certify(request: Request, actor: SignedIn, pid: str) -> Response:
    """The body certifies that it led the mediation."""
    await forms.read(request)
    try:
        async with web.write(request) as session:
            await court_sending.certify(session, actor, pid)
    except (Invalid, Conflict) as error:
        return await _page(request, actor, pid, error=error)
    return web.see_other(f"/cases/{pid}/court/pack")


@router.post("/cases/{pid}/court/pack/proofs", max_body_size=UPLOAD_CEILING)
async def add_proof(request: Request, actor: SignedIn, pid: str) -> Response:
    """A proof of property."""
    async with web.read(request) as session:
        await _need_open(session, actor, pid)
    form = await forms.read(request)
    try:
        files = form.files("file")
        if not files:
            raise Invalid({"file": _("请选择照片或扫描件。")})
        prepared = await evidence.prepare(files[0], web.odr(request).settings, allow=PAPERS)
        async with web.write(request) as session:
            await court_sending.add_proof(session, actor, pid, prepared)
    except OdrError as error:
        if not isinstance(error, Invalid | Conflict):
            error = Invalid({"file": error.say})
        return await _page(request, actor, pid, error=error, values=form.values)
    return web.see_other(f"/cases/{pid}/court/pack")


async def _need_open(session: AsyncSession, actor: Actor, pid: str) -> None:
    """The door, before a body of many megabytes is read."""
    await court_pack.door(session, actor, pid)


@router.post("/cases/{pid}/court/pack/proofs/{file}/removal")
async def remove_proof(request: Request, actor: SignedIn, pid: str, file: str) -> Response:
    await forms.read(request)
    try:
        async with web.write(request) as session:
            await court_sending.remove_proof(session, actor, pid, file)
    except (Invalid, Conflict) as error:
        return await _page(request, actor, pid, error=error)
    return web.see_other(f"/cases/{pid}/court/pack")


@router.post("/cases/{pid}/court/pack/sending")
async def send(request: Request, actor: SignedIn, pid: str) -> Response:
    """Hand the pack in."""
    form = await forms.read(request)
    try:
        await court_sending.send(web.odr(request).db, web.odr(request).settings, actor, pid, form.parse(SendIn))
    except (Invalid, Conflict, paper.NoPrinter) as error:
        return await _page(request, actor, pid, error=error, values=form.values)
    return web.see_other(f"/cases/{pid}/court")
