"""What JSON and pages show of rounds: each side its own, the mediator what may be carried, nobody a sealed number."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from odr.agreements import access, offer_rules, offers
from odr.agreements.offer_models import Offer
from odr.agreements.offers import Table
from odr.cases.access import View
from odr.cases.codes import State
from odr.cases.models import Party
from odr.core.i18n import _
from odr.core.templating import day, moment


async def of_view(session: AsyncSession, view: View) -> list[dict[str, Any]]:
    """The rounds this viewer may know of, the newest first."""
    return [await one(session, table) for table in await offers.in_case(session, view)]


async def one(session: AsyncSession, table: Table) -> dict[str, Any]:
    """One round for this viewer."""
    row, parties = table.row, {table.payer.id: table.payer, table.payee.id: table.payee}
    running = row.state == "open" and table.view.state is State.MEDIATING
    seated = running and table.mine is not None and access.may_settle(table.view)
    shown: dict[str, Any] = {
        "id": row.pid,
        "kind": row.kind,
        "carried": row.carried,
        "about": row.about,
        "payer": _named(table.payer),
        "payee": _named(table.payee),
        "due_on": row.due_on.isoformat(),
        "due": day(row.due_on),
        "state": row.state,
        "agreed_fen": row.agreed_fen,
        "may_offer": seated,
        "may_end": running and table.mediates,
        "pays": table.mine is not None and table.mine.id == table.payer.id,
    }
    if row.kind == "blind":
        shown |= {"rule": _(offer_rules.RULE), "tries": row.tries, "tried": row.tried}
        handed = await offers.handed_in(session, row) if running else set()
        if table.mine is not None:
            shown["submitted"] = table.mine.id in handed
        if table.mediates:
            shown["handed_in"] = [_named(party) for party in parties.values() if party.id in handed]
            shown["may_open"] = running and len(handed) == len(parties)
        return shown
    seen = [offer for offer in await offers.offers_of(session, row) if offers.sees(table, offer)]
    last = {offer.party_id: offer.id for offer in seen if offer.state == "shown"}
    shown["offers"] = [_offer(table, offer, parties[offer.party_id], last, running, seated) for offer in seen]
    return shown


def _offer(
    table: Table, offer: Offer, party: Party, last: dict[int, int], running: bool, seated: bool
) -> dict[str, Any]:
    own = table.mine is not None and table.mine.id == party.id
    return {
        "id": offer.pid,
        "party": _named(party),
        "amount_fen": int(offer.amount),
        "aside": (offer.aside or "") if own or table.mediates else "",
        "state": offer.state,
        "at": moment(offer.at),
        "mine": own,
        "may_show": running and table.mediates and offer.state == "given",
        "may_accept": seated and not own and last.get(party.id) == offer.id,
    }


def _named(party: Party) -> dict[str, str]:
    return {"id": party.pid, "name": party.name, "side": party.side}
