"""cases: HTML routes, by who reads them."""

from fastapi import APIRouter

from odr.cases import act_pages, desk_pages, invitation_pages, resident_pages, room_pages, transcript_pages

router = APIRouter(include_in_schema=False)
router.include_router(invitation_pages.router)
router.include_router(resident_pages.router)
router.include_router(room_pages.router)
router.include_router(transcript_pages.router)
router.include_router(desk_pages.router)
router.include_router(act_pages.router)
