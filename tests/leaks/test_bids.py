"""A lost bid, an offer not carried over and what was said beside it: no address, log line or row tells of them."""

import io
from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import text

import odr.schema
from odr.core import clock
from tests.cast import found_cast
from tests.leaks import paths
from tests.leaks import world as planting
from tests.leaks.test_reads import ids_of, opened
from tests.leaks.world import OWN_SIDE, World, call, text_of

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.sqlite]

ASKED, OFFERED, CARRIED = 9_173_641, 8_264_519, 7_355_287


def _plain(told: str) -> str:
    return told.replace(",", "").replace("，", "")


async def test_no_address_log_or_row_tells_a_sealed_number(
    served: FastAPI, written: io.StringIO, quick_paper: None
) -> None:
    world: World = await planting.founded(served.state.odr.db, await found_cast(served))
    await planting.draft(world)
    cast, at = world.cast, f"/cases/{world.case}/offer-rounds"
    terms = {
        "payer": world.story.respondent, "payee": world.story.applicant, "about": "改造费",
        "due_on": str(clock.today() + timedelta(days=20)),
    }  # fmt: skip
    blind = (await call(cast.mediator, "POST", at, terms | {"kind": "blind"}))["id"]
    await call(cast.applicant, "PUT", f"/offer-rounds/{blind}/bid", {"amount": ASKED})
    await call(cast.respondent, "PUT", f"/offer-rounds/{blind}/bid", {"amount": OFFERED})
    shown = await call(cast.mediator, "POST", f"/offer-rounds/{blind}/opening")
    assert (shown["state"], shown["tried"]) == ("open", 1)
    # One more waits, unopened.
    await call(cast.applicant, "PUT", f"/offer-rounds/{blind}/bid", {"amount": ASKED})
    await _nowhere(served, world, written, (ASKED, OFFERED), everybody=True)
    await call(cast.mediator, "POST", f"/offer-rounds/{blind}/end")

    carried = (await call(cast.mediator, "POST", at, terms | {"kind": "open", "carried": True}))["id"]
    aside = world.new("aside", OWN_SIDE | {"mediator"}, "applicant", "mediator")
    await call(cast.applicant, "POST", f"/offer-rounds/{carried}/offers", {"amount": CARRIED, "aside": aside})
    found = await _nowhere(served, world, written, (CARRIED,), everybody=False)
    assert not any(aside in told for told in found)
    assert aside in str(await call(cast.mediator, "GET", at))


async def _nowhere(
    served: FastAPI, world: World, written: io.StringIO, figures: tuple[int, ...], *, everybody: bool
) -> list[str]:
    names = ["respondent", "auditor", "body_clerk"]
    found = [written.getvalue()]
    every = paths.addresses(served, ids_of(world))
    for name in names + (["applicant", "mediator"] if everybody else []):
        member = world.cast.everybody()[name]
        for json in (True, False):
            async with member.program() if json else member.browser() as client:
                addresses = [one for one in every if one.startswith("/api/") is json]
                found += [text_of(answer) async for _address, answer in opened(client, addresses)]
    async with world.db.read() as session:
        for table in odr.schema.metadata.sorted_tables:
            found += [repr(row) for row in await session.execute(text(f'SELECT * FROM "{table.name}"'))]
    for told in found:
        for figure in figures:
            assert str(figure) not in _plain(told)
    return found
