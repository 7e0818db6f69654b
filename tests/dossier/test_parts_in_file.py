"""What was done part by part, and another day, stand in the file with each slip (履行凭证)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from odr.agreements import service as agreements
from odr.agreements.models import PerformanceItem
from odr.agreements.performance_models import Part
from odr.agreements.performance_schemas import PartAnswerIn, PostponeAnswerIn, PostponeIn
from odr.agreements.schemas import ClaimIn
from odr.cases import access as cases
from odr.core import paper
from odr.core.db import Database
from odr.dossier import papers, whole
from odr.evidence import service as evidence
from tests.agreements.story import begun
from tests.cast import Cast


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    async def quick(html: str) -> bytes:
        return b"%PDF-1.7\n%%EOF\n"

    monkeypatch.setattr(paper, "pdf", quick)


async def test_each_part_each_slip_and_the_other_day_are_in_the_receipts(db: Database, cast: Cast) -> None:
    story = await begun(db, cast)
    await story.effective()
    async with db.read() as session:
        item = (await session.scalars(select(PerformanceItem))).one()
    assert item.due_on is not None
    for n, amount in enumerate(("1000", "600"), start=1):
        slip = await evidence.prepare_bytes(f"收条{n}.pdf", "application/pdf", b"%%PDF-1.4 slip %d" % n)
        async with db.write() as session:
            wanted = ClaimIn.model_validate({"amount": amount})
            await agreements.claim(session, cast.respondent.actor, item.pid, wanted, slip)
    async with db.write() as session:
        part = (await session.scalars(select(Part).order_by(Part.id))).first()
        assert part is not None
        await agreements.answer_part(session, cast.applicant.actor, part.pid, PartAnswerIn(answer="confirm"))
        later = PostponeIn.model_validate({"to": str(item.due_on + timedelta(days=9)), "reason": "晚发工资"})
        row = await agreements.postpone(session, cast.respondent.actor, item.pid, later)
        await agreements.answer_postponement(session, cast.applicant.actor, row.pid, PostponeAnswerIn(answer="agree"))
    async with db.read() as session:
        view = await cases.for_reading(session, cast.mediator.actor, story.case)
        bundle, found = await papers.one_of(session, view, "receipts")
        html = papers.drawn(bundle, found).html
    for words in ("壹仟元整", "陆佰元整", "对方已确认", "等对方确认", "收条1.pdf、收条2.pdf", "双方同意改为"):
        assert words in html, words
    assert len(found.more) == 2
    assert {"收条1.pdf", "收条2.pdf"} <= {file.name for file in whole.originals(bundle)}
