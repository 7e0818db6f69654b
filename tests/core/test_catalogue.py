"""The Chinese text is the message id; English is complete beside it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from odr.core import i18n

ROOT = Path(__file__).resolve().parents[2]
_PLACE = re.compile(r"%\(\w+\)[a-z]|%%")
_CHINESE = re.compile(r"[\u3400-\u9fff]")


def _catalogue(path: Path) -> Catalog:
    with path.open("rb") as source:
        return read_po(source)


def _texts_in_the_code(folder: Path) -> set[str]:
    pot = folder / "odr.pot"
    marks = ["-k", "_", "-k", "N_", "-k", "t"]
    command = [sys.executable, "-m", "babel.messages.frontend", "-q", "extract", "-F", "pyproject.toml", *marks]
    subprocess.run([*command, "--output", str(pot), "."], cwd=ROOT, check=True)
    return {str(message.id) for message in _catalogue(pot) if message.id}


def test_every_text_has_its_english(tmp_path: Path) -> None:
    english = {str(m.id): str(m.string) for m in _catalogue(i18n.LOCALE_DIR / "en/LC_MESSAGES/odr.po") if m.id}
    texts = _texts_in_the_code(tmp_path)
    assert len(texts) > 1500
    assert {text for text in texts if not english.get(text, "").strip()} == set(), "run `make messages`"
    for text in texts:
        assert sorted(_PLACE.findall(text)) == sorted(_PLACE.findall(english[text])), text
    left = {text for text in texts if _CHINESE.search(english[text])}
    assert left == set()


def test_a_text_in_english_and_an_unknown_one() -> None:
    i18n.set_locale("en")
    assert i18n._("调解员") == "Mediator"
    assert i18n._("没有这句话 %(n)s", n=3) == "没有这句话 3"


def test_a_compiled_catalogue_younger_than_its_source_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copied tree, or a file put back from an archive: the .mo of another version with a newer time stamp."""
    place = tmp_path / "en" / "LC_MESSAGES"
    place.mkdir(parents=True)
    po, mo = place / "odr.po", place / "odr.mo"
    monkeypatch.setattr(i18n, "LOCALE_DIR", tmp_path)
    compiled = i18n.catalogue.__wrapped__
    for english in ("first", "second"):
        po.write_text(
            f'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "甲"\nmsgstr "{english}"\n'
        )
        if mo.exists():
            os.utime(po, ns=(0, mo.stat().st_mtime_ns - 10**9))
        assert compiled("en").gettext("甲") == english
    assert mo.stat().st_mtime_ns == po.stat().st_mtime_ns
