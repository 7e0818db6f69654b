"""The same id again and again, over other workers, after restarts: one line, one answer."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Sequence

import orjson
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from odr.core import ids
from tests.faults.phone import Frame, Person
from tests.faults.service import Site
from tests.plugins.faults import Trial

_ON_ONE_LINE = 100  # a socket takes 120 frames in one go
_PER_ROUND = 12


async def send_all(site: Site, person: Person, frames: Sequence[Frame]) -> tuple[int, list[Frame]]:
    """Send frames over some worker: how many left, and what was answered before the line broke."""
    sent = 0
    answers: list[Frame] = []
    with contextlib.suppress(OSError, WebSocketException, TimeoutError, EOFError):
        async with connect(
            f"ws://127.0.0.1:{site.a_port()}/ws", subprotocols=["odr.v1"],  # type: ignore[list-item]
            additional_headers=person.headers, compression=None, proxy=None, close_timeout=0.5,
        ) as socket:  # fmt: skip
            for frame in frames:
                await socket.send(orjson.dumps(frame).decode())
                sent += 1
            async with asyncio.timeout(10):
                while len(answers) < len(frames):
                    found = orjson.loads(await socket.recv())
                    got = found if isinstance(found, list) else [found]
                    answers += [frame for frame in got if frame["t"] in ("said", "error")]
    return sent, answers


async def test_the_same_line_fifty_times_is_one_line_with_one_answer(site: Site, trial: Trial) -> None:
    resends = trial.size(900, 20_000)
    history = site.history
    restarts = 0
    rounds = 0

    async def one_round(person: Person) -> None:
        room = trial.dice.choice(site.rooms_of(person))
        lines = [(ids.new_pid(), f"再说一遍 {n}") for n in range(_PER_ROUND)]
        history.sent += [(person.pid, id, room, text) for id, text in lines]
        left = {id: trial.dice.randint(1, 50) for id, _ in lines}
        answered: Counter[str] = Counter()
        tried: set[str] = set()
        while any(count > 0 for count in left.values()) or len(answered) < len(lines):
            due = [one for one in lines for _ in range(min(max(left[one[0]], 0), 8))] or lines[:]
            trial.dice.shuffle(due)
            frames = [{"t": "say", "room": room, "id": id, "text": text} for id, text in due[:_ON_ONE_LINE]]
            sent, answers = await send_all(site, person, frames)
            for frame in frames[:sent]:
                left[frame["id"]] -= 1
                trial.counts["resends"] += frame["id"] in tried
                tried.add(frame["id"])
            if not sent:
                await asyncio.sleep(0.05)
            for answer in answers:
                if answer["t"] == "said":
                    answered[answer["id"]] += 1
                    history.acked.append((person.pid, answer["id"], room, answer["seq"]))
                else:
                    assert answer["code"] == "busy"

    while trial.counts["resends"] < resends:
        rounds += 1
        talking = [asyncio.create_task(one_round(person)) for person in site.people]
        if rounds % 2:  # in the others nothing but resends
            await asyncio.sleep(trial.dice.uniform(0, 0.3))
            worker = trial.dice.choice(site.workers)
            await worker.kill()
            trial.counts["kills"] += 1
            await worker.start()
            restarts += 1
        await asyncio.gather(*talking)
        trial.progress(trial.counts["resends"], resends)
    site.count()
    assert restarts
    assert await site.verdict() == []


async def test_an_id_is_its_authors_and_its_rooms_and_keeps_its_first_words(site: Site) -> None:
    one, other = site.people[0], site.people[2]
    joint, second = site.rooms[0], site.rooms[3]
    id = ids.new_pid()
    first = {"t": "say", "room": joint, "id": id, "text": "一"}
    sent = [first, {**first, "text": "二"}, first, {**first, "room": second}]
    said = [answer for frame in sent for answer in (await send_all(site, one, [frame]))[1]]
    said += (await send_all(site, other, [first]))[1]
    assert [(frame["t"], frame.get("code"), frame.get("seq")) for frame in said] == [
        ("said", None, 1),
        ("error", "conflict", None),
        ("said", None, 1),
        ("said", None, 1),
        ("said", None, 2),
    ]
    for worker in site.workers:
        await worker.kill()
        await worker.start()
    again = [answer for frame in sent[:2] for answer in (await send_all(site, one, [frame]))[1]]
    assert [frame.get("code") or frame["seq"] for frame in again] == [1, "conflict"]
