"""Case numbers: one per acceptance, without a gap and never twice, also when many are accepted at once."""

import asyncio

import pytest
from sqlalchemy import select

from odr.cases import service
from odr.cases.models import Case
from tests.cases.story import Story
from tests.cast import Cast

MANY = 30


async def test_thirty_acceptances_at_once_leave_no_gap(story: Story, cast: Cast) -> None:
    pids = []
    for _n in range(MANY):
        await story.apply()
        await story.route()
        pids.append(story.pid)

    async def accept(pid: str) -> None:
        async with story.db.write() as session:
            case = (await session.scalars(select(Case).where(Case.pid == pid))).one()
            await service.accept(session, cast.body_clerk.actor, case)

    await asyncio.gather(*map(accept, pids))
    async with story.db.read() as session:
        serials = sorted(await session.scalars(select(Case.serial)))
        applications = set(await session.scalars(select(Case.application_no)))
    assert serials == list(range(1, MANY + 1))
    assert len(applications) == MANY


async def test_one_case_accepted_by_two_hands_at_once_is_accepted_once(story: Story, cast: Cast) -> None:
    await story.apply()
    await story.route()
    results = await asyncio.gather(story.accept(), story.accept_by_centre(), return_exceptions=True)
    assert sum(isinstance(result, Exception) for result in results) == 1
    assert (await story.case()).serial == 1


async def test_an_acceptance_that_fails_gives_its_number_back(story: Story, cast: Cast) -> None:
    await story.apply()
    await story.route()
    async with story.db.write() as session:
        case = (await session.scalars(select(Case).where(Case.pid == story.pid))).one()
        with pytest.raises(RuntimeError):
            async with session.begin_nested():
                await service.accept(session, cast.body_clerk.actor, case)
                raise RuntimeError
        await session.refresh(case)
        assert case.serial is None
    await story.accept()
    assert (await story.case()).serial == 1
