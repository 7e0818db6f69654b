"""Papers of a case: who opens which, and what stands in them."""

import io
from datetime import timedelta
from typing import Any

import pypdf
import pytest

from odr.core import clock, paper
from odr.core.db import Database
from odr.meetings import service as meetings
from odr.meetings.schemas import PastIn
from tests.agreements.story import Story, begun
from tests.cast import Cast, Member

pytestmark = pytest.mark.one_engine

READERS = {"applicant", "respondent", "applicant_agent", "respondent_agent", "mediator", "body_clerk"}


@pytest.fixture
async def story(db: Database, cast: Cast) -> Story:
    return await begun(db, cast)


async def _get(who: Member, path: str) -> Any:
    async with who.browser() as browser:
        return await browser.get(path)


def _text(data: bytes) -> str:
    return "".join("".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(data)).pages)


async def test_the_application_holds_its_fields_and_is_for_the_applicants_side(story: Story) -> None:
    path = f"/cases/{story.case}/papers/application.pdf"
    for who, member in story.cast.everybody().items():
        allowed = who in {"applicant", "applicant_agent", "mediator", "body_clerk"}
        assert (await _get(member, path)).status_code == (200 if allowed else 404), who
    mediators, applicants = (await _get(story.cast.mediator, path)), (await _get(story.cast.applicant, path))
    for words in (
        "人民调解申请书",
        "王某某",
        "15030219560312002X",
        "退还2,600元",
        "其他消费纠纷",
        "ODR20261124-000001",
    ):
        assert words in _text(mediators.content), words
    # The applicant's copy names the other side and gives none of its numbers.
    assert "李某" in _text(applicants.content)
    assert "150302198803120010" not in _text(applicants.content)


async def test_the_rights_notice_carries_the_receipts_of_ones_own_side(story: Story) -> None:
    path = f"/cases/{story.case}/papers/rights-notice.pdf"
    applicants = _text((await _get(story.cast.applicant, path)).content)
    mediators = _text((await _get(story.cast.mediator, path)).content)
    assert "送达回执" in applicants
    assert ("王某某" in applicants, "李某" in applicants) == (True, False)
    assert ("王某某" in mediators, "李某" in mediators) == (True, True)


async def test_the_record_of_a_talk_with_one_side_is_not_there_for_the_other(story: Story) -> None:
    given = {
        "kind": "visit", "side": "respondent", "purpose": "上门听意见", "place": "七号楼", "minutes": "其实两千我也认",
        "starts_at": clock.now() - timedelta(days=1), "present": {story.respondent: "onsite"},
    }  # fmt: skip
    async with story.db.write() as session:
        row = await meetings.record_past(session, story.cast.mediator.actor, story.case, PastIn.model_validate(given))
    path = f"/cases/{story.case}/papers/record-{row.pid}.pdf"
    text = _text((await _get(story.cast.respondent, path)).content)
    for words in ("人民调解记录", "其实两千我也认", "七号楼", "张调解", "事后补记"):
        assert words in text, words
    for who in story.cast.everybody_but("respondent", "respondent_agent", "mediator", "body_clerk").values():
        assert (await _get(who, path)).status_code == 404
        listed = await _get(who, f"/cases/{story.case}/papers")
        assert "上门" not in listed.text


async def test_who_sees_the_list(story: Story) -> None:
    for who, member in story.cast.everybody().items():
        for path in (f"/cases/{story.case}/papers", f"/api/v1/cases/{story.case}/papers"):
            expected = 200 if who in READERS else 404
            if path.startswith("/api"):
                async with member.program() as program:
                    status = (await program.get(path)).status_code
            else:
                status = (await _get(member, path)).status_code
            assert status == expected, (who, path)


async def test_without_pango_a_paper_comes_as_a_page_to_print(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_printer(html: str) -> bytes:
        raise paper.NoPrinter()

    monkeypatch.setattr(paper, "pdf", no_printer)
    shown = await _get(story.cast.applicant, f"/cases/{story.case}/papers/application.pdf")
    assert (shown.status_code, shown.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "style-src 'nonce-" in shown.headers["content-security-policy"]
    assert "人民调解申请书" in shown.text
