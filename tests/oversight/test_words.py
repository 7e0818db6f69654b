"""Every act of the ledger has words for an auditor."""

import re
from pathlib import Path

import odr
from odr.oversight import words

_TAG = re.compile(r'"([a-z_]+:[a-z_]+:[a-z_]+)"')


def test_every_tag_that_the_code_writes_has_words() -> None:
    sources = Path(odr.__file__).parent.rglob("*.py")
    written = {tag for source in sources for tag in _TAG.findall(source.read_text(encoding="utf-8"))}
    assert len(written) > 80
    assert written - set(words.ACTS) == set()


def test_an_unknown_tag_is_shown_as_it_is() -> None:
    assert words.act("thing:of:tomorrow") == "thing:of:tomorrow"
    assert words.act("ledger:page:read") == "查看操作台账"
