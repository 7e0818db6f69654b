"""agreements: JSON routes of instalments."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from odr.accounts.access import SignedIn
from odr.agreements import access, instalments, service
from odr.agreements import instalment_rules as rules
from odr.agreements.planning import PlanIn
from odr.core.i18n import _
from odr.core.web import Write

router = APIRouter()


@router.get("/default-terms")
async def default_terms(actor: SignedIn) -> list[dict[str, str]]:
    """What may be agreed for an instalment that is not paid."""
    return [
        {"key": one.key, "title": _(one.title), "text": one.text, "source": one.source} for one in rules.DEFAULT_TERMS
    ]


@router.put("/agreements/{pid}/clauses/{clause}/plan")
async def plan(actor: SignedIn, session: Write, pid: str, clause: str, wanted: PlanIn) -> dict[str, Any]:
    """Pay a clause in instalments, by month or by list."""
    row = await service.plan(session, actor, pid, clause, wanted)
    made = instalments.shown(await instalments.plan_of(session, row))
    return {"id": row.pid, "version": row.version, "plan": made}


@router.delete("/agreements/{pid}/clauses/{clause}/plan", status_code=204)
async def drop(actor: SignedIn, session: Write, pid: str, clause: str) -> Response:
    """Pay it at once again."""
    await access.for_drafting(session, actor, pid)
    await service.drop_plan(session, actor, pid, clause, None)
    return Response(status_code=204)
