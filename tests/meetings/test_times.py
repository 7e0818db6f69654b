"""A time that suits both, places and links, who does not come, and what was signed at the door."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from odr.cases.models import CaseEvent
from odr.core import clock, jobs, outbox
from odr.core.db import Database
from odr.core.errors import Conflict, Forbidden, Invalid, NotFound
from odr.core.templating import moment
from odr.evidence import service as evidence
from odr.meetings import absence, access, polls, service
from odr.meetings.models import Meeting, Poll
from odr.meetings.schemas import FixIn, HoldIn, PastIn, PickIn, PlanIn, PollIn, SheetIn
from tests.agreements.story import Story, begun
from tests.cast import CSRF, Cast, Member

NOTE = "周二要去化疗"


@pytest.fixture
async def story(db: Database, cast: Cast) -> Story:
    return await begun(db, cast)


def _times(*days: int) -> list[datetime]:
    start = clock.now().replace(minute=0, second=0, microsecond=0)
    return [start + timedelta(days=n) for n in days]


async def _offered(story: Story, **changed: Any) -> Poll:
    given = {"kind": "onsite", "purpose": "当面看票据", "place": "海达社区", "times": _times(3, 4, 5)}
    async with story.db.write() as session:
        wanted = PollIn.model_validate(given | changed)
        return await polls.offer(session, story.cast.mediator.actor, story.case, wanted)


async def _shown(story: Story, who: Member, pid: str) -> dict[str, Any]:
    async with story.db.read() as session:
        view, row = await access.poll(session, who.actor, pid)
        return polls.public(view, await polls.show(session, view, row))


async def _pick(story: Story, who: Member, poll: Poll, *numbers: int, **more: Any) -> None:
    times = [one["id"] for one in (await _shown(story, who, poll.pid))["times"]]
    wanted = PickIn.model_validate({"times": [times[n] for n in numbers]} | more)
    async with story.db.write() as session:
        await polls.pick(session, who.actor, poll.pid, wanted)


async def _waiting(who: Member, story: Story) -> list[str]:
    """What the page of the case says is to be done, beside the case's own next step."""
    async with who.program() as client:
        found = (await client.get(f"/api/v1/cases/{story.case}")).json()["waiting"]
    async with who.browser() as browser:
        page = (await browser.get(f"/cases/{story.case}")).text
    assert ("等您办的" in page) is bool(found)
    assert all(one["href"] in page for one in found)
    return [one["text"] for one in found]


async def test_each_side_picks_unseen_by_the_other_and_the_mediator_fixes_the_best(story: Story) -> None:
    cast = story.cast
    poll = await _offered(story)
    assert await _waiting(cast.applicant, story) == ["请您选会面的时间"]
    await _pick(story, cast.applicant, poll, 0, 2, note=NOTE)
    assert await _waiting(cast.applicant, story) == []
    assert await _waiting(cast.respondent_agent, story) == ["请您选会面的时间"]
    assert await _waiting(cast.mediator, story) == []
    await _pick(story, cast.respondent_agent, poll, 1, 2)
    mediator = await _shown(story, cast.mediator, poll.pid)
    assert mediator["best"] == mediator["times"][2]["id"]
    assert mediator["waiting"] == []
    assert mediator["notes"][0]["note"] == NOTE
    for who, chosen in (("applicant", [True, False, True]), ("respondent", [False, True, True])):
        told = await _shown(story, cast.everybody()[who], poll.pid)
        assert [one["chosen"] for one in told["times"]] == chosen
        assert not {"best", "waiting", "notes"} & set(told)
        assert all("suits" not in one for one in told["times"])
    for who in ("respondent", "respondent_agent", "stranger", "centre_clerk", "auditor", "other_mediator"):
        member = cast.everybody()[who]
        async with member.program() as client:
            for path in (f"/cases/{story.case}", f"/cases/{story.case}/meeting-polls", f"/cases/{story.case}/meetings"):
                answer = await client.get(f"/api/v1{path}")
                assert NOTE not in answer.text, (who, path)
                assert not re.search("(?<!被)申请人选了", answer.text), (who, path)
    async with story.db.connection() as connection:
        raw = (await connection.execute(text("SELECT note FROM meeting_poll_answers"))).scalars().all()
    assert not any(NOTE.encode() in bytes(one) for one in raw)
    async with story.db.write() as session:
        with pytest.raises(Forbidden):
            await polls.fix(session, cast.applicant.actor, poll.pid, FixIn(time=mediator["best"]))
    async with story.db.write() as session:
        meeting = await polls.fix(session, cast.mediator.actor, poll.pid, FixIn(time=mediator["best"]))
    assert meeting.starts_at == _times(5)[0]
    assert await _waiting(cast.applicant, story) == [f"{moment(meeting.starts_at)} 会面"]
    with pytest.raises(Conflict):
        await _pick(story, cast.applicant, poll, 0)
    async with story.db.read() as session:
        rows = list(await session.scalars(select(outbox.Outbox).where(outbox.Outbox.tag.like("meeting:%"))))
        tags = {row.tag for row in rows}
        assert {"meeting:times:offered", "meeting:times:complete", "meeting:planned"} <= tags
        for row in rows:
            assert not any(word in row.text for word in ("王某某", "李某", "燃气", "票据", "海达", "化疗"))


async def test_who_has_not_answered_is_reminded_and_the_mediator_may_write_it_down(story: Story) -> None:
    cast = story.cast
    poll = await _offered(story)
    await _pick(story, cast.applicant, poll, none=True)
    async with story.db.write() as session:
        await session.execute(text("DELETE FROM outbox"))
    with clock.shifted(timedelta(days=1, hours=1)):
        await jobs.run_due(story.db)
    async with story.db.read() as session:
        reminded = list(
            await session.scalars(select(outbox.Outbox).where(outbox.Outbox.tag == "meeting:times:waiting"))
        )
    assert {row.person_id for row in reminded} == {cast.respondent.id, cast.respondent_agent.id}
    times = [one["id"] for one in (await _shown(story, cast.mediator, poll.pid))["times"]]
    for who, error in (("applicant", Forbidden), ("body_clerk", Forbidden), ("stranger", NotFound)):
        async with story.db.write() as session:
            with pytest.raises(error):
                actor = cast.everybody()[who].actor
                await polls.pick_for(session, actor, poll.pid, story.respondent, PickIn(times=times[:1]))
    async with story.db.write() as session:
        wanted = PickIn(times=times[:1], note="电话里说的")
        await polls.pick_for(session, cast.mediator.actor, poll.pid, story.respondent, wanted)
    assert (await _shown(story, cast.mediator, poll.pid))["best"] == times[0]
    async with story.db.write() as session:
        await polls.drop(session, cast.mediator.actor, poll.pid)
    async with story.cast.applicant.program() as client:
        assert (await client.get(f"/api/v1/cases/{story.case}/meeting-polls")).json() == []


def test_the_best_time_suits_most_and_is_the_earliest_of_equals() -> None:
    now = datetime(2026, 11, 26, tzinfo=UTC)
    times = [(n, now + timedelta(days=n)) for n in (1, 2, 3)]
    assert polls.best(times, {10: [3, 2], 11: [2, 3]}, now) == 2
    assert polls.best(times, {10: [1], 11: [3]}, now) == 1
    assert polls.best(times, {10: [1], 11: [3]}, now + timedelta(days=1)) == 3
    assert polls.best(times, {10: [], 11: []}, now) is None
    assert polls.best(times, {}, now) is None


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"times": []}, "times"),
    ({"times": ["2001-01-01T10:00", "2001-01-02T10:00"]}, "times.0"),
    ({"times": ["2026-02-30T10:00"]}, "times.0"),
    ({"link": "javascript:alert(1)"}, "link"),
    ({"link": "ftp://a.example/x"}, "link"),
    ({"link": "https://user:pw@a.example"}, "link"),
    ({"link": "https://"}, "link"),
    ({"link": "https://a.example/x y"}, "link"),
    ({"link": "https://a.example:99999/"}, "link"),
    ({"link": "https://a.example/" + "x" * 300}, "link"),
    ({"phone": "打我电话"}, "phone"),
    ({"at_body": "nowhere"}, "at_body"),
    ({"place": ""}, "place"),
]


async def test_each_wrong_field_of_an_offer_is_named_and_nothing_typed_is_lost(story: Story) -> None:
    good = {"kind": "onsite", "purpose": "看票据", "place": "社区", "times": [t.isoformat() for t in _times(2, 3)]}
    async with story.cast.mediator.program() as client:
        at = f"/api/v1/cases/{story.case}/meeting-polls"
        for wrong, field in WRONG:
            answer = await client.post(at, json=good | wrong)
            assert answer.status_code == 422, wrong
            assert field in answer.json()["error"]["fields"], (wrong, answer.text)
        for times in ([good["times"][0]], [good["times"][0]] * 2):
            assert (await client.post(at, json=good | {"times": times})).status_code == 422
        place = {"place": "201 室", "at_body": story.cast.body_pid, "link": "https://meet.example/abc?x=1"}
        made = (await client.post(at, json=good | place)).json()
        assert made["place"].endswith("201 室")
        assert made["link"] == "https://meet.example/abc?x=1"
    async with story.cast.mediator.browser() as browser:
        values = {"csrf": CSRF, "kind": "onsite", "purpose": "看票据", "place": "社区", "time-1": "2026-02-30T10:00"}
        again = await browser.post(f"/cases/{story.case}/meetings/times", data=values)
        assert again.status_code == 422
        assert "f-time-1" in again.text
        assert "看票据" in again.text
    async with story.cast.applicant.browser() as browser:
        page = await browser.get(f"/cases/{story.case}/meetings")
        assert "现在选" in page.text
        shown = await browser.get(f"/cases/{story.case}/meetings/times/{made['id']}")
        assert "对方看不到" in shown.text
        refused = await browser.post(f"/cases/{story.case}/meetings/times/{made['id']}/picks", data={"csrf": CSRF})
        assert refused.status_code == 422
        data = {"csrf": CSRF, "times": made["times"][0]["id"]}
        done = await browser.post(f"/cases/{story.case}/meetings/times/{made['id']}/picks", data=data)
        assert done.status_code == 303


async def _planned(story: Story, **changed: Any) -> str:
    given = {"kind": "onsite", "purpose": "看票据", "place": "社区", "starts_at": clock.now() + timedelta(days=1)}
    async with story.db.write() as session:
        wanted = PlanIn.model_validate(given | changed)
        return (await service.plan(session, story.cast.mediator.actor, story.case, wanted)).pid


async def _hold(story: Story, pid: str, opened: bool, **how: str) -> None:
    present = {getattr(story, name): word for name, word in how.items()}
    late = {story.applicant: 20} if how.get("applicant") == "onsite" else {}
    async with story.db.write() as session:
        wanted = HoldIn.model_validate({"present": present, "late": late, "opened": opened})
        await service.hold(session, story.cast.mediator.actor, pid, wanted)


async def _told(story: Story, tag: str) -> set[int | None]:
    async with story.db.read() as session:
        return set(await session.scalars(select(outbox.Outbox.person_id).where(outbox.Outbox.tag == tag)))


async def test_who_does_not_come_once_is_asked_again_and_after_twice_the_others_may_end_it(story: Story) -> None:
    cast = story.cast
    everybody = {cast.applicant.id, cast.applicant_agent.id, cast.respondent.id, cast.respondent_agent.id}
    first, second, third = [await _planned(story) for _n in range(3)]
    with clock.shifted(timedelta(days=1, hours=1)):
        with pytest.raises(Invalid) as refused:
            await _hold(story, first, False, applicant="onsite", respondent="online")
        assert "大家都来了" in refused.value.fields["opened"]
        await _hold(story, first, False, applicant="onsite", respondent="absent")
        assert await _told(story, "meeting:missed") == everybody
        assert await _told(story, "meeting:missed:again") == set()
        await _hold(story, second, False, applicant="onsite", respondent="excused")  # said so before: no second time
        assert await _told(story, "meeting:missed:again") == set()
        await _hold(story, third, False, applicant="onsite", respondent="absent")
        assert await _told(story, "meeting:missed:again") == {cast.applicant.id, cast.applicant_agent.id}
    async with story.db.read() as session:
        meeting = (await session.scalars(select(Meeting).where(Meeting.pid == third))).one()
        assert await absence.step_of(session, meeting) is absence.Step.MAY_END
        notes = [row.note for row in await session.scalars(select(CaseEvent)) if row.tag == "meeting:sitting:missed"]
        texts = [row.text for row in await session.scalars(select(outbox.Outbox)) if "missed" in row.tag]
    assert len(notes) == 3
    assert not any(name in words for words in (*notes, *texts) for name in ("王某某", "李某", "被申请人", "申请人"))
    async with cast.applicant.browser() as browser:
        page = (await browser.get(f"/cases/{story.case}/meetings/{third}")).text
        assert "随时结束调解" in page
    async with cast.respondent.browser() as browser:
        page = (await browser.get(f"/cases/{story.case}/meetings/{third}")).text
        assert "第 2 次" not in page
    async with cast.mediator.browser() as browser:
        page = (await browser.get(f"/cases/{story.case}/meetings/{third}")).text
        assert f"times?after={third}" in page
        again = (await browser.get(f"/cases/{story.case}/meetings/times?after={third}")).text
        assert "看票据" in again


async def test_who_came_is_said_by_the_mediator_alone_and_can_be_put_right(story: Story) -> None:
    """Nothing is chosen beforehand, a repeat tells nobody twice, and what nobody came to was not held."""
    pid = await _planned(story)
    at = f"/cases/{story.case}/meetings/{pid}"

    async def known() -> tuple[str, dict[str, str], list[str], int]:
        async with story.db.read() as session:
            view, row = await access.for_reading(session, story.cast.mediator.actor, pid)
            seats = (await service.show(session, view, row)).seats
            tags = [one.tag for one in await session.scalars(select(CaseEvent)) if "sitting" in one.tag]
            told = [one for one in await session.scalars(select(outbox.Outbox)) if one.tag == "meeting:missed"]
        return row.state, {seat.party.pid: seat.presence.value for seat in seats}, tags[1:], len(told)

    with clock.shifted(timedelta(days=1, hours=3)):
        async with story.db.read() as session:
            (cell,) = await service.unregistered(session, story.cast.mediator.actor)
            assert (cell["href"], "王某某" in cell["note"]) == (at, True), "the desk asks for what nobody registered"
            assert await service.unregistered(session, story.cast.other_mediator.actor) == []
    # The page is opened in its own time; a login of tomorrow is not this one's.
    async with story.db.write() as session:
        await session.execute(text("UPDATE meetings SET starts_at = created_at"))
    async with story.cast.mediator.browser() as browser:
        page = (await browser.get(at)).text
        assert page.count('<option value="">请选择</option>') == 2, "nobody is there before it is said"
        blank = {"csrf": CSRF, f"present-{story.applicant}": "", f"present-{story.respondent}": ""}
        refused = await browser.post(f"{at}/attendance", data=blank)
        assert refused.status_code == 422
        assert refused.text.count("field--invalid") == 2
        nobody = {"csrf": CSRF, f"present-{story.applicant}": "absent", f"present-{story.respondent}": "excused"}
        refused = await browser.post(f"{at}/attendance", data=nobody | {"opened": "yes"})
        assert refused.status_code == 422
        assert "没有一个人参加" in refused.text
        assert (await known())[:3] == ("planned", {story.applicant: "unknown", story.respondent: "unknown"}, [])
        for _twice in range(2):
            assert (await browser.post(f"{at}/attendance", data=nobody | {"opened": "no"})).status_code == 303
        state, _seats, tags, told = await known()
        assert (state, tags) == ("missed", ["meeting:sitting:missed"])
        assert "改登记" in (await browser.get(at)).text
        came = nobody | {f"present-{story.applicant}": "onsite", "opened": "yes"}
        await browser.post(f"{at}/attendance", data=came)
        await browser.post(f"{at}/attendance", data=came | {f"present-{story.respondent}": "online"})
        state, seats, tags, again = await known()
        assert (state, seats) == ("held", {story.applicant: "onsite", story.respondent: "online"})
        assert tags[1:] == ["meeting:sitting:held", "meeting:sitting:corrected"]
        assert again == told, "who was told once is not told again"
        await browser.post(f"{at}/minutes", data={"csrf": CSRF, "minutes": "各方核对了收据。"})
        assert await _waiting(story.cast.respondent, story) == ["请您看会面记录，确认对不对"]
        undone = await browser.post(f"{at}/attendance", data=nobody | {"opened": "no"})
        assert (undone.status_code, "已经写了记录" in undone.text) == (409, True)
        assert (await known())[0] == "held"


async def test_on_site_and_online_in_one_meeting_with_who_was_late(story: Story) -> None:
    pid = await _planned(story, link="https://meet.example/abc")
    async with story.cast.applicant.browser() as browser:
        page = (await browser.get(f"/cases/{story.case}/meetings/{pid}")).text
        assert 'href="https://meet.example/abc"' in page
        assert "noopener" in page
        file = await browser.get(f"/cases/{story.case}/meetings/{pid}/calendar.ics")
        assert "DTSTART:" in file.text
        for words in ("票据", "社区", "meet.example", "王某某", "调解会面"):
            assert words not in file.text
    async with story.cast.stranger.browser() as browser:
        assert (await browser.get(f"/cases/{story.case}/meetings/{pid}/calendar.ics")).status_code == 404
    with clock.shifted(timedelta(hours=23)):  # the reminder of the last hours
        await jobs.run_due(story.db)
    async with story.db.read() as session:
        soon = [row.text for row in await session.scalars(select(outbox.Outbox)) if row.tag == "meeting:soon"]
    assert any("两小时" in text for text in soon)
    with clock.shifted(timedelta(days=1, hours=1)):
        await _hold(story, pid, True, applicant="onsite", respondent="online")
    async with story.db.read() as session:
        view, meeting = await access.for_reading(session, story.cast.mediator.actor, pid)
        shown = await service.show(session, view, meeting)
        lines = service.attendance_lines(shown)
    assert any("迟到 20 分钟" in line for line in lines)
    assert any("网上参加" in line for line in lines)


async def test_what_was_signed_at_the_door_is_recorded_later_with_its_photo(story: Story) -> None:
    cast = story.cast
    given = {
        "kind": "visit", "side": "respondent", "purpose": "上门", "place": "七号楼", "minutes": "他同意周五付。",
        "starts_at": clock.now() - timedelta(hours=3), "present": {story.respondent: "onsite"},
    }  # fmt: skip

    async def record(signed: list[str], *photos: bytes) -> Meeting:
        sheets = [await evidence.prepare_bytes("记录.pdf", "application/pdf", data) for data in photos]
        async with story.db.write() as session:
            wanted = PastIn.model_validate(given | {"signed": signed})
            return await service.record_past(session, cast.mediator.actor, story.case, wanted, sheets)

    with pytest.raises(Invalid) as refused:
        await record([story.respondent])
    assert "sheets" in refused.value.fields
    with pytest.raises(Invalid) as refused:
        await record([story.applicant], b"%PDF-1.4 a")
    assert "signed" in refused.value.fields
    meeting = await record([story.respondent], b"%PDF-1.4 sheet")
    async with cast.respondent.program() as client:
        (told,) = (await client.get(f"/api/v1/cases/{story.case}/meetings")).json()
        assert told["attendance"][0]["confirmed_how"] == "paper"
        assert told["my_turn"] is False
        sheet = told["sheets"][0]["href"]
        assert (await client.get(sheet)).status_code == 200
    for who in ("applicant", "applicant_agent", "stranger", "centre_clerk", "auditor", "other_mediator"):
        async with cast.everybody()[who].program() as client:
            assert (await client.get(sheet)).status_code == 404, who
    more = await evidence.prepare_bytes("记录2.pdf", "application/pdf", b"%PDF-1.4 more")
    async with story.db.write() as session:
        with pytest.raises(Forbidden):
            await service.sign_on_paper(
                session, cast.respondent.actor, meeting.pid, SheetIn(signed=[story.respondent]), [more]
            )
        await service.sign_on_paper(
            session, cast.mediator.actor, meeting.pid, SheetIn(signed=[story.respondent]), [more]
        )  # fmt: skip


async def test_where_there_was_violence_nobody_is_brought_together(db: Database, cast: Cast) -> None:
    story = await begun(db, cast, violence=True)
    with pytest.raises(Conflict, match="分开谈"):
        await _planned(story)
    with pytest.raises(Conflict, match="分开谈"):
        await _offered(story)
    await _planned(story, side="applicant")
