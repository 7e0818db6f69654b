"""The clause board as one viewer may see it: clauses, answers, comments, and what is still open."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.agreements import clause_words, content, instalments
from odr.agreements.models import Agreement, Clause, ClauseAnswer, ClauseVersion
from odr.agreements.schemas import Answer, Kind
from odr.cases.access import View
from odr.cases.codes import CaseRole, Side, State
from odr.cases.models import Case, Party


@dataclass(frozen=True)
class AnswerView:
    """A party's answer to the present version. `comment` is None when it was written for the mediator alone."""

    party: str
    name: str
    side: Side
    answer: Answer
    comment: str | None
    private: bool
    at: datetime


@dataclass(frozen=True)
class Change:
    """What became different when a clause got this version, a sentence each."""

    version: int
    at: datetime
    words: tuple[str, ...]


@dataclass(frozen=True)
class ClauseView:
    """One clause with its answers."""

    row: Clause
    n: int
    obligor: Party | None
    obligee: Party | None
    answers: tuple[AnswerView, ...]
    waiting: tuple[Party, ...]
    mine: AnswerView | None = None
    changes: tuple[Change, ...] = ()
    plan: instalments.Plan | None = None
    account: str = ""
    """Empty for whoever may not see it."""

    @property
    def kind(self) -> Kind:
        return Kind(self.row.kind)

    @property
    def accepted(self) -> bool:
        return not self.waiting and bool(self.answers) and all(a.answer is Answer.ACCEPT for a in self.answers)


@dataclass(frozen=True)
class Board:
    """One version of an agreement with everything a page shows of it while it is made."""

    agreement: Agreement
    case: Case
    parties: tuple[Party, ...]
    clauses: tuple[ClauseView, ...] = ()
    principal: Party | None = None

    @property
    def accepted(self) -> int:
        return sum(clause.accepted for clause in self.clauses)

    @property
    def total(self) -> int:
        return len(self.clauses)

    @property
    def all_accepted(self) -> bool:
        return self.total > 0 and self.accepted == self.total

    @property
    def drafting(self) -> bool:
        return self.agreement.state == "drafting" and self.case.state == State.MEDIATING

    @property
    def open_for_me(self) -> tuple[ClauseView, ...]:
        """The clauses on which the viewer's party has not answered yet."""
        return tuple(clause for clause in self.clauses if self.principal in clause.waiting)


def _latest(answers: Iterable[ClauseAnswer]) -> dict[tuple[int, int], ClauseAnswer]:
    """The last answer of each party to each clause; earlier ones stay in the table."""
    return {(row.clause_id, row.party_id): row for row in answers}


def private_words(row: ClauseAnswer) -> str:
    """What an answer says beside itself; a comment from before those were sealed stands where all do."""
    return row.private_comment or row.comment


async def answers_in_force(session: AsyncSession, clauses: Iterable[Clause]) -> dict[tuple[int, int], ClauseAnswer]:
    """(clause id, party id) → its last answer to the clause's present version."""
    versions = {clause.id: clause.version for clause in clauses}
    rows = await session.scalars(
        select(ClauseAnswer).where(ClauseAnswer.clause_id.in_(versions)).order_by(ClauseAnswer.id)
    )
    return _latest(row for row in rows if row.clause_version == versions[row.clause_id])


async def all_accepted(session: AsyncSession, agreement: Agreement) -> tuple[int, bool]:
    """How many clauses there are, and whether every party accepted each as it stands."""
    return (await all_accepted_of(session, [agreement]))[agreement.id]


async def all_accepted_of(session: AsyncSession, agreements: Collection[Agreement]) -> dict[int, tuple[int, bool]]:
    """The same for many agreements, by their ids."""
    clauses = await content.clauses_by_agreement(session, [agreement.id for agreement in agreements])
    parties = await content.principals_of(session, {agreement.case_id for agreement in agreements})
    answers = await answers_in_force(session, [clause for rows in clauses.values() for clause in rows])

    def accepts(clause: Clause, party: Party) -> bool:
        found = answers.get((clause.id, party.id))
        return found is not None and found.answer == Answer.ACCEPT

    return {
        one.id: (
            len(rows := clauses[one.id]),
            bool(rows) and all(accepts(clause, party) for clause in rows for party in parties[one.case_id]),
        )
        for one in agreements
    }


async def show(session: AsyncSession, view: View, agreement: Agreement) -> Board:
    """The board for this viewer. A comment for the mediator alone is there for the mediator and its own party only."""
    parties = await content.principals(session, view.case)
    by_id = {party.id: party for party in parties}
    clauses = await content.clauses_of(session, agreement)
    answers = await answers_in_force(session, clauses)
    mediates = CaseRole.MEDIATOR in view.roles
    accounts = mediates or view.is_party
    history = await clause_words.history(session, clauses)
    plans = await instalments.plans_of(session, clauses)
    shown = []
    for n, clause in enumerate(clauses, start=1):
        given: dict[int, AnswerView] = {}
        for party in parties:
            row = answers.get((clause.id, party.id))
            if row is None:
                continue
            private = row.audience == "private"
            mine = view.principal is not None and view.principal.id == party.id
            given[party.id] = AnswerView(
                party=party.pid, name=party.name, side=Side(party.side), answer=Answer(row.answer),
                comment=private_words(row) if mediates or mine or not private else None, private=private, at=row.at,
            )  # fmt: skip
        shown.append(
            ClauseView(
                row=clause,
                n=n,
                obligor=by_id.get(clause.obligor_id or 0),
                obligee=by_id.get(clause.obligee_id or 0),
                answers=tuple(given.values()),
                waiting=tuple(party for party in parties if party.id not in given),
                mine=given.get(view.principal.id) if view.principal is not None else None,
                changes=_changes(history[clause.id], by_id, accounts=accounts),
                plan=plans.get(clause.id),
                account=(clause.account or "") if accounts else "",
            )
        )
    return Board(agreement, view.case, tuple(parties), tuple(shown), view.principal)


def _changes(kept: Sequence[ClauseVersion], parties: Mapping[int, Party], *, accounts: bool) -> tuple[Change, ...]:
    """What changed from version to version, the newest first."""
    pairs = pairwise(kept)
    found = [
        Change(
            new.version,
            new.at,
            tuple(clause_words.changes(clause_words.said(old), clause_words.said(new), parties, accounts=accounts)),
        )
        for old, new in pairs
    ]
    return tuple(reversed(found))
