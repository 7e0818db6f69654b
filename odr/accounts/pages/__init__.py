"""accounts: HTML routes."""

from fastapi import APIRouter

from odr.accounts.pages.admin import router as admin
from odr.accounts.pages.home import router as home
from odr.accounts.pages.me import router as me
from odr.accounts.pages.preferences import router as preferences
from odr.accounts.pages.signing_in import router as signing_in
from odr.accounts.pages.vouching import router as vouching

router = APIRouter(include_in_schema=False)
for _part in (home, preferences, signing_in, me, vouching, admin):
    router.include_router(_part)
