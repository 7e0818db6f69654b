"""From the first draft to the seal: effect is computed, on exact bytes, once."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from odr.agreements import court_window, service
from odr.agreements.models import Agreement, Signature
from odr.agreements.schemas import PaperIn, SignIn
from odr.cases.models import Case, Party
from odr.core import clock
from odr.core.errors import Conflict, Forbidden, Invalid, NotFound, OdrError
from odr.evidence import service as evidence
from tests.agreements.story import STROKES, Story, strokes_of


async def test_a_written_agreement_takes_effect_with_the_last_of_its_signatures_and_the_seal(story: Story) -> None:
    agreement = await story.frozen()
    assert await story.state() == "signing"
    for who in (story.cast.respondent, story.cast.mediator, story.cast.applicant):
        assert (await story.sign(who, agreement)).effective_at is None
    async with story.db.write() as session:
        stands = await service.seal(session, story.cast.body_clerk.actor, agreement.pid, agreement.sha256 or "")
    seal = stands.slot("seal")
    assert seal is not None
    assert seal.row is not None
    assert stands.effective_at == seal.row.at
    assert stands.court_until == court_window.until(clock.local(seal.row.at).date()).date
    assert await story.state() == "performing"
    async with story.db.read() as session:
        case = await session.get_one(Case, story.case_id)
        assert (case.form, case.result) == ("written", "agreed_written")
        items = [(item.state, item.amount_fen) for item in await service.items_of(session, case)]
    assert items == [("pending", 260000)]


async def test_nobody_signs_twice(story: Story) -> None:
    agreement = await story.frozen()
    await story.sign(story.cast.applicant, agreement)
    with pytest.raises(Conflict, match="已经签过"):
        await _sign_with(story, story.cast.applicant, agreement, "000000")


async def _sign_with(story: Story, who: Any, agreement: Agreement, code: str, **changed: Any) -> service.Standing:
    drawn = strokes_of(who.id)
    given = {"sha256": agreement.sha256, "read": True, "e_sign": True, "strokes": drawn, "code": code}
    return await service.sign(story.db, who.actor, agreement.pid, SignIn.model_validate(given | changed))


async def test_a_signature_is_for_the_text_that_was_read(story: Story) -> None:
    agreement = await story.frozen()
    with pytest.raises(Conflict, match="新的版本"):
        await _sign_with(story, story.cast.applicant, agreement, "000000", sha256="0" * 64)


async def test_a_wrong_code_signs_nothing_and_is_counted(story: Story) -> None:
    agreement = await story.frozen()
    code = await story.code(story.cast.applicant, agreement.pid)
    wrong = "000000" if code != "000000" else "111111"
    for left in ("还可以试 4 次", "还可以试 3 次"):
        with pytest.raises(Invalid) as refused:
            await _sign_with(story, story.cast.applicant, agreement, wrong)
        assert left in refused.value.fields["code"]
    await _sign_with(story, story.cast.applicant, agreement, code)


MISSING: list[tuple[dict[str, Any], str]] = [
    ({"read": False}, "read"),
    ({"e_sign": False}, "e_sign"),
    ({"strokes": ""}, "strokes"),
    ({"strokes": "", "typed_name": "别人"}, "typed_name"),
]


async def test_what_is_missing_is_named_and_costs_no_code(story: Story) -> None:
    agreement = await story.frozen()
    code = await story.code(story.cast.applicant, agreement.pid)
    for changed, field in MISSING:
        with pytest.raises(Invalid) as refused:
            await _sign_with(story, story.cast.applicant, agreement, code, **changed)
        assert field in refused.value.fields
    await _sign_with(story, story.cast.applicant, agreement, code)


async def test_who_cannot_draw_types_the_own_name(story: Story) -> None:
    agreement = await story.frozen()
    stands = await story.sign(story.cast.applicant, agreement, strokes="", typed_name=" 王 某某 ")
    slot = stands.slot(story.applicant)
    assert slot is not None
    assert slot.row is not None
    assert slot.row.typed_name == "王 某某"


async def test_an_agent_of_general_authority_cannot_sign_and_one_of_special_authority_can(story: Story) -> None:
    agreement = await story.frozen()
    with pytest.raises(Forbidden, match="特别授权"):
        await _sign_with(story, story.cast.applicant_agent, agreement, "000000")
    async with story.db.write() as session:
        await session.execute(
            update(Party).where(Party.person_id == story.cast.applicant_agent.id).values(may_settle=True)
        )
    stands = await story.sign(story.cast.applicant_agent, agreement)
    slot = stands.slot(story.applicant)
    assert slot is not None
    assert slot.row is not None
    assert slot.row.person_id == story.cast.applicant_agent.id


async def test_a_minor_is_sent_to_the_guardian(story: Story) -> None:
    agreement = await story.frozen()
    year = clock.today().year - 10
    async with story.db.write() as session:
        party = (await session.scalars(select(Party).where(Party.pid == story.applicant))).one()
        party.id_no = f"150302{year}0312002X"
    with pytest.raises(Forbidden, match="监护人"):
        await _sign_with(story, story.cast.applicant, agreement, "000000")


async def test_two_parties_on_one_login_are_refused(story: Story) -> None:
    agreement = await story.frozen()
    await story.sign(story.cast.applicant, agreement)
    async with story.db.write() as session:
        # The applicant's phone is handed over: the same person now also acts for the other side.
        respondent = (await session.scalars(select(Party).where(Party.pid == story.respondent))).one()
        own = (await session.scalars(select(Party).where(Party.pid == story.applicant))).one()
        own.person_id, respondent.person_id = None, story.cast.applicant.id
    with pytest.raises(Conflict, match="另一方"):
        await _sign_with(story, story.cast.applicant, agreement, "000000")


async def test_family_matters_and_stopped_supply_are_signed_on_paper_only(story: Story) -> None:
    async with story.db.write() as session:
        (await session.get_one(Case, story.case_id)).supply_stop = True
    agreement = await story.frozen()
    for who in (story.cast.applicant, story.cast.mediator):
        with pytest.raises(Conflict, match="电子签名法") as refused:
            await _sign_with(story, who, agreement, "000000")
        assert refused.value.code == "paper_only"
    async with story.db.write() as session:
        with pytest.raises(Conflict, match="电子签名法"):
            await service.seal(session, story.cast.body_clerk.actor, agreement.pid, agreement.sha256 or "")


async def _paper(story: Story, who: Any, agreement: Agreement, signers: list[str], **changed: Any) -> service.Standing:
    scan = await evidence.prepare_bytes("scan.pdf", "application/pdf", b"%PDF-1.4 a scan")
    given = {"signers": signers, "check_code": agreement.check_code, "seen": True}
    async with story.db.write() as session:
        wanted = PaperIn.model_validate(given | changed)
        return await service.take_paper(session, who.actor, agreement.pid, wanted, scan)


async def test_paper_and_screen_mix_on_one_version(story: Story) -> None:
    agreement = await story.frozen()
    await story.sign(story.cast.applicant, agreement)
    await _paper(story, story.cast.mediator, agreement, [story.respondent])
    stands = await _paper(story, story.cast.body_clerk, agreement, ["mediator", "seal"])
    assert stands.effective_at is not None
    assert await story.state() == "performing"
    async with story.db.read() as session:
        rows = [
            (row.method, row.vouched_by is not None, row.sha256 == agreement.sha256, row.scan_file_id is not None)
            for row in await session.scalars(select(Signature).order_by(Signature.id))
        ]
    assert rows == [("screen", False, True, False)] + [("paper", True, True, True)] * 3


async def test_on_paper_too_the_seal_is_the_last_and_the_day_on_the_sheet_is_kept(story: Story) -> None:
    agreement = await story.frozen()
    clerk = story.cast.body_clerk
    with pytest.raises(Conflict, match="还有人没有签名"):
        await _paper(story, clerk, agreement, [story.applicant, "seal"])
    day = clock.today()
    with pytest.raises(Invalid) as refused:
        await _paper(story, clerk, agreement, [story.applicant], signed_on=str(day - timedelta(days=3)))
    assert "还没有定稿" in refused.value.fields["signed_on"]
    everybody = ["seal", "mediator", story.respondent, story.applicant]
    stands = await _paper(story, clerk, agreement, everybody, signed_on=str(day))
    assert stands.effective_at is not None
    async with story.db.read() as session:
        rows = list(await session.execute(select(Signature.kind, Signature.signed_on).order_by(Signature.id)))
    assert [tuple(row) for row in rows] == [(kind, day) for kind in ("party", "party", "mediator", "body_seal")]


async def test_a_sheet_of_another_version_is_not_taken_in(story: Story) -> None:
    agreement = await story.frozen()
    with pytest.raises(Invalid) as refused:
        await _paper(story, story.cast.mediator, agreement, [story.respondent], check_code="K7QM-3XRT-9FHW")
    assert "旧版本" in refused.value.fields["check_code"]
    with pytest.raises(Forbidden, match="工作人员"):
        await _paper(story, story.cast.mediator, agreement, ["seal"])
    with pytest.raises(Forbidden):
        await _paper(story, story.cast.applicant, agreement, [story.respondent])
    with pytest.raises(Invalid):
        await _paper(story, story.cast.mediator, agreement, ["nobody"])


async def test_the_seal_waits_for_everybody_and_is_the_clerks(story: Story) -> None:
    agreement = await story.frozen()
    await story.sign(story.cast.applicant, agreement)
    async with story.db.write() as session:
        with pytest.raises(Conflict, match="还有人没有签名"):
            await service.seal(session, story.cast.body_clerk.actor, agreement.pid, agreement.sha256 or "")
        for who in (story.cast.mediator, story.cast.applicant):
            with pytest.raises(Forbidden):
                await service.seal(session, who.actor, agreement.pid, agreement.sha256 or "")


async def test_a_change_after_freezing_makes_a_new_version_and_no_signature_counts_for_it(story: Story) -> None:
    old = await story.frozen()
    await story.sign(story.cast.applicant, old)
    async with story.db.write() as session:
        new = await service.unfreeze(session, story.cast.mediator.actor, old.pid, "付款日期写错了")
    assert (new.version, new.state) == (2, "drafting")
    assert await story.state() == "mediating"
    with pytest.raises(OdrError):
        await _sign_with(story, story.cast.respondent, old, "000000")
    async with story.db.read() as session:
        stands = await service.standing(session, await session.get_one(Agreement, new.id))
        board = await session.scalar(select(func.count()).select_from(Signature))
    assert len(stands.missing) == 4
    assert board == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda pad: pad | {"v": 2},
        lambda pad: pad | {"width": -1},
        lambda pad: pad | {"strokes": [[[1e9, 1, 1]]]},
        lambda pad: pad | {"strokes": [[[1, 1, 5], [2, 2, 4]] * 5]},
        lambda pad: pad | {"strokes": [[[1, 1, 1]] * 12]},
        lambda pad: pad | {"strokes": [[[n, n, n] for n in range(150)]] * 60},
        lambda pad: pad | {"strokes": "x"},
        lambda pad: [1],
    ],
)
def test_strokes_no_hand_could_draw_are_refused(spoil: Callable[[Any], Any]) -> None:
    from odr.agreements import strokes

    assert strokes.read(STROKES)["strokes"]
    with pytest.raises(Invalid):
        strokes.read(json.dumps(spoil(json.loads(STROKES))))
    with pytest.raises(Invalid):
        strokes.read("{" * 100_000)


async def test_races_of_edit_double_signing_and_unfreezing_leave_no_mixed_hash_agreement(story: Story) -> None:
    agreement = await story.frozen()
    codes = [
        await story.code(who, agreement.pid)
        for who in (story.cast.applicant, story.cast.respondent, story.cast.mediator)
    ]

    async def unfreeze() -> None:
        async with story.db.write() as session:
            await service.unfreeze(session, story.cast.mediator.actor, agreement.pid, "想再改一改")

    people = (story.cast.applicant, story.cast.respondent, story.cast.mediator)
    twice = [_sign_with(story, who, agreement, code) for who, code in zip(people, codes, strict=True) for _n in (1, 2)]
    await asyncio.gather(*twice, unfreeze(), return_exceptions=True)
    async with story.db.read() as session:
        case = await session.get_one(Case, story.case_id)
        rows = list(await session.execute(select(Signature.kind, Signature.party_id, Signature.sha256)))
        versions = list(await session.scalars(select(Agreement.state).order_by(Agreement.version)))
        effect = await service.in_effect(session, case)
    assert len(rows) == len(set(rows))
    assert {sha for _kind, _party, sha in rows} <= {agreement.sha256}
    assert effect is None
    assert (case.state, versions) in (("signing", ["frozen"]), ("mediating", ["void", "drafting"]))


async def test_strangers_and_the_centre_do_not_find_it(story: Story) -> None:
    agreement = await story.frozen()
    for who in story.cast.everybody_but(
        "applicant", "respondent", "applicant_agent", "respondent_agent", "mediator", "body_clerk"
    ).values():
        with pytest.raises(NotFound):
            await _sign_with(story, who, agreement, "000000")
