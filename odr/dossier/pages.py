"""dossier: HTML routes, gathered from the files that hold them."""

from fastapi import APIRouter

from odr.dossier import court_pages, ending_pages, genuine_pages, paper_pages, record_pages, writing_pages
from odr.dossier import waiting as _waiting  # noqa: F401  registers what waits for a party

router = APIRouter()
for part in (paper_pages, writing_pages, record_pages, genuine_pages, court_pages, ending_pages):
    router.include_router(part.router)
