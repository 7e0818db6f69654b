"""Frames that are nearly right, ten thousand of them: each gets its typed error or its close code, and nobody else
notices."""

import asyncio
import json
import logging
import random
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from odr.core import ids
from odr.live import connection
from tests.cast import Cast
from tests.live.grammar import Grammar, Made, broken_streams
from tests.live.server import Client, Server, opened_line
from tests.plugins.faults import Trial
from tests.rooms.conftest import Rooms

_BATCH = 250


@pytest.fixture
def troubles() -> Iterator[list[str]]:
    """What the service's log holds of warnings, errors and exceptions."""
    found: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= logging.WARNING or record.exc_info:
                found.append(f"{record.name}: {record.getMessage()} {record.exc_info}")

    keep = Keep()
    loggers = [logging.getLogger(name) for name in ("", "uvicorn", "uvicorn.error", "asyncio")]
    for logger in loggers:
        logger.addHandler(keep)
    with capture_logs() as events:
        yield found
        found += [str(one) for one in events if one["log_level"] not in ("debug", "info") or "exc_info" in one]
    for logger in loggers:
        logger.removeHandler(keep)


class Bystander:
    """Somebody in the same room who goes on talking."""

    def __init__(self, line: Client, room: str) -> None:
        self._line, self._room, self.said = line, room, list[str]()
        self._one_at_a_time = asyncio.Lock()

    async def talks(self) -> None:
        async with self._one_at_a_time:
            self.said.append(await self._line.say(self._room, f"第 {len(self.said) + 1} 句"))
            await self._line.next("said", id=self.said[-1])


async def _is_answered(line: Client, made: list[Made], n: int) -> None:
    """All are sent at once. The errors come in the order of what they answer, and the line lives."""
    before = len(line.heard)
    for one in made:
        await line.socket.send(one.message)
    await line.send("ping", n=n)
    await line.next("pong", n=n)
    errors = [frame for frame in line.heard[before:] if frame["t"] == "error"]
    for one, error in zip(made, errors, strict=False):
        told = (error["code"], error.get("re"))
        assert told == (one.code, one.re), (one.what, one.message[:300], told)
        assert error["say"]
    assert len(errors) == len(made)


async def test_nearly_right_frames_are_answered_one_by_one_and_disturb_nobody(
    server: Server, cast: Cast, opened: Rooms, trial: Trial, troubles: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "RATE", 1e9)
    monkeypatch.setattr(connection, "BURST", 1e9)
    room, frames, senders = opened.joint.pid, trial.size(10_000, 300_000), 4
    async with opened_line(server, cast.respondent) as b, opened_line(server, cast.mediator) as m:
        bystander = Bystander(b, room)
        await b.join(room)
        await m.join(room)

        async def sends(number: int) -> None:
            dice = random.Random(f"{trial.seed} {number}")
            grammar = Grammar(dice, room)
            async with opened_line(server, cast.applicant) as a:
                await a.join(room)
                for batch in range(frames // senders // _BATCH):
                    await _is_answered(a, [grammar.bad() for _ in range(_BATCH)], batch)
                    a.heard.clear()
                    a.bytes_heard.clear()
                    a._read = 0
                    await bystander.talks()

        try:
            await asyncio.gather(*(sends(number) for number in range(senders)))
        except AssertionError as wrong:
            wrong.add_note(f"again with --seed {trial.seed}")
            raise
        heard = await m.lines_up_to(room, len(bystander.said))
        assert [line["id"] for line in heard] == bystander.said
        assert not [frame for frame in b.heard + m.heard if frame["t"] == "error"]
    assert troubles == []


async def test_what_breaks_the_framing_closes_its_own_socket_with_the_right_code(
    server: Server, cast: Cast, opened: Rooms, trial: Trial, troubles: list[str]
) -> None:
    room = opened.joint.pid
    async with opened_line(server, cast.respondent) as b:
        await b.join(room)
        bystander = Bystander(b, room)
        for name, code, data in broken_streams(trial.dice, room):
            async with opened_line(server, cast.applicant) as a:
                await a.next("welcome")
                a.socket.transport.write(data)
                assert await a.closed() == code, (name, f"--seed {trial.seed}")
            await bystander.talks()
        # A sign may be cut by the border of two fragments: that is no fault.
        async with opened_line(server, cast.applicant) as a:
            frame = {"t": "say", "room": room, "id": ids.new_pid(), "text": "房"}
            whole = json.dumps(frame, ensure_ascii=False).encode()
            cut = whole.index("房".encode()) + 1
            await a.socket.send([whole[:cut], whole[cut:]], text=True)
            await a.next("said")
        assert not [frame for frame in b.heard if frame["t"] == "error"]
    assert troubles == []


async def test_rooms_of_others_and_of_nobody_answer_alike_to_every_frame(
    server: Server, cast: Cast, opened: Rooms, troubles: list[str]
) -> None:
    foreign = [opened.respondents.pid, opened.notes.pid, ids.new_pid(), "x", "-" * 32]
    async with opened_line(server, cast.applicant) as a:
        told = []
        for room in foreign:
            answers = []
            for frame in (
                {"t": "say", "id": "-" * 22, "text": "有人吗"},
                {"t": "recall", "id": ids.new_pid(), "seq": 1},
                {"t": "join"},
                {"t": "join", "epoch": "e", "seq": 2**63},
                {"t": "history", "before": 1},
                {"t": "read", "seq": 1},
                {"t": "typing"},
            ):
                await a.send(frame.pop("t"), room=room, **frame)  # type: ignore[arg-type]
                error = await a.next("error")
                assert error.pop("room") == room
                assert error.pop("re", None) == frame.get("id")
                answers.append(error)
            await a.send("leave", room=room)  # has no answer, wherever it goes
            await a.send("ping", n=1)
            before = len(a.heard)
            await a.next("pong")
            assert [frame["t"] for frame in a.heard[before:]] == ["pong"]
            told.append(answers)
        assert all(answers == told[0] for answers in told)
        assert {error["code"] for error in told[0]} == {"unknown_room"}
    assert troubles == []
