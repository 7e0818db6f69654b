"""What the rules of judicial confirmation look at, read from the rows of a case."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.models import Person
from odr.agreements import checks, content, court_rules, courts, performing, standing, strengthening
from odr.agreements.checker import Examined
from odr.agreements.court_rules import Finding
from odr.bodies.models import Body
from odr.cases.access import View
from odr.cases.codes import Category, Source
from odr.cases.models import Case
from odr.core import clock


async def findings(session: AsyncSession, case: Case) -> list[Finding]:
    """What stands in the way of a confirmation, or asks for another look."""
    effect = await standing.in_effect(session, case)
    if effect is None:
        return court_rules.check(_without_agreement(case, await _body(session, case)))
    examined = await checks.examined(session, case, effect.agreement)
    items = await performing.items_of(session, case)
    matter = court_rules.Matter(
        today=clock.today(),
        category=Category(case.category),
        # A day that was to come when the text took effect is no fault of the text.
        examined=replace(examined, today=effect.effective_on or clock.today()),
        effective_on=effect.effective_on,
        until=effect.court_until,
        written=effect.agreement.form == "written",
        body=await _body(session, case),
        all_done=bool(items) and performing.settled(items) and all(performing.counts(one) for one in items),
    )
    return court_rules.check(matter)


def _without_agreement(case: Case, body: str) -> court_rules.Matter:
    today = clock.today()
    return court_rules.Matter(today, Category(case.category), Examined(today, (), ()), None, None, body=body)


async def _body(session: AsyncSession, case: Case) -> str:
    row = await session.get(Body, case.body_id) if case.body_id is not None else None
    return row.name if row is not None else ""


async def places(session: AsyncSession, view: View) -> courts.Places:
    """For the choice of a court. Where the other side lives is no reason that a party is told."""
    case = view.case
    homes = []
    for party in await content.principals(session, case):
        person = await session.get(Person, party.person_id) if party.person_id is not None else None
        address = party.address or (person.address if person is not None else None) or ""
        if view.handles or party.side == view.side:
            homes.append((party.name, address))
    body = await session.get(Body, case.body_id) if case.body_id is not None else None
    return courts.Places(
        homes=homes,
        subject=case.division_code[:6],
        body=body.division_code[:6] if body is not None else "",
        invited=Source(case.source) is Source.COURT,
    )


async def other_ways(session: AsyncSession, case: Case) -> list[strengthening.Way]:
    """The other ways of making this agreement stronger, once it is in effect."""
    if await standing.in_effect(session, case) is None:
        return []
    items = await performing.items_of(session, case)
    to_pay = any(item.amount_fen and item.state not in performing.SETTLED for item in items)
    return strengthening.ways(strengthening.Matter(Category(case.category), to_pay))
