"""Since when an agreement binds, what needs paper, and sums in words."""

import itertools
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from odr.agreements.rules import (
    WRITING,
    Matter,
    Signed,
    capitals,
    court_may_confirm,
    effective_at,
    effects,
    oral_allowed,
    paper_only,
    writing_needed,
)
from odr.cases.codes import Category

SHA, OTHER_SHA = "a" * 64, "b" * 64
NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
PARTIES = [1, 2]
KINDS: list[tuple[str, int | None]] = [("party", 1), ("party", 2), ("mediator", None), ("body_seal", None)]


def signed(kind: str, party: int | None = None, minute: int = 0, sha256: str = SHA) -> Signed:
    return Signed(kind, party, sha256, NOON + timedelta(minutes=minute))


@pytest.mark.parametrize("order", list(itertools.permutations(KINDS)))
def test_in_any_order_the_last_of_all_signatures_and_the_seal_brings_a_written_agreement_into_effect(
    order: tuple[tuple[str, int | None], ...],
) -> None:
    events = [signed(kind, party, minute) for minute, (kind, party) in enumerate(order)]
    assert effective_at("written", SHA, PARTIES, events) == NOON + timedelta(minutes=3)
    assert effective_at("written", SHA, PARTIES, reversed(events)) == NOON + timedelta(minutes=3)


@pytest.mark.parametrize("missing", KINDS)
def test_while_one_is_missing_nothing_binds(missing: tuple[str, int | None]) -> None:
    events = [signed(kind, party) for kind, party in KINDS if (kind, party) != missing]
    assert effective_at("written", SHA, PARTIES, events) is None
    stale = [*events, signed(*missing, sha256=OTHER_SHA)]
    assert effective_at("written", SHA, PARTIES, stale) is None, "a signature on other bytes is none on these"


def test_a_second_signature_does_not_move_the_time_and_a_strangers_counts_for_nothing() -> None:
    events = [signed(kind, party) for kind, party in KINDS]
    later = [*events, signed("party", 1, 90), signed("party", 7, 95), signed("oral_confirmation", 1, 99)]
    assert effective_at("written", SHA, PARTIES, later) == NOON
    assert effective_at("written", SHA, [1, 2, 7], events) is None


def test_an_oral_agreement_binds_when_the_last_party_confirmed_it() -> None:
    one, two = signed("oral_confirmation", 1, 5), signed("oral_confirmation", 2, 3)
    assert effective_at("oral", SHA, PARTIES, [one, two]) == NOON + timedelta(minutes=5)
    assert effective_at("oral", SHA, PARTIES, [one]) is None
    assert effective_at("oral", SHA, PARTIES, [signed(kind, party) for kind, party in KINDS]) is None


def test_both_bodies_of_rules_are_told_and_the_law_of_peoples_mediation_counts() -> None:
    events = [signed("party", 1, 1), signed("party", 2, 5), signed("mediator", None, 7), signed("body_seal", None, 9)]
    law, online = effects("written", SHA, PARTIES, events)
    assert (law.counts, online.counts) == (True, False)
    assert law.at == NOON + timedelta(minutes=9) == effective_at("written", SHA, PARTIES, events)
    assert online.at == NOON + timedelta(minutes=5), "the online rule waits for the parties alone"
    assert "第二十九条" in law.source
    assert "第十九条" in online.source
    law, online = effects("written", SHA, PARTIES, events[:3])
    assert (law.at, online.at) == (None, NOON + timedelta(minutes=5))
    law, online = effects("written", SHA, PARTIES, events[:1])
    assert (law.at, online.at) == (None, None)


def test_a_party_on_paper_or_an_oral_agreement_is_not_under_the_online_rule() -> None:
    by_hand = Signed("party", 2, SHA, NOON, "paper")
    events = [signed("party", 1), by_hand, signed("mediator"), signed("body_seal")]
    law, online = effects("written", SHA, PARTIES, events)
    assert law.at == NOON
    assert (online.at, "纸上" in online.why) == (None, True)
    told = effects("oral", SHA, PARTIES, [signed("oral_confirmation", party) for party in PARTIES])
    assert [one.at for one in told] == [NOON, None]
    with pytest.raises(ValueError, match="form"):
        effects("email", SHA, PARTIES, [])


def test_what_has_to_be_written_is_a_table_with_its_sources() -> None:
    needed = {
        "labour": Matter(Category.WAGE_ARREARS),
        "medical": Matter(Category.MEDICAL),
        "instalments": Matter(Category.CONTRACT, 100, payments=2),
        "major": Matter(Category.CONTRACT, 5_000_000, payments=1),
    }
    found = {name: writing_needed(matter) for name, matter in needed.items()}
    assert {name: one.id for name, one in found.items() if one is not None} == {name: name for name in needed}
    assert {one.id for one in WRITING} == set(needed)
    assert all("第" in one.source and "不能只作口头协议" in one.why for one in WRITING)
    assert writing_needed(Matter(Category.NEIGHBOUR, 4_999_999, payments=1)) is None


@pytest.mark.parametrize("form", ["written", "oral"])
def test_without_parties_nothing_ever_binds(form: str) -> None:
    assert effective_at(form, SHA, [], [signed("mediator"), signed("body_seal")]) is None


def test_there_is_no_third_form() -> None:
    with pytest.raises(ValueError, match="form"):
        effective_at("email", SHA, PARTIES, [])


def test_family_matters_and_stopping_a_supply_are_signed_on_paper_with_the_reason() -> None:
    family, supply = paper_only(Category.FAMILY), paper_only(Category.CONTRACT, supply_stop=True)
    assert family is not None
    assert "继承" in family
    assert supply is not None
    assert "停气" in supply
    assert max(len(family), len(supply)) <= 200
    assert [kind for kind in Category if paper_only(kind)] == [Category.FAMILY]


def test_labour_and_medical_agreements_are_never_oral() -> None:
    assert {kind for kind in Category if not oral_allowed(kind)} == {
        Category.WAGE_ARREARS,
        Category.LABOUR_OTHER,
        Category.MEDICAL,
    }


def test_matters_of_status_are_not_offered_to_the_court_here() -> None:
    assert not court_may_confirm(Category.FAMILY)
    assert court_may_confirm(Category.CONTRACT)


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (1, "壹分"),
        (10, "壹角"),
        (105, "壹元零伍分"),
        (1000, "壹拾元整"),
        (260000, "贰仟陆佰元整"),
        (500000, "伍仟元整"),
        (1234567, "壹万贰仟叁佰肆拾伍元陆角柒分"),
        (100050, "壹仟元伍角"),
        (10000000105, "壹亿零壹元零伍分"),
        (1000100000, "壹仟万壹仟元整"),
        (10001000000, "壹亿零壹万元整"),
    ],
)
def test_sums_are_written_as_on_papers(fen: int, words: str) -> None:
    assert capitals(fen) == words


@pytest.mark.parametrize("fen", [0, -1, 10**15])
def test_a_sum_that_is_none_is_refused(fen: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        capitals(fen)


DIGITS = {sign: value for value, sign in enumerate("零壹贰叁肆伍陆柒捌玖")}
UNITS = {"拾": 10, "佰": 100, "仟": 1000}


def below_ten_thousand(words: str) -> int:
    total = digit = 0
    for sign in words:
        if sign in DIGITS:
            digit = DIGITS[sign]
        else:
            total, digit = total + digit * UNITS[sign], 0
    return total + digit


def read(words: str) -> int:
    """What a clerk reads from the words, in fen: written apart from the code that makes them."""
    match = re.fullmatch(r"(?:(.+)元)?(?:零?(.)角)?(?:零?(.)分)?整?", words)
    assert match is not None
    yuan, jiao, cents = match.groups()
    whole = 0
    if yuan:
        high, _hundred_million, low = yuan.rpartition("亿")
        for part, unit in ((high, 10**8), (low, 1)):
            upper, _ten_thousand, lower = part.rpartition("万")
            whole += (below_ten_thousand(upper) * 10**4 + below_ten_thousand(lower)) * unit
    return whole * 100 + DIGITS.get(jiao or "零", 0) * 10 + DIGITS.get(cents or "零", 0)


@given(st.one_of(st.integers(1, 10**15 - 1), st.integers(1, 10**8), st.integers(1, 10**13).map(lambda n: n * 100)))
@example(100_000_000_00)
@example(10_000_000_000_00)
@example(1_000_000_000_000_00)
@example(1_0000_1000_0000_00)
@example(10_1000_0001_01)
def test_the_words_always_read_back_as_the_sum(fen: int) -> None:
    words = capitals(min(fen, 10**15 - 1))
    assert read(words) == min(fen, 10**15 - 1), words
    assert "零零" not in words
    assert not words.startswith("零")
    assert words.endswith(("整", "角", "分"))
