"""agreements: JSON routes of offers and blind bids."""

from typing import Any

from fastapi import APIRouter

from odr.accounts.access import SignedIn
from odr.agreements import access, offer_docs, offers
from odr.agreements.offers import BidIn, OfferIn, RoundIn
from odr.core.web import Read, Write

router = APIRouter()


@router.get("/cases/{case}/offer-rounds")
async def rounds(actor: SignedIn, session: Read, case: str) -> list[dict[str, Any]]:
    """The rounds one sits at, the newest first."""
    return await offer_docs.of_view(session, await access.of_case(session, actor, case))


@router.post("/cases/{case}/offer-rounds", status_code=201)
async def start(actor: SignedIn, session: Write, case: str, wanted: RoundIn) -> dict[str, Any]:
    row = await offers.start(session, actor, case, wanted)
    return await offer_docs.one(session, await offers.for_reading(session, actor, row.pid))


@router.post("/offer-rounds/{pid}/offers", status_code=201)
async def offer(actor: SignedIn, session: Write, pid: str, wanted: OfferIn) -> dict[str, Any]:
    await offers.offer(session, actor, pid, wanted)
    return await offer_docs.one(session, await offers.for_reading(session, actor, pid))


@router.post("/offers/{offer}/showing", status_code=201)
async def show_on(actor: SignedIn, session: Write, offer: str) -> dict[str, str]:
    """The mediator carries it over."""
    return {"id": (await offers.show_on(session, actor, offer)).pid}


@router.post("/offers/{offer}/acceptance", status_code=201)
async def accept(actor: SignedIn, session: Write, offer: str) -> dict[str, Any]:
    row = await offers.accept(session, actor, offer)
    return await offer_docs.one(session, await offers.for_reading(session, actor, row.pid))


@router.put("/offer-rounds/{pid}/bid")
async def bid(actor: SignedIn, session: Write, pid: str, wanted: BidIn) -> dict[str, Any]:
    """A sealed number; it is not told back."""
    await offers.bid(session, actor, pid, wanted)
    return await offer_docs.one(session, await offers.for_reading(session, actor, pid))


@router.post("/offer-rounds/{pid}/opening", status_code=201)
async def open_bids(actor: SignedIn, session: Write, pid: str) -> dict[str, Any]:
    await offers.open_bids(session, actor, pid)
    return await offer_docs.one(session, await offers.for_reading(session, actor, pid))


@router.post("/offer-rounds/{pid}/end", status_code=201)
async def end(actor: SignedIn, session: Write, pid: str) -> dict[str, Any]:
    await offers.end(session, actor, pid)
    return await offer_docs.one(session, await offers.for_reading(session, actor, pid))
