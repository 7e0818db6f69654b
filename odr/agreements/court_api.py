"""The court's own machine: it says what became of a request, with a key of the scope `court`."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Response

from odr.accounts import service as accounts
from odr.accounts.models import ApiKey
from odr.agreements import service
from odr.agreements.schemas import CourtWordIn
from odr.core.errors import NotFound, SignInNeeded
from odr.core.i18n import _
from odr.core.web import Read, Write

router = APIRouter()


async def _court_key(session: Read, x_api_key: Annotated[str, Header(max_length=128)] = "") -> ApiKey:
    """The key of a court. Raises SignInNeeded (401) for an unknown or ended one, or one of another scope."""
    try:
        return await accounts.check_api_key(session, x_api_key, "court")
    except NotFound:
        say = _("没有有效的接口密钥。请在请求头 X-API-Key 里带上密钥。")
        raise SignInNeeded(say, code="api_key_needed") from None


@router.post("/court/outcomes")
async def outcome(
    session: Write, key: Annotated[ApiKey, Depends(_court_key)], wanted: CourtWordIn, response: Response
) -> dict[str, Any]:
    """What the court decided on one request. 201 the first time, 200 for the same word again, 409 for another one."""
    row, is_new = await service.record_court_word(session, key, wanted)
    response.status_code = 201 if is_new else 200
    return {"request": row.pid, "outcome": row.outcome, "docket_no": row.docket_no}
