"""A clause as fields, kept version by version, and what changed between two versions, in words."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.agreements import instalments
from odr.agreements.models import Clause, ClauseVersion
from odr.agreements.schemas import Kind
from odr.cases.models import Party
from odr.core.i18n import N_, _
from odr.core.templating import day, money

COPIED = (
    "kind", "obligor_id", "obligee_id", "text", "amount_fen", "due_on", "manner", "place", "begins_on", "recurring",
    "account",
)  # fmt: skip
"""All that a clause says, as columns: what a version is, and what a new version of an agreement takes over."""

_LABELS = {
    "kind": N_("类别"),
    "obligor_id": N_("由谁"),
    "obligee_id": N_("对谁"),
    "text": N_("文字"),
    "amount_fen": N_("金额"),
    "due_on": N_("期限"),
    "manner": N_("方式"),
    "place": N_("地点"),
    "begins_on": N_("从哪天起"),
    "recurring": N_("多久一次"),
    "account": N_("收款账户"),
    "plan": N_("分期"),
}


def fields(clause: Clause) -> dict[str, Any]:
    """All that the clause says now."""
    return {name: getattr(clause, name) for name in COPIED}


async def keep(session: AsyncSession, person_id: int, clause: Clause) -> None:
    """Keep what the clause says as its present version, its instalments in words."""
    plan = instalments.words(await instalments.plan_of(session, clause))
    said = json.dumps(fields(clause) | {"plan": plan}, ensure_ascii=False, default=date.isoformat)
    session.add(ClauseVersion(clause_id=clause.id, version=clause.version, said=said, by_person_id=person_id))
    await session.flush()


async def history(session: AsyncSession, clauses: Sequence[Clause]) -> dict[int, list[ClauseVersion]]:
    """The kept versions of each clause, oldest first."""
    found: dict[int, list[ClauseVersion]] = {clause.id: [] for clause in clauses}
    query = select(ClauseVersion).where(ClauseVersion.clause_id.in_(found)).order_by(ClauseVersion.version)
    for row in await session.scalars(query):
        found[row.clause_id].append(row)
    return found


def said(row: ClauseVersion) -> dict[str, Any]:
    """The fields of a kept version; days are text."""
    read: dict[str, Any] = json.loads(row.said)
    return read


def changes(
    before: Mapping[str, Any], after: Mapping[str, Any], parties: Mapping[int, Party], *, accounts: bool
) -> list[str]:
    """What is different, a sentence each. Without `accounts` a changed account is named and not told."""
    found = []
    for name in (*COPIED, "plan"):
        old, new = before.get(name), after.get(name)
        if (old or None) == (new or None):
            continue
        label = _(_LABELS[name])
        if name == "account" and not accounts:
            found.append(_("%(label)s有改动", label=label))
            continue
        given = {"label": label, "old": _shown(name, old, parties), "new": _shown(name, new, parties)}
        found.append(_("%(label)s：“%(old)s”改为“%(new)s”", **given))
    return found


def _shown(name: str, value: Any, parties: Mapping[int, Party]) -> str:
    if value in (None, ""):
        return _("没有写")
    match name:
        case "kind":
            return Kind(value).label
        case "obligor_id" | "obligee_id":
            return parties[value].name if value in parties else _("其他人")
        case "amount_fen":
            return money(value)
        case "due_on" | "begins_on":
            return day(value if isinstance(value, date) else date.fromisoformat(value))
        case "plan":  # kept as words, its days as they are sorted
            return re.sub(r"\d{4}-\d{2}-\d{2}", lambda found: day(date.fromisoformat(found[0])), value)
    return str(value)
