"""A private talk is a room of its own: nothing of it reaches anybody outside, by any frame."""

import asyncio
import contextlib
from typing import Any

import pytest

from odr.accounts import service as accounts
from odr.accounts.access import load_actor
from odr.accounts.models import Person
from odr.core import ids
from odr.core.db import Database
from odr.rooms import service as rooms
from tests.cast import Cast, Member
from tests.live.server import Client, Server, opened_line
from tests.rooms.conftest import Rooms

CANARY = "金丝雀底线八千"


async def talk(server: Server, cast: Cast, opened: Rooms, *, privately: bool) -> list[dict[str, Any]]:
    """The same story in the joint room, with and without a private talk beside it; what the respondent hears."""
    joint, private, notes = opened.joint.pid, opened.applicants.pid, opened.notes.pid
    async with contextlib.AsyncExitStack() as stack:
        a, b, m = [
            await stack.enter_async_context(opened_line(server, who))
            for who in (cast.applicant, cast.respondent, cast.mediator)
        ]
        for client, pids in ((m, (joint, private, opened.respondents.pid, notes)), (a, (joint, private))):
            for pid in pids:
                await client.join(pid)
        for pid in (joint, opened.respondents.pid):
            await b.join(pid)
        for pid in (private, notes):
            await b.send("join", room=pid)
            await b.send("history", room=pid, after=0)
            await b.send("typing", room=pid)
            await b.send("read", room=pid, seq=1)
            await b.say(pid, "试试看")
            await b.send("recall", room=pid, id=ids.new_pid(), seq=1)
        await a.say(joint, "大家好")
        await a.next("said")
        if privately:
            for n in range(5):
                await a.send("typing", room=private)
                await m.say(private, f"{CANARY}{n}")
                await m.next("said")
                await m.say(notes, f"{CANARY}笔记{n}")
                await m.next("said")
                await a.lines_up_to(private, n + 1)
                await a.send("read", room=private, seq=n + 1)
            recall_id = ids.new_pid()
            await m.send("recall", room=private, id=recall_id, seq=1)
            await m.next("said", id=recall_id)
        await m.say(joint, "继续")
        await b.lines_up_to(joint, 2)
        await b.quiet()
        assert CANARY.encode() not in bytes(b.bytes_heard)
        return b.heard


def normal(heard: list[dict[str, Any]], names: dict[str, str]) -> list[str]:
    """What was heard, with ids and times replaced by what they stand for."""
    found = []
    for frame in heard:
        text = repr(frame)
        for pid, name in names.items():
            text = text.replace(pid, name)
        found.append(text)
    return found


async def test_the_other_side_cannot_tell_whether_a_private_talk_happened(
    server: Server, db: Database, cast: Cast, opened: Rooms
) -> None:
    from tests.rooms.conftest import opened_rooms

    twin = await opened_rooms(db, cast)
    views = []
    for case, privately in ((opened, True), (twin, False)):
        heard = await talk(server, cast, case, privately=privately)
        names = {room.pid: name for name, room in vars(case).items() if name != "case"} | {case.case: "case"}
        kept: list[dict[str, Any]] = []
        for frame in heard:
            frame = {k: v for k, v in frame.items() if k not in ("at", "re")}
            if frame["t"] == "lines":
                frame["lines"] = [{k: v for k, v in one.items() if k not in ("at", "id")} for one in frame["lines"]]
            kept.append(frame)
        # Reading runs beside writing, so frames are compared kind by kind.
        views.append(sorted(normal(kept, names)))
    assert views[0] == views[1]


@pytest.mark.parametrize("room", ["joint", "applicants", "respondents", "notes"])
async def test_each_room_opens_to_its_members_alone(server: Server, cast: Cast, opened: Rooms, room: str) -> None:
    members = {
        "joint": {"applicant", "respondent", "mediator"},
        "applicants": {"applicant", "mediator"},
        "respondents": {"respondent", "mediator"},
        "notes": {"mediator"},
    }[room]
    pid, absent = vars(opened)[room].pid, ids.new_pid()

    async def tries(name: str, who: Member) -> None:
        async with opened_line(server, who) as line:
            if name in members:
                assert (await line.join(pid))["room"] == pid
                return
            for t, more in (("join", {}), ("history", {"after": 0}), ("typing", {}), ("read", {"seq": 1})):
                await line.send(t, room=pid, **more)
                forbidden = await line.next("error")
                await line.send(t, room=absent, **more)
                unknown = await line.next("error")
                assert forbidden["code"] == "unknown_room"
                assert {**forbidden, "room": ""} == {**unknown, "room": ""}
            said = [await line.say(one, "有人吗") for one in (pid, absent)]
            errors = [await line.next("error", re=one) for one in said]
            assert [{**one, "room": "", "re": ""} for one in errors] == [{**errors[0], "room": "", "re": ""}] * 2

    await asyncio.gather(*(tries(name, who) for name, who in cast.everybody().items()))


async def test_a_seat_of_staff_does_not_open_to_a_code_sent_to_their_phone(
    server: Server, db: Database, cast: Cast, opened: Rooms
) -> None:
    """A mediator is a resident too, and signs in to their own cases with one factor. What is said to the mediator needs
    both (等保三级 8.1.4.1)."""
    async with db.write() as session:
        person = await session.get_one(Person, cast.mediator.id)
        _, token = await accounts.open_login(session, person, False, "127.0.0.1", "")
        await rooms.add_member(session, opened.joint, cast.mediator.id, role="applicant", name="张调解")
    async with db.read() as session:
        actor = await load_actor(session, token)
        assert actor is not None
    resident = Member(actor=actor, token=token, phone=cast.mediator.phone, app=server.app)
    for room in (opened.applicants.pid, opened.notes.pid):
        base = f"/api/v1/rooms/{room}"
        async with resident.program() as http, opened_line(server, resident) as line:
            said = {"id": ids.new_pid(), "text": "是我"}
            for answer in (
                await http.get(f"{base}/lines"),
                await http.get(f"{base}/search", params={"q": "话"}),
                await http.post(f"{base}/lines", json=said),
                await http.put(f"{base}/read", json={"seq": 1}),
                await http.post(f"{base}/files", files={"file": ("a.txt", b"a")}),
            ):
                assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_room")
            await line.send("join", room=room)
            assert (await line.next("error"))["code"] == "unknown_room"
            await line.say(room, "是我")
            assert (await line.next("error"))["code"] == "unknown_room"
    async with opened_line(server, resident) as line:
        await line.join(opened.joint.pid)  # a party in a case of their own
        await line.say(opened.joint.pid, "我家没有暖气")
        await line.lines_up_to(opened.joint.pid, 1)
        async with db.write() as session:
            await rooms.add_member(session, opened.joint, cast.mediator.id, role="mediator", name="张调解")
        await line.next("gone", room=opened.joint.pid)
    async with opened_line(server, cast.mediator) as line:
        for room in (opened.applicants.pid, opened.notes.pid, opened.joint.pid):
            await line.join(room)


async def test_a_removed_person_hears_nothing_more(server: Server, db: Database, cast: Cast, opened: Rooms) -> None:
    room = opened.joint.pid
    async with opened_line(server, cast.respondent) as b, opened_line(server, cast.applicant) as a:
        known = await b.join(room)
        await a.join(room)
        await a.say(room, "一")
        await b.lines_up_to(room, 1)
        async with db.write() as session:
            await rooms.end_member(session, await rooms.room(session, room), cast.respondent.id)
        await b.next("gone", 2.0, room=room)
        assert [m["role"] for m in (await a.next("room"))["members"]] == ["applicant", "mediator"]
        await a.say(room, CANARY)
        await a.lines_up_to(room, 2)
        for t, more in (
            ("join", {}),
            ("join", {"epoch": known["epoch"], "seq": 1}),
            ("history", {"after": 0}),
            ("read", {"seq": 1}),
        ):
            await b.send(t, room=room, **more)
            assert (await b.next("error"))["code"] == "unknown_room"
        await b.say(room, "我还能说吗")
        assert (await b.next("error"))["code"] == "unknown_room"
        await b.quiet()
        assert CANARY.encode() not in bytes(b.bytes_heard)


async def test_a_line_after_the_removal_is_withheld_even_if_no_poke_came(
    server: Server, db: Database, cast: Cast, opened: Rooms
) -> None:
    """The lines bring the version of the members along: fan-out checks it, poke or no poke."""
    room = opened.joint.pid
    async with opened_line(server, cast.respondent) as b, opened_line(server, cast.applicant) as a:
        await b.join(room)
        await a.join(room)
        db.bus = None
        async with db.write() as session:
            await rooms.end_member(session, await rooms.room(session, room), cast.respondent.id)
        await a.say(room, CANARY)
        await a.lines_up_to(room, 1)
        await b.next("gone", room=room)
        assert CANARY.encode() not in bytes(b.bytes_heard)


async def test_who_comes_later_reads_from_there_on(server: Server, db: Database, cast: Cast, opened: Rooms) -> None:
    room = opened.applicants.pid
    async with opened_line(server, cast.applicant) as a, opened_line(server, cast.other_mediator) as n:
        await a.join(room)
        await a.say(room, CANARY)
        await a.next("said")
        async with db.write() as session:
            found = await rooms.room(session, room)
            await rooms.end_member(session, found, cast.mediator.id)
            await rooms.add_member(
                session, found, cast.other_mediator.id, role="mediator", name="赵调解", from_start=False
            )
        epoch = (await n.join(room))["epoch"]
        await a.say(room, "新来的您好")
        await n.lines_up_to(room, 2)
        await n.send("history", room=room, before=99)
        assert [one["seq"] for one in (await n.next("lines", **{"from": "history"}))["lines"]] == [2]
        await n.send("join", room=room, epoch=epoch, seq=0)
        assert [one["seq"] for one in (await n.next("lines", **{"from": "join"}))["lines"]] == [2]
        assert CANARY.encode() not in bytes(n.bytes_heard)


# --- presence, typing, read marks, changes ---------------------------------------------------------------------------


async def here(client: Client, case: str, people: set[str]) -> None:
    await client.until(lambda f: f["t"] == "presence" and f["case"] == case and set(f["here"]) == people)


async def test_presence_is_told_per_case_and_fades(server: Server, cast: Cast, opened: Rooms) -> None:
    async with opened_line(server, cast.applicant) as a:
        await a.join(opened.joint.pid)
        await here(a, opened.case, {cast.applicant.pid})
        async with opened_line(server, cast.mediator) as m:
            # The mediator sits in the other side's room only; the case shows that, the room does not.
            await m.join(opened.respondents.pid)
            await here(a, opened.case, {cast.applicant.pid, cast.mediator.pid})
            assert opened.respondents.pid.encode() not in bytes(a.bytes_heard)
        await here(a, opened.case, {cast.applicant.pid})


async def test_who_is_seated_in_a_private_room_is_no_news_for_the_other_side(
    server: Server, db: Database, cast: Cast, opened: Rooms
) -> None:
    """Not even the moment: a frame that says what was known already would tell it."""
    hub = server.app.state.odr.hub
    async with opened_line(server, cast.applicant) as a, opened_line(server, cast.respondent) as b:
        await a.join(opened.applicants.pid)
        await b.join(opened.joint.pid)
        await a.join(opened.joint.pid)
        await here(b, opened.case, {cast.applicant.pid, cast.respondent.pid})
        await b.quiet()
        heard = len(b.heard)
        async with db.write() as session:
            room = await rooms.room(session, opened.applicants.pid)
            await rooms.add_member(session, room, cast.stranger.id, role="agent", name="代理人")
            await rooms.set_writable(session, room, False)
        await a.until(lambda f: f["t"] == "room" and f["can"] == [])
        await hub.streams.check_heads()
        await b.quiet()
        assert b.heard[heard:] == []


async def test_a_reload_is_no_departure(server: Server, cast: Cast, opened: Rooms) -> None:
    async with opened_line(server, cast.applicant) as a:
        await a.join(opened.joint.pid)
        async with opened_line(server, cast.respondent) as b:
            await b.join(opened.joint.pid)
        await here(a, opened.case, {cast.applicant.pid, cast.respondent.pid})
        told = len([f for f in a.heard if f["t"] == "presence"])
        async with opened_line(server, cast.respondent) as b:
            await b.join(opened.joint.pid)
            await a.quiet(0.5)
        assert len([f for f in a.heard if f["t"] == "presence"]) == told


async def test_typing_is_told_to_the_others_in_that_room(server: Server, cast: Cast, opened: Rooms) -> None:
    async with (
        opened_line(server, cast.applicant) as a,
        opened_line(server, cast.respondent) as b,
        opened_line(server, cast.mediator) as m,
    ):
        for client, pid in ((a, opened.joint.pid), (b, opened.joint.pid), (m, opened.joint.pid)):
            await client.join(pid)
        await a.join(opened.applicants.pid)
        await m.join(opened.applicants.pid)
        await a.send("typing", room=opened.applicants.pid)
        assert (await m.next("typing"))["who"] == cast.applicant.pid
        await a.send("typing", room=opened.joint.pid)
        await a.send("typing", room=opened.joint.pid)
        await b.next("typing", room=opened.joint.pid, who=cast.applicant.pid)
        await b.quiet()
        assert len([f for f in b.heard if f["t"] == "typing"]) == 1
        assert not [f for f in a.heard if f["t"] == "typing"]


async def test_read_marks_agree_on_all_devices(server: Server, db: Database, cast: Cast, opened: Rooms) -> None:
    room = opened.joint.pid
    async with (
        opened_line(server, cast.applicant) as a,
        opened_line(server, cast.applicant) as phone,
        opened_line(server, cast.respondent) as b,
    ):
        for client in (a, phone, b):
            await client.join(room)
        for _ in range(3):
            await b.say(room, "您看到了吗")
        await a.lines_up_to(room, 3)
        await a.send("read", room=room, seq=2)
        for client in (b, phone):
            assert (await client.next("read"))["who"] == cast.applicant.pid
        await a.send("read", room=room, seq=1)
        await a.send("read", room=room, seq=2**31 - 1)
        assert (await b.next("read"))["seq"] == 3
    async with db.read() as session:
        views = {view.pid: view for view in await rooms.rooms_for(session, opened.case, cast.applicant.id)}
        assert views[room].unread == 0
        views = {view.pid: view for view in await rooms.rooms_for(session, opened.case, cast.mediator.id)}
        assert views[room].unread == 3
    async with opened_line(server, cast.mediator) as m:
        assert (await m.join(room))["read"] == {cast.applicant.pid: 3}


async def test_a_changed_case_is_told_to_who_is_connected_to_it(server: Server, cast: Cast, opened: Rooms) -> None:
    bus = server.app.state.odr.bus
    async with opened_line(server, cast.applicant) as a, opened_line(server, cast.stranger) as s:
        await a.join(opened.applicants.pid)
        await s.next("welcome")
        await bus.poke("cases", [opened.case, f"{opened.case}:agreement", f"{opened.case}:<b>"])
        assert [(await a.next("changed"))["what"] for _ in range(3)] == ["case", "agreement", "case"]
        await s.quiet(0.2)
        assert not [f for f in s.heard if f["t"] == "changed"]


async def test_a_private_act_of_one_side_does_not_even_wake_the_other(
    server: Server, cast: Cast, opened: Rooms
) -> None:
    bus = server.app.state.odr.bus
    async with (
        opened_line(server, cast.applicant) as a,
        opened_line(server, cast.respondent) as b,
        opened_line(server, cast.mediator) as m,
    ):
        for client in (a, b, m):
            await client.join(opened.joint.pid)
        await bus.poke("cases", [f"{opened.case}::applicant"])
        await a.next("changed", case=opened.case)
        await m.next("changed", case=opened.case)
        await bus.poke("cases", [f"{opened.case}::staff"])
        await m.next("changed", case=opened.case)
        await bus.poke("cases", [f"{opened.case}:agreement"])
        assert (await b.next("changed"))["what"] == "agreement"
        assert [f["what"] for f in a.heard if f["t"] == "changed"] == ["case"]
