"""meetings: JSON routes."""

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Request, UploadFile
from starlette.responses import Response

from odr.accounts.access import Actor, SignedIn
from odr.core import forms, ics, web
from odr.core.i18n import _
from odr.core.web import Read, Write
from odr.evidence import service as evidence
from odr.meetings import access, calendars, coming, polls, service
from odr.meetings.schemas import (
    CancelIn,
    ComingIn,
    ConfirmIn,
    FixIn,
    HoldIn,
    MinutesIn,
    PastIn,
    PickIn,
    Pid,
    PlanIn,
    PollIn,
    SheetIn,
)

router = APIRouter(prefix="/api/v1")
UPLOAD_CEILING = 64 * 1024 * 1024  # the service's own limit (ODR_UPLOAD_MAX_BYTES) lies below


class PickForIn(PickIn):
    """`party`: whose words the mediator writes down; a party leaves it out."""

    party: Pid | None = None


async def _shown(session: Read, actor: Actor, pid: str) -> dict[str, Any]:
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


@router.get("/meetings/{pid}/calendar.ics")
async def calendar_file(request: Request, actor: SignedIn, session: Read, pid: str) -> Response:
    """The meeting as a calendar file; its title tells nothing."""
    view, meeting = await access.for_reading(session, actor, pid)
    return ics.answer([calendars.entry(view.case, meeting, web.odr(request).settings.base_url)], _("会面"))


@router.put("/meetings/{pid}/coming")
async def say_coming(actor: SignedIn, session: Write, pid: str, wanted: ComingIn) -> dict[str, Any]:
    """A party says beforehand that it comes late, cannot come, or comes on time after all; the last word counts."""
    await coming.say(session, actor, pid, wanted)
    return await _shown(session, actor, pid)


@router.post("/meetings/{pid}/attendance", status_code=201)
async def hold(actor: SignedIn, session: Write, pid: str, wanted: HoldIn) -> dict[str, Any]:
    """It took place, and who came; or (`opened` false) it did not, because somebody was missing."""
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


@router.post("/meetings/{pid}/sheets", status_code=201, max_body_size=UPLOAD_CEILING)
async def sign_on_paper(
    request: Request,
    actor: SignedIn,
    pid: str,
    signed: Annotated[list[str], Form()],
    file: Annotated[list[UploadFile], File()],
) -> dict[str, Any]:
    """Photos of the minutes signed by hand, and who signed."""
    wanted = forms.parse(SheetIn, {"signed": signed})
    settings = web.odr(request).settings
    async with web.read(request) as session:
        access.need_mediator((await access.for_reading(session, actor, pid))[0])
    sheets = [await evidence.prepare(one, settings, allow=evidence.PAPERS) for one in file]
    async with web.write(request) as session:
        await service.sign_on_paper(session, actor, pid, wanted, sheets)
        return await _shown(session, actor, pid)


@router.post("/meetings/{pid}/cancellation", status_code=201)
async def cancel(actor: SignedIn, session: Write, pid: str, wanted: CancelIn) -> dict[str, Any]:
    await service.cancel(session, actor, pid, wanted.reason)
    return await _shown(session, actor, pid)


# --- times ----------------------------------------------------------------------------------------------------------


async def _poll(session: Read, actor: Actor, pid: str) -> dict[str, Any]:
    view, row = await access.poll(session, actor, pid)
    return polls.public(view, await polls.show(session, view, row))


@router.get("/cases/{case}/meeting-polls")
async def offered(actor: SignedIn, session: Read, case: str) -> list[dict[str, Any]]:
    view = await access.of_case(session, actor, case)
    return [polls.public(view, one) for one in await polls.polls_of(session, view)]


@router.post("/cases/{case}/meeting-polls", status_code=201)
async def offer(actor: SignedIn, session: Write, case: str, wanted: PollIn) -> dict[str, Any]:
    """Times to choose from, for a meeting with everybody."""
    row = await polls.offer(session, actor, case, wanted)
    return await _poll(session, actor, row.pid)


@router.put("/meeting-polls/{pid}/picks")
async def pick(actor: SignedIn, session: Write, pid: str, wanted: PickForIn) -> dict[str, Any]:
    """What suits a party; the last word counts."""
    plain = PickIn(times=wanted.times, none=wanted.none, note=wanted.note)
    if wanted.party is not None:
        await polls.pick_for(session, actor, pid, wanted.party, plain)
    else:
        await polls.pick(session, actor, pid, plain)
    return await _poll(session, actor, pid)


@router.post("/meeting-polls/{pid}/fixing", status_code=201)
async def fix(actor: SignedIn, session: Write, pid: str, wanted: FixIn) -> dict[str, Any]:
    """This time it is."""
    meeting = await polls.fix(session, actor, pid, wanted)
    return await _shown(session, actor, meeting.pid)


@router.post("/meeting-polls/{pid}/dropping", status_code=204)
async def drop(actor: SignedIn, session: Write, pid: str) -> Response:
    await polls.drop(session, actor, pid)
    return Response(status_code=204)
