"""The copy of a photo that is shown: drawn anew, upright, without place, device or any other hidden data.

The original keeps all of that, sealed, because it is the evidence (民事证据规定 Art. 15).
"""

import io
from dataclasses import dataclass
from typing import IO, Any

from PIL import Image, ImageFile, ImageOps
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from odr.core.i18n import _
from odr.evidence.kinds import JPEG, PNG, WEBP, refuse

_SHOWN_EDGE = 3000
_THUMB_EDGE = 480
# Phones take 108 and 200 million pixels; a JPEG of that size is decoded at an eighth, the others as they are.
_JPEG_PIXELS = 220_000_000
_OTHER_PIXELS = 50_000_000
# The classes by name, not Image.open: only these decoders ever see a stranger's bytes, multi-picture JPEGs included.
_READERS: dict[str, Any] = {JPEG: JpegImageFile, PNG: PngImageFile, WEBP: WebPImageFile}
_FORMATS = {JPEG: "JPEG", PNG: "PNG", WEBP: "WEBP"}

Image.MAX_IMAGE_PIXELS = None  # asked below, before anything is decoded


@dataclass(frozen=True, slots=True)
class Drawn:
    """The copy, its small form (JPEG), and its size in pixels."""

    shown: bytes
    thumb: bytes
    width: int
    height: int


def redraw(stream: IO[bytes], mime: str) -> Drawn:
    """Decode and draw anew. Raises Invalid for what is no picture, or too big a one. Slow: run it in a thread."""
    stream.seek(0)
    # WeasyPrint turns this on for the whole process when the first paper is made, and broken or oversize chunks pass.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with _READERS[mime](stream) as picture:
            return _draw(picture, mime)
    except (OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, OverflowError):
        raise refuse(_("这张照片打不开，可能已经损坏。请重新选择，或者截一张图再上传。")) from None


def _draw(picture: Image.Image, mime: str) -> Drawn:
    if picture.width * picture.height > (_JPEG_PIXELS if mime == JPEG else _OTHER_PIXELS):
        raise refuse(_("这张照片的尺寸太大了。请截一张图，或用较低的清晰度重新拍。"))
    picture.draft("RGB", (_SHOWN_EDGE, _SHOWN_EDGE))
    upright = ImageOps.exif_transpose(picture)
    see_through = mime != JPEG and ("A" in upright.getbands() or "transparency" in upright.info)
    clean = upright.convert("RGBA" if see_through else "RGB")
    clean.thumbnail((_SHOWN_EDGE, _SHOWN_EDGE), Image.Resampling.LANCZOS)
    clean.info.clear()
    shown = io.BytesIO()
    clean.save(shown, _FORMATS[mime], quality=88)
    return Drawn(shown.getvalue(), _small(clean), clean.width, clean.height)


def _small(picture: Image.Image) -> bytes:
    small = picture.copy()
    small.thumbnail((_THUMB_EDGE, _THUMB_EDGE), Image.Resampling.LANCZOS)
    if small.mode == "RGBA":
        paper = Image.new("RGB", small.size, "white")
        paper.paste(small, mask=small.getchannel("A"))
        small = paper
    out = io.BytesIO()
    small.save(out, "JPEG", quality=80)
    return out.getvalue()
