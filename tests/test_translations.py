"""The English catalogue is complete, and no translation loses or invents a placeholder."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from odr.core import i18n

ROOT = Path(__file__).resolve().parents[1]
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Every text of the code, the pages and the island, extracted now."""
    found = tmp_path_factory.mktemp("texts") / "odr.pot"
    extract = [sys.executable, "-m", "babel.messages.frontend", "-q", "extract"]
    subprocess.run(
        [*extract, "-F", "pyproject.toml", "-k", "_", "-k", "N_", "-k", "t", "-o", found, "."], cwd=ROOT, check=True
    )
    return read_po(found.open("rb"))


@pytest.fixture(scope="module")
def english() -> Catalog:
    return read_po((i18n.LOCALE_DIR / "en" / "LC_MESSAGES" / "odr.po").open("rb"))


def test_every_text_has_its_english(source: Catalog, english: Catalog) -> None:
    missing = [m.id for m in source if m.id and not (english.get(m.id) and english.get(m.id).string)]
    assert missing == []


def test_placeholders_are_the_same(english: Catalog) -> None:
    wrong = [
        m.id
        for m in english
        if m.id and m.string and sorted(_PLACEHOLDER.findall(m.id)) != sorted(_PLACEHOLDER.findall(m.string))
    ]
    assert wrong == []


def test_no_english_text_is_left_in_chinese(english: Catalog) -> None:
    """But for proper names, which stand in brackets beside their English."""
    left = [m.id for m in english if m.id and m.string and len(_CHINESE.findall(m.string)) > len(m.string) / 3]
    assert left == []
