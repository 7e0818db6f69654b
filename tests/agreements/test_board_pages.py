"""The board on pages: sets, suggestions, what changed, what is released; without script, nothing typed is lost."""

from datetime import timedelta
from typing import Any

import pytest

from odr.core import clock
from odr.core.settings import Settings
from tests.agreements.story import Story
from tests.agreements.test_pages import _agreement, _get, _post

IDEA = "分两次退还，月底一次。"


@pytest.fixture
def settings(sqlite_settings: Settings) -> Settings:
    return sqlite_settings


def values_of(page: str) -> dict[str, str]:
    """What the forms of a page would post: the values of its fields."""
    from html.parser import HTMLParser

    class Fields(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.found: dict[str, str] = {}
            self.select = ""
            self.area = ""

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            given = {name: value or "" for name, value in attrs}
            if tag == "select":
                self.select = given["name"]
                self.found.setdefault(self.select, "")
            elif tag == "option" and "selected" in given:
                self.found[self.select] = given["value"]
            elif tag == "textarea":
                self.area = given["name"]
                self.found[self.area] = ""
            elif tag == "input" and given.get("type") in ("checkbox", "radio"):
                if "checked" in given and "name" in given:
                    self.found[given["name"]] = given["value"]
            elif tag == "input" and "name" in given:
                self.found[given["name"]] = given.get("value", "")

        def handle_endtag(self, tag: str) -> None:
            if tag == "textarea":
                self.area = ""

        def handle_data(self, data: str) -> None:
            if self.area:
                self.found[self.area] += data.strip("\n")

    parser = Fields()
    parser.feed(page)
    return {name: value for name, value in parser.found.items() if name != "csrf"}


async def test_a_set_is_chosen_edited_and_put_on_the_board(story: Story) -> None:
    cast, at = story.cast, f"/cases/{story.case}/agreement"
    await story.draft()
    listed = await _get(cast.mediator, f"{at}/sets")
    assert listed.index("预付卡退费") < listed.index("其他范本") < listed.index("拖欠工资")
    await _get(cast.applicant, f"{at}/sets", 403)
    await _get(cast.mediator, f"{at}/sets/nothing", 404)
    page = await _get(cast.mediator, f"{at}/sets/prepaid")
    given = values_of(page)
    assert (given["obligor-1"], given["obligee-1"]) == (story.respondent, story.applicant)
    assert "李某向王某某退还预付卡里没有消费的余额。" in page
    wrong = given | {"amount-1": "12.345", "text-0": "双方核对记录，李某交付清单，三天以内。", "due_on-0": "2027-02-30"}
    again = await _post(cast.mediator, f"{at}/sets/prepaid", 422, **wrong)
    for words in (
        'href="#f-amount-1"',
        'href="#f-due_on-0"',
        'value="12.345"',
        "双方核对记录，李某交付清单，三天以内。",
    ):
        assert words in again
    none = await _post(
        cast.mediator, f"{at}/sets/prepaid", 422, **{name: v for name, v in given.items() if not name.startswith("use")}
    )
    assert "至少勾选一条" in none
    await _post(cast.mediator, f"{at}/sets/prepaid", **(given | {"amount-1": "800"}))
    board = await _get(cast.applicant, at)
    assert "800.00 元" in board
    assert "第 6 条" in board
    assert "第 7 条" not in board


async def test_a_party_suggests_releases_and_the_mediator_takes_it_up(story: Story) -> None:
    cast, at = story.cast, f"/cases/{story.case}/agreement"
    agreement = await story.draft()
    clause = await story.clause(agreement)
    page = await _get(cast.respondent, f"{at}/proposals/new?target={clause}")
    given = values_of(page) | {"text": IDEA, "audience": "private", "note": "手头紧"}
    assert given["amount"] == "2600.00"
    kept = await _post(cast.respondent, f"{at}/proposals/new", 422, **(given | {"amount": "-1"}))
    for words in ("大于 0", IDEA, "手头紧", f'value="{clause}"'):
        assert words in kept
    await _post(cast.respondent, f"{at}/proposals/new", **given)
    for who, there in ((cast.respondent, True), (cast.mediator, True), (cast.applicant, False)):
        assert (IDEA in await _get(who, at)) is there
    await _get(cast.respondent_agent, f"{at}/proposals/new", 403)
    pid = (await _get(cast.respondent, at)).split('id="p-')[1].split('"')[0]
    await _get(cast.applicant, f"{at}/proposals/{pid}/clause", 404)
    await _post(cast.respondent, f"{at}/proposals/{pid}/release")
    assert IDEA in await _get(cast.applicant, at)
    refused = await _post(cast.mediator, f"{at}/proposals/{pid}/refusal", 422, reason="")
    assert f'href="#f-reason-{pid}"' in refused
    form = values_of(await _get(cast.mediator, f"{at}/proposals/{pid}/clause"))
    assert "改写第 1 条" in await _get(cast.mediator, f"{at}/proposals/{pid}/clause")
    wrong = await _post(cast.mediator, f"{at}/proposals/{pid}/clause", 422, **(form | {"text": "字"}))
    assert IDEA not in wrong.split("<textarea")[1]
    await _post(cast.mediator, f"{at}/proposals/{pid}/clause", **(form | {"amount": "2000"}))
    board = await _get(cast.applicant, at)
    assert "已放进草案" in board
    assert "金额：“2,600.00 元”改为“2,000.00 元”" in board


async def test_the_mediator_sounds_out_one_side(story: Story) -> None:
    cast, at = story.cast, f"/cases/{story.case}/agreement"
    await _get(cast.mediator, at)
    base: dict[str, Any] = {
        "kind": "pay", "obligor": story.respondent, "obligee": story.applicant, "text": IDEA, "amount": "2000",
        "due_on": str(clock.today() + timedelta(days=9)), "audience": "private",
    }  # fmt: skip
    assert "选择向哪一方" in await _post(cast.mediator, f"{at}/proposals/new", 422, **base)
    await _post(cast.mediator, f"{at}/proposals/new", side="respondent", **base)
    assert IDEA not in await _get(cast.applicant, at)
    pid = (await _get(cast.respondent, at)).split('id="p-')[1].split('"')[0]
    await _post(cast.respondent, f"{at}/proposals/{pid}/replies", 422, reply="")
    await _post(cast.respondent, f"{at}/proposals/{pid}/replies", reply="reject", note="太多了")
    assert "太多了" in await _get(cast.mediator, at)
    await _post(cast.mediator, f"{at}/proposals/{pid}/withdrawal")
    assert "已收回" in await _get(cast.respondent, at)


async def test_a_no_and_a_private_comment_on_the_page(story: Story) -> None:
    cast, at = story.cast, f"/cases/{story.case}/agreement"
    held = await story.draft()
    clause = await story.clause(held)
    values = {"agreement": held, "version": 1, "answer": "reject"}
    wrong = await _post(cast.respondent, f"{at}/clauses/{clause}/answers", 422, comment="", **values)
    assert "为什么不同意" in wrong
    await _post(cast.respondent, f"{at}/clauses/{clause}/answers", comment="两千我认", audience="private", **values)
    assert "让对方也看到我的意见" in await _get(cast.respondent, at)
    assert "两千我认" not in await _get(cast.applicant, at)
    await _post(cast.respondent, f"{at}/clauses/{clause}/releases", agreement=held, version=1)
    shown = await _get(cast.applicant, at)
    assert "两千我认" in shown
    assert "不同意" in shown
    await _post(cast.respondent, f"{at}/clauses/{clause}/releases", 409, agreement=held, version=1)


async def test_what_was_typed_survives_that_the_draft_moved_on(story: Story) -> None:
    cast, at = story.cast, f"/cases/{story.case}/agreement"
    held = await story.draft()
    clause = await story.clause(held)
    form = values_of(await _get(cast.mediator, f"{at}/clauses/{clause}")) | {"text": "写了很久的一段话。"}
    await _post(cast.mediator, f"{at}/clauses/{clause}", **(form | {"text": "另一处先改了。"}))
    again = await _post(cast.mediator, f"{at}/clauses/{clause}", 409, **form)
    assert "别处改过" in again
    assert "写了很久的一段话。" in again
    for who in (cast.applicant, cast.respondent):
        await story.answer(who, held, clause, version=2)
    await _post(cast.mediator, f"{at}/final", agreement=held)
    late = await _post(cast.mediator, f"{at}/clauses/{clause}", 409, **form)
    assert "写了很久的一段话。" in late
    assert (await _agreement(story)).state == "frozen"


async def test_the_facts_of_the_agreement_are_taken_from_the_sheet_and_stay_editable(story: Story) -> None:
    from odr.factsheet import service as factsheet
    from odr.factsheet.schemas import AnswerIn, FactIn

    cast, at = story.cast, f"/cases/{story.case}/agreement"
    held = await story.draft()
    async with story.db.write() as session:
        row = await factsheet.add(session, cast.applicant.actor, story.case, FactIn(text="3月1日付款 2600 元。"))
        await factsheet.answer(session, cast.respondent.actor, row.pid, AnswerIn(answer="confirm", version=1))
        await factsheet.add(session, cast.mediator.actor, story.case, FactIn(text="人工费由谁出。", kind="disputed"))
        await factsheet.add(session, cast.applicant.actor, story.case, FactIn(text="还没有确认的一条。"))
    assert "取自事实清单" in await _get(cast.mediator, f"{at}/facts")
    offered = values_of(await _get(cast.mediator, f"{at}/facts?from=facts"))
    assert (offered["facts"], offered["issues"]) == ("1. 3月1日付款 2600 元。", "1. 人工费由谁出。")
    assert "3月1日" not in await _get(cast.applicant, at), "offered, not saved"
    await _post(cast.mediator, f"{at}/facts", **(offered | {"agreement": held, "issues": "人工费。"}))
    assert "3月1日付款 2600 元。" in await _get(cast.applicant, at)


async def test_an_id_that_leads_nowhere_costs_no_word(story: Story) -> None:
    """A draft replaced meanwhile, a clause removed meanwhile, a hidden field that a browser lost: the form comes again
    with every word, and saves at the second try. Who may not see the page still sees nothing."""
    pid, at = await story.draft(), f"/cases/{story.case}/agreement"
    pay = await story.clause(pid)
    due = str(clock.today() + timedelta(days=9))
    clause = {"kind": "pay", "obligor": story.respondent, "obligee": story.applicant, "text": "分两次退还改造费。",
              "amount": "1234.56", "due_on": due, "manner": "微信转账"}  # fmt: skip
    plan = {"rows.0.due_on": due, "rows.0.amount": "1300", "rows.1.due_on": str(clock.today() + timedelta(days=19)),
            "rows.1.amount": "1300", "default_term": "all_due", "version": "1"}  # fmt: skip
    forms = (
        (story.cast.mediator, "/clauses/new", clause, "agreement"),
        (story.cast.mediator, "/facts", {"facts": "双方对金额的说法不同。", "issues": "谁来出这笔钱"}, "agreement"),
        (story.cast.mediator, f"/clauses/{pay}/plan", plan, "agreement"),
        (story.cast.respondent, "/proposals/new", clause | {"audience": "private", "note": "手头紧"}, "target"),
    )
    for member, path, typed, lost in forms:
        for wrong in ("", "nothing" * 3):
            given = typed | {lost: wrong}
            if not wrong and lost == "target":
                continue  # a suggestion need not aim at a clause
            refused = await _post(member, at + path, 409, **given)
            assert "写下的都还在" in refused
            again = values_of(refused)
            assert {name: again.get(name) for name in typed} == typed, path
            assert again.get(lost, "") != wrong or not wrong
        assert "写下的都还在" not in await _post(story.cast.stranger, at + path, 404, **given)
        names = (*typed, *(name for name in ("agreement", "version") if name in again))
        await _post(member, at + path, **{name: again[name] for name in names})


async def test_a_clause_removed_meanwhile_costs_no_word(story: Story) -> None:
    """Whoever wrote about a clause that somebody else took out reads so, keeps every word, and can propose it anew."""
    cast, at = story.cast, f"/cases/{story.case}/agreement"
    held = await story.draft()
    edited, planned, answered = [await story.clause(held, story.pay(text=f"第 {n} 笔退款。")) for n in range(3)]
    form = values_of(await _get(cast.mediator, f"{at}/clauses/{edited}"))
    due = str(clock.today() + timedelta(days=19))
    plan = values_of(await _get(cast.mediator, f"{at}/clauses/{planned}/plan?first={due}&count=2"))
    for clause in (edited, planned, answered):
        await _post(cast.mediator, f"{at}/clauses/{clause}/removal", agreement=held)
    typed = form | {"text": "写了很久的一段话。", "amount": "1234.56", "manner": "微信转账"}
    again = await _post(cast.mediator, f"{at}/clauses/{edited}", 410, **typed)
    assert "刚被删去了。写下的都还在" in again
    assert "这一步还没有完成" in again
    assert "标红" not in again
    assert f'action="{at}/clauses/new"' in again
    kept = values_of(again)
    names = ("kind", "obligor", "obligee", "text", "amount", "due_on", "manner")
    assert {name: kept[name] for name in names} == {name: typed[name] for name in names}
    assert (kept["agreement"], kept.get("version", "")) == (held, "")
    # A field that is wrong as well does not hide it, and a draft that is replaced too is put right.
    assert "刚被删去了" in await _post(cast.mediator, f"{at}/clauses/{edited}", 410, **(typed | {"amount": "-1"}))
    await _post(cast.mediator, f"{at}/clauses/{edited}", 410, **(typed | {"agreement": "nothing"}))
    await _post(cast.mediator, f"{at}/clauses/new", **kept)
    assert "写了很久的一段话。" in await _get(cast.applicant, at)

    late = values_of(await _post(cast.mediator, f"{at}/clauses/{planned}/plan", 410, **(plan | {"agreement": held})))
    assert f"{due} {plan['rows.0.amount']}" in late["text"]
    await _post(cast.mediator, f"{at}/clauses/{planned}/plan/removal", 410, agreement=held, version=1)

    no = {"agreement": held, "version": 1, "answer": "reject", "comment": "两千我认", "audience": "private"}
    told = await _post(cast.respondent, f"{at}/clauses/{answered}/answers", 410, **no)
    assert "您的回答没有登记" in told
    assert "两千我认" in told
    assert "两千我认" not in await _get(cast.mediator, at)
    for button in ("removal", "position"):
        assert "可能刚被换掉了" in await _post(cast.mediator, f"{at}/clauses/{answered}/{button}", 409, agreement=held)
    # To who may not write here, and of what never was, nothing is told.
    await _get(cast.mediator, f"{at}/clauses/{edited}", 404)
    for path in (f"{at}/clauses/{edited}", f"{at}/clauses/{planned}/plan", f"{at}/clauses/{answered}/answers"):
        await _post(cast.stranger, path, 404, **typed)


async def test_a_sum_for_a_round_that_is_gone_is_shown_again(story: Story) -> None:
    due = str(clock.today() + timedelta(days=9))
    at = f"/cases/{story.case}/agreement/offers"
    wanted = {"kind": "open", "payer": story.respondent, "payee": story.applicant, "about": "修理费", "due_on": due}
    for wrong in ({"due_on": "2026-02-30"}, {"payee": story.respondent}, {"tries": "-1"}, {"payer": "nobody"}):
        refused = await _post(story.cast.mediator, at, 422, **(wanted | wrong))
        assert f'href="#f-{next(iter(wrong))}"' in refused, wrong
        again = values_of(refused)
        assert {name: again[name] for name in wanted if name not in wrong} == {
            name: value for name, value in wanted.items() if name not in wrong
        }
    await _post(story.cast.mediator, at, **wanted)
    refused = await _post(story.cast.respondent, f"{at}/sums", 409, round="nothing", amount="880", aside="最多一千")
    again = values_of(refused)
    assert (again["amount"], again["aside"]) == ("880", "最多一千")
    assert "最多一千" not in (await _get(story.cast.applicant, at))
