"""Paying in instalments, as pure functions: by month, by list, and what follows when one is missed."""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from odr.core.errors import Invalid
from odr.core.i18n import N_, _

MOST = 60


@dataclass(frozen=True)
class Due:
    """One instalment."""

    n: int
    amount_fen: int
    due_on: date


@dataclass(frozen=True)
class DefaultTerm:
    """未按期履行时: a wording that a court lets stand. `text` is part of an official paper and stays Chinese."""

    key: str
    title: str
    text: str
    source: str


DEFAULT_TERMS: tuple[DefaultTerm, ...] = (
    DefaultTerm(
        "all_due",
        N_("有一期不付，剩下的要一次付清"),
        "有任何一期没有按期足额支付的，收款一方有权要求付款一方一次付清剩余的全部款项。",
        "民法典第六百三十四条",
    ),
    DefaultTerm(
        "interest",
        N_("逾期付利息（按一年期贷款市场报价利率）"),
        "没有按期足额支付的，从逾期次日起，以没有付清的数额为基数，按照付款时一年期贷款市场报价利率支付逾期利息，直到付清为止。",
        "民法典第五百八十五条、第六百七十六条",
    ),
    DefaultTerm(
        "both",
        N_("剩下的一次付清，并付逾期利息"),
        "有任何一期没有按期足额支付的，收款一方有权要求付款一方一次付清剩余的全部款项，"
        "并从逾期次日起以没有付清的数额为基数，按照付款时一年期贷款市场报价利率支付逾期利息，直到付清为止。",
        "民法典第五百八十五条、第六百三十四条",
    ),
    DefaultTerm(
        "suit",
        N_("不另作约定，可以申请司法确认后强制执行，或者起诉"),
        "没有按期足额支付的，收款一方可以就没有支付的款项向人民法院起诉；协议经人民法院确认的，可以申请强制执行。",
        "人民调解法第三十二条、第三十三条",
    ),
)


def default_term(key: str) -> DefaultTerm | None:
    """The wording with this key."""
    return next((one for one in DEFAULT_TERMS if one.key == key), None)


def months_later(first: date, months: int) -> date:
    """The same day of a later month, or its last where there is none: 31 January, 28 February, 31 March.

    Raises ValueError beyond the calendar.
    """
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, min(first.day, calendar.monthrange(year, month + 1)[1]))


def by_month(total_fen: int, first: date, count: int, each_fen: int | None = None) -> tuple[Due, ...]:
    """A plan of `count` months from `first` on. Without `each_fen` the sum is divided in whole yuan where it can be;
    the last one takes the rest. Raises Invalid naming the field that does not fit."""
    if not 2 <= count <= MOST:
        raise Invalid({"count": _("期数请写 2 到 %(most)s。", most=MOST)})
    each = each_fen if each_fen is not None else _even(total_fen, count)
    if each <= 0:
        raise Invalid({"count": _("分得太多了，每一期不到一分钱。")})
    last = total_fen - each * (count - 1)
    if last <= 0:
        raise Invalid({"each": _("每期这么多，还没到最后一期就付完了。请减少期数或每期的金额。")})
    return tuple(Due(n + 1, each if n < count - 1 else last, months_later(first, n)) for n in range(count))


def _even(total_fen: int, count: int) -> int:
    yuan = total_fen // 100 // count
    return yuan * 100 if yuan else total_fen // count


def by_list(total_fen: int, rows: Sequence[tuple[int, date]]) -> tuple[Due, ...]:
    """A plan as it was written down. Raises Invalid naming each row whose day is not after the one before, and the sum
    when it is another."""
    wrong: dict[str, str] = {}
    if not 2 <= len(rows) <= MOST:
        raise Invalid({"rows": _("请写 2 到 %(most)s 期。", most=MOST)})
    for n, (amount, day) in enumerate(rows):
        if amount <= 0:
            wrong[f"rows.{n}.amount"] = _("金额要大于 0。")
        if n and day <= rows[n - 1][1]:
            wrong[f"rows.{n}.due_on"] = _("这一期要在上一期以后。")
    if (given := sum(amount for amount, _day in rows)) != total_fen:
        short = total_fen - given
        words = {"given": yuan(given), "total": yuan(total_fen), "gap": yuan(abs(short))}
        wrong["rows"] = (
            _("各期加起来是 %(given)s，总金额是 %(total)s，还少 %(gap)s。", **words)
            if short > 0
            else _("各期加起来是 %(given)s，总金额是 %(total)s，多了 %(gap)s。", **words)
        )
    if wrong:
        raise Invalid(wrong)
    return tuple(Due(n + 1, amount, day) for n, (amount, day) in enumerate(rows))


def yuan(fen: int) -> str:
    return f"{fen // 100:,}.{fen % 100:02d} 元"
