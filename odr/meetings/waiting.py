"""What waits for a party around meetings, and the next one itself, for the page of its case."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from odr.cases import service as cases
from odr.cases.access import View
from odr.core import clock
from odr.core.i18n import _
from odr.core.templating import moment
from odr.meetings import polls, service
from odr.meetings.schemas import Expected


@cases.adds_waiting
async def waiting(session: AsyncSession, view: View, _doc: dict[str, Any]) -> list[dict[str, str]]:
    """Times to choose from, minutes to confirm, a meeting to come to."""
    at = service.link(view.case)
    found = [
        {"text": _("请您选会面的时间"), "note": one.row.purpose, "href": f"{at}/times/{one.row.pid}"}
        for one in await polls.polls_of(session, view)
        if one.row.state == "open" and one.mine is None
    ]
    for one in await service.meetings_of(session, view):
        row, here = one.row, {"href": f"{at}/{one.row.pid}"}
        if one.waits_for_me:
            found.append({"text": _("请您看会面记录，确认对不对"), "note": moment(row.starts_at)} | here)
        elif row.state == "planned" and row.starts_at > clock.now() and one.mine is not None:
            where = f"{one.kind.label} · {row.place}" if row.place else one.kind.label
            unable = [seat for seat in one.seats if seat.said is not None and seat.said.kind is Expected.UNABLE]
            if unable:
                where += " · " + (_("您说了来不了") if unable == [one.mine] else _("有人来不了，请先看看"))
            found.append({"text": _("%(when)s 会面", when=moment(row.starts_at)), "note": where} | here)
    return found
