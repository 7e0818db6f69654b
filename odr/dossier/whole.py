"""The whole file: bound as one PDF with an index and bookmarks, and packed with its data, originals and hashes.

Nothing here holds a transaction: what is read from the database comes as a bundle, the bytes of files are read after.
A viewer's own copy holds what that viewer may have, so the same code serves the body and a party.
"""

import asyncio
import hashlib
import json
import tempfile
import zipfile
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import partial
from typing import IO, Any

from odr.core import binding
from odr.core.binding import Bound, Late, Leaf, Span
from odr.core.i18n import _
from odr.core.word import document
from odr.dossier import filled, papers
from odr.dossier.bundle import Bundle
from odr.dossier.papers import TITLES, Paper
from odr.evidence import service as evidence
from odr.evidence.kinds import IMAGES
from odr.evidence.models import File

# No zip knows an earlier day; one day for all files makes the same input the same bytes.
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_IN_MEMORY = 8 * 1024 * 1024


async def with_pictures(b: Bundle, wanted: Sequence[Paper]) -> None:
    """Read what is drawn into these papers: photos of the evidence, slips, the court's paper."""
    keys = {paper.key for paper in wanted}
    files = list(b.evidence) if "evidence" in keys else []
    if "receipts" in keys:
        files += [file for item in b.items for file in b.proofs(item)]
    if "court" in keys:
        files += [file for row in b.court for file in b.kept_for_court(row)]
    for file in files:
        if file.mime in IMAGES and file.pid not in b.pictures:
            b.pictures[file.pid] = await evidence.read_bytes(file)


async def html_of(b: Bundle, paper: Paper) -> str:
    """One paper with its own page. Raises NotFound for one that is kept as a file."""
    await with_pictures(b, [paper])
    return papers.drawn(b, paper).html


async def bound(b: Bundle) -> Bound:
    """The file as one PDF: cover, index, the papers in the official order with continuous numbers, back cover.

    Raises NoPrinter."""
    shelf = [paper for paper in papers.shelf(b) if paper.bound]
    await with_pictures(b, shelf)
    leaves = [_made(b, "cover", filled.cover(b))] if b.whole else []
    for paper in shelf:
        leaves += await _leaves(b, paper)
    titles = {leaf.key: leaf.title for leaf in leaves}
    notes = {paper.key: paper.note for paper in shelf}

    def late(spans: Sequence[Span]) -> Late:
        numbered = [span for span in spans if span.first]
        there = {span.key for span in spans}
        rows = [{"title": span.title, "pages": span.pages, "note": notes.get(span.key, "")} for span in numbered]
        more = {"rows": rows, "missing": [titles[key] for key in titles if key not in there]}
        index = _leaf("index", "卷内目录" if b.whole else "目录", b, "index", more, numbered=False)
        if not b.whole:
            return Late(index)
        count = {"papers": len(numbered), "sheets": sum(span.count for span in numbered)}
        return Late(index, _made(b, "back-cover", filled.back_cover(b) | count))

    return await binding.bind(leaves, late, after=1 if b.whole else 0, title=f"{b.no}卷宗")


def _made(b: Bundle, key: str, more: dict[str, Any]) -> Leaf:
    return _leaf(key, TITLES[key], b, key.replace("-", "_"), more, numbered=False)


def _leaf(key: str, title: str, b: Bundle, template: str, more: dict[str, Any], *, numbered: bool) -> Leaf:
    html = papers.draw(b, f"dossier/{template}.html", title, more, whole=False).html
    return Leaf(key, title, html, footer=f"{b.no}　{title}", numbered=numbered)


async def _leaves(b: Bundle, paper: Paper) -> list[Leaf]:
    found = []
    if paper.fill is not None:
        html = papers.drawn(b, paper, whole=False).html
        found.append(Leaf(paper.key, paper.title, html, footer=f"{b.no}　{paper.title}"))
    elif paper.file is not None:
        found.append(Leaf(paper.key, paper.title, data=await evidence.read_bytes(paper.file, original=True)))
    for n, file in enumerate(paper.more, start=1):
        data = await evidence.read_bytes(file, original=True)
        found.append(Leaf(f"{paper.key}-{n}", f"{paper.title}：{file.name}", data=data))
    return found


# --- the package ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """One file of the package."""

    name: str
    size: int
    sha256: str


async def packed(b: Bundle, file: Bound) -> IO[bytes]:
    """A zip: the bound PDF, each paper as Word, the originals as they came, the data as JSON, and a manifest of
    SHA-256. The same input gives the same bytes. The caller closes it."""

    async def parts() -> AsyncIterator[tuple[str, Callable[[], bytes]]]:
        yield f"卷宗-{b.no}.pdf", lambda: file.data
        yield "data.json", lambda: data_json(b, file)
        for n, paper in enumerate(papers.shelf(b), start=1):
            if paper.fill is not None and paper.bound:
                html = papers.drawn(b, paper).html
                yield f"word/{n:02d}-{paper.title}{_tail(paper)}.docx", partial(document, html)
        for n, original in enumerate(originals(b), start=1):
            data = await evidence.read_bytes(original, original=True)
            yield f"originals/{n:02d}-{original.name}", partial(bytes, data)

    return await zipped(b.no, parts())


async def zipped(no: str, parts: AsyncIterator[tuple[str, Callable[[], bytes]]]) -> IO[bytes]:
    """A zip of these, one after the other, with a manifest of their hashes at its end. The caller closes it."""
    out: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the answer closes it
    entries: list[Entry] = []
    with zipfile.ZipFile(out, "w") as archive:
        async for name, make in parts:
            entries.append(await asyncio.to_thread(_put, archive, name, make))
        manifest = {"case": no, "files": [asdict(entry) for entry in entries]}
        await asyncio.to_thread(_put, archive, "manifest.json", lambda: as_json(manifest))
    out.seek(0)
    return out


def _tail(paper: Paper) -> str:
    return (
        f"-{paper.note}" if paper.note and paper.key.split("-")[0] in ("address", "mandate", "notice", "ending") else ""
    )


def _put(archive: zipfile.ZipFile, name: str, make: Callable[[], bytes]) -> Entry:
    data = make()
    info = zipfile.ZipInfo(name, _ZIP_TIME)
    info.compress_type = (
        zipfile.ZIP_STORED if name.endswith((".pdf", ".docx", ".jpg", ".png")) else zipfile.ZIP_DEFLATED
    )
    info.external_attr = 0o644 << 16
    archive.writestr(info, data)
    return Entry(name, len(data), hashlib.sha256(data).hexdigest())


def originals(b: Bundle) -> list[File]:
    """Every kept file of the file's papers, once, as it came: not those of private talks."""
    found: list[File | None] = [paper.file for paper in papers.shelf(b) if paper.bound]
    found += [b.files.get(one.pdf_file_id or 0) for one in b.agreements]
    found += b.evidence
    for rows in (*b.earlier_items.values(), b.items):
        found += [file for item in rows for file in b.proofs(item)]
    found += [file for row in b.court for file in b.kept_for_court(row)]
    return list({file.id: file for file in found if file is not None}.values())


def data_json(b: Bundle, file: Bound) -> bytes:
    """What stands in the papers, as data: each paper's fields under its key, with its pages in the bound file."""
    spans = {span.key: span.pages for span in file.spans if span.first}
    shown = [
        {
            "key": paper.key,
            "item": paper.item,
            "title": paper.title,
            "note": paper.note,
            "pages": spans.get(paper.key, ""),
            "sha256": paper.file.sha256 if paper.file is not None else None,
            "fields": paper.fill(b) if paper.fill is not None else None,
        }
        for paper in papers.shelf(b)
        if paper.bound
    ]
    left = [asdict(gap) for gap in papers.gaps(b)] if b.whole else []
    return as_json({"case": b.no, "title": b.case.title, "category": b.case.category, "papers": shown, "gaps": left})


def as_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, default=_plain).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return asdict(value)


def file_name(b: Bundle, ending: str) -> str:
    return f"{_('卷宗')}-{b.no}.{ending}"
