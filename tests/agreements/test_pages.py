"""The pages of an agreement: each works without script, keeps what was written, and shows no button that is refused."""

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader
from sqlalchemy import select

from odr.agreements import service
from odr.agreements.models import Agreement, Signature
from odr.core import clock, outbox
from odr.evidence import service as evidence
from odr.evidence.models import File
from tests.agreements.story import TOTP, Story, strokes_of
from tests.cast import CSRF, Member

pytestmark = pytest.mark.one_engine


async def _get(who: Member, path: str, status: int = 200) -> str:
    async with who.browser() as browser:
        answer = await browser.get(path)
    assert answer.status_code == status, answer.text[:2000]
    return str(answer.text)


async def _post(who: Member, path: str, status: int = 303, files: Any = None, **values: Any) -> str:
    async with who.browser() as browser:
        answer = await browser.post(path, data=values | {"csrf": CSRF}, files=files)
    assert answer.status_code == status, answer.text[:3000]
    return str(answer.text)


async def _agreement(story: Story) -> Agreement:
    async with story.db.write() as session:
        query = select(Agreement).where(Agreement.case_id == story.case_id).order_by(Agreement.version.desc())
        return (await session.scalars(query.limit(1))).one()


async def _code(story: Story) -> str:
    async with story.db.read() as session:
        query = select(outbox.Outbox).where(outbox.Outbox.tag == "sign:code").order_by(outbox.Outbox.id.desc())
        found = (await session.scalars(query)).first()
        assert found is not None
        return next(word for word in found.text.replace("，", " ").split() if word.isdigit() and len(word) == 6)


async def test_the_whole_way_on_pages_alone(story: Story) -> None:
    cast, at = story.cast, f"/cases/{story.case}/agreement"
    assert "还没有协议草案" in await _get(cast.applicant, at)
    assert "开始起草" in await _get(cast.mediator, at)
    await _post(cast.mediator, at, form="written")
    held = (await _agreement(story)).pid
    await _get(cast.mediator, f"{at}/facts")
    await _post(cast.mediator, f"{at}/facts", agreement=held, facts="双方对改造费有争议。", issues="谁出钱")
    await _get(cast.mediator, f"{at}/clauses/new")
    clause = {
        "agreement": held, "kind": "pay", "obligor": story.respondent, "obligee": story.applicant,
        "text": "退还燃气改造费。", "amount": "2,600", "due_on": str(clock.today() + timedelta(days=5)),
        "manner": "微信",
    }  # fmt: skip
    again = await _post(cast.mediator, f"{at}/clauses/new", 422, **(clause | {"amount": "2600.123"}))
    assert "小数点后两位" in again
    assert 'value="2600.123"' in again
    assert "退还燃气改造费。" in again
    await _post(cast.mediator, f"{at}/clauses/new", **clause)

    shown = await _get(cast.applicant, at)
    assert "同意这一条" in shown
    case = f"/cases/{story.case}"
    assert "协议草案有 1 条等您回答" in await _get(cast.applicant, case)
    pid = shown.split("/clauses/")[1].split("/")[0]
    refused = await _post(
        cast.applicant, f"{at}/clauses/{pid}/answers", 422, agreement=held, version=1, answer="change", comment=""
    )
    assert f'href="#f-comment-{pid}"' in refused
    for who in (cast.applicant, cast.respondent):
        await _post(who, f"{at}/answers", agreement=held, seen=f"{pid}:1")
        if who is cast.applicant:
            assert "等其他人回答" in await _get(who, at)
    assert "可以定稿了" in await _get(cast.mediator, at)
    await _post(cast.mediator, f"{at}/final", agreement=held)

    sha = (await _agreement(story)).sha256
    for who in (cast.applicant, cast.respondent):
        assert "去签协议" in await _get(who, case)
        assert "读一遍，然后签名" in await _get(who, at)
        assert "贰仟陆佰元整" in await _get(who, f"{at}/signature")
        first = await _get(who, f"{at}/signature")
        assert "第 1 页，共 2 页" in first
        reads = {"agreement": held, "sha256": sha, "way": "pages"}
        await _get(who, f"{at}/signature?step=sign", 303)
        again = await _post(who, f"{at}/signature/codes", 422, **reads)
        assert 'href="#f-read"' in again
        assert "第 2 页，共 2 页" in again
        await _post(who, f"{at}/signature/codes", 422, **(reads | {"way": "scrolled", "read": "1"}))
        await _post(who, f"{at}/signature/codes", read="1", **reads)
        await _get(who, f"{at}/signature?step=sign")
        drawn = strokes_of(who.id)
        values = {"agreement": held, "sha256": sha, "form": "written", "read": "1", "e_sign": "1"}
        nothing = await _post(who, f"{at}/signature", 422, **(values | {"e_sign": ""}))
        for field in ("e_sign", "strokes", "code"):
            assert f'href="#f-{field}"' in nothing, "all that is missing is named at once"
        kept = await _post(who, f"{at}/signature", 422, strokes=drawn, code="12", **values)
        assert "6 位数字" in kept
        assert drawn.replace('"', "&#34;") in kept
        # Another code costs neither the drawn name nor the tick, whether it goes out or is asked for too soon.
        for later, status in ((0, 429), (61, 200)):
            with clock.shifted(timedelta(seconds=later)):
                kept = await _post(who, f"{at}/signature/codes", status, strokes=drawn, code="12", **values)
                assert ("请等一会儿再试" in kept) is (status == 429)
            assert drawn.replace('"', "&#34;") in kept
            assert re.search('name="e_sign"[^>]* checked', kept)
        assert "新的验证码已经发出" in kept
        await _post(who, f"{at}/signature", strokes=drawn, code=await _code(story), **values)
        # Once more, as when the answer was lost on its way: it leads to the page that says who has signed.
        await _post(who, f"{at}/signature", strokes=drawn, code="123456", **values)
    assert "您已经签好了" in await _get(cast.applicant, at)
    signed = await _get(cast.applicant, case)
    assert "去签协议" not in signed, "who has signed is not asked again"
    assert "您已经签好了" in signed
    assert "您已经签好了" in await _get(cast.applicant, "/cases")
    await story.sign(cast.mediator, await _agreement(story))
    assert "盖章，协议生效" in await _get(cast.body_clerk, at)
    await _post(cast.body_clerk, f"{at}/seal", agreement=held, sha256=sha)
    assert "协议已经生效" in await _get(cast.applicant, at)
    await _get(cast.applicant, f"{at}/print")
    async with cast.applicant.browser() as browser:
        copy = await browser.get(f"{at}/copy.pdf", follow_redirects=True)
        assert copy.content.startswith(b"%PDF")

    await _perform_and_visit(story)


async def _perform_and_visit(story: Story) -> None:
    cast, at = story.cast, f"/cases/{story.case}/performance"
    shown = await _get(cast.respondent, at)
    assert "我已经做了" in shown
    item = shown.split(f"{at}/")[1].split("/")[0]
    bad = await _post(
        cast.respondent, f"{at}/{item}/claims", 422, files={"proof": ("a.exe", b"MZ\x90", "image/png")}, note="付了"
    )
    assert f"f-proof-{item}" in bad
    await _post(cast.respondent, f"{at}/{item}/claims", note="付了")
    case = f"/cases/{story.case}"
    assert "对方说已经做了，请您确认" in await _get(cast.applicant, case)
    assert "对方说已经做了" not in await _get(cast.respondent, case)
    asked = await _get(cast.applicant, at)
    assert ("等您确认" in asked, "等对方确认" in asked) == (True, False), "who has to confirm is not told to wait"
    assert '<details class="confirm"' in asked, "a debt is not given up with one tap"
    assert "您一共收到了 2,600.00 元" in asked
    await _post(cast.applicant, f"{at}/{item}/answers", 422, answer="dispute", note="")
    await _post(cast.applicant, f"{at}/{item}/answers", answer="confirm")
    assert await story.state() == "performed"
    visits = f"/cases/{story.case}/visits"
    again = await _post(cast.mediator, visits, 422, party=story.applicant, channel="phone", note="都好")
    assert "都好" in again
    for party in (story.applicant, story.respondent):
        await _post(
            cast.mediator, visits, party=party, channel="phone", performed="yes", satisfaction="1",
            visited_at=f"{clock.local(clock.now() - timedelta(minutes=2)):%Y-%m-%dT%H:%M}",
        )  # fmt: skip
    assert await story.state() == "followed_up"
    assert "结案" in await _get(cast.mediator, visits)


def _photo(n: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (200 + 100 * n, 300), "white").save(out, "PNG")
    return out.getvalue()


async def test_paper_is_taken_in_on_its_page(story: Story) -> None:
    agreement = await story.frozen()
    path = f"/cases/{story.case}/agreement/paper"
    await _get(story.cast.body_clerk, path)
    await _get(story.cast.applicant, path, 403)
    values = {"agreement": agreement.pid, "signers": [story.applicant], "seen": "1", "note": "窗口"}
    again = await _post(story.cast.body_clerk, path, 422, check_code="xyz", **(values | {"seen": ""}))
    assert "12 位核对码" in again
    assert "请拍照或扫描签好的纸" in again, "all that is missing is named at once"
    assert "请先核对签名的人" in again
    assert "窗口" in again
    code = agreement.check_code.lower()
    await _post(story.cast.body_clerk, path, 422, check_code=code, **values)
    photos = [("file", (f"{n}.png", _photo(n), "image/png")) for n in range(3)]
    broken = [*photos, ("file", ("4.pdf", b"%PDF-1.4\nnothing\n%%EOF\n", "application/pdf"))]
    assert "第 4 个文件打不开" in await _post(story.cast.body_clerk, path, 422, files=broken, check_code=code, **values)
    await _post(story.cast.body_clerk, path, files=photos, check_code=code, **values)
    async with story.db.write() as session:
        scan = await session.get_one(File, (await session.scalars(select(Signature.scan_file_id))).one())
    pages = PdfReader(io.BytesIO(await evidence.read_bytes(scan, original=True))).pages
    assert [round(page.mediabox.width) for page in pages] == [96, 144, 192], "in the order they were chosen"
    shown = await _get(story.cast.body_clerk, f"/cases/{story.case}/agreement")
    assert "纸上签名" in shown
    await _get(story.cast.applicant, f"/cases/{story.case}/agreement/signature", 303)  # signed on paper: asked no more
    await _get(story.cast.respondent, f"/cases/{story.case}/agreement/signature")


async def test_what_is_read_before_signing_holds_every_field_of_the_paper(story: Story) -> None:
    pid = await story.draft()
    account = "王某某，工商银行海勃湾支行，6222020602001234567"
    later = str(clock.today() + timedelta(days=40))
    lasting = {"recurring": "每月 5 日以前", "begins_on": str(clock.today()), "due_on": later}
    clause = await story.clause(pid, story.pay(account=account, place="海达社区调解室", **lasting))
    for who in (story.cast.applicant, story.cast.respondent):
        await story.answer(who, pid, clause)
    await service.finalise(story.db, story.cast.mediator.actor, pid)
    text = await _get(story.cast.applicant, f"/cases/{story.case}/agreement/signature?part=2")
    for field in (account, "海达社区调解室", "每月 5 日以前", "从哪一天起", "为止"):
        assert field in text


async def test_an_oral_agreement_on_its_pages(story: Story) -> None:
    agreement = await story.frozen("oral")
    at = f"/cases/{story.case}/agreement"
    assert "读一遍，然后确认" in await _get(story.cast.applicant, at)
    text = await _get(story.cast.applicant, f"{at}/signature?part=2")
    for field in ("登记表上还写了", "海达社区调解室", "以后履行", "跨调委会"):
        assert field in text, "what is confirmed is the whole register form"
    reads = {"agreement": agreement.pid, "sha256": agreement.sha256, "way": "pages", "read": "1"}
    await _post(story.cast.applicant, f"{at}/signature/codes", **reads)
    values = {"agreement": agreement.pid, "sha256": agreement.sha256, "form": "oral"}
    await _post(story.cast.applicant, f"{at}/signature", code=await _code(story), **values)
    assert "手机或网页确认" in await _get(story.cast.applicant, at)
    await _post(
        story.cast.mediator, f"{at}/vouchings", agreement=agreement.pid, sha256=agreement.sha256,
        party=story.respondent, channel="onsite", note="当面确认",
    )  # fmt: skip
    assert await story.state() == "performing"


async def test_the_pages_of_meetings(story: Story) -> None:
    cast, at = story.cast, f"/cases/{story.case}/meetings"
    await _get(cast.mediator, at)
    await _get(cast.mediator, f"{at}/new")
    again = await _post(cast.mediator, f"{at}/new", 422, kind="onsite", purpose="看票据", starts_at="2026-02-30T10:00")
    assert "没有这个时间" in again
    assert "看票据" in again
    soon = f"{clock.local(clock.now() + timedelta(hours=1)):%Y-%m-%dT%H:%M}"
    await _post(cast.mediator, f"{at}/new", kind="onsite", purpose="看票据", place="社区", starts_at=soon, side="all")
    before = f"{clock.local(clock.now() - timedelta(hours=5)):%Y-%m-%dT%H:%M}"
    await _get(cast.mediator, f"{at}/past")
    await _post(
        cast.mediator, f"{at}/past", kind="phone", purpose="打电话", starts_at=before, minutes="他说周五有空。",
        **{f"present-{story.applicant}": "phone"},
    )  # fmt: skip
    listed = await _get(cast.applicant, at)
    assert "请您确认" in listed
    pages = {part.split('"')[0] for part in listed.split(f'href="{at}/')[1:]}
    assert len(pages) == 2
    for page in pages:
        shown = await _get(cast.applicant, f"{at}/{page}")
        await _get(cast.mediator, f"{at}/{page}")
        if "记录属实，我确认" in shown:
            sha = shown.split('name="sha256" value="')[1].split('"')[0]
            await _post(cast.applicant, f"{at}/{page}/confirmations", sha256=sha)
        else:
            await _post(cast.mediator, f"{at}/{page}/cancellation", 422, reason="")
            await _post(cast.mediator, f"{at}/{page}/cancellation", reason="下雨")
            assert "已取消" in await _get(cast.applicant, f"{at}/{page}")


async def test_a_totp_secret_signs_for_the_mediator(story: Story) -> None:
    """The staff's screen asks for the code of the authenticator, not for a text message."""
    agreement = await story.frozen()
    at = f"/cases/{story.case}/agreement"
    reads = {"agreement": agreement.pid, "sha256": agreement.sha256, "way": "scrolled", "read": "1", "reached": "1"}
    await _post(story.cast.mediator, f"{at}/signature/codes", seconds="31", **reads)
    shown = await _get(story.cast.mediator, f"{at}/signature?step=sign")
    assert "动态码" in shown
    assert TOTP not in shown
