"""约时间: the mediator offers times, each party says which suit it, and one is fixed.

What suits one side is for its own eyes and the mediator's: who has no time on Monday may have a reason that is nobody
else's business. Not even whether the other side has answered is told.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.accounts.models import Role
from odr.cases import service as cases
from odr.cases.access import View, mediated_by
from odr.cases.codes import CaseRole, Channel, Side
from odr.cases.models import Case, Party
from odr.core import clock, jobs
from odr.core.errors import Conflict, Forbidden, Invalid
from odr.core.i18n import _
from odr.meetings import access, places, service
from odr.meetings.models import Meeting, Poll, PollAnswer, PollTime
from odr.meetings.schemas import FixIn, Kind, PickIn, PollIn, Where

REMIND = "meetings:pick"
_REMIND_AFTER = timedelta(days=1)
_ASK = "请您选一个方便的会面时间，请登录“我的纠纷”。"
_ALL = "会面的时间大家都选好了，请登录工作台定下来。"


@dataclass(frozen=True)
class Offered:
    """One time and whom it suits."""

    row: PollTime
    suits: tuple[Party, ...]
    chosen: bool


@dataclass(frozen=True)
class PollView:
    """A poll as one viewer may see it. A party sees what suits itself alone; `suits` and `best` are the mediator's."""

    row: Poll
    times: tuple[Offered, ...]
    answered: tuple[Party, ...]
    waiting: tuple[Party, ...]
    notes: tuple[tuple[Party, str], ...]
    mine: PollAnswer | None
    best: PollTime | None

    @property
    def kind(self) -> Kind:
        return Kind(self.row.kind)


def best(times: Sequence[tuple[int, datetime]], suits: Mapping[int, Collection[int]], now: datetime) -> int | None:
    """The time that suits most parties, the earliest of equals; None when nothing to come suits anybody.

    `times`: (id, start); `suits`: of each party that answered, the ids that suit it.
    """
    found: tuple[int, float, int] | None = None
    for time_id, starts_at in times:
        count = sum(time_id in chosen for chosen in suits.values())
        if count == 0 or starts_at <= now:
            continue
        one = (-count, starts_at.timestamp(), time_id)
        found = one if found is None or one < found else found
    return found[2] if found is not None else None


# --- reading --------------------------------------------------------------------------------------------------------


async def polls_of(session: AsyncSession, view: View) -> list[PollView]:
    """The polls of a case, the newest first: all for who handles it, the open ones for a party."""
    query = select(Poll).where(Poll.case_id == view.case.id).order_by(Poll.id.desc())
    if not view.handles:
        query = query.where(Poll.state == "open")
    return [await show(session, view, row) for row in await session.scalars(query)]


async def show(session: AsyncSession, view: View, row: Poll) -> PollView:
    """One poll for this viewer."""
    times = list(await session.scalars(select(PollTime).where(PollTime.poll_id == row.id).order_by(PollTime.starts_at)))
    answers = list(await session.scalars(select(PollAnswer).where(PollAnswer.poll_id == row.id)))
    parties = {party.id: party for party in await cases.parties_of(session, view.case)}
    own = view.principal.id if view.principal is not None else None
    mine = next((one for one in answers if one.party_id == own), None)
    if not view.handles:
        chosen = set(mine.times) if mine is not None else set()
        shown = tuple(Offered(time, (), time.id in chosen) for time in times)
        return PollView(row, shown, (), (), (), mine, None)
    suits = {one.party_id: one.times for one in answers if one.party_id in parties}
    proposed = best([(time.id, time.starts_at) for time in times], suits, clock.now())
    return PollView(
        row=row,
        times=tuple(
            Offered(time, tuple(parties[party_id] for party_id, ids in suits.items() if time.id in ids), False)
            for time in times
        ),
        answered=tuple(parties[party_id] for party_id in suits),
        waiting=tuple(party for party_id, party in parties.items() if party_id not in suits),
        notes=tuple((parties[one.party_id], one.note) for one in answers if one.note and one.party_id in parties),
        mine=mine,
        best=next((time for time in times if time.id == proposed), None),
    )


def public(view: View, shown: PollView) -> dict[str, Any]:
    """A poll for JSON."""
    row = shown.row
    found: dict[str, Any] = {
        "id": row.pid,
        "kind": row.kind,
        "kind_label": shown.kind.label,
        "purpose": row.purpose,
        "place": row.place,
        "link": row.link,
        "phone": row.phone,
        "state": row.state,
        "times": [
            {"id": one.row.pid, "starts_at": clock.iso(one.row.starts_at), "chosen": one.chosen}
            | ({"suits": [party.pid for party in one.suits]} if view.handles else {})
            for one in shown.times
        ],
        "answered": shown.mine is not None,
        "note": shown.mine.note if shown.mine is not None else "",
    }
    if view.handles:
        found["waiting"] = [party.pid for party in shown.waiting]
        found["notes"] = [{"party": party.pid, "note": note} for party, note in shown.notes]
        found["best"] = shown.best.pid if shown.best is not None else None
    return found


# --- acts -----------------------------------------------------------------------------------------------------------


async def offer(session: AsyncSession, actor: Actor, case_pid: str, wanted: PollIn) -> Poll:
    """Offer times for a meeting with everybody; the same once more are those. The one they take the place of is called
    off.

    Raises NotFound, Forbidden, Conflict (over, violence), Invalid."""
    wanted.check()
    view = await service.for_planning(session, actor, case_pid, None)
    case = view.case
    place = await places.resolve(session, case, wanted)
    if (twin := await _twin(session, case, wanted, place)) is not None:
        return twin
    after = await service.instead_of(session, actor, view, wanted.after, None)
    row = Poll(
        case_id=case.id, kind=wanted.kind.value, purpose=wanted.purpose, place=place, link=wanted.link,
        phone=wanted.phone, after_id=after.id if after is not None else None, created_by=actor.person_id,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    session.add_all(PollTime(poll_id=row.id, starts_at=at) for at in sorted(wanted.times))
    await session.flush()
    text = "调解员给出了几个会面时间，请各方选一选。各方的选择互相看不到。"
    await cases.announce(session, case, "meeting:times:offered", text, service.link(case))
    await cases.event(
        session, actor, case, "meeting:times:offered", role=CaseRole.MEDIATOR, note="请各方选会面的时间。",
        detail={"poll": row.pid},
    )  # fmt: skip
    await cases.tell_parties(session, case, await cases.party_states(session, case), "meeting:times:offered", _ASK)
    due = min(clock.now() + _REMIND_AFTER, min(wanted.times) - timedelta(hours=3))
    if due > clock.now():
        await jobs.enqueue(session, REMIND, {"poll": row.id}, due_at=due, key=f"poll:{row.id}")
    return row


async def _twin(session: AsyncSession, case: Case, wanted: PollIn, place: str) -> Poll | None:
    """The same times for the same meeting, which are offered already."""
    same = select(Poll).where(Poll.case_id == case.id, Poll.state == "open", Poll.purpose == wanted.purpose)
    for row in await session.scalars(same.where(Poll.place == place, Poll.kind == wanted.kind.value)):
        times = await session.scalars(select(PollTime.starts_at).where(PollTime.poll_id == row.id))
        if set(times) == set(wanted.times):
            return row
    return None


@jobs.handles(REMIND)
async def remind(session: AsyncSession, payload: dict[str, Any]) -> None:
    """Once more to those who have not answered."""
    row = await session.get(Poll, payload["poll"])
    if row is None or row.state != "open":
        return
    case = await session.get_one(Case, row.case_id)
    answered = set(await session.scalars(select(PollAnswer.party_id).where(PollAnswer.poll_id == row.id)))
    states = [state for state in await cases.party_states(session, case) if state.row.id not in answered]
    await cases.tell_parties(session, case, states, "meeting:times:waiting", _ASK)


async def pick(session: AsyncSession, actor: Actor, pid: str, wanted: PickIn) -> Poll:
    """What suits the caller's party; said again, the last word counts. The mediator writes it down with `pick_for`.

    Raises NotFound, Forbidden, Conflict (fixed), Invalid."""
    view, row = await access.poll(session, actor, pid)
    if view.principal is None:
        raise Forbidden(_("时间由当事人自己选。"))
    return await _answer(session, actor, view, row, view.principal, wanted, Channel.WEB)


async def pick_for(session: AsyncSession, actor: Actor, pid: str, party_pid: str, wanted: PickIn) -> Poll:
    """The mediator writes down what a party said by telephone. Raises what `pick` raises."""
    view, row = await access.poll(session, actor, pid)
    access.need_mediator(view)
    party = next((one for one in await cases.parties_of(session, view.case) if one.pid == party_pid), None)
    if party is None:
        raise Invalid({"party": _("请选择是哪一位当事人。")})
    return await _answer(session, actor, view, row, party, wanted, Channel.PHONE)


async def _answer(
    session: AsyncSession, actor: Actor, view: View, row: Poll, party: Party, wanted: PickIn, channel: Channel
) -> Poll:
    wanted.check()
    await cases.hold(session, view.case)
    await session.refresh(row)
    if row.state != "open":
        raise Conflict(_("会面的时间已经定了，请看最新的安排。"), code="fixed")
    times = {one.pid: one for one in await session.scalars(select(PollTime).where(PollTime.poll_id == row.id))}
    if set(wanted.times) - set(times):
        raise Invalid({"times": _("请从给出的时间里选。")})
    chosen = [times[one].id for one in wanted.times]
    query = select(PollAnswer).where(PollAnswer.poll_id == row.id, PollAnswer.party_id == party.id)
    answer = await session.scalar(query)
    if answer is None:
        answer = PollAnswer(poll_id=row.id, party_id=party.id, by_person_id=actor.person_id)
        session.add(answer)
    answer.times, answer.note, answer.by_person_id, answer.at = chosen, wanted.note, actor.person_id, clock.now()
    await session.flush()
    await cases.event(
        session, actor, view.case, "meeting:times:picked", role=view.role, channel=channel, audience=party.side,
        note=f"{Side(party.side).zh}选了方便的会面时间。", detail={"poll": row.pid},
    )  # fmt: skip
    answered = set(await session.scalars(select(PollAnswer.party_id).where(PollAnswer.poll_id == row.id)))
    if {one.id for one in await cases.parties_of(session, view.case)} <= answered:
        await cases.tell_mediator(session, view.case, "meeting:times:complete", _ALL)
    return row


async def fix(session: AsyncSession, actor: Actor, pid: str, wanted: FixIn) -> Meeting:
    """This time it is: the meeting is planned, and everybody is told. Raises NotFound, Forbidden, Conflict, Invalid."""
    seen, row = await access.poll(session, actor, pid)
    view = await service.for_planning(session, actor, seen.case.pid, None)
    await session.refresh(row)
    _need_open(row)
    time = await session.scalar(select(PollTime).where(PollTime.poll_id == row.id, PollTime.pid == wanted.time))
    if time is None:
        raise Invalid({"time": _("请从给出的时间里选。")})
    if time.starts_at <= clock.now():
        raise Invalid({"time": _("这个时间已经过去了。请选另一个，或者重新约。")})
    where = Where.model_construct(
        kind=Kind(row.kind), purpose=row.purpose, place=row.place, at_body=None, link=row.link, phone=row.phone
    )
    meeting = await service.appoint(session, actor, view, where, row.place, time.starts_at, None)
    row.state, row.meeting_id = "fixed", meeting.id
    await session.flush()
    await jobs.cancel(session, f"poll:{row.id}")
    return meeting


async def drop(session: AsyncSession, actor: Actor, pid: str) -> None:
    """These times are offered no longer. Raises NotFound, Forbidden, Conflict."""
    view, row = await access.poll(session, actor, pid)
    access.need_mediator(view)
    await cases.hold(session, view.case)
    await session.refresh(row)
    _need_open(row)
    row.state = "dropped"
    await session.flush()
    await jobs.cancel(session, f"poll:{row.id}")
    await cases.event(
        session, actor, view.case, "meeting:times:dropped", role=CaseRole.MEDIATOR,
        note="调解员收回了给出的会面时间。", detail={"poll": row.pid},
    )  # fmt: skip


def _need_open(row: Poll) -> None:
    if row.state != "open":
        raise Conflict(_("会面的时间已经定了，或者已经收回。"), code="not_open")


@cases.adds_work
async def work(session: AsyncSession, actor: Actor) -> list[dict[str, Any]]:
    """Polls in which everybody has answered, for the mediator to fix."""
    if not actor.has_role(Role.MEDIATOR):
        return []
    query = select(Poll, Case).join(Case, Case.id == Poll.case_id)
    rows = (await session.execute(query.where(Poll.state == "open", Poll.case_id.in_(mediated_by(actor))))).all()
    ids = [row.id for row, _case in rows]
    given = select(PollAnswer.poll_id, PollAnswer.party_id).where(PollAnswer.poll_id.in_(ids))
    answered = {(poll_id, party_id) for poll_id, party_id in await session.execute(given)}
    seated = select(Party.case_id, Party.id).where(
        Party.case_id.in_([case.id for _row, case in rows]), Party.ended_at.is_(None), Party.acts_for_id.is_(None)
    )
    parties: dict[int, list[int]] = {}
    for case_id, party_id in await session.execute(seated):
        parties.setdefault(case_id, []).append(party_id)
    names = await cases.between(session, [case for _row, case in rows])
    cells = []
    for row, case in rows:
        if not all((row.id, party_id) in answered for party_id in parties.get(case.id, ())):
            continue
        cells.append(
            {
                "text": _("定会面时间：%(title)s", title=case.title),
                "note": f"{names.get(case.id, '')} · {row.purpose}",
                "href": service.link(case) + f"/times/{row.pid}",
                "icon": "calendar",
                "badge": _("都选好了"),
                "tone": "attention",
            }
        )
    return cells
