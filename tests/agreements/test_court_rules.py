"""Whether a court can confirm it, which court, what else makes it strong: each row of each table."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from odr.agreements import court_rules, strengthening
from odr.agreements.checker import CheckedClause, CheckedParty, Examined
from odr.agreements.court_codes import AFTERWARDS, DISMISSED, NOT_ACCEPTED, Head
from odr.agreements.court_rules import RULES, Matter, Weight, check
from odr.agreements.courts import COURTS, Places, propose
from odr.cases.codes import Category

SIGNED, TODAY, LAST = date(2026, 11, 26), date(2026, 12, 1), date(2026, 12, 28)
A = CheckedParty("a", "王某某", id_no="15030219560312002X", phone="13900000001", age=70)
B = CheckedParty("b", "李某", id_no="150302198803120010", phone="13900000002", age=38)
PAY = CheckedClause(
    "c1", 1, "pay", "李某退还王某某燃气改造费。", "b", "a", 260_000, date(2026, 11, 28), manner="微信转账"
)  # fmt: skip
ACT = CheckedClause("c1", 1, "act", "李某修好卫生间的防水层。", "b", "a", None, date(2026, 12, 6))


def matter(*clauses: CheckedClause, **changed: Any) -> Matter:
    text = Examined(today=SIGNED, clauses=clauses or (PAY,), parties=changed.pop("parties", (A, B)), copies=3)
    given: dict[str, Any] = {
        "today": TODAY, "category": Category.NEIGHBOUR, "examined": text, "effective_on": SIGNED, "until": LAST,
        "body": "海达社区人民调解委员会",
    }  # fmt: skip
    return Matter(**(given | changed))


def found(*clauses: CheckedClause, **changed: Any) -> set[str]:
    return {one.rule.id for one in check(matter(*clauses, **changed))}


def act(text: str) -> CheckedClause:
    return replace(ACT, text=text)


def test_a_definite_agreement_about_money_has_no_finding_even_when_a_day_has_passed_since() -> None:
    assert found() == set()
    assert found(PAY, replace(ACT, pid="c2", n=2)) == set()


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        (matter(effective_on=None, until=None), "not_effective"),
        (matter(today=date(2026, 12, 29)), "too_late"),
        (matter(body=""), "no_body"),
        (matter(category=Category.FAMILY), "status_kind"),
        (matter(act("双方同意离婚。")), "status"),
        (matter(act("确认李某与王某某没有亲子关系。")), "status"),
        (matter(act("双方解除收养关系。")), "status"),
        (matter(act("由王某某申请宣告失踪。")), "procedure"),
        (matter(act("由李某申请实现担保物权。")), "procedure"),
        (matter(act("李某向破产管理人申报。")), "procedure"),
        (matter(act("三号楼二单元的房屋归王某某所有。")), "title"),
        (matter(act("商标权归李某享有。")), "title"),
        (matter(act("东边的土地使用权确认为王某某享有。")), "title"),
        (matter(act("李某不服行政处罚，由社区处理。")), "scope"),
        (matter(act("王某某以后不得起诉。")), "law"),
        (matter(act("由李某的父亲连带责任还款。")), "harm"),
        (matter(replace(PAY, obligee="gone", manner="现金")), "harm"),
        (matter(parties=(replace(A, age=9), B)), "forced"),
        (matter(act("李某尽快修好，相关费用由李某承担。")), "unclear"),
        (matter(replace(PAY, amount_fen=None)), "unclear"),
        (matter(replace(PAY, due_on=None)), "unclear"),
        (matter(replace(PAY, text="李某退还王某某 2,500 元。")), "unclear"),
        (matter(written=False), "spoken"),
        (matter(all_done=True), "all_done"),
        (matter(today=date(2026, 12, 25)), "soon"),
        (matter(today=LAST), "soon"),
    ],
)
def test_each_rule_is_met_by_its_text_alone(given: Matter, rule: str) -> None:
    findings = check(given)
    assert {one.rule.id for one in findings} == {rule}
    for one in findings:
        assert one.say.endswith("。")
        assert one.mend.endswith("。")
        assert "%(" not in one.say + one.mend
        assert one.source


@pytest.mark.parametrize(
    "text",
    [
        "李某把房屋归还王某某。", "李某退还结婚时收的彩礼。", "李某搬出三号楼的房屋。", "李某归还土地上的农具。",
        "李某配合办理车辆过户手续。", "双方今后和睦相处。", "李某把占用的院落腾空。",
    ],
)  # fmt: skip
def test_a_text_that_only_sounds_like_it_is_left_alone(text: str) -> None:
    assert found(act(text)) == set()


def test_every_rule_has_an_example_and_what_bars_comes_first() -> None:
    met = {one.rule.id for one in check(matter(act("双方同意离婚。"), category=Category.FAMILY, today=LAST))}
    assert met == {"status_kind", "status", "soon"}
    first = check(matter(act("双方同意离婚。"), category=Category.FAMILY))[0]
    assert (first.rule.id, first.bars) == ("status_kind", True)
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert {rule.weight for rule in RULES} == set(Weight)


def test_every_head_of_the_interpretation_has_its_code_and_what_is_left_afterwards() -> None:
    assert (len(NOT_ACCEPTED), len(DISMISSED)) == (5, 6)
    assert {*NOT_ACCEPTED, *DISMISSED} == set(Head) == set(AFTERWARDS)
    looked_for = {rule.head for rule in court_rules.RULES if rule.head is not None}
    # Which court, morals and what the court itself finds cannot be read from the text of an agreement.
    assert set(Head) - looked_for == {Head.COURT, Head.MORALS, Head.OTHER}


# --- the court --------------------------------------------------------------------------------------------------------

HOMES = (("王某某", "乌海市海勃湾区新华西街道 3 号楼"), ("李某", "内蒙古乌海市乌达区三道坎街道"))


@pytest.mark.parametrize(
    ("places", "keys"),
    [
        (Places(HOMES, "150302", "150302"), ["150302", "150304"]),
        (Places(HOMES[1:], "150303", "150303"), ["150303", "150304"]),
        (Places((("赵某", "宁夏石嘴山市惠农区"),), "150304", "150300"), ["150304"]),
        (Places((("赵某", "海南省海口市"),)), []),
        (Places((("某某公司", ""),)), []),
        (Places(HOMES, "150302", "150302", invited=True), []),
        (Places(HOMES, "150302", "150302", invited=True, invited_by=COURTS["150303"]), ["150303"]),
        (Places(invited=True, invited_by="某某区人民法院"), []),
    ],
)
def test_the_courts_are_those_of_a_home_the_matter_or_the_body_or_the_one_that_invited(
    places: Places, keys: list[str]
) -> None:
    proposed = propose(places)
    assert [one.court.key for one in proposed] == keys
    assert all(one.reasons for one in proposed)
    assert "150300" not in keys, "the middle court is never proposed by an address"


def test_every_reason_is_named() -> None:
    (first, second) = propose(Places(HOMES, "150302004001", "150302"))
    assert first.reasons == ("王某某的住处或住所在这个区", "事情发生在这个区", "调委会在这个区")
    assert second.reasons == ("李某的住处或住所在这个区",)


# --- other ways -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("category", "to_pay", "keys"),
    [
        (Category.NEIGHBOUR, True, ["notarised"]),
        (Category.NEIGHBOUR, False, []),
        (Category.WAGE_ARREARS, True, ["notarised", "payment_order"]),
        (Category.LABOUR_OTHER, False, []),
    ],
)
def test_other_ways_are_offered_where_the_law_has_them(category: Category, to_pay: bool, keys: list[str]) -> None:
    ways = strengthening.ways(strengthening.Matter(category, to_pay))
    assert [way.key for way in ways] == keys
    for way in ways:
        shown = way.shown()
        assert all(shown[word] for word in ("title", "about", "when", "where", "bring", "source"))
