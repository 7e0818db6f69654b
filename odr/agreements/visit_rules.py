"""When a case is visited again: the table. The law says 适时 and no days (D); a city changes the numbers here."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from odr.bodies.categories import Category
from odr.core.coded import Coded
from odr.core.i18n import N_


class After(Coded):
    """From what a visit is counted."""

    DUE = "due", N_("约定的日期")
    CLOSE = "close", N_("结案")


@dataclass(frozen=True)
class Rule:
    """Visits so many days or months after something. Of the rules after a close the first that fits is the one."""

    key: str
    after: After
    why: str
    source: str
    days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    categories: frozenset[Category] | None = None
    violence: bool = False

    def fits(self, category: Category, *, violence: bool) -> bool:
        if self.violence and not violence:
            return False
        return self.categories is None or category in self.categories


RULES: tuple[Rule, ...] = (
    Rule("due", After.DUE, N_("到期后看履行得怎样"), "D: 每个到期日后 3 天", days=(3,)),
    Rule(
        "violence", After.CLOSE, N_("有过家庭暴力，一年内回访六次"), "L: 武城法院，家暴案件一年六次",
        months=(2, 4, 6, 8, 10, 12), violence=True,
    ),
    Rule(
        "family", After.CLOSE, N_("婚姻家庭纠纷，半年内每月回访"), "L: 武城法院，家事案件每月一次，共六次",
        months=(1, 2, 3, 4, 5, 6), categories=frozenset({Category.FAMILY}),
    ),
    Rule("close", After.CLOSE, N_("结案以后看有没有反复"), "D: 结案后 30 天和 90 天", days=(30, 90)),
)  # fmt: skip


_ASKED = N_("调解员想了解情况")


def why(key: str) -> str:
    """The words of a rule (a message id)."""
    return next((rule.why for rule in RULES if rule.key == key), _ASKED)


def after_due(due_on: date) -> list[tuple[str, date]]:
    """The visits that follow a day on which something is due."""
    return [(rule.key, day) for rule in RULES if rule.after is After.DUE for day in _days(rule, due_on)]


def after_close(category: Category, closed_on: date, *, violence: bool) -> list[tuple[str, date]]:
    """The visits that follow a close."""
    for rule in RULES:
        if rule.after is After.CLOSE and rule.fits(category, violence=violence):
            return [(rule.key, day) for day in _days(rule, closed_on)]
    return []


def _days(rule: Rule, start: date) -> Iterator[date]:
    yield from (start + timedelta(days=count) for count in rule.days)
    yield from (months_on(start, count) for count in rule.months)


def months_on(start: date, count: int) -> date:
    """The same day some months on; where a month has no such day, its last (民法典第二百零二条)."""
    year, month = divmod(start.year * 12 + start.month - 1 + count, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))
