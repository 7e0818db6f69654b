"""The checker: each rule on the text that meets it and on the text beside it that does not."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odr.agreements import checker
from odr.agreements.checker import RULES, CheckedClause, CheckedInstalment, CheckedParty, Examined, Severity, check

TODAY = date(2026, 11, 26)
A = CheckedParty("a", "王某某", id_no="15030219560312002X", phone="13900000001", age=70)
B = CheckedParty("b", "李某", id_no="150302198803120010", phone="13900000002", age=38)
PAY = CheckedClause(
    "c1", 1, "pay", "李某退还王某某燃气改造费。", "b", "a", 260_000, date(2026, 12, 6), manner="微信转账"
)  # fmt: skip
ACT = CheckedClause("c1", 1, "act", "李某修好卫生间的防水层。", "b", "a", None, date(2026, 12, 6))
PLAN = (CheckedInstalment(130_000, date(2026, 12, 1)), CheckedInstalment(130_000, date(2026, 12, 6)))


def found(*clauses: CheckedClause, **changed: Any) -> set[str]:
    given = {"today": TODAY, "clauses": clauses, "parties": (A, B), "copies": 3}
    return {one.rule.id for one in check(Examined(**(given | changed)))}


def test_a_text_that_says_everything_has_no_finding() -> None:
    assert found(PAY, replace(ACT, pid="c2", n=2)) == set()
    assert found(replace(PAY, plan=PLAN, default_term="all_due")) == set()


@pytest.mark.parametrize(
    ("clause", "rule"),
    [
        (replace(PAY, obligor=None), "obligor_missing"),
        (replace(PAY, obligee=None), "obligee_missing"),
        (replace(PAY, obligee="b"), "same_party"),
        (replace(PAY, obligee="gone"), "not_a_party"),
        (replace(PAY, amount_fen=None), "amount_missing"),
        (replace(PAY, amount_fen=0), "amount_wrong"),
        (replace(PAY, amount_fen=-1), "amount_wrong"),
        (replace(PAY, amount_fen=10**14), "amount_wrong"),
        (replace(ACT, text="李某赔偿王某某 500 元。"), "sum_in_words"),
        (replace(PAY, text="李某退还王某某 2,500 元。"), "other_sum"),
        (replace(PAY, due_on=None), "date_missing"),
        (replace(ACT, due_on=None), "date_missing"),
        (replace(PAY, due_on=date(2026, 11, 25)), "date_past"),
        (replace(PAY, due_on=date(2126, 11, 25)), "date_far"),
        (replace(ACT, begins_on=date(2026, 12, 7)), "dates_backwards"),
        (replace(PAY, manner=""), "manner_missing"),
        (replace(PAY, manner="银行转账"), "account_missing"),
        (replace(ACT, text="李某尽快修好，相关费用由李某承担。"), "vague"),
        (replace(PAY, plan=PLAN[:1], default_term="suit"), "plan_sum"),
        (replace(PAY, plan=(CheckedInstalment(0, date(2026, 12, 1)), *PLAN), default_term="suit"), "plan_amounts"),
        (replace(PAY, plan=PLAN[::-1], default_term="suit"), "plan_order"),
        (replace(PAY, plan=(replace(PLAN[0], due_on=date(2026, 1, 1)), PLAN[1]), default_term="suit"), "plan_past"),
        (replace(PAY, plan=PLAN, default_term="suit", due_on=date(2026, 12, 7)), "plan_end"),
        (replace(PAY, plan=PLAN), "plan_default"),
        (replace(ACT, text="王某某不得再就此事向法院起诉。"), "waiver"),
        (replace(ACT, text="李某放弃申请劳动仲裁的权利。"), "waiver"),
        (replace(ACT, text="双方今后不再上访。"), "waiver"),
        (replace(ACT, text="双方各付调解费 100 元。"), "fee"),
        (replace(ACT, text="李某给调解员红包。"), "fee"),
        (replace(ACT, text="王某某不追究李某的刑事责任。"), "crime"),
        (replace(ACT, text="由李某的父亲搬走杂物。"), "third_party"),
        (replace(ACT, text="双方离婚。"), "no_e_sign"),
        (replace(ACT, text="李某不交费的，可以停止供水。"), "no_e_sign"),
        (replace(ACT, text="海达社区的房屋确认为王某某所有。"), "no_court"),
        (replace(ACT, text="本协议一式两份。"), "copies"),
    ],
)
def test_each_fault_is_named(clause: CheckedClause, rule: str) -> None:
    assert rule in found(clause)


@pytest.mark.parametrize(
    "text",
    [
        "一方不履行的，另一方可以向人民法院起诉。",
        "任何一方不得影响对方起诉。",
        "王某某放弃其他诉讼请求。",
        "诉讼费由李某承担，王某某不再承担诉讼费。",
        "李某在调解委员会办公室向王某某当面赔礼道歉。",
        "本协议一式三份。",
        "燃气公司恢复供气。",
        "李某·买买提把钥匙交给王某某。",
    ],
)
def test_what_is_lawful_and_definite_is_left_alone(text: str) -> None:
    assert found(replace(ACT, text=text)) == set()


@pytest.mark.parametrize(
    ("party", "rule"),
    [
        (replace(A, age=16), "minor"),
        (replace(A, id_no=""), "id_missing"),
        (replace(A, natural=False, id_no="", age=None), "credit_code_missing"),
        (replace(A, bound=False, agents=(("张某", False),)), "agent_authority"),
    ],
)
def test_who_cannot_sign_is_named(party: CheckedParty, rule: str) -> None:
    assert rule in found(PAY, parties=(party, B))


def test_who_is_provided_for_is_not_named() -> None:
    guarded = replace(A, age=16, guardians=("王父",))
    special = replace(A, bound=False, agents=(("张某", False), ("赵律师", True)))
    for party in (guarded, special, replace(A, agents=(("张某", False),))):
        assert found(PAY, parties=(party, B)) == set()
    assert found(PAY, facts="王某某患老年痴呆。") == {"capacity"}
    assert found(PAY, facts="王某某患老年痴呆。", parties=(replace(A, guardians=("女儿",)), B)) == set()


def test_the_whole_is_compared_with_what_was_asked() -> None:
    assert found(PAY, claimed_fen=200_000) == {"more_than_claimed"}
    assert found(PAY, claimed_fen=260_000) == set()


def test_a_purse_needs_no_account_when_the_payee_has_a_telephone() -> None:
    assert found(PAY, parties=(replace(A, phone=""), B)) == {"account_missing"}


def test_every_rule_has_a_source_a_mend_and_a_sentence_that_fits_its_words() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES) >= 30
    for rule in RULES:
        assert all((rule.source, rule.say, rule.mend))
    wrong = replace(
        ACT, text="尽快由父亲付 5 元调解费，不得起诉，不报警，双方离婚，一式两份。", obligor=None, due_on=None
    )
    poor = replace(A, id_no="", age=10, bound=False, agents=(("张某", False),))
    findings = check(Examined(TODAY, (wrong,), (poor, replace(B, natural=False, id_no="")), "智力残疾", 1, 3))
    for one in findings:
        assert "%(" not in one.say + one.mend + one.plain
        assert one.say.startswith("第 1 条：") is (one.hit.clause is not None)
    assert [one.must for one in findings] == sorted((one.must for one in findings), reverse=True)


def test_a_finding_is_asked_again_when_its_clause_has_changed() -> None:
    text = Examined(TODAY, (replace(ACT, text="尽快修好。"),), (A, B), copies=3)
    later = replace(text, clauses=(replace(text.clauses[0], version=2),))
    assert check(text)[0].key != check(later)[0].key
    assert all(len(f"{rule.id}.{'x' * 32}.99999") <= 100 for rule in RULES)


_NAMES = st.text("王买提艾力·", min_size=1, max_size=50)
_DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@given(
    text=st.text(max_size=120), kind=st.sampled_from(("pay", "act", "refrain", "apologise", "other")),
    amount=st.none() | st.integers(-(10**16), 10**16), due=st.none() | _DAYS, name=_NAMES,
    plan=st.none() | st.lists(st.builds(CheckedInstalment, st.integers(-5, 10**12), _DAYS), max_size=5),
)  # fmt: skip
def test_no_text_breaks_the_table(text: str, kind: str, amount: int | None, due: Any, name: str, plan: Any) -> None:
    clause = replace(PAY, text=text, kind=kind, amount_fen=amount, due_on=due, plan=tuple(plan) if plan else None)
    findings = check(Examined(TODAY, (clause,), (replace(A, name=name, id_no=""), B), copies=3))
    assert all(one.say and one.mend and one.key for one in findings)
    ids = {one.rule.id for one in findings}
    assert ("plan_sum" in ids) == (bool(plan) and sum(one.amount_fen for one in plan) != (amount or 0))
    assert ("amount_wrong" in ids) == (amount is not None and not 0 < amount <= checker.LARGEST_FEN)
    assert {one.rule.severity for one in findings} <= set(Severity)
