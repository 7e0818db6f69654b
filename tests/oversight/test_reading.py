"""An auditor says why, reads the joint room as it was, and is seen doing so; what was said in private stays sealed."""

import re
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from odr.audit.models import LedgerRow
from odr.cases.models import Assignment, Case, Party
from odr.core import clock, ids
from odr.core.db import Database
from odr.evidence import service as evidence
from odr.oversight import pages
from odr.oversight.models import Reading
from odr.rooms import service as rooms
from odr.rooms.schemas import SayIn
from tests.browsing import look, send
from tests.cast import Cast
from tests.oversight.conftest import OPEN, SECRET_WORD, TAKEN_BACK, Talked

WHY = "季度抽查：核对调解记录是否完整"


async def acts(db: Database, tag: str = "") -> Sequence[LedgerRow]:
    async with db.read() as session:
        query = select(LedgerRow).where(LedgerRow.tag.startswith(tag)).order_by(LedgerRow.seq)
        return list(await session.scalars(query))


async def test_the_door_with_the_whole_cast(db: Database, cast: Cast, talked: Talked) -> None:
    """Residents find nothing here, other staff is refused; neither learns whether the case is there."""
    shut = ["/audit", "/audit/ledger", talked.case, talked.room, f"{talked.room}/files/{talked.photo}"]
    absent = ["/audit/cases/nothing", "/audit/rooms/nothing", f"{talked.room}/files/nothing"]
    json = ["cases", "ledger", f"cases/{talked.story.pid}/rooms", f"rooms/{talked.joint.pid}/lines"]
    for name, member in cast.everybody_but("auditor").items():
        wanted = 403 if member.actor.staff else 404
        shown = {(answer := await look(member, path)).main for path in (*shut, *absent) if wanted}
        assert len(shown) == 1, name
        for path in shut:
            assert (await look(member, path)).status == wanted, (name, path)
        assert (await send(member, f"{talked.case}/readings", reason=WHY)).status == wanted, name
        async with member.program() as program:
            for path in json:
                assert (await program.get(f"/api/v1/audit/{path}")).status_code == wanted, (name, path)
            given = {"reason": WHY}
            fed = await program.post(f"/api/v1/audit/cases/{talked.story.pid}/readings", json=given)
            assert fed.status_code == wanted, name
        assert OPEN not in answer.page
    assert await acts(db, "reading:") == []
    for path in absent[:2]:
        assert (await look(cast.auditor, path)).status == 404, path
    assert (await send(cast.auditor, "/audit/cases/nothing/readings", reason=WHY)).status == 404


async def test_a_reason_comes_first_and_is_kept(db: Database, cast: Cast, talked: Talked) -> None:
    me = cast.auditor
    card = await look(me, talked.case)
    assert card.status == 200
    assert "写明查阅理由后可以打开" in card.main
    for private in ("燃气公司", "王某某", "李某", OPEN, SECRET_WORD):
        assert private not in card.main
    closed = await look(me, talked.room)
    assert (closed.status, closed.to) == (303, talked.case)
    assert (await look(me, f"{talked.room}/files/{talked.photo}")).status == 403
    async with me.program() as program:
        refused = await program.get(f"/api/v1/audit/rooms/{talked.joint.pid}/lines")
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "reason_needed")
    assert await acts(db, "room:transcript:read") == []

    for reason, say in (("", "请填写"), ("抽查", "太短"), (" " * 20, "请填写"), ("长" * 301, "最多写 300 个字")):
        wrong = await send(me, f"{talked.case}/readings", reason=reason)
        assert wrong.status == 422
        assert say in wrong.errors["reason"]
        assert wrong.value("reason").strip() == reason.strip()
    for _tap in range(2):
        assert (await send(me, f"{talked.case}/readings", reason=WHY)).to == talked.case
    async with db.read() as session:
        reading = (await session.scalars(select(Reading))).one()
    assert (reading.reason, reading.auditor_id) == (WHY, me.id)
    [stated] = await acts(db, "reading:reason:stated")
    assert (stated.thing_pid, stated.detail) == (talked.story.pid, {"reading": reading.pid})
    opened = await look(me, talked.case)
    assert WHY in opened.main
    assert f'href="{talked.room}"' in opened.page
    assert opened.page.count("已封存，不能查阅") == len(talked.sealed) == 3

    with clock.shifted(timedelta(minutes=61)):
        # The idle desk is signed out first; a fresh login finds the room closed again.
        async with db.write() as session:
            await session.execute(text("UPDATE logins SET seen_at = :at"), {"at": clock.now().isoformat(" ")[:26]})
        assert (await look(me, talked.room)).to == talked.case


async def test_the_joint_room_as_it_was(db: Database, cast: Cast, talked: Talked) -> None:
    me = cast.auditor
    await send(me, f"{talked.case}/readings", reason=WHY)
    page = await look(me, talked.room)
    assert page.status == 200
    for words in (OPEN, TAKEN_BACK, "已撤回", f"撤回了第 {talked.recalled} 条", "现场.png", "王某某", WHY, "吴审计"):
        assert words in page.main
    assert re.search(r"完整，截至 .+ 已核验 \d+ 条", page.main)
    assert SECRET_WORD not in page.page
    assert TAKEN_BACK not in (await look(cast.respondent, f"/cases/{talked.story.pid}/room")).page
    [read] = await acts(db, "room:transcript:read")
    assert (read.thing_pid, read.person_id, read.detail["first"]) == (talked.joint.pid, me.id, 1)

    photo = await look(me, f"{talked.room}/files/{talked.photo}")
    assert (photo.status, photo.headers["content-type"]) == (200, "image/png")
    assert "sandbox" in photo.headers["content-security-policy"]
    assert f"{talked.room}/files/{talked.photo}" in page.page
    assert (await look(me, f"{talked.room}/files/{talked.unshown}")).status == 404
    [seen] = await acts(db, "file:shown:read")
    assert (seen.thing_pid, seen.detail["room"]) == (talked.photo, talked.joint.pid)
    assert (await look(me, f"/files/{talked.photo}")).status == 404  # the door of members stays theirs

    async with me.program() as program:
        lines = (await program.get(f"/api/v1/audit/rooms/{talked.joint.pid}/lines")).json()
    by_seq = {line["seq"]: line for line in lines["lines"]}
    assert list(by_seq) == list(range(1, lines["head"] + 1))
    assert by_seq[talked.recalled]["recalled"]
    assert by_seq[talked.recalled]["body"]["text"] == TAKEN_BACK
    assert len(await acts(db, "room:transcript:read")) == 2


async def test_private_rooms_and_notes_stay_sealed(db: Database, cast: Cast, talked: Talked) -> None:
    me = cast.auditor
    await send(me, f"{talked.case}/readings", reason=WHY)
    # A photo shown in private is as sealed as the words.
    async with me.program() as program:
        listed = (await program.get(f"/api/v1/audit/cases/{talked.story.pid}/rooms")).json()["rooms"]
        assert [("lines" in room) for room in listed] == [not room["sealed"] for room in listed]
        assert sum(room["sealed"] for room in listed) == 3
        for room in talked.sealed:
            page = await look(me, f"/audit/rooms/{room.pid}")
            assert page.status == 403
            assert "封存" in page.main
            assert SECRET_WORD not in page.page
            for more in ("", "?after=0", "?before=9"):
                answer = await program.get(f"/api/v1/audit/rooms/{room.pid}/lines{more}")
                assert answer.status_code == 403
                assert answer.json()["error"]["code"] == "sealed"
                assert SECRET_WORD not in answer.text
            # The joint room's photo asked for through a sealed room, and the other way round.
            assert (await look(me, f"/audit/rooms/{room.pid}/files/{talked.photo}")).status == 403
    assert await acts(db, "room:transcript:read") == []
    everything = (await look(me, "/audit/ledger")).page + (await look(me, talked.case)).page
    assert SECRET_WORD not in everything


async def test_nobody_audits_a_matter_of_their_own(db: Database, cast: Cast, talked: Talked) -> None:
    me = cast.auditor
    await send(me, f"{talked.case}/readings", reason=WHY)
    assert (await look(me, talked.room)).status == 200
    before = len(await acts(db, "room:transcript:read"))

    async def refused() -> None:
        card = await look(me, talked.case)
        assert card.status == 200
        assert "您和这件纠纷有关系" in card.main
        assert 'name="reason"' not in card.page
        assert talked.room not in card.page
        for path in (talked.room, f"{talked.room}/files/{talked.photo}"):
            answer = await look(me, path)
            assert answer.status == 403
            assert "请交给其他审计员" in answer.main
            assert OPEN not in answer.page
        assert (await send(me, f"{talked.case}/readings", reason=WHY)).status == 403
        async with me.program() as program:
            lines = await program.get(f"/api/v1/audit/rooms/{talked.joint.pid}/lines")
            assert (lines.status_code, lines.json()["error"]["code"]) == (403, "own_case")

    async with db.read() as session:
        case = (await session.scalars(select(Case).where(Case.pid == talked.story.pid))).one()
    async with db.write() as session:
        query = select(Party).where(Party.case_id == case.id, Party.side == "respondent")
        principal = (await session.scalars(query)).one()
        agent = Party(
            case_id=case.id, side="respondent", role="agent", acts_for_id=principal.id, name="吴审计", person_id=me.id
        )
        session.add(agent)
    await refused()
    async with db.write() as session:
        await session.delete(await session.get_one(Party, agent.id))
        session.add(Assignment(case_id=case.id, person_id=me.id, ended_at=clock.now()))
    await refused()
    assert len(await acts(db, "room:transcript:read")) == before


async def test_long_rooms_come_in_pages(db: Database, cast: Cast, talked: Talked) -> None:
    me = cast.auditor
    for n in range(60):
        await rooms.say(db, cast.applicant.actor, talked.joint.pid, SayIn(id=ids.new_pid(), text=f"第{n}句话"))
    await send(me, f"{talked.case}/readings", reason=WHY)
    newest = await look(me, talked.room)
    assert "第59句话" in newest.main
    assert OPEN not in newest.main
    [older] = re.findall(rf'href="({talked.room}\?before=\d+)"', newest.page)
    first = await look(me, older)
    assert OPEN in first.main
    assert "第59句话" not in first.main
    [newer] = re.findall(rf'href="({talked.room}\?after=\d+)"', first.page)
    assert "第59句话" in (await look(me, newer)).main
    assert len(await acts(db, "room:transcript:read")) == 3
    assert (await look(me, f"{talked.room}?after=99999")).status == 200
    for odd in ("after=abc", "after=-1", f"before={10**30}", "after="):
        answer = await look(me, f"{talked.room}?{odd}")
        assert answer.status == 422, odd
        assert re.search(r"[\u4e00-\u9fff]{4}", answer.main)
        async with me.program() as program:
            assert (await program.get(f"/api/v1/audit/rooms/{talked.joint.pid}/lines?{odd}")).status_code == 422, odd


async def test_an_altered_line_is_told_in_words(db: Database, cast: Cast, talked: Talked) -> None:
    me = cast.auditor
    await send(me, f"{talked.case}/readings", reason=WHY)
    async with db.write() as session:
        await session.execute(text("DROP TRIGGER IF EXISTS messages_no_update"))
        for (name,) in (
            await session.execute(text("SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name='messages'"))
        ).all():
            await session.execute(text(f'DROP TRIGGER "{name}"'))
        await session.execute(
            text("UPDATE messages SET at_us = at_us + 1 WHERE room_id = :room AND seq = 2"), {"room": talked.joint.id}
        )
    page = await look(me, talked.room)
    assert page.status == 200
    assert "处与写入时不一致" in page.main
    assert "完整，截至" not in page.main


async def test_evidence_that_was_removed_is_still_read_as_it_was(db: Database, cast: Cast, talked: Talked) -> None:
    await send(cast.auditor, f"{talked.case}/readings", reason=WHY)
    async with db.write() as session:
        await evidence.remove(session, cast.applicant.actor, talked.photo, "room", talked.joint.id)
    assert (await look(cast.auditor, f"{talked.room}/files/{talked.photo}")).status == 200


async def test_of_a_very_long_room_the_shown_lines_are_verified_and_all_when_asked(
    db: Database, cast: Cast, talked: Talked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "AT_ONCE", 10)
    me = cast.auditor
    for n in range(60):
        await rooms.say(db, cast.applicant.actor, talked.joint.pid, SayIn(id=ids.new_pid(), text=f"第{n}句话"))
    await send(me, f"{talked.case}/readings", reason=WHY)
    newest = await look(me, talked.room)
    assert re.search(r"第 \d+–\d+ 条与写入时一致", newest.main)
    assert 'href="?whole=1"' in newest.page
    assert re.search(r"完整，截至 .+ 已核验 \d+ 条", (await look(me, f"{talked.room}?whole=1")).main)

    # Somebody with the database in hands changes the first line, which is not on the newest page.
    async with db.write() as session:
        await session.execute(text("DROP TRIGGER append_only_messages_update"))
        of_room = "room_id = (SELECT id FROM rooms WHERE pid = :pid)"
        await session.execute(
            text(f"UPDATE messages SET at_us = at_us + 1 WHERE seq = 1 AND {of_room}"), {"pid": talked.joint.pid}
        )
    assert "与写入时一致" in (await look(me, talked.room)).main
    [older] = re.findall(rf'href="({talked.room}\?before=\d+)"', newest.page)
    for wrong in (older, f"{talked.room}?whole=1"):
        assert "有 1 处与写入时不一致" in (await look(me, wrong)).main
