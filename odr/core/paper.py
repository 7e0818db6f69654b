"""HTML to PDF, offline and the same bytes each time. Knows nothing of what is printed.

WeasyPrint needs Pango from the operating system. It is imported on first use, so that a machine without Pango still
serves everything but PDFs, and says so in one sentence.
"""

import asyncio
import hashlib
import logging
import threading
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


def _pdf(html: str) -> bytes:
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except OSError as missing:
        log.error("paper.no_printer", error=str(missing)[:120])
        raise NoPrinter() from None
    # The identifier of a PDF is random by default; from the content it is the same each time.
    identifier = hashlib.sha256(html.encode()).digest()[:16]
    logging.getLogger("weasyprint").setLevel(logging.ERROR)  # rules for screens alone are no news
    nobody = URLFetcher(allowed_protocols=())
    with _one_at_a_time:
        document = HTML(string=html, base_url="about:blank", url_fetcher=nobody)
        made: bytes | None = document.write_pdf(pdf_identifier=identifier, pdf_tags=True)
    if made is None:
        raise NoPrinter()
    return made


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
