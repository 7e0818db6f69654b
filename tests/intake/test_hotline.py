"""The hotline's feed: taken once by its number, in the queue of the right centre, with an answer for the machine."""

import html
import re
from datetime import timedelta

from fastapi import FastAPI
from sqlalchemy import select

from odr.accounts import service as accounts
from odr.audit.models import LedgerRow
from odr.bodies.models import Body, Division
from odr.cases.models import Case
from odr.core import clock
from odr.core.db import Database
from odr.intake.models import IntakeOrder
from tests.browsing import look, send
from tests.cast import CITY, Cast
from tests.intake.hotline import AT, ORDER, Machine, new_key
from tests.intake.test_counter import WALK_IN

HAINAN = "150303000000"


async def order_pids(db: Database) -> list[str]:
    async with db.read() as session:
        return list(await session.scalars(select(IntakeOrder.pid).order_by(IntakeOrder.id)))


async def acts_on_orders(db: Database) -> list[str]:
    async with db.read() as session:
        query = select(LedgerRow.tag).where(LedgerRow.thing == "order").order_by(LedgerRow.seq)
        return list(await session.scalars(query))


async def test_without_a_living_key_nothing_comes_in_and_nothing_goes_out(
    app: FastAPI, db: Database, cast: Cast
) -> None:
    pid, text = await new_key(db, cast)
    machine = Machine(app, text)
    assert (await machine.feed())[0] == 201
    for key in (None, "", "odr_wrong", text[:-1], "钥匙", "x" * 200):
        for status, answer in (await Machine(app, key).feed(), await Machine(app, key).ask()):
            assert status in (401, 422), key
            assert "error" in answer
            assert "王女士" not in str(answer)
            if status == 401:
                assert answer["error"]["code"] == "api_key_needed"
                assert "X-API-Key" in answer["error"]["say"]
    async with db.write() as session:
        await accounts.end_key(session, cast.system_admin.actor, pid)
    assert (await machine.feed(order_no="2"))[0] == 401
    assert (await machine.ask())[0] == 401
    # A person's login is no key.
    for member in cast.everybody().values():
        async with member.program() as program:
            assert (await program.post(AT, json=dict(ORDER))).status_code == 401
    assert len(await order_pids(db)) == 1


async def test_a_repeat_changes_nothing_and_other_words_are_refused(app: FastAPI, db: Database, cast: Cast) -> None:
    machine = Machine(app, (await new_key(db, cast))[1])
    status, first = await machine.feed()
    assert (status, first["state"], first["order_no"]) == (201, "received", ORDER["order_no"])
    status, again = await machine.feed()
    assert (status, again) == (200, first)
    status, changed = await machine.feed(content=ORDER["content"] + "还骂人。")
    assert (status, changed["error"]["code"]) == (409, "order_changed")
    assert "内容不一样" in changed["error"]["say"]
    assert (await machine.feed(source="police_110", alarm_no="110-77"))[0] == 201  # another book of numbers
    assert await machine.ask() == (200, first)
    assert (await machine.ask("nothing"))[0] == 404
    assert (await machine.ask(source="elsewhere"))[0] == 404
    assert len(await order_pids(db)) == 2
    async with db.read() as session:
        row = (await session.scalars(select(IntakeOrder).order_by(IntakeOrder.id))).first()
    assert row is not None
    assert (row.caller, row.phone, row.centre_id) == ("王女士", "13904739001", cast.centre_id)
    assert await acts_on_orders(db) == ["order:intake:received"] * 2


async def test_every_wrong_field_is_named(app: FastAPI, db: Database, cast: Cast) -> None:
    machine = Machine(app, (await new_key(db, cast))[1])
    tomorrow = (clock.now() + timedelta(days=1)).isoformat()
    wrong = [
        ("source", "wechat"), ("source", None), ("order_no", ""), ("order_no", "有 空格"), ("order_no", "9" * 65),
        ("received_at", tomorrow), ("received_at", "2026-02-30T08:00:00+08:00"), ("received_at", "2026-11-24T08:00:00"),
        ("received_at", "昨天"), ("caller", "名" * 51), ("phone", "不知道"), ("phone", "１２３"),
        ("division_code", "150399000000"), ("division_code", "海达"), ("division_code", CITY), ("content", "短"),
        ("content", "长" * 4001), ("urgency", "very"), ("consent_to_transfer", "perhaps"), ("address", "址" * 121),
        ("surprise", "1"), ("category_text", "x" * 81), ("alarm_no", "x" * 65),
    ]  # fmt: skip
    for field, value in wrong:
        status, answer = await machine.feed(**{field: value})
        assert status == 422, (field, value, answer)
        assert set(answer["error"]["fields"]) == {field}, (field, value, answer)
        assert re.search(r"[\u4e00-\u9fff]", answer["error"]["fields"][field]), (field, value)
    status, answer = await machine.feed(
        division_code=None
    )  # this cast has no city centre to hand a placeless matter to
    assert (status, set(answer["error"]["fields"])) == (422, {"division_code"})
    assert await order_pids(db) == []
    # A number that would lead out of the address, or ask for another, is only a number.
    assert (await machine.feed(order_no="../2026/7"))[0] == 201
    assert (await machine.ask("..%2F2026%2F7"))[1]["order_no"] == "../2026/7"


async def test_an_order_lies_in_the_queue_of_its_own_centre(app: FastAPI, db: Database, cast: Cast) -> None:
    async with db.write() as session:
        session.add(Division(code=HAINAN, name="海南区", level="district", parent_code=CITY))
        await session.flush()
        session.add(Body(kind="centre", level="district", name="海南区矛盾纠纷调处中心", division_code=HAINAN))
        session.add(Body(kind="centre", level="city", name="乌海市矛盾纠纷调处中心", division_code=CITY))
    machine = Machine(app, (await new_key(db, cast))[1])
    await machine.feed(order_no="ours-1", caller="后来的", consent_to_transfer=False)
    await machine.feed(order_no="ours-2", caller="着急的", urgency="urgent", source="police_110")
    await machine.feed(order_no="theirs", division_code=HAINAN, caller="海南的")
    await machine.feed(order_no="placeless", division_code=None, caller="没说在哪")
    page = await look(cast.centre_clerk, "/queue/orders")
    assert [w for w in re.findall(r"工单 ([\w-]+)", page.main) if w] == ["ours-2", "ours-1"]
    assert "加急" in page.main
    assert "110 非警情" in page.main
    assert "还没有同意转来" in page.main
    for away in ("海南的", "没说在哪"):
        assert away not in page.page

    theirs = (await order_pids(db))[2]
    assert (await look(cast.centre_clerk, f"/counter?order={theirs}")).status == 404
    entered = await send(cast.centre_clerk, f"/counter?order={theirs}", **WALK_IN)
    assert entered.status == 404
    assert (await send(cast.centre_clerk, f"/queue/orders/{theirs}/refusal", reason="不是我们的")).status == 404

    ours = (await order_pids(db))[0]
    for name, member in cast.everybody_but("centre_clerk").items():
        wanted = 403 if member.actor.staff else 404
        assert (await look(member, "/queue/orders")).status == wanted, name
        assert (await send(member, f"/queue/orders/{ours}/refusal", reason="不归我们管")).status == 404, name
        assert (await look(member, f"/counter?order={ours}")).status in (403, 404), name
        assert "后来的" not in (await look(member, f"/counter?order={ours}")).page, name
        assert (await send(member, f"/counter?order={ours}", **WALK_IN)).status in (403, 404), name


async def test_an_order_becomes_a_case_or_goes_back_with_a_reason(app: FastAPI, db: Database, cast: Cast) -> None:
    machine = Machine(app, (await new_key(db, cast))[1])
    await machine.feed(order_no="good", phone="１３９０４７３９００１")
    await machine.feed(order_no="bad")
    good, bad = await order_pids(db)
    clerk = cast.centre_clerk

    form = await look(clerk, f"/counter?order={good}")
    assert (form.value("name"), form.value("phone")) == ("王女士", "13904739001")
    assert form.value("facts") == ORDER["content"]
    assert form.value("division_code") == ORDER["division_code"]
    again = await send(clerk, f"/counter?order={good}", **WALK_IN | {"claim_1": ""})
    assert again.status == 422
    assert f'action="/counter?order={good}"' in again.page
    entered = await send(clerk, f"/counter?order={good}", **WALK_IN)
    assert entered.status == 303
    async with db.read() as session:
        case = (await session.scalars(select(Case))).one()
    assert (case.source, case.channel, case.centre_id) == ("hotline_12345", "counter", cast.centre_id)
    status, answer = await machine.ask("good")
    assert (status, answer["state"]) == (200, "accepted")
    assert answer["case"] == {"state": "submitted", "state_label": answer["case"]["state_label"], "result": None}
    assert "赵桂兰" not in str(answer)

    # A colleague had the same page open: the order is dealt with, what was typed stays on the screen.
    late = await send(clerk, f"/counter?order={good}", **WALK_IN | {"facts": WALK_IN["facts"] + "同一件。"})
    assert late.status == 409
    assert "已经处理过了" in late.errors["form"]
    assert late.value("facts") == WALK_IN["facts"] + "同一件。"
    assert (await look(clerk, f"/counter?order={good}")).status == 409

    for reason, say in (("", "请填写"), ("不", "太短"), ("长" * 201, "最多写 200 个字")):
        refused = await send(clerk, f"/queue/orders/{bad}/refusal", reason=reason)
        assert refused.status == 422
        assert say in refused.errors[f"reason-{bad}"]
        assert reason in refused.page
    assert 'class="confirm" open' in refused.page
    assert f'id="f-reason-{bad}"' in refused.page
    assert (await send(clerk, f"/queue/orders/{bad}/refusal", reason="属于行政处罚，不能调解")).to == "/queue/orders"
    assert (await send(clerk, f"/queue/orders/{bad}/refusal", reason="再退一次")).status == 409
    assert (await send(clerk, "/queue/orders/nothing/refusal", reason="不存在的")).status == 404
    status, answer = await machine.ask("bad")
    assert (answer["state"], answer["reason"]) == ("refused", "属于行政处罚，不能调解")
    assert "case" not in answer
    assert "现在没有待处理的工单" in html.unescape((await look(clerk, "/queue/orders")).page)
    assert await machine.feed(order_no="bad") == (200, answer)
    assert await acts_on_orders(db) == ["order:intake:received"] * 2 + ["order:intake:accepted", "order:intake:refused"]


async def test_orders_through_the_api(app: FastAPI, db: Database, cast: Cast) -> None:
    machine = Machine(app, (await new_key(db, cast))[1])
    await machine.feed()
    async with cast.centre_clerk.program() as program:
        (order,) = (await program.get("/api/v1/orders")).json()["orders"]
        assert (order["order_no"], order["caller"]) == (ORDER["order_no"], ORDER["caller"])
        short = await program.post(f"/api/v1/orders/{order['id']}/refusal", json={"reason": ""})
        assert (short.status_code, list(short.json()["error"]["fields"])) == (422, ["reason"])
    for name, member in cast.everybody_but("centre_clerk").items():
        async with member.program() as program:
            listed = await program.get("/api/v1/orders")
            assert listed.status_code in (403, 404), name
            given = {"reason": "不是纠纷"}
            assert (await program.post(f"/api/v1/orders/{order['id']}/refusal", json=given)).status_code in (403, 404)
    async with cast.centre_clerk.program() as program:
        refused = await program.post(f"/api/v1/orders/{order['id']}/refusal", json={"reason": "不是纠纷"})
        assert (refused.status_code, refused.json()["reason"]) == (201, "不是纠纷")
        again = await program.post(f"/api/v1/orders/{order['id']}/refusal", json={"reason": "不是纠纷"})
        assert again.status_code == 409
    assert (await machine.ask())[1]["reason"] == "不是纠纷"
