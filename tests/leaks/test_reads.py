"""Whoever may not know of a private talk finds no word of it, whatever address they open (R13): one test per path."""

import io
from collections.abc import AsyncIterator, Sequence

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from odr.core import ids
from odr.core.outbox import Outbox
from tests.browsing import normal
from tests.cast import Member
from tests.leaks import paths
from tests.leaks.world import BAIT, FROM_OUTSIDE, World, call, say, text_of

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.sqlite]

OUTSIDE = (
    "respondent", "respondent_agent", "stranger", "other_mediator", "centre_clerk", "grid_worker", "auditor",
    "system_admin", "body_clerk",
)  # fmt: skip


def ids_of(world: World) -> dict[str, Sequence[str]]:
    """What fills the braces of addresses, by the word before them."""
    return {
        "cases": [world.case],
        "rooms": list(world.rooms.values()),
        "files": list(world.files.values()),
        "agreements": [world.agreement],
        "clauses": world.clauses,
        "facts": world.facts or ["absent"],
        "proposals": world.proposals or ["absent"],
        "sets": ["leak"],
        "meetings": [world.meeting],
        "times": world.polls or ["absent"],
        "performance": world.promises or ["absent"],
        "papers notice": world.certificates or ["absent"],
        "papers check": [world.check],
        "papers key": [
            *("application", "rights-notice", "agreement", "record", "identity", "evidence", f"record-{world.meeting}"),
            *(f"inquiry-{pid}" for pid in world.inquiries),
            *(f"record-{pid}" for pid in world.records),
            *(f"record-pages-{pid}" for pid in world.records),
            *(f"{kind}-{pid}" for kind in ("mandate", "address", "ending") for pid in world.parties),
        ],
        "parties": world.parties or ["absent"],
        "endings": world.parties or ["absent"],
        "inquiries": world.inquiries or ["absent"],
        "records": world.records or ["absent"],
        "bodies": [world.cast.body_pid],
        "people": [world.cast.applicant.pid],
        "i": [ids.new_token()],
        "apply pid": [ids.new_pid()],
        "name": ["story"],
        "counter": [world.case],
        "source": ["hotline_12345"],
        "order_no": ["20261124-1"],
    }


async def opened(client: httpx2.AsyncClient, addresses: Sequence[str]) -> AsyncIterator[tuple[str, httpx2.Response]]:
    for address in addresses:
        answer = await client.get(address, headers=FROM_OUTSIDE)
        assert answer.status_code < 500, (address, answer.status_code)
        yield address, answer


async def crawled(served: FastAPI, world: World, member: Member, *, json: bool) -> dict[str, str]:
    """All that this member is told at every address, pages or JSON: plainly, and asked for another room or a word."""
    asked = ("", f"?room={world.rooms['applicant']}&q={BAIT}&before=99")
    addresses = [one for one in paths.addresses(served, ids_of(world)) if one.startswith("/api/") is json]
    with_queries = [one + query for one in addresses for query in (*asked, *(["?after=0"] if "/lines" in one else []))]
    found = {}
    async with member.program() if json else member.browser() as client:
        async for address, answer in opened(client, with_queries):
            found[address] = text_of(answer)
    return found


def leaks(world: World, name: str, told: dict[str, str]) -> dict[str, set[str]]:
    """Where this member found what it may not know."""
    forbidden = world.forbidden(name)
    return {address: caught for address, text in told.items() if (caught := world.found_in(text) & forbidden)}


@pytest.mark.parametrize("json", [False, True], ids=["pages", "json"])
@pytest.mark.parametrize("name", OUTSIDE)
async def test_no_address_tells_a_word(served: FastAPI, world: World, quick_paper: None, name: str, json: bool) -> None:
    member = world.cast.everybody()[name]
    if name == "auditor":
        await call(member, "POST", f"/audit/cases/{world.case}/readings", {"reason": "抽查单独谈话有没有封存"})
    told = await crawled(served, world, member, json=json)
    assert len(told) > 60
    assert leaks(world, name, told) == {}
    # The crawl is real: who reads the joint room finds what was said aloud there.
    heard_aloud = any(world.aloud in text for text in told.values())
    assert heard_aloud is (name in ("respondent", "respondent_agent", "auditor"))


@pytest.mark.parametrize("name", ["applicant", "applicant_agent", "mediator", "body_clerk"])
async def test_who_may_read_a_word_finds_it(served: FastAPI, world: World, quick_paper: None, name: str) -> None:
    member = world.cast.everybody()[name]
    told = await crawled(served, world, member, json=True) | await crawled(served, world, member, json=False)
    assert world.wanted(name) - world.found_in("\n".join(told.values())) == set()
    assert leaks(world, name, told) == {}
    assert "recalled" not in world.found_in("\n".join(told.values()))


@pytest.mark.parametrize("name", OUTSIDE)
async def test_a_private_file_is_not_there(served: FastAPI, world: World, name: str) -> None:
    async with world.cast.everybody()[name].browser() as browser:
        for part in ("", "/thumb"):
            nothing = ids.new_pid()
            absent = await browser.get(f"/files/{nothing}{part}")
            assert absent.status_code == 404
            for pid in world.files.values():
                for headers in ({}, {"Range": "bytes=0-99"}, {"If-None-Match": "*"}):
                    answer = await browser.get(f"/files/{pid}{part}", headers=headers)
                    told = normal(answer.text).replace(pid, nothing)
                    assert (answer.status_code, told) == (404, normal(absent.text)), (pid, part)
    async with world.cast.mediator.browser() as browser:
        assert (await browser.get(f"/files/{world.files['paper']}")).status_code == 200
        assert (await browser.get(f"/files/{world.files['photo']}/thumb")).status_code == 200
        assert (await browser.get(f"/files/{world.files['hidden']}")).status_code == 404


async def test_no_official_paper_holds_a_word(served: FastAPI, world: World) -> None:
    """As real PDFs, frozen, with signatures and as they are made today, for both sides of the table."""
    at = f"/cases/{world.case}"
    for name in ("respondent", "mediator"):
        member = world.cast.everybody()[name]
        hrefs = {one["href"] for one in await call(member, "GET", f"{at}/papers")}
        document = await call(member, "GET", f"/agreements/{world.agreement}")
        hrefs |= {document["pdf"], document["copy"], f"{at}/agreement/sheet.pdf", f"{at}/agreement/copy.pdf"}
        printed = {}
        async with member.browser() as browser:
            async for href, answer in opened(browser, sorted(hrefs)):
                printed[href] = text_of(answer)
        assert leaks(world, name, printed) == {}
        assert "2,600" in printed[document["copy"]], "the text of a PDF is read"
        minutes = [href for href, text in printed.items() if "minutes" in world.found_in(text)]
        # The record made from them took the place of the minutes among the papers.
        (kept,) = await call(world.cast.mediator, "GET", f"{at}/records")
        assert minutes == ([kept["pdf"]] if name == "mediator" else [])


async def test_no_notice_holds_a_word(served: FastAPI, world: World) -> None:
    """Every row of the outbox, which is every text message, mail and notice in the service."""
    async with world.db.read() as session:
        sent = list(await session.scalars(select(Outbox)))
    assert {row.channel for row in sent} >= {"sms", "in_app"}
    for row in sent:
        assert world.found_in(repr({c.key: getattr(row, c.key) for c in Outbox.__table__.columns})) == set()
        assert not any(pid in (row.link or "") + (row.thing or "") for pid in world.rooms.values())
    async with world.cast.system_admin.browser() as browser:
        shown = await browser.get("/admin/outbox")
    assert "验证码" in shown.text
    assert world.found_in(shown.text) == set()


async def test_no_error_tells_a_private_thing_from_an_absent_one(served: FastAPI, world: World) -> None:
    """What the other side tries on the private room, its files and its sitting fails as on nothing at all."""
    private, absent = world.rooms["applicant"], ids.new_pid()
    line, taken = ids.new_pid(), ids.new_pid()
    await say(world, world.cast.applicant, "applicant", f"{BAIT} 一句", id=taken)
    paper = {"file": ("a.pdf", b"%PDF-1.7\n%%EOF\n")}
    tries = [
        ("POST", "/rooms/{}/lines", {"json": {"id": line, "text": "试试"}}),
        ("POST", "/rooms/{}/lines", {"json": {"id": taken, "text": "试试"}}),
        ("POST", "/rooms/{}/lines", {"json": {"id": line, "kind": "file", "file": world.files["paper"]}}),
        ("POST", "/rooms/{}/recalls", {"json": {"id": line, "seq": world.lines["applicant"]}}),
        ("POST", "/rooms/{}/files", {"files": paper}),
        ("PUT", "/rooms/{}/read", {"json": {"seq": 1}}),
        ("GET", "/rooms/{}/lines?after=0", {}),
        ("GET", "/rooms/{}/search?q=试试", {}),
        ("GET", "/rooms/{}/lines?before=2&limit=1", {}),
    ]
    meeting = [
        ("POST", "/meetings/{}/confirmations", {"json": {"sha256": "0" * 64}}),
        ("PUT", "/meetings/{}/minutes", {"json": {"minutes": "改一改"}}),
        ("POST", "/meetings/{}/cancellation", {"json": {"reason": "不去了"}}),
        ("PUT", "/meetings/{}/coming", {"json": {"kind": "late", "minutes": 20}}),
        ("POST", "/meetings/{}/attendance", {"json": {"present": {world.story.respondent: "phone"}}}),
    ]
    async with world.cast.respondent.program() as program:
        for real, attempts in ((private, tries), (world.rooms["notes"], tries), (world.meeting, meeting)):
            for method, path, content in attempts:
                known = await program.request(method, f"/api/v1{path.format(real)}", **content)
                unknown = await program.request(method, f"/api/v1{path.format(absent)}", **content)
                assert (known.status_code, known.content) == (unknown.status_code, unknown.content), (method, path)
                assert known.status_code == 404
        # A private file said in a room of one's own is a file nobody has.
        for file in (world.files["paper"], absent):
            said = await program.post(
                f"/api/v1/rooms/{world.rooms['respondent']}/lines",
                json={"id": ids.new_pid(), "kind": "file", "file": file},
            )
            assert said.json()["error"]["code"] == "bad_file", said.text


async def test_the_auditor_finds_private_rooms_sealed(served: FastAPI, world: World) -> None:
    auditor = world.cast.auditor
    await call(auditor, "POST", f"/audit/cases/{world.case}/readings", {"reason": "抽查单独谈话有没有封存"})
    found = (await call(auditor, "GET", f"/audit/cases/{world.case}/rooms"))["rooms"]
    sealed = {room["id"] for room in found if room["sealed"]}
    assert sealed == {pid for name, pid in world.rooms.items() if name != "joint"}
    assert all(set(room) == {"id", "kind", "sealed"} for room in found if room["sealed"])
    async with auditor.program() as program, auditor.browser() as browser:
        for pid in sealed:
            refused = await program.get(f"/api/v1/audit/rooms/{pid}/lines?after=0")
            assert (refused.status_code, refused.json()["error"]["code"]) == (403, "sealed")
            assert (await browser.get(f"/audit/rooms/{pid}")).status_code == 403
        assert world.aloud in (await browser.get(f"/audit/rooms/{world.rooms['joint']}")).text


async def test_neither_log_nor_disk_holds_a_word_said_in_confidence(
    served: FastAPI, world: World, written: io.StringIO
) -> None:
    """Private lines, notes and files are encrypted where they rest, and no search index beside them has them."""
    assert world.found_in(written.getvalue()) == set()
    folder = served.state.odr.settings.var
    said = {
        "party_line", "mediator_line", "agent_line", "note", "recalled", "caption", "proposal", "file_content",
        "comment", "suggested", "suggested_why", "account", "put_to_one", "confided",
    }  # fmt: skip
    kept = [path for path in folder.rglob("*") if path.is_file()]
    whole = b"".join(path.read_bytes() for path in kept)
    assert world.aloud.encode() in whole, "the disk is read"
    assert [name for name in said if world.canaries[name].word.encode() in whole] == []
