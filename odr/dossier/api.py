"""dossier: JSON routes."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from odr.accounts.access import SignedIn
from odr.core.web import Read
from odr.dossier import access, papers

router = APIRouter(prefix="/api/v1")


@router.get("/cases/{pid}/papers")
async def listed(actor: SignedIn, session: Read, pid: str) -> list[dict[str, Any]]:
    """The papers of a case this viewer may open; each has an address."""
    view = await access.of_case(session, actor, pid)
    return [
        asdict(one) | {"href": one.file or f"/cases/{pid}/papers/{one.key}.pdf"}
        for one in await papers.papers_of(session, view)
    ]
