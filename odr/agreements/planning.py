"""Paying in instalments, as verbs: the mediator sets a plan for a clause, or takes it away again."""

from typing import Literal

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.agreements import access, content, drafting, instalments
from odr.agreements import instalment_rules as rules
from odr.agreements.instalment_rules import Due
from odr.agreements.instalments import Plan
from odr.agreements.models import Agreement, Clause
from odr.agreements.schemas import Day, Fen
from odr.core.errors import Conflict, Invalid, NotFound
from odr.core.forms import Strict
from odr.core.i18n import _


class InstalmentIn(Strict):
    """One instalment: `amount` in yuan, and its day."""

    amount: Fen = None
    due_on: Day = None


class MonthsIn(Strict):
    """By month: the first day, how many, and how much each; without `each` the sum is divided, the last one takes the
    rest."""

    first: Day = None
    count: int | None = Field(default=None, ge=2, le=rules.MOST)
    each: Fen = None

    def dues(self, total_fen: int) -> tuple[Due, ...]:
        """The plan. Raises Invalid naming each field that is missing or does not fit."""
        wrong: dict[str, str] = {}
        if self.first is None:
            wrong["first"] = _("请写第一期的日期。")
        if self.count is None:
            wrong["count"] = _("请写分几期。")
        if self.first is None or self.count is None:
            raise Invalid(wrong)
        return rules.by_month(total_fen, self.first, self.count, self.each)


class PlanIn(MonthsIn):
    """A plan by month, or by list (`rows`). `version`: the clause as its writer saw it."""

    version: int | None = Field(default=None, ge=1)
    default_term: Literal["all_due", "interest", "both", "suit"] | None = None
    rows: list[InstalmentIn] = Field(default_factory=list, max_length=rules.MOST)

    def dues(self, total_fen: int) -> tuple[Due, ...]:
        """The plan for this sum. Raises Invalid naming each field, and what was not chosen beside it."""
        wrong = {} if self.default_term else {"default_term": _("请选择有一期没有按时付，怎么办。")}
        try:
            found = self._dues(total_fen)
        except Invalid as error:
            raise Invalid(error.fields | wrong) from None
        if wrong:
            raise Invalid(wrong)
        return found

    def _dues(self, total_fen: int) -> tuple[Due, ...]:
        if not self.rows:
            return super().dues(total_fen)
        wrong: dict[str, str] = {}
        rows = []
        for n, row in enumerate(self.rows):
            if row.amount is None:
                wrong[f"rows.{n}.amount"] = _("请写这一期的金额。")
            if row.due_on is None:
                wrong[f"rows.{n}.due_on"] = _("请写这一期的日期。")
            if row.amount is not None and row.due_on is not None:
                rows.append((row.amount, row.due_on))
        if wrong:
            raise Invalid(wrong)
        return rules.by_list(total_fen, rows)


async def clause_to_plan(session: AsyncSession, agreement: Agreement, clause_pid: str) -> Clause:
    """The payment. Raises NotFound, Conflict for a clause that is none."""
    found = [row for row in await content.clauses_of(session, agreement) if row.pid == clause_pid]
    if not found:
        raise NotFound(_("没有找到这一条，可能刚被去掉了。请刷新页面。"))
    if found[0].kind != "pay" or found[0].amount_fen is None:
        raise Conflict(_("只有付款的条款能分期。请先把这一条改成“付款”，写上总金额。"), code="no_payment")
    return found[0]


async def plan(session: AsyncSession, actor: Actor, pid: str, clause_pid: str, wanted: PlanIn) -> Clause:
    """Pay this clause in instalments. It gets a further version, which everybody answers anew.

    Raises NotFound, Forbidden, Conflict (changed meanwhile, no payment), Invalid naming the row or the sum.
    """
    place = await access.for_drafting(session, actor, pid)
    clause = await clause_to_plan(session, place.agreement, clause_pid)
    _need_same(clause, wanted.version)
    dues = wanted.dues(clause.amount_fen or 0)
    chosen = Plan(dues, rules.default_term(wanted.default_term or ""))
    if await instalments.plan_of(session, clause) == chosen and clause.due_on == dues[-1].due_on:
        return clause
    clause.due_on, clause.recurring, clause.begins_on = dues[-1].due_on, "", None
    await drafting.reworded(session, actor, place, clause, chosen)
    return clause


async def drop_plan(session: AsyncSession, actor: Actor, pid: str, clause_pid: str, version: int | None) -> Clause:
    """Pay it at once again, until the day of the last instalment. Raises NotFound, Forbidden, Conflict."""
    place = await access.for_drafting(session, actor, pid)
    clause = await clause_to_plan(session, place.agreement, clause_pid)
    _need_same(clause, version)
    if await instalments.plan_of(session, clause) is not None:
        await drafting.reworded(session, actor, place, clause, None)
    return clause


def _need_same(clause: Clause, version: int | None) -> None:
    if version not in (None, clause.version):
        raise Conflict(_("这一条刚刚在别处改过。请看新的内容，再决定要不要改。"), code="changed")
