"""When something is due: the calendar of an agreement by month, one's own calendar file, and the desk's list of what is
late."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.accounts.models import Role
from odr.agreements import performance_rules as rules
from odr.agreements import performing
from odr.agreements.models import PerformanceItem
from odr.agreements.performance_models import Postponement
from odr.agreements.schemas import Kind
from odr.cases import service as cases
from odr.cases.access import View, mediated_by
from odr.cases.models import Case
from odr.core import clock, ics
from odr.core.i18n import _
from odr.core.templating import money

_RING = timedelta(hours=15)  # nine in the morning of the day before


def months(promises: list[dict[str, Any]]) -> list[rules.Month[dict[str, Any]]]:
    """Promises, as `documents.promises` gives them, by the month of their day."""
    return rules.by_month([(date.fromisoformat(one["due_on"]), one) for one in promises if one["due_on"] is not None])


async def entries(session: AsyncSession, view: View, site: str) -> list[ics.Entry]:
    """What is still to come for this person: its own promises and those made to it; for staff all. A phone's calendar
    shows them to whoever looks at it, so they tell nothing but the day."""
    found = []
    for item in await performing.items_of(session, view.case):
        theirs = view.is_staff or performing.is_obligor(view, item) or performing.is_obligee(view, item)
        if item.due_on is None or item.state in performing.SETTLED or not theirs:
            continue
        found.append(
            ics.Entry(
                uid=f"{item.pid}@odr",
                start=item.due_on,
                title=_("有一项约定的事到期"),
                text=_("请登录“我的纠纷”查看。"),
                url=f"{site}/cases/{view.case.pid}/performance/{item.pid}",
                alarms=(_RING,),
            )
        )
    return found


@cases.adds_work
async def late(session: AsyncSession, actor: Actor) -> list[dict[str, Any]]:
    """What is over its day in a mediator's cases, the longest first, and the wishes for another day that wait."""
    if not actor.has_role(Role.MEDIATOR):
        return []
    query = (
        select(PerformanceItem, Case)
        .join(Case, Case.id == PerformanceItem.case_id)
        .where(PerformanceItem.case_id.in_(mediated_by(actor)), PerformanceItem.state.not_in(performing.SETTLED))
        .where(Case.state.in_(performing.PERFORMING))
        .order_by(PerformanceItem.due_on, PerformanceItem.id)
    )
    rows = (await session.execute(query)).all()
    asked = set(
        await session.scalars(
            select(Postponement.item_id).where(
                Postponement.state == "asked", Postponement.item_id.in_([item.id for item, _case in rows])
            )
        )
    )
    newest: dict[int, int] = {}
    for item, case in rows:
        newest[case.id] = max(newest.get(case.id, 0), item.agreement_id)
    names = await cases.between(session, [case for _item, case in rows])
    cells = []
    for item, case in rows:
        days = rules.days_late(item.due_on, item.state, clock.today(), performing.SETTLED)
        if item.agreement_id != newest[case.id] or not (days or item.state == "disputed" or item.id in asked):
            continue
        what = money(item.amount_fen) if item.amount_fen is not None else Kind(item.kind).label
        badge = _("过期 %(n)s 天", n=days) if days else _("有争议")
        if item.id in asked:
            badge = _("等答复延期")
        cells.append(
            {
                "text": _("%(what)s：%(title)s", what=what, title=case.title),
                "note": f"{names.get(case.id, '')} · {item.text}",
                "href": f"/cases/{case.pid}/performance/{item.pid}",
                "icon": "clock",
                "badge": badge,
                "tone": "attention" if item.id in asked else "danger",
            }
        )
    return cells
