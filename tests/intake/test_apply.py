"""The application on the phone: one question a screen, nothing typed is ever lost, sent once."""

import html
import re
from datetime import UTC, datetime, timedelta

import httpx2
from sqlalchemy import func, select

from odr.accounts.models import Login
from odr.cases.models import Case, Party
from odr.core import clock, crypto, ids
from odr.core.db import Database
from odr.evidence.models import File
from odr.intake import drafts, steps
from odr.intake.models import Draft
from tests.browsing import Upload, look, send
from tests.cast import COMMUNITY, CSRF, Cast, Member
from tests.evidence.test_files import PDF, office, photo, png_of, text_bomb
from tests.intake.words import ALSO_RIGHT, ID_15, ID_18, RIGHT, STORY, WRONG

PICTURE: Upload = ("a.png", photo(kind="PNG"), "image/png")


async def begin(member: Member) -> str:
    """A fresh draft's address."""
    answer = await send(member, "/apply")
    assert answer.status == 303
    return answer.to.rsplit("/", 1)[0]


async def fill(member: Member, at: str, *names: str) -> None:
    for name in names or RIGHT:
        assert (await send(member, f"{at}/{name}", **RIGHT[name])).status == 303


async def another_device(db: Database, member: Member) -> Member:
    """The same person, signed in on a second phone."""
    token = ids.new_token()
    async with db.write() as session:
        session.add(
            Login(
                token_hash=crypto.token_hash(token),
                person_id=member.id,
                staff=False,
                expires_at=clock.now() + timedelta(days=1),
            )
        )
    return Member(actor=member.actor, token=token, phone=member.phone, app=member.app)


async def cases_in(db: Database) -> list[Case]:
    async with db.read() as session:
        return list(await session.scalars(select(Case).order_by(Case.id)))


async def test_eight_screens_make_one_case_with_the_servers_time(db: Database, cast: Cast) -> None:
    me = cast.applicant
    start = await look(me, "/apply")
    assert "一共 8 步" in start.main
    assert "人民调解不收任何费用" in start.main
    at = await begin(me)
    for n, (name, answers) in enumerate(RIGHT.items(), 1):
        page = await look(me, f"{at}/{name}")
        assert page.status == 200
        assert f"第 {n} 步，共 8 步" in page.main
        assert page.errors == {}
        answer = await send(me, f"{at}/{name}", **answers, submitted_at="1999-01-01", case_id="7")
        assert answer.status == 303
        following = [*RIGHT, "review"][n]
        assert answer.to == f"{at}/{following}"
    review = await look(me, f"{at}/review")
    for words in (
        STORY,
        "合同纠纷",
        "海勃湾区新华西街道海达社区",
        "10月8日",
        "某某燃气公司",
        "04732012345",
        "2,600.50 元",
    ):
        assert words in review.main
    assert re.findall(rf'href="{at}/(\w+)"', review.main).count("place") == 2

    unticked = await send(me, f"{at}/review")
    assert (unticked.status, set(unticked.errors)) == (422, {"declaration"})
    assert await cases_in(db) == []
    before = clock.now()
    for _tap in range(2):
        sent = await send(me, f"{at}/review", declaration="1", submitted_at="1999-01-01T00:00:00Z")
        assert (sent.status, sent.to) == (303, f"{at}/done")
    [case] = await cases_in(db)
    assert before <= case.submitted_at <= clock.now()
    assert (case.state, case.channel, case.source, case.confirmed_how) == ("submitted", "web", "odr_self", "self")
    assert (case.amount_fen, case.division_code) == (260050, COMMUNITY)
    assert (case.claims, case.violence) == (["说明收费的依据", "退还多收的钱"], False)
    done = await look(me, f"{at}/done")
    assert case.application_no in done.main
    assert f"/cases/{case.pid}" in done.page
    assert "海勃湾区矛盾纠纷调处中心" in done.main

    # From here on the draft is closed: every door of it leads to the receipt, nothing reaches the case.
    for path in ("", "/story", "/review", "/kind"):
        assert (await look(me, at + path)).to == f"{at}/done"
    late = await send(me, f"{at}/story", files=[("photos", PICTURE)], facts="改" * 20)
    assert late.to == f"{at}/done"
    assert (await send(me, f"{at}/removal")).to == "/apply"
    assert (await look(me, f"{at}/done")).status == 200
    [case] = await cases_in(db)
    assert case.facts == STORY
    assert "没写完的申请" not in (await look(me, "/apply")).main


async def test_each_wrong_answer_is_named_at_its_field_and_kept_on_every_device(db: Database, cast: Cast) -> None:
    me = cast.applicant
    other_phone = await another_device(db, me)
    at = await begin(me)
    for name, mistakes in WRONG.items():
        for field, typed, say in mistakes:
            told = (name, field, typed[:30])
            given = RIGHT[name] | ({"community": ""} if field == "district" else {}) | {field: typed}
            answer = await send(me, f"{at}/{name}", **given)
            assert answer.status == 422, told
            assert set(answer.errors) == {field}, (told, answer.errors)
            assert say in answer.errors[field], (told, answer.errors)
            assert f'id="f-{field}' in answer.page, told
            assert "<script>" not in answer.page.split("<main")[1] or typed != "<script>"
            for kept, value in given.items():
                if kept not in ("category", "district", "community", "other_kind", "safety"):
                    assert answer.value(kept).strip() == value.strip(), (told, kept)
            # The other phone goes on where this one stopped, with the same words and the same advice.
            resumed = await look(other_phone, at)
            assert resumed.to == f"{at}/{name}", told
            again = await look(other_phone, resumed.to)
            assert again.status == 200
            if typed.strip():
                assert say in again.errors[field], told
                assert html.escape(typed.strip()[:40], quote=True) in again.page or field in ("category", "safety",
                    "other_kind", "district", "community"), told  # fmt: skip
        assert (await look(me, f"{at}/review")).to == f"{at}/{name}"
        await fill(me, at, name)
    assert (await look(other_phone, at)).to == f"{at}/review"
    assert (await look(me, f"{at}/nonsense")).status == 404
    assert (await send(me, f"{at}/nonsense", facts="x")).status == 404


async def test_what_people_really_type_is_understood(db: Database, cast: Cast) -> None:
    me = cast.applicant
    at = await begin(me)
    await fill(me, at)
    for name, field, typed, meant in ALSO_RIGHT:
        answer = await send(me, f"{at}/{name}", **RIGHT[name] | {field: typed})
        assert answer.status == 303, (field, typed, answer.errors)
        async with db.read() as session:
            draft = (await session.scalars(select(Draft))).one()
            found = steps.find(name)
            assert found is not None
            parsed = steps.check(found[1], drafts.answers_of(draft))
        value = getattr(parsed, field)
        assert (str(value) if field == "occurred_on" else value) == meant, (field, typed)
        assert typed.strip() in html.unescape((await look(me, f"{at}/{name}")).page), (field, typed)
    assert (await send(me, f"{at}/yourself", name="阿依•古丽", id_no=ID_15)).status == 303
    assert (await send(me, f"{at}/wants", claim_1="退钱", amount="１００００００００００")).status == 303
    assert (await send(me, f"{at}/review", declaration="1")).status == 303
    async with db.read() as session:
        applicant = (await session.scalars(select(Party).where(Party.side == "applicant"))).one()
    assert (applicant.name, applicant.id_no, applicant.phone) == ("阿依·古丽", ID_18, me.phone)
    [case] = await cases_in(db)
    assert case.amount_fen == 10**12


async def test_the_kind_is_guessed_from_the_words_and_may_be_changed(cast: Cast) -> None:
    me = cast.applicant
    at = await begin(me)
    await send(me, f"{at}/story", facts="老板欠我三个月工资，工地上一起干活的都没有拿到钱。")
    guessed = await look(me, f"{at}/kind")
    assert guessed.value("category") == "10a"
    assert "因为您写了：" in guessed.main
    assert guessed.page.count('name="category"') == 20
    assert (await send(me, f"{at}/kind", category="10b")).status == 303
    assert (await look(me, f"{at}/kind")).value("category") == "10b"
    # A chosen kind stays when the story is told anew.
    await send(me, f"{at}/story", facts="老板欠我三个月工资，工地上一起干活的都没有拿到钱。还骂人。")
    assert (await look(me, f"{at}/kind")).value("category") == "10b"


async def test_communities_stand_under_their_street(cast: Cast) -> None:
    at = await begin(cast.applicant)
    page = await look(cast.applicant, f"{at}/place")
    assert '<optgroup label="海勃湾区 新华西街道">' in page.page
    assert re.search(rf'<optgroup[^>]*>\s*<option value="{COMMUNITY}">海达社区</option>\s*</optgroup>', page.page)
    await send(cast.applicant, f"{at}/place", **RIGHT["place"])
    assert (await look(cast.applicant, f"{at}/place")).value("community") == COMMUNITY


async def test_a_draft_is_its_owners_alone(db: Database, cast: Cast, client: httpx2.AsyncClient) -> None:
    at = await begin(cast.applicant)
    await send(cast.applicant, f"{at}/story", files=[("photos", PICTURE)], facts=STORY)
    async with db.read() as session:
        picture = (await session.scalars(select(File))).one()
    absent = await look(cast.stranger, "/apply/no-such-draft/story")
    for name, member in cast.everybody_but("applicant").items():
        for path in (at, f"{at}/story", f"{at}/review", f"{at}/done", f"/files/{picture.pid}"):
            answer = await look(member, path)
            assert answer.status == 404, (name, path)
            assert "燃气" not in answer.page
        for path in (f"{at}/story", f"{at}/review", f"{at}/removal", f"{at}/photos/{picture.pid}/removal"):
            answer = await send(member, path, facts="改成别的内容，随便写写", declaration="1")
            assert answer.status == 404, (name, path)
        assert answer.main == absent.main or member.actor.staff
        assert "燃气" not in (await look(member, "/apply")).page
    assert (await look(cast.applicant, f"/files/{picture.pid}")).status == 200
    assert (await look(cast.applicant, f"{at}/story")).value("facts") == STORY

    assert (await client.get(f"{at}/story")).headers["location"] == f"/login?next={at}/story"


BAD_FILES: list[tuple[Upload, str]] = [
    (("大.jpg", photo() + bytes(1024 * 1024), "image/jpeg"), "不能超过 1 MB"),
    (("页.jpg", b"<html><script>alert(1)</script></html>", "image/jpeg"), "不支持这种文件"),
    (("图.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "image/svg+xml"), "不支持这种文件"),
    (("炸弹.png", png_of(60_000, 60_000), "image/png"), "。"),
    (("文字炸弹.png", text_bomb(), "image/png"), "。"),
    (("炸弹.docx", office("word/document.xml", size=3_000_000), "image/png"), "不支持这种文件"),
    (("空.jpg", b"", "image/jpeg"), "空的"),
    (("半张.pdf", PDF[:20], "application/pdf"), "不完整"),
]


async def test_photos_are_kept_and_bad_files_cost_no_word(db: Database, cast: Cast) -> None:
    me = cast.applicant
    at = await begin(me)
    story = f"{at}/story"
    good = ("../../现场\u202e.png", photo(kind="PNG"), "image/png")
    assert (await send(me, story, files=[("photos", good)], facts=STORY)).status == 303
    for bad, say in BAD_FILES:
        answer = await send(me, story, files=[("photos", bad)], facts=STORY + bad[0])
        assert answer.status == 422, bad[0]
        assert set(answer.errors) == {"photos"}, bad[0]
        assert say in answer.errors["photos"], (bad[0], answer.errors)
        assert answer.value("facts") == STORY + bad[0]
        assert "现场.png" in answer.page
    # A sound photo beside a broken one is kept; so is one beside a story that is too short.
    second = ("二.jpg", photo((80, 60)), "image/jpeg")
    assert (await send(me, story, files=[("photos", second), ("photos", BAD_FILES[1][0])], facts=STORY)).status == 422
    third = ("三.pdf", PDF, "application/pdf")
    assert (await send(me, story, files=[("photos", third)], facts="短")).status == 422
    page = await look(me, story)
    assert re.findall(r"/files/[^>]+>([^<]+)<", page.page) == [
        "现场.png",
        "二.jpg",
        "三.pdf",
    ]

    # The answer was lost on the way and the phone sends all of it again: no photo twice.
    again = await send(me, story, files=[("photos", good), ("photos", second)], facts=STORY)
    assert again.status == 303
    assert (await look(me, story)).page.count('class="file-name"') == 3

    many: list[tuple[str, Upload]] = [("photos", (f"{n}.jpg", photo((20 + n, 20)), "image/jpeg")) for n in range(14)]
    full = await send(me, story, files=many, facts=STORY + "照片很多。")
    assert full.status == 422
    assert "最多可以放 9 个文件" in full.errors["photos"]
    assert full.value("facts") == STORY + "照片很多。"
    assert full.page.count('class="file-name"') == 9

    removal = re.findall(r'formaction="([^"]+/removal)"', full.page)[0]
    gone = await send(me, removal, facts=STORY + "删一张。")
    assert (gone.status, gone.to) == (303, story)
    assert (await look(me, story)).value("facts") == STORY + "删一张。"
    assert (await send(me, removal, facts=STORY)).status == 404
    assert (await look(me, removal.replace("/removal", "").replace(f"{at}/photos", "/files"))).status == 404

    await fill(me, at, *[name for name in RIGHT if name != "story"])
    assert (await look(me, f"{at}/review")).page.count("/files/") == 8
    assert (await send(me, f"{at}/review", declaration="1")).status == 303
    async with db.read() as session:
        held = await session.scalar(
            select(func.count()).select_from(File).where(File.holder == "case", File.removed_at.is_(None))
        )
    assert held == 8


async def test_a_line_that_breaks_at_any_step_loses_nothing(db: Database, cast: Cast) -> None:
    """The phone sent, the answer never came: the page is sent again, or the person comes back another day."""
    me = cast.applicant
    at = await begin(me)
    for name, answers in RIGHT.items():
        first = await send(me, f"{at}/{name}", **answers)
        second = await send(me, f"{at}/{name}", **answers)
        assert (first.status, first.to) == (second.status, second.to) == (303, second.to)
        for before in list(RIGHT)[: list(RIGHT).index(name) + 1]:
            page = await look(me, f"{at}/{before}")
            assert all(page.value(k) == v for k, v in RIGHT[before].items() if v), before
    [listed] = re.findall(r'class="cell" href="([^"]+)"', (await look(me, "/apply")).page)
    assert listed == at
    first = await send(me, f"{at}/review", declaration="1")
    second = await send(me, f"{at}/review", declaration="1")
    assert first.to == second.to == f"{at}/done"
    assert len(await cases_in(db)) == 1

    # The login ended meanwhile: every word comes back with the question to sign in.
    at = await begin(me)
    async with me.browser() as browser:
        browser.cookies.set("odr_login", "ended")
        answer = await browser.post(f"{at}/story", data={"csrf": CSRF, "facts": STORY})
    assert answer.status_code == 401
    assert STORY in html.unescape(answer.text)
    assert f'action="{at}/story"' in answer.text


async def test_a_draft_can_be_thrown_away(db: Database, cast: Cast) -> None:
    me = cast.applicant
    at, kept = await begin(me), await begin(me)
    await send(me, f"{at}/story", files=[("photos", PICTURE)], facts=STORY)
    start = await look(me, "/apply")
    assert f'action="{at}/removal"' in start.page
    assert STORY[:10] in start.main
    async with db.read() as session:
        picture = (await session.scalars(select(File.pid))).one()
    assert (await send(me, f"{at}/removal")).to == "/apply"
    assert (await look(me, at)).status == 404
    assert (await send(me, f"{at}/removal")).status == 404
    assert (await look(me, f"/files/{picture}")).status == 404
    start = await look(me, "/apply")
    assert STORY[:10] not in start.main
    assert kept in start.page
    async with db.read() as session:
        draft = (await session.scalars(select(Draft).where(Draft.dropped_at.is_not(None)))).one()
    assert draft.answers == "{}"


async def test_a_person_in_danger_is_flagged_and_told_whom_to_call(db: Database, cast: Cast) -> None:
    me = cast.applicant
    at = await begin(me)
    assert "110" in (await look(me, f"{at}/safety")).main
    await fill(me, at)
    await send(me, f"{at}/safety", safety="unsafe")
    await send(me, f"{at}/review", declaration="1")
    [case] = await cases_in(db)
    assert case.violence


async def test_a_program_applies_in_one_call(db: Database, cast: Cast) -> None:
    given = {
        "category": "04", "facts": STORY, "claims": ["退还多收的钱"], "division_code": COMMUNITY,
        "occurred_on": "2026-10-08", "amount_fen": 260000, "applicant": {"name": "王某某"},
        "respondents": [{"name": "某某燃气公司", "kind": "legal"}],
    }  # fmt: skip
    wrong = {
        "occurred_on": "2026-02-30", "division_code": "150399000000", "amount_fen": -1, "category": "zz", "facts": "短",
        "submitted_at": "1999-01-01", "claims": [], "respondents": [],
    }  # fmt: skip
    async with cast.applicant.program() as me:
        for field, value in wrong.items():
            answer = await me.post("/api/v1/applications", json=given | {field: value})
            assert answer.status_code == 422, field
            assert field in answer.json()["error"]["fields"], (field, answer.json())
        first = await me.post("/api/v1/applications", json=given)
        again = await me.post("/api/v1/applications", json=given)
        assert first.status_code == again.status_code == 201
        assert first.json() == again.json()
        assert datetime.fromisoformat(first.json()["submitted_at"]) <= datetime.now(UTC)
    assert len(await cases_in(db)) == 1


async def test_a_heap_of_photos_over_the_ceiling_is_refused_in_words(cast: Cast) -> None:
    at = await begin(cast.applicant)
    await send(cast.applicant, f"{at}/story", facts=STORY)
    async with cast.applicant.browser() as browser:
        answer = await browser.post(
            f"{at}/story", content=b"x", headers={"content-type": "multipart/form-data; boundary=b",
                                                  "content-length": str(65 * 1024 * 1024)},
        )  # fmt: skip
        too_much = await browser.post("/preferences", data={"csrf": CSRF, "theme": "x" * 1_100_000})
    for refused in (answer, too_much):
        assert refused.status_code == 413
        assert "内容太大了" in refused.text
        assert "<main" in refused.text
        assert "content-security-policy" in refused.headers
    assert (await look(cast.applicant, f"{at}/story")).value("facts") == STORY
