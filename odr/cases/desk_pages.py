"""What staff sees: the mediator's today, the clerks' queue, and one case with everything needed to act."""

from typing import Annotated, Any

import segno
from fastapi import APIRouter, Query, Request
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from odr.accounts.access import Staff, need_role
from odr.accounts.models import Role
from odr.cases import access, gates, invitations, showing
from odr.cases.access import Do
from odr.cases.actions import ACTIONS, Action
from odr.cases.codes import COURT_NO, CaseRole, Channel, State
from odr.cases.showing import Shown
from odr.core import web
from odr.core.i18n import N_, _
from odr.core.templating import render

router = APIRouter()

PageNo = Annotated[int, Query(ge=1, le=10_000)]

_OF_A_PARTY = frozenset({"consents", "wills", "invitations", "contacts", "routes-notices", "revocations", "offline"})
_QUEUES: tuple[tuple[str, str, tuple[State, ...]], ...] = (
    ("new", N_("待受理"), (State.SUBMITTED, State.SUPPLEMENT, State.CONSULTING)),
    ("assign", N_("待分配"), (State.ACCEPTED,)),
    (
        "running",
        N_("办理中"),
        (
            State.ASSIGNED,
            State.MEDIATING,
            State.SUSPENDED,
            State.SIGNING,
            State.EFFECTIVE,
            State.PERFORMING,
            State.CONFIRMING,
            State.PERFORMED,
            State.FOLLOWED_UP,
        ),
    ),
    ("over", N_("待结案"), (State.FAILED, State.WITHDRAWN, State.NOT_ACCEPTED, State.TRANSFERRED)),
    ("closed", N_("已结案"), (State.CLOSED, State.ARCHIVED)),
)


@router.get("/desk")
async def desk(request: Request, actor: Staff, page: PageNo = 1) -> Response:
    """A mediator's today: sittings, what waits for me, what is due soon or overdue, then a page of my open cases."""
    need_role(actor, Role.MEDIATOR)
    async with web.read(request) as session:
        rows = await showing.rows_for(session, actor, await access.at_desk(session, actor), whole=True)
        today = await showing.today(session, actor)
        work = await showing.work(session, actor)
    shown = rows[(page - 1) * access.PAGE : page * access.PAGE]
    return render(
        request,
        "cases/desk.html",
        today=today,
        work=work,
        overdue=[row for row in rows if row.overdue],
        soon=[row for row in rows if row.soon],
        waiting=[row for row in rows if row.mine and not row.overdue and not row.soon],
        count=len(rows),
        rows=shown,
        earlier=f"/desk?page={page - 1}" if page > 1 else None,
        later=f"/desk?page={page + 1}" if page * access.PAGE < len(rows) else None,
    )


@router.get("/desk/closed")
async def closed(request: Request, actor: Staff, page: PageNo = 1) -> Response:
    """A mediator's closed cases, a page of them."""
    need_role(actor, Role.MEDIATOR)
    async with web.read(request) as session:
        found, count = await access.closed_at_desk(session, actor, page)
        rows = await showing.rows_for(session, actor, found)
    return render(
        request,
        "cases/desk_closed.html",
        rows=rows,
        count=count,
        earlier=f"/desk/closed?page={page - 1}" if page > 1 else None,
        later=f"/desk/closed?page={page + 1}" if page * access.PAGE < count else None,
    )


@router.get("/queue")
async def queue(request: Request, actor: Staff, show: str = "new", page: PageNo = 1) -> Response:
    """The clerks' list by what is to be done, a page of it; the filter stands in the address. Of the other lists only
    the numbers are asked: a body has thousands of closed cases."""
    need_role(actor, Role.BODY_CLERK, Role.CENTRE_CLERK)
    states = {name: those for name, _text, those in _QUEUES}
    shown = show if show in (*states, "overdue") else "new"
    async with web.read(request) as session:
        by_state, overdue = await access.queue_counts(session, actor)
        found = await access.in_queue(
            session, actor, states.get(shown), overdue=shown == "overdue", page=page, newest=shown == "closed"
        )
        rows = await showing.rows_for(session, actor, found)
        work = await showing.office(session, actor)
    counts = {name: sum(by_state.get(state, 0) for state in those) for name, those in states.items()}
    counts["overdue"] = overdue
    tabs: list[dict[str, Any]] = [{"text": _(text), "name": name} for name, text, _states in _QUEUES]
    tabs.insert(3, {"text": _("已超期"), "name": "overdue"})
    for tab in tabs:
        tab |= {"href": f"/queue?show={tab['name']}", "here": tab["name"] == shown, "count": counts[tab["name"]]}
    at = f"/queue?show={shown}&page="
    return render(
        request,
        "cases/queue.html",
        tabs=tabs,
        rows=rows,
        work=work,
        earlier=f"{at}{page - 1}" if page > 1 else None,
        later=f"{at}{page + 1}" if page * access.PAGE < counts[shown] else None,
    )


async def staff_case(request: Request, session: AsyncSession, shown: Shown) -> Response:
    """One case for who works on it. A centre's clerk sees state and clocks and never a room."""
    return render(
        request,
        "cases/staff_case.html",
        shown=shown,
        doc=shown.doc,
        actions=_offered(shown),
        parties=await _parties(request, session, shown),
        contacts=[
            {"at": one.at, "channel_label": Channel(one.channel).label, "result": one.result}
            for one in await invitations.contacts_of(session, shown.view.case)
        ],
        missing=[(state.row.pid, [g.title for g in left]) for state, left in gates.missing(shown.found)],
    )


def _offered(shown: Shown) -> list[Action]:
    """The steps this person may make on the case as a whole, the next one left out: it has the filled button."""
    first = shown.way.action.href.rsplit("/", 1)[-1] if shown.way.action else ""
    return [
        action
        for action in ACTIONS.values()
        if action.noun not in _OF_A_PARTY and action.noun != first and shown.view.may(action.act)
        and not (action.noun == "objection-answers" and not (shown.doc["mediator"] or {}).get("objection"))
        and not (action.noun == "confirmation" and shown.view.case.confirmed_at is not None)
        and not (action.noun == "routing" and shown.view.state is State.CONSULTING and shown.found.body is not None)
        and not (action.noun == "disclosure" and shown.found.facts.mediator_confirmed)
        and not (action.noun == "declination" and CaseRole.MEDIATOR not in shown.view.roles)
        and not (action.noun == "mediation-anew" and shown.found.facts.court_outcome not in COURT_NO)
        and not (action.noun == "agreement-kept" and not shown.found.facts.mediated_anew)
    ]  # fmt: skip


async def _parties(request: Request, session: AsyncSession, shown: Shown) -> list[dict[str, Any]]:
    """The parties with the invitation that can be handed on: link, QR and code, for who may invite."""
    base = web.odr(request).settings.base_url
    found = []
    for state, doc in zip(shown.found.parties, shown.doc["parties"], strict=True):
        invitation = None
        if shown.view.may(Do.INVITE) and not state.people:
            invitation = await invitations.open_invitation(session, state.row)
        card = doc | {"gate_list": gates.gates_of(shown.found, state), "invitation": None}
        if invitation is not None:
            url = f"{base}/i/{invitation.token}"
            card["invitation"] = {
                "url": url,
                "qr": qr(url),
                "code": invitations.grouped(invitation.code),
                "until": invitation.expires_at,
            }
        found.append(card)
    return found


def qr(text: str) -> Markup:
    """A QR figure as inline SVG, black on white also in the dark: cameras ask for it."""
    drawn: str = segno.make(text, error="m").svg_inline(scale=4, border=4, dark="#000", light="#fff", omitsize=True)
    return Markup(drawn)  # noqa: S704  made by segno from text that is encoded, not inserted
