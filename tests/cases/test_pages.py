"""Pages as a browser without script meets them: forms keep what was typed, answers are sentences, POST leads on."""

import json
import re

import pytest
from sqlalchemy import text

from odr.core import csrf, ids
from odr.rooms import service as rooms
from tests.cases.story import Story
from tests.cast import CSRF, Cast, Member

pytestmark = pytest.mark.one_engine


async def get(member: Member, path: str) -> str:
    async with member.browser() as browser:
        answer = await browser.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


async def post(member: Member, path: str, **fields: str) -> tuple[int, str]:
    async with member.browser() as browser:
        answer = await browser.post(path, data={"csrf": CSRF, **fields})
    return answer.status_code, answer.headers.get("location") or answer.text


async def test_an_empty_list_says_what_to_do(cast: Cast) -> None:
    page = await get(cast.stranger, "/cases")
    assert "这里还没有纠纷" in page
    assert 'href="/apply"' in page


async def test_a_case_is_a_way_with_one_filled_button(story: Story, cast: Cast) -> None:
    await story.confirmed()
    page = await get(cast.applicant, f"/cases/{story.pid}")
    main = page[page.index("<main") :]
    assert main.count("button--primary") == 1
    assert main.count('aria-current="step"') == 1
    assert "轮到" in main
    assert "无人回应时" in main
    async with story.db.write() as session:
        await session.execute(text("UPDATE cases SET occurred_on = '2025-03-01' WHERE pid = :pid"), {"pid": story.pid})
    for who in (cast.applicant, cast.mediator):
        assert "2025年3月1日 周六" in await get(who, f"/cases/{story.pid}"), "a day is written for people"


async def test_the_gates_come_one_at_a_time(story: Story, cast: Cast) -> None:
    await story.confirmed()
    at = f"/cases/{story.pid}/gates"
    seen = []
    for _n in range(6):
        page = await get(cast.respondent, at)
        found = re.search(r'name="gate" value="(\w+)"', page)
        if found is None:
            break
        seen.append(found[1])
        version = re.search(r'name="text_version" value="([^"]+)"', page)
        skipped, again = await post(cast.respondent, at, gate=found[1])
        assert skipped == 422
        assert 'href="#f-answer"' in again
        given = {"gate": found[1], "answer": "yes"} | ({"text_version": version[1]} if version else {})
        assert await post(cast.respondent, at, **given) == (303, at)
    assert seen == ["rights_notice", "agree_to_mediate", "online_mediation", "disclosure"]
    assert "全部完成" in await get(cast.respondent, at)


async def test_words_that_changed_meanwhile_are_shown_anew(story: Story, cast: Cast) -> None:
    await story.confirmed()
    at = f"/cases/{story.pid}/gates"
    status, page = await post(cast.respondent, at, gate="rights_notice", answer="yes", text_version="rights-2020-01")
    assert status == 409
    assert "请看过新的内容再确认" in page


async def test_the_identity_gate_names_the_wrong_field_and_keeps_the_name(story: Story, cast: Cast) -> None:
    await story.confirmed()
    at = f"/cases/{story.pid}/gates?gate=identity"
    status, page = await post(cast.respondent, at, gate="identity", name="李某", id_no="１２３")
    assert status == 422
    assert 'href="#f-id_no"' in page
    assert 'value="李某"' in page


async def test_saying_no_at_the_gate_ends_the_case_gently(story: Story, cast: Cast) -> None:
    await story.assigned()
    at = f"/cases/{story.pid}"
    assert await post(cast.respondent, f"{at}/gates", gate="agree_to_mediate", answer="no") == (303, at)
    assert await story.state() == "failed"
    page = await get(cast.applicant, at)
    assert "仲裁" in page
    assert "调解终止" in page


async def test_a_form_with_a_gap_is_shown_again_with_every_word(story: Story, cast: Cast) -> None:
    await story.mediating()
    at = f"/cases/{story.pid}/ending"
    status, page = await post(cast.mediator, at, note="双方差距太大，谈了三次")
    assert status == 422
    assert 'href="#f-result"' in page
    assert "双方差距太大，谈了三次" in page
    assert (await post(cast.mediator, at, result="deadlock", note="双方差距太大"))[0] == 303


async def test_a_guard_is_a_sentence_on_the_page(story: Story, cast: Cast) -> None:
    await story.confirmed()
    status, page = await post(cast.mediator, f"/cases/{story.pid}/mediation")
    assert status == 409
    assert "还有当事人没有表示同意调解" in page


async def test_a_step_that_cannot_be_made_yet_says_why_before_the_tap(story: Story, cast: Cast) -> None:
    await story.confirmed()
    page = await get(cast.mediator, f"/cases/{story.pid}/mediation")
    assert "现在还不能办这一步" in page
    assert "还有当事人没有确认权利义务告知书" in page
    assert "button--primary" not in page[page.index("<main") :]


async def test_every_step_that_is_offered_opens(story: Story, cast: Cast) -> None:
    for until in ("apply", "accepted", "confirmed", "mediating"):
        await getattr(story, until)()
        for member in (cast.applicant, cast.mediator, cast.body_clerk, cast.centre_clerk):
            async with member.browser() as browser:
                page = await browser.get(f"/cases/{story.pid}")
                if page.status_code == 404:
                    continue
                links = set(re.findall(rf'href="(/cases/{story.pid}/[a-z-]+)"', page.text))
                for link in links:
                    if link.rsplit("/", 1)[1] in ("agreement", "meetings", "performance", "visits"):
                        continue
                    assert (await browser.get(link)).status_code == 200, (until, link)


async def test_staff_is_given_link_qr_and_code(story: Story, cast: Cast) -> None:
    await story.accepted()
    await story.invite()
    page = await get(cast.body_clerk, f"/cases/{story.pid}")
    assert re.search(r"/i/[\w-]{43}", page)
    assert re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}", page)
    assert "<svg" in page[page.index("qr-picture") :]
    assert "style=" not in page


async def test_the_routing_page_gives_its_reasons(story: Story, cast: Cast) -> None:
    await story.apply()
    page = await get(cast.centre_clerk, f"/cases/{story.pid}/routing")
    assert "乌海市公用事业纠纷人民调解委员会" in page
    assert "燃气" in page
    assert "首选" in page


async def test_the_desk_and_the_queue_show_their_own(story: Story, cast: Cast) -> None:
    await story.mediating()
    assert story.pid in await get(cast.mediator, "/desk")
    assert story.pid in await get(cast.body_clerk, "/queue?show=running")
    for member in (cast.applicant, cast.stranger):
        async with member.browser() as browser:
            assert (await browser.get("/desk")).status_code == 404
            assert (await browser.get("/queue")).status_code == 404


async def test_the_room_brings_what_the_island_starts_from(story: Story, cast: Cast) -> None:
    await story.mediating()
    page = await get(cast.applicant, f"/cases/{story.pid}/room")
    found = re.search(r'<script type="application/json" id="room-boot"[^>]*>(.*?)</script>', page, re.S)
    assert found is not None
    boot = json.loads(found[1])
    assert boot["me"]["id"] == cast.applicant.pid
    assert boot["layout"] == "phone"
    assert [room["kind"] for room in boot["rooms"]] == ["joint", "private"]
    assert boot["links"]["case"] == f"/cases/{story.pid}"
    assert csrf.drawn_for(boot["csrf"], CSRF) == ""
    assert '"layout": "desk"' in await get(cast.mediator, f"/cases/{story.pid}/room")


async def test_without_script_a_line_is_said_once(story: Story, cast: Cast) -> None:
    await story.mediating()
    async with story.db.read() as session:
        joint = next(r for r in await rooms.rooms_of(session, story.pid) if r.kind == "joint")
    at, line = f"/cases/{story.pid}/room", ids.new_pid()
    for _twice in range(2):
        status, _to = await post(cast.applicant, at, room=joint.pid, line=line, text="我不知道该不该交。")
        assert status == 303
    page = await get(cast.respondent, at)
    assert page.count("我不知道该不该交。") == 1
    status, again = await post(cast.applicant, at, room=joint.pid, line=ids.new_pid(), text="   ")
    assert status == 422
    assert "请先写一句话再发送" in again
    assert (await post(cast.stranger, at, room=joint.pid, line=ids.new_pid(), text="x"))[0] == 404


@pytest.mark.parametrize(
    ("form", "page"),
    [("agreement/offers/sums", "agreement/offers"), ("meetings/x/attendance", "meetings/x"), ("court/wishes", "court")],
)
@pytest.mark.one_engine
async def test_the_address_of_a_form_leads_to_its_page(cast: Cast, form: str, page: str) -> None:
    """A form that was shown again leaves its address in the browser, and the phone reopens it a day later."""
    async with cast.applicant.browser() as browser:
        answer = await browser.get(f"/cases/no-such/{form}")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/no-such/{page}")
        assert (await browser.get("/logout")).status_code == 405
        assert (await browser.get("/api/v1/logins/codes")).status_code == 405
