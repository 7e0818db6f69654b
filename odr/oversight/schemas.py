"""What an auditor sends."""

from typing import Annotated

from fastapi import Query
from pydantic import Field

from odr.core.forms import Day, Strict

Word = Annotated[str, Field(max_length=60)]
Seq = Annotated[int, Field(ge=0, le=2**31 - 1)]


Cursor = Annotated[int, Query(ge=0, le=2**31 - 1)]


class ReadingIn(Strict):
    """Why a transcript is opened, in words a party may read later."""

    reason: Annotated[str, Field(min_length=8, max_length=300)]


class CaseSearch(Strict):
    """Filters of the list of cases; all may be left out."""

    number: Word = ""
    state: Annotated[str, Field(max_length=16)] = ""
    body: Annotated[str, Field(max_length=32)] = ""
    since: Day | None = None
    until: Day | None = None
    page: Annotated[int, Field(ge=1, le=10_000)] = 1


class LedgerSearch(Strict):
    """Filters of the ledger; `below` pages back from a row."""

    tag: Annotated[str, Field(max_length=64)] = ""
    thing: Annotated[str, Field(max_length=64)] = ""
    person: Annotated[str, Field(max_length=32)] = ""
    below: Seq | None = None
