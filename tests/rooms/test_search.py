"""Finding lines by words: the door of every other read, never stale, nothing that was said in confidence."""

import pytest
from sqlalchemy import text

from odr.core import ids
from odr.core.db import Database
from odr.core.errors import NotFound
from odr.rooms import index, indexing, search
from odr.rooms import service as rooms
from odr.rooms.access import member_of
from odr.rooms.models import Room
from odr.rooms.schemas import RecallIn
from odr.rooms.search import Found
from odr.rooms.tokens import Question
from tests.cast import Cast, Member
from tests.rooms.conftest import Rooms, line
from tests.rooms.indexed import index_all, nothing_left
from tests.statements import counted

CANARY = "底线是八千元"


@pytest.fixture(autouse=True)
def _far(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few lines are near, so that both ways of asking the index are gone."""
    monkeypatch.setattr(index, "_NEAR_LINES", 2)


async def find(
    db: Database, who: Member, room: Room, words: str, *, before: int | None = None, limit: int = 20
) -> Found:
    async with db.read() as session:
        found, member = await member_of(session, who.actor, room.pid)
        return await search.search(session, found, member, Question.of(words), before=before, limit=limit)


async def seqs(db: Database, who: Member, room: Room, words: str, **more: int) -> list[int]:
    return [one.seq for one in (await find(db, who, room, words, **more)).lines]


async def say(db: Database, who: Member, room: Room, *texts: str) -> None:
    for said in texts:
        await rooms.say(db, who.actor, room.pid, line(said))


@pytest.fixture(params=["not indexed", "half indexed", "indexed"])
async def talked(request: pytest.FixtureRequest, db: Database, cast: Cast, opened: Rooms) -> Rooms:
    """The same talk, known to the index in different parts: answers must not differ."""
    await say(db, cast.applicant, opened.joint, "楼上漏水，赔 500 元", "修了两次", "漏水还没有停")
    await say(db, cast.applicant, opened.applicants, CANARY)
    if request.param == "half indexed":
        await index_all(db)
    await say(db, cast.respondent, opened.joint, "漏上漏水楼上", "我赔５００元", "下周来修 Boiler")
    await rooms.recall(db, cast.respondent.actor, opened.joint.pid, RecallIn(id=ids.new_pid(), seq=5))
    async with db.write() as session:
        await rooms.announce(session, await rooms.room(session, opened.joint.pid), "case:accepted", "案件已受理")
    if request.param == "indexed":
        await index_all(db)
    return opened


async def test_words_are_found_newest_first_and_taken_back_lines_never(db: Database, cast: Cast, talked: Rooms) -> None:
    joint, who = talked.joint, cast.mediator
    assert await seqs(db, who, joint, "漏水") == [4, 3, 1]
    assert await seqs(db, who, joint, "楼上漏") == [1]
    assert await seqs(db, who, joint, "500") == [1]
    assert await seqs(db, who, joint, "漏") == [4, 3, 1]
    assert await seqs(db, who, joint, "BOILER") == [6]
    assert await seqs(db, who, joint, "元 漏水") == [1]
    assert await seqs(db, who, joint, "受理") == [8]
    assert await seqs(db, who, joint, "不在这里") == []
    assert await seqs(db, who, joint, "修") == [6, 2]


async def test_pages_go_on_below_the_last_hit(db: Database, cast: Cast, talked: Rooms) -> None:
    first = await find(db, cast.mediator, talked.joint, "漏水", limit=2)
    assert ([one.seq for one in first.lines], first.before) == ([4, 3], 3)
    rest = await find(db, cast.mediator, talked.joint, "漏水", before=first.before, limit=2)
    assert ([one.seq for one in rest.lines], rest.before) == ([1], None)
    whole = await find(db, cast.mediator, talked.joint, "漏水", limit=3)
    assert (len(whole.lines), whole.before) == (3, None)


async def test_a_search_sees_what_a_reader_sees(db: Database, cast: Cast, talked: Rooms) -> None:
    async with db.write() as session:
        joint = await rooms.room(session, talked.joint.pid)
        for late in (cast.applicant_agent, cast.respondent_agent):
            await rooms.add_member(session, joint, late.id, role="agent", name="代理人", from_start=False)
        await rooms.end_member(session, joint, cast.respondent.id)
        await rooms.end_member(session, joint, cast.respondent_agent.id)
    await say(db, cast.applicant, joint, "又漏水了")
    assert await seqs(db, cast.applicant, joint, "漏水") == [9, 4, 3, 1]
    assert await seqs(db, cast.applicant_agent, joint, "漏水") == [9]
    await index_all(db)
    assert await seqs(db, cast.applicant_agent, joint, "漏水") == [9]
    members = ("applicant", "mediator", "applicant_agent")
    for other in cast.everybody_but(*members).values():
        with pytest.raises(NotFound):
            await find(db, other, joint, "漏水")


async def test_what_was_said_in_confidence_is_in_no_index(db: Database, cast: Cast, talked: Rooms) -> None:
    await say(db, cast.mediator, talked.notes, CANARY)
    await index_all(db)
    answer = await find(db, cast.applicant, talked.applicants, "八千")
    assert ([one.body["text"] for one in answer.lines], answer.indexed) == ([CANARY], False)
    assert await seqs(db, cast.mediator, talked.notes, "八千元") == [1]
    assert await seqs(db, cast.mediator, talked.joint, "八千元") == []
    for other in cast.everybody_but("applicant", "mediator").values():
        with pytest.raises(NotFound):
            await find(db, other, talked.applicants, "八千")
    async with db.write() as session:
        heads = {row[0] for row in await session.execute(text("SELECT room_id FROM search_heads"))}
        assert heads == {talked.joint.id}
        if db.is_sqlite:
            await session.execute(text("CREATE VIRTUAL TABLE temp.kept USING fts5vocab(main, search_words, instance)"))
            held = {(doc >> 31, term) for term, doc in await session.execute(text("SELECT term, doc FROM temp.kept"))}
            await session.execute(text("DROP TABLE temp.kept"))
        else:
            found = await session.execute(text("SELECT room_id, unnest(tsvector_to_array(words)) FROM search_lines"))
            held = {(room_id, term) for room_id, term in found}
        assert {room_id for room_id, _ in held} == {talked.joint.id}
        assert {"漏水", "漏"} <= {term for _, term in held}
        assert not {"八千", "底线", "千"} & {term for _, term in held}


async def test_a_long_private_talk_is_read_piece_by_piece(
    db: Database, cast: Cast, opened: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "SCANNED", 3)
    await say(db, cast.applicant, opened.applicants, "漏水", *"一二三四五")
    pages, before = [], None
    while True:
        found = await find(db, cast.applicant, opened.applicants, "漏水", before=before)
        pages.append([one.seq for one in found.lines])
        before = found.before
        if before is None:
            break
    assert pages == [[], [1], []]


async def test_two_workers_index_a_line_once(db: Database, cast: Cast, opened: Rooms) -> None:
    await say(db, cast.applicant, opened.joint, "漏水")
    assert await db.run(index.add, opened.joint.id, 0, 1, [(1, ["漏水"])])
    assert not await db.run(index.add, opened.joint.id, 0, 1, [(1, ["漏水"])])
    assert await indexing.step(db, opened.joint.pid) is False
    assert await seqs(db, cast.applicant, opened.joint, "漏水") == [1]


async def test_the_index_follows_by_itself(
    db: Database, cast: Cast, opened: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines of the journal at once when it is quiet; all others at the next look."""
    monkeypatch.setattr(indexing, "_QUIET_SECONDS", 0.0)
    monkeypatch.setattr(indexing, "_PATIENCE_SECONDS", 0.0)
    await say(db, cast.applicant, opened.joint, "漏水")
    await say(db, cast.applicant, opened.applicants, CANARY)
    async with db.write() as session:
        await rooms.announce(session, await rooms.room(session, opened.joint.pid), "case:accepted", "案件已受理")
    indexer = indexing.Indexer(db)
    indexer.start()
    await nothing_left(db)
    await say(db, cast.applicant, opened.joint, "又漏了")
    await nothing_left(db)
    await indexer.close()
    assert await seqs(db, cast.mediator, opened.joint, "漏") == [3, 1]


async def test_many_wrong_pairs_do_not_hide_the_right_line(
    db: Database, cast: Cast, opened: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_ROUNDS", (2, 2))
    await say(db, cast.applicant, opened.joint, "楼上漏水", *["漏上漏水楼上"] * 5)
    await index_all(db)
    first = await find(db, cast.applicant, opened.joint, "楼上漏")
    assert (first.lines, first.before) == ([], 3)
    assert await seqs(db, cast.applicant, opened.joint, "楼上漏", before=3) == [1]


async def test_ten_more_lines_and_not_one_more_query(db: Database, cast: Cast, opened: Rooms) -> None:
    counts = []
    for _ in range(2):
        await say(db, cast.applicant, opened.joint, *["漏水"] * 10)
        await index_all(db)
        await say(db, cast.applicant, opened.joint, *["漏水"] * 3)
        async with db.read() as session:
            room, member = await member_of(session, cast.mediator.actor, opened.joint.pid)
            with counted() as asked:
                found = await search.search(session, room, member, Question.of("漏水"), limit=50)
            with counted() as read:
                await rooms.page(session, room, member, limit=50)
        counts.append((len(found.lines), len(asked), len(read)))
    assert [lines for lines, *_ in counts] == [13, 26]
    assert counts[0][1:] == counts[1][1:]
    assert counts[0][1:] <= (6, 2)
