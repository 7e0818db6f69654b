"""The HTTP twin of the live line: the same ids, rules and answers, for when WebSockets are blocked."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, File, Query, UploadFile
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from odr.accounts.access import Actor, SignedIn
from odr.core import web
from odr.core.errors import Invalid
from odr.core.i18n import _
from odr.core.limits import Rule
from odr.evidence import service as evidence
from odr.rooms import service
from odr.rooms.access import member_of
from odr.rooms.models import Room
from odr.rooms.schemas import PAGE_MAX, SEARCH_MAX, SEQ_MAX, ReadIn, RecallIn, SayIn

router = APIRouter(prefix="/api/v1/rooms", tags=["rooms"])

_UPLOAD_CEILING = 64 * 1024 * 1024  # the service's own limit (ODR_UPLOAD_MAX_BYTES) lies below
SeqParam = Annotated[int | None, Query(ge=0, le=SEQ_MAX)]


def _say_rule() -> Rule:
    return Rule("rooms:say", "120/minute", _("发得太快了。请等几秒再发，您写的内容还在。"))


def _upload_rule() -> Rule:
    return Rule("rooms:upload", "60/hour", _("上传得太多了。请过一会儿再传。"))


def _json(value: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status_code=status, media_type="application/json")


@router.get("/{room}/lines")
async def lines(
    session: web.Read,
    actor: SignedIn,
    room: str,
    after: SeqParam = None,
    before: SeqParam = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
) -> Response:
    """Lines above `after`, below `before`, or the newest: `{epoch, head, lines, more}`."""
    if after is not None and before is not None:
        raise Invalid({"before": _("after 和 before 只能给一个。")})
    found, member = await member_of(session, actor, room)
    page = await service.page(session, found, member, before=before, after=after, limit=limit)
    return _json(
        {"epoch": page.epoch, "head": page.head, "lines": [one.public() for one in page.lines], "more": page.more}
    )


@router.get("/{room}/search")
async def search(
    request: Request,
    session: web.Read,
    actor: SignedIn,
    room: str,
    q: str = "",
    before: SeqParam = None,
    limit: Annotated[int, Query(ge=1, le=SEARCH_MAX)] = 20,
) -> Response:
    """Lines that hold all the words, newest first: `{epoch, head, lines, before, indexed}`."""
    question = service.asked(q)
    await web.odr(request).limiter.hit(service.search_rule(), actor.pid)
    found, member = await member_of(session, actor, room)
    answer = await service.search(session, found, member, question, before=before, limit=limit)
    return _json(
        {
            "epoch": answer.epoch,
            "head": answer.head,
            "lines": [one.public() for one in answer.lines],
            "before": answer.before,
            "indexed": answer.indexed,
        }
    )


@router.post("/{room}/lines", status_code=201)
async def say(request: Request, actor: SignedIn, room: str, line: SayIn) -> Response:
    """One line: 201, or 200 when it was stored before."""
    running = web.odr(request)
    await running.limiter.hit(_say_rule(), actor.pid)
    said = await service.say(running.db, actor, room, line)
    return _json(said.public(), 200 if said.repeated else 201)


@router.post("/{room}/recalls", status_code=201)
async def recall(request: Request, actor: SignedIn, room: str, given: RecallIn) -> Response:
    """Take back one's own line."""
    running = web.odr(request)
    await running.limiter.hit(_say_rule(), actor.pid)
    said = await service.recall(running.db, actor, room, given)
    return _json(said.public(), 200 if said.repeated else 201)


@router.put("/{room}/read", status_code=204)
async def read(request: Request, session: web.Read, actor: SignedIn, room: str, mark: ReadIn) -> Response:
    """Everything up to `seq` was seen."""
    await service.mark_read(web.odr(request).db, session, actor, room, mark.seq)
    return Response(status_code=204)


@router.post("/{room}/files", status_code=201, max_body_size=_UPLOAD_CEILING)
async def upload(request: Request, actor: SignedIn, room: str, file: Annotated[UploadFile, File()]) -> Response:
    """Take in a file of this room; nobody else sees it until a line shows it."""
    running = web.odr(request)
    async with running.db.read() as session:
        await _need_right(session, actor, room)
    await running.limiter.hit(_upload_rule(), actor.pid)
    prepared = await evidence.prepare(file, running.settings)
    async with running.db.write() as session:
        found = await _need_right(session, actor, room)
        kept = await evidence.keep(session, actor, prepared, "room", found.id)
    return _json(service.shown_file(kept), 201)


async def _need_right(session: AsyncSession, actor: Actor, room: str) -> Room:
    found, member = await member_of(session, actor, room)
    if not (found.writable and member.may_write):
        raise service.refused(service.Refusal.READ_ONLY)
    return found
