"""What the engines do differently: two at once, and numbers that are wider than one of them first took."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from odr.cases.models import Case
from odr.core.db import Database
from odr.core.settings import Settings
from odr.intake.models import IntakeOrder
from tests.browsing import send
from tests.cast import Cast
from tests.intake.hotline import Machine, new_key
from tests.intake.test_apply import begin, fill
from tests.intake.test_counter import WALK_IN


@pytest.fixture(
    params=[
        pytest.param("sqlite", marks=pytest.mark.sqlite),
        pytest.param("postgres", marks=pytest.mark.postgres),
    ]
)
def settings(request: pytest.FixtureRequest) -> Settings:
    found: Settings = request.getfixturevalue(f"{request.param}_settings")
    return found


async def test_two_at_once_are_one(app: FastAPI, db: Database, cast: Cast) -> None:
    """Two taps, two tabs, a machine that sends twice: one case each, and the largest sum a form takes is kept."""
    me = cast.applicant
    at = await begin(me)
    await fill(me, at)
    assert (await send(me, f"{at}/wants", claim_1="退还本金", amount="10000000000")).status == 303
    taps: list[Any] = await asyncio.gather(*(send(me, f"{at}/review", declaration="1") for _ in range(3)))
    assert {(tap.status, tap.to) for tap in taps} == {(303, f"{at}/done")}

    entries = await asyncio.gather(*(send(cast.centre_clerk, "/counter", **WALK_IN) for _ in range(3)))
    assert len({entry.to for entry in entries}) == 1

    machine = Machine(app, (await new_key(db, cast))[1])
    fed = await asyncio.gather(*(machine.feed() for _ in range(3)))
    assert sorted(status for status, _answer in fed) == [200, 200, 201]
    assert len({answer["id"] for _status, answer in fed}) == 1

    async with db.read() as session:
        sums = list(await session.scalars(select(Case.amount_fen).order_by(Case.amount_fen)))
        orders = list(await session.scalars(select(IntakeOrder.id)))
    assert sums == [260000, 10**12]
    assert len(orders) == 1
