"""A paper as a Word file, from the same HTML its page and its PDF come from: one template says what a paper says.

Headings, paragraphs, tables (with spans) and pictures are carried over; the look is that of papers (A4, 仿宋 14 pt).
The same HTML gives the same bytes.
"""

import asyncio
import base64
import io
import zipfile
from datetime import datetime
from typing import Any

from odr.core.log import log

MIME = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_BODY, _HEAD, _SANS = "仿宋", "方正小标宋简体", "黑体"
_EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 - python-docx writes it as it is; a fixed day keeps the bytes the same
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_SIZES = {"h1": 22, "h2": 15}
_SKIP = ("style", "script", "svg", "title", "head")


async def made(html: str) -> bytes:
    """The same, in a thread."""
    return await asyncio.to_thread(document, html)


def document(html: str) -> bytes:
    """The .docx of a whole HTML paper."""
    # Both are loaded when the first Word file is asked for.
    from docx import Document
    from docx.shared import Cm, Pt
    from lxml import html as markup

    made = Document()
    section = made.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.top_margin, section.bottom_margin = Cm(3.2), Cm(2.8)
    section.left_margin, section.right_margin = Cm(2.8), Cm(2.6)
    style = made.styles["Normal"]
    style.font.size = Pt(14)
    _face(style, _BODY)
    tree = markup.fromstring(html)
    root = tree.find(".//main")
    title = tree.findtext(".//title") or ""
    foot = tree.find(".//p[@class='paper-footer']")
    if foot is not None and foot.text:
        line = section.footer.paragraphs[0]
        _run(line, foot.text, size=10)
    _Writer(made).children(root if root is not None else tree, made)
    properties = made.core_properties
    properties.title, properties.author, properties.last_modified_by = title.strip(), "", ""
    properties.created = properties.modified = _EPOCH
    properties.revision = 1
    out = io.BytesIO()
    made.save(out)
    return _steady(out.getvalue())


def _steady(data: bytes) -> bytes:
    """The same parts with one time for all."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in sorted(old.namelist(), key=lambda one: (one != "[Content_Types].xml", one)):
            info = zipfile.ZipInfo(name, _ZIP_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            new.writestr(info, old.read(name))
    return out.getvalue()


def _face(style: Any, east: str) -> None:
    """Word takes the face of Chinese from `eastAsia` alone; without it WPS shows another one."""
    from docx.oxml.ns import qn

    style.font.name = "Times New Roman"
    properties = style.element.get_or_add_rPr()
    properties.rFonts.set(qn("w:eastAsia"), east)


def _run(paragraph: Any, text: str, *, bold: bool = False, size: float | None = None, face: str = "") -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt

    run = paragraph.add_run(text)
    run.bold = bold or None
    if size is not None:
        run.font.size = Pt(size)
    if face:
        run.font.name = "Times New Roman"
        run._element.get_or_add_rPr().rFonts.set(qn("w:eastAsia"), face)


class _Writer:
    """Walks the HTML of one paper."""

    def __init__(self, made: Any) -> None:
        self.made = made

    def children(self, element: Any, into: Any) -> None:
        for child in element:
            if not isinstance(child.tag, str) or child.tag in _SKIP or "paper-footer" in child.get("class", ""):
                continue
            if child.tag in ("h1", "h2", "p", "figcaption"):
                self.paragraph(child, into)
            elif child.tag == "table":
                self.table(child, into)
            elif child.tag == "img":
                self.picture(child, into)
            else:
                self.children(child, into)

    def paragraph(self, element: Any, into: Any) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
        from docx.shared import Pt

        kind = element.get("class", "")
        line = into.add_paragraph()
        form = line.paragraph_format
        form.space_after, form.line_spacing = Pt(0), 1.5
        if element.tag in _SIZES:
            form.space_before, form.space_after, form.keep_with_next = Pt(6), Pt(8), True
            if element.tag == "h1":
                line.alignment = ALIGN.CENTER
            face = _HEAD if element.tag == "h1" else _SANS
            self.words(element, line, bold=True, size=_SIZES[element.tag], face=face)
            return
        if kind in ("paper-no", "seal", "paper-date"):
            line.alignment = ALIGN.RIGHT
        elif not kind:
            form.first_line_indent = Pt(28)
        self.words(element, line)

    def words(self, element: Any, line: Any, *, bold: bool = False, size: float | None = None, face: str = "") -> None:
        if element.text:
            self._text(line, element.text, bold, size, face)
        for child in element:
            if child.tag == "br":
                line.add_run().add_break()
            elif isinstance(child.tag, str) and child.tag not in _SKIP:
                if "sign-line" in child.get("class", ""):
                    _run(line, "＿＿＿＿＿＿", size=size, face=face)
                else:
                    self.words(child, line, bold=bold or child.tag == "strong", size=size, face=face)
            if child.tail:
                self._text(line, child.tail, bold, size, face)

    def _text(self, line: Any, text: str, bold: bool, size: float | None, face: str) -> None:
        # Spaces of HTML's source fold; the wide space of Chinese forms does not.
        folded = " ".join(text.replace("\u200b", "").split(" ")).replace("\n", "")
        if folded.strip(" "):
            _run(line, folded, bold=bold, size=size, face=face)

    def table(self, element: Any, into: Any) -> None:
        from docx.shared import Pt

        caption = element.find("caption")
        if caption is not None:
            self.words(caption, into.add_paragraph(), bold=True, size=12)
        rows = element.findall(".//tr")
        grid, width = _grid(rows)
        if not width:
            return
        table = self.made.add_table(rows=len(rows), cols=width)
        table.style = self.made.styles["Table Grid"] if "cover-table" not in element.get("class", "") else table.style
        table.autofit = True
        for (row, column), cell, down, across in grid:
            box = table.cell(row, column)
            if down > 1 or across > 1:
                box = box.merge(table.cell(row + down - 1, column + across - 1))
            line = box.paragraphs[0]
            line.paragraph_format.space_after = Pt(0)
            self.words(cell, line, size=12, face=_SANS if cell.tag == "th" else "")
        into.add_paragraph().paragraph_format.space_after = Pt(0)

    def picture(self, element: Any, into: Any) -> None:
        from docx.shared import Cm

        kind, _comma, data = element.get("src", "").partition("base64,")
        if not kind.startswith("data:image/"):
            return
        try:
            into.add_paragraph().add_run().add_picture(io.BytesIO(base64.b64decode(data)), width=Cm(14))
        except Exception as failure:  # a kind of picture Word does not know is named by its caption alone
            log.warning("word.picture", error=type(failure).__name__)


def _grid(rows: list[Any]) -> tuple[list[tuple[tuple[int, int], Any, int, int]], int]:
    """Where each cell of an HTML table stands, with its spans, and how many columns there are."""
    taken: set[tuple[int, int]] = set()
    found, width = [], 0
    for n, row in enumerate(rows):
        column = 0
        for cell in row:
            if cell.tag not in ("td", "th"):
                continue
            while (n, column) in taken:
                column += 1
            down = min(int(cell.get("rowspan", "1")), len(rows) - n)
            across = int(cell.get("colspan", "1"))
            taken |= {(n + y, column + x) for y in range(down) for x in range(across)}
            found.append(((n, column), cell, down, across))
            column += across
            width = max(width, column)
    return found, width
