"""Sets of clauses for the kinds of disputes the city really has: chosen, filled from the case, edited, then proposed.

A pure table (`clause_texts`) and a pure function. Sums and days stand in their own fields and not in the sentences, so
that the paper prints them in figures and in capitals, and a reminder can be made of them. Texts are Chinese: they
become part of an official paper.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from odr.agreements.schemas import Kind
from odr.cases.codes import Category

DEBTOR, CREDITOR = "debtor", "creditor"


@dataclass(frozen=True)
class Pattern:
    """One clause of a set. `text` and `place` may name {debtor}, {creditor}, {place}.

    `whole`: the sum in dispute is offered as its amount. `days`: the day offered, from today. `chosen`: ticked when the
    set is opened.
    """

    kind: Kind
    text: str
    obligor: str = DEBTOR
    obligee: str | None = CREDITOR
    whole: bool = False
    days: int | None = None
    manner: str = ""
    place: str = ""
    recurring: str = ""
    begins: bool = False
    chosen: bool = True


@dataclass(frozen=True)
class ClauseSet:
    """The clauses usual in one kind of dispute. `firm_owed`: a person owes a firm (a property fee), whoever applied."""

    key: str
    title: str
    categories: tuple[Category, ...]
    patterns: tuple[Pattern, ...]
    firm_owed: bool = False


@dataclass(frozen=True)
class Somebody:
    """A party as a set needs it."""

    pid: str
    name: str
    natural: bool = True


@dataclass(frozen=True)
class Ground:
    """What of a case fills a set."""

    applicant: Somebody
    respondent: Somebody
    amount_fen: int | None
    place: str
    today: date


def sides(chosen: ClauseSet, ground: Ground) -> dict[str, Somebody]:
    """Who is the debtor: as a rule the respondent; the mediator changes it where it is otherwise."""
    swapped = chosen.firm_owed and ground.applicant.natural and not ground.respondent.natural
    debtor, creditor = (ground.applicant, ground.respondent) if swapped else (ground.respondent, ground.applicant)
    return {DEBTOR: debtor, CREDITOR: creditor}


def filled(chosen: ClauseSet, ground: Ground) -> list[dict[str, str]]:
    """The clauses as a form shows them: all that the case knows is filled in, what it does not know is empty."""
    who = sides(chosen, ground)
    names = {"debtor": who[DEBTOR].name, "creditor": who[CREDITOR].name, "place": ground.place or "争议地点"}
    found = []
    for pattern in chosen.patterns:
        fen = ground.amount_fen if pattern.whole else None
        due = ground.today + timedelta(days=pattern.days) if pattern.days is not None else None
        found.append(
            {
                "use": "1" if pattern.chosen else "",
                "kind": pattern.kind.value,
                "obligor": who[pattern.obligor].pid,
                "obligee": who[pattern.obligee].pid if pattern.obligee is not None else "",
                "text": pattern.text.format(**names),
                "amount": f"{fen // 100}.{fen % 100:02d}" if fen else "",
                "due_on": due.isoformat() if due is not None else "",
                "begins_on": ground.today.isoformat() if pattern.begins else "",
                "recurring": pattern.recurring,
                "manner": pattern.manner.format(**names),
                "place": pattern.place.format(**names),
            }
        )
    return found


def ordered(sets: tuple[ClauseSet, ...], category: Category) -> tuple[list[ClauseSet], list[ClauseSet]]:
    """Those made for this kind of dispute, and the others."""
    fitting = [one for one in sets if category in one.categories]
    return fitting, [one for one in sets if one not in fitting]
