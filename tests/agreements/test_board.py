"""The clause board: what a clause says and how it changed, a no, what is released, and edits racing answers."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from odr.agreements import access, content, documents, papers, service, verification
from odr.agreements.models import Agreement, Clause, ClauseAnswer, ClauseVersion
from odr.agreements.schemas import ClauseChangeIn, ClausesIn, ReasonIn, ReleaseIn
from odr.audit.models import LedgerRow
from odr.core import clock
from odr.core.errors import Conflict, Forbidden, Invalid
from odr.core.outbox import Outbox
from tests.agreements.story import Story
from tests.cast import Member

SECRET = "其实两千我也认"
ACCOUNT = "王某某 工商银行海勃湾支行 6222020602001234567"


async def shown(story: Story, who: Member, agreement: str) -> dict[str, Any]:
    async with story.db.read() as session:
        return await documents.document(session, await access.for_reading(session, who.actor, agreement))


async def release(story: Story, who: Member, pid: str, clause: str, version: int = 1) -> None:
    async with story.db.write() as session:
        await service.release_comment(session, who.actor, pid, clause, ReleaseIn(version=version))


async def test_a_clause_says_where_how_often_and_to_which_account(story: Story) -> None:
    pid = await story.draft()
    begins = clock.today() + timedelta(days=3)
    lasting = story.pay(
        due_on=None, recurring="每月 5 日以前", begins_on=str(begins), place="海达社区调解室", account=ACCOUNT
    )
    await story.clause(pid, lasting)
    for who in (story.cast.applicant, story.cast.respondent_agent, story.cast.mediator):
        (clause,) = (await shown(story, who, pid))["clauses"]
        assert (clause["recurring"], clause["place"], clause["account"]) == ("每月 5 日以前", "海达社区调解室", ACCOUNT)
        assert clause["begins_on"] == begins.isoformat()
    # The account is for the two sides: neither a clerk's screen, nor a room, nor a notice, nor the ledger has it.
    assert ACCOUNT not in str(await shown(story, story.cast.body_clerk, pid))
    assert ACCOUNT not in "".join(await story.lines(story.cast.applicant))
    async with story.db.read() as session:
        assert not any("6222" in repr(row.detail) for row in await session.scalars(select(LedgerRow)))
        assert not any("6222" in row.text for row in await session.scalars(select(Outbox)))
        agreement = (await session.scalars(select(Agreement).where(Agreement.pid == pid))).one()
        place = await access.for_reading(session, story.cast.mediator.actor, pid)
        paper = papers.html(await content.gather(session, place.case, agreement, clock.today()))
    for words in (ACCOUNT, "每月 5 日以前", "海达社区调解室", "贰仟陆佰元整", f"自{papers.cn_date(begins)}起"):
        assert words in paper


async def test_each_wrong_field_of_a_lasting_clause_is_named(story: Story) -> None:
    today = clock.today()
    wrong = [
        ({"account": "打我卡上"}, "account", "收款账户"),
        ({"kind": "act", "amount": None, "account": ACCOUNT}, "account", "付款"),
        ({"begins_on": str(today + timedelta(days=9)), "due_on": str(today + timedelta(days=2))}, "due_on", "以前"),
        ({"begins_on": "2027-02-30"}, "begins_on", "没有这个日期"),
        ({"place": "字" * 121}, "place", "120"),
        ({"due_on": None}, "due_on", "哪一天"),
    ]
    pid = await story.draft()
    parties = {"obligor": story.respondent, "obligee": story.applicant}
    base = {"kind": "pay", "text": "退还改造费。", "amount": "2600", "due_on": str(today + timedelta(days=5))}
    async with story.cast.mediator.program() as client:
        for changed, field, words in wrong:
            answer = await client.post(f"/api/v1/agreements/{pid}/clauses", json=base | parties | changed)
            assert answer.status_code == 422, changed
            assert words in answer.json()["error"]["fields"][field], changed


async def test_what_changed_is_told_in_words(story: Story) -> None:
    pid = await story.draft()
    clause = await story.clause(pid)
    async with story.db.write() as session:
        wanted = story.pay(amount="2000", manner="现金", account=ACCOUNT)
        await service.change_clause(session, story.cast.mediator.actor, pid, clause, wanted)
    (found,) = (await shown(story, story.cast.applicant, pid))["clauses"]
    (change,) = found["changes"]
    assert change["version"] == 2
    assert change["words"] == [
        "金额：“2,600.00 元”改为“2,000.00 元”", "方式：“微信转账”改为“现金”", f"收款账户：“没有写”改为“{ACCOUNT}”",
    ]  # fmt: skip
    (for_clerk,) = (await shown(story, story.cast.body_clerk, pid))["clauses"]
    assert for_clerk["changes"][0]["words"][-1] == "收款账户有改动"
    async with story.db.read() as session:
        kept = list(await session.scalars(select(ClauseVersion).order_by(ClauseVersion.version)))
        assert [row.version for row in kept] == [1, 2]


async def test_a_stale_form_does_not_write_over_another_change(story: Story) -> None:
    pid = await story.draft()
    clause = await story.clause(pid)
    given = story.pay(amount="2000").model_dump() | {"amount": "2000"}
    async with story.db.write() as session:
        wanted = ClauseChangeIn.model_validate(given | {"version": 1})
        await service.change_clause(session, story.cast.mediator.actor, pid, clause, wanted)
    with pytest.raises(Conflict, match="别处改过"):
        async with story.db.write() as session:
            wanted = ClauseChangeIn.model_validate(given | {"amount": "1000", "version": 1})
            await service.change_clause(session, story.cast.mediator.actor, pid, clause, wanted)


async def test_a_party_may_say_no_and_says_why(story: Story) -> None:
    pid = await story.draft()
    clause = await story.clause(pid)
    with pytest.raises(Invalid) as refused:
        await story.answer(story.cast.respondent, pid, clause, "reject")
    assert "为什么" in refused.value.fields["comment"]
    await story.answer(story.cast.applicant, pid, clause)
    await story.answer(story.cast.respondent, pid, clause, "reject", comment="这笔钱不该由我出")
    found = await shown(story, story.cast.mediator, pid)
    assert (found["clauses"][0]["accepted"], found["my_turn"]) == (False, True)
    assert "不同意第 1 条：这笔钱不该由我出" in "".join(await story.lines(story.cast.applicant))
    with pytest.raises(Invalid):
        await service.finalise(story.db, story.cast.mediator.actor, pid)


async def test_a_private_comment_crosses_over_only_by_its_authors_tap(story: Story) -> None:
    cast = story.cast
    pid = await story.draft()
    clause = await story.clause(pid)
    await story.answer(cast.respondent, pid, clause, "change", comment=SECRET, audience="private")
    async with story.db.read() as session:
        (row,) = await session.scalars(select(ClauseAnswer))
        assert (row.comment, row.private_comment) == ("", SECRET), "sealed like private talk"
    for who in (cast.mediator, cast.applicant, cast.respondent_agent):
        with pytest.raises((Forbidden, Conflict)):
            await release(story, who, pid, clause)
    assert SECRET not in str(await shown(story, cast.applicant, pid))
    await release(story, cast.respondent, pid, clause)
    assert SECRET in str(await shown(story, cast.applicant, pid))
    assert f"公开了对第 1 条的意见：{SECRET}" in "".join(await story.lines(cast.applicant))
    with pytest.raises(Conflict):
        await release(story, cast.respondent, pid, clause)
    async with story.db.read() as session:
        tags = list(await session.scalars(select(LedgerRow.tag).where(LedgerRow.tag == "agreement:comment:released")))
        rows = list(await session.scalars(select(ClauseAnswer).order_by(ClauseAnswer.id)))
    assert len(tags) == 1
    assert [row.audience for row in rows] == ["private", "joint"], "both are kept"
    assert rows[1].released_id == rows[0].id


async def test_a_comment_on_an_old_wording_is_not_released_on_the_new_one(story: Story) -> None:
    pid = await story.draft()
    clause = await story.clause(pid)
    await story.answer(story.cast.respondent, pid, clause, "reject", comment=SECRET, audience="private")
    async with story.db.write() as session:
        await service.change_clause(session, story.cast.mediator.actor, pid, clause, story.pay(amount="2000"))
    for version in (1, 2):
        with pytest.raises(Conflict):
            await release(story, story.cast.respondent, pid, clause, version)
    assert SECRET not in str(await shown(story, story.cast.applicant, pid))


async def test_several_clauses_come_together_or_not_at_all(story: Story) -> None:
    pid = await story.draft()
    good, bad = story.pay(), story.pay(obligee="nobody")
    with pytest.raises(Invalid) as refused:
        async with story.db.write() as session:
            await service.add_clauses(session, story.cast.mediator.actor, pid, ClausesIn(clauses=[good, bad]))
    assert set(refused.value.fields) == {"clauses.1.obligee"}
    assert (await shown(story, story.cast.applicant, pid))["total"] == 0
    async with story.db.write() as session:
        made = await service.add_clauses(session, story.cast.mediator.actor, pid, ClausesIn(clauses=[good] * 6))
    assert [clause.ordinal for clause in made] == [1, 2, 3, 4, 5, 6]
    assert "写下了 6 条条款" in (await story.lines(story.cast.applicant))[-1]
    async with story.db.read() as session:
        told = list(await session.scalars(select(Outbox).where(Outbox.tag == "agreement:clause:proposed")))
    assert {row.person_id for row in told} >= {story.cast.applicant.id, story.cast.respondent.id}
    assert len(told) == len({row.person_id for row in told}), "one notice each, not one a clause"


async def test_a_new_version_takes_over_all_that_a_clause_says(story: Story) -> None:
    pid = await story.draft()
    clause = await story.clause(pid, story.pay(account=ACCOUNT, place="调解室"))
    for who in (story.cast.applicant, story.cast.respondent):
        await story.answer(who, pid, clause)
    frozen = await service.finalise(story.db, story.cast.mediator.actor, pid)
    async with story.db.read() as session:
        assert [fault async for fault in verification.faults(session)] == []
    async with story.db.write() as session:
        new = await service.unfreeze(session, story.cast.mediator.actor, frozen.pid, ReasonIn(reason="改日期").reason)
    (found,) = (await shown(story, story.cast.applicant, new.pid))["clauses"]
    assert (found["account"], found["place"], found["changes"]) == (ACCOUNT, "调解室", [])


async def test_an_edit_and_answers_at_once_leave_no_answer_on_words_nobody_saw(story: Story) -> None:
    """Edits and answers queue behind the case: an answer is to the version its author saw, or it is refused."""
    pid = await story.draft()
    clause = await story.clause(pid)
    cast = story.cast

    async def edit(n: int) -> None:
        async with story.db.write() as session:
            await service.change_clause(session, cast.mediator.actor, pid, clause, story.pay(amount=str(2000 + n)))

    async def answer(who: Member, version: int) -> None:
        await story.answer(who, pid, clause, version=version)

    for n in range(5):
        jobs = [edit(n), answer(cast.applicant, n + 1), answer(cast.respondent, n + 1), answer(cast.applicant, n + 2)]
        for failed in await asyncio.gather(*jobs, return_exceptions=True):
            assert failed is None or isinstance(failed, Conflict), failed
        async with story.db.read() as session:
            row = (await session.scalars(select(Clause).where(Clause.pid == clause))).one()
            versions = list(await session.scalars(select(ClauseVersion.version)))
            answers = list(await session.scalars(select(ClauseAnswer.clause_version)))
        assert row.version == n + 2
        assert sorted(versions) == list(range(1, n + 3)), "every version is kept once"
        assert all(version <= row.version for version in answers)
    standing = (await shown(story, cast.mediator, pid))["clauses"][0]
    assert {a["answer"] for a in standing["answers"]} <= {"accept"}
