"""The checker at a case: what it reads, who is told which finding, and what the mediator has ticked off."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.accounts.models import Person
from odr.agreements import access, checker, content, instalments
from odr.agreements.access import Place
from odr.agreements.check_models import CheckAcknowledgement
from odr.agreements.checker import CheckedClause, CheckedInstalment, CheckedParty, Examined, Finding
from odr.agreements.models import Agreement
from odr.audit import service as audit
from odr.cases.access import View
from odr.cases.codes import CaseRole, PartyKind, PartyRole
from odr.cases.models import Case, Party
from odr.core import clock, db
from odr.core.errors import Conflict, Invalid
from odr.core.i18n import _


class Unready(Invalid):
    """Something must be mended, or looked at, before this text can be frozen. `fields`: finding → sentence."""

    status = 409
    code = "unready"

    def default(self) -> str:
        return _("定稿以前，有几处要先改好或者看过。")


@dataclass(frozen=True)
class Checked:
    """A finding, and whether the mediator has let it stand."""

    finding: Finding
    acknowledged: bool

    @property
    def open(self) -> bool:
        return self.finding.must or not self.acknowledged


async def examined(session: AsyncSession, case: Case, agreement: Agreement) -> Examined:
    """All that the rules look at, from the rows as they stand."""
    parties = await content.principals(session, case)
    clauses = await content.clauses_of(session, agreement)
    plans = await instalments.plans_of(session, clauses)
    pids = {party.id: party.pid for party in parties}
    # Who is bound by a clause and has left the case since is told apart from nobody at all.
    left = {row.id: row.pid for row in await session.scalars(select(Party).where(Party.case_id == case.id))} | pids
    return Examined(
        today=clock.today(),
        clauses=tuple(
            CheckedClause(
                pid=row.pid, n=n, kind=row.kind, text=row.text,
                obligor=left.get(row.obligor_id) if row.obligor_id is not None else None,
                obligee=left.get(row.obligee_id) if row.obligee_id is not None else None,
                amount_fen=row.amount_fen, due_on=row.due_on, begins_on=row.begins_on, recurring=row.recurring,
                manner=row.manner, account=row.account or "", version=row.version,
                plan=_plan(plans.get(row.id)), default_term=_term(plans.get(row.id)),
            )
            for n, row in enumerate(clauses, start=1)
        ),
        parties=tuple([await _party(session, party) for party in parties]),
        facts=agreement.facts,
        claimed_fen=case.amount_fen,
        copies=len(parties) + 1,
        paper_only=agreement.paper_only is not None,
    )  # fmt: skip


def _plan(plan: instalments.Plan | None) -> tuple[CheckedInstalment, ...] | None:
    return tuple(CheckedInstalment(one.amount_fen, one.due_on) for one in plan.dues) if plan is not None else None


def _term(plan: instalments.Plan | None) -> str:
    return plan.default.key if plan is not None and plan.default is not None else ""


async def _party(session: AsyncSession, party: Party) -> CheckedParty:
    person = await session.get(Person, party.person_id) if party.person_id is not None else None
    query = select(Party).where(Party.acts_for_id == party.id, Party.ended_at.is_(None)).order_by(Party.id)
    helpers = list(await session.scalars(query))
    natural = party.kind == PartyKind.NATURAL
    id_no = party.id_no or (person.id_no if person is not None and natural else None) or ""
    born = content.born(id_no) if natural else None
    return CheckedParty(
        pid=party.pid, name=party.name, natural=natural, id_no=id_no,
        phone=party.phone or (person.phone if person is not None else None) or "",
        age=content.age(born) if born is not None else None,
        bound=party.person_id is not None,
        guardians=tuple(one.name for one in helpers if one.role == PartyRole.GUARDIAN),
        agents=tuple((one.name, one.may_settle) for one in helpers if one.role == PartyRole.AGENT),
    )  # fmt: skip


async def findings(session: AsyncSession, case: Case, agreement: Agreement) -> list[Checked]:
    """Every finding on this text, each with its tick."""
    query = select(CheckAcknowledgement.key).where(CheckAcknowledgement.agreement_id == agreement.id)
    ticked = set(await session.scalars(query))
    found = checker.check(await examined(session, case, agreement))
    return [Checked(one, one.key in ticked) for one in found]


async def of_view(session: AsyncSession, view: View, agreement: Agreement | None) -> list[dict[str, Any]]:
    """What this viewer is told: the mediator all; a party, in plain words, what only it can mend."""
    if agreement is None or agreement.state != "drafting":
        return []
    if CaseRole.MEDIATOR in view.roles:
        return [_shown(view.case, one) for one in await findings(session, view.case, agreement)]
    if view.is_party and view.principal is not None:
        mine = [one.finding for one in await findings(session, view.case, agreement)]
        return [
            {"rule": one.rule.id, "say": one.plain} for one in mine if one.hit.mine == view.principal.pid and one.plain
        ]
    return []


def _shown(case: Case, checked: Checked) -> dict[str, Any]:
    finding, clause = checked.finding, checked.finding.hit.clause
    return {
        "key": finding.key,
        "rule": finding.rule.id,
        "severity": finding.rule.severity.value,
        "source": _(finding.rule.source),
        "say": finding.say,
        "mend": finding.mend,
        "clause": clause.pid if clause is not None else None,
        "party": finding.hit.party.pid if finding.hit.party is not None else None,
        "field": finding.hit.at,
        "href": _where(case, finding),
        "acknowledged": checked.acknowledged,
    }


def _where(case: Case, finding: Finding) -> str | None:
    clause = finding.hit.clause
    if clause is None:
        return f"/cases/{case.pid}" if finding.hit.party is not None else None
    at = f"/cases/{case.pid}/agreement/clauses/{clause.pid}"
    return f"{at}/plan" if finding.hit.at == "plan" else f"{at}#f-{finding.hit.at}"


async def need_clean(session: AsyncSession, place: Place) -> None:
    """Raises Unready with a sentence for each finding that is open: what must be mended first, or, where nothing must,
    what the mediator has not ticked off yet."""
    open_ones = [one.finding for one in await findings(session, place.case, place.agreement) if one.open]
    wrong = [one for one in open_ones if one.must] or open_ones
    if wrong:
        raise Unready({f"check-{one.key}": f"{one.say}{one.mend}" for one in wrong})


async def acknowledge(session: AsyncSession, actor: Actor, pid: str, keys: Collection[str]) -> list[Checked]:
    """The mediator lets these findings stand.

    Raises NotFound, Forbidden, Conflict (the text has changed since), Invalid (what must be mended cannot be ticked).
    """
    place = await access.for_drafting(session, actor, pid)
    found = {one.finding.key: one for one in await findings(session, place.case, place.agreement)}
    if set(keys) - found.keys():
        raise Conflict(_("内容刚才有了变化。请看一遍最新的检查结果。"), code="changed")
    if must := [found[key].finding for key in keys if found[key].finding.must]:
        say = _("这一处一定要改好，不能跳过。")
        raise Invalid({f"check-{one.key}": say for one in must})
    fresh = [key for key in dict.fromkeys(keys) if not found[key].acknowledged]
    session.add_all(
        CheckAcknowledgement(agreement_id=place.agreement.id, key=key, by_person_id=actor.person_id) for key in fresh
    )
    await session.flush()
    if fresh:
        detail = {"case": place.case.pid, "rules": sorted({found[key].finding.rule.id for key in fresh})}
        await audit.record(session, actor, "agreement:check:acknowledged", "agreement", place.agreement.pid, detail)
        db.poke(session, "cases", place.case.pid)
    return await findings(session, place.case, place.agreement)


async def acknowledge_all(session: AsyncSession, actor: Actor, pid: str) -> list[Checked]:
    """The same for all that may be ticked off: for a mediator who has read the whole list."""
    place = await access.for_reading(session, actor, pid)
    found: Sequence[Checked] = await findings(session, place.case, place.agreement)
    return await acknowledge(session, actor, pid, [one.finding.key for one in found if not one.finding.must])
