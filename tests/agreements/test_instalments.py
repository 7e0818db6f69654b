"""Instalments: computed by month or written down, checked to the fen, frozen with their clause, each a promise."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from odr.agreements import access, checks, content, documents, instalments, papers, service, verification
from odr.agreements import instalment_rules as rules
from odr.agreements.models import Agreement, PerformanceItem
from odr.agreements.planning import PlanIn
from odr.core import clock
from odr.core.errors import Conflict, Invalid
from odr.core.templating import day
from tests.agreements.story import Story
from tests.cast import CSRF

_FIRST = st.dates(date(2026, 1, 1), date(2080, 1, 1))


@given(total=st.integers(1, 10**13), first=_FIRST, count=st.integers(2, rules.MOST))
def test_a_plan_by_month_adds_up_and_goes_forward(total: int, first: date, count: int) -> None:
    try:
        dues = rules.by_month(total, first, count)
    except Invalid:
        assert total < count
        return
    assert sum(one.amount_fen for one in dues) == total
    assert all(one.amount_fen > 0 for one in dues)
    days = [one.due_on for one in dues]
    assert days == sorted(set(days))
    assert all(one.day == first.day or (one + timedelta(days=1)).day == 1 for one in days)
    assert len({one.amount_fen for one in dues[:-1]}) == 1
    assert rules.by_list(total, [(one.amount_fen, one.due_on) for one in dues]) == dues


@given(total=st.integers(1, 10**9), each=st.integers(1, 10**9), count=st.integers(2, rules.MOST))
def test_with_a_sum_for_each_the_last_takes_the_rest_or_it_is_refused(total: int, each: int, count: int) -> None:
    if each * (count - 1) >= total:
        with pytest.raises(Invalid) as refused:
            rules.by_month(total, date(2026, 1, 31), count, each)
        assert set(refused.value.fields) == {"each"}
    else:
        assert sum(one.amount_fen for one in rules.by_month(total, date(2026, 1, 31), count, each)) == total


@given(rows=st.lists(st.tuples(st.integers(-5, 10**6), _FIRST), max_size=6), total=st.integers(0, 10**6))
def test_a_list_is_taken_only_when_it_adds_up_in_order(rows: list[tuple[int, date]], total: int) -> None:
    days = [day for _amount, day in rows]
    fits = (
        len(rows) >= 2 and days == sorted(set(days)) and all(amount > 0 for amount, _day in rows)
        and sum(amount for amount, _day in rows) == total
    )  # fmt: skip
    if fits:
        assert [one.amount_fen for one in rules.by_list(total, rows)] == [amount for amount, _day in rows]
    else:
        with pytest.raises(Invalid):
            rules.by_list(total, rows)


def test_month_ends_and_leap_years() -> None:
    dues = rules.by_month(400_000, date(2027, 12, 31), 4)
    assert [one.due_on for one in dues] == [date(2027, 12, 31), date(2028, 1, 31), date(2028, 2, 29), date(2028, 3, 31)]
    assert [one.amount_fen for one in rules.by_month(100_001, date(2027, 1, 1), 3)] == [33_300, 33_300, 33_401]


def _days(n: int) -> list[str]:
    return [str(clock.today() + timedelta(days=10 * (k + 1))) for k in range(n)]


async def _plan(story: Story, pid: str, clause: str, **given: Any) -> Any:
    wanted = PlanIn.model_validate({"default_term": "all_due"} | given)
    async with story.db.write() as session:
        return await service.plan(session, story.cast.mediator.actor, pid, clause, wanted)


async def _what_was_altered_is_named(story: Story, frozen: Agreement) -> None:
    """Rows are changed behind the service's back, one by one; nothing of it is kept."""

    async def faults(*statements: str) -> list[str]:
        try:
            async with story.db.write() as session:
                for statement in (*_UNGUARDED[story.db.is_sqlite], *statements):
                    await session.execute(text(statement))
                raise _Enough([words async for words in verification.faults(session)])
        except _Enough as found:
            return found.words

    second = "WHERE n = 2 AND plan_id = (SELECT max(id) FROM payment_plans)"
    named = f"agreement {frozen.pid}: instalment 2 of clause 1 was altered after freezing"
    general = f"agreement {frozen.pid}: its facts or clauses were altered after freezing"
    assert await faults() == []
    for statement in (f"UPDATE instalments SET amount_fen = 1 {second}", f"DELETE FROM instalments {second}",
                      f"UPDATE instalments SET due_on = '2031-01-01' {second}"):  # fmt: skip
        assert await faults(statement) == [named], statement
    assert await faults("UPDATE payment_plans SET default_term = 'suit'") == [general]
    # Texts frozen before the digest held their instalments stay whole, and their plan is watched all the same.
    async with story.db.read() as session:
        clauses = await content.clauses_of(session, frozen)
        plans = await instalments.plans_of(session, clauses)
    now, before = (verification.text_digest(frozen, clauses, given) for given in (plans, {}))
    as_before = f"UPDATE ledger SET detail = CAST(replace(CAST(detail AS TEXT), '{now}', '{before}') AS JSON)"
    if story.db.is_sqlite:
        as_before = f"UPDATE ledger SET detail = replace(detail, '{now}', '{before}')"
    assert now != before
    assert await faults(as_before) == []
    assert await faults(as_before, f"UPDATE instalments SET amount_fen = 1 {second}") == [named]


class _Enough(Exception):
    """Ends a transaction of which nothing is to be kept."""

    def __init__(self, words: list[str]) -> None:
        self.words = words


_GUARDED = ("instalments", "payment_plans", "ledger")
_UNGUARDED = {
    True: [f"DROP TRIGGER append_only_{one}_{act}" for one in _GUARDED for act in ("update", "delete")],
    False: [f"DROP TRIGGER append_only_{one} ON {one}" for one in _GUARDED],
}


async def test_a_plan_voids_the_answers_is_frozen_and_becomes_promises(story: Story) -> None:
    pid = await story.draft()
    clause = await story.clause(pid)
    await story.answer(story.cast.applicant, pid, clause)
    first, second = _days(2)
    rows = [{"amount": "1000", "due_on": first}, {"amount": "1600", "due_on": second}]
    assert (await _plan(story, pid, clause, rows=rows)).version == 2
    assert (await _plan(story, pid, clause, rows=rows)).version == 2  # the same again changes nothing
    async with story.db.read() as session:
        shown = await documents.document(session, await access.for_reading(session, story.cast.applicant.actor, pid))
    (one,) = shown["clauses"]
    assert (one["answers"], one["due_on"], one["plan"]["total_fen"]) == ([], second, 260_000)
    (told,) = [words for words in one["changes"][0]["words"] if "分期" in words]
    assert day(date.fromisoformat(first)) in told
    assert first not in told, "a day is written for people"

    # The text is changed: the plan stays with it. The sum is changed: the plan is kept, and freezing names it.
    async with story.db.write() as session:
        changed = story.pay(text="被申请人分两次退还改造费。", amount="3000", due_on=second)
        await service.change_clause(session, story.cast.mediator.actor, pid, clause, changed)
    for who in (story.cast.applicant, story.cast.respondent):
        await story.answer(who, pid, clause, version=3)
    with pytest.raises(checks.Unready) as refused:
        await service.finalise(story.db, story.cast.mediator.actor, pid)
    assert (refused.value.status, list(refused.value.fields)) == (409, [f"check-plan_sum.{clause}.3"])

    rows[1]["amount"] = "2000"
    await _plan(story, pid, clause, rows=rows)
    for who in (story.cast.applicant, story.cast.respondent):
        await story.answer(who, pid, clause, version=4)
    frozen = await service.finalise(story.db, story.cast.mediator.actor, pid)
    async with story.db.read() as session:
        place = await access.for_reading(session, story.cast.mediator.actor, frozen.pid)
        paper = papers.html(await content.kept(session, place.case, place.agreement))
    for words in ("分2期付清", "壹仟元整", "贰仟元整", "叁仟元整", "未按期履行时"):
        assert words in paper
    await _what_was_altered_is_named(story, frozen)
    async with story.db.write() as session:
        new = await service.unfreeze(session, story.cast.mediator.actor, frozen.pid, "写错了一个字")
    async with story.db.read() as session:
        again = await documents.document(session, await access.for_reading(session, story.cast.mediator.actor, new.pid))
    assert [row["amount_fen"] for row in again["clauses"][0]["plan"]["instalments"]] == [100_000, 200_000]
    assert (await _plan(story, new.pid, again["clauses"][0]["id"], rows=rows)).version == 1


async def test_each_instalment_becomes_a_promise_with_its_own_day(story: Story) -> None:
    pid = await story.draft()
    clause = await story.clause(pid)
    await _plan(story, pid, clause, first=_days(1)[0], count=3)
    for who in (story.cast.applicant, story.cast.respondent):
        await story.answer(who, pid, clause, version=2)
    frozen = await service.finalise(story.db, story.cast.mediator.actor, pid)
    for who in (story.cast.applicant, story.cast.respondent, story.cast.mediator):
        await story.sign(who, frozen)
    async with story.db.write() as session:
        await service.seal(session, story.cast.body_clerk.actor, pid, frozen.sha256 or "")
    async with story.db.read() as session:
        items = list(await session.scalars(select(PerformanceItem).order_by(PerformanceItem.due_on)))
    assert [item.amount_fen for item in items] == [86_600, 86_600, 86_800]
    assert len({item.due_on for item in items}) == 3
    assert items[0].text.endswith("（第 1 期，共 3 期）")


async def test_what_does_not_fit_is_named_at_its_field(story: Story) -> None:
    pid = await story.draft()
    clause = await story.clause(pid)
    first, second = _days(2)
    for wrong, field in (
        ({"rows": [{"amount": "1000", "due_on": first}, {"amount": "1000", "due_on": second}]}, "rows"),
        ({"rows": [{"amount": "1000", "due_on": second}, {"amount": "1600", "due_on": first}]}, "rows.1.due_on"),
        ({"rows": [{"amount": "1000"}, {"amount": "1600", "due_on": first}]}, "rows.0.due_on"),
        ({"first": first}, "count"),
        ({"first": first, "count": 3, "each": "2000"}, "each"),
    ):
        with pytest.raises(Invalid) as refused:
            await _plan(story, pid, clause, **wrong)
        assert field in refused.value.fields
    with pytest.raises(Conflict, match="别处改过"):
        await _plan(story, pid, clause, first=first, count=2, version=9)
    act = await story.clause(pid, story.pay(kind="act", amount=None, text="修好漏水的管道。", manner=""))
    with pytest.raises(Conflict, match="只有付款"):
        await _plan(story, pid, act, first=first, count=2)


async def test_the_builder_shows_what_it_computed_and_keeps_what_was_typed(story: Story, app: Any) -> None:
    pid = await story.draft()
    clause = await story.clause(pid)
    at = f"/cases/{story.case}/agreement/clauses/{clause}/plan"
    first = _days(1)[0]
    async with story.cast.mediator.browser() as browser:
        computed = await browser.get(f"{at}?first={first}&count=3")
        assert (computed.status_code, computed.text.count('value="866.00"')) == (200, 2)
        assert 'value="868.00"' in computed.text
        wrong = {"agreement": pid, "version": "1", "rows.0.amount": "-5", "rows.0.due_on": "2026-02-30"}
        refused = await browser.post(at, data=wrong | {"csrf": CSRF, "rows.2.amount": "7", "default_term": "suit"})
        assert refused.status_code == 422
        for kept in ('value="-5"', 'value="7"', "没有这个日期", "金额要大于 0"):
            assert kept in refused.text
        empty = await browser.post(at, data={"csrf": CSRF, "agreement": pid, "version": "1"})
        assert (empty.status_code, "至少写两期" in empty.text) == (422, True)
        rows = {f"rows.{n}.{k}": v for n, d in enumerate(_days(2)) for k, v in (("amount", "1300"), ("due_on", d))}
        saved = await browser.post(
            at, data={"csrf": CSRF, "agreement": pid, "version": "1", "default_term": "both"} | rows
        )
        assert saved.status_code == 303
        board = await browser.get(f"/cases/{story.case}/agreement")
        for words in ("分 2 期付", "1,300.00 元", "未按期履行时"):
            assert words in board.text
        held = {"csrf": CSRF, "agreement": pid}
        short = await browser.post(at, data=held | {"rows.0.amount": "1", "rows.0.due_on": str(clock.today())})
        assert short.status_code == 422
        assert 'href="#f-default_term"' in short.text, "what was not chosen is named beside what does not fit"
        assert 'href="#f-rows"' in short.text
        # A number of any length is no reason to fall over (int() refuses more than 4,300 digits).
        huge = await browser.post(f"{at}/removal", data={"csrf": CSRF, "agreement": "x", "version": "9" * 5000})
        assert huge.status_code == 409
        dropped = await browser.post(f"{at}/removal", data={"csrf": CSRF, "agreement": pid, "version": "2"})
        assert dropped.status_code == 303
    async with story.cast.applicant.browser() as browser:
        assert (await browser.get(at)).status_code == 403
