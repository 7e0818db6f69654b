# ruff: noqa: E501 - sentences people read are not broken
"""The disputes of the demo city. The first is the newspaper's: an elderly resident, a gas refit of 2,600 yuan."""

from dataclasses import dataclass, field
from typing import Literal

from odr.agreements.court_codes import Head
from odr.cases.codes import Category, PartyKind, State


@dataclass(frozen=True)
class Promise:
    """A clause: who (side), what, how much in yuan, how many days from the draft, how."""

    side: str
    kind: str
    text: str
    amount: str | None = None
    days: int | None = None
    manner: str = ""
    instalments: int = 0
    """Paid by month in so many parts, the first after `days`."""


@dataclass(frozen=True)
class Suggestion:
    """A clause one side suggests to the mediator alone; `released`: and then shows to the other side by itself."""

    promise: Promise
    note: str
    released: bool = False


@dataclass(frozen=True)
class Haggling:
    """A round of offers: who would pay, for what, within how many days, and (who, yuan) in turn."""

    payer: str
    about: str
    days: int
    offers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Script:
    """One dispute and how far it is played. `talk` and `private` are (who, words): applicant, respondent, mediator."""

    key: str
    title: str
    category: Category
    facts: str
    claims: tuple[str, ...]
    applicant: str
    respondent: str
    respondent_name: str
    body: str
    mediator: str
    until: State
    days_ago: float
    division: str = "150302004006"
    place: str = ""
    respondent_kind: PartyKind = PartyKind.NATURAL
    amount_fen: int | None = None
    end: str = ""
    talk: tuple[tuple[str, str], ...] = ()
    private: tuple[tuple[str, str], ...] = ()
    promises: tuple[Promise, ...] = field(default=())
    agreed: tuple[str, ...] = ()
    """Facts both sides confirm; `disputed`: those they tell differently."""
    disputed: tuple[str, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    haggling: Haggling | None = None
    form: Literal["written", "oral"] = "written"
    """written | oral; `paper`: signed by hand at the counter, for the matters that a screen may not sign."""
    paper: bool = False
    objection: str = ""
    """The applicant does not want this mediator, and why; nobody has answered yet."""
    dismissed: Head | None = None
    """Both asked the court to confirm what they had signed, and it dismissed the request on this head."""
    visit: str = ""
    """Minutes of a visit the mediator made with both sides; the applicant has confirmed them."""


GAS = Script(
    key="gas",
    title="燃气改造费",
    category=Category.CONTRACT,
    facts=(
        "上个月小区里有人挨家收燃气改造费，每户 2600 元，说是自己组织起来找人改通风管道和装报警器的。"
        "我年纪大了，怕受骗，也不方便跑燃气公司去问。钱交了一半，收据上没有写清楚是什么钱。"
        "我想弄明白这笔钱该不该交，管道到底要不要改。"
    ),
    claims=("说清楚 2600 元是什么钱，有没有燃气公司的准许", "不该交的退给我；该交的开正规收据"),
    applicant="wang",
    respondent="li",
    respondent_name="李某",
    body="utilities",
    mediator="mediator",
    until=State.MEDIATING,
    days_ago=4,
    division="150302004006",
    place="德顺大厦小区",
    amount_fen=260_000,
    talk=(
        ("mediator", "两位好，我是调解员张志和。今天先把事情说清楚，谁说话都不打断。"),
        ("applicant", "我就想知道这 2600 块钱是干什么的，收据上也没写。"),
        ("respondent", "王叔，中户的厨房结构有隐患，燃气公司说改好通风才给通气。大家凑钱请的施工队。"),
        ("mediator", "我昨天去燃气公司核实过：中户厨房确实有安全隐患，公司准许住户自己请第三方改通风管道。"),
        ("applicant", "那要是早这么说，我也不至于睡不着觉。"),
        ("respondent", "是我没说清楚。报价单和合同我都有，拍给您看。"),
    ),
    private=(
        ("applicant", "张调解员，我不是不想交，就是怕人家骗我。要是分两次交，我手头能松快点。"),
        ("mediator", "我明白。这话只有您和我看得到。要不要由我提出分两次付？"),
        ("applicant", "行，您来说。别说是我手头紧。"),
    ),
    promises=(
        Promise(
            "respondent",
            "act",
            "向申请人提供燃气公司的准许文件、施工合同和报价单的复印件",
            days=3,
            manner="当面交给申请人",
        ),
        Promise(
            "applicant", "pay", "支付燃气报警器和通风管道改造费的余款", "1300.00", 20, "转账到施工队账户", instalments=2
        ),
        Promise(
            "respondent", "act", "改造完工后请燃气公司验收，并把验收单交给申请人", days=30, manner="送到申请人家中"
        ),
    ),
    agreed=(
        "申请人已经交了 1300 元，收据上没有写用途。",
        "燃气公司核实：中户厨房的通风有安全隐患。",
    ),
    disputed=("收钱的时候，有没有说过是住户自己组织的。",),
    suggestions=(
        Suggestion(
            Promise("applicant", "pay", "余款 1300 元，分两次付给施工队", "1300.00", 20, "转账到施工队账户"),
            "退休金每月十号到账，一次拿不出来。请不要说是我手头紧。",
        ),
        Suggestion(
            Promise("respondent", "act", "补开写明用途的正式收据", days=7, manner="当面交给申请人"),
            "这一条可以给王叔看。",
            released=True,
        ),
    ),
    haggling=Haggling("respondent", "跑腿复印的钱", 20, (("applicant", "200"), ("respondent", "80"))),
)

_NEIGHBOUR = (
    "楼上卫生间漏水，把我家厨房的吊顶泡坏了，找过几次都说不是他家的问题，现在墙皮也起了。",
    ("请他把漏水的地方修好", "赔我家吊顶和墙面的钱"),
)
_FEE = (
    "物业说我欠了两年的物业费，可是电梯坏了大半年没有人修，楼道灯也不亮，我才没有交。",
    ("先把电梯修好", "物业费打折"),
)
_LOAN = ("去年借给他一万元，有借条，说好过年还，现在电话也不接。", ("把一万元还给我",))
_REPAIR = ("装修完三个月，两间屋的墙皮都掉了，找他返修，一直推。", ("把掉皮的墙面重新做好",))
_CARE = ("母亲住的养老院涨了护理费，没有提前说，我们不同意，院里就让我们把人接走。", ("按原来的价钱收到合同期满",))

_NOISE = (
    "楼上孩子天天半夜跑跳，拖椅子，我心脏不好，整晚睡不着，上去说过三次都吵起来。",
    ("晚上十点以后不要再有大的响动",),
)
_SUPPORT = (
    "我今年七十四了，和儿子分开住，他两年没有给过生活费，生病了也不来看我。",
    ("每个月给生活费", "生病了要来照顾"),
)
_GATE = ("共用的院门是他倒车撞坏的，修门花了六百元，他说是门本来就坏。", ("把修门的六百元给我",))

SCRIPTS: tuple[Script, ...] = (
    GAS,
    Script(
        "noise", "楼上吵闹", Category.NEIGHBOUR, *_NOISE, "bao", "chen", "陈某", "neighbour:150302004006", "mediator2",
        State.EFFECTIVE, 18, place="某小区 5 号楼",
        talk=(
            ("mediator", "两家都说说，什么时候响动最大？"),
            ("respondent", "孩子放学晚，是闹了点。以后十点以后不让他跑，椅子腿也包上。"),
            ("applicant", "能做到这样，我就没有别的要求了。"),
        ),
        promises=(
            Promise("respondent", "refrain", "每晚十点到次日七点，不在屋里跑跳、拖动家具"),
            Promise("applicant", "refrain", "有事先和调解员或社区说，不再上门争吵"),
        ),
    ),
    Script(
        "confirm", "借款", Category.CONTRACT, *_LOAN, "li", "sun", "孙某强", "elderly", "mediator",
        State.CONFIRMING, 22, amount_fen=1_000_000,
        promises=(Promise("respondent", "pay", "分期归还借款", "10000.00", 40, "银行转账", instalments=4),),
        agreed=("去年借款一万元，有借条，约定春节前还。", "到现在一分钱也没有还。"),
    ),
    Script(
        "repair", "房屋返修", Category.CONTRACT, *_REPAIR, "bao", "sun", "孙某强", "neighbour:150302004006", "mediator2",
        State.PERFORMING, 26, place="某小区 3 号楼", amount_fen=600_000, dismissed=Head.UNCLEAR,
        talk=(
            ("applicant", "墙皮掉了一地，三个月没有人来。"),
            ("respondent", "料到了我就去修，修好为止。"),
            ("mediator", "那就先定一笔返修的押金，修好再退。"),
        ),
        promises=(
            Promise("respondent", "act", "把客厅和卧室的墙面修好", days=30, manner="铲掉重新刷"),
            Promise("respondent", "pay", "交返修押金", "1000.00", 20, "微信转账"),
        ),
    ),
    Script(
        "support", "赡养费", Category.FAMILY, *_SUPPORT, "wang", "chen", "陈某", "elderly", "mediator",
        State.PERFORMING, 30, paper=True,
        promises=(Promise("respondent", "pay", "支付本季度生活费", "2400.00", 45, "转账到申请人的存折"),),
    ),
    Script(
        "gate", "修院门", Category.INJURY, *_GATE, "zhao", "sun", "孙某强", "neighbour:150302004006", "mediator2",
        State.PERFORMING, 6, place="某胡同 12 号院", amount_fen=60_000, form="oral",
        promises=(Promise("respondent", "pay", "付修门的钱", "400.00", 7, "当面付现金，开收条"),),
    ),
    Script(
        "object", "物业费", Category.PROPERTY_MGMT, *_FEE, "zhao", "bao", "某某物业公司", "property_mgmt:150302",
        "mediator2", State.ASSIGNED, 3, respondent_kind=PartyKind.LEGAL, objection="她以前给这家物业公司做过法律顾问",
    ),
    Script(
        "leak", "楼上漏水", Category.NEIGHBOUR, *_NEIGHBOUR, "zhao", "sun", "孙某强", "neighbour:150302004006", "mediator2",
        State.CLOSED, 70, division="150302004006", place="某小区 2 号楼", amount_fen=180_000,
        talk=(
            ("mediator", "我和社区的同志上门看过了，水是从楼上地漏渗下来的。"),
            ("respondent", "既然看明白了，我修，也赔。"),
            ("applicant", "修好就行，钱好商量。"),
        ),
        promises=(
            Promise("respondent", "act", "修好卫生间地漏和防水层", days=7, manner="请专业师傅施工"),
            Promise("respondent", "pay", "赔偿吊顶和墙面损失", "1800.00", 10, "微信转账"),
        ),
    ),
    Script(
        "fee", "物业费", Category.PROPERTY_MGMT, *_FEE, "chen", "bao", "某某物业公司", "property_mgmt:150302", "mediator2",
        State.PERFORMING, 25, place="某小区", respondent_kind=PartyKind.LEGAL, amount_fen=240_000,
        talk=(
            ("mediator", "物业方面答应两周内修好电梯，物业费打八折，两边看行不行？"),
            ("applicant", "电梯修好我就交。"),
            ("respondent", "可以。"),
        ),
        promises=(
            Promise("respondent", "act", "修好 1 单元电梯并通过检验", days=14, manner="检验报告张贴在单元门口"),
            Promise("applicant", "pay", "按八折交清两年物业费", "1920.00", 25, "到物业窗口缴纳"),
        ),
    ),
    Script(
        "care", "护理费", Category.CONTRACT, *_CARE, "sun", "bao", "某某养老院", "elderly", "mediator",
        State.SIGNING, 12, respondent_kind=PartyKind.OTHER_ORG,
        talk=(("mediator", "合同还有三个月到期，按原价收到期满，院里也同意了。"),),
        promises=(Promise("respondent", "act", "护理费按原价收取到合同期满", days=90, manner="按月开收据"),),
    ),
    Script(
        "loan1", "借款", Category.CONTRACT, *_LOAN, "chen", "sun", "孙某强", "elderly", "mediator", State.PERFORMED, 40,
        amount_fen=1_000_000, promises=(Promise("respondent", "pay", "归还借款", "10000.00", 5, "银行转账"),),
    ),
    Script(
        "loan2", "借款", Category.CONTRACT, *_LOAN, "zhao", "li", "李某", "elderly", "mediator", State.FOLLOWED_UP, 55,
        amount_fen=1_000_000, promises=(Promise("respondent", "pay", "归还借款", "10000.00", 5, "银行转账"),),
    ),
    Script(
        "loan3", "借款", Category.CONTRACT, *_LOAN, "bao", "li", "李某", "elderly", "mediator", State.ARCHIVED, 120,
        amount_fen=1_000_000, promises=(Promise("respondent", "pay", "归还借款", "10000.00", 5, "银行转账"),),
    ),
    Script("new1", "楼上漏水", Category.NEIGHBOUR, *_NEIGHBOUR, "chen", "zhao", "赵某兰", "utilities", "mediator",
           State.SUBMITTED, 0.2),
    Script("new2", "物业费", Category.PROPERTY_MGMT, *_FEE, "li", "bao", "某某物业公司", "property_mgmt:150302", "mediator2",
           State.SUBMITTED, 1, respondent_kind=PartyKind.LEGAL),
    Script("supplement", "借款", Category.CONTRACT, *_LOAN, "sun", "chen", "陈某", "elderly", "mediator",
           State.SUPPLEMENT, 3),
    Script("consult", "护理费", Category.CONTRACT, *_CARE, "zhao", "bao", "某某养老院", "elderly", "mediator",
           State.CONSULTING, 2, respondent_kind=PartyKind.OTHER_ORG),
    Script("accepted", "物业费", Category.PROPERTY_MGMT, *_FEE, "sun", "bao", "某某物业公司", "property_mgmt:150302",
           "mediator2", State.ACCEPTED, 2, respondent_kind=PartyKind.LEGAL),
    Script("assigned", "借款", Category.CONTRACT, *_LOAN, "li", "chen", "陈某", "elderly", "mediator", State.ASSIGNED, 3),
    Script("suspended", "楼上漏水", Category.NEIGHBOUR, *_NEIGHBOUR, "bao", "sun", "孙某强", "neighbour:150302004006",
           "mediator2", State.SUSPENDED, 15, division="150302004006",
           visit="和社区同志一起上门。厨房吊顶有水渍，约一平方米；楼上卫生间地面是湿的。双方同意先请人鉴定漏水的原因。"),
    Script("refused", "物业费", Category.PROPERTY_MGMT, *_FEE, "zhao", "bao", "某某物业公司", "property_mgmt:150302",
           "mediator2", State.NOT_ACCEPTED, 9, respondent_kind=PartyKind.LEGAL),
    Script("transferred", "借款", Category.CONTRACT, *_LOAN, "bao", "sun", "孙某强", "elderly", "mediator",
           State.TRANSFERRED, 8),
    Script("withdrawn", "护理费", Category.CONTRACT, *_CARE, "li", "bao", "某某养老院", "elderly", "mediator",
           State.WITHDRAWN, 7, respondent_kind=PartyKind.OTHER_ORG),
    Script("failed", "借款", Category.CONTRACT, *_LOAN, "wang", "sun", "孙某强", "elderly", "mediator", State.FAILED, 33,
           end="respondent", agreed=("去年借款一万元，有借条。",), disputed=("其中两千元是不是已经用货抵了。",)),
)  # fmt: skip
