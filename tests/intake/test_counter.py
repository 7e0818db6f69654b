"""At the window and from door to door: a clerk types, the person confirms, nothing happens before."""

import html
import re
from datetime import timedelta

from sqlalchemy import select

from odr.accounts.models import Person
from odr.cases import service as cases
from odr.cases.models import Case, Party
from odr.core import clock, crypto
from odr.core.db import Database
from odr.core.outbox import Outbox
from tests.browsing import Answer, look, send
from tests.cast import CITY, COMMUNITY, HAIBOWAN, STREET, Cast, Member
from tests.intake.words import ALSO_RIGHT, ID_15, ID_18, STORY, WRONG

WALK_IN = {
    "name": "赵桂兰", "phone": "13904739001", "id_no": "", "address": "海达社区 5 号楼", "facts": STORY,
    "category": "04",
    "division_code": COMMUNITY, "place": "德顺大厦", "occurred_on": "2026-10-08", "amount": "2600",
    "other_kind": "legal", "other_name": "某某燃气公司", "other_phone": "", "other_address": "",
    "claim_1": "说明收费的依据", "claim_2": "",
}  # fmt: skip
MISTAKES = [
    *[(f, t, s) for f, t, s in (*WRONG["story"], *WRONG["kind"], *WRONG["other"], *WRONG["wants"], *WRONG["yourself"])],
    *[(f, t, s) for f, t, s in WRONG["place"] if f in ("place", "occurred_on")],
    ("division_code", "", "请填写"),
    ("division_code", "150399000000", "没有这个地方"),
    ("division_code", "海达", "填得不对"),
    ("phone", "139", "号码"),
    ("phone", "１３９０４７３９０", "号码"),
]


async def the_case(db: Database) -> Case:
    async with db.read() as session:
        return (await session.scalars(select(Case).order_by(Case.id.desc()))).first()  # type: ignore[return-value]


async def count(db: Database) -> int:
    async with db.read() as session:
        return len((await session.scalars(select(Case.id))).all())


async def newest_code(db: Database, phone: str) -> str:
    async with db.read() as session:
        query = select(Outbox).where(Outbox.tag == "confirm:code").order_by(Outbox.id.desc())
        row = (await session.scalars(query)).first()
    assert row is not None
    assert row.address == phone
    found = re.search(r"\d{6}", row.text)
    assert found is not None
    return found[0]


async def enter(member: Member, **changes: str) -> str:
    """Type it in; the address of the confirmation."""
    answer = await send(member, "/counter", **WALK_IN | changes)
    assert answer.status == 303, answer.errors
    return answer.to


async def test_who_may_sit_at_the_window(db: Database, cast: Cast) -> None:
    may = {"mediator", "other_mediator", "body_clerk", "centre_clerk", "grid_worker"}
    for name, member in cast.everybody().items():
        wanted = 200 if name in may else 403 if member.actor.staff else 404
        assert (await look(member, "/counter")).status == wanted, name
        posted = await send(member, "/counter", **WALK_IN)
        assert posted.status == (303 if name in may else wanted), name
        async with member.program() as program:
            fed = await program.post(
                "/api/v1/counter/applications",
                json={"name": "x", "facts": STORY, "category": "04", "division_code": COMMUNITY, "other_name": "李某",
                      "claim_1": "退钱"},
            )  # fmt: skip
            assert fed.status_code == (201 if name in may else 403 if member.actor.staff else 404), name
    assert await count(db) == 2 * len(may)


async def test_the_confirmation_belongs_to_who_typed_it(db: Database, cast: Cast) -> None:
    at = await enter(cast.grid_worker)
    case = await the_case(db)
    assert (case.channel, case.source, case.entered_by) == ("grid", "grid", cast.grid_worker.id)
    for name, member in cast.everybody_but("grid_worker").items():
        refused = {"mediator", "other_mediator", "body_clerk", "centre_clerk"}
        wanted = 404 if name in refused or not member.actor.staff else 403
        assert (await look(member, at)).status == wanted, name
        assert (await send(member, at, how="screen", read="1")).status == wanted, name
        assert (await send(member, f"{at}/codes")).status == wanted, name
    assert (await look(cast.grid_worker, "/counter/no-such-case/confirmation")).status == 404
    assert (await the_case(db)).confirmed_at is None


async def test_every_mistake_is_named_at_its_field_and_nothing_typed_is_lost(db: Database, cast: Cast) -> None:
    for field, typed, say in MISTAKES:
        answer = await send(cast.centre_clerk, "/counter", **WALK_IN | {field: typed})
        told = (field, typed[:20], answer.errors)
        assert answer.status == 422, told
        assert set(answer.errors) == {field}, told
        assert say in answer.errors[field], told
        assert f'id="f-{field}' in answer.page, told
        for kept, value in (WALK_IN | {field: typed}).items():
            if kept not in ("category", "division_code", "other_kind") or (kept != field):
                assert answer.value(kept).strip() == value.strip(), (told, kept)
    assert await count(db) == 0
    empty = await send(cast.centre_clerk, "/counter")
    assert set(empty.errors) == {"name", "facts", "category", "division_code", "other_name", "claim_1"}


async def test_full_width_signs_old_ids_and_landlines_are_understood(db: Database, cast: Cast) -> None:
    for _step, field, typed, meant in ALSO_RIGHT:
        await enter(cast.centre_clerk, **{field: typed, "facts": STORY + typed, "phone": ""})
        case = await the_case(db)
        async with db.read() as session:
            parties = {p.side: p for p in await session.scalars(select(Party).where(Party.case_id == case.id))}
        found = {
            "occurred_on": str(case.occurred_on),
            "amount": case.amount_fen,
            "name": parties["applicant"].name,
            "id_no": parties["applicant"].id_no,
            "other_phone": parties["respondent"].phone,
            "other_name": parties["respondent"].name,
        }
        assert found[field] == meant, (field, typed)
    for place, shown in ((STREET, "新华西街道"), (HAIBOWAN, "海勃湾区")):
        at = await enter(cast.centre_clerk, division_code=place, facts=STORY + place)
        assert shown in (await look(cast.centre_clerk, at)).main
    landline = await enter(cast.centre_clerk, phone="０４７３-２０１２３４５", facts=STORY + "座机")
    page = await look(cast.centre_clerk, landline)
    assert "给申请人发验证码" not in page.main
    assert "当面在屏幕上确认" in page.main
    refused = await send(cast.centre_clerk, f"{landline}/codes")
    assert "没有登记手机号码" in refused.errors["code"]
    assert ID_15 not in page.page
    assert ID_18 not in page.page


async def test_on_the_clerks_screen(db: Database, cast: Cast) -> None:
    clerk = cast.centre_clerk
    assert "还等本人确认的" not in (await look(clerk, "/counter")).main
    at = await enter(clerk, phone="")
    case = await the_case(db)
    assert (case.channel, case.source, case.confirmed_at, case.state) == ("counter", "applied", None, "submitted")
    waiting = await look(clerk, "/counter")
    assert "还等本人确认的" in waiting.main
    assert f'href="{at}"' in waiting.page
    assert "赵桂兰 · 合同纠纷" in waiting.main
    assert at not in (await look(cast.grid_worker, "/counter")).page

    page = await look(clerk, at)
    for words in ("赵桂兰", "某某燃气公司", STORY, "海勃湾区新华西街道海达社区德顺大厦", "2,600.00 元"):
        assert words in page.main
    untold = await send(clerk, at, how="screen")
    assert (untold.status, set(untold.errors)) == (422, {"read"})
    assert (await the_case(db)).confirmed_at is None
    for _tap in range(2):
        assert (await send(clerk, at, how="screen", read="1")).to == at
    case = await the_case(db)
    assert case.confirmed_how == "screen"
    done = await look(clerk, at)
    assert "申请人已经确认" in done.main
    assert "登记下一位" in done.main
    assert "还等本人确认的" not in (await look(clerk, "/counter")).main


async def test_by_a_code_that_only_the_persons_phone_gets(db: Database, cast: Cast) -> None:
    clerk, phone = cast.body_clerk, WALK_IN["phone"]
    at = await enter(clerk)
    early = await send(clerk, at, how="code", code="123456")
    assert early.status == 422
    assert "重新发送" in early.errors["code"]
    sent = await send(clerk, f"{at}/codes")
    assert (sent.status, sent.to) == (303, f"{at}?sent=1")
    code = await newest_code(db, phone)
    assert code not in (await look(clerk, sent.to)).page
    soon = await send(clerk, f"{at}/codes")
    assert soon.status == 422
    assert "秒后重新发送" in soon.errors["code"]
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for typed, say in (("", "6 位"), ("12", "6 位"), ("abcdef", "6 位"), (wrong, "还可以试 4 次")):
        answer = await send(clerk, at, how="code", code=typed)
        assert answer.status == 422, typed
        assert say in answer.errors["code"], (typed, answer.errors)
    with clock.shifted(timedelta(minutes=6)):
        late = await send(clerk, at, how="code", code=code)
        assert "已过期" in late.errors["code"]
    assert (await the_case(db)).confirmed_at is None

    # A code for another person's entry opens nothing here.
    with clock.shifted(timedelta(minutes=2)):
        other = await enter(clerk, name="别的人", facts=STORY + "另一件。")
        await send(clerk, f"{other}/codes")
        foreign = await newest_code(db, phone)
        if foreign != code:
            assert (await send(clerk, at, how="code", code=foreign)).status == 422
        wide = code.translate({ord(str(n)): chr(0xFF10 + n) for n in range(10)})
        assert (await send(clerk, at, how="code", code=f" {wide} ")).to == at
    async with db.read() as session:
        case = (await session.scalars(select(Case).order_by(Case.id))).first()
    assert case is not None
    assert case.confirmed_how == "code"
    # Confirmed is confirmed: no further code goes out.
    assert (await send(clerk, f"{at}/codes")).to == at
    async with db.read() as session:
        assert len((await session.scalars(select(Outbox).where(Outbox.tag == "confirm:code"))).all()) == 2


async def test_five_wrong_tries_end_a_code(db: Database, cast: Cast) -> None:
    clerk = cast.centre_clerk
    at = await enter(clerk)
    await send(clerk, f"{at}/codes")
    code = await newest_code(db, WALK_IN["phone"])
    answer: Answer | None = None
    for n in range(1, 6):
        answer = await send(clerk, at, how="code", code=f"{(int(code) + n) % 10**6:06d}")
    assert answer is not None
    assert "作废" in answer.errors["code"]
    assert (await send(clerk, at, how="code", code=code)).status == 422
    assert (await the_case(db)).confirmed_at is None


async def test_the_same_entry_twice_is_one_case_and_one_person(db: Database, cast: Cast) -> None:
    clerk = cast.centre_clerk
    first, second = await enter(clerk), await enter(clerk)
    assert first == second
    assert await enter(clerk, name="赵桂芳") != first  # her sister, with the same story
    assert await enter(clerk, claim_1="把钱退给我") != first
    assert await enter(cast.grid_worker) != first
    with clock.shifted(timedelta(minutes=11)):
        assert await enter(clerk) != first
    async with db.read() as session:
        index = crypto.blind_index("phone", WALK_IN["phone"])
        people = list(await session.scalars(select(Person).where(Person.phone_index == index)))
    assert [p.name for p in people] == ["赵桂兰"]


async def test_what_nobody_confirmed_cannot_be_accepted(db: Database, cast: Cast) -> None:
    at = await enter(cast.centre_clerk)
    case = await the_case(db)
    async with db.write() as session:
        mine = await session.get_one(Case, case.id)
        await cases.route(session, cast.centre_clerk.actor, mine, cast.body_id)
    path = f"/cases/{case.pid}/acceptance"
    refused = await send(cast.body_clerk, path)
    assert refused.status == 409
    assert "确认" in html.unescape(refused.page)
    await send(cast.centre_clerk, at, how="screen", read="1")
    accepted = await send(cast.body_clerk, path)
    assert accepted.status == 303
    case = await the_case(db)
    assert case.case_no is not None
    assert "乌公用" in case.case_no
    assert case.case_no.endswith("1号")


async def test_a_place_without_a_centre_is_said_so_and_the_words_stay(cast: Cast) -> None:
    answer = await send(cast.centre_clerk, "/counter", **WALK_IN | {"division_code": CITY})
    assert answer.status == 422
    assert "还没有调处中心" in answer.errors["division_code"]
    assert answer.value("facts") == STORY


async def test_by_a_code_through_the_api(db: Database, cast: Cast) -> None:
    pid = (await enter(cast.body_clerk)).split("/")[2]
    at = f"/api/v1/counter/applications/{pid}"
    for name, member in cast.everybody_but("body_clerk").items():
        async with member.program() as program:
            wanted = (404,) if not member.actor.staff else (403, 404)
            assert (await program.post(f"{at}/codes")).status_code in wanted, name
            assert (await program.post(f"{at}/confirmation", json={"code": "123456"})).status_code in wanted, name
    async with cast.body_clerk.program() as program:
        assert (await program.post(f"{at}/codes")).status_code == 204
        code = await newest_code(db, WALK_IN["phone"])
        wrong = await program.post(f"{at}/confirmation", json={"code": f"{(int(code) + 1) % 10**6:06d}"})
        assert (wrong.status_code, list(wrong.json()["error"]["fields"])) == (422, ["code"])
        assert (await program.post(f"{at}/confirmation", json={"code": code})).json()["id"] == pid
    assert (await the_case(db)).confirmed_how == "code"
