"""No page of a paper holds a signature, a seal or a date alone: the end of the text comes along."""

import io
import re

import pypdf

from odr.core import binding
from odr.core.binding import Late, Leaf
from odr.core.templating import env

_END = re.compile(r"^(收到人|　*年　|二〇二六|\d{4}年\d+月\d+日$|查验本文书)|（签名|（印章）")
_PARTS = """{% macro need(what, value) %}{{ value }}{% endmacro %}
{% import "dossier/parts.html" as parts with context %}
<h1 class="paper-title">告知书</h1>
{% for n in range(lines) %}<p>第{{ n }}点。</p>{% endfor %}
{% for name in ("王某某", "李某", "赵某") %}{{ parts.sign("收到人" ~ name ~ "（签名）") }}{% endfor %}
{{ parts.seal("甲某社区调委会", "二〇二六年十一月二十六日") }}"""


def alone(page: pypdf.PageObject) -> bool:
    """Whether a page begins with the end of its paper: a signature, a seal, a date, what checks it."""
    lines = [line.strip() for line in page.extract_text().splitlines() if line.strip()]
    return any(re.search(_END, line) for line in lines[:1])


async def test_a_signature_or_a_seal_never_stands_alone_on_a_page() -> None:
    template = env.from_string(_PARTS)
    leaves = [Leaf(f"paper-{n}", "告知书", template.render(lines=n), numbered=False) for n in range(12, 26)]
    bound = await binding.bind(leaves, lambda spans: Late(Leaf("index", "目录", "<p>目录</p>", numbered=False)))
    pages = pypdf.PdfReader(io.BytesIO(bound.data)).pages
    assert len(pages) > len(leaves) + 4  # some went over the end of their page, wherever that is
    assert [page.extract_text() for page in pages if alone(page)] == []
