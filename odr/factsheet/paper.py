"""无争议事实记载: the agreed facts as an official paper, with each party's confirmation and its time.

Nothing but agreed facts stands on it: what is open, disputed or was offered is not for a later proceeding.
A Chinese document: no gettext.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.models import Person
from odr.bodies.models import Body
from odr.cases.access import View
from odr.cases.codes import Category, Channel, Side
from odr.cases.models import Assignment
from odr.core import clock
from odr.core.templating import env
from odr.factsheet.sheet import Sheet, of_case

TITLE = "无争议事实记载"
_HOW = {Channel.ONSITE: "当面向调解员确认", Channel.PHONE: "在电话里向调解员确认"}


async def html(session: AsyncSession, view: View) -> tuple[str, str]:
    """The HTML and the file name."""
    context = await filled(session, view)
    return env.get_template("factsheet/paper.html").render(context), f"{TITLE}-{context['no']}.pdf"


async def filled(session: AsyncSession, view: View) -> dict[str, Any]:
    """What stands in the paper; the file of the case binds it in."""
    case = view.case
    sheet = await of_case(session, case)
    no = case.case_no or case.application_no or ""
    body = await session.get(Body, case.body_id) if case.body_id is not None else None
    mediators = await session.scalars(
        select(Person.name)
        .join(Assignment, Assignment.person_id == Person.id)
        .where(Assignment.case_id == case.id, Assignment.confirmed_at.is_not(None), Assignment.ended_at.is_(None))
        .order_by(Assignment.id)
    )
    return {
        "title": TITLE,
        "no": no,
        "footer_text": no,
        "body": body.name if body is not None else "",
        "category": Category(case.category).zh,
        "matter": case.title,
        "parties": [(Side(party.side).zh, party.name) for party in sheet.parties],
        "facts": [fact.row.text for fact in sheet.agreed],
        "confirmations": _confirmations(sheet),
        "mediators": list(mediators),
        "drawn_up_on": _date(_last(sheet) or clock.today()),
    }


def _last(sheet: Sheet) -> date | None:
    """The paper is dated by its last confirmation, so that the same facts make the same paper on any day."""
    times = [word.at for fact in sheet.agreed for word in fact.said]
    return clock.local(max(times)).date() if times else None


def _confirmations(sheet: Sheet) -> list[dict[str, str]]:
    """One row for each party and moment: which facts it confirmed then, and how."""
    rows: dict[tuple[int, datetime, Channel], list[int]] = {}
    for n, fact in enumerate(sheet.agreed, start=1):
        for word in fact.said:
            rows.setdefault((word.party.id, word.at.replace(microsecond=0), word.channel), []).append(n)
    names = {party.id: party for party in sheet.parties}
    return [
        {
            "who": f"{Side(names[party_id].side).zh}{names[party_id].name}",
            "facts": "、".join(str(n) for n in numbers),
            "how": _HOW.get(channel, "登录后本人确认"),
            "at": f"{_date(clock.local(at).date())} {clock.local(at):%H:%M:%S}",
        }
        for (party_id, at, channel), numbers in sorted(rows.items(), key=lambda row: (row[0][1], row[0][0]))
    ]


def _date(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
