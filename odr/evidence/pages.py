"""`GET /files/{pid}` and its thumb: the shown copy, to who may open it, as bytes that run nowhere."""

from collections.abc import Iterator
from urllib.parse import quote

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from odr.accounts.access import Actor, SignedIn
from odr.core import web
from odr.evidence import access
from odr.evidence.kinds import IMAGES, PDF
from odr.evidence.models import File
from odr.evidence.vault import vault

router = APIRouter()


@router.get("/files/{pid}", include_in_schema=False)
async def shown(request: Request, actor: SignedIn, pid: str) -> Response:
    """The shown copy, whole or a range."""
    file = await _file(request, actor, pid)
    return await _answer(request, file.shown, file.shown_mime, file.name)


@router.get("/files/{pid}/thumb", include_in_schema=False)
async def thumb(request: Request, actor: SignedIn, pid: str) -> Response:
    """The small picture of a photo."""
    file = await _file(request, actor, pid)
    if file.thumb is None:
        raise access.unknown_file()
    return await _answer(request, file.thumb, "image/jpeg", file.name)


async def _file(request: Request, actor: Actor, pid: str) -> File:
    async with web.read(request) as session:
        return await access.for_reading(session, actor, pid)


async def _answer(request: Request, part: str, mime: str, name: str) -> Response:
    try:
        size = await run_in_threadpool(vault().size, part)
    except FileNotFoundError:
        raise access.unknown_file() from None
    # Only what was drawn anew here, and PDF, opens in the page; the sandbox takes its scripts and its origin away.
    inline = mime in IMAGES or mime == PDF
    headers = {
        "content-disposition": f"{'inline' if inline else 'attachment'}; filename*=UTF-8''{quote(name, safe='')}",
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox",
        "x-content-type-options": "nosniff",
        "cache-control": "private, no-store",
        "cross-origin-resource-policy": "same-origin",
        "accept-ranges": "bytes",
    }
    start, stop, status = 0, size, 200
    asked = _range(request.headers.get("range", ""), size)
    if asked is not None:
        start, stop = asked
        if start >= stop:
            return Response(status_code=416, headers=headers | {"content-range": f"bytes */{size}"})
        status = 206
        headers["content-range"] = f"bytes {start}-{stop - 1}/{size}"
    headers["content-length"] = str(stop - start)
    pieces: Iterator[bytes] = vault().read(part, start, stop)
    return StreamingResponse(pieces, status_code=status, media_type=mime, headers=headers)


def _range(asked: str, size: int) -> tuple[int, int] | None:
    """One range as players ask for it; None for none or for anything fancier, which is answered with the whole."""
    first, dash, last = asked.removeprefix("bytes=").partition("-")
    digits = first + last
    if not asked.startswith("bytes=") or not dash or not digits.isascii() or not digits.isdigit() or len(digits) > 24:
        return None
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(size, int(last) + 1) if last else size
