"""Finding cases and acts by what stands in the address; looking is itself an act."""

import re

import pytest
from sqlalchemy import select

from odr.audit.models import LedgerRow
from odr.core import clock
from odr.core.db import Database
from odr.oversight import service
from tests.browsing import look, send
from tests.cases.story import Story
from tests.cast import Cast, Member

WHY = "核对一件投诉里说到的记录"


async def found(me: Member, query: str) -> list[str]:
    page = await look(me, f"/audit{query}")
    assert page.status == 200
    return re.findall(r'href="/audit/cases/([\w-]+)"', page.page)


async def test_cases_are_found_by_number_state_body_and_day(db: Database, cast: Cast) -> None:
    me = cast.auditor
    assert "没有符合条件的案件" in (await look(me, "/audit")).main
    accepted, fresh = await Story(db, cast).accepted(), await Story(db, cast).apply()
    case, new = await accepted.case(), await fresh.case()
    assert case.case_no is not None
    assert await found(me, "") == [new.pid, case.pid]
    today, serial = clock.today().isoformat(), case.case_no[-5:-1]
    for query, wanted in {
        f"?number={case.case_no}": [case.pid],
        f"?number={case.case_no.replace('〔', '（').replace('〕', '）')}": [case.pid],
        f"?number={new.application_no.lower()}": [new.pid],
        f"?number={serial.translate({ord(d): chr(ord(d) + 0xFEE0) for d in '0123456789'})}号": [case.pid],
        "?number=%25": [],
        "?number=_": [],
        "?state=submitted": [new.pid],
        "?state=accepted": [case.pid],
        "?state=nonsense": [],
        f"?body={cast.body_pid}": [case.pid],
        "?body=nothing": [],
        f"?since={today}&until={today}": [new.pid, case.pid],
        "?until=2026-01-01": [],
        "?since=２０２６年１月１日": [new.pid, case.pid],
        f"?state=accepted&body={cast.body_pid}&number=": [case.pid],
        "?page=7": [],
    }.items():
        assert await found(me, query) == wanted, query
    kept = await look(me, f"/audit?number=ODR&state=submitted&since={today}&body={cast.body_pid}")
    assert (kept.value("number"), kept.value("state"), kept.value("since")) == ("ODR", "submitted", today)
    assert kept.value("body") == cast.body_pid
    # A wrong filter is named and left out; the rest still works.
    wrong = await look(me, "/audit?since=2026-02-30&state=accepted&page=x")
    assert "没有这个日期" in wrong.main
    assert case.pid in wrong.page
    assert new.pid not in wrong.page
    for odd in (f"?number={'9' * 61}", "?page=0", f"?page={10**12}", "?number=<script>alert(1)</script>", "?x=1"):
        answer = await look(me, f"/audit{odd}")
        assert answer.status == 200, odd
        assert "<script>alert" not in answer.page
    for card in ("燃气", "王某某", "李某"):
        assert card not in (await look(me, "/audit")).main
    async with me.program() as program:
        listed = (await program.get(f"/api/v1/audit/cases?state=accepted&body={cast.body_pid}")).json()
        assert (listed["total"], [one["no"] for one in listed["cases"]]) == (1, [case.case_no])
        assert (await program.get("/api/v1/audit/cases?since=2026-02-30")).status_code == 422
        assert (await program.get("/api/v1/audit/cases?surprise=1")).status_code == 422


async def test_long_lists_come_in_pages_that_keep_the_filter(
    db: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "PAGE", 2)
    for _n in range(5):
        await Story(db, cast).apply()
    me, seen, path = cast.auditor, [], "/audit?state=submitted"
    for n in (1, 2, 3):
        page = await look(me, path)
        seen += re.findall(r'href="/audit/cases/([\w-]+)"', page.page)
        assert "共 5 件" in page.main
        assert f"第 {n} 页" in page.main
        older = re.findall(r'rel="next" href="([^"]+)"', page.page)
        assert bool(older) == (n < 3)
        path = older[0].replace("&amp;", "&") if older else path
        assert "state=submitted" in path
    assert len(seen) == len(set(seen)) == 5


async def test_the_ledger_shows_every_reading_and_this_one_too(db: Database, cast: Cast) -> None:
    me, story = cast.auditor, await Story(db, cast).accepted()
    case = await story.case()
    await send(me, f"/audit/cases/{story.pid}/readings", reason=WHY)
    await look(me, "/audit/ledger")
    page = await look(me, "/audit/ledger")
    for words in ("写明查阅理由", "查看操作台账", "吴审计", "reading:"):
        assert words in page.main
    kinds = re.findall(r'href="/audit/ledger\?thing=[^"]*">([^<]+)</a>', page.page)
    assert {"案件", "操作台账"} <= set(kinds)
    assert not [kind for kind in kinds if kind.isascii()]
    async with db.read() as session:
        reads = list(await session.scalars(select(LedgerRow).where(LedgerRow.tag == "ledger:page:read")))
    assert len(reads) == 2
    assert {row.person_id for row in reads} == {me.id}

    filtered = await look(me, f"/audit/ledger?tag=case:&thing={case.pid}")
    tags = re.findall(r'class="quiet">([^<]*(?:<wbr>[^<]*)*)</span>', filtered.page)
    assert len(tags) > 1
    assert all(tag.startswith("case:") for tag in tags)
    assert filtered.value("tag") == "case:"
    mine = await look(me, f"/audit/ledger?person={me.pid}")
    assert "写明查阅理由" in mine.main
    assert "钱登记" not in mine.main
    for nothing in ("?tag=%25", "?thing=nothing", "?person=nothing", "?below=0", "?below=1"):
        assert "没有符合条件的操作" in (await look(me, f"/audit/ledger{nothing}")).main, nothing
    for odd in ("?below=x", "?below=-1", f"?below={10**30}", f"?tag={'x' * 65}", "?tag=<script>alert(1)</script>"):
        answer = await look(me, f"/audit/ledger{odd}")
        assert answer.status == 200, odd
        assert "<script>alert" not in answer.page
    async with me.program() as program:
        rows = (await program.get(f"/api/v1/audit/ledger?tag=reading:&thing={story.pid}")).json()["rows"]
        assert [(row["tag"], row["person"]) for row in rows] == [("reading:reason:stated", me.pid)]
        assert (await program.get(f"/api/v1/audit/ledger?below={10**30}")).status_code == 422


async def test_the_ledger_pages_back_without_a_gap(db: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    await Story(db, cast).mediating()
    monkeypatch.setattr(service, "PAGE", 7)
    me, path, seen = cast.auditor, "/audit/ledger", []
    for _page in range(100):
        page = await look(me, path)
        seen += [int(seq) for seq in re.findall(r"<tr><td[^>]*>(\d+)</td>", page.page)]
        older = re.findall(r'rel="next" href="([^"]+)"', page.page)
        if not older:
            break
        path = older[0].replace("&amp;", "&")
    assert seen == list(range(seen[0], 0, -1))
    assert len(seen) > 7
