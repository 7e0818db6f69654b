"""HTML routes of the doors."""

from fastapi import APIRouter

from odr.intake import apply_pages, counter_pages

router = APIRouter()
router.include_router(apply_pages.router)
router.include_router(counter_pages.router)
