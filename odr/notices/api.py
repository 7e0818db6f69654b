"""notices: JSON routes."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from odr.accounts.access import SignedIn, Staff, need_admin
from odr.core import web
from odr.core.i18n import _
from odr.core.outbox import Outbox
from odr.notices import service

router = APIRouter(prefix="/api/v1", tags=["notices"])


@router.get("/notices")
async def notices(session: web.Read, actor: SignedIn) -> dict[str, Any]:
    """What was told to me, newest first."""
    found = await service.notices_of(session, actor)
    return {
        "unseen": await service.unseen(session, actor),
        "notices": [
            {
                "id": row.pid,
                "tag": row.tag,
                "text": _(row.text),
                "link": row.link,
                "at": row.created_at,
                "seen_at": row.seen_at,
            }
            for row in found
        ],
    }


@router.put("/notices/seen", status_code=204, response_class=Response)
async def seen(session: web.Write, actor: SignedIn) -> None:
    """I have looked at the list."""
    await service.mark_seen(session, actor)


@router.get("/outbox")
async def outbox(
    request: Request,
    session: web.Write,
    actor: Staff,
    limit: Annotated[int, Query(ge=1, le=service.READ_MAX)] = 50,
    tag: Annotated[str, Query(max_length=48)] = "",
    person: Annotated[str, Query(max_length=32)] = "",
) -> dict[str, Any]:
    """What the service sent or would have sent, newest first. For the system admin; this reading is in the ledger."""
    need_admin(actor)
    found = await service.read_outbox(session, actor, limit=limit, tag=tag or None, person=person or None)
    readable = service.is_readable(web.odr(request).settings)
    return {"outbox": [_row(row, pid, readable) for row, pid in found]}


def _row(row: Outbox, person: str | None, readable: bool) -> dict[str, Any]:
    return {
        "id": row.pid,
        "channel": row.channel,
        "tag": row.tag,
        "person": person,
        "address": row.address if readable else None,
        "text": row.text if readable else None,
        "link": row.link,
        "thing": row.thing,
        "created_at": row.created_at,
        "sent_at": row.sent_at,
        "failed_at": row.failed_at,
        "adapter": row.adapter,
    }
