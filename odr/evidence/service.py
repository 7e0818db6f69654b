"""Files as verbs: prepare outside a transaction, keep inside one, answer to who may open them.

The order is that of evidence: hash while the bytes come in, seal the original, sync, then the row. A row never points
to a missing or short file; a file without a row (the sender went away) is swept within an hour.
"""

import asyncio
import contextvars
import hashlib
import io
import re
import unicodedata
from collections.abc import AsyncIterator, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO, Any, TypeVar

from cryptography.exceptions import InvalidTag
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import UploadFile

from odr.audit import service as audit
from odr.audit.who import Who
from odr.core import clock
from odr.core.db import Database
from odr.core.errors import TooLarge
from odr.core.i18n import _
from odr.core.ids import new_pid
from odr.core.log import log
from odr.core.settings import Settings
from odr.evidence.access import unknown_file
from odr.evidence.kinds import ALL, EXTENSIONS, IMAGES, PAPERS, sniff
from odr.evidence.models import File
from odr.evidence.vault import configure, vault

__all__ = [
    "ALL",
    "IMAGES",
    "PAPERS",
    "Prepared",
    "configure",
    "discard",
    "held",
    "held_by",
    "keep",
    "move_to",
    "prepare",
    "prepare_bytes",
    "read_bytes",
    "remove",
    "sweep",
    "verify",
]

_READ = 64 * 1024
_ORPHAN_SECONDS = 1800
_SWEEP_EVERY = 1200
T = TypeVar("T")

# Decoding is slow and hungry: two at a time, in threads of their own, so that nothing else waits for a thread.
_workshop = ThreadPoolExecutor(2, thread_name_prefix="evidence")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file that lies sealed in the vault and waits for its row."""

    pid: str
    name: str
    mime: str
    size: int
    sha256: str
    original: str
    shown: str
    shown_mime: str
    thumb: str | None = None
    width: int | None = None
    height: int | None = None


async def _in_workshop(work: Callable[..., T], *args: Any) -> T:
    context = contextvars.copy_context()  # the language of the sentences goes along
    return await asyncio.get_running_loop().run_in_executor(_workshop, lambda: context.run(work, *args))


async def prepare(upload: UploadFile, settings: Settings, *, allow: frozenset[str] = ALL) -> Prepared:
    """Take in an uploaded file, outside any transaction.

    Raises Invalid({"file": …}) for kinds that are not allowed or do not open, TooLarge past the limit.
    """
    return await _in_workshop(_take_in, upload.file, upload.filename or "", settings.upload_max_bytes, allow)


async def prepare_bytes(name: str, mime: str, data: bytes) -> Prepared:
    """The same for a paper this service made itself."""
    return await _in_workshop(_put_in, name, mime, data)


def _take_in(stream: IO[bytes], name: str, limit: int, allow: frozenset[str]) -> Prepared:
    mime = sniff(stream, allow)
    pid = new_pid()
    try:
        size, digest = _seal(stream, f"{pid}.original", limit)
        clean = _clean_name(name, mime)
        if mime not in IMAGES:
            return Prepared(pid, clean, mime, size, digest, f"{pid}.original", f"{pid}.original", mime)
        from odr.evidence.images import redraw  # Pillow is loaded with the first photo

        drawn = redraw(stream, mime)
        _seal(io.BytesIO(drawn.shown), f"{pid}.shown")
        _seal(io.BytesIO(drawn.thumb), f"{pid}.thumb")
    except BaseException:
        _forget(pid)
        raise
    return Prepared(
        pid, clean, mime, size, digest, f"{pid}.original", f"{pid}.shown", mime,
        thumb=f"{pid}.thumb", width=drawn.width, height=drawn.height,
    )  # fmt: skip


def _put_in(name: str, mime: str, data: bytes) -> Prepared:
    pid = new_pid()
    size, digest = _seal(io.BytesIO(data), f"{pid}.original")
    return Prepared(pid, _clean_name(name, mime), mime, size, digest, f"{pid}.original", f"{pid}.original", mime)


def _seal(stream: IO[bytes], name: str, limit: int | None = None) -> tuple[int, str]:
    """Copy into the vault; size and SHA-256 of the plain bytes, counted while they pass."""
    digest, size = hashlib.sha256(), 0
    stream.seek(0)
    with vault().create(name) as sink:
        while piece := stream.read(_READ):
            size += len(piece)
            if limit is not None and size > limit:
                raise TooLarge(_("文件不能超过 %(mb)s MB。请压缩或分开上传。", mb=limit // (1024 * 1024)))
            digest.update(piece)
            sink.write(piece)
    return size, digest.hexdigest()


def _forget(pid: str) -> None:
    for part in ("original", "shown", "thumb"):
        vault().remove(f"{pid}.{part}")


def _clean_name(name: str, mime: str) -> str:
    """What people read as the file's name: no folders, no controls, nothing that turns the reading direction, and
    the ending of what it really is."""
    base = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    stem, _dot, ending = base.rpartition(".")
    base = stem if stem and len(ending) <= 5 else base
    kept = "".join(c for c in base if unicodedata.category(c)[0] != "C" and c not in '<>:"|?*').strip(" .")
    extension = EXTENSIONS.get(mime, "bin")
    return f"{kept[:100] or _('文件')}.{extension}"


async def keep(session: AsyncSession, who: Who, prepared: Prepared, holder: str, holder_id: int) -> File:
    """Give a prepared file its row and its line in the ledger: from now on `holder` decides who opens it."""
    file = File(
        pid=prepared.pid,
        holder=holder,
        holder_id=holder_id,
        uploaded_by=who.person_id,
        name=prepared.name,
        mime=prepared.mime,
        size=prepared.size,
        sha256=prepared.sha256,
        original=prepared.original,
        shown=prepared.shown,
        shown_mime=prepared.shown_mime,
        thumb=prepared.thumb,
        width=prepared.width,
        height=prepared.height,
    )
    session.add(file)
    await session.flush()
    detail = {"sha256": file.sha256, "size": file.size, "mime": file.mime, "holder": holder}
    await audit.record(session, who, "file:original:kept", "file", file.pid, detail)
    return file


async def discard(prepared: Prepared) -> None:
    """A prepared file that is not wanted after all; without this the sweep takes it."""
    await _in_workshop(_forget, prepared.pid)


async def move_to(session: AsyncSession, file: File, holder: str, holder_id: int) -> None:
    """Another thing holds the file from now on, e.g. the case its draft became."""
    file.holder, file.holder_id = holder, holder_id
    await session.flush()


async def held(session: AsyncSession, holder: str, holder_id: int) -> list[File]:
    """The files of one holder that were not removed, oldest first."""
    return (await held_by(session, holder, [holder_id]))[holder_id]


async def held_by(session: AsyncSession, holder: str, holder_ids: Collection[int]) -> dict[int, list[File]]:
    """The same for many holders of one kind."""
    query = select(File).where(File.holder == holder, File.holder_id.in_(holder_ids), File.removed_at.is_(None))
    found: dict[int, list[File]] = {holder_id: [] for holder_id in holder_ids}
    for file in await session.scalars(query.order_by(File.id)):
        found[file.holder_id].append(file)
    return found


async def remove(session: AsyncSession, who: Who, pid: str, holder: str, holder_id: int) -> None:
    """Take a file away from its holder: nobody opens it any more; its row and its line in the ledger stay.

    Raises NotFound where the holder has no such file.
    """
    query = select(File).where(
        File.pid == pid, File.holder == holder, File.holder_id == holder_id, File.removed_at.is_(None)
    )
    file = await session.scalar(query.with_for_update())
    if file is None:
        raise unknown_file()
    file.removed_at = clock.now()
    await audit.record(session, who, "file:original:removed", "file", file.pid, {"holder": holder})


async def read_bytes(file: File, *, original: bool = False) -> bytes:
    """All bytes of the shown copy, or of the original as it came. The caller has asked the door."""
    return await asyncio.to_thread(vault().read_all, file.original if original else file.shown)


async def sweep(db: Database) -> int:
    """Remove what was prepared more than half an hour ago and never kept. Returns how many parts went."""
    names = await asyncio.to_thread(lambda: list(vault().names(clock.now().timestamp() - _ORPHAN_SECONDS)))
    gone = 0
    for start in range(0, len(names), 500):
        some = names[start : start + 500]
        async with db.read() as session:
            kept = set(await session.scalars(select(File.pid).where(File.pid.in_({n.split(".")[0] for n in some}))))
        for name in some:
            if name.split(".")[0] not in kept:
                vault().remove(name)
                gone += 1
    return gone


async def sweep_for_ever(db: Database) -> None:
    """The loop of one worker."""
    while True:
        await asyncio.sleep(_SWEEP_EVERY)
        try:
            await sweep(db)
        except Exception as failure:
            log.warning("evidence.sweep_failed", error=type(failure).__name__)


async def verify(session: AsyncSession) -> AsyncIterator[str]:
    """Every original that is gone or is not what was hashed when it came in."""
    query = select(File.pid, File.original, File.sha256).order_by(File.id).execution_options(yield_per=200)
    async for pid, original, sha256 in await session.stream(query):
        fault = await asyncio.to_thread(_fault, original, sha256)
        if fault is not None:
            yield f"file {pid}: the original {fault}"


def _fault(name: str, sha256: str) -> str | None:
    digest = hashlib.sha256()
    try:
        for piece in vault().read(name):
            digest.update(piece)
    except FileNotFoundError:
        return "is gone"
    except (InvalidTag, ValueError, OSError):
        return "was altered"
    return None if digest.hexdigest() == sha256 else "was altered"
