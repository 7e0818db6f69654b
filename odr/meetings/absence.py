"""Somebody did not come: what follows, the same for both sides. After the first time another time is sought; after the
second the others are told that they may end the mediation, as they may at any time (人民调解法 Art. 23). Nobody is
blamed in a notice, and nothing ends by itself."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.models import Person
from odr.cases.access import View
from odr.cases.models import Case, Party
from odr.core import outbox
from odr.meetings.models import Attendance, Meeting
from odr.meetings.schemas import Presence

MISSING = (Presence.ABSENT, Presence.EXCUSED)
_AGAIN = "约好的会面没有开成，调解员会再约一次时间，请登录“我的纠纷”查看。"
_MAY_END = "约好的会面又没有开成。您可以再等一次，也可以随时结束调解，走其他途径，请登录“我的纠纷”查看。"


class Step(StrEnum):
    """What is fair next."""

    NONE = "none"
    AGAIN = "again"
    MAY_END = "may_end"


def next_step(missed: int) -> Step:
    """By how often somebody did not come without a word before."""
    return Step.NONE if missed <= 0 else Step.AGAIN if missed == 1 else Step.MAY_END


async def counts(session: AsyncSession, case_id: int, side: str | None = None) -> dict[int, int]:
    """How often each party did not come, without a word before, in this case; `side`: to talks with that side alone."""
    query = (
        select(Attendance.party_id, func.count())
        .join(Meeting, Meeting.id == Attendance.meeting_id)
        .where(Meeting.case_id == case_id, Meeting.state.in_(("held", "missed")))
        .where(Meeting.side.is_(None) if side is None else Meeting.side == side)
        .where(Attendance.present == Presence.ABSENT.value)
    )
    rows = await session.execute(query.group_by(Attendance.party_id))
    return dict(rows.all())


async def step_of(session: AsyncSession, meeting: Meeting) -> Step:
    """What follows from this meeting."""
    if meeting.state != "missed":
        return Step.NONE
    absent = await _absent(session, meeting)
    if not absent:
        return Step.AGAIN  # excused, or nobody was named: simply another time
    missed = await counts(session, meeting.case_id, meeting.side)
    return next_step(max(missed.get(party_id, 0) for party_id in absent))


async def _absent(session: AsyncSession, meeting: Meeting) -> set[int]:
    query = select(Attendance.party_id).where(
        Attendance.meeting_id == meeting.id, Attendance.present == Presence.ABSENT.value
    )
    return set(await session.scalars(query))


async def follow(session: AsyncSession, view: View, meeting: Meeting) -> None:
    """Tell those of the meeting what comes next, in the same words for each."""
    step = await step_of(session, meeting)
    if step is Step.NONE:
        return
    absent = await _absent(session, meeting)
    of_it = set(await session.scalars(select(Attendance.party_id).where(Attendance.meeting_id == meeting.id)))
    if step is Step.MAY_END:
        await _tell(session, view.case, of_it - absent, "meeting:missed:again", _MAY_END)
        of_it = absent
    await _tell(session, view.case, of_it, "meeting:missed", _AGAIN)


async def _tell(session: AsyncSession, case: Case, party_ids: Iterable[int], tag: str, text: str) -> None:
    ids = list(party_ids)
    rows = await session.scalars(
        select(Person)
        .join(Party, Party.person_id == Person.id)
        .where(Party.id.in_(ids) | Party.acts_for_id.in_(ids), Party.ended_at.is_(None))
        .distinct()
    )
    for person in rows.all():
        more: dict[str, Any] = {"tag": tag, "text": text, "person_id": person.id, "thing": f"case:{case.pid}"}
        await outbox.post(session, outbox.Channel.IN_APP, address="", link=f"/cases/{case.pid}/meetings", **more)
        if person.phone is not None:
            await outbox.post(session, outbox.Channel.SMS, address=person.phone, **more)
