"""The pack for the court: what is missing is named, numbers are masked, it is handed in once, its receipt is kept."""

import hashlib
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pypdf
import pytest
from sqlalchemy import select, update

from odr.accounts import service as accounts
from odr.accounts.models import IdentityLevel, Person
from odr.agreements import service as agreements
from odr.agreements.court_models import CourtPack
from odr.agreements.models import CourtRequest
from odr.agreements.schemas import CourtConsentIn, CourtOutcomeIn
from odr.audit.models import LedgerRow
from odr.audit.who import SYSTEM
from odr.cases.models import CaseEvent, Party
from odr.core import binding, clock, paper
from odr.core.binding import Bound, Late, Leaf, Span
from odr.core.db import Database
from odr.core.errors import Conflict, Forbidden, NotFound
from odr.core.settings import Mode, Settings
from odr.dossier import court_adapter, court_pack, court_sending
from odr.dossier.bundle import gather
from odr.dossier.court_adapter import Parcel, Receipt
from odr.dossier.court_pack import Pack
from odr.dossier.court_sending import SendIn
from odr.evidence.models import File
from tests.agreements.story import Story, begun
from tests.browsing import look, send
from tests.cast import Cast, Member

HANDLERS = {"mediator", "body_clerk"}
PARTIES = {"applicant", "applicant_agent", "respondent", "respondent_agent"}
IDS = {"applicant": "15030219560312002X", "respondent": "150302198803120010"}
COURT = "乌海市海勃湾区人民法院"
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


class Closed:
    """A court whose line is down: the service's own loop tries and keeps the parcel."""

    name = "closed"

    async def hand_in(self, parcel: Parcel) -> Receipt:
        raise ConnectionError("The line is down.")


@pytest.fixture
async def story(db: Database, cast: Cast) -> Story:
    return await begun(db, cast)


@pytest.fixture(autouse=True)
def _quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Papers as the HTML they are made from; one test makes real ones."""
    if "real" in request.function.__name__:
        return

    async def quick(html: str) -> bytes:
        return b"%PDF-1.7\n" + hashlib.sha256(html.encode()).hexdigest().encode()

    async def bound(leaves: list[Leaf], late: Any, *, after: int = 1, title: str = "") -> Bound:
        spans = [Span(leaf.key, leaf.title, n, 1) for n, leaf in enumerate(leaves, start=1)]
        last: Late = late(spans)
        return Bound(("%PDF-1.7\n" + "".join(leaf.html for leaf in [*leaves, last.index])).encode(), tuple(spans))

    monkeypatch.setattr(paper, "pdf", quick)
    monkeypatch.setattr(binding, "bind", bound)


async def _agree(story: Story, *whom: Member) -> None:
    for who in whom or (story.cast.applicant, story.cast.respondent):
        async with story.db.write() as session:
            await agreements.agree_to_court(session, who.actor, story.case, CourtConsentIn())


async def _certify(story: Story) -> None:
    async with story.db.write() as session:
        await court_sending.certify(session, story.cast.body_clerk.actor, story.case)


async def _ready(story: Story) -> None:
    """In effect, agreed, certified, both identities checked."""
    await story.effective()
    await _agree(story)
    await _certify(story)
    async with story.db.write() as session:
        ids = (story.cast.applicant.id, story.cast.respondent.id)
        checked = {"identity_level": IdentityLevel.IN_PERSON, "identity_at": clock.now()}
        await session.execute(update(Person).where(Person.id.in_(ids)).values(checked))


async def _pack(story: Story, who: Member) -> Pack:
    async with story.db.read() as session:
        return await court_pack.gather(
            session,
            await court_pack.door(session, who.actor, story.case),
            settings=who.app.state.odr.settings,
        )


async def _missing(story: Story, who: Member | None = None) -> set[tuple[str, str]]:
    found = court_pack.missing(await _pack(story, who or story.cast.mediator))
    assert all(one.paper and one.where for one in found)
    return {(one.who, one.what) for one in found}


async def _sent(story: Story, who: Member | None = None, **changed: Any) -> CourtRequest:
    wanted = SendIn.model_validate({"court": "150302", "fits": True} | changed)
    return await court_sending.send(
        story.db, story.cast.mediator.app.state.odr.settings, (who or story.cast.mediator).actor, story.case, wanted
    )


async def _deliver(story: Story) -> CourtPack:
    """The delivery's job, whether it has run before or not."""
    async with story.db.read() as session:
        pack = (await session.scalars(select(CourtPack))).one()
    if (note := await court_sending.on_send(story.db, {"request": pack.request_id})) is not None:
        async with story.db.write() as session:
            await note(session)
    async with story.db.read() as session:
        return (await session.scalars(select(CourtPack))).one()


async def _text(who: Member, path: str) -> str:
    async with who.browser() as browser:
        answer = await browser.get(path)
    assert answer.status_code == 200, answer.text[:500]
    return re.sub(r"<[^>]+>", "", answer.content.decode("utf-8", "replace"))


async def test_what_is_missing_is_named_with_who_brings_it(story: Story) -> None:
    cast = story.cast
    names = {"applicant": cast.applicant.actor.name, "respondent": cast.respondent.actor.name}
    await story.effective()
    body = "乌海市公用事业纠纷人民调解委员会"
    missing = await _missing(story)
    assert {(names["applicant"], "还没有同意一起申请"), (names["respondent"], "还没有同意一起申请")} <= missing
    assert (body, "还没有盖章出具") in missing
    await _agree(story, cast.applicant)
    assert (names["applicant"], "还没有同意一起申请") not in await _missing(story)
    async with story.db.write() as session:
        await session.execute(
            update(Party).where(Party.pid == story.respondent).values(id_no=None, phone="", address=None)
        )
        await session.execute(
            update(Person).where(Person.id == cast.respondent.id).values(id_no=None, phone=None, address=None)
        )
    gone = {(names["respondent"], f"没有{what}") for what in ("身份证号码", "联系电话", "住址或住所")}
    assert gone <= await _missing(story)
    assert gone <= await _missing(story, cast.applicant), "the other side is told what is missing, never what it is"
    with pytest.raises(Conflict, match="还没有同意一起申请") as refused:
        await _sent(story)
    assert refused.value.code == "pack_incomplete"
    page = await look(cast.applicant, f"/cases/{story.case}/court/pack")
    assert "还缺什么，谁来补" in page.main
    assert "送到法院，通知各方" not in page.main

    await _ready_again(story)
    left = {what for _who, what in await _missing(story)}
    assert all("授权委托书" in what for what in left), "what an agent would need, who need not go"
    assert court_pack.shown(await _pack(story, story.cast.mediator))["complete"]
    page = await look(cast.mediator, f"/cases/{story.case}/court/pack")
    assert "送到法院，通知各方" in page.main


async def _ready_again(story: Story) -> None:
    at, whose = f"/cases/{story.case}/court/pack", {"party": story.respondent}
    given = whose | {"id_no": "150399197806200021", "phone": "13900000002", "address": "乌达区三道坎街道"}
    for name, member in story.cast.everybody().items():
        if name not in HANDLERS | {"respondent", "respondent_agent"}:
            assert (await send(member, f"{at}/parties", **given)).status == 404, name
    answer = await send(story.cast.mediator, f"{at}/parties", **(given | {"id_no": "150399197806200022"}))
    assert (answer.status, answer.value("phone")) == (422, "13900000002")
    assert "id_no" in answer.errors
    assert "请至少填写一项" in (await send(story.cast.mediator, f"{at}/parties", **whose)).page
    assert (await send(story.cast.mediator, f"{at}/parties", **given)).status == 303
    assert (await send(story.cast.respondent, f"{at}/parties", **(given | {"phone": "13900000009"}))).status == 303
    async with story.db.write() as session:
        party = (await session.scalars(select(Party).where(Party.pid == story.respondent))).one()
        assert party.phone == "13900000002", "what is there stays"
        ids = (story.cast.applicant.id, story.cast.respondent.id)
        checked = {"identity_level": IdentityLevel.IN_PERSON, "identity_at": clock.now()}
        await session.execute(update(Person).where(Person.id.in_(ids)).values(checked))
    await _agree(story, story.cast.respondent)
    await _certify(story)


async def test_the_whole_cast_at_every_door(story: Story) -> None:
    cast, at = story.cast, f"/cases/{story.case}/court/pack"
    assert "协议生效以后" in (await look(cast.applicant, at)).main  # before the effect the page says so
    assert (await look(cast.applicant, f"{at}.pdf")).status == 404
    await _ready(story)
    for name, member in cast.everybody().items():
        allowed = name in HANDLERS | PARTIES
        for path in (at, f"{at}.pdf", f"{at}.zip"):
            assert (await look(member, path)).status == (200 if allowed else 404), (path, name)
        async with member.program() as program:
            api = f"/api/v1/cases/{story.case}/court/pack"
            assert (await program.get(api)).status_code == (200 if allowed else 404), name
            if name == "body_clerk":
                continue
            status = (await program.post(f"{api}/certificate")).status_code
            assert status == (403 if allowed else 404), name
            if name == "mediator":
                continue
            status = (await program.post(f"{api}/sending", json={"court": "150302", "fits": True})).status_code
            assert status == (403 if allowed else 404), name
            if not allowed:
                files = {"file": ("a.pdf", PDF, "application/pdf")}
                assert (await program.post(f"{api}/proofs", files=files)).status_code == 404, name


async def test_a_proof_is_added_seen_by_both_and_taken_back_by_who_added_it(story: Story) -> None:
    cast, at = story.cast, f"/cases/{story.case}/court/pack"
    await _ready(story)
    for upload, say in (
        (("a.exe", b"MZ\x90", "image/png"), "不支持这种文件"),
        (("a.pdf", b"", "application/pdf"), "空的"),
    ):
        answer = await send(cast.applicant, f"{at}/proofs", files=[("file", upload)])
        assert answer.status == 422
        assert say in answer.errors["file"]
    assert (await send(cast.applicant, f"{at}/proofs")).errors["file"] == "请选择照片或扫描件。"
    answer = await send(cast.applicant, f"{at}/proofs", files=[("file", ("房产证.pdf", PDF, "application/pdf"))])
    assert answer.status == 303
    async with story.db.read() as session:
        file = (await session.scalars(select(File).where(File.holder == court_pack.PROOFS))).one()
    for name, member in cast.everybody().items():
        status = (await look(member, f"/files/{file.pid}")).status
        assert status == (200 if name in HANDLERS | PARTIES else 404), name
    assert "房产证.pdf" in (await look(cast.respondent, at)).main
    assert "财产权利证明" in await _text(cast.respondent, f"{at}.pdf")
    with pytest.raises(Forbidden):
        async with story.db.write() as session:
            await court_sending.remove_proof(session, cast.respondent.actor, story.case, file.pid)
    with pytest.raises(NotFound):
        async with story.db.write() as session:
            await court_sending.remove_proof(session, cast.applicant.actor, story.case, "nothing")
    assert (await send(cast.applicant, f"{at}/proofs/{file.pid}/removal")).status == 303
    assert (await _pack(story, cast.mediator)).proofs == ()
    await _sent(story)
    answer = await send(cast.applicant, f"{at}/proofs", files=[("file", ("房产证.pdf", PDF, "application/pdf"))])
    assert (answer.status, "现在不是准备申请材料的时候" in answer.page) == (409, True)


async def test_a_party_reads_the_other_sides_numbers_masked_and_no_word_of_the_talks(story: Story) -> None:
    cast, at = story.cast, f"/cases/{story.case}/court/pack"
    async with cast.applicant.program() as program:
        # Said before there was an agreement: a claim in the application, a wish for the mediator alone.
        pid = await story.draft()
        clause = await story.clause(pid)
        wish = {"answer": "change", "version": 1, "comment": "底线两千元", "audience": "private"}
        said = await program.post(f"/api/v1/agreements/{pid}/clauses/{clause}/answers", json=wish)
        assert said.status_code == 201
    for who in (cast.applicant, cast.respondent):
        await story.answer(who, pid, clause)
    agreement = await agreements.finalise(story.db, cast.mediator.actor, pid)
    for who in (cast.applicant, cast.respondent, cast.mediator):
        await story.sign(who, agreement)
    async with story.db.write() as session:
        await agreements.seal(session, cast.body_clerk.actor, agreement.pid, agreement.sha256 or "")
    await _agree(story)
    phones = {"applicant": cast.applicant.phone, "respondent": cast.respondent.phone}
    for own, other in (("applicant", "respondent"), ("respondent", "applicant")):
        member = cast.everybody()[own]
        told = await _text(member, f"{at}.pdf")
        async with member.browser() as browser:
            archive = zipfile.ZipFile(io.BytesIO((await browser.get(f"{at}.zip")).content))
        names = archive.namelist()
        assert names[1:] == ["data.json", next(n for n in names if n.startswith("originals/")), "manifest.json"]
        manifest = json.loads(archive.read("manifest.json"))
        for entry in manifest["files"]:
            assert hashlib.sha256(archive.read(entry["name"])).hexdigest() == entry["sha256"]
        whole = told + archive.read(names[0]).decode() + archive.read("data.json").decode()
        assert IDS[own] in told
        assert phones[own] in told
        assert IDS[other] not in whole
        assert phones[other] not in whole
        assert "海达社区 3 号楼" in told
        assert whole.count("（已隐去）") >= 1
        for word in ("底线", "两千", "退还 2,600 元。", "物业要收"):
            assert word not in whole, word
    whole = await _text(cast.mediator, f"{at}.pdf")
    assert all(number in whole for number in (*IDS.values(), *phones.values()))
    async with story.db.read() as session:
        tags = list(await session.scalars(select(LedgerRow.tag).where(LedgerRow.tag == "court:pack:taken")))
    assert len(tags) == 5


async def test_it_is_handed_in_once_and_the_receipt_is_kept(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast, at = story.cast, f"/cases/{story.case}/court/pack"
    monkeypatch.setattr(court_adapter, "_chosen", Closed())
    await _ready(story)
    answer = await send(cast.mediator, f"{at}/sending", court="other", court_name="某")
    assert answer.status == 422
    assert {"court_name", "fits"} <= answer.errors.keys()
    assert answer.value("court_name") == "某"
    assert (await send(cast.mediator, f"{at}/sending", court="150302", fits="1")).status == 303
    assert await story.state() == "confirming"
    assert (await send(cast.body_clerk, f"{at}/sending", court="150302", fits="1")).status == 409, "a second tap"
    page = (await look(cast.applicant, f"/cases/{story.case}/court")).main
    assert "材料正在送往" in page
    court_adapter.configure(Settings(var=tmp_path))

    first = await _deliver(story)
    again = await _deliver(story)
    assert (first.adapter, first.receipt_no, first.received_at) == ("folder", again.receipt_no, again.received_at)
    async with story.db.write() as session:  # killed between the folder and the commit: the folder knows the parcel
        await session.execute(update(CourtPack).values(receipt_no="", received_at=None))
    again = await _deliver(story)
    assert (again.receipt_no, again.received_at) == (first.receipt_no, first.received_at)
    async with story.db.read() as session:
        request = (await session.scalars(select(CourtRequest))).one()
        file = await session.get_one(File, first.file_id)
        events = list(await session.scalars(select(CaseEvent).where(CaseEvent.tag == "court:pack:received")))
    folder = tmp_path / "court" / request.pid
    assert sorted(one.name for one in folder.iterdir()) == ["pack.pdf", "receipt.json"]
    assert hashlib.sha256((folder / "pack.pdf").read_bytes()).hexdigest() == file.sha256
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "pack.pdf").stat().st_mode & 0o077 == 0
    receipt = json.loads((folder / "receipt.json").read_text("utf-8"))
    assert (receipt["number"], receipt["sha256"], receipt["court"]) == (first.receipt_no, file.sha256, COURT)
    assert events[0].note == f"回执 {first.receipt_no}"
    text = re.sub(r"<[^>]+>", "", (folder / "pack.pdf").read_bytes().decode())
    assert COURT in text, "the application names the court"
    assert all(number in text for number in IDS.values()), "the court's copy hides nothing"
    for name, member in cast.everybody().items():
        status = (await look(member, f"/files/{file.pid}")).status
        assert status == (200 if name in HANDLERS else 404), ("both sides' numbers are in it", name)
    page = (await look(cast.respondent, f"/cases/{story.case}/court")).main
    assert first.receipt_no in page
    assert f"/files/{file.pid}" not in page
    assert f"/files/{file.pid}" in (await look(cast.mediator, f"/cases/{story.case}/court")).main
    for member, held in ((cast.mediator, [file.pid]), (cast.applicant, [])):
        async with story.db.read() as session:
            kept = await gather(session, await court_pack.door(session, member.actor, story.case))
        assert [one.pid for row in kept.court for one in kept.kept_for_court(row)] == held, "item 11 of the bound file"


async def test_the_courts_machine_says_what_became_of_it(story: Story, tmp_path: Path) -> None:
    cast = story.cast
    court_adapter.configure(Settings(var=tmp_path))
    await _ready(story)
    request = await _sent(story)
    await _deliver(story)
    async with story.db.write() as session:
        _key, secret = await accounts.create_key(session, SYSTEM, "海勃湾法院", "court")
        _other, hotline = await accounts.create_key(session, SYSTEM, "12345", "hotline")
    word = {"request": request.pid, "outcome": "valid", "decided_on": str(clock.today()), "docket_no": "内0302调确7号"}
    at = "/api/v1/court/outcomes"
    async with cast.stranger.program() as program:
        for key in ("", hotline, "odr_nothing"):
            assert (await program.post(at, json=word, headers={"X-API-Key": key})).status_code == 401
        headers = {"X-API-Key": secret}
        assert (await program.post(at, json=word | {"request": "nothing"}, headers=headers)).status_code == 404
        assert (await program.post(at, json=word | {"outcome": "refused"}, headers=headers)).status_code == 422
        assert (await program.post(at, json=word | {"more": 1}, headers=headers)).status_code == 422
        early = word | {"decided_on": "2020-01-01"}
        assert (await program.post(at, json=early, headers=headers)).status_code == 422
        answers = [await program.post(at, json=word, headers=headers) for _twice in range(2)]
        assert [answer.status_code for answer in answers] == [201, 200]
        changed = word | {"outcome": "rejected", "head": "unclear"}
        assert (await program.post(at, json=changed, headers=headers)).status_code == 409
    assert await story.state() == "performing"
    page = (await look(cast.applicant, f"/cases/{story.case}/court")).main
    assert "法院已经确认协议有效" in page
    assert "民事诉讼法第二百五十条" in page
    # What is confirmed needs neither mending nor papers, and nothing stronger.
    assert not [words for words in ("法院会看的几点", "让协议更牢靠", "再看一眼") if words in page]
    pack = (await look(cast.applicant, f"/cases/{story.case}/court/pack")).main
    assert "材料不用再补" in pack
    assert not [words for words in ("最后一天", "还缺什么", "放进材料") if words in pack]
    given = {"party": story.applicant, "address": "光明路 18 号"}
    assert (await send(cast.body_clerk, f"/cases/{story.case}/court/pack/parties", **given)).status == 409
    async with story.db.read() as session:
        rows = list(await session.scalars(select(LedgerRow).where(LedgerRow.tag == "court:outcome:received")))
        assert len(rows) == 1


async def test_after_a_no_everybody_is_asked_anew_and_the_pack_says_so(story: Story, tmp_path: Path) -> None:
    court_adapter.configure(Settings(var=tmp_path))
    await _ready(story)
    await _sent(story)
    assert court_pack.shown(await _pack(story, story.cast.mediator))["complete"]
    said = CourtOutcomeIn.model_validate({"outcome": "rejected", "decided_on": str(clock.today()), "head": "unclear"})
    async with story.db.write() as session:
        await agreements.record_court_outcome(session, story.cast.mediator.actor, story.case, said)
    used_up = {what for _who, what in await _missing(story) if "授权" not in what}
    assert used_up == {"还没有同意一起申请"}, "what was agreed to was used up by the first request"
    with pytest.raises(Conflict, match="材料还不齐"):
        await _sent(story)
    await _agree(story)
    await _sent(story, court="150304")
    assert await story.state() == "confirming"


async def test_a_request_that_was_withdrawn_before_it_left_is_not_carried(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(court_adapter, "_chosen", Closed())
    await _ready(story)
    request = await _sent(story)
    async with story.db.write() as session:
        await session.execute(
            update(CourtRequest)
            .where(CourtRequest.id == request.id)
            .values(outcome="withdrawn", decided_on=clock.today())
        )
    court_adapter.configure(Settings(var=tmp_path))
    assert (await _deliver(story)).received_at is None
    assert not (tmp_path / "court").exists()


@pytest.mark.one_engine
async def test_a_real_pack_has_bookmarks_and_page_numbers_and_stays_the_same(story: Story) -> None:
    await _ready(story)
    pack = await _pack(story, story.cast.mediator)
    first, again = await court_pack.bound(pack), await court_pack.bound(await _pack(story, story.cast.mediator))
    assert first.data == again.data
    assert first.unbound == ()
    reader = pypdf.PdfReader(io.BytesIO(first.data))
    titles = [str(one.title) for one in reader.outline if isinstance(one, pypdf.generic.Destination)]
    assert titles[:5] == [
        "目录",
        "司法确认申请书",
        "当事人承诺书",
        "调解组织主持调解的证明",
        "当事人身份、住所和联系方式",
    ]
    assert titles[-1] == "人民调解协议书"
    text = "".join(page.extract_text() for page in reader.pages).replace(" ", "").replace("\n", "")
    for word in ("没有恶意串通、规避法律的行为", "特此证明", "民事诉讼法第二百零五条", IDS["applicant"]):
        assert word in text, word
    assert "待补" not in text


def test_a_city_does_not_start_with_a_folder_for_a_court(tmp_path: Path) -> None:
    said = Settings(mode=Mode.CITY, var=tmp_path).refusals()
    assert any("ODR_COURT_ADAPTER" in one for one in said)
    assert not any("ODR_COURT_ADAPTER" in one for one in Settings(mode=Mode.CITY, court_adapter="platform").refusals())
    with pytest.raises(RuntimeError, match="there are: folder"):
        court_adapter.configure(Settings(var=tmp_path, court_adapter="platform"))
