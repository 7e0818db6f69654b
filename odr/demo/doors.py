"""What waits at the doors of the demo city: an application being written, and orders of the hotline."""

from datetime import timedelta

from odr.accounts import service as accounts
from odr.audit.who import SYSTEM
from odr.core import clock
from odr.demo import people
from odr.demo.stage import Stage, days_ago
from odr.intake import drafts, orders
from odr.intake.schemas import HotlineOrder

_DRAFT: tuple[tuple[str, dict[str, str]], ...] = (
    (
        "story",
        {
            "facts": "我在楼下健身房办了年卡，交了 1980 元，去了两个月店就关门了，"
            "电话打通了说以后会开，一直没有开，也不退钱。"
        },
    ),
    ("kind", {"category": "12b"}),
    ("place", {"district": "150302000000", "community": "150302004006", "place": "某某健身房"}),
    ("other", {"other_kind": "legal", "other_name": "某某健身房"}),
)
_ORDERS = (
    (
        "hotline_12345",
        "WH12345-DEMO-0001",
        "normal",
        "钱某（演示）",
        "反映楼下饭馆的油烟机正对着自家窗户，开不了窗，找过店主两次没有解决，愿意调解。",
        "邻里纠纷",
    ),
    (
        "police_110",
        "WH110-DEMO-0001",
        "urgent",
        "何某（演示）",
        "两家因为停车位争吵，民警到场时已经平息，没有动手，双方同意由调解组织继续处理。",
        "非警情纠纷",
    ),
)


async def leave_a_draft(stage: Stage, owner: str) -> None:
    """An application of this resident that stops in the middle of the fourth question, kept since yesterday."""
    actor = await stage.actor(owner)
    with clock.shifted(days_ago(1)):
        async with stage.write() as session:
            draft = await drafts.start(session, actor)
            for step, answers in _DRAFT:
                drafts.save(draft, step, answers)


async def send_orders(stage: Stage) -> None:
    """What 12345 and 110 fed in this morning, with a machine's key of its own."""
    async with stage.write() as session:
        key, _text = await accounts.create_key(session, SYSTEM, "12345 热线（演示）", "hotline")
        for n, (source, number, urgency, caller, content, category) in enumerate(_ORDERS, start=1):
            order = HotlineOrder.model_validate(
                {
                    "source": source,
                    "order_no": number,
                    "received_at": clock.now() - timedelta(hours=n),
                    "caller": caller,
                    "phone": people.phone(100 + n),
                    "division_code": "150302004006",
                    "category_text": category,
                    "content": content,
                    "urgency": urgency,
                    "consent_to_transfer": True,
                }
            )
            await orders.take(session, key, order)
