"""Act one: an elderly resident tells what happened; the centre routes it, the committee takes it on."""

import re
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

from tests.journeys.people import Outbox, resident_signs_in
from tests.journeys.visitor import Visitor

FACTS = (
    "我住在海勃湾区一个小区的十七楼，今年七十二岁。上个月有人挨家收燃气改造费，每户 2600 元，"
    "说是找人改通风管道、装报警器。"
    "我交了一半，收据上没有写清楚是什么钱。我想弄明白这笔钱该不该交，管道到底要不要改。"
)


@dataclass(frozen=True)
class Resident:
    """Somebody new to the service. The id number is of a place that does not exist."""

    name: str
    phone: str
    id_no: str


def id_no(birth: str, order: int) -> str:
    digits = f"150399{birth}{order:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return digits + "10X98765432"[sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11]


APPLICANT = Resident("王桂香", "19904738101", id_no("19540312", 12))
RESPONDENT = Resident("李建军", "19904738102", id_no("19780620", 21))


def receipt(folder: Path) -> Path:
    """A photo of the receipt on which nothing was written."""
    picture = Image.new("RGB", (1200, 900), "#f3ead6")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((60, 60, 1140, 840), outline="#8a6d3b", width=6)
    for line in range(6):
        pen.line((140, 240 + line * 90, 1060, 240 + line * 90), fill="#b8a67e", width=3)
    path = folder / "收据.jpg"
    picture.save(path, quality=85)
    return path


def applies(applicant: Visitor, outbox: Outbox, photo: Path) -> str:
    """Seven questions and a last look; returns the address of the case."""
    applicant.open("/")
    applicant.reads("有纠纷，坐下来谈")
    applicant.look("home")
    applicant.press("申请调解")
    resident_signs_in(applicant, outbox, APPLICANT.phone, pictures=True)
    applicant.look("before-applying")
    applicant.press("开始申请")

    applicant.fill("事情的经过", "收燃气费")
    with applicant.refused(422):
        applicant.press("保存，下一步")
        applicant.reads("还差一点，请看下面标红的地方")
        applicant.look("story-too-short")
    applicant.fill("事情的经过", FACTS)
    applicant.page.locator("input[type=file]").set_input_files(photo)
    applicant.reads(photo.name)
    applicant.look("story")
    applicant.press("保存，下一步")

    applicant.reads("这属于哪一类纠纷？")
    applicant.look("kind")
    applicant.press("保存，下一步")

    applicant.reads("事情发生在哪里？")
    applicant.choose("海勃湾区")
    applicant.fill("具体地方", "德顺大厦小区")
    applicant.look("place")
    applicant.press("保存，下一步")

    applicant.fill("对方的姓名或单位名称", RESPONDENT.name)
    # Full-width digits, as a Chinese keyboard gives them, and one too few at first.
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    applicant.fill("对方的手机号码", RESPONDENT.phone[:-1].translate(wide))
    with applicant.refused(422):
        applicant.press("保存，下一步")
        applicant.reads("还差一点，请看下面标红的地方")
        applicant.look("other-wrong-number")
    applicant.fill("对方的手机号码", RESPONDENT.phone.translate(wide))
    applicant.press("保存，下一步")

    applicant.fill("第一条", "说清楚 2600 元是什么钱，有没有燃气公司的准许")
    applicant.fill("第二条", "不该交的退给我，该交的开正规收据")
    applicant.fill("一共多少钱", "２６００")
    applicant.look("wants")
    applicant.press("保存，下一步")

    applicant.reads("您怎么称呼？")
    applicant.fill("您的姓名", APPLICANT.name)
    applicant.look("yourself")
    applicant.press("保存，下一步")

    applicant.choose("安全")
    applicant.look("safety")
    applicant.press("保存，下一步")

    applicant.reads("请核对您的申请")
    applicant.reads("2,600.00 元")
    applicant.look("review")
    applicant.choose("我自愿申请人民调解")
    applicant.press("提交申请")
    applicant.reads("已经收到您的申请")
    applicant.look("received")
    applicant.press("看看到哪一步了")
    applicant.reads("办到哪一步了")
    applicant.look("case-submitted")
    return applicant.path


def is_routed(centre: Visitor, case: str) -> None:
    """The centre's clerk sees the application in the queue and gives it to the committee that is named first."""
    centre.open("/queue")
    centre.look("queue")
    centre.open(case)
    centre.look("case")
    centre.press("选定调委会")
    centre.reads("（首选）")
    centre.look("routing")
    centre.press("就由它办理")
    centre.page.wait_for_url(re.compile(re.escape(case) + "$"))
    centre.look("case-routed")


def is_accepted(clerk: Visitor, case: str) -> str:
    """The committee's clerk takes it on and names a mediator; returns the number of the case."""
    clerk.open("/queue")
    clerk.look("queue")
    clerk.open(case)
    clerk.look("case")
    clerk.press("受理")
    clerk.reads(re.compile(r"〔20\d\d〕"))
    number = re.search(r"\S*〔20\d\d〕\S*", clerk.page.locator("main").inner_text())
    assert number is not None
    clerk.look("case-accepted")
    clerk.press("分配调解员")
    clerk.choose("张志和")
    clerk.look("assignment")
    clerk.press("就请这位调解员")
    clerk.page.wait_for_url(re.compile(re.escape(case) + "$"))
    return number.group()
