"""What happens in a private room leaves no trace on the other side: the same case is shown with and without it (T6)."""

from odr.core import ids
from odr.rooms import service as rooms
from odr.rooms.schemas import SayIn
from tests.browsing import normal
from tests.cases.story import Story
from tests.cast import Cast, Member

CANARY = "金丝雀八二七"


async def everything_shown(member: Member, pid: str) -> dict[str, str]:
    found = {}
    async with member.browser() as browser:
        for path in ("/cases", f"/cases/{pid}", f"/cases/{pid}/room", f"/cases/{pid}/gates"):
            found[path] = normal((await browser.get(path)).text)
    async with member.program() as program:
        for path in ("/api/v1/cases", f"/api/v1/cases/{pid}"):
            found[path] = (await program.get(path)).text
    return found


async def test_the_other_side_sees_the_same_with_and_without_private_talk(story: Story, cast: Cast) -> None:
    await story.mediating()
    before = await everything_shown(cast.respondent, story.pid)
    async with story.db.read() as session:
        found = await rooms.rooms_of(session, story.pid)
    private = next(room for room in found if room.slot == "applicant")
    notes = next(room for room in found if room.kind == "notes")
    for member in (cast.applicant, cast.mediator, cast.applicant):
        await rooms.say(
            story.db, member.actor, private.pid, SayIn(id=ids.new_pid(), text=f"{CANARY}，我最多给 1000 元。")
        )
    await rooms.say(story.db, cast.mediator.actor, notes.pid, SayIn(id=ids.new_pid(), text=CANARY))
    after = await everything_shown(cast.respondent, story.pid)
    assert after == before
    assert not any(CANARY in text or private.pid in text for text in after.values())


async def test_a_private_act_is_on_the_timeline_of_its_side_alone(story: Story, cast: Cast) -> None:
    await story.mediating()
    before = await everything_shown(cast.applicant, story.pid)
    async with cast.respondent.program() as program:
        given = {"ground": "interest", "note": CANARY}
        assert (await program.post(f"/api/v1/cases/{story.pid}/objections", json=given)).status_code == 200
        assert CANARY in (await program.get(f"/api/v1/cases/{story.pid}")).text
    assert await everything_shown(cast.applicant, story.pid) == before
    async with cast.body_clerk.program() as program:
        assert CANARY in (await program.get(f"/api/v1/cases/{story.pid}")).text
