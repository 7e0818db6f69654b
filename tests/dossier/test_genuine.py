"""The public page of a paper: genuine or not, which version, does it stand; and not a word of what it says."""

import hashlib
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from odr.agreements import seals
from odr.agreements import service as agreements
from odr.agreements.models import Agreement
from odr.core import ids, paper
from odr.core.db import Database
from odr.evidence import genuine
from odr.evidence.genuine import Stand, grouped
from tests.agreements.story import Story, begun
from tests.browsing import normal
from tests.cast import Cast

PRIVATE = ("王某某", "李某", "燃气", "2,600", "贰仟", "乌公用人调", "13904730001", "150302")


@pytest.fixture
async def story(db: Database, cast: Cast) -> Story:
    return await begun(db, cast)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    async def quick(html: str) -> bytes:
        return b"%PDF-1.7\n" + hashlib.sha256(html.encode()).hexdigest().encode()

    async def sealed(seal: seals.DrawnSeal, pdf: bytes, body_name: str) -> bytes:
        return pdf + b"sealed"

    monkeypatch.setattr(paper, "pdf", quick)
    monkeypatch.setattr(seals.DrawnSeal, "sign", sealed)


async def _look(client: httpx2.AsyncClient, code: str, status: int = 200) -> str:
    shown = await client.get(f"/papers/{code}")
    assert shown.status_code == status, shown.text[:500]
    assert not any(words in shown.text for words in PRIVATE)
    return shown.text


async def test_a_paper_is_followed_from_frozen_to_in_force_to_replaced_and_void(
    story: Story, client: httpx2.AsyncClient
) -> None:
    first = await story.frozen()
    code = grouped(first.check_code)
    shown = await _look(client, code)
    for words in (
        "还没有生效",
        "人民调解协议书",
        "第 1 版",
        "乌海市公用事业纠纷人民调解委员会",
        code,
        first.sha256 or "?",
    ):
        assert words in shown, words
    async with story.db.write() as session:
        second = await agreements.unfreeze(session, story.cast.mediator.actor, first.pid, "写错了")
    assert "已经作废" in await _look(client, code)
    await _look(client, grouped(second.check_code), 404)  # a draft is no paper
    async with story.db.write() as session:
        clause = (await agreements.show(session, (await _view(session, story)), second)).clauses[0].row
    for who in (story.cast.applicant, story.cast.respondent):
        await story.answer(who, second.pid, clause.pid)
    final = await agreements.finalise(story.db, story.cast.mediator.actor, second.pid)
    for who in (story.cast.applicant, story.cast.respondent, story.cast.mediator):
        await story.sign(who, final)
    async with story.cast.body_clerk.program() as clerk:
        sealed = await clerk.post(f"/api/v1/agreements/{final.pid}/seal", json={"sha256": final.sha256})
    assert sealed.status_code == 201
    shown = await _look(client, final.check_code.lower())  # as typed by hand
    assert "已经生效" in shown
    assert "生效时间" in shown
    async with story.cast.applicant.browser() as browser:
        copy = (await browser.get(sealed.json()["copy"])).content
    assert hashlib.sha256(copy).hexdigest() in shown, "the copy that people keep is on record too"
    told = (await client.get(f"/api/v1/papers/{final.check_code}")).json()
    assert (told["state"], told["version"], told["check"]) == ("in_force", 2, grouped(final.check_code))
    assert [one["label"] for one in told["files"]] == ["定稿文件", "盖章副本"]
    assert not any(words in str(told) for words in PRIVATE)
    # After a relapse the parties agree anew: the older one is genuine and no longer the one to go by.
    async with story.db.write() as session:
        row = await session.get_one(Agreement, final.id)
        newer = Agreement(
            case_id=row.case_id, version=3, state="frozen", frozen_at=row.frozen_at, sha256=row.sha256,
            created_by=row.created_by, form="oral",
        )  # fmt: skip
        session.add(newer)
        await session.flush()
        from odr.agreements.models import Signature
        from odr.cases.models import Party

        for party in await session.scalars(select(Party).where(Party.case_id == row.case_id, Party.role == "party")):
            session.add(
                Signature(
                    agreement_id=newer.id, kind="oral_confirmation", party_id=party.id, person_id=row.created_by,
                    method="vouched", sha256=row.sha256,
                )
            )  # fmt: skip
    assert (await client.get(f"/api/v1/papers/{final.check_code}")).json()["state"] == "replaced"
    assert "请以新的一版为准" in await _look(client, final.check_code)


async def _view(session: Any, story: Story) -> Any:
    from odr.agreements import access

    return await access.of_case(session, story.cast.mediator.actor, story.case)


@pytest.mark.sqlite
@pytest.mark.one_engine
async def test_absent_wrong_and_drafted_papers_look_alike_and_what_was_typed_is_kept(
    story: Story, client: httpx2.AsyncClient
) -> None:
    draft = await story.draft()
    async with story.db.read() as session:
        query = select(Agreement.check_code).where(Agreement.pid == draft)
        drafted = await session.scalar(query)
    answers = []
    for code in (drafted, ids.new_code(12), "nothing-here", draft):
        shown = await client.get(f"/papers/{code}")
        told = await client.get(f"/api/v1/papers/{code}")
        assert (shown.status_code, told.status_code) == (404, 404)
        assert "没有查到" in shown.text
        assert f'value="{code}"' in shown.text
        answers.append((normal(shown.text.replace(str(code), "")), told.text))
    assert len(set(answers)) == 1
    asked = await client.get("/papers", params={"code": "K7QM-3XRT"})
    assert asked.status_code == 422
    assert "12 位核对码" in asked.text
    assert 'value="K7QM-3XRT"' in asked.text
    typed = await client.get("/papers", params={"code": " ｋ7qm 3xrt—9fhw "})
    assert (typed.status_code, typed.headers["location"]) == (303, "/papers/K7QM-3XRT-9FHW")
    assert "核对码" in (await client.get("/papers")).text


@pytest.mark.sqlite
@pytest.mark.one_engine
async def test_a_machine_that_tries_codes_is_slowed_down(story: Story, client: httpx2.AsyncClient) -> None:
    agreement = await story.frozen()
    statuses = [(await client.get(f"/api/v1/papers/{ids.new_code(12)}")).status_code for _n in range(121)]
    assert (statuses[0], statuses[119], statuses[120]) == (404, 404, 429)
    refused = await client.get(f"/papers/{agreement.check_code}")
    assert (refused.status_code, "retry-after" in refused.headers) == (429, True)


@pytest.mark.sqlite
async def test_who_handles_the_case_goes_from_the_qr_to_taking_the_sheet_in(story: Story) -> None:
    agreement = await story.frozen()
    code = grouped(agreement.check_code)
    into = f"/cases/{story.case}/agreement/paper?check={code}"
    for name, member in story.cast.everybody().items():
        async with member.browser() as browser:
            shown = (await browser.get(f"/papers/{code}")).text
        assert (into in shown) is (name in ("mediator", "body_clerk")), name
        assert (story.case in shown) is (name in ("mediator", "body_clerk")), name
    async with story.cast.body_clerk.browser() as browser:
        assert f'value="{code}"' in (await browser.get(into)).text


@pytest.mark.sqlite
@pytest.mark.one_engine
async def test_the_root_certificate_is_everybodys(story: Story, client: httpx2.AsyncClient) -> None:
    answer = await client.get("/papers/certificate.pem")
    assert answer.status_code == 200
    assert answer.text.startswith("-----BEGIN CERTIFICATE-----")
    assert "PRIVATE" not in answer.text


def test_codes_are_read_as_people_write_them() -> None:
    code = genuine.new_check_code()
    for written in (code, code.lower(), grouped(code), f" {grouped(code).replace('-', ' ')} ", "－".join(code)):
        assert genuine.read_code(written) == code
    for nonsense in ("", "K7QM", code + "A", "O" * 12, "K7QM-3XRT-9FH0", "' OR 1=1 --"):
        assert genuine.read_code(nonsense) is None
    assert {one.value for one in Stand} == {"in_force", "not_confirmed", "not_yet", "replaced", "void"}
