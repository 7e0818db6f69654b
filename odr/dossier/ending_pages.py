"""What a party takes along when talks failed, as one PDF."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from odr.accounts.access import SignedIn
from odr.core import paper, web
from odr.core.i18n import _
from odr.core.limits import Rule
from odr.core.web import Read
from odr.dossier import access, ending_pack
from odr.dossier.bundle import Bundle, gather
from odr.dossier.paper_pages import named

router = APIRouter(include_in_schema=False)
api = APIRouter()


@router.get("/cases/{pid}/endings/{party}.pdf")
async def as_pdf(request: Request, actor: SignedIn, pid: str, party: str) -> Response:
    say = _("取材料的次数太多了。请过一小时再取。")
    await web.odr(request).limiter.hit(Rule("dossier:ending", "40/hour", say), actor.pid)
    async with web.read(request) as session:
        b = await gather(session, await access.of_case(session, actor, pid))
    bound = await ending_pack.bound(b, party)
    name = f"{ending_pack.TITLE}-{b.no}.pdf"
    return Response(bound.data, media_type=paper.MIME, headers=named(name, "inline"))


@api.get("/cases/{pid}/endings")
async def listed(actor: SignedIn, session: Read, pid: str) -> list[dict[str, Any]]:
    """The parties whose papers the caller may take after talks failed; empty before."""
    return shown(await gather(session, await access.of_case(session, actor, pid)))


def shown(b: Bundle) -> list[dict[str, Any]]:
    at = f"/cases/{b.case.pid}/endings"
    return [
        {
            "party": seat.row.pid,
            "name": seat.row.name,
            "outcome": ending_pack.class_of(b)[0],
            "with_facts": ending_pack.has_facts(b),
            "pdf": f"{at}/{seat.row.pid}.pdf",
        }
        for seat in ending_pack.endings(b)
    ]
