"""The first page, and the plain pages that everybody may read."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from odr.accounts.access import MaybeActor
from odr.accounts.edge import show
from odr.core import web

router = APIRouter()


@router.get("/")
async def home(request: Request, actor: MaybeActor) -> Response:
    """What this is and the two ways in. Staff go on to their desk."""
    if actor is not None and actor.is_staff:
        return web.see_other(request.app.state.desk_nav(actor)[0]["href"])
    return show(request, "home.html")


@router.get("/help/routes")
async def other_routes(request: Request, actor: MaybeActor) -> Response:
    """The routes besides mediation: arbitration, administrative decision, court (人民调解法 Art. 26)."""
    return show(request, "accounts/routes.html")


@router.get("/privacy")
async def privacy(request: Request, actor: MaybeActor) -> Response:
    """What is kept about people, who sees it, and for how long."""
    return show(request, "accounts/privacy.html")
