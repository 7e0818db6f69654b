"""The official papers of a case that are filled from what it holds: application, rights notice, record of a meeting.

What is not known stays empty and is never invented. Papers are Chinese documents: no gettext. The agreement's own
paper is made where it is frozen (`agreements.papers`); the files of the dossier are gathered here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.models import Person
from odr.agreements import access as agreement_access
from odr.bodies import service as bodies
from odr.bodies.models import Body
from odr.cases import service as cases
from odr.cases.access import View
from odr.cases.codes import Category, Channel, ConsentKind, Side, State
from odr.cases.models import Assignment, Party
from odr.cases.texts import RIGHTS
from odr.core import clock
from odr.core.errors import NotFound
from odr.core.i18n import N_, _
from odr.core.templating import env
from odr.meetings import access as meeting_access
from odr.meetings import service as meetings
from odr.meetings.models import Meeting
from odr.meetings.schemas import PRESENT, Presence


@dataclass(frozen=True)
class Paper:
    """One paper this viewer may open: its key in the address, its title, and the file if it is kept as one."""

    key: str
    title: str
    note: str = ""
    file: str | None = None


TITLES = {
    "application": N_("人民调解申请书"),
    "rights-notice": N_("权利义务告知书"),
    "agreement": N_("调解协议"),
    "record": N_("调解记录"),
}


def _applies(view: View) -> bool:
    """Whose application it is: its own side and those who handle it. It holds numbers the other side must not see."""
    return view.handles or view.side is Side.APPLICANT


async def papers_of(session: AsyncSession, view: View) -> list[Paper]:
    """The papers of a case in the order of the file (卷宗), as far as this viewer may open them."""
    found = []
    if _applies(view):
        found.append(Paper("application", _(TITLES["application"])))
    found.append(Paper("rights-notice", _(TITLES["rights-notice"])))
    for meeting in await meeting_access.in_case(session, view):
        if meeting.minutes is not None:
            note = f"{clock.local(meeting.starts_at):%Y-%m-%d} {meeting.purpose}"
            found.append(Paper(f"record-{meeting.pid}", _(TITLES["record"]), note))
    agreement = await agreement_access.current(session, view.case)
    if agreement is not None and agreement.state == "frozen":
        address = f"/cases/{view.case.pid}/agreement"
        found.append(Paper("agreement", _(TITLES["agreement"]), agreement.agreement_no or "", address))
    return found


async def paper(session: AsyncSession, view: View, key: str) -> tuple[str, str]:
    """The HTML and file name of one paper. Raises NotFound for one that is not there or not for this viewer."""
    if key == "application" and _applies(view):
        html = _render("dossier/application.html", await _application(session, view))
        return html, _name(view, TITLES["application"])
    if key == "rights-notice":
        html = _render("dossier/rights_notice.html", await _rights_notice(session, view))
        return html, _name(view, TITLES["rights-notice"])
    if key.startswith("record-"):
        _view, meeting = await meeting_access.for_reading(session, view.actor, key.removeprefix("record-"))
        if meeting.case_id == view.case.id and meeting.minutes is not None:
            return _render("dossier/record.html", await _record(session, view, meeting)), _name(view, TITLES["record"])
    raise NotFound()


def _name(view: View, title: str) -> str:
    return f"{title}-{view.case.case_no or view.case.application_no}.pdf"


def _render(template: str, context: dict[str, Any]) -> str:
    return env.get_template(template).render(context)


async def _common(session: AsyncSession, view: View) -> dict[str, Any]:
    case = view.case
    body = await session.get(Body, case.body_id) if case.body_id is not None else None
    return {
        "no": case.case_no or case.application_no,
        "body": body.name if body is not None else "",
        "category": Category(case.category).zh,
        "footer_text": case.case_no or case.application_no,
    }


async def _application(session: AsyncSession, view: View) -> dict[str, Any]:
    case = view.case
    parties = await cases.parties_of(session, case)
    return await _common(session, view) | {
        "applicants": [_block(p) for p in parties if p.side == Side.APPLICANT],
        "respondents": [_block(p, other=not view.handles) for p in parties if p.side != Side.APPLICANT],
        "facts": case.facts,
        "claims": case.claims,
        "occurred_on": _date(case.occurred_on),
        "place": await bodies.place_name(session, case.division_code) + case.place,
        "channel": Channel(case.channel).zh,
        "submitted_at": _moment(case.submitted_at),
        "confirmed_at": _moment(case.confirmed_at) if case.confirmed_at is not None else "",
        "application_no": case.application_no,
    }


def _block(party: Party, *, other: bool = False) -> dict[str, str]:
    """The block of a party. Of the other side an applicant's copy shows the name alone."""
    return {
        "name": party.name,
        "kind": party.kind,
        "id_no": "" if other else party.id_no or "",
        "phone": "" if other else party.phone or "",
        "address": "" if other else party.address or "",
        "legal_rep": party.legal_rep,
    }


async def _rights_notice(session: AsyncSession, view: View) -> dict[str, Any]:
    rows = []
    for state in await cases.party_states(session, view.case):
        gate = state.gates.get(ConsentKind.RIGHTS_NOTICE)
        if view.is_party and state.row.side != view.side:
            continue
        rows.append(
            {
                "name": state.row.name,
                "side": Side(state.row.side).zh,
                "at": _moment(gate.at) if gate is not None else "",
                "how": Channel(gate.channel).zh if gate is not None else "",
                "version": gate.text_version if gate is not None else "",
            }
        )
    points = [{"head": point.head, "body": point.body} for point in RIGHTS.points]
    return await _common(session, view) | {"title": RIGHTS.head, "points": points, "receipts": rows}


async def _record(session: AsyncSession, view: View, meeting: Meeting) -> dict[str, Any]:
    shown = await meetings.show(session, view, meeting)
    mediators: Sequence[str] = list(
        await session.scalars(
            select(Person.name)
            .join(Assignment, Assignment.person_id == Person.id)
            .where(Assignment.case_id == view.case.id, Assignment.confirmed_at.is_not(None))
            .order_by(Assignment.id)
        )
    )
    writer = await session.get(Person, meeting.minuted_by) if meeting.minuted_by is not None else None
    return await _common(session, view) | {
        "matter": view.case.title,
        "purpose": meeting.purpose,
        "held_at": _moment(meeting.starts_at),
        "kind": shown.kind.zh,
        "place": meeting.place or shown.kind.zh,
        "recorded_later": _moment(meeting.created_at) if meeting.recorded_later else "",
        "seats": [
            {
                "name": seat.party.name,
                "side": Side(seat.party.side).zh,
                "how": Presence(seat.row.present).zh,
                "present": seat.presence in PRESENT,
                "confirmed": _moment(seat.row.confirmed_at)
                if shown.confirmed(seat) and seat.row.confirmed_at is not None
                else "",
            }
            for seat in shown.seats
        ],
        "mediators": mediators,
        "writer": writer.name if writer is not None else "",
        "minutes": meeting.minutes or "",
        "sha256": meeting.minutes_sha256 or "",
    }


def _date(day: Any) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day is not None else ""


def _moment(moment: Any) -> str:
    local = clock.local(moment)
    return f"{_date(local.date())} {local:%H:%M}"


@cases.adds("links")
async def links(session: AsyncSession, view: View) -> list[dict[str, str]]:
    """What the case's page and the room's panel link to beside the case's own pages."""
    if view.case.accepted_at is None or not (view.is_party or view.handles):
        return []
    at = f"/cases/{view.case.pid}"
    found = [{"text": _("文书"), "href": f"{at}/papers", "name": "papers"}]
    if view.handles and view.state in (State.PERFORMING, State.PERFORMED, State.FOLLOWED_UP, State.CLOSED):
        found.append({"text": _("回访"), "href": f"{at}/visits", "name": "visits"})
    return found
