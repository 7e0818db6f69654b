"""The records of mediation that a party has not read to the end, for the page of its case."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from odr.cases import service as cases
from odr.cases.access import View
from odr.core.i18n import _
from odr.dossier import access, records


@cases.adds_waiting
async def waiting(session: AsyncSession, view: View, _doc: dict[str, Any]) -> list[dict[str, str]]:
    """One cell for each."""
    found = []
    for row in await access.records(session, view):
        mine = await records.my_reading(session, view, row) if row.state == "frozen" else None
        if mine is not None and not mine.done:
            found.append({"text": _("请您逐页看调解记录"), "href": f"/cases/{view.case.pid}/records/{row.pid}"})
    return found
