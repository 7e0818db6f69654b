"""What people write for the file, who may have which of its papers, and the papers beside the thirteen items."""

import io
import re
from typing import Any

import pypdf
import pytest
from sqlalchemy import select

from odr.cases import service as cases
from odr.cases.codes import Channel, RefusalGround, Result, State
from odr.cases.models import Case, Party
from odr.core import binding, clock, paper
from odr.core.binding import Bound, Late, Leaf
from odr.core.db import Database
from odr.core.errors import Forbidden, Invalid, NotFound
from odr.dossier import access, filing, papers, whole, wording
from odr.dossier.bundle import Bundle, gather
from odr.dossier.codes import Retention, retention
from odr.dossier.models import Inquiry, Mandate
from odr.dossier.schemas import FilingIn, InquiryIn, MandateIn, ParticularsIn, as_written, exchanges
from tests.agreements.story import Story, begun
from tests.browsing import look, send
from tests.cast import Cast, Member

HANDLERS = {"mediator", "body_clerk"}
PARTIES = {"applicant", "applicant_agent", "respondent", "respondent_agent"}
MANDATE = {"kind": "citizen", "scopes": ["apply", "evidence", "receive"], "signed_on": "2026-01-05"}
INQUIRY = {
    "held_at": "2026-01-05T10:00", "place": "居委会", "matter": "核实收费的经过", "asked": "周某", "writer": "张调解",
    "talk": "问：谁来收的钱？\n答：一位姓李的。",
}  # fmt: skip


@pytest.fixture
async def story(db: Database, cast: Cast) -> Story:
    return await begun(db, cast)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The words of papers as HTML; `test_whole` and `test_papers` make real PDFs."""

    async def quick(html: str) -> bytes:
        return b"%PDF-1.7\n" + html.encode()

    async def bound(leaves: list[Leaf], late: Any, *, after: int = 1, title: str = "") -> Bound:
        spans = [binding.Span(leaf.key, leaf.title, n, 1) for n, leaf in enumerate(leaves, start=1)]
        last: Late = late(spans)
        html = "".join(leaf.html for leaf in leaves) + last.index.html
        return Bound(b"%PDF-1.7\n" + html.encode(), tuple(spans))

    monkeypatch.setattr(paper, "pdf", quick)
    monkeypatch.setattr(binding, "bind", bound)


async def bundle(story: Story, who: Member) -> Bundle:
    async with story.db.read() as session:
        return await gather(session, await access.of_case(session, who.actor, story.case))


async def agent_of(story: Story, side: str) -> str:
    async with story.db.read() as session:
        query = select(Party.pid).where(Party.case_id == story.case_id, Party.side == side, Party.role == "agent")
        return (await session.scalars(query)).one()


async def texts(story: Story, who: Member) -> dict[str, str]:
    """Every paper this member may have, as text."""
    b = await bundle(story, who)
    shelf = [one for one in papers.shelf(b) if one.fill is not None]
    return {one.key: re.sub(r"<[^>]+>", "", papers.drawn(b, one).html) for one in shelf}


async def test_who_may_open_and_write_what(story: Story) -> None:
    cast, at = story.cast, f"/cases/{story.case}"
    agent = await agent_of(story, "applicant")
    doors = {
        f"{at}/dossier": HANDLERS,
        f"{at}/dossier.pdf": HANDLERS | PARTIES,
        f"{at}/dossier.zip": HANDLERS | PARTIES,
        f"{at}/papers": HANDLERS | PARTIES,
        f"{at}/records": HANDLERS | PARTIES,
        f"{at}/inquiries/new": {"mediator"},
        f"{at}/parties/{story.applicant}/particulars": HANDLERS | {"applicant", "applicant_agent"},
        f"{at}/parties/{agent}/mandate": HANDLERS | {"applicant", "applicant_agent"},
        f"{at}/papers/identity": HANDLERS | PARTIES,
        f"{at}/papers/mandate-{agent}": HANDLERS | {"applicant", "applicant_agent"},
        f"{at}/papers/address-{story.respondent}": HANDLERS | {"respondent", "respondent_agent"},
        f"{at}/papers/application.docx": HANDLERS | {"applicant", "applicant_agent"},
        f"{at}/papers/nothing": set(),
    }
    for path, allowed in doors.items():
        for name, member in cast.everybody().items():
            # Who handles the case knows it is there, but only its mediator writes inquiries.
            refused = 403 if path.endswith(("/dossier", "/inquiries/new")) and name in HANDLERS | PARTIES else 404
            assert (await look(member, path)).status == (200 if name in allowed else refused), (path, name)
    for name, member in cast.everybody().items():
        async with member.program() as program:
            for path, allowed in (
                ("dossier", HANDLERS),
                ("records", HANDLERS | PARTIES),
                ("inquiries", HANDLERS | PARTIES),
            ):
                status = (await program.get(f"/api/v1/cases/{story.case}/{path}")).status_code
                assert status == (200 if name in allowed else 403 if name in PARTIES else 404), (path, name)


async def test_particulars_are_written_by_ones_own_side_and_by_staff(story: Story) -> None:
    wanted = ParticularsIn(ethnicity="蒙古族", occupation="退休职工", domicile="乌海市乌达区")
    for name, member in story.cast.everybody().items():
        if name in {"applicant", "applicant_agent", *HANDLERS}:
            async with story.db.write() as session:
                await filing.describe(session, member.actor, story.case, story.applicant, wanted)
            continue
        with pytest.raises(NotFound):
            async with story.db.write() as session:
                await filing.describe(session, member.actor, story.case, story.applicant, wanted)
    ours = (await texts(story, story.cast.mediator))["application"]
    assert "蒙古族" in ours
    assert "乌海市乌达区" in ours
    theirs = "".join((await texts(story, story.cast.respondent)).values())
    assert "蒙古族" not in theirs
    assert "15030219560312002X" not in theirs


async def test_an_authority_says_no_more_than_the_party_gave(story: Story) -> None:
    agent, mediator = await agent_of(story, "applicant"), story.cast.mediator
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"scopes": ["concede"]}, "scopes"),
        ({"scopes": ["other"]}, "other"),
        ({"kind": "lawyer"}, "licence_no"),
        ({"ends_on": "2025-01-01"}, "ends_on"),
        ({"scopes": []}, "scopes"),
        ({"signed_on": "2026-02-30"}, "signed_on"),
    ]
    at = f"/cases/{story.case}/parties/{agent}/mandate"
    async with mediator.program() as program:
        for changed, name in wrong:
            refused = await program.put(f"/api/v1{at}", json=MANDATE | changed)
            assert (refused.status_code, list(refused.json()["error"]["fields"])) == (422, [name]), changed
    refused_page = await send(mediator, at, kind="lawyer", scopes="evidence", signed_on="2026-01-05", employer="某某所")
    assert (refused_page.status, refused_page.value("employer")) == (422, "某某所")
    async with story.db.write() as session:
        await filing.mandate(session, story.cast.applicant.actor, story.case, agent, MandateIn.model_validate(MANDATE))
    async with story.db.read() as session:
        assert (await session.scalars(select(Mandate))).one().scopes == ["apply", "evidence", "receive"]
    text = (await texts(story, mediator))[f"mandate-{agent}"]
    for words in ("其他公民", "收集、提供证据", "一般代理", "2026年1月5日", "王小某"):
        assert words in text, words
    with pytest.raises(NotFound):
        async with story.db.write() as session:
            await filing.mandate(
                session, story.cast.respondent.actor, story.case, agent, MandateIn.model_validate(MANDATE)
            )


async def test_an_inquiry_is_the_staffs_until_it_is_opened(story: Story) -> None:
    cast, at = story.cast, f"/cases/{story.case}/inquiries"
    refused = await send(cast.mediator, f"{at}/new", **(INQUIRY | {"talk": "问：谁来收的钱？"}))
    assert refused.status == 422
    assert "还没有写回答" in refused.errors["talk"]
    assert refused.value("asked") == "周某"
    made = await send(cast.mediator, f"{at}/new", **INQUIRY)
    assert made.status == 303
    for name, member in cast.everybody().items():
        seen = await look(member, made.to)
        assert seen.status == (200 if name in HANDLERS else 404), name
        assert (await look(member, made.to.replace("/inquiries/", "/papers/inquiry-"))).status == seen.status, name
    await send(cast.mediator, made.to, **(INQUIRY | {"side": "respondent"}))
    assert "姓李的" in (await look(cast.respondent, made.to)).main
    assert (await look(cast.applicant, made.to)).status == 404
    await send(cast.mediator, made.to, **(INQUIRY | {"shared": "1"}))
    assert "姓李的" in (await look(cast.applicant, made.to)).main
    with pytest.raises(Forbidden):
        async with story.db.write() as session:
            await filing.inquire(session, cast.body_clerk.actor, story.case, InquiryIn.model_validate(INQUIRY))
    async with story.db.read() as session:
        row = (await session.scalars(select(Inquiry))).one()
    assert filing.talk_of(row) == [("谁来收的钱？", "一位姓李的。")]


def test_questions_and_answers_are_read_as_people_write_them() -> None:
    text = "问：哪天？\n答：国庆前后。\n记不清了。\n问: 还有谁？\n答 没有。"
    found = exchanges(text)
    assert found == [{"q": "哪天？", "a": "国庆前后。\n记不清了。"}, {"q": "还有谁？", "a": "没有。"}]
    assert exchanges(as_written([(one["q"], one["a"]) for one in found])) == found
    for wrong in (
        "",
        "他说国庆前后",
        "答：先有回答",
        "问：一\n问：二\n答：三",
        "时间：十点",
        "周某：看见了",
        "问：看见了吗？\n答：",
    ):
        with pytest.raises(ValueError, match=r"问|回答"):
            exchanges(wrong, "周某")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("问:看见了吗？\n答:看见了。", [("看见了吗？", "看见了。")]),
        ("问 看见了吗？\n\n 答　看见了。", [("看见了吗？", "看见了。")]),
        ("问看见了吗？\n答看见了。\n问题不大。\n问几点\n答十点",
         [("看见了吗？", "看见了。\n问题不大。"), ("几点", "十点")]),
        # What only looks like a turn stays where it was said.
        ("问：后来呢？\n答：他来了。\n问题是钱。\n答应还我。\n时间：十点\n我问：几时？",
         [("后来呢？", "他来了。\n问题是钱。\n答应还我。\n时间：十点\n我问：几时？")]),
        ("问：请讲。\n从头讲。\n答：好。", [("请讲。\n从头讲。", "好。")]),
        # With a name before the sign, or the name alone; the one who was asked is named on the form.
        ("张调解问：看见了吗？\n周某答：看见了。\n张调解问：几点？\n周某答：十点。",
         [("（张调解）看见了吗？", "看见了。"), ("几点？", "十点。")]),
        ("张调解：看见了吗？\n周某：看见了。\n地点：楼下。\n张调解：几点？\n周某: 十点。",
         [("（张调解）看见了吗？", "看见了。\n地点：楼下。"), ("几点？", "十点。")]),
        ("问：看见了吗？\n周某：看见了。", [("看见了吗？", "看见了。")]),
        ("张调解问：看见了吗？\n答：看见了。\n问：几点？\n答：十点。\n陈某答：我也是。",
         [("（张调解）看见了吗？", "看见了。"), ("几点？", "十点。\n陈某答：我也是。")]),
        ("乌云：看见了吗？\n包·其其格：看见了。", [("（乌云）看见了吗？", "（包·其其格）看见了。")]),
    ],
)  # fmt: skip
def test_no_word_of_a_talk_is_lost_however_it_is_written(text: str, read: list[tuple[str, str]]) -> None:
    asked = "周某"
    found = [(one["q"], one["a"]) for one in exchanges(text, asked)]
    assert found == read
    again = exchanges(as_written(found), asked)
    assert [(one["q"], one["a"]) for one in again] == found
    kept = "".join(q + a for q, a in found)
    assert all(sign in kept for sign in text if sign not in "问答：: 　\n周某")


async def test_what_is_open_on_a_paper_is_named_to_the_staff_and_the_other_way_round(story: Story) -> None:
    cast = story.cast
    async with story.db.write() as session:
        for row in await session.scalars(select(Party).where(Party.case_id == story.case_id)):
            row.id_no = row.address = None
        (await session.get_one(Case, story.case_id)).confirmed_at = None
    b = await bundle(story, cast.mediator)
    named = {gap.paper for gap in papers.gaps(b)}
    for one in papers.shelf(b):
        marked = wording.MISSING in papers.drawn(b, one).html
        assert marked == (one.title in named), one.title
    shown = (await look(cast.mediator, f"/cases/{story.case}/dossier")).main
    for words in ("还缺", "申请人王某某的身份证号", "申请人对申请内容的确认", "立卷人"):
        assert words in shown, words
    # A party is not told what the other one has not given.
    assert "还缺" not in (await look(cast.applicant, f"/cases/{story.case}/papers")).main


async def test_a_file_is_filed_with_its_term_and_its_note(story: Story) -> None:
    cast, at = story.cast, f"/cases/{story.case}/dossier"
    refused = await send(cast.body_clerk, at, filed_on="2199-01-01", retention="ever", remark="另存", note="缺原件")
    assert refused.status == 422
    assert set(refused.errors) == {"filed_on", "retention"}
    assert (refused.value("remark"), refused.value("note")) == ("另存", "缺原件")
    day = clock.today().isoformat()
    assert (await send(cast.body_clerk, at, filed_on=day, retention="thirty", note="缺原件")).status == 303
    b = await bundle(story, cast.mediator)
    note = papers.drawn(b, next(one for one in papers.shelf(b) if one.key == "file-note")).html
    assert "缺原件" in note
    assert "钱登记" in note
    for who in cast.everybody_but("mediator", "body_clerk").values():
        with pytest.raises((NotFound, Forbidden)):
            async with story.db.write() as session:
                wanted = FilingIn(filed_on=clock.today(), retention=Retention.TEN)
                await filing.file(session, who.actor, story.case, wanted)
        assert "file-note" not in (await look(who, f"/cases/{story.case}/papers")).page
    from odr.cases.codes import Category

    assert retention(Category.FAMILY, "oral", "agreed_oral") is Retention.PERMANENT
    assert retention(Category.CONTRACT, "written", "agreed_written") is Retention.THIRTY
    assert retention(Category.CONTRACT, "oral", "agreed_oral") is Retention.TEN
    assert retention(Category.CONTRACT, None, "deadlock") is Retention.TEN


async def test_an_end_without_agreement_is_told_to_each_party_with_the_routes(story: Story) -> None:
    async with story.db.write() as session:
        case = await session.get_one(Case, story.case_id)
        for party in await cases.parties_of(session, case):
            await cases.deliver_routes_notice(session, story.cast.mediator.actor, case, party, Channel.ONSITE)
        await cases.end(session, story.cast.mediator.actor, case, Result.DEADLOCK, "双方对金额分歧太大")
    ours = await texts(story, story.cast.mediator)
    for pid, name in ((story.applicant, "王某某"), (story.respondent, "李某")):
        text = ours[f"ending-{pid}"]
        for words in (
            name,
            "分歧太大",
            "双方对金额分歧太大",
            "人民调解法第二十六条",
            "仲裁",
            "起诉",
            "12345",
            "（印章）",
        ):
            assert words in text, words
    assert "分歧太大" in ours["closing-report"]
    mine = await texts(story, story.cast.applicant)
    assert f"ending-{story.applicant}" in mine
    assert f"ending-{story.respondent}" not in mine


async def test_a_refusal_and_a_handover_have_their_papers(db: Database, cast: Cast) -> None:
    fresh = {"state": State.SUBMITTED.value, "serial": None, "case_no": None, "year": None, "accepted_at": None}
    refused = await begun(db, cast, **fresh)
    async with db.write() as session:
        case = await session.get_one(Case, refused.case_id)
        await cases.refuse(session, cast.body_clerk.actor, case, RefusalGround.ALREADY_HANDLED, "法院已经立案")
    text = (await texts(refused, cast.applicant))["refusal"]
    for words in ("王某某", "燃气改造费", "已经受理或处理", "法院已经立案", "仲裁", "公用事业纠纷人民调解委员会"):
        assert words in text, words
    assert "refusal" not in await texts(refused, cast.respondent)
    moved = await begun(db, cast, **fresh, application_no="ODR20261124-000002")
    async with db.write() as session:
        case = await session.get_one(Case, moved.case_id)
        await cases.transfer(
            session, cast.body_clerk.actor, case, "海勃湾区市场监督管理局", "海市监收〔2026〕7号", "收费问题"
        )
    text = (await texts(moved, cast.body_clerk))["handover"]
    for words in ("海勃湾区市场监督管理局", "海市监收〔2026〕7号", "收费问题", "退还 2,600 元", "15030219560312002X"):
        assert words in text, words
    assert "handover" not in await texts(moved, cast.applicant)
    assert "海市监收〔2026〕7号" in (await texts(moved, cast.centre_clerk))["handover"], (
        "a centre hands on what none has taken"
    )


async def test_a_matter_the_body_took_up_itself_has_a_register_instead_of_an_application(
    db: Database, cast: Cast
) -> None:
    story = await begun(db, cast, source="grid")
    ours = await texts(story, cast.mediator)
    assert "application" not in ours
    for words in ("受理日期", "网格员上报", "王某某", "李某", "登记人", "退还 2,600 元"):
        assert words in ours["intake-register"], words
    assert "intake-register" not in await texts(story, cast.applicant)


async def test_where_there_was_violence_no_paper_tells_the_other_side_where_one_is_found(
    db: Database, cast: Cast
) -> None:
    story = await begun(db, cast, violence=True)
    theirs = "".join((await texts(story, cast.respondent)).values())
    assert "海达社区 3 号楼" in "".join((await texts(story, cast.applicant)).values())
    applicant = next(seat for seat in (await bundle(story, cast.respondent)).seats if seat.row.pid == story.applicant)
    assert (applicant.block.phone, applicant.block.address) == ("（已隐去）", "（已隐去）")
    assert cast.applicant.phone not in theirs


async def test_taking_the_whole_file_stands_in_the_ledger(story: Story) -> None:
    from odr.audit.models import LedgerRow

    assert (await look(story.cast.mediator, f"/cases/{story.case}/dossier.zip")).status == 200
    async with story.db.read() as session:
        taken = [
            row.person_id
            for row in await session.scalars(select(LedgerRow).where(LedgerRow.tag == "dossier:whole:taken"))
        ]
    assert taken == [story.cast.mediator.id]


async def test_a_private_talk_stays_out_of_the_bound_file_and_the_package(story: Story) -> None:
    """Its minutes can be opened by those who were there; what others take away whole has no word of them."""
    from datetime import timedelta

    from odr.meetings import service as meetings
    from odr.meetings.schemas import PastIn

    given = {
        "kind": "phone", "side": "respondent", "purpose": "单独听意见", "minutes": "其实两千我也认", "place": "",
        "starts_at": clock.now() - timedelta(hours=2), "present": {story.respondent: "phone"},
    }  # fmt: skip
    async with story.db.write() as session:
        await meetings.record_past(session, story.cast.mediator.actor, story.case, PastIn.model_validate(given))
    for who in (story.cast.mediator, story.cast.respondent, story.cast.applicant):
        b = await bundle(story, who)
        bound = await whole.bound(b)
        assert "两千我也认" not in bound.data.decode()
        assert "两千我也认" not in whole.data_json(b, bound).decode()
    assert any("两千我也认" in text for text in (await texts(story, story.cast.respondent)).values())


async def test_a_broken_pdf_is_named_and_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    rows: list[Any] = []

    def late(spans: Any) -> Late:
        rows.extend(spans)
        return Late(Leaf("index", "目录", "<h1>目录</h1>", numbered=False))

    leaves = [
        Leaf("a", "甲", "<h1>甲</h1>"),
        Leaf("broken", "坏的", data=b"%PDF-1.7\nnothing"),
        Leaf("b", "乙", "<h1>乙</h1><p style='break-before: page'>第二页</p>"),
    ]
    bound = await binding.bind(leaves, late, after=0, title="试")
    assert bound.unbound == ("broken",)
    assert [(span.key, span.pages) for span in rows] == [("a", "1"), ("b", "2-3")]
    reader = pypdf.PdfReader(io.BytesIO(bound.data))
    assert len(reader.pages) == 4
    assert [item.title for item in reader.outline] == ["目录", "甲", "乙"]  # type: ignore[union-attr]  # a flat one
    assert (await binding.bind(leaves, late, after=0, title="试")).data == bound.data


def test_a_term_that_is_unknown_is_refused() -> None:
    with pytest.raises(Invalid):
        MandateIn.model_validate(MANDATE | {"kind": "lawyer"}).check(may_settle=True)
