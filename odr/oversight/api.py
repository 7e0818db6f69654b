"""JSON routes of the audit."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Response

from odr.accounts.access import Staff
from odr.core.web import Read, Write
from odr.oversight import access, service
from odr.oversight.schemas import CaseSearch, Cursor, LedgerSearch, ReadingIn

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])


@router.get("/cases")
async def cases(session: Read, actor: Staff, search: Annotated[CaseSearch, Query()]) -> dict[str, Any]:
    """Find cases; cards only."""
    found = await service.find_cases(session, actor, search)
    cards = [
        {
            "id": case.pid,
            "no": case.case_no,
            "application_no": case.application_no,
            "state": case.state,
            "category": case.category,
            "body": body.name if body else None,
            "submitted_at": case.submitted_at,
        }
        for case, body in found.rows
    ]
    return {"cases": cards, "total": found.total, "page": found.page}


@router.post("/cases/{pid}/readings", status_code=201)
async def state_reason(session: Write, actor: Staff, pid: str, body: ReadingIn) -> dict[str, Any]:
    """State why a case is read; its joint rooms open for an hour."""
    reading = await service.state_reason(session, actor, pid, body.reason)
    return {"id": reading.pid, "expires_at": reading.expires_at}


@router.get("/cases/{pid}/rooms")
async def rooms_of(session: Read, actor: Staff, pid: str) -> dict[str, Any]:
    """The rooms of a case; sealed ones without a count."""
    case = await access.case_for_audit(session, actor, pid)
    found = await service.rooms_of(session, case)
    return {
        "rooms": [
            {"id": room.pid, "kind": room.kind, "sealed": service.is_sealed(room)}
            | ({} if service.is_sealed(room) else {"lines": room.head_seq})
            for room in found
        ]
    }


@router.get("/rooms/{pid}/lines")
async def lines(
    session: Write, actor: Staff, pid: str, after: Cursor | None = None, before: Cursor | None = None
) -> Response:
    """A joint room as it was, recalled lines included; the reading is recorded."""
    _case, room, _reading, page = await service.read_room(session, actor, pid, after=after, before=before)
    found = {"room": room.pid, "head": page.head, "more": page.more, "lines": [line.public() for line in page.lines]}
    return Response(orjson.dumps(found), media_type="application/json")


@router.get("/ledger")
async def ledger(session: Write, actor: Staff, search: Annotated[LedgerSearch, Query()]) -> dict[str, Any]:
    """Acts, newest first."""
    rows = await service.ledger(session, actor, search)
    return {
        "rows": [
            {
                "seq": row.seq,
                "at": row.at,
                "tag": row.tag,
                "thing": row.thing,
                "thing_id": row.thing_pid,
                "person": person.pid if person else None,
                "detail": row.detail,
                "leaf": row.leaf.hex(),
            }
            for row, person in rows
        ]
    }
