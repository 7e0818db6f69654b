"""Drafting: clause by clause, a change voids its answers, and what was told in private stays private."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from odr.agreements import access, documents, final, service
from odr.agreements.models import Agreement
from odr.agreements.schemas import AcceptAllIn, DraftIn, OrderIn, SeenClause, SheetIn
from odr.cases.models import Case, Party
from odr.core import clock
from odr.core.errors import Conflict, Forbidden, Invalid
from tests.agreements.story import Story, begun
from tests.cast import Cast, Member

SECRET = "其实两千我也认"


async def _shown(story: Story, who: Member, agreement: str) -> dict[str, Any]:
    async with story.db.read() as session:
        return await documents.document(session, await access.for_reading(session, who.actor, agreement))


async def test_a_change_to_a_clause_voids_its_answers_and_no_others(story: Story) -> None:
    pid = await story.draft()
    first, second = await story.clause(pid), await story.clause(pid, story.pay(text="另付误工费。", amount="300"))
    for clause in (first, second):
        await story.answer(story.cast.applicant, pid, clause)
        await story.answer(story.cast.respondent, pid, clause)
    async with story.db.write() as session:
        await service.change_clause(session, story.cast.mediator.actor, pid, first, story.pay(amount="2000"))
    shown = await _shown(story, story.cast.applicant, pid)
    assert [(clause["version"], clause["accepted"], len(clause["answers"])) for clause in shown["clauses"]] == [
        (2, False, 0),
        (1, True, 2),
    ]
    assert (shown["accepted"], shown["total"], shown["my_turn"]) == (1, 2, True)
    with pytest.raises(Conflict, match="刚刚改过"):
        await story.answer(story.cast.applicant, pid, first, version=1)


async def test_saving_a_clause_unchanged_keeps_its_answers(story: Story) -> None:
    pid = await story.draft()
    clause = await story.clause(pid)
    await story.answer(story.cast.applicant, pid, clause)
    async with story.db.write() as session:
        row = await service.change_clause(session, story.cast.mediator.actor, pid, clause, story.pay())
    assert row.version == 1


async def test_a_comment_for_the_mediator_reaches_neither_the_other_side_nor_the_joint_room(story: Story) -> None:
    pid = await story.draft()
    clause = await story.clause(pid)
    await story.answer(story.cast.respondent, pid, clause, "change", comment=SECRET, audience="private")
    assert SECRET in str(await _shown(story, story.cast.mediator, pid))
    assert SECRET in str(await _shown(story, story.cast.respondent, pid))
    for who in (story.cast.applicant, story.cast.applicant_agent, story.cast.body_clerk):
        assert SECRET not in str(await _shown(story, who, pid))
    joint = "".join(await story.lines(story.cast.applicant))
    assert "希望修改第 1 条" in joint
    assert SECRET not in joint


async def test_proposals_and_answers_stand_in_the_joint_room(story: Story) -> None:
    pid = await story.draft()
    clause = await story.clause(pid)
    await story.answer(story.cast.applicant, pid, clause)
    await story.answer(story.cast.respondent, pid, clause, "change", comment="改成月底付", audience="joint")
    joint = "".join(await story.lines(story.cast.applicant))
    for words in ("起草协议", "第 1 条：被申请人退还", "同意第 1 条", "希望修改第 1 条：改成月底付"):
        assert words in joint


async def test_where_there_was_violence_each_side_reads_proposals_in_its_own_room(db: Any, cast: Cast) -> None:
    story = await begun(db, cast, violence=True)
    pid = await story.draft()
    await story.clause(pid)
    for who in (cast.applicant, cast.respondent):
        async with db.read() as session:
            from odr.rooms import service as rooms

            mine = await rooms.rooms_for(session, story.case, who.id)
        assert [(room.kind, room.head > 1) for room in mine] == [("private", True)]


async def test_all_clauses_are_accepted_with_one_tap_as_they_were_shown(story: Story) -> None:
    pid = await story.draft()
    pids = [await story.clause(pid), await story.clause(pid, story.pay(text="另付误工费。"))]
    seen = AcceptAllIn(clauses=[SeenClause(clause=clause, version=1) for clause in pids])
    async with story.db.write() as session:
        assert await service.accept_all(session, story.cast.applicant.actor, pid, seen) == 2
    async with story.db.write() as session:
        assert await service.accept_all(session, story.cast.applicant.actor, pid, seen) == 0
    assert "同意第 1、2 条" in "".join(await story.lines(story.cast.applicant))


async def test_a_general_agent_may_read_and_not_concede(story: Story) -> None:
    pid = await story.draft()
    clause = await story.clause(pid)
    with pytest.raises(Forbidden, match="特别授权") as refused:
        await story.answer(story.cast.applicant_agent, pid, clause)
    assert refused.value.code == "authority_needed"
    async with story.db.write() as session:
        await session.execute(
            update(Party).where(Party.person_id == story.cast.applicant_agent.id).values(may_settle=True)
        )
    await story.answer(story.cast.applicant_agent, pid, clause)


async def test_clauses_are_put_in_order_and_taken_out(story: Story) -> None:
    pid = await story.draft()
    pids = [await story.clause(pid, story.pay(text=f"第{n}次付款。")) for n in range(3)]
    async with story.db.write() as session:
        await service.reorder(session, story.cast.mediator.actor, pid, OrderIn(clauses=pids[::-1]))
        await service.remove_clause(session, story.cast.mediator.actor, pid, pids[1])
    shown = await _shown(story, story.cast.applicant, pid)
    assert [(c["ordinal"], c["text"]) for c in shown["clauses"]] == [(1, "第2次付款。"), (2, "第0次付款。")]
    async with story.db.write() as session:
        with pytest.raises(Conflict):
            await service.reorder(session, story.cast.mediator.actor, pid, OrderIn(clauses=pids))


async def test_the_text_freezes_only_when_everybody_has_accepted_everything(story: Story) -> None:
    pid = await story.draft()
    with pytest.raises(Invalid) as refused:
        await service.finalise(story.db, story.cast.mediator.actor, pid)
    assert "条款" in refused.value.fields["clauses"]
    clause = await story.clause(pid)
    await story.answer(story.cast.applicant, pid, clause)
    with pytest.raises(Invalid):
        await service.finalise(story.db, story.cast.mediator.actor, pid)
    await story.answer(story.cast.respondent, pid, clause)
    with pytest.raises(Forbidden):
        await service.finalise(story.db, story.cast.applicant.actor, pid)
    frozen = await service.finalise(story.db, story.cast.mediator.actor, pid)
    assert (frozen.state, frozen.agreement_no) == ("frozen", "乌公用人调〔2026〕0001号")
    with pytest.raises(Conflict, match="调解中"):
        await story.clause(pid)


async def test_nothing_is_frozen_when_the_text_changes_while_the_paper_is_made(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = await story.draft()
    clause = await story.clause(pid)
    await story.answer(story.cast.applicant, pid, clause)
    await story.answer(story.cast.respondent, pid, clause)

    async def change_meanwhile(html: str) -> bytes:
        async with story.db.write() as session:
            await service.revise_sheet(session, story.cast.mediator.actor, pid, SheetIn(facts="悄悄换了的事实。"))
        return b"%PDF-1.7"

    monkeypatch.setattr(final.paper, "pdf", change_meanwhile)
    with pytest.raises(Conflict, match="改了内容"):
        await service.finalise(story.db, story.cast.mediator.actor, pid)
    async with story.db.read() as session:
        row = (await session.scalars(select(Agreement).where(Agreement.pid == pid))).one()
        assert (row.state, row.sha256, row.pdf_file_id) == ("drafting", None, None)


async def test_labour_and_medical_matters_are_never_only_oral(story: Story) -> None:
    async with story.db.write() as session:
        (await session.get_one(Case, story.case_id)).category = "10a"
    async with story.db.write() as session:
        with pytest.raises(Invalid):
            await service.draft(session, story.cast.mediator.actor, story.case, DraftIn(form="oral"))


PAY = {"kind": "pay", "text": "退还改造费。", "amount": "2600"}


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"amount": "0"}, "amount", "大于 0"),
    ({"amount": "-5"}, "amount", "大于 0"),
    ({"amount": "－５"}, "amount", "大于 0"),
    ({"amount": "99999999999999"}, "amount", "太大"),
    ({"amount": "10000000001"}, "amount", "太大"),
    ({"amount": "2600.555"}, "amount", "分"),
    ({"amount": "两千六"}, "amount", "数字"),
    ({"amount": "1e5"}, "amount", "数字"),
    ({"amount": "NaN"}, "amount", "数字"),
    ({"amount": ""}, "amount", "金额"),
    ({"due_on": "2027-02-30"}, "due_on", "没有这个日期"),
    ({"due_on": "2026-13-01"}, "due_on", "没有这个日期"),
    ({"due_on": "2001-01-01"}, "due_on", "已经过去"),
    ({"due_on": "2999-01-01"}, "due_on", "太远"),
    ({"due_on": "明天"}, "due_on", "没有这个日期"),
    ({"due_on": None}, "due_on", "哪一天"),
    ({"obligor": None}, "obligor", "由谁"),
    ({"obligor": "nobody"}, "obligor", "本案"),
    ({"obligee": None}, "obligee", "付给谁"),
    ({"text": ""}, "text", ""),
    ({"text": "字" * 1001}, "text", "1000"),
    ({"kind": "act"}, "amount", "付款"),
    ({"kind": "steal"}, "kind", "选"),
]


async def test_each_wrong_field_of_a_clause_is_named(story: Story) -> None:
    pid = await story.draft()
    parties = {"obligor": story.respondent, "obligee": story.applicant}
    async with story.cast.mediator.program() as client:
        for wrong, field, words in WRONG:
            given = PAY | parties | {"due_on": str(clock.today() + timedelta(days=5))} | wrong
            answer = await client.post(f"/api/v1/agreements/{pid}/clauses", json=given)
            assert answer.status_code == 422, wrong
            assert words in answer.json()["error"]["fields"][field], wrong


WRITTEN: list[tuple[str | int, int]] = [
    ("２，６００．５", 260050),
    ("2600元", 260000),
    ("0.01", 1),
    ("¥1,234.5", 123450),
    (".5", 50),
    (2600, 260000),
]


async def test_sums_are_read_as_people_write_them(story: Story) -> None:
    pid = await story.draft()
    due = f"{clock.today().year + 1}年1月5日"
    for written, _fen in WRITTEN:
        await story.clause(pid, story.pay(amount=written, due_on=due))
    shown = await _shown(story, story.cast.applicant, pid)
    assert [c["amount_fen"] for c in shown["clauses"]] == [fen for _written, fen in WRITTEN]
    assert {c["due_on"][5:] for c in shown["clauses"]} == {"01-05"}


async def test_a_wish_for_change_without_words_is_refused(story: Story) -> None:
    pid = await story.draft()
    clause = await story.clause(pid)
    with pytest.raises(Invalid) as refused:
        await story.answer(story.cast.applicant, pid, clause, "change")
    assert "怎么改" in refused.value.fields["comment"]
