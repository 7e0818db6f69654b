"""Performing part by part, another day, the papers about it, and what the law says of each."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from odr.agreements import documents, parts, performance_papers, schedule, service
from odr.agreements import performance_rules as rules
from odr.agreements.models import PerformanceItem
from odr.agreements.performance_models import Part, Postponement
from odr.agreements.performance_schemas import CertificateIn, PartAnswerIn, PostponeAnswerIn, PostponeIn
from odr.agreements.schemas import ClaimIn, ReasonIn, RecordIn, SettleIn
from odr.cases import access as cases
from odr.cases.codes import Category
from odr.cases.models import CaseEvent
from odr.core import clock, jobs, outbox
from odr.core.errors import Conflict, Forbidden, Invalid, NotFound
from odr.core.settings import Settings
from odr.evidence import genuine
from odr.evidence import service as evidence
from tests.agreements.story import Story, begun
from tests.cast import CSRF, Member

PDF = "application/pdf"


async def _item(story: Story) -> PerformanceItem:
    async with story.db.read() as session:
        return (await session.scalars(select(PerformanceItem).where(PerformanceItem.case_id == story.case_id))).one()


async def _claim(story: Story, proof: bytes | None = None, **given: Any) -> None:
    item = await _item(story)
    prepared = await evidence.prepare_bytes("收条.pdf", PDF, proof) if proof is not None else None
    async with story.db.write() as session:
        await service.claim(
            session, story.cast.respondent.actor, item.pid, ClaimIn.model_validate(given), prepared
        )  # fmt: skip


async def _settle(story: Story, who: Member, **given: Any) -> None:
    item = await _item(story)
    async with story.db.write() as session:
        await service.settle(session, who.actor, item.pid, SettleIn.model_validate(given))


async def _parts(story: Story) -> list[Part]:
    async with story.db.read() as session:
        return list(await session.scalars(select(Part).order_by(Part.id)))


async def _shown(story: Story, who: Member) -> dict[str, Any]:
    async with story.db.read() as session:
        view = await cases.for_reading(session, who.actor, story.case)
        return (await documents.promises(session, view))[0]


async def _tags(story: Story) -> list[str]:
    async with story.db.read() as session:
        return list(await session.scalars(select(CaseEvent.tag).order_by(CaseEvent.id)))


async def test_a_sum_is_paid_in_parts_each_with_its_proof_and_word(story: Story) -> None:
    await story.effective()
    await _claim(story, b"%PDF-1.4 one", amount="1000", note="第一笔")
    shown = await _shown(story, story.cast.applicant)
    assert (shown["state"], shown["waiting_fen"], shown["left_fen"], shown["open_fen"]) == (
        "part", 100_000, 160_000, 260_000,
    )  # fmt: skip
    (first,) = await _parts(story)
    for who, error in (("respondent", Forbidden), ("applicant_agent", Forbidden), ("mediator", Forbidden),
                       ("stranger", NotFound), ("centre_clerk", NotFound)):  # fmt: skip
        async with story.db.write() as session:
            with pytest.raises(error):
                actor = story.cast.everybody()[who].actor
                await service.answer_part(session, actor, first.pid, PartAnswerIn(answer="confirm"))
    async with story.db.write() as session:
        await service.answer_part(session, story.cast.applicant.actor, first.pid, PartAnswerIn(answer="confirm"))
    with pytest.raises(Conflict, match="答复过"):
        async with story.db.write() as session:
            await service.answer_part(session, story.cast.applicant.actor, first.pid, PartAnswerIn(answer="confirm"))
    assert (await _item(story)).state == "part"
    assert await story.state() == "performing"
    await _claim(story, b"%PDF-1.4 two")  # all that is left
    assert (await _item(story)).state == "claimed"
    assert [part.amount_fen for part in await _parts(story)] == [100_000, 160_000]
    await _settle(story, story.cast.applicant, answer="confirm")
    assert await story.state() == "performed"
    assert [part.state for part in await _parts(story)] == ["received", "received"]
    tags = await _tags(story)
    assert tags.count(parts.INTERRUPTED) == 1  # the part; the rest ended it
    async with story.cast.respondent.program() as client:
        told = (await client.get(f"/api/v1/cases/{story.case}/performance")).json()[0]
        assert (told["paid_fen"], told["open_fen"]) == (260_000, 0)
        for part in told["parts"]:
            assert (await client.get(part["proof"])).status_code == 200
    async with story.cast.stranger.program() as client:
        assert (await client.get(told["parts"][0]["proof"])).status_code == 404


async def test_what_cannot_have_been_paid_is_named_at_its_field(story: Story) -> None:
    await story.effective()
    await _claim(story, b"%PDF-1.4 slip", amount="1000")
    today = clock.today()
    wrong: list[tuple[dict[str, Any], str, str]] = [
        ({"amount": "1600.01"}, "amount", "多付"),
        ({"amount": "500", "done_on": str(today - timedelta(days=400))}, "done_on", "还没有这份协议"),
        ({"amount": "1000"}, "again", "登记过"),
        ({"part": True}, "amount", "付了多少"),
    ]
    for given, field, words in wrong:
        with pytest.raises(Invalid) as refused:
            await _claim(story, **given)
        assert words in refused.value.fields[field]
    with pytest.raises(Invalid) as refused:
        await _claim(story, b"%PDF-1.4 slip", amount="300")
    assert "已经交过" in refused.value.fields["proof"]
    item = await _item(story)
    async with story.cast.respondent.program() as client:
        at = f"/api/v1/performance/{item.pid}/claims"
        for given, field in (
            ({"amount": "-5"}, "amount"), ({"amount": "1e99"}, "amount"), ({"amount": "99999999999"}, "amount"),
            ({"done_on": str(today + timedelta(days=1))}, "done_on"), ({"done_on": "2026-02-30"}, "done_on"),
        ):  # fmt: skip
            answer = await client.post(at, data=given)
            assert answer.status_code == 422, given
            assert field in answer.json()["error"]["fields"], given
    await _claim(story, amount="1000", again=True)
    with pytest.raises(Conflict, match="等对方确认"):
        await _claim(story, amount="600")
        await _claim(story)


async def test_the_other_side_may_confirm_less_and_staff_may_write_it_down(story: Story) -> None:
    await story.effective()
    await _claim(story)
    for amount, words in (("2600", "全部收到"), ("2601", "还多"), (None, "收到了多少")):
        with pytest.raises(Invalid) as refused:
            await _settle(story, story.cast.applicant, answer="part", amount=amount)
        assert words in refused.value.fields["amount"]
    await _settle(story, story.cast.applicant, answer="part", amount="600", note="只到了六百")
    shown = await _shown(story, story.cast.respondent)
    assert (shown["state"], shown["paid_fen"], shown["open_fen"]) == ("part", 60_000, 200_000)
    assert shown["interruptions"][0]["sure"] is True
    item = await _item(story)
    wanted = RecordIn.model_validate(
        {"outcome": "part", "channel": "phone", "amount": "500", "note": "电话里说又收到五百"}
    )
    async with story.db.write() as session:
        with pytest.raises(Forbidden):
            await service.record_part(session, story.cast.respondent.actor, item.pid, wanted)
        await service.record_part(session, story.cast.mediator.actor, item.pid, wanted)
    assert (await _shown(story, story.cast.respondent))["paid_fen"] == 110_000
    await _settle(story, story.cast.applicant, answer="dispute", note="后面没有再付")
    assert (await _item(story)).state == "disputed"


async def test_another_day_is_asked_for_agreed_and_kept_beside_the_old_one(story: Story) -> None:
    await story.effective()
    item = await _item(story)
    due = item.due_on
    assert due is not None
    later = due + timedelta(days=20)

    async def ask(who: Member, to: date, **more: Any) -> Postponement:
        async with story.db.write() as session:
            wanted = PostponeIn.model_validate({"to": str(to), "reason": "工资晚发"} | more)
            return await service.postpone(session, who.actor, item.pid, wanted)

    with pytest.raises(Forbidden):
        await ask(story.cast.applicant, later)
    for staff in (story.cast.mediator, story.cast.body_clerk):  # they say how they heard of it
        with pytest.raises(Invalid) as unheard:
            await ask(staff, later)
        assert list(unheard.value.fields) == ["channel"]
    with pytest.raises(NotFound):
        await ask(story.cast.stranger, later)
    for wrong, words in ((due, "比现在约定的"), (due + timedelta(days=4000), "太远")):
        with pytest.raises(Invalid) as refused:
            await ask(story.cast.respondent, wrong)
        assert words in refused.value.fields["to"]
    first = await ask(story.cast.respondent, due + timedelta(days=5))
    with pytest.raises(Conflict, match="等对方答复"):
        await ask(story.cast.respondent, later)

    async def answer(who: Member, row: Postponement, **given: Any) -> None:
        async with story.db.write() as session:
            await service.answer_postponement(session, who.actor, row.pid, PostponeAnswerIn.model_validate(given))

    for who in ("respondent", "applicant_agent"):
        with pytest.raises(Forbidden):
            await answer(story.cast.everybody()[who], first, answer="agree")
    with pytest.raises(Invalid) as unheard:
        await answer(story.cast.mediator, first, answer="agree")
    assert list(unheard.value.fields) == ["channel"]
    await answer(story.cast.applicant, first, answer="refuse", note="等不了")
    assert (await _item(story)).due_on == due
    second = await ask(story.cast.mediator, later, channel="phone")  # told to the mediator by telephone
    with pytest.raises(Invalid):
        await answer(story.cast.mediator, second, answer="agree", channel="phone")
    await answer(story.cast.applicant, second, answer="agree")
    shown = await _shown(story, story.cast.respondent)
    assert (shown["due_on"], shown["original_due_on"]) == (str(later), str(due))
    assert [row["state"] for row in shown["postponements"]] == ["refused", "agreed"]
    assert len(shown["interruptions"]) == 2
    assert any("延期" in line or "改到" in line for line in await story.lines(story.cast.applicant))
    async with story.db.read() as session:
        keys = list(await session.scalars(select(jobs.Job.key).where(jobs.Job.done_at.is_(None))))
    assert f"item:{item.id}:{later}:on" in keys
    assert f"item:{item.id}:{due}:on" not in keys
    with clock.shifted(timedelta(days=12)):  # over the first day, not the second
        await jobs.run_due(story.db)
    assert (await _item(story)).state == "pending"
    third = await ask(story.cast.respondent, later + timedelta(days=3))
    async with story.db.write() as session:
        await service.withdraw_postponement(session, story.cast.respondent.actor, third.pid)


async def test_late_ones_lie_on_the_desk_and_a_breach_gives_a_notice_with_the_ways_that_remain(
    story: Story, settings: Settings
) -> None:
    await story.effective()
    await _claim(story, amount="1000")
    (part,) = await _parts(story)
    async with story.db.write() as session:
        await service.answer_part(session, story.cast.applicant.actor, part.pid, PartAnswerIn(answer="confirm"))
    item = await _item(story)
    with clock.shifted(timedelta(days=12)):
        async with story.db.read() as session:
            cells = await schedule.late(session, story.cast.mediator.actor)
            assert [cell["badge"] for cell in cells] == ["过期 2 天"]
            assert await schedule.late(session, story.cast.other_mediator.actor) == []
        async with story.db.write() as session:
            paper = await service.breach(session, story.cast.mediator.actor, item.pid, ReasonIn(reason="一直没有付"))
        await service.keep_performance_paper(story.db, settings, paper.pid)
    for who in ("applicant", "respondent_agent", "mediator", "body_clerk"):
        async with story.cast.everybody()[who].program() as client:
            (row,) = (await client.get(f"/api/v1/cases/{story.case}/performance/papers")).json()
            assert row["kind"] == "breach"
    async with story.cast.respondent.browser() as browser:
        kept = await browser.get(row["href"])
        assert kept.status_code == 303
        assert (await browser.get(kept.headers["location"])).content.startswith(b"%PDF")
        page = (await browser.get(f"/cases/{story.case}/performance")).text
        assert re.search(r"调委会登记.{0,80}一直没有付", page, re.S), "these are not the other side's words"
        assert "对方的话" not in page
    for who in ("stranger", "centre_clerk", "auditor"):
        async with story.cast.everybody()[who].browser() as browser:
            assert (await browser.get(row["href"])).status_code == 404
            assert (await browser.get(kept.headers["location"])).status_code == 404
    async with story.db.read() as session:
        found = (await session.scalars(select(performance_papers.PerformancePaper))).one()
        html = performance_papers.page_of(found, settings)
        assert html == performance_papers.page_of(found, settings)
        told = await genuine.find(session, found.check_code)
    for words in ("贰仟陆佰元整", "壹仟陆佰元整", "人民调解法第三十二条", "诉讼时效", "一直没有付", "王某某"):
        assert words in html, words
    assert told is not None
    assert "王某某" not in repr(told)
    assert told.files[0][0] == found.sha256


async def test_a_certificate_is_asked_for_once_all_is_done_and_sealed_by_the_clerk(
    story: Story, settings: Settings
) -> None:
    await story.effective()
    wanted = CertificateIn(purpose="交给派出所", reference="新华西派出所 2026-118")

    async def ask(who: Member) -> performance_papers.PerformancePaper:
        async with story.db.write() as session:
            return await service.ask_certificate(session, who.actor, story.case, wanted)

    with pytest.raises(Conflict, match="还没有全部履行"):
        await ask(story.cast.respondent)
    await _claim(story)
    await _settle(story, story.cast.applicant, answer="confirm")
    row = await ask(story.cast.respondent)
    assert (await ask(story.cast.respondent)).pid == row.pid
    with pytest.raises(NotFound):
        await ask(story.cast.stranger)
    at = f'href="/cases/{story.case}/performance#papers"'
    desks = (("body_clerk", "/queue", True), ("centre_clerk", "/queue", False), ("mediator", "/desk", True),
             ("other_mediator", "/desk", False))  # fmt: skip

    async def lies_there() -> list[bool]:
        found = []
        for who, path, _whose in desks:
            async with story.cast.everybody()[who].browser() as browser:
                found.append(at in (await browser.get(path)).text)
        return found

    assert await lies_there() == [whose for _who, _path, whose in desks]
    async with story.cast.body_clerk.program() as client:
        (cell,) = (await client.get("/api/v1/queue")).json()["work"]
        assert cell["href"] in at
    for who, error in (("mediator", Forbidden), ("respondent", Forbidden), ("applicant", NotFound),
                       ("auditor", NotFound)):  # fmt: skip
        with pytest.raises(error):
            await service.issue_certificate(story.db, settings, story.cast.everybody()[who].actor, row.pid)
    issued = await service.issue_certificate(story.db, settings, story.cast.body_clerk.actor, row.pid)
    with pytest.raises(Conflict, match="开好了"):
        await service.issue_certificate(story.db, settings, story.cast.body_clerk.actor, row.pid)
    assert not any(await lies_there())
    html = performance_papers.page_of(issued, settings)
    for words in ("协议已履行证明", "新华西派出所 2026-118", "贰仟陆佰元整", "核对码"):
        assert words in html, words
    for who, count in (("respondent", 1), ("respondent_agent", 1), ("applicant", 0), ("body_clerk", 1)):
        async with story.cast.everybody()[who].program() as client:
            seen = (await client.get(f"/api/v1/cases/{story.case}/performance/papers")).json()
            assert len(seen) == count, who
    async with story.db.read() as session:
        texts = [row.text for row in await session.scalars(select(outbox.Outbox)) if "证明" in row.text]
    assert texts
    assert not any("派出所" in text or "王某某" in text for text in texts)


async def test_the_calendar_file_tells_a_phone_the_day_and_nothing_else(story: Story) -> None:
    await story.effective()
    item = await _item(story)
    assert item.due_on is not None
    for who in ("applicant", "respondent", "mediator"):
        async with story.cast.everybody()[who].browser() as browser:
            answer = await browser.get(f"/cases/{story.case}/performance.ics")
        assert answer.headers["content-type"].startswith("text/calendar")
        text = answer.text
        assert f"DTSTART;VALUE=DATE:{item.due_on:%Y%m%d}" in text
        assert "有一项约定的事到期" in text
        for words in ("燃气", "2600", "2,600", "王某某", "李某", "调解"):
            assert words not in text, words
        assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    async with story.cast.stranger.browser() as browser:
        assert (await browser.get(f"/cases/{story.case}/performance.ics")).status_code == 404
    async with story.cast.applicant.program() as client:
        months = (await client.get(f"/api/v1/cases/{story.case}/performance/calendar")).json()
        assert months == [{"month": f"{item.due_on:%Y-%m}", "promises": [item.pid]}]
        same = await client.get(f"/api/v1/cases/{story.case}/performance/calendar.ics")
        assert same.headers["content-type"].startswith("text/calendar")


# --- rules ----------------------------------------------------------------------------------------------------------


def test_the_ways_that_remain_hang_on_the_kind_the_court_and_the_day() -> None:
    today = date(2026, 11, 26)

    def keys(**changed: Any) -> list[str]:
        given = {"category": Category.CONTRACT, "money": True, "today": today} | changed
        return [route.key for route in rules.routes(rules.Matter(**given))]

    assert keys() == ["sue", "talk"]
    assert keys(court_until=today) == ["sue", "confirm", "talk"]
    assert keys(court_until=today - timedelta(days=1)) == ["sue", "talk"]
    assert keys(category=Category.WAGE_ARREARS) == ["order", "arbitrate", "sue", "talk"]
    assert keys(category=Category.WAGE_ARREARS, money=False) == ["arbitrate", "sue", "talk"]
    assert keys(confirmed=True, enforce_until=date(2028, 11, 26)) == ["enforce", "talk"]
    assert keys(category=Category.CONTRACT, money=True, today=today, refused=True) == ["anew", "keep", "sue"]
    sources = {one.key: one.source for one in rules.routes(rules.Matter(Category.CONTRACT, True, today, refused=True))}
    assert "第三十三条第三款" in sources["anew"]
    assert "第二百零六条" in sources["sue"]
    route = rules.routes(rules.Matter(Category.CONTRACT, True, today, confirmed=True, enforce_until=date(2028, 2, 28)))
    assert "2028年2月28日" in route[0].zh
    assert rules.years_on(date(2028, 2, 29), 2) == date(2030, 2, 28)


def test_sums_count_what_was_confirmed_and_what_waits() -> None:
    found = rules.sums(1000, [("received", 300, 200), ("waiting", 100, None), ("refused", 500, None)])
    assert (found.received, found.waiting, found.open, found.left) == (200, 100, 800, 700)
    assert rules.sums(100, [("received", 150, 150)]).open == 0


def test_only_what_the_obligor_did_or_the_other_side_confirmed_interrupts_limitation() -> None:
    on = date(2026, 11, 26)
    found = rules.interruptions(
        [(on, "waiting", "obligor", False), (on, "refused", "obligor", False), (on, "waiting", "obligor", True),
         (on, "received", "staff", False)],
        [on - timedelta(days=1)],
    )  # fmt: skip
    assert [(one.what, one.sure) for one in found] == [
        ("请求延期履行", True), ("部分履行", False), ("部分履行", True),
    ]  # fmt: skip


def test_months_are_in_order_and_hold_their_days_in_order() -> None:
    rows = [(date(2027, 1, 5), "c"), (date(2026, 12, 20), "b"), (date(2026, 12, 1), "a")]
    assert [(m.year, m.month, m.rows) for m in rules.by_month(rows)] == [
        (2026, 12, ("a", "b")), (2027, 1, ("c",)),
    ]  # fmt: skip


async def test_a_slip_of_another_case_is_told_to_staff_alone_and_an_item_stays_in_its_own_case(story: Story) -> None:
    await story.effective()
    await _claim(story, b"%PDF-1.4 once", amount="1000")
    with clock.shifted(timedelta(minutes=2)):
        number = {"application_no": "ODR20261124-000002", "serial": 2, "case_no": "乌公用人调〔2026〕0002号"}
        other = await begun(story.db, story.cast, **number)
        await other.effective()
        await _claim(other, b"%PDF-1.4 once", amount="500")
    async with story.db.read() as session:
        query = select(CaseEvent).where(CaseEvent.tag == "performance:proof:foreign")
        (event,) = await session.scalars(query)
    assert (event.case_id, event.audience) == (other.case_id, "staff")
    assert story.case not in f"{event.note}{event.detail}"
    async with story.cast.respondent.program() as client:
        assert "别的纠纷" not in (await client.get(f"/api/v1/cases/{other.case}")).text
    item = await _item(other)
    async with story.cast.respondent.browser() as browser:
        for path in (f"/cases/{story.case}/performance/{item.pid}", f"/cases/{other.case}/performance/nothing"):
            assert (await browser.get(path)).status_code == 404
        at = f"/cases/{story.case}/performance/{item.pid}/claims"
        assert (await browser.post(at, data={"csrf": CSRF, "amount": "1"})).status_code == 404
        own = f"/cases/{other.case}/performance/{item.pid}"
        again = await browser.post(f"{own}/claims", data={"csrf": CSRF, "amount": "99999", "note": "我的话"})
        assert again.status_code == 422
        assert "我的话" in again.text
        assert f"f-amount-{item.pid}" in again.text
        late = {"csrf": CSRF, "to": "2026-02-30", "reason": "发工资晚"}
        again = await browser.post(f"{own}/postponements", data=late)
        assert again.status_code == 422
        assert "没有这个日期" in again.text
        assert "发工资晚" in again.text


@pytest.mark.one_engine
async def test_words_about_a_promise_that_has_moved_on_come_back(story: Story) -> None:
    """It is done; the page that was still open has forms which the new page has no longer."""
    await story.effective()
    await _claim(story)
    await _settle(story, story.cast.applicant, answer="confirm")
    at = f"/cases/{story.case}/performance/{(await _item(story)).pid}"
    for who, path, given in (
        ("respondent", "claims", {"amount": "100", "note": "微信转的一百"}),
        ("respondent", "postponements", {"to": f"{clock.today() + timedelta(days=9)}", "reason": "发工资晚几天"}),
    ):
        async with story.cast.everybody()[who].browser() as browser:
            again = await browser.post(f"{at}/{path}", data={"csrf": CSRF, **given})
        assert again.status_code == 409
        assert f"您写的是：{list(given.values())[1]}" in again.text
