"""A form that is sent again, because its answer was lost in a lift or somebody went back, does nothing a second time:
no row, no line in the room, no notice."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from odr.agreements.models import Clause, ClauseProposal, ReturnVisit
from odr.agreements.offer_models import Offer
from odr.core import clock, outbox
from odr.factsheet.models import Fact
from odr.meetings.models import Meeting, Poll
from odr.rooms.models import Message
from tests.agreements.story import Story, begun
from tests.agreements.test_offers import _start
from tests.agreements.test_pages import _agreement, _post
from tests.cast import Cast, Member

pytestmark = pytest.mark.one_engine
COUNTED = (Clause, ClauseProposal, Offer, ReturnVisit, Fact, Meeting, Poll, Message, outbox.Outbox)


async def _counts(story: Story) -> dict[str, int]:
    async with story.db.read() as session:
        found = {one.__name__: await session.scalar(select(func.count()).select_from(one)) or 0 for one in COUNTED}
        # Lines of the cases wait for the journal, which no test of pages runs.
        found["jobs"] = await session.scalar(text("SELECT count(*) FROM jobs")) or 0
        return found


async def _twice(story: Story, who: Member, path: str, **values: Any) -> str:
    """Send it, send it again, then something else: what is new, is new."""
    before = await _counts(story)
    await _post(who, path, **values)
    once = await _counts(story)
    await _post(who, path, **values)
    assert await _counts(story) == once, path
    return next(name for name in once if once[name] > before[name] and name not in ("Outbox", "Message", "jobs"))


def _wall(days: float) -> str:
    return f"{clock.local(clock.now() + timedelta(days=days)):%Y-%m-%dT%H:%M}"


async def test_nothing_is_done_twice(db: Any, cast: Cast) -> None:
    story = await begun(db, cast)
    at, board = f"/cases/{story.case}", f"/cases/{story.case}/agreement"
    assert await _twice(story, cast.applicant, f"{at}/facts/new", text="3月1日付款 2600 元。", kind="agreed") == "Fact"
    assert await _twice(story, cast.mediator, f"{at}/facts/new", text="3月1日付款 2600 元。", kind="agreed") == "Fact"

    await _post(cast.mediator, board, form="written")
    due = str(clock.today() + timedelta(days=9))
    pays = {"kind": "pay", "obligor": story.respondent, "obligee": story.applicant, "amount": "2600", "due_on": due}
    clause = pays | {"agreement": (await _agreement(story)).pid, "text": "退还改造费。", "manner": "微信"}
    assert await _twice(story, cast.mediator, f"{board}/clauses/new", **clause) == "Clause"
    assert await _twice(story, cast.mediator, f"{board}/clauses/new", **(clause | {"amount": "2500"})) == "Clause"
    idea = pays | {"audience": "private", "text": "分两次退还。", "note": "手头紧"}
    assert await _twice(story, cast.respondent, f"{board}/proposals/new", **idea) == "ClauseProposal"
    assert await _twice(story, cast.respondent, f"{board}/proposals/new", **(idea | {"note": ""})) == "ClauseProposal"
    rounds = await _start(story, "open")
    for amount in ("2000", "1900"):
        wanted = {"round": rounds, "amount": amount, "aside": "最多到 2100"}
        assert await _twice(story, cast.respondent, f"{board}/offers/sums", **wanted) == "Offer"

    where = {"kind": "onsite", "purpose": "看票据", "place": "社区", "side": "all"}
    assert await _twice(story, cast.mediator, f"{at}/meetings/new", starts_at=_wall(1), **where) == "Meeting"
    times = {"time-1": _wall(2), "time-2": _wall(3)}
    del where["side"]
    assert await _twice(story, cast.mediator, f"{at}/meetings/times", **where, **times) == "Poll"
    past = where | {"side": "applicant", "kind": "phone", "starts_at": _wall(-1), "minutes": "说了票据的事。"}
    assert await _twice(story, cast.mediator, f"{at}/meetings/past", **past) == "Meeting"
    assert await _twice(story, cast.mediator, f"{at}/meetings/past", **(past | {"minutes": "又说了。"})) == "Meeting"


async def test_a_visit_is_written_down_once(db: Any, cast: Cast) -> None:
    story = await begun(db, cast)
    await story.effective()
    visit = {"party": story.applicant, "channel": "phone", "performed": "no", "satisfaction": "2", "note": "还没有付"}
    path = f"/cases/{story.case}/visits"
    assert await _twice(story, cast.mediator, path, visited_at=_wall(-0.001), **visit) == "ReturnVisit"
