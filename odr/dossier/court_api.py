"""The pack for the court, as JSON: the same as its page."""

from typing import Any

from fastapi import APIRouter, File, Request, UploadFile

from odr.accounts.access import SignedIn
from odr.core import web
from odr.core.web import Read, Write
from odr.dossier import court_pack, court_sending
from odr.dossier.court_pages import UPLOAD_CEILING
from odr.dossier.court_sending import FillIn, SendIn
from odr.evidence import service as evidence
from odr.evidence.kinds import PAPERS

router = APIRouter()


@router.get("/cases/{pid}/court/pack")
async def pack(actor: SignedIn, session: Read, pid: str) -> dict[str, Any]:
    """What the court wants: what there is, what is missing with who brings it, and where it is taken."""
    return court_pack.shown(await court_pack.gather(session, await court_pack.door(session, actor, pid)))


@router.post("/cases/{pid}/court/pack/parties", status_code=201)
async def fill_in(actor: SignedIn, session: Write, pid: str, wanted: FillIn) -> dict[str, Any]:
    """What is missing of a party: by its own side or by staff; what is there already stays."""
    await court_sending.fill_in(session, actor, pid, wanted)
    return await pack(actor, session, pid)


@router.post("/cases/{pid}/court/pack/certificate", status_code=201)
async def certify(actor: SignedIn, session: Write, pid: str) -> dict[str, Any]:
    """The body certifies that it led the mediation."""
    await court_sending.certify(session, actor, pid)
    return await pack(actor, session, pid)


@router.post("/cases/{pid}/court/pack/proofs", status_code=201, max_body_size=UPLOAD_CEILING)
async def add_proof(request: Request, actor: SignedIn, pid: str, file: UploadFile = File()) -> dict[str, Any]:
    """A proof of property, as a picture or PDF."""
    async with web.read(request) as session:
        await court_pack.door(session, actor, pid)
    prepared = await evidence.prepare(file, web.odr(request).settings, allow=PAPERS)
    async with web.write(request) as session:
        await court_sending.add_proof(session, actor, pid, prepared)
        return await pack(actor, session, pid)


@router.delete("/cases/{pid}/court/pack/proofs/{file}")
async def remove_proof(actor: SignedIn, session: Write, pid: str, file: str) -> dict[str, Any]:
    await court_sending.remove_proof(session, actor, pid, file)
    return await pack(actor, session, pid)


@router.post("/cases/{pid}/court/pack/sending", status_code=201)
async def send(request: Request, actor: SignedIn, pid: str, wanted: SendIn) -> dict[str, Any]:
    """Hand the pack in: `court` as with `POST …/court/requests`. 409 naming what is missing."""
    row = await court_sending.send(web.odr(request).db, web.odr(request).settings, actor, pid, wanted)
    return {"request": row.pid, "court": row.court}
