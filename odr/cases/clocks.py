"""The deadlines of a case: how long, counted how, from when, by which rule. D marks what was designed here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from odr.bodies.calendar import Due, add_working_days, calendar, last_day
from odr.cases.codes import Category, Coded, CourtStage
from odr.core.i18n import N_


class ClockKind(Coded):
    """What a deadline is for."""

    ACCEPT = "accept", N_("决定是否受理")
    SUPPLEMENT = "supplement", N_("补充材料")
    CONTACT = "contact", N_("征询对方意愿")
    CHOOSE = "choose", N_("双方共同选择调解员")
    ASSIGN = "assign", N_("指定调解员")
    CONFIRM = "confirm", N_("调解员确认接手")
    MEDIATE = "mediate", N_("调解期限")
    COURT_REQUEST = "court_request", N_("共同申请司法确认")
    COURT_DECISION = "court_decision", N_("法院审查")
    ENFORCE = "enforce", N_("申请强制执行")
    FOLLOW_UP = "follow_up", N_("回访")
    REVISIT_FIRST = "revisit_first", N_("结案后第一次回访")
    REVISIT_SECOND = "revisit_second", N_("结案后第二次回访")


class Unit(Coded):
    DAYS = "days", N_("天")
    WORKING_DAYS = "working_days", N_("个工作日")
    YEARS = "years", N_("年")


class Origin(Coded):
    """From which moment a clock runs. The service knows these moments; a clock started again replaces the running one.

    RESUMPTION: the running clock goes on, its end moved by the time of the suspension.
    EXTENSION: from the end it had.
    """

    NOW = "now", N_("从这一步起")
    APPLICATION = "application", N_("从收到申请起")
    ACCEPTANCE = "acceptance", N_("从受理起")
    FIRST_CONFIRMATION = "first_confirmation", N_("从调解员确认接手起")
    RESUMPTION = "resumption", N_("扣除中止的时间")
    EXTENSION = "extension", N_("在原期限上延长")


@dataclass(frozen=True)
class Term:
    """A length of time and the rule it comes from. `moves`: a last day off moves to the next working day, as a term of
    the law does (民法典 Art. 203); where people are only urged on, the earlier day is the safe one to show."""

    count: int
    unit: Unit
    source: str
    origin: Origin = Origin.NOW
    moves: bool = False


@dataclass(frozen=True)
class ClockRule:
    """A clock's usual term and the terms that go before it for some categories or court stages."""

    term: Term
    by_category: Mapping[Category, Term] = field(default_factory=dict)
    by_court: Mapping[CourtStage, Term] = field(default_factory=dict)


_LABOUR = Term(15, Unit.DAYS, "劳动争议调解仲裁法 Art. 14", Origin.APPLICATION)
_MEDIATE = ClockRule(
    Term(30, Unit.DAYS, "在线调解规则 Art. 24", Origin.FIRST_CONFIRMATION),
    by_category={
        Category.MEDICAL: Term(30, Unit.WORKING_DAYS, "医疗纠纷条例 Art. 38", Origin.ACCEPTANCE),
        Category.WAGE_ARREARS: _LABOUR,
        Category.LABOUR_OTHER: _LABOUR,
    },
    by_court={
        CourtStage.ORDINARY: Term(15, Unit.DAYS, "在线调解规则 Art. 24", Origin.FIRST_CONFIRMATION),
        CourtStage.SUMMARY: Term(7, Unit.DAYS, "在线调解规则 Art. 24", Origin.FIRST_CONFIRMATION),
    },
)

CLOCKS: Mapping[ClockKind, ClockRule] = {
    ClockKind.ACCEPT: ClockRule(Term(3, Unit.WORKING_DAYS, "D (在线调解规则 Art. 12)")),
    ClockKind.SUPPLEMENT: ClockRule(Term(7, Unit.DAYS, "D (在线诉讼规则 Art. 9: once, with a list and a date)")),
    ClockKind.CONTACT: ClockRule(Term(3, Unit.WORKING_DAYS, "在线调解规则 Art. 15")),
    ClockKind.CHOOSE: ClockRule(Term(2, Unit.WORKING_DAYS, "在线调解规则 Art. 10")),
    ClockKind.ASSIGN: ClockRule(Term(3, Unit.WORKING_DAYS, "在线调解规则 Art. 10")),
    ClockKind.CONFIRM: ClockRule(Term(3, Unit.WORKING_DAYS, "在线调解规则 Art. 12")),
    ClockKind.MEDIATE: _MEDIATE,
    ClockKind.COURT_REQUEST: ClockRule(Term(30, Unit.DAYS, "人民调解法 Art. 33", moves=True)),
    ClockKind.COURT_DECISION: ClockRule(Term(30, Unit.DAYS, "民事诉讼法 Art. 187 (for information)")),
    ClockKind.ENFORCE: ClockRule(Term(2, Unit.YEARS, "民事诉讼法 Art. 250")),
    ClockKind.FOLLOW_UP: ClockRule(Term(3, Unit.DAYS, "D")),
    ClockKind.REVISIT_FIRST: ClockRule(Term(30, Unit.DAYS, "D")),
    ClockKind.REVISIT_SECOND: ClockRule(Term(90, Unit.DAYS, "D")),
}


def term(kind: ClockKind, category: Category | None = None, court_stage: CourtStage | None = None) -> Term:
    """The term that counts for this case: the category's own law first, then the court's rule, then the usual one."""
    rule = CLOCKS[kind]
    if category is not None and category in rule.by_category:
        return rule.by_category[category]
    if court_stage is not None and court_stage in rule.by_court:
        return rule.by_court[court_stage]
    return rule.term


def due(
    kind: ClockKind, started_on: date, category: Category | None = None, court_stage: CourtStage | None = None
) -> Due:
    """The last day of a clock that started on `started_on` (a day in Wuhai), which itself does not count.

    Calendar terms end on their day even when it is a holiday, unless the term `moves`.
    """
    chosen = term(kind, category, court_stage)
    if chosen.unit is Unit.WORKING_DAYS:
        return add_working_days(started_on, chosen.count)
    if chosen.unit is Unit.YEARS:
        return Due(_years_on(started_on, chosen.count), provisional=False)
    ends = started_on + timedelta(days=chosen.count)
    return last_day(ends) if chosen.moves else Due(ends, provisional=False)


def _years_on(day: date, years: int) -> date:
    """The same day some years on; 29 February falls on the month's last day (民法典 Art. 202)."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def paused(due_on: date, suspended_on: date, resumed_on: date, unit: Unit) -> Due:
    """A deadline moved by the time a case stood still (appraisal, fault of the service: that time is excluded)."""
    if unit is not Unit.WORKING_DAYS:
        return Due(due_on + (resumed_on - suspended_on), provisional=False)
    stood_still = (suspended_on + timedelta(days=n) for n in range(1, (resumed_on - suspended_on).days + 1))
    return add_working_days(due_on, sum(calendar().is_workday(day) for day in stood_still))
