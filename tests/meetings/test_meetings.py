"""Meetings in the same file: planned, held, minuted, confirmed; and what happened offline, written down later."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from odr.cases import access as cases
from odr.cases import service as case_service
from odr.core import clock, jobs, outbox
from odr.core.db import Database
from odr.core.errors import Conflict, Forbidden, Invalid, NotFound
from odr.meetings import access, service
from odr.meetings.models import Meeting
from odr.meetings.schemas import HoldIn, MinutesIn, PastIn, PlanIn
from tests.agreements.story import Story, begun
from tests.cast import Cast, Member

SECRET = "其实两千我也认"


@pytest.fixture
async def story(db: Database, cast: Cast) -> Story:
    return await begun(db, cast)


def _plan(**changed: Any) -> PlanIn:
    given = {
        "kind": "onsite",
        "purpose": "当面看票据",
        "place": "海达社区调解室",
        "starts_at": clock.now() + timedelta(days=3),
    }
    return PlanIn.model_validate(given | changed)


async def _planned(story: Story, **changed: Any) -> str:
    async with story.db.write() as session:
        return (await service.plan(session, story.cast.mediator.actor, story.case, _plan(**changed))).pid


async def _held(story: Story, **changed: Any) -> str:
    pid = await _planned(story, **changed)
    with clock.shifted(timedelta(days=3, hours=1)):
        async with story.db.write() as session:
            present = HoldIn.model_validate({"present": {story.applicant: "onsite", story.respondent: "phone"}})
            await service.hold(session, story.cast.mediator.actor, pid, present)
            await service.minute(session, story.cast.mediator.actor, pid, MinutesIn(minutes="双方看了票据。"))
    return pid


async def _shown(story: Story, who: Member, pid: str) -> dict[str, Any]:
    async with story.db.read() as session:
        view, meeting = await access.for_reading(session, who.actor, pid)
        return service.public(view, await service.show(session, view, meeting))


async def _confirm(story: Story, who: Member, pid: str, sha256: str) -> None:
    async with story.db.write() as session:
        await service.confirm(session, who.actor, pid, sha256)


async def test_a_meeting_is_told_neutrally_and_reminded_of_a_day_before(story: Story) -> None:
    await _planned(story)
    assert "海达社区调解室" in "".join(await story.lines(story.cast.applicant))
    with clock.shifted(timedelta(days=2, hours=1)):
        await jobs.run_due(story.db)
        async with story.db.read() as session:
            rows = [(row.tag, row.channel, row.text) for row in await session.scalars(select(outbox.Outbox))]
    told = [text for tag, channel, text in rows if channel == "sms" and tag.startswith("meeting:")]
    assert len(told) == 8  # two parties and their agents, twice
    for words in told:
        assert not any(word in words for word in ("王某某", "李某", "燃气", "票据", "海达"))


async def test_each_party_that_was_there_confirms_the_minutes_and_a_change_asks_again(story: Story) -> None:
    pid = await _held(story)
    sha = (await _shown(story, story.cast.applicant, pid))["sha256"]
    await _confirm(story, story.cast.applicant, pid, sha)
    await _confirm(story, story.cast.respondent_agent, pid, sha)
    async with story.db.read() as session:
        view, meeting = await access.for_reading(session, story.cast.mediator.actor, pid)
        assert (await service.show(session, view, meeting)).all_confirmed
    async with story.db.write() as session:
        await service.minute(session, story.cast.mediator.actor, pid, MinutesIn(minutes="双方看了票据，并约定再谈。"))
    shown = await _shown(story, story.cast.applicant, pid)
    assert [seat["confirmed"] for seat in shown["attendance"]] == [False, False]
    with pytest.raises(Conflict, match="改过"):
        await _confirm(story, story.cast.applicant, pid, sha)


async def test_who_was_absent_confirms_nothing(story: Story) -> None:
    pid = await _planned(story)
    with clock.shifted(timedelta(days=3, hours=1)):
        async with story.db.write() as session:
            present = HoldIn.model_validate({"present": {story.applicant: "onsite", story.respondent: "absent"}})
            await service.hold(session, story.cast.mediator.actor, pid, present)
            await service.minute(session, story.cast.mediator.actor, pid, MinutesIn(minutes="一方到场。"))
    sha = (await _shown(story, story.cast.respondent, pid))["sha256"]
    with pytest.raises(Forbidden):
        await _confirm(story, story.cast.respondent, pid, sha)


async def test_a_talk_with_one_side_is_not_there_for_the_other(story: Story) -> None:
    async with story.db.write() as session:
        wanted = PastIn.model_validate(
            {
                "kind": "visit", "side": "respondent", "purpose": "上门听意见", "place": "七号楼",
                "starts_at": clock.now() - timedelta(days=1), "minutes": SECRET,
                "present": {story.respondent: "onsite"},
            }
        )  # fmt: skip
        pid = (await service.record_past(session, story.cast.mediator.actor, story.case, wanted)).pid
    assert (await _shown(story, story.cast.respondent, pid))["minutes"] == SECRET
    for who in ("applicant", "applicant_agent", "centre_clerk", "stranger", "auditor", "other_mediator"):
        with pytest.raises(NotFound):
            await _shown(story, story.cast.everybody()[who], pid)
    for who in (story.cast.applicant, story.cast.applicant_agent):
        async with who.program() as client:
            for path in (f"/api/v1/cases/{story.case}/meetings", f"/api/v1/cases/{story.case}"):
                answer = (await client.get(path)).text
                assert SECRET not in answer
                assert "七号楼" not in answer
        async with story.db.read() as session:
            view = await cases.for_reading(session, who.actor, story.case)
            assert not any("七号楼" in entry.place for entry in await case_service.timeline(session, view))
    joint = "".join(await story.lines(story.cast.applicant))
    assert "上门" not in joint
    assert SECRET not in joint


async def test_minutes_are_sealed_at_rest(story: Story) -> None:
    pid = await _held(story)
    async with story.db.connection() as connection:
        raw = (await connection.execute(text("SELECT minutes FROM meetings WHERE pid = :pid"), {"pid": pid})).scalar()
    assert "双方看了票据".encode() not in bytes(raw)


async def test_a_call_of_last_week_stands_in_the_timeline_with_its_channel_and_real_time(story: Story) -> None:
    when = clock.now() - timedelta(days=7)
    async with story.db.write() as session:
        wanted = PastIn.model_validate(
            {"kind": "phone", "purpose": "电话沟通", "starts_at": when, "minutes": "他说周五有空。"}
        )
        meeting = await service.record_past(session, story.cast.mediator.actor, story.case, wanted)
    assert meeting.recorded_later
    async with story.db.read() as session:
        view = await cases.for_reading(session, story.cast.mediator.actor, story.case)
        entry = (await case_service.timeline(session, view))[-1]
        row = (await session.scalars(select(Meeting))).one()
        assert row.starts_at == when
    assert entry.channel == "phone"


async def test_who_plans_and_who_reads(story: Story) -> None:
    given = _plan().model_dump(mode="json")
    readers = {"applicant", "respondent", "applicant_agent", "respondent_agent", "mediator", "body_clerk"}
    for who, member in story.cast.everybody().items():
        async with member.program() as client:
            answer = await client.post(f"/api/v1/cases/{story.case}/meetings", json=given)
            assert answer.status_code == (201 if who == "mediator" else 403 if who in readers else 404), who
            answer = await client.get(f"/api/v1/cases/{story.case}/meetings")
            assert answer.status_code == (200 if who in readers else 404), who


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"starts_at": "2026-02-30T10:00"}, "starts_at"),
    ({"starts_at": "2001-01-01T10:00"}, "starts_at"),
    ({"starts_at": "2999-01-01T10:00"}, "starts_at"),
    ({"starts_at": ""}, "starts_at"),
    ({"place": ""}, "place"),
    ({"purpose": ""}, "purpose"),
    ({"kind": "telepathy"}, "kind"),
    ({"side": "nobody"}, "side"),
]


async def test_each_wrong_field_of_a_meeting_is_named(story: Story) -> None:
    async with story.cast.mediator.program() as client:
        for wrong, field in WRONG:
            given = _plan().model_dump(mode="json") | wrong
            answer = await client.post(f"/api/v1/cases/{story.case}/meetings", json=given)
            assert answer.status_code == 422, wrong
            assert field in answer.json()["error"]["fields"], wrong


async def test_a_cancelled_meeting_is_not_held(story: Story) -> None:
    pid = await _planned(story)
    async with story.db.write() as session:
        await service.cancel(session, story.cast.mediator.actor, pid, "一方生病")
        with pytest.raises(Conflict):
            await service.hold(
                session, story.cast.mediator.actor, pid, HoldIn.model_validate({"present": {story.applicant: "onsite"}})
            )


async def test_only_those_of_the_meeting_can_have_come(story: Story) -> None:
    pid = await _planned(story)
    wanted = HoldIn.model_validate({"present": {"nobody": "onsite"}})
    with clock.shifted(timedelta(days=4)):
        async with story.db.write() as session:
            with pytest.raises(Invalid):
                await service.hold(session, story.cast.mediator.actor, pid, wanted)
