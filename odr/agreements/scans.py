"""The scan of a sheet signed by hand: one file, or a photo of each page, bound in their order into one."""

import asyncio
import io
from collections.abc import Sequence

from starlette.datastructures import UploadFile

from odr.core import paper
from odr.core.errors import Invalid, TooLarge
from odr.core.i18n import _
from odr.core.settings import Settings
from odr.evidence import service as evidence
from odr.evidence.kinds import sniff

MOST_FILES = 12
_KINDS = evidence.IMAGES | {paper.MIME}
_DPI = 150.0


async def taken(files: Sequence[UploadFile], settings: Settings) -> evidence.Prepared:
    """The files as one, taken in outside any transaction. A single one stays the bytes it is.

    Raises Invalid({"file": …}) for none, too many, or what is neither photo nor PDF; TooLarge past the limit of a file.
    """
    if not files:
        raise Invalid({"file": _("请拍照或扫描签好的纸。")})
    if len(files) > MOST_FILES:
        raise Invalid({"file": _("一次最多 %(n)s 张照片。", n=MOST_FILES)})
    if len(files) == 1:
        return await evidence.prepare(files[0], settings, allow=_KINDS)
    pages = [await file.read() for file in files]
    if sum(map(len, pages)) > settings.upload_max_bytes:
        raise TooLarge()
    return await evidence.prepare_bytes("签好的纸.pdf", paper.MIME, await asyncio.to_thread(_bound, pages))


def _bound(files: Sequence[bytes]) -> bytes:
    from PIL import Image
    from pypdf import PdfReader, PdfWriter
    from pypdf.errors import PyPdfError

    from odr.evidence.images import redraw

    out = PdfWriter()
    for n, data in enumerate(files, start=1):
        stream = io.BytesIO(data)
        mime = sniff(stream, _KINDS)
        if mime != paper.MIME:
            page = io.BytesIO()
            with Image.open(io.BytesIO(redraw(stream, mime).shown)) as upright:
                upright.convert("RGB").save(page, "PDF", resolution=_DPI, quality=90)
            stream = page
        try:
            out.append(PdfReader(stream))
        except (PyPdfError, ValueError, KeyError):
            raise Invalid({"file": _("第 %(n)s 个文件打不开。请重新选择。", n=n)}) from None
    made = io.BytesIO()
    out.write(made)
    return made.getvalue()
