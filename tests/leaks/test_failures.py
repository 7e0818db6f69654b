"""When something fails beside a private line, the log says where, and not what was said."""

import io
from typing import Any

import pytest
import structlog

from odr.core import jobs
from odr.core.db import Database
from odr.core.settings import Settings
from odr.rooms import service as rooms
from tests.cast import Cast
from tests.leaks import world as planting
from tests.leaks.world import World


@pytest.fixture
def settings(sqlite_settings: Settings, as_json: bool) -> Settings:
    return sqlite_settings.model_copy(update={"log_json": as_json})


@pytest.fixture(params=[False, True], ids=["for reading", "json"])
def as_json(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
async def world(db: Database, cast: Cast) -> World:
    return await planting.founded(db, cast)


async def test_a_failure_beside_a_private_line_is_logged_without_it(world: World) -> None:
    written = io.StringIO()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=written))
    secret = world.new("spoken", planting.TALK)

    def fails(moved: Any) -> None:
        text = secret  # what a traceback with the values of its variables would print
        raise ValueError(f"cannot handle {text}")

    async def fails_later(session: Any, payload: dict[str, Any]) -> None:
        fails(payload)

    rooms.journal_of(world.db).on_commit.append(fails)
    await planting.say(world, world.cast.applicant, "applicant", secret)
    jobs._handlers["leaks:fail"] = fails_later
    try:
        async with world.db.write() as session:
            await jobs.enqueue(session, "leaks:fail", {"text": secret})
        await jobs.run_due(world.db)
    finally:
        del jobs._handlers["leaks:fail"]
    logged = written.getvalue()
    assert "journal.listener_failed" in logged
    assert "jobs.failed" in logged
    assert "ValueError" in logged
    assert "test_failures.py" in logged
    assert secret not in logged
