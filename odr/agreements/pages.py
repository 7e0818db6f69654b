"""agreements: HTML routes, by what they show."""

from fastapi import APIRouter

from odr.agreements import (
    board_pages,
    check_pages,
    court_pages,
    instalment_pages,
    offer_pages,
    oral_pages,
    performance_pages,
    proposal_pages,
    signature_pages,
    visit_pages,
)
from odr.agreements import waiting as _waiting  # noqa: F401  registers what waits for a party

router = APIRouter(include_in_schema=False)
router.include_router(signature_pages.router)
router.include_router(board_pages.router)
router.include_router(check_pages.router)
router.include_router(instalment_pages.router)
router.include_router(offer_pages.router)
router.include_router(proposal_pages.router)
router.include_router(oral_pages.router)
router.include_router(performance_pages.router)
router.include_router(visit_pages.router)
router.include_router(court_pages.router)
