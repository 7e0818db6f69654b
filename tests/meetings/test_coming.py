"""会晚到、来不了: said before a meeting, told to those of it, and never counted as staying away."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from odr.cases.models import CaseEvent
from odr.core import clock, outbox
from odr.core.db import Database
from odr.core.errors import Conflict, Forbidden, Invalid, NotFound
from odr.meetings import absence, access, coming, polls, service
from odr.meetings.models import Coming, Meeting, Poll
from odr.meetings.schemas import LATEST, ComingIn, FixIn, HoldIn, PlanIn, PollIn
from tests.agreements.story import Story, begun
from tests.cast import CSRF, Cast, Member

WHY = "那天要去化疗"
LATE = {"kind": "late", "minutes": 20}
UNABLE = {"kind": "unable", "words": WHY}
ON_TIME = {"kind": "on_time"}
NAMES = ("王某某", "李某", "燃气", "票据", "社区", "化疗", "申请人")


@pytest.fixture
async def story(db: Database, cast: Cast) -> Story:
    return await begun(db, cast)


async def _planned(story: Story, **changed: Any) -> str:
    given = {"kind": "onsite", "purpose": "看票据", "place": "社区", "starts_at": clock.now() + timedelta(hours=5)}
    async with story.db.write() as session:
        wanted = PlanIn.model_validate(given | changed)
        return (await service.plan(session, story.cast.mediator.actor, story.case, wanted)).pid


async def _say(story: Story, who: Member, pid: str, given: dict[str, Any]) -> None:
    async with story.db.write() as session:
        await coming.say(session, who.actor, pid, ComingIn.model_validate(given))


async def _hold(story: Story, pid: str, **how: str) -> None:
    present = {getattr(story, name): word for name, word in how.items()}
    async with story.db.write() as session:
        wanted = HoldIn.model_validate({"present": present, "opened": False})
        await service.hold(session, story.cast.mediator.actor, pid, wanted)


async def _seats(story: Story, who: Member, pid: str) -> dict[str, Any]:
    """What this one reads of each side."""
    async with story.db.read() as session:
        view, row = await access.for_reading(session, who.actor, pid)
        shown = service.public(view, await service.show(session, view, row))
    return {seat["side"]: seat for seat in shown["attendance"]}


async def _told(story: Story) -> list[tuple[str, str, int | None, str]]:
    async with story.db.read() as session:
        rows = await session.scalars(select(outbox.Outbox).order_by(outbox.Outbox.id))
        return [(row.tag, row.channel, row.person_id, row.text) for row in rows if row.tag.startswith("meeting:coming")]


async def _events(story: Story) -> list[CaseEvent]:
    async with story.db.read() as session:
        query = select(CaseEvent).where(CaseEvent.tag.like("meeting:coming:%")).order_by(CaseEvent.id)
        return list(await session.scalars(query))


async def test_who_comes_late_or_not_at_all_says_so_once_and_the_others_are_told_without_the_reason(
    story: Story,
) -> None:
    cast = story.cast
    pid = await _planned(story)
    for _twice in range(2):
        await _say(story, cast.applicant_agent, pid, LATE | {"words": WHY})
    told = await _told(story)
    others = {cast.applicant.id, cast.respondent.id, cast.respondent_agent.id, cast.mediator.id}
    assert {person for _tag, channel, person, _text in told if channel == "in_app"} == others
    assert sorted(person or 0 for _tag, channel, person, _text in told if channel == "sms") == sorted(others), (
        "the mediator too, on the day"
    )
    assert len(told) == 8, "the same again tells nobody"
    assert not any(name in words for *_rest, words in told for name in NAMES)
    (event,) = await _events(story)
    assert (event.note, event.audience) == ("申请人说会面会晚到约 20 分钟。", "all")
    assert "申请人说会面会晚到约 20 分钟。" in await story.lines(cast.respondent)

    for who, words in (("applicant", WHY), ("mediator", WHY), ("body_clerk", WHY), ("respondent", "")):
        said = (await _seats(story, cast.everybody()[who], pid))["applicant"]["coming"]
        assert (said["kind"], said["minutes"], said["words"]) == ("late", 20, words), who
    await _say(story, cast.applicant, pid, LATE | {"words": "车坏了"})
    assert len(await _told(story)) == 9, "other words alone are the mediator's"
    assert [event.audience for event in await _events(story)] == ["all", "applicant"]

    async with story.db.read() as session:
        (cell,) = await coming.work(session, cast.mediator.actor)
        assert (cell["badge"], cell["href"]) == ("晚到约 20 分钟", f"/cases/{story.case}/meetings/{pid}")
        assert await coming.work(session, cast.other_mediator.actor) == []
        assert await coming.work(session, cast.respondent.actor) == []
    await _say(story, cast.respondent, pid, UNABLE)
    async with story.db.read() as session:
        (cell,) = await coming.work(session, cast.mediator.actor)
        assert cell["badge"] == "来不了"
        (cell,) = await service.today(session, cast.mediator.actor)
        assert cell["note"] == "燃气改造费 · 有人来不了"
    for who in (cast.applicant, cast.respondent_agent):
        await _say(story, who, pid, ON_TIME)
    async with story.db.read() as session:
        assert await coming.work(session, cast.mediator.actor) == []
    count = len(await _told(story))
    await _say(story, cast.applicant, pid, ON_TIME)
    assert len(await _told(story)) == count
    async with story.db.connection() as connection:
        raw = (await connection.execute(text("SELECT words FROM meeting_comings"))).scalars().all()
    assert not any(WHY.encode() in bytes(one) for one in raw)
    for minutes in (10, 20, 30, 60, 10):
        await _say(story, cast.applicant, pid, {"kind": "late", "minutes": minutes})
    with pytest.raises(Conflict, match="改了好几次"):
        await _say(story, cast.applicant, pid, ON_TIME)


async def test_only_a_party_that_is_asked_says_it_and_of_a_talk_with_one_side_the_other_knows_nothing(
    story: Story,
) -> None:
    cast = story.cast
    joint, apart = await _planned(story), await _planned(story, side="applicant", purpose="单独说说")
    parties = {"applicant", "respondent", "applicant_agent", "respondent_agent"}
    for who, member in cast.everybody().items():
        async with member.program() as client:
            for pid, may in ((joint, parties), (apart, {"applicant", "applicant_agent"})):
                answer = await client.put(f"/api/v1/meetings/{pid}/coming", json=UNABLE)
                handles = who in ("mediator", "body_clerk")
                assert answer.status_code == (200 if who in may else 403 if handles else 404), (who, pid)
                if who in may:
                    assert answer.json()["may_say_coming"] is True
    told = [one for one in await _told(story) if one[2] in (cast.respondent.id, cast.respondent_agent.id)]
    async with story.db.read() as session:
        ids = {row.pid: row.id for row in await session.scalars(select(Meeting))}
        notes = [(one.audience, one.detail["meeting"]) for one in await _events(story)]
        links = [
            row.link for row in await session.scalars(select(outbox.Outbox)) if row.person_id == cast.respondent.id
        ]
    assert len(ids) == 2
    assert ("applicant", apart) in notes
    assert ("all", apart) not in notes
    assert not any(apart in (link or "") for link in links)
    assert {tag for tag, *_rest in told} == {"meeting:coming:unable"}
    for who in ("respondent", "respondent_agent", "stranger", "centre_clerk", "auditor", "other_mediator"):
        async with cast.everybody()[who].program() as client:
            for path in ("", "/meetings"):
                answer = (await client.get(f"/api/v1/cases/{story.case}{path}")).text
                assert apart not in answer, who
                if who not in ("respondent", "respondent_agent"):
                    assert WHY not in answer, who
        async with cast.everybody()[who].browser() as browser:
            answer = await browser.post(f"/cases/{story.case}/meetings/{apart}/coming", data={"csrf": CSRF} | ON_TIME)
            assert answer.status_code == 404, who
    with pytest.raises(NotFound):
        await _say(story, cast.stranger, joint, LATE)
    with pytest.raises(Forbidden):
        await _say(story, cast.mediator, joint, LATE)
    assert (await _seats(story, cast.applicant, joint))["respondent"]["coming"]["words"] == ""


async def test_who_said_beforehand_that_it_cannot_come_did_not_stay_away(story: Story) -> None:
    cast = story.cast
    first, second, third = [await _planned(story) for _n in range(3)]
    for pid in (second, third):
        await _say(story, cast.respondent, pid, UNABLE)
    with clock.shifted(timedelta(hours=6)):
        for given in (UNABLE, ON_TIME, UNABLE):  # beforehand too, but taken back while the others were waiting
            await _say(story, cast.respondent, third, given)
        assert (await _seats(story, cast.mediator, third))["respondent"]["coming"]["beforehand"] is False
        await _hold(story, first, applicant="onsite", respondent="absent")
        for _twice in range(2):
            await _hold(story, second, applicant="onsite", respondent="absent")
        async with story.db.read() as session:
            view, row = await access.for_reading(session, cast.mediator.actor, second)
            shown = await service.show(session, view, row)
            assert await absence.step_of(session, row) is absence.Step.AGAIN
            assert max((await absence.counts(session, story.case_id)).values()) == 1
        assert "被申请人李某：事先说明不能参加。" in service.attendance_lines(shown)
        await _hold(story, third, applicant="onsite", respondent="absent")
        async with story.db.read() as session:
            _view, row = await access.for_reading(session, cast.mediator.actor, third)
            assert await absence.step_of(session, row) is absence.Step.MAY_END, "said when the others were waiting"
        with pytest.raises(Conflict, match="已经登记"):
            await _say(story, cast.respondent, second, ON_TIME)


async def test_the_mediator_plans_another_time_with_what_suits_and_the_old_meeting_is_called_off(story: Story) -> None:
    cast = story.cast
    start = clock.now().replace(minute=0, second=0, microsecond=0)
    times = [start + timedelta(days=n) for n in (1, 2, 3)]
    offered = {"kind": "onsite", "purpose": "当面看票据", "place": "社区", "times": times}
    async with story.db.write() as session:
        poll = await polls.offer(session, cast.mediator.actor, story.case, PollIn.model_validate(offered))
        view, row = await access.poll(session, cast.mediator.actor, poll.pid)
        known = [one.row.pid for one in (await polls.show(session, view, row)).times]
    async with story.db.write() as session:
        pid = (await polls.fix(session, cast.mediator.actor, poll.pid, FixIn(time=known[0]))).pid
    with pytest.raises(Invalid) as refused:
        await _say(story, cast.applicant, pid, UNABLE | {"times": [known[0]]})
    assert "times" in refused.value.fields
    await _say(story, cast.applicant, pid, UNABLE | {"times": known[2:]})
    assert (await _seats(story, cast.mediator, pid))["applicant"]["coming"]["times"] == known[2:]
    assert (await _seats(story, cast.respondent, pid))["applicant"]["coming"]["times"] == []

    at = f"/cases/{story.case}/meetings"
    async with cast.mediator.browser() as browser:
        page = (await browser.get(f"{at}/{pid}")).text
        assert f"{at}/times?after={pid}" in page
        assert WHY in page
        again = (await browser.get(f"{at}/times?after={pid}")).text
        assert f'value="{clock.local(times[2]):%Y-%m-%dT%H:%M}"' in again
        assert "就取消" in again
        data = {"csrf": CSRF, "kind": "onsite", "purpose": "当面看票据", "place": "社区", "after": pid}
        wall = {f"time-{n}": f"{clock.local(times[n]):%Y-%m-%dT%H:%M}" for n in (1, 2)}
        assert (await browser.post(f"{at}/times", data=data | wall)).status_code == 303
    async with cast.applicant.browser() as browser:
        assert "另约时间" in (await browser.get(f"{at}/{pid}")).text
    async with story.db.read() as session:
        row = (await session.scalars(select(Meeting))).one()
        (_first, second) = await session.scalars(select(Poll).order_by(Poll.id))
        assert (row.state, row.cancel_reason, second.after_id) == ("cancelled", "另约时间", row.id)
        assert await coming.work(session, cast.mediator.actor) == []
    with pytest.raises(Conflict, match="已经取消"):
        await _say(story, cast.applicant, pid, ON_TIME)

    apart = await _planned(story, side="applicant", purpose="单独说说")
    async with cast.mediator.browser() as browser:
        assert "单独说说" in (await browser.get(f"{at}/new?after={apart}")).text
        data = {"csrf": CSRF, "kind": "phone", "purpose": "单独说说", "side": "applicant", "after": apart}
        when = f"{clock.local(times[1]):%Y-%m-%dT%H:%M}"
        assert (await browser.post(f"{at}/new", data=data | {"starts_at": when})).status_code == 303
    async with story.db.read() as session:
        states = {row.pid: row.state for row in await session.scalars(select(Meeting).where(Meeting.side.is_not(None)))}
    assert (states.pop(apart), list(states.values())) == ("cancelled", ["planned"])


@pytest.mark.one_engine
async def test_the_page_has_two_plain_choices_and_says_back_what_was_said(story: Story) -> None:
    cast = story.cast
    pid = await _planned(story)
    at = f"/cases/{story.case}/meetings/{pid}"
    async with cast.applicant.browser() as browser:
        page = (await browser.get(at)).text
        assert page.count("/coming") == 2
        assert "又能按时来了" not in page
        said = await browser.post(f"{at}/coming", data={"csrf": CSRF, "kind": "late", "minutes": "３０", "words": WHY})
        assert said.status_code == 303
        page = (await browser.get(at)).text
        assert "您说了会晚到约 30 分钟。" in page
        assert "又能按时来了" in page
        assert (await browser.post(f"{at}/coming", data={"csrf": CSRF} | ON_TIME)).status_code == 303
        assert "又能按时来了" not in (await browser.get(at)).text
        await browser.post(f"{at}/coming", data={"csrf": CSRF, "kind": "unable", "why": WHY})
        assert "您说了来不了" in (await browser.get(f"/cases/{story.case}")).text
    async with cast.respondent.browser() as browser:
        page = (await browser.get(at)).text
        assert "有一方来不了" in page
        assert WHY not in page
        assert "有人来不了，请先看看" in (await browser.get(f"/cases/{story.case}")).text
    async with story.db.write() as session:
        (await session.scalars(select(Meeting))).one().starts_at = clock.now()
    async with cast.mediator.browser() as browser:
        page = (await browser.get(at)).text
        assert page.count('<option value="">请选择</option>') == 2, "nothing is chosen beforehand"
        assert "说了来不了。没有来也记作" in page
        assert WHY in page
        desk = (await browser.get("/desk")).text
        assert at in desk


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"minutes": "0"}, "minutes"),
    ({"minutes": "-1"}, "minutes"),
    ({"minutes": "10000"}, "minutes"),
    ({"minutes": str(LATEST + 1)}, "minutes"),
    ({"minutes": "9" * 40}, "minutes"),
    ({"minutes": "abc"}, "minutes"),
    ({"minutes": "1.5"}, "minutes"),
    ({"minutes": ""}, "minutes"),
    ({"minutes": True}, "minutes"),
    ({"words": "长" * 201}, "words"),
    ({"times": ["nowhere"]}, "times"),
    ({"kind": "never"}, "kind"),
    ({"kind": "unable"}, "minutes"),
    ({"kind": "on_time"}, "minutes"),
]


@pytest.mark.one_engine
async def test_what_is_wrong_is_named_and_what_was_typed_stays(story: Story) -> None:
    cast = story.cast
    pid = await _planned(story)
    at = f"/cases/{story.case}/meetings/{pid}"
    async with cast.applicant.program() as client:
        for wrong, field in WRONG:
            answer = await client.put(f"/api/v1/meetings/{pid}/coming", json=LATE | {"words": WHY} | wrong)
            assert (answer.status_code, list(answer.json()["error"]["fields"])) == (422, [field]), wrong
        answer = await client.put(f"/api/v1/meetings/{pid}/coming", json=UNABLE | {"times": ["nowhere"]})
        assert list(answer.json()["error"]["fields"]) == ["times"]
    async with cast.applicant.browser() as browser:
        for minutes in ("0", "-1", "10000", "abc", ""):
            data = {"csrf": CSRF, "kind": "late", "minutes": minutes, "words": WHY}
            answer = await browser.post(f"{at}/coming", data=data)
            assert answer.status_code == 422
            assert 'href="#f-minutes"' in answer.text
            assert f'value="{WHY}"' in answer.text
        data = {"csrf": CSRF, "kind": "unable", "why": "长" * 300}
        answer = await browser.post(f"{at}/coming", data=data)
        assert (answer.status_code, 'href="#f-why"' in answer.text, "长" * 300 in answer.text) == (422, True, True)
        late = {"csrf": CSRF, "kind": "late", "minutes": "20", "words": WHY}
        for change, sentence in (
            ("starts_at = created_at", ""),
            ("starts_at = '2026-01-01 00:00:00.000000'", "时间已经过了"),
            ("state = 'missed'", "已经登记过"),
            ("state = 'cancelled'", "已经取消"),
        ):
            async with story.db.write() as session:
                await session.execute(text(f"UPDATE meetings SET {change}"))
            answer = await browser.post(f"{at}/coming", data=late)
            assert answer.status_code == (409 if sentence else 303), change
            if sentence:
                assert sentence in answer.text
                assert WHY in answer.text, "what was typed is still there to be copied"
    async with story.db.read() as session:
        assert len(list(await session.scalars(select(Coming)))) == 1


async def test_what_is_said_while_it_is_registered_who_came_counts_wholly_or_not_at_all(story: Story) -> None:
    """Each locks the case before the meeting, so that none waits for the other in a circle."""
    cast = story.cast
    for _round in range(6):
        pid = await _planned(story, starts_at=clock.now() + timedelta(hours=1))
        said, _held = await asyncio.gather(
            _say(story, cast.respondent, pid, UNABLE),
            _hold(story, pid, applicant="onsite", respondent="absent"),
            return_exceptions=True,
        )
        assert _held is None
        assert said is None or isinstance(said, Conflict), said
        seat = (await _seats(story, cast.mediator, pid))["respondent"]
        assert seat["present"] == ("excused" if said is None else "absent")
        assert (seat["coming"] is None) is (said is not None)

        other = await _planned(story, starts_at=clock.now() + timedelta(hours=1))
        times = [clock.now() + timedelta(days=n) for n in (1, 2)]
        wanted = PollIn.model_validate({"kind": "phone", "purpose": "再约", "times": times, "after": other})

        async def offer(wanted: PollIn = wanted) -> None:
            async with story.db.write() as session:
                await polls.offer(session, cast.mediator.actor, story.case, wanted)

        offered, said, _held = await asyncio.gather(
            offer(),
            _say(story, cast.respondent_agent, other, LATE),
            _hold(story, other, applicant="onsite", respondent="absent"),
            return_exceptions=True,
        )
        assert offered is None
        assert all(one is None or isinstance(one, Conflict) for one in (said, _held)), (said, _held)
