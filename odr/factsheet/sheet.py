"""The sheet as one viewer sees it, and what others take from it: the facts that are agreed, and those that are not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.cases import service as cases
from odr.cases.access import View
from odr.cases.codes import Channel, Side
from odr.cases.models import Case, Party
from odr.core import clock
from odr.core.templating import moment
from odr.factsheet import access
from odr.factsheet.models import Fact, FactAnswer, FactRelease, FactVersion
from odr.factsheet.rules import Answer, Kind, Stand, stand


@dataclass(frozen=True)
class Word:
    """What one party said of the present version, and how it reached us."""

    party: Party
    answer: Answer
    words: str
    channel: Channel
    at: datetime


@dataclass(frozen=True)
class FactView:
    """One fact with the parties' words on it."""

    row: Fact
    n: int
    kind: Kind
    stand: Stand
    said: tuple[Word, ...]
    waiting: tuple[Party, ...]
    by: Party | None
    versions: tuple[FactVersion, ...]


@dataclass(frozen=True)
class Sheet:
    """All facts of a case, in the order they were put there."""

    case: Case
    parties: tuple[Party, ...]
    facts: tuple[FactView, ...]
    released: tuple[Party, ...] = ()
    """The parties that let the agreed facts go on to a court or another body."""

    @property
    def agreed(self) -> tuple[FactView, ...]:
        return tuple(fact for fact in self.facts if fact.stand is Stand.AGREED)

    @property
    def disputed(self) -> tuple[FactView, ...]:
        return tuple(fact for fact in self.facts if fact.stand is Stand.DISPUTED)

    @property
    def open(self) -> tuple[FactView, ...]:
        return tuple(fact for fact in self.facts if fact.stand is Stand.OPEN)

    def open_for(self, party: Party | None) -> tuple[FactView, ...]:
        """The facts that wait for this party's word."""
        return tuple(fact for fact in self.open if party is not None and party in fact.waiting)

    @property
    def may_go_on(self) -> bool:
        """Whether every party allows that the agreed facts are handed over (R34)."""
        return bool(self.parties) and set(self.parties) == set(self.released)

    @property
    def facts_text(self) -> str:
        """The agreed facts as text for an agreement; nothing that is open or disputed is in it."""
        return "\n".join(f"{n}. {fact.row.text}" for n, fact in enumerate(self.agreed, start=1))

    @property
    def issues_text(self) -> str:
        return "\n".join(f"{n}. {fact.row.text}" for n, fact in enumerate(self.disputed, start=1))


async def of_case(session: AsyncSession, case: Case) -> Sheet:
    """The sheet of a case, from its rows."""
    parties = tuple(await cases.parties_of(session, case))
    by_id = {party.id: party for party in parties}
    query = select(Fact).where(Fact.case_id == case.id, Fact.removed_at.is_(None)).order_by(Fact.id)
    rows = list(await session.scalars(query.execution_options(populate_existing=True)))
    ids = [row.id for row in rows]
    said: dict[int, dict[int, FactAnswer]] = {row.id: {} for row in rows}
    version = {row.id: row.version for row in rows}
    for word in await session.scalars(select(FactAnswer).where(FactAnswer.fact_id.in_(ids)).order_by(FactAnswer.id)):
        if word.fact_version == version[word.fact_id] and word.party_id in by_id:
            said[word.fact_id][word.party_id] = word
    kept: dict[int, list[FactVersion]] = {row.id: [] for row in rows}
    query_versions = select(FactVersion).where(FactVersion.fact_id.in_(ids)).order_by(FactVersion.version)
    for old in await session.scalars(query_versions):
        kept[old.fact_id].append(old)
    facts = tuple(_fact(n, row, by_id, said[row.id], tuple(kept[row.id])) for n, row in enumerate(rows, start=1))
    return Sheet(case, parties, facts, await _released(session, case, parties))


def _fact(
    n: int, row: Fact, parties: dict[int, Party], said: dict[int, FactAnswer], versions: tuple[FactVersion, ...]
) -> FactView:
    kind = Kind(row.kind)
    words = tuple(
        Word(party, Answer(one.answer), one.words, Channel(one.channel), one.at)
        for party in parties.values()
        if (one := said.get(party.id)) is not None
    )
    return FactView(
        row=row,
        n=n,
        kind=kind,
        stand=stand(kind, parties.keys(), {word.party.id: word.answer for word in words}),
        said=words,
        waiting=tuple(party for party in parties.values() if party.id not in said),
        by=parties.get(row.by_party_id or 0),
        versions=versions,
    )


async def _released(session: AsyncSession, case: Case, parties: Sequence[Party]) -> tuple[Party, ...]:
    query = select(FactRelease).where(FactRelease.case_id == case.id).order_by(FactRelease.id)
    last = {row.party_id: row.allowed for row in await session.scalars(query)}
    return tuple(party for party in parties if last.get(party.id))


async def agreed_facts(session: AsyncSession, case: Case) -> list[str]:
    """The facts every party confirmed: what alone of the talks may be used later (在线调解规则 Art. 18)."""
    return [fact.row.text for fact in (await of_case(session, case)).agreed]


async def to_hand_over(session: AsyncSession, case: Case) -> list[str] | None:
    """The agreed facts for a handover after a failure, or None while a party does not allow it (R34)."""
    found = await of_case(session, case)
    return [fact.row.text for fact in found.agreed] if found.may_go_on else None


def public(view: View, sheet: Sheet) -> dict[str, Any]:
    """What JSON answers and pages show."""
    mine = view.principal
    return {
        "case": sheet.case.pid,
        "open": access.is_open(view),
        "may_confirm": access.may_confirm(view),
        "counts": {"agreed": len(sheet.agreed), "disputed": len(sheet.disputed), "open": len(sheet.open)},
        "my_turn": access.is_open(view) and access.may_confirm(view) and bool(sheet.open_for(mine)),
        "facts": [_public(view, fact) for fact in sheet.facts],
        "released": [party.pid for party in sheet.released],
        "may_go_on": sheet.may_go_on,
        "text": {"facts": sheet.facts_text, "issues": sheet.issues_text},
    }


def _public(view: View, fact: FactView) -> dict[str, Any]:
    mine = view.principal.pid if view.principal is not None else None
    own = next((word for word in fact.said if word.party.pid == mine), None)
    return {
        "id": fact.row.pid,
        "n": fact.n,
        "version": fact.row.version,
        "kind": fact.kind.value,
        "text": fact.row.text,
        "state": fact.stand.value,
        "state_label": fact.stand.label,
        "by": _named(fact.by),
        "said": [
            {
                "party": _named(word.party),
                "answer": word.answer.value,
                "words": word.words,
                "channel": word.channel.value,
                "channel_label": word.channel.label,
                "at": clock.iso(word.at),
                "when": moment(word.at),
            }
            for word in fact.said
        ],
        "waiting": [party.pid for party in fact.waiting],
        "mine": own.answer.value if own is not None else None,
        "may_change": access.is_open(view) and access.may_change(view, fact.row),
        "versions": [
            {"version": old.version, "kind": old.kind, "text": old.text, "when": moment(old.at)}
            for old in fact.versions[:-1]
        ],
    }


def _named(party: Party | None) -> dict[str, str] | None:
    if party is None:
        return None
    return {"id": party.pid, "name": party.name, "side": party.side, "label": f"{Side(party.side).label} {party.name}"}
