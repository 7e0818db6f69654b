import pytest

from odr.core.db import Database
from tests.agreements.story import Story, begun
from tests.cast import Cast


@pytest.fixture
async def story(db: Database, cast: Cast) -> Story:
    return await begun(db, cast)
