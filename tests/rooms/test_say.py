"""What a room promises to who writes in it: order, exactly once, and a clear answer."""

import asyncio
from datetime import timedelta

import pytest

from odr.core import clock, ids
from odr.core.db import Database
from odr.core.errors import Conflict, Forbidden, NotFound
from odr.rooms import service as rooms
from odr.rooms.models import Room
from odr.rooms.schemas import RecallIn
from tests.cast import Cast, Member
from tests.rooms.conftest import Rooms, line


async def transcript(db: Database, who: Member, room: Room, *, limit: int = 200) -> list[tuple[int, str, str]]:
    """(seq, kind, text) of what this member reads."""
    from odr.rooms.access import member_of

    async with db.read() as session:
        found, member = await member_of(session, who.actor, room.pid)
        lines = await rooms.page(session, found, member, after=0, limit=limit)
        return [(one.seq, one.kind, one.body.get("text", "")) for one in lines.lines]


async def test_lines_of_many_senders_are_numbered_without_hole_or_repeat(
    db: Database, cast: Cast, opened: Rooms
) -> None:
    people = [cast.applicant, cast.respondent, cast.mediator]
    said = await asyncio.gather(
        *(rooms.say(db, people[n % 3].actor, opened.joint.pid, line(f"第{n}句")) for n in range(150))
    )
    assert sorted(one.seq for one in said) == list(range(1, 151))
    read = await transcript(db, cast.applicant, opened.joint)
    assert [seq for seq, _, _ in read] == list(range(1, 151))
    by_seq = {seq: text for seq, _, text in read}
    assert all(by_seq[one.seq] == f"第{n}句" for n, one in enumerate(said))


async def test_one_senders_lines_keep_their_order(db: Database, cast: Cast, opened: Rooms) -> None:
    said = await asyncio.gather(
        *(rooms.say(db, cast.applicant.actor, opened.joint.pid, line(str(n))) for n in range(40))
    )
    assert [one.seq for one in said] == list(range(1, 41))


async def test_a_repeat_gets_the_first_answer(db: Database, cast: Cast, opened: Rooms) -> None:
    once = line("我家没有暖气")
    first = await rooms.say(db, cast.applicant.actor, opened.joint.pid, once)
    again = await asyncio.gather(*(rooms.say(db, cast.applicant.actor, opened.joint.pid, once) for _ in range(20)))
    assert {(one.seq, one.at_us, one.repeated) for one in again} == {(first.seq, first.at_us, True)}
    assert not first.repeated
    assert len(await transcript(db, cast.applicant, opened.joint)) == 1


async def test_two_of_the_same_in_one_batch_are_one_line(db: Database, cast: Cast, opened: Rooms) -> None:
    once = line("只说一遍")
    both = await asyncio.gather(*(rooms.say(db, cast.applicant.actor, opened.joint.pid, once) for _ in range(2)))
    assert {one.seq for one in both} == {1}
    assert sorted(one.repeated for one in both) == [False, True]


async def test_the_same_id_with_other_words_is_refused(db: Database, cast: Cast, opened: Rooms) -> None:
    once = line("退一千元")
    await rooms.say(db, cast.applicant.actor, opened.applicants.pid, once)
    with pytest.raises(Conflict) as refused:
        await rooms.say(db, cast.applicant.actor, opened.applicants.pid, line("退两千元", once.id))
    assert refused.value.code == "conflict"
    assert await transcript(db, cast.applicant, opened.applicants) == [(1, "text", "退一千元")]


async def test_an_id_belongs_to_one_author_and_one_room(db: Database, cast: Cast, opened: Rooms) -> None:
    shared = ids.new_pid()
    said = [
        await rooms.say(db, who.actor, room.pid, line("同一个编号", shared))
        for who in (cast.applicant, cast.mediator)
        for room in (opened.joint, opened.applicants)
    ]
    assert [(one.seq, one.repeated) for one in said] == [(1, False), (1, False), (2, False), (2, False)]


async def test_who_is_no_member_finds_no_room(db: Database, cast: Cast, opened: Rooms) -> None:
    with pytest.raises(NotFound) as absent:
        await rooms.say(db, cast.stranger.actor, ids.new_pid(), line("有人吗"))
    for who in cast.everybody_but("applicant", "mediator").values():
        with pytest.raises(NotFound) as forbidden:
            await rooms.say(db, who.actor, opened.applicants.pid, line("有人吗"))
        assert (forbidden.value.say, forbidden.value.code) == (absent.value.say, absent.value.code)


async def test_a_removed_member_can_neither_write_nor_read(db: Database, cast: Cast, opened: Rooms) -> None:
    once = line("我先说一句")
    await rooms.say(db, cast.respondent.actor, opened.joint.pid, once)
    async with db.write() as session:
        await rooms.end_member(session, opened.joint, cast.respondent.id)
    for one in (once, line("再说一句")):
        with pytest.raises(NotFound):
            await rooms.say(db, cast.respondent.actor, opened.joint.pid, one)
    with pytest.raises(NotFound):
        await transcript(db, cast.respondent, opened.joint)


async def test_who_comes_back_may_write_again(db: Database, cast: Cast, opened: Rooms) -> None:
    async with db.write() as session:
        await rooms.end_member(session, opened.joint, cast.respondent.id)
    await rooms.say(db, cast.applicant.actor, opened.joint.pid, line("您不在的时候"))
    async with db.write() as session:
        await rooms.add_member(
            session, opened.joint, cast.respondent.id, role="respondent", name="李某", from_start=False
        )
    await rooms.say(db, cast.respondent.actor, opened.joint.pid, line("我回来了"))
    assert await transcript(db, cast.respondent, opened.joint) == [(2, "text", "我回来了")]


async def test_a_closed_room_is_read_only_but_a_repeat_still_stands(db: Database, cast: Cast, opened: Rooms) -> None:
    once = line("在关闭之前")
    first = await rooms.say(db, cast.applicant.actor, opened.joint.pid, once)
    async with db.write() as session:
        await rooms.set_writable(session, await rooms.room(session, opened.joint.pid), False)
    assert (await rooms.say(db, cast.applicant.actor, opened.joint.pid, once)).seq == first.seq
    with pytest.raises(Forbidden) as refused:
        await rooms.say(db, cast.applicant.actor, opened.joint.pid, line("在关闭之后"))
    assert refused.value.code == "read_only"
    async with db.write() as session:
        await rooms.set_writable(session, await rooms.room(session, opened.joint.pid), True)
    assert (await rooms.say(db, cast.applicant.actor, opened.joint.pid, line("又开了"))).seq == 2


async def test_who_may_only_read_is_told_so(db: Database, cast: Cast, opened: Rooms) -> None:
    async with db.write() as session:
        await rooms.add_member(
            session, opened.joint, cast.applicant_agent.id, role="agent", name="王小某", may_write=False
        )
    with pytest.raises(Forbidden):
        await rooms.say(db, cast.applicant_agent.actor, opened.joint.pid, line("我能说吗"))


async def test_a_move_and_its_line_cannot_part(db: Database, cast: Cast, opened: Rooms) -> None:
    with pytest.raises(ValueError, match="stop"):
        async with db.write() as session:
            await rooms.announce(session, opened.joint, "case:accepted", "已经受理")
            raise ValueError("stop")
    async with db.write() as session:
        assert await rooms.announce(session, opened.joint, "case:accepted", "已经受理", "/cases/x") == 1
        assert await rooms.announce(session, opened.joint, "case:assigned", "已经指派") == 2
    await rooms.say(db, cast.applicant.actor, opened.joint.pid, line("好的"))
    assert [kind for _, kind, _ in await transcript(db, cast.applicant, opened.joint)] == ["system", "system", "text"]


async def test_moves_and_talk_at_once_share_one_order(db: Database, cast: Cast, opened: Rooms) -> None:
    async def announce(n: int) -> int:
        async with db.write() as session:
            return await rooms.announce(session, opened.joint, "case:moved", f"第{n}步")

    said = [rooms.say(db, cast.applicant.actor, opened.joint.pid, line(str(n))) for n in range(20)]
    found = await asyncio.gather(*said, *(announce(n) for n in range(20)))
    seqs = [one if isinstance(one, int) else one.seq for one in found]
    assert sorted(seqs) == list(range(1, 41))
    async with db.read() as session:
        assert [fault async for fault in rooms.verify(session)] == []


async def test_a_proposal_is_said_in_the_members_name(db: Database, cast: Cast, opened: Rooms) -> None:
    body = {"agreement": "a", "clause": "c", "version": 1, "text": "退还一千元"}
    async with db.write() as session:
        await rooms.propose(session, opened.joint, cast.mediator.actor, body)
    assert await transcript(db, cast.applicant, opened.joint) == [(1, "proposal", "退还一千元")]
    with pytest.raises(NotFound):
        async with db.write() as session:
            await rooms.propose(session, opened.joint, cast.stranger.actor, body)


# --- recall ---------------------------------------------------------------------------------------------------------


async def take_back(db: Database, who: Member, room: Room, seq: int) -> rooms.Said:
    return await rooms.recall(db, who.actor, room.pid, RecallIn(id=ids.new_pid(), seq=seq))


async def test_a_recalled_line_keeps_its_place_without_its_words(db: Database, cast: Cast, opened: Rooms) -> None:
    await rooms.say(db, cast.applicant.actor, opened.joint.pid, line("说错了的电话号码"))
    assert (await take_back(db, cast.applicant, opened.joint, 1)).seq == 2
    assert await transcript(db, cast.respondent, opened.joint) == [(1, "text", ""), (2, "recall", "")]
    async with db.read() as session:
        found = await rooms.room(session, opened.joint.pid)
        audited = await rooms.page(session, found, None, sealed=True)
        assert audited.lines[0].body == {"text": "说错了的电话号码"}
        assert audited.lines[0].recalled


async def test_audit_of_a_private_room_is_refused(db: Database, cast: Cast, opened: Rooms) -> None:
    await rooms.say(db, cast.applicant.actor, opened.applicants.pid, line("底线"))
    for room in (opened.applicants, opened.notes):
        async with db.read() as session:
            with pytest.raises(NotFound):
                await rooms.page(session, await rooms.room(session, room.pid), None, sealed=True)


async def test_only_ones_own_line_can_be_recalled_and_only_for_two_minutes(
    db: Database, cast: Cast, opened: Rooms
) -> None:
    await rooms.say(db, cast.applicant.actor, opened.joint.pid, line("一"))
    async with db.write() as session:
        await rooms.announce(session, opened.joint, "case:moved", "二")
    for who, seq in ((cast.mediator, 1), (cast.applicant, 2), (cast.applicant, 99)):
        with pytest.raises(Forbidden) as foreign:
            await take_back(db, who, opened.joint, seq)
        assert foreign.value.code == "not_yours"
    with clock.shifted(timedelta(minutes=2, seconds=1)), pytest.raises(Conflict) as late:
        await take_back(db, cast.applicant, opened.joint, 1)
    assert late.value.code == "too_late"
    with clock.shifted(timedelta(minutes=1, seconds=50)):
        assert (await take_back(db, cast.applicant, opened.joint, 1)).seq == 3


async def test_recalling_twice_is_recalling_once(db: Database, cast: Cast, opened: Rooms) -> None:
    await rooms.say(db, cast.applicant.actor, opened.joint.pid, line("一"))
    both = await asyncio.gather(*(take_back(db, cast.applicant, opened.joint, 1) for _ in range(3)))
    assert {one.seq for one in both} == {2}
    assert (await take_back(db, cast.applicant, opened.joint, 1)).seq == 2
