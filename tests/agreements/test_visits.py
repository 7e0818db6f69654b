"""Return visits: when they are due, whose they are, the form a party fills in, and a relapse."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from odr.agreements import documents, service, visit_plan, visit_rules
from odr.agreements.models import PerformanceItem
from odr.agreements.performance_schemas import PostponeAnswerIn, PostponeIn, VisitFormIn
from odr.agreements.schemas import ClaimIn, SettleIn, VisitIn
from odr.agreements.visit_models import DueVisit
from odr.bodies.categories import Category
from odr.cases import access as cases
from odr.cases.models import Case, CaseClock, CaseEvent
from odr.core import clock, jobs, outbox
from odr.core.errors import Conflict, Forbidden, Invalid, NotFound
from tests.agreements.story import Story
from tests.cast import CSRF, Member

WORDS = "他家又开始半夜装修了"


def _visit(party: str, **changed: Any) -> VisitIn:
    given = {
        "party": party, "channel": "phone", "visited_at": clock.now() - timedelta(minutes=5), "performed": "yes",
        "satisfaction": 1, "note": "都好",
    }  # fmt: skip
    return VisitIn.model_validate(given | changed)


async def _visited(story: Story, party: str, **changed: Any) -> str:
    async with story.db.write() as session:
        return (await service.visit(session, story.cast.mediator.actor, story.case, _visit(party, **changed))).pid


async def _due(story: Story, state: str = "open") -> list[tuple[str, date]]:
    async with story.db.read() as session:
        query = select(DueVisit.rule, DueVisit.due_on).where(DueVisit.state == state)
        return [(rule, on) for rule, on in await session.execute(query.order_by(DueVisit.due_on, DueVisit.id))]


async def _performed(story: Story) -> date:
    await story.effective()
    async with story.db.read() as session:
        item = (await session.scalars(select(PerformanceItem))).one()
    async with story.db.write() as session:
        await service.claim(session, story.cast.respondent.actor, item.pid, ClaimIn())
        await service.settle(session, story.cast.applicant.actor, item.pid, SettleIn(answer="confirm"))
    assert item.due_on is not None
    return item.due_on


async def _form(story: Story, party: str, who: Member | None = None) -> None:
    async with story.db.write() as session:
        await service.send_visit_form(session, (who or story.cast.mediator).actor, story.case, party)


async def test_a_visit_is_due_three_days_after_each_day_and_moves_with_it(story: Story) -> None:
    await story.effective()
    async with story.db.read() as session:
        item = (await session.scalars(select(PerformanceItem))).one()
    assert item.due_on is not None
    assert await _due(story) == [("due", item.due_on + timedelta(days=3))]
    later = item.due_on + timedelta(days=10)
    async with story.db.write() as session:
        wanted = PostponeIn.model_validate({"to": str(later), "reason": "发工资晚"})
        row = await service.postpone(session, story.cast.respondent.actor, item.pid, wanted)
        await service.answer_postponement(
            session, story.cast.applicant.actor, row.pid, PostponeAnswerIn(answer="agree")
        )  # fmt: skip
    assert await _due(story) == [("due", later + timedelta(days=3))]
    with clock.shifted(later + timedelta(days=4) - clock.today()):
        while await jobs.run_due(story.db):
            pass
        async with story.db.read() as session:
            tags = set(await session.scalars(select(CaseEvent.tag)))
            told = [
                (row.person_id, row.channel, row.text)
                for row in await session.scalars(select(outbox.Outbox))
                if row.tag == "visit:return:due"
            ]
            (cell,) = await visit_plan.work(session, story.cast.mediator.actor)
            assert await visit_plan.work(session, story.cast.other_mediator.actor) == []
    assert "visit:return:due" in tags
    assert [(person, channel) for person, channel, _text in told] == [(story.cast.mediator.id, "in_app")]
    assert cell["href"].endswith("/visits")


async def test_after_a_close_each_party_is_visited_again_and_its_clocks_end_with_the_visits(story: Story) -> None:
    await _performed(story)
    for party in (story.applicant, story.respondent):
        await _visited(story, party)
    assert await story.state() == "followed_up"
    for who in (story.cast.body_clerk, story.cast.mediator):
        async with who.browser() as browser:
            page = (await browser.get(f"/cases/{story.case}")).text
            (step,) = re.findall(r'<a class="button button--primary[^"]*" href="([^"]+)"', page[page.index("<main") :])
            assert step == f"/cases/{story.case}/closing"
            assert "结案" in (await browser.get(step)).text
    async with story.cast.mediator.browser() as browser:
        assert (await browser.post(step, data={"csrf": CSRF})).status_code == 303
    assert await story.state() == "closed"
    today = clock.today()
    after = [(rule, (on - today).days) for rule, on in await _due(story) if rule == "close"]
    assert after == [("close", 30), ("close", 30), ("close", 90), ("close", 90)]

    async def running() -> set[str]:
        async with story.db.read() as session:
            query = select(CaseClock.kind).where(CaseClock.stopped_at.is_(None))
            return {kind for kind in await session.scalars(query) if kind.startswith("revisit")}

    assert await running() == {"revisit_first", "revisit_second"}
    with clock.shifted(timedelta(days=30)):
        await _visited(story, story.applicant)
        assert await running() == {"revisit_first", "revisit_second"}
        await _visited(story, story.respondent)
        assert await running() == {"revisit_second"}
        found = await _visited(story, story.applicant, new_conflict=True, signs=["escalation"], steps="劝了")
        async with story.db.write() as session:
            with pytest.raises(Forbidden):
                await service.reopen_from_visit(session, story.cast.applicant.actor, story.case, found)
            with pytest.raises(NotFound):
                await service.reopen_from_visit(session, story.cast.stranger.actor, story.case, found)
        async with story.db.write() as session:
            await service.reopen_from_visit(session, story.cast.mediator.actor, story.case, found)
    assert await story.state() == "accepted"
    async with story.db.read() as session:
        case = await session.get_one(Case, story.case_id)
        assert case.case_no == "乌公用人调〔2026〕0001号"
        assert not [row for row in await visit_plan.open_of(session, [case.id]) if row.rule == "close"]


async def test_a_relapse_found_before_the_close_goes_the_way_in_one_tap(story: Story) -> None:
    await _performed(story)
    found = await _visited(story, story.applicant, new_conflict=True)
    async with story.cast.mediator.browser() as browser:
        page = (await browser.get(f"/cases/{story.case}/visits")).text
        assert "重新打开这件纠纷" in page
        answer = await browser.post(f"/cases/{story.case}/visits/{found}/reopening", data={"csrf": CSRF})
        assert answer.status_code == 303
        assert (await browser.get(answer.headers["location"])).status_code == 200, "a way on, not a page that is gone"
    async with story.cast.applicant.browser() as browser:
        page = (await browser.get(f"/cases/{story.case}")).text
        for kept in ("agreement", "performance"):
            assert f'href="/cases/{story.case}/{kept}"' in page, "what was signed stays to be read"
    assert await story.state() == "accepted"


async def test_while_it_is_being_performed_a_relapse_is_no_new_case(story: Story) -> None:
    await story.effective()
    found = await _visited(story, story.applicant, new_conflict=True)
    async with story.db.write() as session:
        with pytest.raises(Conflict, match="还在履行"):
            await service.reopen_from_visit(session, story.cast.mediator.actor, story.case, found)


async def test_a_party_fills_in_the_form_it_was_sent_and_the_other_side_sees_nothing_of_it(story: Story) -> None:
    await _performed(story)
    cast = story.cast
    wanted = VisitFormIn.model_validate(
        {"performed": "yes", "satisfaction": 4, "new_conflict": True, "note": WORDS}
    )  # fmt: skip
    async with story.db.write() as session:
        with pytest.raises(Conflict):
            await service.fill_visit_form(session, cast.applicant.actor, story.case, wanted)
    for who in ("applicant", "body_clerk"):
        with pytest.raises(Forbidden):
            await _form(story, story.applicant, cast.everybody()[who])
    with pytest.raises(Invalid):
        await _form(story, "nobody")
    await _form(story, story.applicant)
    async with story.db.read() as session:
        sent = [row for row in await session.scalars(select(outbox.Outbox)) if row.tag == "visit:form:sent"]
    assert {row.person_id for row in sent} == {cast.applicant.id, cast.applicant_agent.id}
    assert not any(word in row.text for row in sent for word in ("王某某", "燃气", "李某"))
    at = f"/cases/{story.case}/visits"
    async with cast.applicant.browser() as browser:
        assert "现在填写" in (await browser.get(at)).text
        again = await browser.post(f"{at}/form", data={"csrf": CSRF, "note": WORDS})
        assert again.status_code == 422
        assert WORDS in again.text
        data = {"csrf": CSRF, "performed": "yes", "satisfaction": "4", "new_conflict": "1", "note": WORDS}
        assert (await browser.post(f"{at}/form", data=data)).status_code == 303
        assert "谢谢您" in (await browser.get(f"{at}/form")).text
    for who in ("respondent", "respondent_agent"):
        async with cast.everybody()[who].browser() as browser:
            for path in (at, f"/cases/{story.case}"):
                assert WORDS not in (await browser.get(path)).text
            never = (await browser.get(f"{at}/form")).text
            assert "现在没有要您填写的回访" in never, "who was asked nothing is not thanked for an answer"
            assert "谢谢您" not in never
        async with cast.everybody()[who].program() as client:
            assert (await client.get(f"/api/v1{at}")).json() == []
            assert (await client.get(f"/api/v1{at}/due")).json() == []
    async with cast.stranger.browser() as browser:
        assert (await browser.get(f"{at}/form")).status_code == 404
    async with story.db.read() as session:
        view = await cases.for_reading(session, cast.mediator.actor, story.case)
        (row,) = await documents.visits_of(session, view)
        told = {one.tag for one in await session.scalars(select(outbox.Outbox))}
    assert (row["by_form"], row["satisfaction"], row["note"]) == (True, 4, WORDS)
    assert "visit:form:filled" in told
    await _visited(story, story.respondent, why="到期后看履行情况", suit="没有", steps="无")
    assert await story.state() == "followed_up"


# --- the table ------------------------------------------------------------------------------------------------------


def test_the_table_of_visits_has_a_source_for_each_rule() -> None:
    closed = date(2026, 11, 30)
    assert all(rule.source for rule in visit_rules.RULES)
    plain = visit_rules.after_close(Category.CONTRACT, closed, violence=False)
    assert [(on - closed).days for _rule, on in plain] == [30, 90]
    family = visit_rules.after_close(Category.FAMILY, closed, violence=False)
    assert [on for _rule, on in family][:3] == [date(2026, 12, 30), date(2027, 1, 30), date(2027, 2, 28)]
    assert len(family) == 6
    violence = visit_rules.after_close(Category.FAMILY, closed, violence=True)
    assert len(violence) == 6
    assert violence[-1][1] == date(2027, 11, 30)
    assert visit_rules.after_due(closed) == [("due", date(2026, 12, 3))]
