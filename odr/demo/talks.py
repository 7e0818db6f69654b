"""What happens round the table besides the talk: facts are settled, clauses suggested, sums offered, payments planned.
Each act is the verb real people use, in the name of who does it."""

from dataclasses import dataclass
from datetime import timedelta

from odr.agreements import offers, proposals
from odr.agreements import service as agreements
from odr.agreements.models import Clause
from odr.agreements.offers import OfferIn, RoundIn
from odr.agreements.planning import PlanIn
from odr.agreements.schemas import ProposalIn
from odr.core import clock
from odr.demo.scripts import Promise, Script, Suggestion
from odr.demo.stage import Stage
from odr.factsheet import service as factsheet
from odr.factsheet.rules import Kind
from odr.factsheet.schemas import ConfirmIn, FactIn, ReleaseIn, SeenFact

_SIDES = ("applicant", "respondent")


@dataclass(frozen=True)
class Table:
    """One script's case while it is mediated; `parties`: public ids by side."""

    stage: Stage
    script: Script
    case: str
    parties: dict[str, str]

    def key(self, who: str) -> str:
        """Who of the cast plays this part."""
        script = self.script
        return {"applicant": script.applicant, "respondent": script.respondent}.get(who, script.mediator)


async def facts(table: Table) -> None:
    """Facts on the sheet; both sides confirm those without dispute, and allow that they are handed on where talks end
    without an agreement."""
    script, stage = table.script, table.stage
    seen = []
    mediator = await stage.actor(script.mediator)
    for kind, texts in ((Kind.AGREED, script.agreed), (Kind.DISPUTED, script.disputed)):
        for text in texts:
            async with stage.write() as session:
                row = await factsheet.add(session, mediator, table.case, FactIn(kind=kind, text=text))
            if kind is Kind.AGREED:
                seen.append(SeenFact(fact=row.pid, version=row.version))
    if not seen:
        return
    for side in _SIDES:
        actor = await stage.actor(table.key(side))
        async with stage.write() as session:
            await factsheet.confirm(session, actor, table.case, ConfirmIn(facts=seen))
            if script.end:
                await factsheet.release(session, actor, table.case, ReleaseIn(allowed=True))


async def suggestions(table: Table) -> None:
    """What one side suggests to the mediator alone; one of them it shows to the other side by itself."""
    for one in table.script.suggestions:
        actor = await table.stage.actor(table.key(one.promise.side))
        async with table.stage.write() as session:
            row = await proposals.propose(session, actor, table.case, _proposal(table, one))
            if one.released:
                await proposals.release(session, actor, row.pid)


def _proposal(table: Table, one: Suggestion) -> ProposalIn:
    return ProposalIn.model_validate(
        clause_of(one.promise, table.parties) | {"audience": "private", "note": one.note}
    )  # fmt: skip


def clause_of(promise: Promise, parties: dict[str, str]) -> dict[str, object]:
    """The fields of a clause with this promise."""
    other = _SIDES[promise.side == "applicant"]
    return {
        "kind": promise.kind,
        "obligor": parties[promise.side],
        "obligee": parties[other],
        "text": promise.text,
        "amount": promise.amount,
        "due_on": clock.today() + timedelta(days=promise.days) if promise.days else None,
        "manner": promise.manner,
    }


async def haggle(table: Table) -> None:
    """A round of offers in turn that is still going on."""
    round_, stage = table.script.haggling, table.stage
    if round_ is None:
        return
    mediator = await stage.actor(table.script.mediator)
    payee = _SIDES[round_.payer == "applicant"]
    wanted = RoundIn(
        kind="open", payer=table.parties[round_.payer], payee=table.parties[payee], about=round_.about,
        due_on=clock.today() + timedelta(days=round_.days),
    )  # fmt: skip
    async with stage.write() as session:
        row = await offers.start(session, mediator, table.case, wanted)
    for who, amount in round_.offers:
        actor = await stage.actor(table.key(who))
        async with stage.write() as session:
            await offers.offer(session, actor, row.pid, OfferIn.model_validate({"amount": amount}))


async def plan(table: Table, draft: str, clause: Clause, count: int) -> Clause:
    """The payment in so many monthly instalments, the first on the day that was written."""
    mediator = await table.stage.actor(table.script.mediator)
    wanted = PlanIn.model_validate({"first": clause.due_on, "count": count, "default_term": "all_due"})
    async with table.stage.write() as session:
        return await agreements.plan(session, mediator, draft, clause.pid, wanted)
