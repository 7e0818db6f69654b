"""What the live stream cannot hand over at once is read from the table, whole and without a detour for the rest."""

import pytest

from odr.core.db import Database
from odr.live import hub as hubs
from odr.live.streams import Streams
from odr.rooms import page
from odr.rooms import service as rooms
from odr.rooms.append import Moved
from tests.cast import Cast
from tests.live.server import Server, opened_line
from tests.rooms.conftest import Rooms, line


@pytest.fixture(autouse=True)
def _nobody_looks_at_the_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    """What arrives here arrived without the look that comes every two seconds."""
    monkeypatch.setattr(hubs, "CHECK_SECONDS", 3600.0)


async def test_long_news_of_several_rooms_are_read_to_their_ends(
    server: Server, db: Database, cast: Cast, opened: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "_NEWS_LINES", 5)
    pids = [opened.joint.pid, opened.applicants.pid, opened.respondents.pid]
    streams: Streams = server.app.state.odr.hub.streams
    async with opened_line(server, cast.mediator) as a:
        for pid in pids:
            await a.join(pid)
        take, streams.take = streams.take, lambda moved: None  # type: ignore[method-assign]
        rooms.journal_of(db).on_commit.clear()
        for n in range(7):
            for pid in pids:
                await rooms.say(db, cast.mediator.actor, pid, line(str(n)))
        streams.take = take  # type: ignore[method-assign]
        for pid in pids:
            streams.look_at(pid)
        for pid in pids:
            assert [one["seq"] for one in await a.lines_up_to(pid, 7)] == [1, 2, 3, 4, 5, 6, 7]


async def test_lines_that_were_read_already_are_no_hole(
    server: Server, db: Database, cast: Cast, opened: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look may read a line before its commit is told here. Under load that must not send the room to the table for
    every line from then on."""
    pid = opened.joint.pid
    streams: Streams = server.app.state.odr.hub.streams
    told: list[list[Moved]] = []
    journal = rooms.journal_of(db)
    journal.on_commit.clear()
    journal.on_commit.append(told.append)
    async with opened_line(server, cast.mediator) as a:
        await a.join(pid)
        await rooms.say(db, cast.mediator.actor, pid, line("第一句"))
        streams.look_at(pid)
        await a.lines_up_to(pid, 1)
        looks: list[str] = []
        monkeypatch.setattr(streams, "look_at", looks.append)
        streams.take(told[0])
        await rooms.say(db, cast.mediator.actor, pid, line("第二句"))
        streams.take(told[1])
        assert [one["seq"] for one in await a.lines_up_to(pid, 2)] == [1, 2]
        assert looks == []
