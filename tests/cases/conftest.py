"""The story of a case, for every test of this folder."""

import pytest

from odr.core.db import Database
from tests.cases.story import Story
from tests.cast import Cast


@pytest.fixture
def story(db: Database, cast: Cast) -> Story:
    return Story(db, cast)
