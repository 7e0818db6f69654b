"""Non-interference: the other side's view is byte for byte the same with and without what happens in private."""

from datetime import datetime, timedelta

import pytest
from fastapi import FastAPI

from odr.core import clock
from odr.core.db import Database
from odr.core.settings import Settings
from tests.agreements.story import begun
from tests.browsing import normal
from tests.cast import Cast, Member
from tests.leaks import filing, paths
from tests.leaks import world as planting
from tests.leaks.test_reads import ids_of
from tests.leaks.world import FROM_OUTSIDE, World, call

# What does not exist yet when the first reading is made; two readings ask for the same.
ABSENT = {
    "proposals": ["absent"],
    "facts": ["absent"],
    "times": ["absent"],
    "inquiries": ["absent"],
    "records": ["absent"],
    "parties": ["absent"],
    "endings": ["absent"],
    "meetings": ["absent"],
    "files": ["absent"],
    "i": ["absent"],
    "apply pid": ["absent"],
}
KEYS = ["application", "rights-notice", "agreement", "record"]
OTHERS = ("respondent", "respondent_agent", "stranger")


@pytest.fixture
def settings(sqlite_settings: Settings) -> Settings:
    return sqlite_settings


class Watch:
    """A clock that stands until it is set: no minute passes between two readings that are compared."""

    def __init__(self) -> None:
        self.moment: datetime = clock.now()

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    found = Watch()
    monkeypatch.setattr(clock, "now", found)
    return found


@pytest.fixture
async def world(db: Database, cast: Cast) -> World:
    """A further case of the same people stands beside it, so that lists have an order which could change."""
    found = await planting.founded(db, cast)
    await begun(db, cast, case_no="乌公用人调〔2026〕0002号", serial=2, application_no="ODR20261126-000009")
    found.agreement = await found.story.draft()
    found.clauses.append(await found.story.clause(found.agreement))
    await planting.offer_times(found)
    for name in OTHERS:  # what waited for them is seen, or the first reading of their notices would change them
        await call(cast.everybody()[name], "PUT", "/notices/seen")
    return found


async def view(app: FastAPI, world: World, member: Member) -> dict[str, tuple[int, str]]:
    """Every address as this member sees it: counters, order, times, unread numbers, who is here."""
    found = {}
    async with member.browser() as browser, member.program() as program:
        for address in paths.addresses(app, ids_of(world) | ABSENT | {"papers key": KEYS}):
            client = program if address.startswith("/api/") else browser
            answer = await client.get(address, headers=FROM_OUTSIDE)
            found[address] = (answer.status_code, normal(answer.text))
    return found


def changes(before: dict[str, tuple[int, str]], after: dict[str, tuple[int, str]]) -> dict[str, list[str]]:
    """The first lines that differ, by address."""
    found = {}
    for address, told in before.items():
        if told != after[address]:
            pairs = zip(str(told).split("\\n"), str(after[address]).split("\\n"), strict=False)
            found[address] = next((list(pair) for pair in pairs if pair[0] != pair[1]), [])
    return found


async def in_private(world: World) -> None:
    """All that one side, the mediator and the staff may do without the other side."""
    cast, at = world.cast, f"/cases/{world.case}"
    await planting.whisper(world)
    await planting.meet_apart(world)
    await filing.write(world)
    await planting.object_apart(world)
    await planting.suggest_apart(world)
    given = {"ground": "other_relation", "note": world.new("open_objection", planting.HANDLERS)}
    await call(cast.applicant, "POST", f"{at}/objections", given)
    contact = {"party": world.story.applicant, "channel": "phone", "result": world.new("contact", planting.HANDLERS)}
    await call(cast.mediator, "POST", f"{at}/contacts", contact)


async def test_the_other_side_sees_the_same_bytes(app: FastAPI, world: World, watch: Watch, quick_paper: None) -> None:
    cast = world.cast
    members = {name: cast.everybody()[name] for name in OTHERS}
    before = {name: await view(app, world, member) for name, member in members.items()}
    assert changes(before["respondent"], await view(app, world, cast.respondent)) == {}, "reading changes nothing"
    room = f"/cases/{world.case}/room?room={world.rooms['applicant']}"
    async with cast.mediator.browser() as browser:
        own = (await browser.get(room)).text

    start = watch.moment
    watch.moment = start + timedelta(minutes=15)
    await in_private(world)
    watch.moment = start

    for name, member in members.items():
        after = await view(app, world, member)
        assert changes(before[name], after) == {}, name
    async with cast.mediator.browser() as browser:
        assert normal((await browser.get(room)).text) != normal(own), "what happened is there for who may see it"
