"""调解记录: begun from what is on file, frozen as exact bytes, read and confirmed page by page; objections are kept."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from odr.audit.models import LedgerRow
from odr.core import clock, paper
from odr.core.db import Database
from odr.core.errors import Conflict, Forbidden, Invalid, NotFound
from odr.core.outbox import Outbox
from odr.dossier import access, records
from odr.dossier.models import Record, RecordPage
from odr.dossier.schemas import OnPaperIn, PageIn, RecordIn
from odr.meetings import service as meetings
from odr.meetings.schemas import PastIn
from tests.agreements.story import Story, begun
from tests.browsing import look, send
from tests.cast import Cast, Member

PAGES = [["人民调解记录", "一、告知权利义务"], ["六、调解情况", "调解结果：没有达成协议"]]


@pytest.fixture
async def story(db: Database, cast: Cast) -> Story:
    return await begun(db, cast)


@pytest.fixture(autouse=True)
def _two_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second a paper is too much where only its bytes and pages count; `test_whole` makes real ones."""

    async def quick(html: str) -> tuple[bytes, list[list[str]]]:
        return b"%PDF-1.7\n" + str(hash(html)).encode(), PAGES

    monkeypatch.setattr(paper, "paged", quick)


async def begin(story: Story, **meeting: Any) -> Record:
    async with story.db.write() as session:
        pid = None
        if meeting:
            given = {
                "kind": "visit", "purpose": "上门核对", "place": "七号楼", "minutes": "双方把账对了一遍。",
                "starts_at": clock.now() - timedelta(days=1),
            } | meeting  # fmt: skip
            row = await meetings.record_past(
                session, story.cast.mediator.actor, story.case, PastIn.model_validate(given)
            )
            pid = row.pid
        return await records.begin(session, story.cast.mediator.actor, story.case, pid)


async def write(story: Story, record: Record, **changed: Any) -> None:
    body = records.body_of(record)
    says = {pid: text or "被申请人称：账没有算清楚。" for pid, text in body.statements.items()}
    given = {name: getattr(body, name) for name in (*records.SECTIONS, "place", "matter", "writer")} | {
        "held_at": clock.now() - timedelta(hours=1), "statements": says, "facts": "收费两次，共 2,600 元。",
        "outcome": "没有谈成，已告知其他途径。", "ending": "not_agreed", "rights": "已告知。", "principles": "自愿。",
    }  # fmt: skip
    wanted = RecordIn.model_validate(given | changed)
    async with story.db.write() as session:
        await records.write(session, story.cast.mediator.actor, story.case, record.pid, wanted)


async def frozen(story: Story, **meeting: Any) -> Record:
    record = await begin(story, **meeting)
    await write(story, record)
    return await records.freeze(story.db, story.cast.mediator.actor, story.case, record.pid)


async def say(story: Story, who: Member, record: Record, page: int, **changed: Any) -> records.Reader:
    given = {"page": page, "sha256": record.sha256} | changed
    async with story.db.write() as session:
        wanted = PageIn.model_validate(given)
        return await records.answer(session, who.actor, story.case, record.pid, wanted)


async def test_a_draft_holds_what_is_on_file_and_no_word_of_the_rooms(story: Story) -> None:
    body = records.body_of(await begin(story, present={story.applicant: "onsite", story.respondent: "onsite"}))
    assert body.place == "七号楼"
    assert "双方把账对了一遍" in body.course
    assert "王某某" in body.rights
    assert "物业要收燃气改造费" in body.statements[story.applicant]
    assert body.statements[story.respondent] == ""
    assert (body.facts, body.outcome, body.ending) == ("", "", "")
    assert "张调解" in body.principles


async def test_what_a_record_must_show_is_named_before_it_is_frozen(story: Story) -> None:
    record = await begin(story)
    with pytest.raises(Invalid) as found:
        await records.freeze(story.db, story.cast.mediator.actor, story.case, record.pid)
    assert set(found.value.fields) >= {"facts", "outcome", "ending", f"statements.{story.respondent}"}
    for who in story.cast.everybody_but("mediator").values():
        with pytest.raises((NotFound, Forbidden)):
            await records.freeze(story.db, who.actor, story.case, record.pid)


async def test_each_page_is_confirmed_by_each_party_with_its_own_time(story: Story) -> None:
    cast, record = story.cast, await frozen(story)
    mine = await say(story, cast.applicant, record, 1)
    assert (mine.left, mine.done) == (2, False)
    assert (await say(story, cast.applicant, record, 1)).left == 2, "a repeat changes nothing"
    assert (await say(story, cast.applicant_agent, record, 2)).done
    async with story.db.read() as session:
        rows = list(await session.scalars(select(RecordPage)))
        told = set(await session.scalars(select(LedgerRow.tag)))
        sent = [row.text for row in await session.scalars(select(Outbox).where(Outbox.tag == "record:text:frozen"))]
    assert [(row.page, row.by_person_id) for row in rows] == [(1, cast.applicant.id), (2, cast.applicant_agent.id)]
    assert {"record:text:frozen", "record:page:confirmed", "record:pages:confirmed"} <= told
    assert sent
    assert all("王" not in text and "燃气" not in text for text in sent)
    with pytest.raises(Conflict):
        await say(story, cast.respondent, record, 1, sha256="0" * 64)
    with pytest.raises(Invalid):
        await say(story, cast.respondent, record, 3)
    for who in cast.everybody_but("applicant", "applicant_agent", "respondent", "respondent_agent").values():
        with pytest.raises((NotFound, Forbidden)):
            await say(story, who, record, 1)


async def test_an_objection_is_kept_when_the_record_is_revised(story: Story) -> None:
    cast, record = story.cast, await frozen(story)
    await say(story, cast.applicant, record, 1)
    mine = await say(story, cast.respondent, record, 2, answer="object", objection="金额写错了，是 2,400 元")
    assert [said.objection for said in mine.objections] == ["金额写错了，是 2,400 元"]
    async with story.db.write() as session:
        new = await records.revise(session, cast.mediator.actor, story.case, record.pid, "按被申请人的意见改金额")
    assert (new.version, new.state) == (2, "drafting")
    with pytest.raises(Conflict):
        await say(story, cast.applicant, record, 2)
    await write(story, new, facts="收费两次，共 2,400 元。")
    again = await records.freeze(story.db, cast.mediator.actor, story.case, new.pid)
    assert again.sha256 != record.sha256
    async with story.db.read() as session:
        old = await session.get_one(Record, record.id)
        kept = [reader.objections for reader in await records.standing(session, old)]
        fresh = [reader.left for reader in await records.standing(session, again)]
    assert old.state == "void"
    assert [said.objection for rows in kept for said in rows] == ["金额写错了，是 2,400 元"]
    assert fresh == [1, 1]


async def test_pages_signed_on_paper_are_vouched_by_staff(story: Story) -> None:
    cast, record = story.cast, await frozen(story)
    wanted = OnPaperIn(party=story.respondent, sha256=record.sha256 or "", seen=True)
    for who in cast.everybody_but("mediator", "body_clerk").values():
        with pytest.raises((NotFound, Forbidden)):
            async with story.db.write() as session:
                await records.on_paper(session, who.actor, story.case, record.pid, wanted)
    async with story.db.write() as session:
        reader = await records.on_paper(session, cast.body_clerk.actor, story.case, record.pid, wanted)
    assert reader.done
    assert {page.row.channel for page in reader.pages if page.row is not None} == {"onsite"}


async def test_a_record_of_a_talk_with_one_side_is_not_there_for_the_other(story: Story) -> None:
    cast = story.cast
    record = await frozen(story, side="respondent", present={story.respondent: "onsite"}, minutes="其实两千我也认")
    path = f"/cases/{story.case}/records/{record.pid}"
    assert "双方把账" not in (await look(cast.respondent, path)).main
    assert (await say(story, cast.respondent, record, 1)).left == 2
    for who in cast.everybody_but("respondent", "respondent_agent", "mediator", "body_clerk").values():
        assert (await look(who, path)).status == 404
        assert record.pid not in (await look(who, f"/cases/{story.case}/records")).page
        with pytest.raises((NotFound, Forbidden)):
            await say(story, who, record, 1)
    async with story.db.read() as session:
        view = await access.of_case(session, cast.applicant.actor, story.case)
        assert await access.records(session, view) == []


@pytest.mark.one_engine
async def test_the_pages_lead_a_party_from_page_to_page(story: Story) -> None:
    cast = story.cast
    started = await send(cast.mediator, f"/cases/{story.case}/records")
    assert started.status == 303
    refused = await send(cast.mediator, started.to, held_at="2026-02-30T10:00", place="", matter="x", writer="张调解")
    assert refused.status == 422
    assert {"held_at", "place", "matter"} <= set(refused.errors)
    async with story.db.read() as session:
        record = (await session.scalars(select(Record))).one()
    await write(story, record)
    assert (await look(cast.applicant, started.to)).status == 404, "a draft is the mediator's"
    assert "看打印的样子" in (await look(cast.mediator, started.to)).main
    await records.freeze(story.db, cast.mediator.actor, story.case, record.pid)
    async with story.db.read() as session:
        sha256 = (await session.get_one(Record, record.id)).sha256 or ""
    first = await look(cast.applicant, started.to)
    assert "第 1 页，共 2 页" in first.main
    assert "一、告知权利义务" in first.main
    empty = await send(cast.applicant, f"{started.to}/pages", page="1", sha256=sha256, answer="object", objection="")
    assert empty.status == 422
    then = await send(cast.applicant, f"{started.to}/pages", page="1", sha256=sha256, answer="confirm")
    assert (then.status, then.to) == (303, f"{started.to}?page=2#page")
    await send(cast.applicant, f"{started.to}/pages", page="2", sha256=sha256, answer="confirm")
    assert "您已经逐页确认了这份记录" in (await look(cast.applicant, started.to)).main
    assert "全部确认" in (await look(cast.respondent, started.to)).main
