"""The transcript as plain pages: looking for words in one room, and reading from any line on, without script too."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from odr.accounts.access import SignedIn
from odr.cases import access, showing
from odr.cases.room_pages import shown_lines
from odr.core import clock, web
from odr.core.errors import Invalid, NotFound
from odr.core.templating import render
from odr.rooms import access as room_access
from odr.rooms import service as rooms

router = APIRouter()

_AROUND = 25
_BEFORE_HIT, _AFTER_HIT = 30, 140


@router.get("/cases/{pid}/room/search")
async def search(request: Request, actor: SignedIn, pid: str) -> Response:
    """Words in the transcript of one room, newest hits first; the question stands in the address."""
    asked = request.query_params.get("q")
    question, errors = None, {}
    if asked is not None:
        try:
            question = rooms.asked(asked)
        except Invalid as error:
            errors = error.fields
    if question is not None:
        await web.odr(request).limiter.hit(rooms.search_rule(), actor.pid)
    async with web.read(request) as session:
        view = await access.for_reading(session, actor, pid)
        own = await rooms.rooms_for(session, pid, actor.person_id)
        room = _wanted(request, own)
        found = None
        if question is not None:
            row, member = await room_access.member_of(session, actor, room.pid)
            found = await rooms.search(session, row, member, question, before=_seq(request, "before"))
    hits = []
    if found is not None and question is not None:
        hits = [_hit(line, question.marked(rooms.findable(line.raw))) for line in found.lines]
    return render(
        request,
        "room/search.html",
        status=422 if errors else 200,
        case=view.case,
        own=own,
        room=room,
        asked=asked or "",
        errors=errors,
        found=found,
        hits=hits,
        scanned=rooms.SCANNED,
    )


@router.get("/cases/{pid}/room/transcript")
async def transcript(request: Request, actor: SignedIn, pid: str) -> Response:
    """Lines around a seq (`around`), below one (`before`), above one (`after`), or the newest."""
    async with web.read(request) as session:
        view = await access.for_reading(session, actor, pid)
        own = await rooms.rooms_for(session, pid, actor.person_id)
        room = _wanted(request, own)
        row, member = await room_access.member_of(session, actor, room.pid)
        around, after = _seq(request, "around"), _seq(request, "after")
        if around is not None:
            # From the line itself on, and what lies before it: long lines may fill either half, never push it out.
            older = await rooms.page(session, row, member, before=around, limit=_AROUND)
            newer = await rooms.page(session, row, member, after=max(0, around - 1), limit=_AROUND)
            lines = older.lines + newer.lines
            has_older, has_newer = older.more, newer.more
        else:
            page = await rooms.page(session, row, member, before=_seq(request, "before"), after=after, limit=50)
            lines = page.lines
            has_newer = page.more if after is not None else bool(lines) and lines[-1].seq < page.head
            has_older = bool(lines) and lines[0].seq > member.joined_seq + 1
    at = f"?room={room.pid}"
    return render(
        request,
        "room/transcript.html",
        case=view.case,
        own=[showing.room_brief(one) for one in own],
        room=room,
        shown_lines=shown_lines(lines, actor),
        older=f"{at}&before={lines[0].seq}" if lines and has_older else None,
        newer=f"{at}&after={lines[-1].seq}" if lines and has_newer else None,
    )


def _wanted(request: Request, own: list[rooms.RoomView]) -> rooms.RoomView:
    """The room the address names, of those in which this person sits; else the first. Raises NotFound."""
    if not own:
        raise NotFound()
    wanted = request.query_params.get("room")
    return next((one for one in own if one.pid == wanted), own[0])


def _seq(request: Request, name: str) -> int | None:
    given = request.query_params.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else None


def _hit(line: rooms.Line, pieces: list[rooms.Piece]) -> dict[str, Any]:
    """A line that was found: who and when, and as much of its text as stands around the first word."""
    at = clock.local(line.at)
    return {
        "seq": line.seq,
        "name": line.author_name,
        "role": line.author_role,
        "role_label": rooms.role_label(line.author_role),
        "at": line.at,
        "time": f"{at:%H:%M}",
        "pieces": _cut(pieces),
    }


def _cut(pieces: list[rooms.Piece]) -> list[rooms.Piece]:
    first = next((n for n, piece in enumerate(pieces) if piece.hit), 0)
    lead = "".join(piece.text for piece in pieces[:first])
    kept = [rooms.Piece("…" + lead[-_BEFORE_HIT:] if len(lead) > _BEFORE_HIT else lead, False)] if lead else []
    left = _AFTER_HIT
    for piece in pieces[first:]:
        kept.append(rooms.Piece(piece.text[:left] + ("…" if len(piece.text) > left else ""), piece.hit))
        left -= len(piece.text)
        if left <= 0:
            break
    return kept
