"""meetings: JSON routes."""

from typing import Any

from fastapi import APIRouter

from odr.accounts.access import SignedIn
from odr.core.web import Read, Write
from odr.meetings import access, service
from odr.meetings.schemas import CancelIn, ConfirmIn, HoldIn, MinutesIn, PastIn, PlanIn

router = APIRouter(prefix="/api/v1")


async def _shown(session: Read, actor: SignedIn, pid: str) -> dict[str, Any]:
    view, meeting = await access.for_reading(session, actor, pid)
    return service.public(view, await service.show(session, view, meeting))


@router.get("/cases/{case}/meetings")
async def meetings(actor: SignedIn, session: Read, case: str) -> list[dict[str, Any]]:
    view = await access.of_case(session, actor, case)
    return [service.public(view, meeting) for meeting in await service.meetings_of(session, view)]


@router.post("/cases/{case}/meetings", status_code=201)
async def plan(actor: SignedIn, session: Write, case: str, wanted: PlanIn) -> dict[str, Any]:
    meeting = await service.plan(session, actor, case, wanted)
    return await _shown(session, actor, meeting.pid)


@router.post("/cases/{case}/meetings/past", status_code=201)
async def record_past(actor: SignedIn, session: Write, case: str, wanted: PastIn) -> dict[str, Any]:
    """A call, visit or sitting that has happened, with its real time."""
    meeting = await service.record_past(session, actor, case, wanted)
    return await _shown(session, actor, meeting.pid)


@router.post("/meetings/{pid}/attendance", status_code=201)
async def hold(actor: SignedIn, session: Write, pid: str, wanted: HoldIn) -> dict[str, Any]:
    """It took place; who came."""
    await service.hold(session, actor, pid, wanted)
    return await _shown(session, actor, pid)


@router.put("/meetings/{pid}/minutes")
async def minutes(actor: SignedIn, session: Write, pid: str, wanted: MinutesIn) -> dict[str, Any]:
    await service.minute(session, actor, pid, wanted)
    return await _shown(session, actor, pid)


@router.post("/meetings/{pid}/confirmations", status_code=201)
async def confirm(actor: SignedIn, session: Write, pid: str, wanted: ConfirmIn) -> dict[str, Any]:
    """A party that was there confirms the minutes."""
    await service.confirm(session, actor, pid, wanted.sha256)
    return await _shown(session, actor, pid)


@router.post("/meetings/{pid}/cancellation", status_code=201)
async def cancel(actor: SignedIn, session: Write, pid: str, wanted: CancelIn) -> dict[str, Any]:
    await service.cancel(session, actor, pid, wanted.reason)
    return await _shown(session, actor, pid)
