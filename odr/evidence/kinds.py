"""What a file really is, by its bytes. The name and the sender's word for it count for nothing."""

import zipfile
from typing import IO

from odr.core.errors import Invalid
from odr.core.i18n import _

JPEG, PNG, WEBP = "image/jpeg", "image/png", "image/webp"
PDF = "application/pdf"
MP3, M4A, MP4 = "audio/mpeg", "audio/mp4", "video/mp4"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

IMAGES = frozenset({JPEG, PNG, WEBP})
PAPERS = IMAGES | {PDF}
ALL = PAPERS | {MP3, M4A, MP4, DOCX, XLSX}

EXTENSIONS = {
    JPEG: "jpg",
    PNG: "png",
    WEBP: "webp",
    PDF: "pdf",
    MP3: "mp3",
    M4A: "m4a",
    MP4: "mp4",
    DOCX: "docx",
    XLSX: "xlsx",
}
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"avif"})
_MP4_BRANDS = frozenset({b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"mmp4"})
_M4A_BRANDS = frozenset({b"M4A ", b"M4B "})
_OFFICE_PARTS = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX}
_ENTRIES_MAX = 2000
_UNPACKED_MAX = 200 * 1024 * 1024


def refuse(say: str) -> Invalid:
    error = Invalid({"file": say}, say=say)
    error.code = "bad_file"
    return error


def sniff(stream: IO[bytes], allow: frozenset[str]) -> str:
    """The kind of a file, if it is one of `allow`. Raises Invalid with what to do instead."""
    stream.seek(0)
    head = stream.read(64)
    if not head:
        raise refuse(_("这个文件是空的。请重新选择。"))
    mime = _by_magic(head)
    if mime == "zip":
        mime = _office(stream)
    elif mime == PDF and not _ends_like_pdf(stream):
        raise refuse(_("这个 PDF 不完整，可能没有传完。请重新选择。"))
    if mime == "heic":
        raise refuse(_("暂不支持这种照片格式（HEIC）。请在手机相机设置里选“兼容性最佳”，或者截一张图再上传。"))
    if mime is None or mime not in allow:
        raise refuse(_("不支持这种文件。可以上传：%(kinds)s。", kinds=_names(allow)))
    stream.seek(0)
    return mime


def _names(allow: frozenset[str]) -> str:
    found = []
    if allow & IMAGES:
        found.append(_("照片（JPG、PNG、WebP）"))
    found += [EXTENSIONS[mime].upper() for mime in (PDF, MP3, M4A, MP4, DOCX, XLSX) if mime in allow]
    return _("、").join(found)


def _by_magic(head: bytes) -> str | None:
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head.startswith(b"%PDF-"):
        return PDF
    if head.startswith(b"PK\x03\x04"):
        return "zip"
    if head[4:8] == b"ftyp":
        return _by_brand(head[8:12])
    return MP3 if head.startswith(b"ID3") or _is_mp3_frame(head) else None


def _by_brand(brand: bytes) -> str | None:
    if brand in _HEIC_BRANDS:
        return "heic"
    if brand in _M4A_BRANDS:
        return M4A
    return MP4 if brand in _MP4_BRANDS else None


def _is_mp3_frame(head: bytes) -> bool:
    """A whole frame header: sync, a real version, layer III, a real bit rate and sampling rate."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    return version != 1 and layer == 1 and head[2] >> 4 not in (0, 15) and head[2] >> 2 & 3 != 3


def _ends_like_pdf(stream: IO[bytes]) -> bool:
    stream.seek(0, 2)
    stream.seek(max(0, stream.tell() - 4096))
    return b"%%EOF" in stream.read()


def _office(stream: IO[bytes]) -> str | None:
    """Word or Excel without macros, judged by the table of contents alone: nothing is unpacked."""
    try:
        with zipfile.ZipFile(stream) as package:
            entries = package.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise refuse(_("这个文件打不开，可能已经损坏。请重新选择。")) from None
    names = {entry.filename for entry in entries}
    if len(entries) > _ENTRIES_MAX or sum(entry.file_size for entry in entries) > _UNPACKED_MAX:
        raise refuse(_("这个文件展开后太大了。请另存为 PDF 再上传。"))
    if "[Content_Types].xml" not in names:
        return None
    if any("vbaproject" in name.lower() or name.lower().endswith(".bin") for name in names):
        raise refuse(_("这个文件里带有宏，不能上传。请另存为 PDF 再上传。"))
    return next((mime for part, mime in _OFFICE_PARTS.items() if part in names), None)
