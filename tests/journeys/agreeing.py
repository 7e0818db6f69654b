"""Act four: a draft, a clause that is changed; everybody agrees, reads and signs; the committee seals the paper."""

import io
import re

from playwright.sync_api import Locator, expect
from pypdf import PdfReader

from tests.journeys.applying import APPLICANT, RESPONDENT
from tests.journeys.people import Authenticator, Outbox
from tests.journeys.visitor import Visitor

# Two characters by a finger, as shares of the pad.
STROKES = (
    *((0.1, 0.3, 0.4, 0.3), (0.25, 0.15, 0.25, 0.85), (0.1, 0.85, 0.4, 0.8)),
    *((0.55, 0.25, 0.9, 0.3), (0.7, 0.15, 0.6, 0.85), (0.62, 0.5, 0.9, 0.85)),
)


def _card(who: Visitor, n: int) -> Locator:
    return who.page.locator("section.card", has=who.page.get_by_role("heading", name=f"第 {n} 条", exact=True))


def is_drafted(mediator: Visitor, case: str, due: str) -> None:
    """The facts and two clauses: what the respondent shows, what the applicant pays."""
    mediator.open(f"{case}/agreement")
    mediator.look("no-draft-yet")
    mediator.press("开始起草")
    mediator.press("修改事实和争议")
    mediator.fill("纠纷的主要事实", "住户共同请施工队改造通风管道、安装报警器，每户 2600 元。申请人已交 1300 元。")
    mediator.fill("争议的事项", "余款该不该交，怎么交")
    mediator.press("保存")
    mediator.press("加一条")
    mediator.pick("类别", "做一件事")
    mediator.pick("由谁来做", RESPONDENT.name)
    mediator.pick("对谁做", APPLICANT.name)
    mediator.fill("这一条的文字", "向申请人提供燃气公司的准许文件、施工合同和报价单的复印件")
    mediator.fill("哪一天以前做完", due)
    mediator.look("clause")
    mediator.press("保存，再加一条")
    mediator.reads("加一条")
    mediator.pick("类别", "付款")
    mediator.pick("由谁来做", APPLICANT.name)
    mediator.pick("对谁做", RESPONDENT.name)
    mediator.fill("这一条的文字", "支付燃气报警器和通风管道改造费的余款")
    mediator.fill("金额", "2600")
    mediator.fill("哪一天以前做完", due)
    mediator.fill("怎么做", "现金，当面交给对方")
    mediator.press("保存")
    mediator.reads("第 2 条")
    mediator.look("draft")


def is_changed(applicant: Visitor, mediator: Visitor, case: str) -> None:
    """The applicant wants the second clause otherwise, from the room on the phone; the mediator writes it anew."""
    applicant.page.locator(".agreement-bar").click()
    applicant.reads("支付燃气报警器和通风管道改造费的余款")
    applicant.look("draft-in-the-room")
    applicant.press("打开协议全文")
    card = _card(applicant, 2)
    applicant.press("我有不同意见", within=card)
    applicant.fill("您希望怎么改", "我已经交了 1300 元，余款也是 1300 元，不是 2600 元", within=card)
    applicant.look("asks-for-a-change")
    applicant.press("提交意见", within=card)
    applicant.reads("余款也是 1300 元")
    mediator.open(f"{case}/agreement")
    mediator.look("change-asked-for")
    mediator.press("修改", within=_card(mediator, 2))
    mediator.reads("各方对这一条的回答作废")
    mediator.fill("金额", "1300.00")
    mediator.press("保存")
    mediator.reads("改过 1 次")


def is_accepted(applicant: Visitor, respondent: Visitor, mediator: Visitor, case: str) -> None:
    for who in (applicant, respondent):
        who.open(f"{case}/agreement")
        who.look("draft")
        who.press("2 条都同意")
        expect(who.page.get_by_role("button", name="2 条都同意")).to_have_count(0)
    mediator.open(f"{case}/agreement")
    mediator.reads("2 / 2 条各方已同意")
    mediator.look("draft-accepted")
    mediator.press("定稿，请各方签名")
    mediator.reads("谁已经签")


def _draws_a_name(who: Visitor) -> None:
    canvas = who.page.locator("canvas.signature-canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    hand = who.page.mouse
    for left, top, right, bottom in STROKES:
        hand.move(box["x"] + left * box["width"], box["y"] + top * box["height"])
        hand.down()
        hand.move(box["x"] + right * box["width"], box["y"] + bottom * box["height"], steps=8)
        hand.up()
    who.reads("已写 6 笔")


def is_signed(people: tuple[Visitor, Visitor, Visitor], outbox: Outbox, app: Authenticator, case: str) -> None:
    """Each reads to the end, draws the name and proves once more to be there."""
    applicant, respondent, mediator = people
    for who, phone in ((applicant, APPLICANT.phone), (respondent, RESPONDENT.phone), (mediator, "")):
        who.open(f"{case}/agreement")
        who.look("final")
        who.press("读一遍，然后签名" if phone else "调解员签名")
        who.reads("壹仟叁佰元整")
        who.look("reading")
        who.choose("我已从头到尾读完")
        who.press("读完了，去签名")
        if phone:
            who.choose("同意用电子签名")
            who.fill("短信验证码", outbox.code(phone))
        else:
            who.fill("动态码", app.digits())
        _draws_a_name(who)
        who.look("signing")
        who.press("签名")
        who.page.wait_for_url(re.compile("/agreement$"))
    applicant.open(f"{case}/agreement")
    applicant.reads("您已经签好了")
    applicant.look("signed")


def is_sealed(clerk: Visitor, applicant: Visitor, case: str) -> PdfReader:
    """Returns the sealed copy, as the applicant's phone got it."""
    clerk.open(f"{case}/agreement")
    clerk.look("before-the-seal")
    clerk.press("盖章，协议生效")
    clerk.reads("协议已经生效")
    clerk.look("sealed")
    applicant.open(f"{case}/agreement")
    applicant.reads("协议已经生效")
    applicant.look("effective")
    answer = applicant.context.request.get(f"{applicant.url}{case}/agreement/copy.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    return PdfReader(io.BytesIO(answer.body()))


def embedded_fonts(paper: PdfReader) -> set[str]:
    """The fonts that lie in the file itself, so that a printer without Chinese prints it too."""
    found = set()
    for page in paper.pages:
        for font in (one.get_object() for one in page["/Resources"]["/Font"].values()):
            real = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
            descriptor = real["/FontDescriptor"].get_object()
            assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor), real["/BaseFont"]
            found.add(str(real["/BaseFont"]))
    return found
