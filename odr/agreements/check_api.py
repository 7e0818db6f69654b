"""agreements: JSON routes of the checker."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from odr.accounts.access import SignedIn
from odr.agreements import access, checks, service
from odr.core.forms import Strict
from odr.core.web import Read, Write

router = APIRouter()


class AcknowledgeIn(Strict):
    """Findings that the mediator lets stand, by their keys."""

    findings: list[str] = Field(min_length=1, max_length=200)


@router.get("/agreements/{pid}/findings")
async def findings(actor: SignedIn, session: Read, pid: str) -> list[dict[str, Any]]:
    """What the checker says of a draft: all to the mediator, to a party what it alone can mend."""
    place = await access.for_reading(session, actor, pid)
    return await checks.of_view(session, place.view, place.agreement)


@router.post("/agreements/{pid}/acknowledgements", status_code=201)
async def acknowledge(actor: SignedIn, session: Write, pid: str, wanted: AcknowledgeIn) -> list[dict[str, Any]]:
    """Let findings stand that may stand."""
    await service.acknowledge(session, actor, pid, wanted.findings)
    place = await access.for_reading(session, actor, pid)
    return await checks.of_view(session, place.view, place.agreement)
