"""cases: JSON routes. Everything the pages do, with the same words and doors."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, UploadFile
from starlette.responses import JSONResponse

from odr.accounts.access import SignedIn, Staff
from odr.accounts.models import Role
from odr.cases import access, gates, joining, schemas, showing
from odr.cases.actions import ACTIONS, Action, Ctx, perform
from odr.cases.codes import State
from odr.cases.proposals import proposals
from odr.core import web
from odr.core.errors import Invalid, NotFound
from odr.core.i18n import _
from odr.evidence import service as evidence

router = APIRouter(prefix="/api/v1")


After = Annotated[
    str | None,
    Query(max_length=32, description="`next` of the answer before: what follows it. Without it, from the beginning."),
]
Limit = Annotated[int, Query(ge=1, le=100, description="How many cases at most.")]


@router.get("/cases")
async def list_cases(session: web.Read, actor: SignedIn, after: After = None, limit: Limit = 50) -> dict[str, Any]:
    """The cases in which the caller is a party or acts for one, newest first. `next`: give it back as `after` for those
    that follow; null at the end."""
    found, more = await access.mine_after(session, actor, after, limit)
    rows = await showing.rows_for(session, actor, found, whole=True)
    return {"cases": [row.public() for row in rows], "next": more}


@router.get("/desk")
async def desk(session: web.Read, actor: Staff) -> dict[str, Any]:
    """A mediator's day: the open cases and which of them wait for the caller, today's sittings, what to see to."""
    rows = await showing.rows_for(session, actor, await access.at_desk(session, actor))
    return {
        "today": await showing.today(session, actor),
        "work": await showing.work(session, actor),
        "cases": [row.public() for row in rows],
    }


@router.get("/desk/closed")
async def desk_closed(session: web.Read, actor: Staff, after: After = None, limit: Limit = 50) -> dict[str, Any]:
    """A mediator's closed cases, newest first; `next` as of the other lists."""
    found, more = await access.closed_at_desk_after(session, actor, after, limit)
    rows = await showing.rows_for(session, actor, found)
    return {"cases": [row.public() for row in rows], "next": more}


@router.get("/queue")
async def queue(
    session: web.Read,
    actor: Staff,
    state: Annotated[list[State] | None, Query()] = None,
    after: After = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """The cases of the bodies and centres for which the caller is a clerk, oldest first; `state` narrows the list.
    `next`: give it back as `after` for those that follow; null at the end. `work`: papers that were asked for and wait
    for the seal."""
    if not (actor.bodies(Role.BODY_CLERK) or actor.bodies(Role.CENTRE_CLERK)):
        raise NotFound()
    found, more = await access.queue_after(session, actor, state or (), after, limit)
    rows = await showing.rows_for(session, actor, found)
    return {"work": await showing.office(session, actor), "cases": [row.public() for row in rows], "next": more}


@router.get("/cases/{pid}")
async def show(session: web.Read, actor: SignedIn, pid: str) -> dict[str, Any]:
    """The case as the caller may see it: state, whose turn, by when, parties, rooms, timeline, links."""
    view = await access.for_reading(session, actor, pid)
    return (await showing.document(session, view)).doc


@router.get("/cases/{pid}/gates")
async def own_gates(session: web.Read, actor: SignedIn, pid: str) -> dict[str, Any]:
    """What the caller, a party, is told and asked before the joint room; each text with the version to consent to."""
    _view, found, its_gates = await gates.own_gates(session, actor, pid)
    return {
        "gates": [
            {
                "name": gate.name.value,
                "title": gate.title,
                "done": gate.done,
                "waiting": gate.waiting,
                "text": gates.shown_text(found, gate.name) if not gate.waiting else None,
            }
            for gate in its_gates
        ]
    }


@router.get("/cases/{pid}/proposals")
async def propose(session: web.Read, actor: Staff, pid: str) -> dict[str, Any]:
    """Which body could take the case and who of it, each with its reasons; the second is the alternative (R10)."""
    view = await access.for_action(session, actor, pid, access.Do.ROUTE)
    return {"proposals": [one.public() for one in await proposals(session, view.case)]}


@router.post("/cases/{pid}/files", status_code=201, max_body_size=64 * 1024 * 1024)
async def add_files(request: Request, actor: SignedIn, pid: str, file: UploadFile) -> dict[str, Any]:
    """Add a paper to the case; everybody in it may read it. Private evidence belongs into a private room."""
    service = web.odr(request)
    async with service.db.read() as session:
        await access.for_action(session, actor, pid, access.Do.ADD_FILE)

    prepared = await evidence.prepare(file, service.settings)
    async with service.db.write() as session:
        view = await access.for_action(session, actor, pid, access.Do.ADD_FILE)
        await joining.add_file(session, view, prepared)
        return (await showing.document(session, view)).doc


@router.post("/invitations/uses")
async def take(request: Request, actor: SignedIn, data: schemas.Taken) -> JSONResponse:
    """Take an invitation by its link's token or its code, with a name. One neutral refusal for whatever is wrong."""
    pid = await joining.take(request, actor, token=data.token, code=data.code, name=data.name)
    if pid is None:
        raise Invalid({"name": _("没有核对上。请检查姓名，或联系发邀请给您的调委会。")})
    return JSONResponse({"case": pid}, status_code=201)


def _endpoint(action: Action) -> Callable[..., Awaitable[dict[str, Any]]]:
    async def act(request: Request, session: web.Write, actor: SignedIn, pid: str, data: Any) -> dict[str, Any]:
        view = await access.for_reading(session, actor, pid)
        await perform(Ctx(session, view, web.odr(request).settings.base_url), action, data)
        try:
            return (await showing.document(session, await access.view(session, actor, view.case))).doc
        except NotFound:
            return {"id": pid, "gone": True}

    act.__annotations__["data"] = action.schema
    act.__doc__ = action.title
    return act


for _noun, _one in ACTIONS.items():
    router.add_api_route(f"/cases/{{pid}}/{_noun}", _endpoint(_one), methods=["POST"], name=f"case_{_noun}")
