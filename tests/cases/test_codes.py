"""The codes fit their columns, roll up to the official forms and have words."""

import pytest

from odr.cases import codes
from odr.cases.codes import (
    Category,
    Coded,
    Outcome,
    PartyRole,
    Result,
    Side,
    Source,
    SourceGroup,
    State,
    case_role,
    outcome,
)
from odr.cases.schemas import reachable_number

ENUMS = [
    kind for kind in vars(codes).values() if isinstance(kind, type) and issubclass(kind, Coded) and kind is not Coded
]


@pytest.mark.parametrize("kind", ENUMS)
def test_every_code_has_a_word_of_its_own(kind: type[Coded]) -> None:
    words = [member.label for member in kind]
    assert all(words)
    assert len(set(words)) == len(words)
    assert all(kind(member.value) is member for member in kind)


def test_codes_fit_their_columns() -> None:
    assert max(map(len, State)) <= 16
    assert max(map(len, Category)) <= 4
    assert max(map(len, Source)) <= 24
    assert max(map(len, Result)) <= 16
    assert max(map(len, codes.Channel)) <= 16
    assert max(map(len, codes.ConsentKind)) <= 24
    assert max(map(len, codes.CaseRole)) <= 16
    assert max(map(len, codes.Side)) <= 12
    assert max(map(len, codes.Will)) <= 8
    assert max(map(len, codes.PartyRole)) <= 8


def test_the_national_form_has_18_rows_and_every_category_is_in_one() -> None:
    rows = {category.report for category in Category}
    assert len(rows) == 18
    assert rows <= {category.value for category in Category}
    assert Category.IP.report == Category.INTERNET.report == "99"


def test_the_city_form_does_not_split_labour_and_consumer() -> None:
    assert Category.WAGE_ARREARS.city_code == Category.LABOUR_OTHER.city_code == "10"
    assert Category.ECOMMERCE.city_code == "12"
    assert Category.IP.city_code == "16"


def test_every_source_is_counted_in_one_column_of_the_form() -> None:
    assert {source.report for source in Source} == {
        Source.APPLIED,
        Source.PROACTIVE,
        Source.COURT,
        Source.PROCURATORATE,
        Source.POLICE,
        Source.PETITION,
        Source.OTHER_DEPT,
    }
    assert Source.GRID.group is SourceGroup.PROACTIVE
    assert Source.ODR_SELF.group is SourceGroup.APPLIED
    assert Source.HOTLINE_12345.group is SourceGroup.ENTRUSTED


def test_only_listed_reasons_leave_the_denominator_after_acceptance() -> None:
    out = {result for result in Result if outcome(result, accepted=True) is Outcome.NOT_COUNTED}
    assert out == {Result.NOT_ACCEPTED, Result.TRANSFERRED, Result.DUPLICATE, Result.SETTLED_SELF}


def test_before_acceptance_nothing_counts_as_failed() -> None:
    assert not any(outcome(result, accepted=False) is Outcome.FAILED for result in Result)


def test_an_own_settlement_counts_only_with_the_committees_help() -> None:
    assert outcome(Result.SETTLED_SELF, accepted=True, helped=True) is Outcome.SUCCESS
    assert outcome(Result.AGREED_ORAL, accepted=True) is Outcome.SUCCESS


def test_whoever_acts_for_a_side_has_that_sides_agents_role() -> None:
    assert case_role(Side.RESPONDENT) == "respondent"
    assert case_role(Side.RESPONDENT, PartyRole.GUARDIAN) == "respondent_agent"
    assert case_role(Side.APPLICANT, PartyRole.AGENT) == "applicant_agent"
    assert Side.APPLICANT.other is Side.RESPONDENT


@pytest.mark.parametrize(("typed", "kept"), [("１９９０４７３８１０２", "19904738102"), ("0473-201234", "0473201234")])
def test_a_number_of_the_other_side_is_a_mobile_or_a_landline(typed: str, kept: str) -> None:
    assert reachable_number(typed) == kept


@pytest.mark.parametrize("typed", ["1990473810", "199047381022", "2012", "十一位"])
def test_a_number_with_a_digit_lost_or_doubled_is_asked_for_again(typed: str) -> None:
    with pytest.raises(ValueError, match="号码"):
        reachable_number(typed)
