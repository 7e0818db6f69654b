"""agreements: JSON routes of proposals, of sets of clauses and of private comments that are released."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from odr.accounts.access import SignedIn
from odr.agreements import access, clause_sets, documents, proposal_docs, proposals, service
from odr.agreements.schemas import ClauseIn, ClausesIn, ProposalIn, ReasonIn, ReleaseIn, ReplyIn
from odr.core.i18n import _
from odr.core.web import Read, Write

router = APIRouter()


@router.post("/agreements/{pid}/clauses/{clause}/releases", status_code=201)
async def release_comment(actor: SignedIn, session: Write, pid: str, clause: str, wanted: ReleaseIn) -> dict[str, Any]:
    """Open to everybody what one wrote for the mediator alone."""
    await service.release_comment(session, actor, pid, clause, wanted)
    return await documents.document(session, await access.for_reading(session, actor, pid))


@router.get("/cases/{case}/clause-sets")
async def sets(actor: SignedIn, session: Read, case: str) -> list[dict[str, Any]]:
    """Sets of clauses filled from the case, those for its kind of dispute first."""
    view = await access.of_case(session, actor, case)
    access.need_mediator(view)
    ground = await proposal_docs.ground(session, view)
    fitting, others = proposal_docs.sets_for(view)
    return [
        {
            "key": one.key,
            "title": _(one.title),
            "fits": one in fitting,
            "clauses": [
                {name: value for name, value in clause.items() if name != "use"}
                for clause in clause_sets.filled(one, ground)
            ],
        }
        for one in (*fitting, *others)
    ]


@router.post("/agreements/{pid}/clause-sets", status_code=201)
async def add_set(actor: SignedIn, session: Write, pid: str, wanted: ClausesIn) -> dict[str, Any]:
    """Several clauses at once, all or none."""
    await service.add_clauses(session, actor, pid, wanted)
    return await documents.document(session, await access.for_reading(session, actor, pid))


@router.get("/cases/{case}/proposals")
async def listed(actor: SignedIn, session: Read, case: str) -> list[dict[str, Any]]:
    """The proposals one may see, the newest first."""
    found: list[dict[str, Any]] = await proposal_docs.of_view(session, await access.of_case(session, actor, case))
    return found


@router.post("/cases/{case}/proposals", status_code=201)
async def propose(actor: SignedIn, session: Write, case: str, wanted: ProposalIn) -> dict[str, Any]:
    row = await proposals.propose(session, actor, case, wanted)
    return await _shown(session, actor, row.pid)


@router.post("/proposals/{pid}/release", status_code=201)
async def release(actor: SignedIn, session: Write, pid: str) -> dict[str, Any]:
    """The side for which it is private lets everybody see it."""
    await proposals.release(session, actor, pid)
    return await _shown(session, actor, pid)


@router.post("/proposals/{pid}/replies", status_code=201)
async def reply(actor: SignedIn, session: Write, pid: str, wanted: ReplyIn) -> dict[str, Any]:
    """What the side tells the mediator alone."""
    await proposals.reply(session, actor, pid, wanted)
    return await _shown(session, actor, pid)


@router.post("/proposals/{pid}/clause", status_code=201)
async def take_up(actor: SignedIn, session: Write, pid: str, wanted: ClauseIn | None = None) -> dict[str, Any]:
    """The mediator puts it on the board, as it was or reworded."""
    _agreement, clause = await proposals.take_up(session, actor, pid, wanted)
    return {"id": clause.pid, "version": clause.version}


@router.post("/proposals/{pid}/refusal", status_code=201)
async def decline(actor: SignedIn, session: Write, pid: str, wanted: ReasonIn) -> dict[str, Any]:
    await proposals.decline(session, actor, pid, wanted.reason)
    return await _shown(session, actor, pid)


@router.post("/proposals/{pid}/withdrawal", status_code=204)
async def withdraw(actor: SignedIn, session: Write, pid: str) -> Response:
    await proposals.withdraw(session, actor, pid)
    return Response(status_code=204)


async def _shown(session: Read, actor: SignedIn, pid: str) -> dict[str, Any]:
    return await proposal_docs.one(session, await proposals.for_reading(session, actor, pid))
