"""The sets of clauses: for each kind of dispute, filled from the case, and every clause one that can be kept."""

from datetime import date

import pytest

from odr.agreements.clause_sets import ClauseSet, Ground, Somebody, filled, ordered
from odr.agreements.clause_texts import BY_KEY, SETS
from odr.agreements.schemas import ClauseIn
from odr.cases.codes import Category
from odr.core import clock, forms

PERSON, FIRM = Somebody("p" * 22, "阿·卜杜拉"), Somebody("f" * 22, "海勃湾物业有限公司", natural=False)


def ground(applicant: Somebody = PERSON, respondent: Somebody = FIRM, fen: int | None = 260_000) -> Ground:
    return Ground(applicant, respondent, fen, "海勃湾区新华西街道 3 号楼", clock.today())


def test_every_kind_of_dispute_has_a_set() -> None:
    assert len(SETS) >= 12
    assert len(BY_KEY) == len(SETS)
    for category in Category:
        fitting, others = ordered(SETS, category)
        assert fitting, category
        assert len(fitting) + len(others) == len(SETS)


@pytest.mark.parametrize("chosen", SETS, ids=lambda one: one.key)
def test_a_filled_set_can_be_proposed_as_it_is(chosen: ClauseSet) -> None:
    rows = filled(chosen, ground())
    assert 5 <= len(rows) <= 12
    for row in rows:
        if row["kind"] == "pay" and not row["amount"]:
            row["amount"] = "100"
        given = {name: value for name, value in row.items() if name != "use" and value}
        forms.parse(ClauseIn, given).check()
        assert "{" not in row["text"] + row["manner"] + row["place"]
        assert row["text"].endswith("。")
        # What cannot be measured cannot be enforced; who may sue may sue (人民调解法第三条); it is free (第四条).
        for word in ("尽快", "适当", "相关费用", "协商解决", "不得起诉", "放弃诉讼", "调解费"):
            assert word not in row["text"]


def test_what_the_case_does_not_know_stays_empty() -> None:
    rows = filled(BY_KEY["loan"], ground(fen=None))
    assert {row["amount"] for row in rows} == {""}
    assert next(row["amount"] for row in filled(BY_KEY["loan"], ground())) == "2600.00"


def test_a_person_owes_the_property_fee_whoever_applied() -> None:
    for one in (ground(PERSON, FIRM), ground(FIRM, PERSON)):
        first = filled(BY_KEY["property_fee"], one)[0]
        assert (first["obligor"], first["obligee"]) == (PERSON.pid, FIRM.pid)
    assert filled(BY_KEY["loan"], ground(PERSON, FIRM))[0]["obligor"] == FIRM.pid


def test_days_are_offered_from_today() -> None:
    row = filled(BY_KEY["refund"], Ground(PERSON, FIRM, None, "", date(2027, 1, 30)))[0]
    assert row["due_on"] == "2027-02-06"
