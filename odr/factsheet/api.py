"""factsheet: JSON routes."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from odr.accounts.access import Actor, SignedIn
from odr.core.web import Read, Write
from odr.factsheet import access, service
from odr.factsheet.schemas import AnswerIn, ConfirmIn, FactIn, ReleaseIn, VouchIn

router = APIRouter(prefix="/api/v1")


async def _sheet(session: Read, actor: Actor, case: str) -> dict[str, Any]:
    view = await access.of_case(session, actor, case)
    return service.public(view, await service.of_case(session, view.case))


@router.get("/cases/{case}/facts")
async def sheet(actor: SignedIn, session: Read, case: str) -> dict[str, Any]:
    """The fact sheet; `text` holds the agreed and the disputed facts as an agreement takes them."""
    return await _sheet(session, actor, case)


@router.post("/cases/{case}/facts", status_code=201)
async def add(actor: SignedIn, session: Write, case: str, wanted: FactIn) -> dict[str, Any]:
    row = await service.add(session, actor, case, wanted)
    return {"id": row.pid, "version": row.version}


@router.put("/facts/{pid}")
async def change(actor: SignedIn, session: Write, pid: str, wanted: FactIn) -> dict[str, Any]:
    row = await service.change(session, actor, pid, wanted)
    return {"id": row.pid, "version": row.version}


@router.delete("/facts/{pid}", status_code=204)
async def remove(actor: SignedIn, session: Write, pid: str) -> Response:
    await service.remove(session, actor, pid)
    return Response(status_code=204)


@router.post("/facts/{pid}/answers", status_code=201)
async def answer(actor: SignedIn, session: Write, pid: str, wanted: AnswerIn) -> dict[str, Any]:
    kept = await service.answer(session, actor, pid, wanted)
    return {"answer": kept.answer, "version": kept.fact_version}


@router.post("/cases/{case}/facts/confirmations", status_code=201)
async def confirm(actor: SignedIn, session: Write, case: str, wanted: ConfirmIn) -> dict[str, Any]:
    """Confirm facts as they were shown."""
    await service.confirm(session, actor, case, wanted)
    return await _sheet(session, actor, case)


@router.post("/cases/{case}/facts/vouchings", status_code=201)
async def vouch(actor: SignedIn, session: Write, case: str, wanted: VouchIn) -> dict[str, Any]:
    """The mediator stands for what a party confirmed in person or by telephone."""
    await service.vouch(session, actor, case, wanted)
    return await _sheet(session, actor, case)


@router.post("/cases/{case}/facts/releases", status_code=201)
async def release(actor: SignedIn, session: Write, case: str, wanted: ReleaseIn) -> dict[str, Any]:
    """Whether the agreed facts may go on when talks fail."""
    await service.release(session, actor, case, wanted)
    return await _sheet(session, actor, case)
