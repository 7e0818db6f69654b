"""For anyone who holds a paper: is it genuine, which version, does it stand. And not a word of what it says."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from odr.accounts.access import MaybeActor
from odr.agreements import seals
from odr.agreements import service as agreements
from odr.core import clock, web
from odr.core.errors import NotFound
from odr.core.i18n import N_, _
from odr.core.limits import Rule
from odr.core.templating import render
from odr.core.web import Read
from odr.evidence import genuine
from odr.evidence.genuine import Genuine

router = APIRouter(include_in_schema=False)
api = APIRouter()

# Codes are too long to be guessed; this keeps a machine from trying all the same.
_PER_IP = Rule("paper:check", "120/hour", N_("这个网络查得太多了。请过一会儿再查，或拨打 12348。"))


async def _look_up(request: Request, session: Read, given: str) -> Genuine:
    """Raises TooMany; NotFound, the same for what cannot be a code, is none, or is of no paper yet."""
    await web.odr(request).limiter.hit(_PER_IP, web.client_ip(request))
    check = genuine.read_code(given)
    found = await genuine.find(session, check) if check is not None else None
    if found is None:
        raise NotFound(_("没有查到这份文书。请看核对码抄对没有；抄对了还查不到，就不是从这里出的。"))
    return found


@router.get("/papers")
async def ask(request: Request, code: str = "") -> Response:
    """Type the check code that is printed on the paper."""
    if not code.strip():
        return _ask(request)
    check = genuine.read_code(code)
    if check is None:
        say = _("请照着纸上抄写 12 位核对码，例如 K7QM-3XRT-9FHW。")
        return _ask(request, 422, {"code": say}, code)
    return web.see_other(f"/papers/{genuine.grouped(check)}")


def _ask(
    request: Request, status: int = 200, errors: dict[str, str] | None = None, code: str = "", say: str = ""
) -> HTMLResponse:
    context: dict[str, Any] = {"errors": errors or {}, "values": {"code": code}, "say": say}
    return render(request, "dossier/genuine_ask.html", status=status, **context)


@router.get("/papers/certificate.pem")
async def certificate(request: Request) -> Response:
    """The root that a reader of PDFs imports to trust the signatures in sealed copies."""
    root = await seals.adapter(web.odr(request).settings).root()
    if root is None:
        raise NotFound()
    headers = {"content-disposition": 'attachment; filename="odr-wuhai-root.pem"'}
    return Response(root, media_type="application/x-pem-file", headers=headers)


@router.get("/papers/{check}")
async def shown(request: Request, actor: MaybeActor, check: str) -> HTMLResponse:
    """Where the QR on a paper leads."""
    async with web.read(request) as session:
        try:
            found = await _look_up(request, session, check)
        except NotFound as absent:
            return _ask(request, 404, code=check[:40], say=absent.say)
        take_in = await agreements.where_to_take_in(session, actor, found.check) if actor is not None else None
    return render(request, "dossier/genuine.html", paper=found, take_in=take_in)


@api.get("/papers/{check}")
async def told(request: Request, session: Read, check: str) -> dict[str, Any]:
    """The same for a program; nobody needs to be signed in."""
    found = await _look_up(request, session, check)
    return {
        "check": found.code,
        "kind": found.kind,
        "state": found.stand.value,
        "say": found.say,
        "body": found.body,
        "version": found.version,
        "moments": [{"label": label, "at": clock.iso(at)} for label, at in found.moments],
        "files": [{"sha256": sha256, "label": label} for sha256, label in found.files],
    }
