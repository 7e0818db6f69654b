"""What an applicant types, right and wrong, for the wizard and for the counter alike."""

from datetime import timedelta

from odr.core import clock
from tests.cast import COMMUNITY, HAIBOWAN

STORY = "上个月燃气公司上门，说要改造管道，每户收 2600 元。我不知道该不该交。"
TOMORROW = (clock.today() + timedelta(days=2)).isoformat()
# Valid check digits; the second is the first as it was written before 1999.
ID_18, ID_15 = "150302194906070022", "150302490607002"

RIGHT: dict[str, dict[str, str]] = {
    "story": {"facts": STORY},
    "kind": {"category": "04"},
    "place": {"district": HAIBOWAN, "community": COMMUNITY, "place": "德顺大厦 3 号楼", "occurred_on": "2026-10-08"},
    "other": {"other_kind": "legal", "other_name": "某某燃气公司", "other_phone": "0473-2012345", "other_address": ""},
    "wants": {"claim_1": "说明收费的依据", "claim_2": "退还多收的钱", "claim_3": "", "amount": "2600.50"},
    "yourself": {"name": "王某某", "id_no": "", "address": "海达社区"},
    "safety": {"safety": "safe"},
}

# Field, what is typed, a part of the sentence at that field.
WRONG: dict[str, list[tuple[str, str, str]]] = {
    "story": [
        ("facts", "", "请填写"),
        ("facts", "   \u3000 ", "请填写"),
        ("facts", "不知道", "太短"),
        ("facts", "长" * 3001, "最多写 3000 个字"),
    ],
    "kind": [("category", "", "请填写"), ("category", "zz", "请从给出的选项里选一个"), ("category", "０４", "请从")],
    "place": [
        ("district", "", "请填写"),
        ("district", "150399000000", "没有这个地方"),
        ("district", "海勃湾区", "填得不对"),
        ("community", "150303001001", "不在您选的区里"),
        ("community", "150302999001", "没有这个地方"),
        ("community", "<script>", "填得不对"),
        ("place", "远" * 121, "最多写 120 个字"),
        ("occurred_on", "2026-02-30", "没有这个日期"),
        ("occurred_on", "２０２６－１３－０１", "没有这个日期"),
        ("occurred_on", "去年冬天", "没有这个日期"),
        ("occurred_on", "0001-01-01", "没有这个日期"),
        ("occurred_on", TOMORROW, "还没有到"),
    ],
    "other": [
        ("other_name", "", "请填写"),
        ("other_name", "···", "请填写姓名"),
        ("other_name", "名" * 51, "最多 50 个字"),
        ("other_name", "<b>李某</b>", "不能用的符号"),
        ("other_kind", "alien", "请从给出的选项里选一个"),
        ("other_phone", "１２３", "手机号码"),
        ("other_phone", "不知道", "手机号码"),
        ("other_address", "址" * 121, "最多写 120 个字"),
    ],
    "wants": [
        ("claim_1", "", "请填写"),
        ("claim_1", "钱", "太短"),
        ("claim_2", "要" * 201, "最多写 200 个字"),
        ("amount", "两千六", "请用数字写金额"),
        ("amount", "-5", "请用数字写金额"),
        ("amount", "1.005", "最多两位小数"),
        ("amount", "1e9", "请用数字写金额"),
        ("amount", "０", "大于零"),
        ("amount", "9" * 400, "金额太大"),
        ("amount", "፩", "请用数字写金额"),
    ],
    "yourself": [
        ("name", "", "请填写"),
        ("name", "阿" * 51, "最多 50 个字"),
        ("id_no", "15030219490607002", "18 位"),
        ("id_no", "150302194906070021", "有一位填错"),
        ("id_no", "150302194902300029", "出生日期"),
        ("id_no", "150302490230002", "出生日期"),
        ("id_no", "990302194906070021", "地区不对"),
        ("id_no", "没带", "18 位"),
        ("address", "址" * 121, "最多写 120 个字"),
    ],
    "safety": [("safety", "", "请填写"), ("safety", "maybe", "填得不对")],
}  # fmt: skip

# Step, field, what is typed, what it means.
ALSO_RIGHT: list[tuple[str, str, str, object]] = [
    ("place", "occurred_on", "２０２６年１０月８日", "2026-10-08"),
    ("place", "occurred_on", "20261008", "2026-10-08"),
    ("other", "other_phone", "１３９ ０４７３ ０００２", "13904730002"),
    ("other", "other_phone", "+86 139-0473-0002", "13904730002"),
    ("other", "other_name", "阿", "阿"),
    ("other", "other_name", "古" * 25 + "·" + "丽" * 24, "古" * 25 + "·" + "丽" * 24),
    ("wants", "amount", "２，６００．５元", 260050),
    ("wants", "amount", "10000000000", 10**12),
    ("yourself", "name", "阿依•古丽", "阿依·古丽"),
    ("yourself", "id_no", "１５０３０２１９４９０６０７００２２", ID_18),
    ("yourself", "id_no", ID_15, ID_18),
]
