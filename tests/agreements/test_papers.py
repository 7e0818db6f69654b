"""The agreement on paper: every field is there, sums stand in capitals, and the bytes are the same each time."""

import io
import re

import pypdf
import pytest
from sqlalchemy import select

from odr.agreements import access, content, copies, papers, service
from odr.agreements.models import Agreement
from odr.core import clock, paper
from odr.evidence import service as evidence
from odr.evidence.genuine import grouped
from odr.evidence.models import File
from tests.agreements.story import Story

pytestmark = pytest.mark.one_engine


def _text(data: bytes) -> str:
    return "".join("".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(data)).pages)


async def _bytes(story: Story, file_id: int | None) -> tuple[File, bytes]:
    async with story.db.write() as session:
        file = await session.get_one(File, file_id)
    return file, await evidence.read_bytes(file, original=True)


async def test_the_frozen_paper_holds_every_field_of_the_official_form(story: Story) -> None:
    agreement = await story.frozen()
    file, data = await _bytes(story, agreement.pdf_file_id)
    assert (file.sha256, file.mime) == (agreement.sha256, "application/pdf")
    text = _text(data)
    for words in (
        "人民调解协议书", "编号：乌公用人调〔2026〕0001号", "申请人", "王某某", "15030219560312002X", "女",
        "1956年3月12日",
        "13904730001", "新华西街道海达社区3号楼", "被申请人", "李某", "纠纷主要事实", "双方对金额说法不同", "争议事项",
        "改造费2,600元由谁出", "第一条", "退还申请人燃气改造费", "人民币贰仟陆佰元整", "2,600.00元", "微信转账",
        "签名、盖章或按指印", "指印", "人民调解员（签名）：张调解", "记录人",
        "乌海市公用事业纠纷人民调解委员会（印章）",
        "一式三份", "第1页，共", "代理人：王小某",
    ):  # fmt: skip
        assert words in text, words


async def test_the_same_content_gives_the_same_bytes(story: Story) -> None:
    agreement = await story.frozen()
    async with story.db.read() as session:
        place = await access.for_reading(session, story.cast.mediator.actor, agreement.pid)
        found = await content.gather(session, place.case, place.agreement, clock.today())
        again = papers.html(found)
    _file, data = await _bytes(story, agreement.pdf_file_id)
    assert await paper.pdf(again) == data


async def test_the_sealed_copy_shows_signatures_seal_and_the_hash_of_the_frozen_paper(story: Story) -> None:
    agreement = await story.effective()
    settings = story.cast.mediator.app.state.odr.settings
    await service.keep_copy(story.db, settings, story.cast.body_clerk.actor, agreement.pid)
    async with story.db.write() as session:
        row = (await session.scalars(select(Agreement).where(Agreement.pid == agreement.pid))).one()
        place = await access.for_reading(session, story.cast.mediator.actor, agreement.pid)
        html, _name = await copies.sealed_html(session, settings, place)
    _file, data = await _bytes(story, row.copy_file_id)
    text = _text(data)
    assert agreement.sha256 is not None
    for words in (
        agreement.sha256, f"核对码：{grouped(agreement.check_code)}", "签署记录", "短信验证码已核对", "生效时间",
        "人民调解委员会印章", "调解专用章",
    ):  # fmt: skip
        assert words in text, words
    assert html.count("<polyline") == 3
    assert row.sha256 == agreement.sha256
    assert data.startswith(await paper.pdf(html)), "the seal's signature stands behind the bytes that were printed"


async def test_the_sheet_to_sign_by_hand_carries_the_check_code(story: Story) -> None:
    agreement = await story.frozen()
    settings = story.cast.mediator.app.state.odr.settings
    async with story.db.read() as session:
        html, _name = await copies.sheet_html(session, settings, story.cast.mediator.actor, agreement.pid)
    assert agreement.sha256 is not None
    text = _text(await paper.pdf(html))
    code = grouped(agreement.check_code)
    assert f"核对码：{code}" in text
    assert agreement.sha256 in text
    assert f"核对码{code}第1页" in text, "each page carries it"
    assert f"{settings.base_url}/papers" in text


async def test_an_oral_agreement_has_its_register_form(story: Story) -> None:
    agreement = await story.frozen("oral")
    _file, data = await _bytes(story, agreement.pdf_file_id)
    text = _text(data)
    for words in (
        "人民调解口头协议登记表", "口头协议内容", "人民币贰仟陆佰元整（2,600.00元）", "王某某",
        "乌公用人调〔2026〕0001号", "是否跨调委会否", "调解地点海达社区调解室", "调解日期", "调解结果达成口头协议",
        "协议履行情况以后履行", "纠纷类型", "争议事项", "记录人", "人民调解员（签名）",
    ):  # fmt: skip
        assert words in text, words


async def test_where_there_was_violence_no_address_stands_on_a_shared_paper(story: Story) -> None:
    from odr.cases.models import Case

    async with story.db.write() as session:
        (await session.get_one(Case, story.case_id)).violence = True
    agreement = await story.frozen()
    _file, data = await _bytes(story, agreement.pdf_file_id)
    text = _text(data)
    assert "海达社区" not in text
    assert "13904730001" not in text


async def test_nothing_is_fetched_for_a_paper() -> None:
    data = await paper.pdf(
        '<p>字</p><img src="http://127.0.0.1:1/a.png"><link rel=stylesheet href="file:///etc/passwd">'
    )
    assert data.startswith(b"%PDF")


async def test_without_pango_the_service_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins
    from typing import Any

    real = builtins.__import__

    def no_pango(name: str, *args: Any, **more: Any) -> Any:
        if name.startswith("weasyprint"):
            raise OSError("cannot load library 'libpango-1.0-0'")
        return real(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", no_pango)
    with pytest.raises(paper.NoPrinter, match="Pango"):
        await paper.pdf("<p>字</p>")


@pytest.mark.parametrize(("n", "word"), [(1, "一"), (10, "十"), (11, "十一"), (20, "二十"), (35, "三十五")])
def test_small_numbers_are_written_in_words(n: int, word: str) -> None:
    assert papers.cn_number(n) == word


async def test_two_names_of_fifty_signs_take_a_few_lines_each() -> None:
    """In the table of what is to be performed both are whole lines, not one sign below the other."""
    names = [
        ("·".join(["阿拉坦格日勒图", "其其格玛孟克巴雅尔", "苏日娜乌兰图雅", "敖登高娃那仁"]) + side * 60)[:50]
        for side in "甲乙"
    ]
    sides = [
        content.PartyBlock(side, side, "natural", name)
        for side, name in zip(("applicant", "respondent"), names, strict=True)
    ]
    clauses = tuple(
        content.ClauseText(n, "pay", "退还货款", *names, 1234567890, clock.today(), "分期转账") for n in (1, 2)
    )
    text = content.Content(
        "x", 1, "written", "乌公用人调〔2026〕0001号", "某某调委会", papers.TITLES["written"], "合同纠纷", tuple(sides),
        "事实。", "谁来付。", clauses, ("张志和",), clock.today(),
    )  # fmt: skip
    data = await paper.pdf(papers.html(text))
    pages = pypdf.PdfReader(io.BytesIO(data)).pages
    lines = ["".join(line.split()) for page in pages for line in page.extract_text().splitlines()]
    table = lines[next(n for n, line in enumerate(lines) if line.startswith("四、")) :]
    table = table[: next(n for n, line in enumerate(table) if "合计" in line)]
    held = [line for line in table if re.search(r"[·甲乙]{2}|·", line)]
    assert len(held) <= 5 * 2 * len(clauses)
    assert "".join(table).count("·") == 3 * 2 * len(clauses)
