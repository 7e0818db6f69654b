"""Files from strangers: what is taken in, how it is kept, and how it is shown."""

import hashlib
import io
import os
import struct
import time
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from sqlalchemy import text
from starlette.datastructures import UploadFile

from odr.core import paper
from odr.core.db import Database
from odr.core.errors import Invalid, TooLarge
from odr.core.settings import Settings
from odr.evidence import access, service
from odr.evidence.models import File
from odr.evidence.service import Prepared
from odr.evidence.vault import vault
from tests.cast import Cast

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(200_000)


def photo(size: tuple[int, int] = (64, 48), kind: str = "JPEG", mode: str = "RGB", **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "teal").save(out, kind, **more)
    return out.getvalue()


def office(*parts: str, size: int = 10) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for part in ("[Content_Types].xml", *parts):
            package.writestr(part, b"0" * size)
    return out.getvalue()


def upload(data: bytes, name: str = "a.jpg") -> UploadFile:
    return UploadFile(io.BytesIO(data), filename=name)


@pytest.fixture
def vault_of(tmp_path: Path) -> Path:
    service.configure(tmp_path)
    return tmp_path


@pytest.fixture
def limits() -> Settings:
    return Settings(secret_key="x" * 40, upload_max_bytes=1024 * 1024)


def parts(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "files").rglob("*") if path.is_file())


# --- what is taken in -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "name", "mime", "shown_as"),
    [
        (photo(), "照片.jpg", "image/jpeg", "照片.jpg"),
        (photo(kind="PNG"), "图.png", "image/png", "图.png"),
        (photo(kind="PNG", mode="RGBA"), "透明.png", "image/png", "透明.png"),
        (photo(kind="PNG", mode="P"), "p.png", "image/png", "p.png"),
        (photo(kind="PNG", mode="1"), "bw.png", "image/png", "bw.png"),
        (photo(kind="JPEG", mode="CMYK"), "cmyk.jpg", "image/jpeg", "cmyk.jpg"),
        (photo(kind="WEBP"), "图.webp", "image/webp", "图.webp"),
        (PDF, "合同.pdf", "application/pdf", "合同.pdf"),
        (MP4, "录像.mp4", "video/mp4", "录像.mp4"),
        (b"\0\0\0\x18ftypM4A \0\0\0\0M4A isom" + bytes(99), "录音.m4a", "audio/mp4", "录音.m4a"),
        (b"ID3\x04" + bytes(200), "录音.mp3", "audio/mpeg", "录音.mp3"),
        (b"\xff\xfb\x90\x00" + bytes(200), "录音.mp3", "audio/mpeg", "录音.mp3"),
        (office("word/document.xml"), "情况.docx", None, "情况.docx"),
        (office("xl/workbook.xml"), "账.xlsx", None, "账.xlsx"),
        (photo(), "../../../etc/passwd", "image/jpeg", "passwd.jpg"),
        (photo(), "C:\\fakepath\\票据.exe", "image/jpeg", "票据.jpg"),
        (photo(), "\u202egpj.exe", "image/jpeg", "gpj.jpg"),
        (photo(), "a\x00b\nc.jpg", "image/jpeg", "abc.jpg"),
        (photo(), "", "image/jpeg", "文件.jpg"),
        (photo(), "长" * 300 + ".jpg", "image/jpeg", "长" * 100 + ".jpg"),
        (photo(), "<img src=x onerror=1>.jpg", "image/jpeg", "img src=x onerror=1.jpg"),
    ],
)
async def test_files_of_the_list_are_taken_by_content(
    vault_of: Path, limits: Settings, data: bytes, name: str, mime: str | None, shown_as: str
) -> None:
    found = await service.prepare(upload(data, name), limits)
    assert (found.name, found.size, found.sha256) == (shown_as, len(data), hashlib.sha256(data).hexdigest())
    assert mime is None or found.mime == mime
    assert vault().read_all(found.original) == data
    for path in (vault_of / "files").rglob("*"):
        if path.is_file():
            assert path.stat().st_mode & 0o777 == 0o600
            assert data[:40] not in path.read_bytes(), "sealed at rest"


def png_of(width: int, height: int) -> bytes:
    """A PNG that says it is huge and holds almost nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(10**6))) + chunk(b"IEND", b"")
    )


def jpeg_of(width: int, height: int) -> bytes:
    """A small JPEG whose header was changed to a huge size."""
    data = bytearray(photo())
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def text_bomb() -> bytes:
    info = PngInfo()
    info.add_text("x", "0" * 70_000_000, zip=True)
    return photo(kind="PNG", pnginfo=info)


HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "html": b"<html><script>alert(1)</script>",
    "html after a byte order mark": b"\xef\xbb\xbf<!doctype html>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "xml": b'<?xml version="1.0"?><x/>',
    "script": b"#!/bin/sh\nrm -rf /",
    "windows program": b"MZ" + bytes(100),
    "linux program": b"\x7fELF" + bytes(100),
    "java class": b"\xca\xfe\xba\xbe" + bytes(100),
    "shortcut": b"L\0\0\0\x01\x14\x02\0" + bytes(100),
    "gif": photo(kind="GIF"),
    "bmp": photo(kind="BMP"),
    "tiff": photo(kind="TIFF"),
    "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100),
    "mov": b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + bytes(100),
    "gzip": b"\x1f\x8b" + bytes(100),
    "rar": b"Rar!\x1a\x07\0" + bytes(100),
    "old word": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "zip": office()[:0] + b"PK\x03\x04" + bytes(40),
    "zip without office": office("evil.html"),
    "zip slip": office("../../etc/cron.d/x"),
    "docx with macros": office("word/document.xml", "word/vbaProject.bin"),
    "xlsx with an object": office("xl/workbook.xml", "xl/embeddings/oleObject1.bin"),
    "zip bomb": office("word/document.xml", *(f"word/{n}.xml" for n in range(60)), size=5_000_000),
    "zip of many": office("word/document.xml", *(f"word/{n}.xml" for n in range(2100)), size=0),
    "pdf cut short": PDF[:20],
    "pdf with a prefix": b"<script>" + PDF,
    "jpeg with a html head": b"<html>" + photo(),
    "jpeg cut short": photo(size=(400, 400))[:300],
    "jpeg of three bytes": b"\xff\xd8\xff",
    "jpeg of noise": b"\xff\xd8\xff\xe0" + os.urandom(500),
    "huge jpeg": jpeg_of(60000, 60000),
    "png cut short": photo(kind="PNG")[:40],
    "huge png": png_of(60000, 60000),
    "png of no size": png_of(0, 0),
    "png with a text bomb": text_bomb(),
    "webp of noise": b"RIFF\x24\0\0\0WEBPVP8 " + os.urandom(40),
    "mpeg sync of zeros": b"\xff\xe0" + bytes(100),
    "utf-16 html": "<html>".encode("utf-16"),
}


@pytest.mark.parametrize("kind", HOSTILE)
async def test_anything_else_is_refused_with_a_sentence_and_leaves_nothing(
    vault_of: Path, limits: Settings, kind: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await service.prepare(upload(HOSTILE[kind], "合同.jpg"), limits)
    assert refused.value.fields["file"] == refused.value.say
    assert refused.value.say.endswith("。")
    assert parts(vault_of) == []


async def test_a_png_that_only_claims_to_be_large_is_decoded_within_bounds(vault_of: Path, limits: Settings) -> None:
    with pytest.raises(Invalid):
        await service.prepare(upload(png_of(7000, 7000), "a.png"), limits)


async def test_the_limit_counts_while_the_bytes_come_in(vault_of: Path, limits: Settings) -> None:
    with pytest.raises(TooLarge):
        await service.prepare(upload(MP4[:64] + bytes(1024 * 1024), "a.mp4"), limits)
    assert parts(vault_of) == []


async def test_a_caller_may_allow_less(vault_of: Path, limits: Settings) -> None:
    with pytest.raises(Invalid):
        await service.prepare(upload(PDF, "a.pdf"), limits, allow=service.IMAGES)
    assert (await service.prepare(upload(PDF, "a.pdf"), limits, allow=service.PAPERS)).mime == "application/pdf"


async def test_the_shown_photo_tells_neither_place_nor_device(vault_of: Path, limits: Settings) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "CanaryPhone", 6
    exif.get_ifd(0x8825)[2] = (39.0, 39.0, 39.0)
    data = photo((400, 200), exif=exif.tobytes(), comment=b"CanaryComment", xmp=b"<x:xmpmeta>CanaryXmp</x:xmpmeta>")
    assert b"CanaryPhone" in data
    assert b"CanaryComment" in data
    found = await service.prepare(upload(data), limits)
    assert vault().read_all(found.original) == data
    assert found.thumb is not None
    for part in (found.shown, found.thumb):
        shown = vault().read_all(part)
        assert b"Canary" not in shown
        with Image.open(io.BytesIO(shown)) as picture:
            assert not picture.getexif()
            assert picture.height > picture.width, "turned upright, as it was taken"
    assert (found.width, found.height) == (200, 400)


async def test_a_large_photo_is_shown_smaller_and_kept_whole(vault_of: Path) -> None:
    data = photo((6000, 4000))
    found = await service.prepare(upload(data), Settings(secret_key="x" * 40))
    assert (found.width, found.height) == (3000, 2000)
    assert found.size == len(data)


# --- how it is kept -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 3 * 65536, 200_000])
async def test_any_range_of_a_sealed_file_can_be_read(vault_of: Path, size: int) -> None:
    data = os.urandom(size)
    found = await service.prepare_bytes("决定书.pdf", "application/pdf", data)
    assert vault().size(found.original) == size
    assert vault().read_all(found.original) == data
    for start, stop in ((0, 1), (65530, 65540), (65536, 65537), (131071, 131074), (size - 1, size), (size, size + 5)):
        if start >= 0:
            assert b"".join(vault().read(found.original, start, stop)) == data[start:stop]


@pytest.mark.parametrize("harm", ["flip", "cut a byte", "cut a chunk", "swap", "another file"])
async def test_a_sealed_file_that_was_touched_does_not_open(vault_of: Path, harm: str) -> None:
    chunk = 65536 + 16
    one, two = [await service.prepare_bytes("a.pdf", "application/pdf", os.urandom(200_000)) for _ in range(2)]
    path = vault().path(one.original)
    data = bytearray(path.read_bytes())
    if harm == "flip":
        data[100] ^= 1
    elif harm == "cut a byte":
        del data[-1]
    elif harm == "cut a chunk":
        del data[16 + 3 * chunk :]
    elif harm == "swap":
        data[16 : 16 + 2 * chunk] = data[16 + chunk : 16 + 2 * chunk] + data[16 : 16 + chunk]
    else:
        data = bytearray(vault().path(two.original).read_bytes())
    path.write_bytes(data)
    with pytest.raises(InvalidTag):
        vault().read_all(one.original)


@pytest.mark.parametrize("name", ["../x.original", "a/b.original", "ab.exe", "ab.original/..", "", "ab.original\n"])
async def test_no_name_leads_out_of_the_vault(vault_of: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        vault().path(name)


async def kept(db: Database, cast: Cast, prepared: Prepared, holder: str = "case") -> File:
    async with db.write() as session:
        return await service.keep(session, cast.applicant.actor, prepared, holder, 1)


async def test_what_was_prepared_and_never_kept_is_swept(db: Database, cast: Cast) -> None:
    wanted, dropped, fresh = [await service.prepare_bytes("a.pdf", "application/pdf", PDF) for _ in range(3)]
    await kept(db, cast, wanted)
    old = time.time() - 3600
    for one in (wanted, dropped):
        os.utime(vault().path(one.original), (old, old))
    assert await service.sweep(db) == 1
    assert vault().path(wanted.original).exists()
    assert not vault().path(dropped.original).exists()
    assert vault().path(fresh.original).exists()


async def test_verification_names_the_file(db: Database, cast: Cast) -> None:
    files = [await kept(db, cast, await service.prepare_bytes("a.pdf", "application/pdf", PDF)) for _ in range(4)]

    async def faults() -> list[str]:
        async with db.read() as session:
            return [fault async for fault in service.verify(session)]

    assert await faults() == []
    vault().path(files[0].original).unlink()
    data = bytearray(vault().path(files[1].original).read_bytes())
    data[-1] ^= 1
    vault().path(files[1].original).write_bytes(data)
    async with db.write() as session:
        await session.execute(text("UPDATE files SET sha256 = 'x' WHERE id = :id"), {"id": files[2].id})
    assert await faults() == [
        f"file {files[0].pid}: the original is gone",
        f"file {files[1].pid}: the original was altered",
        f"file {files[2].pid}: the original was altered",
    ]


async def test_a_file_moves_with_its_thing_and_is_in_the_ledger(db: Database, cast: Cast) -> None:
    file = await kept(db, cast, await service.prepare_bytes("a.pdf", "application/pdf", PDF), "draft")
    async with db.write() as session:
        await service.move_to(session, await session.get_one(File, file.id), "case", 7)
    async with db.read() as session:
        found = await session.get_one(File, file.id)
        assert (found.holder, found.holder_id) == ("case", 7)
        assert await service.read_bytes(found) == PDF
        row = (await session.execute(text("SELECT tag, thing_pid FROM ledger"))).one()
        assert tuple(row) == ("file:original:kept", file.pid)


# --- how it is shown ------------------------------------------------------------------------------------------------


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch, cast: Cast) -> None:
    """A holder that opens to the applicant."""

    async def ask(session: Any, actor: Any, holder_id: int) -> bool:
        return bool(actor.person_id == cast.applicant.id and holder_id == 1)

    monkeypatch.setattr(access, "_doors", dict(access._doors))
    access.register("test", ask)


async def test_a_file_is_served_so_that_nothing_of_it_runs(db: Database, cast: Cast, door: None) -> None:
    settings = Settings(secret_key="x" * 40)
    shown = {
        "image/jpeg": (photo(), "inline"),
        "application/pdf": (PDF, "inline"),
        "video/mp4": (MP4, "attachment"),
    }
    async with cast.applicant.browser() as a:
        for mime, (data, disposition) in shown.items():
            file = await kept(db, cast, await service.prepare(upload(data, '"证据";\r\nx.jpg'), settings), "test")
            answer = await a.get(f"/files/{file.pid}")
            assert answer.status_code == 200
            assert answer.headers["content-type"] == mime
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "no-store" in answer.headers["cache-control"]
            assert "sandbox" in answer.headers["content-security-policy"]
            assert answer.headers["content-disposition"].startswith(f"{disposition}; filename*=UTF-8''")
            assert mime == "image/jpeg" or answer.content == data
            thumb = await a.get(f"/files/{file.pid}/thumb")
            assert thumb.status_code == (200 if mime == "image/jpeg" else 404)


async def test_a_player_may_ask_for_a_range(db: Database, cast: Cast, door: None) -> None:
    file = await kept(db, cast, await service.prepare(upload(MP4, "a.mp4"), Settings(secret_key="x" * 40)), "test")
    size = len(MP4)
    async with cast.applicant.program() as a:
        for asked, start, stop in (
            ("bytes=0-99", 0, 100),
            (f"bytes={size - 10}-", size - 10, size),
            ("bytes=-10", size - 10, size),
            (f"bytes=0-{10**9}", 0, size),
            ("bytes=65530-65545", 65530, 65546),
        ):
            answer = await a.get(f"/files/{file.pid}", headers={"Range": asked})
            assert (answer.status_code, answer.content) == (206, MP4[start:stop]), asked
            assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{size}"
        for asked in (f"bytes={size}-", "bytes=9-5", "bytes=-0"):
            assert (await a.get(f"/files/{file.pid}", headers={"Range": asked})).status_code == 416
        for asked in ("bytes=0-1,5-6", "lines=1-2", "bytes=", "bytes=-", "bytes=a-b", "bytes=" + "9" * 99 + "-"):
            answer = await a.get(f"/files/{file.pid}", headers={"Range": asked})
            assert (answer.status_code, len(answer.content)) == (200, size), asked


async def test_absent_and_forbidden_files_look_alike(db: Database, cast: Cast, door: None, client: Any) -> None:
    prepared = [await service.prepare_bytes("a.pdf", "application/pdf", PDF) for _ in range(2)]
    file = await kept(db, cast, prepared[0], "test")
    orphan = await kept(db, cast, prepared[1], "a holder without a door")
    for name, who in cast.everybody().items():
        async with who.program() as someone:
            answers = [await someone.get(f"/files/{pid}") for pid in (file.pid, "absent", orphan.pid)]
            assert [one.status_code for one in answers] == [200 if name == "applicant" else 404, 404, 404], name
            assert answers[1].text.count(file.pid) == 0
    assert (await client.get(f"/files/{file.pid}")).status_code == 303
    async with db.write() as session:
        await session.execute(text("UPDATE files SET removed_at = created_at"))
    async with cast.applicant.program() as a:
        assert (await a.get(f"/files/{file.pid}")).status_code == 404


async def test_a_paper_made_before_does_not_loosen_the_reading_of_photos(vault_of: Path, limits: Settings) -> None:
    """WeasyPrint lets Pillow pass broken and oversize chunks in the whole process, from its first import on."""
    await paper.pdf("<p>x</p>")
    with pytest.raises(Invalid):
        await service.prepare(upload(HOSTILE["png with a text bomb"], "a.png"), limits)
