"""What the live stream cannot hand over at once is read from the table, whole and without a detour for the rest."""

from typing import Any

import pytest

from odr.core.db import Database
from odr.live import hub as hubs
from odr.live.streams import Streams
from odr.rooms import page
from odr.rooms import service as rooms
from odr.rooms.append import Moved
from tests.cast import Cast
from tests.live.server import Server, eventually, opened_line
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


async def test_who_return_at_once_share_one_reading_and_miss_nothing_said_meanwhile(
    server: Server, db: Database, cast: Cast, opened: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = opened.joint.pid
    streams: Streams = server.app.state.odr.hub.streams
    for n in range(3):
        await rooms.say(db, cast.mediator.actor, pid, line(str(n)))
    look, reads = db.look, []

    async def slow(work: Any, *args: Any, **kwargs: Any) -> Any:
        found = await look(work, *args, **kwargs)
        if work in (page.lines_of, rooms.states_of):
            reads.append(work.__name__)
            if work is page.lines_of and reads.count("lines_of") == 1:
                await eventually(all_have_asked)
                await rooms.say(db, cast.mediator.actor, pid, line("meanwhile"))
        return found

    async def all_have_asked() -> bool:
        room = streams.find(pid)
        return room is not None and len(room.subs) == 3

    monkeypatch.setattr(db, "look", slow)
    async with (
        opened_line(server, cast.mediator) as a,
        opened_line(server, cast.applicant) as b,
        opened_line(server, cast.respondent) as c,
    ):
        for one in (a, b, c):
            await one.send("join", room=pid)
        for one in (a, b, c):
            assert [found["seq"] for found in await one.lines_up_to(pid, 4)] == [1, 2, 3, 4]
    # The state and the first page were read once; each catches up by itself with what was said since.
    assert reads.count("states_of") == 1
    assert reads.count("lines_of") <= 1 + 3
