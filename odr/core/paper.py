"""HTML to PDF, offline and the same bytes each time. Knows nothing of what is printed.

WeasyPrint needs Pango from the operating system. It is imported on first use, so that a machine without Pango still
serves everything but PDFs, and says so in one sentence.
"""

import asyncio
import hashlib
import logging
import threading
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from odr.core.errors import OdrError
from odr.core.i18n import _
from odr.core.log import log

# Layout is pure Python and heavy: one paper at a time leaves the second core to the people in the rooms.
_one_at_a_time = threading.Lock()

MIME = "application/pdf"


class NoPrinter(OdrError):
    """This machine cannot make PDFs (Pango is missing). 503; the page offers the print view instead."""

    status = 503
    code = "no_printer"

    def default(self) -> str:
        return _(
            "这台服务器缺少排版组件 Pango，暂时不能生成 PDF。"
            "请管理员运行 odr doctor 查看安装方法；您可以先用“打印页面”。"
        )


async def pdf(html: str) -> bytes:
    """The PDF of a whole HTML document with its own styles. The same HTML gives the same bytes on one machine.

    Nothing is fetched: an address in the text cannot make the server call anyone. Raises NoPrinter.
    """
    return await asyncio.to_thread(_pdf, html)


async def paged(html: str) -> tuple[bytes, list[list[str]]]:
    """The same bytes as `pdf`, and the paragraphs that stand on each page, in order. Raises NoPrinter."""
    return await asyncio.to_thread(_paged, html)


def _pdf(html: str) -> bytes:
    return _paged(html)[0]


def _paged(html: str) -> tuple[bytes, list[list[str]]]:
    with _one_at_a_time:
        document = layout(html)
        return write(document, html), [paragraphs(page) for page in document.pages]


def layout(html: str) -> Any:
    """The laid-out document of WeasyPrint. Pictures inside the text (`data:`) are drawn; nothing is fetched."""
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except OSError as missing:
        log.error("paper.no_printer", error=str(missing)[:120])
        raise NoPrinter() from None
    logging.getLogger("weasyprint").setLevel(logging.ERROR)  # rules for screens alone are no news
    nobody = URLFetcher(allowed_protocols=("data",))
    return HTML(string=html, base_url="about:blank", url_fetcher=nobody).render()


def write(document: Any, html: str) -> bytes:
    """The bytes of a laid-out document. Raises NoPrinter."""
    # The identifier of a PDF is random by default; from the content it is the same each time.
    identifier = hashlib.sha256(html.encode()).digest()[:16]
    made: bytes | None = document.write_pdf(pdf_identifier=identifier, pdf_tags=True)
    if made is None:
        raise NoPrinter()
    return made


def paragraphs(page: Any) -> list[str]:
    """What stands on one laid-out page: a paragraph, heading or row of a table each, without the margins."""
    found: list[str] = []
    _gather(page._page_box, found)
    return [text for text in (" ".join(one.split()) for one in found) if text]


def _gather(box: Any, found: list[str]) -> None:
    kind = type(box).__name__
    if kind in ("MarginBox", "FootnoteAreaBox"):
        return
    lines = [child for child in getattr(box, "children", ()) if type(child).__name__ == "LineBox"]
    if lines:
        found.append("".join(_words(line) for line in lines))
        return
    if kind == "TableRowBox":
        cells: list[str] = []
        for cell in box.children:
            inside: list[str] = []
            _gather(cell, inside)
            cells.append("".join(inside))
        found.append("　".join(cells))
        return
    for child in getattr(box, "children", ()):
        _gather(child, found)


def _words(box: Any) -> str:
    return getattr(box, "text", "") + "".join(_words(child) for child in getattr(box, "children", ()))


def page(request: Request, html: str) -> HTMLResponse:
    """The paper as a page, for reading and for the browser's printer. It carries its own style, which this one answer
    allows by its nonce."""
    nonce: str = request.state.nonce
    answered = HTMLResponse(html.replace("<style>", f'<style nonce="{nonce}">', 1))
    answered.headers["content-security-policy"] = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
    )
    return answered


async def answer(request: Request, html: str, name: str) -> Response:
    """The paper as a PDF under its Chinese name; on a machine that cannot make PDFs, as a page to print."""
    try:
        data = await pdf(html)
    except NoPrinter:
        return page(request, html)
    headers = {"content-disposition": f"inline; filename*=UTF-8''{quote(name)}"}
    return Response(data, media_type=MIME, headers=headers)
