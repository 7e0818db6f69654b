"""notices: HTML routes."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from odr.accounts.access import SignedIn, Staff, need_admin
from odr.core import web
from odr.core.templating import render
from odr.notices import service

router = APIRouter(include_in_schema=False)


@router.get("/notices")
async def notices(request: Request, actor: SignedIn) -> Response:
    """What was told to me. Opening the list is having seen it."""
    async with web.read(request) as session:
        found = await service.notices_of(session, actor)
    if any(row.seen_at is None for row in found):
        async with web.write(request) as session:
            await service.mark_seen(session, actor)
    return render(request, "notices/list.html", notices=found)


@router.get("/admin/outbox")
async def outbox(request: Request, actor: Staff, tag: str = "", person: str = "") -> Response:
    """What the service sent or would have sent. This reading is in the ledger."""
    need_admin(actor)
    async with web.write(request) as session:
        found = await service.read_outbox(session, actor, limit=100, tag=tag or None, person=person or None)
    readable = service.is_readable(web.odr(request).settings)
    return render(request, "notices/outbox.html", rows=found, tag=tag, person=person, readable=readable)
