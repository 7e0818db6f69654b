"""The transcript as plain pages: words are found and marked, and any line opens with what stands around it."""

import re

import pytest

from odr.core import ids
from odr.core.db import Database
from odr.rooms import service as rooms
from odr.rooms.schemas import RecallIn, SayIn
from tests.cases.story import Story
from tests.cast import Cast


@pytest.fixture
async def talked(story: Story, db: Database, cast: Cast) -> Story:
    """A joint room in which 60 lines stand, one of them with something to find, and a private word."""
    await story.mediating()
    joint, private = await room_pids(story, db)
    for n in range(60):
        said = "前面" * 40 + "楼上<漏水>，赔 500 元" if n == 20 else f"第{n}句"
        await rooms.say(db, cast.applicant.actor, joint, SayIn(id=ids.new_pid(), text=said))
    await rooms.say(db, cast.applicant.actor, private, SayIn(id=ids.new_pid(), text="底线八千"))
    return story


async def room_pids(story: Story, db: Database) -> tuple[str, str]:
    async with db.read() as session:
        found = {(room.kind, room.slot): room.pid for room in await rooms.rooms_of(session, story.pid)}
    return found["joint", ""], found["private", "applicant"]


async def test_looking_for_words_and_opening_the_line(talked: Story, db: Database, cast: Cast) -> None:
    joint, private = await room_pids(talked, db)
    at = f"/cases/{talked.pid}/room"
    async with cast.applicant.browser() as a, cast.respondent.browser() as r, cast.stranger.browser() as stranger:
        page = (await a.get(at)).text
        assert f"{at}/search?room={joint}" in page
        empty = await a.get(f"{at}/search")
        assert (empty.status_code, "<mark>" in empty.text) == (200, False)
        found = (await a.get(f"{at}/search", params={"q": "漏水 500", "room": joint})).text
        assert "楼上&lt;<mark>漏水</mark>&gt;，赔 <mark>500</mark> 元" in found
        assert "…" in found
        assert cast.applicant.actor.name in found
        link = re.search(r'class="hit" href="([^"#]+)#(line-\d+)"', found)
        assert link is not None
        opened = (await a.get(link[1].replace("&amp;", "&"))).text
        assert f'id="{link[2]}"' in opened
        assert "楼上&lt;漏水&gt;" in opened
        assert '<script type="application/json" id="room-boot"' not in opened
        newer = re.search(r'href="(\?room=[^"]+after=\d+)"', opened)
        assert newer is not None
        rest = (await a.get(f"{at}/transcript{newer[1].replace('&amp;', '&')}")).text
        assert "第59句" in rest
        assert "看更早的" in rest
        assert "看更新的" not in rest
        assert "没有找到" in (await a.get(f"{at}/search", params={"q": "八千"})).text
        bad = await a.get(f"{at}/search", params={"q": "，"})
        assert (bad.status_code, 'value="，"' in bad.text, "请写要找的字或词" in bad.text) == (422, True, True)
        own = (await a.get(f"{at}/search", params={"q": "八千", "room": private})).text
        assert "<mark>八千</mark>" in own
        assert "不建索引" in own
        # The other side's page is the same as if the room were not there.
        theirs = (await r.get(f"{at}/search", params={"q": "八千", "room": private})).text
        assert "<mark>" not in theirs
        assert "没有找到" in theirs
        for address in (f"{at}/search?q=漏水", f"{at}/transcript?around=3"):
            assert (await stranger.get(address)).status_code == 404


async def test_a_line_that_was_taken_back_is_neither_found_nor_shown(talked: Story, db: Database, cast: Cast) -> None:
    joint, _private = await room_pids(talked, db)
    said = await rooms.say(db, cast.respondent.actor, joint, SayIn(id=ids.new_pid(), text="口误一句"))
    await rooms.recall(db, cast.respondent.actor, joint, RecallIn(id=ids.new_pid(), seq=said.seq))
    async with cast.mediator.browser() as m:
        found = (await m.get(f"/cases/{talked.pid}/room/search", params={"q": "口误"})).text
        shown = (await m.get(f"/cases/{talked.pid}/room/transcript", params={"around": said.seq})).text
    assert "口误一句" not in found + shown
    assert "没有找到" in found
    assert "已经撤回" in shown
