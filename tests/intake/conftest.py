"""Pages are tried on SQLite; what the engines do differently asks for both by name (see test_both_engines.py)."""

import shutil
from pathlib import Path

import pytest

from odr.core.settings import Settings
from tests.conftest import SECRET


@pytest.fixture(params=[pytest.param("sqlite", marks=pytest.mark.sqlite)])
def settings(tmp_path: Path, sqlite_template: Path) -> Settings:
    """A service that takes small files, so that a large one is made quickly."""
    shutil.copy(sqlite_template, tmp_path / "odr.sqlite3")
    return Settings(var=tmp_path, secret_key=SECRET, upload_max_bytes=1024 * 1024)
