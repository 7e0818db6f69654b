"""Act two: the other side is asked in, both prove who they are and consent, the mediator discloses and begins."""

import re

from playwright.sync_api import expect

from tests.journeys.applying import APPLICANT, RESPONDENT, Resident
from tests.journeys.people import Outbox, resident_signs_in
from tests.journeys.visitor import Visitor

GATES = (
    ("rights_notice", "我已读完，明白我的权利和义务"),
    ("agree_to_mediate", "同意参加调解"),
    ("online_mediation", "同意在网上谈"),
)


def follows_the_invitation(respondent: Visitor, outbox: Outbox) -> None:
    """From the link in the text message to the case. Whoever opens the link learns no name and no cause."""
    respondent.open(outbox.newest(RESPONDENT.phone, r"http\S+/i/[\w-]+"))
    respondent.reads("参加一次人民调解")
    for secret in (APPLICANT.name, "王", "燃气", RESPONDENT.name):
        respondent.does_not_read(secret)
    respondent.look("invitation")
    respondent.press("先用手机号登录")
    resident_signs_in(respondent, outbox, RESPONDENT.phone)
    respondent.fill("您的姓名或单位名称", RESPONDENT.name)
    respondent.look("invitation-name")
    respondent.press("核对并进入")
    respondent.page.wait_for_url(re.compile("/gates$"))


def passes_gates(who: Visitor, resident: Resident, case: str, *, pictures: bool) -> None:
    """Identity, will, rights and duties, talking online: one thing a screen, as far as they can be passed now."""
    who.open(f"{case}/gates")
    who.reads("身份证号码")
    who.fill("姓名", resident.name)
    who.fill("身份证号码", resident.id_no.lower())
    if pictures:
        who.look("identity")
    who.press("确认，下一项")
    # Who applied wants mediation, and is not asked once more.
    for gate, answer in GATES if resident is RESPONDENT else (GATES[0], GATES[2]):
        expect(who.page.locator("input[name=gate]")).to_have_value(gate)
        who.choose(answer)
        if pictures:
            who.look(gate.replace("_", "-"))
        who.press("确认，下一项")
    who.reads("您现在能做的都做完了")
    who.look("gates-so-far")


def discloses(mediator: Visitor, case: str) -> None:
    mediator.open("/desk")
    mediator.look("desk")
    mediator.open(case)
    mediator.look("case")
    mediator.press("确认接手并披露")
    mediator.choose("没有任何关系")
    mediator.look("disclosure")
    mediator.press("确认接手")
    mediator.page.wait_for_url(re.compile(re.escape(case) + "$"))


def accepts_the_mediator(who: Visitor, case: str) -> None:
    who.open(case)
    who.press("继续确认，每次一项")
    who.reads("没有亲属、利害")
    who.choose("我已看过，同意由这位调解员办理")
    who.look("mediator-disclosed")
    who.press("确认，下一项")
    who.reads("全部完成")


def begins(mediator: Visitor, case: str) -> None:
    mediator.open(case)
    mediator.reads("各方都准备好了，可以开始调解。")
    mediator.press("开始调解")
    mediator.reads("正在调解。")
    mediator.look("case-mediating")
