"""The checker's list on the agreement's page: ticking off what may stand."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from odr.accounts.access import SignedIn
from odr.agreements import board_pages, service
from odr.core import forms, web
from odr.core.errors import Conflict, Invalid

router = APIRouter(include_in_schema=False)


@router.post("/cases/{pid}/agreement/acknowledgements")
async def acknowledge(request: Request, actor: SignedIn, pid: str) -> Response:
    """The findings that were ticked stay as they are written."""
    form = await forms.read(request)
    try:
        async with web.write(request) as session:
            await service.acknowledge(session, actor, form.values.get("agreement", ""), form.many("finding"))
    except (Invalid, Conflict) as error:
        return await board_pages.board(request, actor, pid, error=error, values=form.values)
    return web.see_other(f"/cases/{pid}/agreement#checks")
