"""Which body and which mediator are proposed, and the reasons given."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odr.bodies.routing import Candidate, Matter, Mediator, choose_mediators, competent, propose
from odr.cases.codes import Category
from tests.bodies.test_data import BODIES, REAL

HAIDA = next(row["division_code"] for row in BODIES if row["name"].endswith("海达社区人民调解委员会"))
HAIBOWAN, CITY = "150302000000", "150300000000"
ALL = tuple(
    Candidate(
        key=row["code"],
        kind=row["kind"],
        level=row["level"],
        division_code=row["division_code"],
        place=row["name"].removesuffix("人民调解委员会"),
        sector=row["sector"],
        categories=frozenset(row["categories"]),
        languages=frozenset(row["languages"]),
        mediators=(Mediator(f"mediator of {row['code']}"),),
    )
    for row in BODIES
)


def first(category: Category, words: str = "", source: str = "odr_self", place: str = HAIDA) -> str:
    return propose(Matter(category.value, place, words, source), ALL)[0].body.key


@pytest.mark.parametrize(
    ("category", "words", "expected"),
    [
        (Category.CONTRACT, "有人来收2600元燃气改造费", f"utilities-{CITY}"),
        (Category.CONTRACT, "借钱不还", f"committee-{HAIDA}"),
        (Category.CONTRACT, "银行信用卡乱扣钱", f"finance-{CITY}"),
        (Category.NEIGHBOUR, "楼上漏水", f"committee-{HAIDA}"),
        (Category.PROPERTY_MGMT, "", f"property_mgmt-{HAIBOWAN}"),
        (Category.WAGE_ARREARS, "在工地干活没有工资", f"labour-{HAIBOWAN}"),
        (Category.MEDICAL, "", f"medical-{CITY}"),
        (Category.FAMILY, "", f"family-{HAIBOWAN}"),
        (Category.OTHER, "", f"committee-{HAIDA}"),
    ],
)
def test_the_body_whose_field_it_is_comes_first(category: Category, words: str, expected: str) -> None:
    assert first(category, words) == expected


def test_what_a_court_or_the_petition_office_sends_goes_to_the_body_that_works_with_it() -> None:
    assert first(Category.CONTRACT, "借钱", "court_advised") == f"pre_filing-{CITY}"
    assert first(Category.CONTRACT, "借钱", "petition") == f"petition-{CITY}"
    assert first(Category.INJURY, "打伤了人", "police") == f"public_order-{HAIBOWAN}"
    keys = {one.body.key for one in propose(Matter("04", HAIDA), ALL)}
    assert not {f"pre_filing-{CITY}", f"petition-{CITY}"} & keys


@given(
    st.sampled_from(Category),
    st.sampled_from(sorted(REAL)),
    st.text(max_size=20),
    st.sampled_from(["", "petition", "court", "grid"]),
)
def test_there_is_always_an_alternative_and_every_proposal_says_why(
    category: Category, place: str, words: str, source: str
) -> None:
    proposals = propose(Matter(category.value, place, words, source), ALL)
    expected = 2 if REAL[place] != "city" or len(proposals) > 1 else 1
    assert len(proposals) >= expected
    assert len({one.body.key for one in proposals}) == len(proposals)
    for one in proposals:
        assert one.reasons
        assert all(one.reasons)
        assert one.body.kind != "centre"
        assert one.mediators


def test_a_body_of_another_district_takes_nothing_from_here() -> None:
    wuda = next(body for body in ALL if body.key == "property_mgmt-150304000000")
    assert not competent(wuda, Matter("15", HAIDA))


def test_the_level_somebody_wishes_for_comes_first() -> None:
    plain = Matter("02", HAIDA)
    for level, key in (("township", HAIDA[:9] + "000"), ("district", HAIBOWAN), ("city", CITY)):
        best = propose(replace(plain, level=level), ALL)[0]
        assert best.body.key == f"committee-{key}"
        assert "是您希望的层级" in best.reasons


def test_a_body_without_a_free_mediator_comes_last_and_says_so() -> None:
    nearest = propose(Matter("02", HAIDA), ALL)[0].body
    busy = [replace(b, mediators=(Mediator("m", takes_cases=False),)) if b.key == nearest.key else b for b in ALL]
    proposals = propose(Matter("02", HAIDA), busy)
    assert proposals[0].body.key != nearest.key
    assert proposals[-1].body.key == nearest.key
    assert any("没有可以接手的调解员" in reason for reason in proposals[-1].reasons)


ROSTER = (
    Mediator("far too busy", open_cases=15, categories=frozenset({"15"})),
    Mediator("a relative", categories=frozenset({"15"}), conflict=True),
    Mediator("knows it", open_cases=2, categories=frozenset({"15"})),
    Mediator("idle"),
    Mediator("speaks Mongolian", open_cases=3, languages=frozenset({"zh", "mn"})),
)
BODY = replace(next(body for body in ALL if body.key == f"property_mgmt-{HAIBOWAN}"), mediators=ROSTER)


def test_three_mediators_are_proposed_by_field_and_load_and_never_one_with_a_conflict() -> None:
    choices = choose_mediators(BODY, Matter("15", HAIDA))
    assert [choice.mediator.key for choice in choices] == ["knows it", "idle", "speaks Mongolian"]
    assert "熟悉这一类纠纷" in choices[0].reasons
    assert "手上有 2 件在办" in choices[0].reasons


def test_a_language_asked_for_goes_before_everything() -> None:
    matter = Matter("15", HAIDA, languages=frozenset({"zh", "mn"}))
    (best, *_rest) = choose_mediators(BODY, matter)
    assert best.mediator.key == "speaks Mongolian"
    assert "会说当事人的语言" in best.reasons


def test_who_declined_is_not_proposed_again() -> None:
    choices = choose_mediators(BODY, Matter("15", HAIDA), exclude={"knows it"})
    assert "knows it" not in [choice.mediator.key for choice in choices]


def test_the_order_of_the_candidates_does_not_matter() -> None:
    matter = Matter("04", HAIDA, "燃气")
    assert propose(matter, ALL) == propose(matter, tuple(reversed(ALL)))
