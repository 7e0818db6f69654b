"""The room's page: the island with what it starts from, and the same transcript and a form for who has no script."""

from functools import cache
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from odr.accounts.access import Actor, SignedIn
from odr.bodies.models import Body
from odr.cases import access, showing
from odr.cases.access import View
from odr.core import clock, csrf, forms, i18n, ids, web
from odr.core.errors import Invalid, NotFound, OdrError
from odr.core.templating import render
from odr.rooms import access as room_access
from odr.rooms import service as rooms
from odr.rooms.models import LineKind
from odr.rooms.schemas import SayIn

router = APIRouter()
# A phone shows little at first: the page is not compressed, and the room's script brings the rest by itself. Who goes
# back without a script gets whole pages.
_FIRST, _EARLIER = 10, 50


async def _room_page(
    request: Request, actor: Actor, pid: str, *, error: OdrError | None = None, values: dict[str, str] | None = None
) -> Response:
    async with web.read(request) as session:
        view = await access.for_reading(session, actor, pid)
        own = await rooms.rooms_for(session, pid, actor.person_id)
        if not own:
            raise NotFound()
        agreement = await showing.part(session, view, "agreement")
        body = await session.get(Body, view.case.body_id) if view.case.body_id is not None else None
        wanted = (values or {}).get("room") or request.query_params.get("room")
        room = next((one for one in own if one.pid == wanted), own[0])
        lines = await _lines(session, actor, room.pid, request.query_params.get("before"))
        return render(
            request,
            "room/room.html",
            status=error.status if error else 200,
            boot=_boot(request, actor, view, own, agreement, body.phone if body is not None else ""),
            own=[showing.room_brief(one) for one in own],
            room=room,
            lines=lines,
            shown_lines=shown_lines(lines.lines, actor),
            line_id=ids.new_line_id(),
            errors={"text": _sentence(error)} if error else {},
            values=values or {},
        )


def _sentence(error: OdrError) -> str:
    """The form has one field, so whatever was wrong was wrong there."""
    return next(iter(error.fields.values()), error.say) if isinstance(error, Invalid) else error.say


async def _lines(session: AsyncSession, actor: Actor, room_pid: str, before: str | None) -> rooms.Lines:
    room, member = await room_access.member_of(session, actor, room_pid)
    seq = int(before) if before and before.isdigit() and len(before) < 10 else None
    return await rooms.page(session, room, member, before=seq, limit=_FIRST if seq is None else _EARLIER)


@cache
def _catalogue(locale: str) -> dict[str, str]:
    """The island's texts in this language: of the catalogue, what was found in its sources. Chinese needs none."""
    po = i18n.LOCALE_DIR / locale / "LC_MESSAGES" / "odr.po"
    if locale == i18n.SOURCE or not po.exists():
        return {}
    from babel.messages.pofile import read_po  # slow to load, and only other languages ask for it

    with po.open("rb") as source:
        return {
            str(message.id): str(message.string)
            for message in read_po(source)
            if message.id and message.string and any("frontend/room" in place for place, _line in message.locations)
        }


def _brief(agreement: dict[str, Any] | None) -> dict[str, Any] | None:
    """What the bar above the composer tells of a draft."""
    if agreement is None:
        return None
    return {key: agreement.get(key) for key in ("id", "state", "accepted", "total", "my_turn")}


def shown_lines(lines: list[rooms.Line], actor: Actor) -> list[dict[str, Any]]:
    """The lines as the plain page draws them. Takings-back have no line of their own: the line taken back says so."""
    found: list[dict[str, Any]] = []
    for line in lines:
        if line.kind == LineKind.RECALL:
            continue
        body, at = line.body, clock.local(line.at)
        found.append(
            {
                "seq": line.seq,
                "kind": line.kind,
                "text": body.get("text") or "",
                "file": body.get("file"),
                "recalled": line.recalled,
                "own": line.author_pid == actor.pid,
                "name": line.author_name,
                "role": line.author_role,
                "role_label": rooms.role_label(line.author_role),
                "at": line.at,
                "time": f"{at:%H:%M}",
                "new_day": not found or clock.local(found[-1]["at"]).date() != at.date(),
            }
        )
    return found


def _boot(
    request: Request,
    actor: Actor,
    view: View,
    own: list[rooms.RoomView],
    agreement: dict[str, Any] | None,
    phone: str | None,
) -> dict[str, Any]:
    """What the island starts from; it asks for everything else itself."""
    at = f"/cases/{view.case.pid}"
    return {
        "me": {"id": actor.pid, "name": actor.name},
        "case": {
            "id": view.case.pid,
            "no": view.case.case_no,
            "title": view.case.title,
            "state": view.case.state,
            "state_label": view.state.label,
        },
        "rooms": [showing.room_brief(one) for one in own],
        "layout": "desk" if view.is_staff else "phone",
        "csrf": csrf.masked(request.state.csrf_token),
        "locale": i18n.locale(),
        "catalogue": _catalogue(i18n.locale()),
        "upload_max": web.odr(request).settings.upload_max_bytes,
        "links": {
            "case": at,
            "agreement": f"{at}/agreement",
            "file": at,
            "search": f"{at}/room/search",
            "signin": f"/login?next={at}/room",
            "call": f"tel:{phone or '12348'}",
        },
        "agreement": _brief(agreement),
    }


@router.get("/cases/{pid}/room")
async def room(request: Request, actor: SignedIn, pid: str) -> Response:
    """All rooms of one case in which this person sits."""
    return await _room_page(request, actor, pid)


@router.post("/cases/{pid}/room")
async def say(request: Request, actor: SignedIn, pid: str) -> Response:
    """A line from the plain form. Its id was made with the page, so a second tap is the same line."""
    form = await forms.read(request)
    values = form.values
    async with web.read(request) as session:
        await access.for_reading(session, actor, pid)
        own = {one.pid for one in await rooms.rooms_for(session, pid, actor.person_id)}
    wanted = values.get("room", "")
    if wanted not in own:
        raise NotFound()
    try:
        line = forms.parse(SayIn, {"id": values.get("line", ""), "text": values.get("text", "")})
        await rooms.say(web.odr(request).db, actor, wanted, line)
    except OdrError as error:
        return await _room_page(request, actor, pid, error=error, values=values)
    return web.see_other(f"/cases/{pid}/room?room={wanted}#composer")
