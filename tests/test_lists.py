"""Ten more rows, and not one more query: every page that lists something."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from odr.audit import service as audit
from odr.bodies.models import Body
from odr.cases import service as cases
from odr.cases.models import Case, CaseClock
from odr.core import clock, ids, outbox
from odr.core.db import Database
from odr.core.settings import Settings
from odr.meetings import coming
from odr.meetings import service as meetings
from odr.meetings.schemas import ComingIn, Expected, Kind, PlanIn
from odr.rooms import service as rooms
from odr.rooms.schemas import SayIn
from tests.cases.story import Story
from tests.cast import CITY, Cast, Member
from tests.copies import copied
from tests.rooms.indexed import nothing_left
from tests.statements import counted


@pytest.fixture
def settings(sqlite_settings: Settings) -> Settings:
    return sqlite_settings


@pytest.fixture
async def story(db: Database, cast: Cast) -> Story:
    return await Story(db, cast).mediating()


async def _asked(member: Member, path: str) -> int:
    async with member.browser() as browser:
        assert (await browser.get(path)).status_code == 200  # what happens once (a first look) is over
        with counted() as asked:
            page = await browser.get(path)
    assert page.status_code == 200
    return len(asked)


async def test_lists_of_cases(db: Database, cast: Cast, story: Story) -> None:
    pages = [
        (cast.applicant, "/cases"),
        (cast.mediator, "/desk"),
        (cast.body_clerk, "/queue?show=running"),
        (cast.centre_clerk, "/queue?show=running"),
        (cast.auditor, "/audit"),
        (cast.applicant, "/"),
    ]
    await copied(db, story.pid, 1)
    before = {(member.pid, path): await _asked(member, path) for member, path in pages}
    await copied(db, story.pid, 10)
    async with cast.mediator.browser() as browser:
        assert (await browser.get("/desk")).text.count(f"{cast.applicant.actor.name} 与") >= 12
    after = {(member.pid, path): await _asked(member, path) for member, path in pages}
    assert after == before
    assert max(after.values()) < 50


async def test_a_list_shows_a_page_of_what_happened_last_and_leads_on(db: Database, cast: Cast, story: Story) -> None:
    made = {story.pid, *await copied(db, story.pid, 60)}

    async def shown(member: Member, path: str) -> list[str]:
        async with member.browser() as browser:
            main = (await browser.get(path)).text.partition("<main")[2]
        return list(dict.fromkeys(re.findall(r'href="/cases/([^/"?]+)"', main)))

    first, second = await shown(cast.mediator, "/desk"), await shown(cast.mediator, "/desk?page=2")
    assert {*first, *second} == made
    async with db.write() as session:
        await session.execute(update(Case).where(Case.pid != story.pid).values(state="closed"))
    assert await shown(cast.mediator, "/desk") == [story.pid]
    closed = [await shown(cast.mediator, f"/desk/closed?page={page}") for page in (1, 2, 3)]
    assert [len(page) for page in closed] == [50, 10, 0]
    assert {*closed[0], *closed[1]} == made - {story.pid}
    async with cast.mediator.program() as program:
        part = (await program.get("/api/v1/desk/closed?limit=40")).json()
        rest = (await program.get(f"/api/v1/desk/closed?limit=40&after={part['next']}")).json()
        assert [one["id"] for one in part["cases"] + rest["cases"]] == closed[0] + closed[1]
        assert rest["next"] is None
        assert [one["id"] for one in (await program.get("/api/v1/desk")).json()["cases"]] == [story.pid]
    for name, member in cast.everybody_but("mediator").items():
        async with member.browser() as browser:
            answer = await browser.get("/desk/closed")
            assert (answer.status_code == 200) is (name == "other_mediator"), name
            assert answer.status_code in (200, 403, 404), name
            assert not any(pid in answer.text for pid in made)
    async with db.write() as session:
        await session.execute(update(Case).values(state="mediating"))

    first, second = await shown(cast.applicant, "/cases"), await shown(cast.applicant, "/cases?page=2")
    assert (len(first), len(second)) == (50, 11)
    assert {*first, *second} == made
    assert story.pid in second  # its copies came later
    async with cast.applicant.browser() as browser:
        assert "/cases?page=2" in (await browser.get("/cases")).text
        assert "/cases?page=3" not in (await browser.get("/cases?page=2")).text
        assert (await browser.get("/cases?page=0")).status_code == 422
    # What the staff or the other side do among themselves moves nothing up; what everybody sees does.
    for audience in ("staff", "respondent", "all"):
        async with story.step() as (session, case):
            await cases.event(session, cast.mediator.actor, case, "party:contact:noted", audience=audience)
        assert ((await shown(cast.applicant, "/cases"))[0] == story.pid) is (audience == "all"), audience
    # The clerk's list: a page of the work that is open, the numbers of the rest.
    running = [await shown(cast.body_clerk, f"/queue?show=running&page={n}") for n in (1, 2)]
    assert [len(page) for page in running] == [50, 11]
    assert {*running[0], *running[1]} == made
    async with cast.body_clerk.browser() as browser:
        page = (await browser.get("/queue")).text
        assert re.search(r'href="/queue\?show=running".*?61', page, re.S)
        assert not made & set(await shown(cast.body_clerk, "/queue"))
        assert "下一页" in (await browser.get("/queue?show=running")).text
        assert "下一页" not in (await browser.get("/queue?show=running&page=2")).text
    assert await shown(cast.body_clerk, "/queue?show=overdue") == []
    async with db.write() as session:
        await session.execute(update(CaseClock).values(due_at=clock.now() - timedelta(days=1)))
    assert len(await shown(cast.body_clerk, "/queue?show=overdue")) == 50
    assert len(await shown(cast.body_clerk, "/queue?show=overdue&page=2")) == 11


async def test_a_program_reads_a_long_list_in_slices(db: Database, cast: Cast, story: Story) -> None:
    made = {story.pid, *await copied(db, story.pid, 60)}

    async def slices(member: Member, path: str, limit: str = "") -> list[list[str]]:
        found, after, joint = [], "", "&" if "?" in path else "?"
        async with member.program() as program:
            while True:
                answer = (await program.get(f"{path}{joint}{limit}{after}")).json()
                found.append([row["id"] for row in answer["cases"]])
                if answer["next"] is None:
                    return found
                after = f"&after={answer['next']}"

    for member, path in ((cast.applicant, "/api/v1/cases"), (cast.body_clerk, "/api/v1/queue?state=mediating")):
        by_twenty = await slices(member, path, "limit=20")
        assert [len(page) for page in by_twenty] == [20, 20, 20, 1], path
        assert [len(page) for page in await slices(member, path)] == [50, 11]
        whole = [pid for page in by_twenty for pid in page]
        assert await slices(member, path, "limit=61") == [whole]
        assert (set(whole), len(whole)) == (made, 61)
        async with member.program() as program:
            # A case that left the list meanwhile still marks its place; one of others is no place, nor is nonsense.
            for odd in ("limit=0", "limit=101", "limit=x", "after=nothing", f"after={'x' * 33}"):
                answer = await program.get(f"{path}{'&' if '?' in path else '?'}{odd}")
                assert (answer.status_code, list(answer.json()["error"]["fields"])) == (422, [odd.split("=")[0]]), odd
    assert await slices(cast.stranger, "/api/v1/cases") == [[]]
    async with cast.stranger.program() as program:
        foreign = await program.get(f"/api/v1/cases?after={story.pid}")
        assert foreign.json() == (await program.get("/api/v1/cases?after=nothing")).json()
    async with cast.body_clerk.program() as program:
        first = (await program.get("/api/v1/queue?state=mediating&limit=1")).json()
        assert first["cases"][0]["id"] == first["next"] == story.pid, "the oldest comes first"
        assert (await program.get(f"/api/v1/queue?state=suspended&after={story.pid}")).json()["cases"] == []


async def test_a_room_and_its_lines(db: Database, cast: Cast, story: Story) -> None:
    async with db.read() as session:
        joint = next(room for room in await rooms.rooms_of(session, story.pid) if room.kind == "joint")
    at = f"/cases/{story.pid}/room"
    pages = [at, f"{at}/transcript", f"{at}/search?q=话", f"/cases/{story.pid}"]
    counts = []
    for _ in range(2):
        for n in range(10):
            await rooms.say(db, cast.applicant.actor, joint.pid, SayIn(id=ids.new_pid(), text=f"第{n}句话"))
        await nothing_left(db)  # a search asks twice more while the index has not caught up
        counts.append([await _asked(cast.applicant, path) for path in pages])
    assert counts[0] == counts[1]


async def test_meetings_and_who_cannot_come_to_them(db: Database, cast: Cast, story: Story) -> None:
    pages = [
        (cast.applicant, f"/cases/{story.pid}"),
        (cast.applicant, f"/cases/{story.pid}/meetings"),
        (cast.mediator, "/desk"),
    ]
    counts = []
    for some in (1, 5):
        for n in range(some):
            at = clock.now() + timedelta(hours=3, minutes=10 * some + n)
            given = PlanIn(kind=Kind.ONSITE, purpose=f"第{n}次会面", place="海达社区", starts_at=at)
            async with db.write() as session:
                row = await meetings.plan(session, cast.mediator.actor, story.pid, given)
            async with db.write() as session:
                await coming.say(session, cast.respondent.actor, row.pid, ComingIn(kind=Expected.UNABLE))
        counts.append([await _asked(member, path) for member, path in pages])
    assert counts[0] == counts[1]


async def test_notices_outbox_ledger_and_the_directory(db: Database, cast: Cast) -> None:
    pages = [
        (cast.applicant, "/notices"),
        (cast.system_admin, "/admin/outbox"),
        (cast.auditor, "/audit/ledger"),
        (cast.system_admin, "/admin/people"),
        (cast.stranger, "/bodies"),
    ]
    before = {}
    for turn in range(2):
        async with db.write() as session:
            for n in range(2 if turn == 0 else 10):
                await outbox.post(
                    session, outbox.Channel.IN_APP, tag="case:moved:told", address="", text=f"第{n}条通知",
                    person_id=cast.applicant.id, thing=f"case:{n}",
                )  # fmt: skip
                await audit.record(session, cast.body_clerk.actor, "case:file:added", "case", f"case{n}")
        counts = {path: await _asked(member, path) for member, path in pages}
        if turn == 0:
            before = counts
            async with db.write() as session:
                session.add_all(
                    Body(kind="committee", level="community", name=f"第{n}社区调委会", division_code=CITY)
                    for n in range(10)
                )
    assert counts == before
