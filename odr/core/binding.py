"""Papers bound into one PDF: generated ones and finished ones in one order, with bookmarks and page numbers.

What is generated is laid out in one go, because fonts are what costs time. The numbers stand at the top right of each
numbered page, as in a bound file; the front and the back carry none.
"""

import asyncio
import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from odr.core import paper
from odr.core.log import log
from odr.core.templating import env

_PRODUCER = "ODR"
# So much lower (points) stands the number of the file on a page that has one of its own, from an earlier binding.
_BELOW = 18.0


@dataclass(frozen=True)
class Leaf:
    """One paper: the inside of its page as HTML, or a finished PDF. `key` is its own in the binding."""

    key: str
    title: str
    html: str = ""
    data: bytes | None = None
    footer: str = ""
    numbered: bool = True


@dataclass(frozen=True)
class Span:
    """Where a paper stands: its numbers in the bound file, and how many pages it has. Unnumbered ones begin with 0."""

    key: str
    title: str
    first: int
    count: int

    @property
    def last(self) -> int:
        return self.first + self.count - 1 if self.first else 0

    @property
    def pages(self) -> str:
        """3, or 3-5, as an index writes it."""
        return str(self.first) if self.count == 1 else f"{self.first}-{self.last}"


@dataclass(frozen=True)
class Bound:
    """The bound file, and where each paper stands in it, in order; `unbound` names what could not be bound in."""

    data: bytes
    spans: tuple[Span, ...]
    unbound: tuple[str, ...] = ()


@dataclass(frozen=True)
class Late:
    """What can only be written once the numbers are known: the table of contents, and what closes the file."""

    index: Leaf
    back: Leaf | None = None


async def bind(
    leaves: Sequence[Leaf], late: Callable[[Sequence[Span]], Late], *, after: int = 1, title: str = ""
) -> Bound:
    """One PDF of all leaves. The index stands after the first `after` of them. The same input gives the same bytes.

    A finished PDF that cannot be read is left out and named. Raises NoPrinter.
    """
    return await asyncio.to_thread(_bind, list(leaves), late, after, title)


def _bind(leaves: list[Leaf], late: Callable[[Sequence[Span]], Late], after: int, title: str) -> Bound:
    made = _laid_out([leaf for leaf in leaves if leaf.data is None])
    unbound: list[str] = []
    parts: list[tuple[Leaf, list[Any]]] = []
    for leaf in leaves:
        pages = made[leaf.key] if leaf.data is None else _finished(leaf)
        if pages:
            parts.append((leaf, pages))
        else:
            unbound.append(leaf.key)
    spans, number = [], 1
    for leaf, pages in parts:
        spans.append(Span(leaf.key, leaf.title, number if leaf.numbered else 0, len(pages)))
        number += len(pages) if leaf.numbered else 0
    last = late(spans)
    unnumbered = [last.index, *([last.back] if last.back is not None else [])]
    made = _laid_out(unnumbered)
    parts.insert(after, (last.index, made[last.index.key]))
    parts += [(leaf, made[leaf.key]) for leaf in unnumbered[1:]]
    data = _written(parts, _numbers(number - 1), title)
    return Bound(data, tuple(spans), tuple(unbound))


def _html(leaves: Sequence[Leaf]) -> str:
    inside = "".join(
        f'<section class="leaf" id="leaf-{n}"><p class="paper-footer">{escape(leaf.footer)}</p>{leaf.html}</section>'
        for n, leaf in enumerate(leaves)
    )
    return env.get_template("layout/bound.html").render(inside=inside)


def _laid_out(leaves: Sequence[Leaf]) -> dict[str, list[Any]]:
    """The pages of generated leaves, by key."""
    if not leaves:
        return {}
    from pypdf import PdfReader  # loaded with the first file, not at the start

    html = _html(leaves)
    with paper._one_at_a_time:
        document = paper.layout(html)
        starts: dict[int, int] = {}
        for page_no, page in enumerate(document.pages):
            for anchor in page.anchors:
                if anchor.startswith("leaf-"):  # a section of several pages has its anchor on each
                    starts.setdefault(int(anchor.removeprefix("leaf-")), page_no)
        data = paper.write(document, html)
    reader = PdfReader(io.BytesIO(data))
    found = {}
    for n, leaf in enumerate(leaves):
        end = starts.get(n + 1, len(reader.pages))
        found[leaf.key] = [reader.pages[at] for at in range(starts[n], end)]
    return found


def _finished(leaf: Leaf) -> list[Any]:
    """The pages of a finished PDF, upright and without anything that acts by itself; none where it cannot be read."""
    from pypdf import PdfReader, PdfWriter
    from pypdf.generic import NameObject

    try:
        reader = PdfReader(io.BytesIO(leaf.data or b""))
        if reader.is_encrypted and not reader.decrypt(""):
            return []
        scratch = PdfWriter()
        for page in reader.pages:
            added = scratch.add_page(page)
            for word in ("/Annots", "/AA"):
                added.pop(NameObject(word), None)
            added.transfer_rotation_to_content()
        out = io.BytesIO()
        scratch.write(out)
        return list(PdfReader(out).pages)
    except Exception as failure:
        # Somebody else's file can be broken in any way; it must not take the rest of the file with it.
        log.warning("binding.unreadable", error=type(failure).__name__)
        return []


def _was_bound(leaf: Leaf) -> bool:
    """Whether this paper was bound here before, with numbers that its own table of contents names."""
    from pypdf import PdfReader

    if leaf.data is None:
        return False
    reader = PdfReader(io.BytesIO(leaf.data))
    found = None if reader.is_encrypted else reader.metadata
    return found is not None and found.producer == _PRODUCER


def _numbers(count: int) -> list[Any]:
    """Pages that hold nothing but their number."""
    if count < 1:
        return []
    from pypdf import PdfReader

    inside = "".join(f'<p class="number">{n}</p>' for n in range(1, count + 1))
    html = env.get_template("layout/numbers.html").render(inside=inside)
    with paper._one_at_a_time:
        data = paper.write(paper.layout(html), html)
    return list(PdfReader(io.BytesIO(data)).pages)


def _written(parts: Sequence[tuple[Leaf, list[Any]]], numbers: Sequence[Any], title: str) -> bytes:
    from pypdf import PdfWriter, Transformation
    from pypdf.generic import ArrayObject, ByteStringObject, NameObject, create_string_object

    writer = PdfWriter()
    digest = hashlib.sha256()
    at = 0
    for leaf, pages in parts:
        digest.update(f"{leaf.key}\0{leaf.title}\0{leaf.html}\0".encode() + (leaf.data or b""))
        first = len(writer.pages)
        below = _BELOW if leaf.numbered and _was_bound(leaf) else 0.0
        for page in pages:
            added = writer.add_page(page)
            if leaf.numbered:
                # At the same place of every sheet, whatever its size.
                shift = float(added.mediabox.right) - float(numbers[at].mediabox.right)
                rise = float(added.mediabox.top) - float(numbers[at].mediabox.top) - below
                added.merge_transformed_page(numbers[at], Transformation().translate(shift, rise))
                at += 1
        writer.add_outline_item(title=leaf.title, page_number=first)
    writer.page_mode = "/UseOutlines"
    writer.metadata = {"/Title": title, "/Producer": _PRODUCER}
    name = digest.digest()[:16]
    writer._ID = ArrayObject([ByteStringObject(name), ByteStringObject(name)])
    writer._root_object[NameObject("/Lang")] = create_string_object("zh-CN")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
