"""How one version stands: which signatures there are, which are missing, and since when it is in effect."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.agreements import content, court_window, rules
from odr.agreements.models import Agreement, Signature
from odr.bodies.calendar import Due
from odr.cases.models import Case, Party
from odr.core import clock

MEDIATOR, SEAL = "mediator", "seal"


@dataclass(frozen=True)
class Slot:
    """One signature that Art. 29 (or 30) asks for, and the row that fills it."""

    kind: str
    party: Party | None
    row: Signature | None

    @property
    def key(self) -> str:
        """How a form names it: the party's id, `mediator` or `seal`."""
        return self.party.pid if self.party is not None else MEDIATOR if self.kind == "mediator" else SEAL


@dataclass(frozen=True)
class Standing:
    """All signatures of one version, and since when they make it effective."""

    agreement: Agreement
    slots: tuple[Slot, ...]
    effective_at: datetime | None
    effects: tuple[rules.Effect, ...] = ()

    @property
    def missing(self) -> tuple[Slot, ...]:
        return tuple(slot for slot in self.slots if slot.row is None)

    @property
    def court_until(self) -> date | None:
        """The last day for asking the court together: 30 days from the effect (Art. 33)."""
        found = self.court_term
        return found.date if found is not None else None

    @property
    def effective_on(self) -> date | None:
        """The day of the effect in Wuhai."""
        return clock.local(self.effective_at).date() if self.effective_at is not None else None

    @property
    def court_term(self) -> Due | None:
        """The same, and whether it rests on a year whose holidays are not published yet."""
        return court_window.until(self.effective_on) if self.effective_on is not None else None

    def slot(self, key: str) -> Slot | None:
        return next((slot for slot in self.slots if slot.key == key), None)


async def of(session: AsyncSession, agreement: Agreement) -> Standing:
    """Who has signed this version and who has not; the effect is computed from it and stored nowhere."""
    return (await of_all(session, [agreement]))[agreement.id]


async def of_all(session: AsyncSession, agreements: Collection[Agreement]) -> dict[int, Standing]:
    """The same for many versions, by their ids."""
    if not agreements:
        return {}
    signed: dict[int, list[Signature]] = {agreement.id: [] for agreement in agreements}
    query = select(Signature).where(Signature.agreement_id.in_(signed)).order_by(Signature.at, Signature.id)
    for row in await session.scalars(query):
        signed[row.agreement_id].append(row)
    parties = await content.principals_of(session, {agreement.case_id for agreement in agreements})
    return {one.id: _standing(one, signed[one.id], parties[one.case_id]) for one in agreements}


def _standing(agreement: Agreement, rows: Sequence[Signature], parties: Sequence[Party]) -> Standing:
    kind = "party" if agreement.form == "written" else "oral_confirmation"
    by_party = {row.party_id: row for row in rows if row.kind == kind}
    slots = [Slot(kind, party, by_party.get(party.id)) for party in parties]
    if agreement.form == "written":
        slots += [Slot(k, None, next((row for row in rows if row.kind == k), None)) for k in ("mediator", "body_seal")]
    if agreement.state != "frozen" or agreement.sha256 is None:
        return Standing(agreement, tuple(slots), None)
    effects = rules.effects(
        agreement.form,
        agreement.sha256,
        [party.id for party in parties],
        [rules.Signed(row.kind, row.party_id, row.sha256, row.at, row.method) for row in rows],
    )
    return Standing(agreement, tuple(slots), next(one.at for one in effects if one.counts), effects)


async def in_effect(session: AsyncSession, case: Case) -> Standing | None:
    """The newest version of this case that has taken effect."""
    return (await in_effect_of(session, [case.id])).get(case.id)


async def earlier(session: AsyncSession, case: Case) -> list[Standing]:
    """The versions that had taken effect before the newest that has: what it replaced, in their order."""
    query = select(Agreement).where(Agreement.case_id == case.id, Agreement.state == "frozen")
    rows = list(await session.scalars(query.order_by(Agreement.version)))
    standings = await of_all(session, rows)
    return [standings[row.id] for row in rows if standings[row.id].effective_at is not None][:-1]


async def in_effect_of(session: AsyncSession, case_ids: Collection[int]) -> dict[int, Standing]:
    """The same for many cases; those without one are left out."""
    query = select(Agreement).where(Agreement.case_id.in_(case_ids), Agreement.state == "frozen")
    rows = list(await session.scalars(query.order_by(Agreement.version)))
    standings = await of_all(session, rows)
    return {row.case_id: standings[row.id] for row in rows if standings[row.id].effective_at is not None}
