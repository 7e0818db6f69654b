"""Until the index of words has caught up with what was said."""

import asyncio

from odr.core.db import Database
from odr.rooms import indexing


async def index_all(db: Database) -> None:
    for room in await indexing.behind(db):
        while await indexing.step(db, room):
            pass


async def nothing_left(db: Database) -> None:
    for _ in range(2000):
        if not await indexing.behind(db):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the index does not follow")
