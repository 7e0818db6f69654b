"""A served application on both engines, the cast and the rooms of one case."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from odr.app import create_app
from odr.core.db import Database
from odr.core.settings import Settings
from tests.cast import Cast
from tests.conftest import forget
from tests.live.server import Server, serving_app
from tests.rooms.conftest import Rooms, opened_rooms


@pytest.fixture
async def server(settings: Settings) -> AsyncIterator[Server]:
    async with serving_app(create_app, settings) as running:
        yield running
    forget(running.app)


@pytest.fixture
def app(server: Server) -> FastAPI:
    """The application behind the sockets, so that `db` and `cast` are its own."""
    return server.app


@pytest.fixture
async def opened(db: Database, cast: Cast) -> Rooms:
    return await opened_rooms(db, cast)
