"""Act three: the joint room, a private room, and a phone that is reloaded and loses its line while it writes."""

import re

from playwright.sync_api import Locator, expect

from tests.journeys.visitor import Visitor


def _panel(who: Visitor, kind: str) -> Locator:
    return who.page.locator(f".room-panel[data-audience={kind}]")


def says(who: Visitor, words: str, kind: str = "joint") -> None:
    """Writes a line and waits until the page says that it is stored."""
    panel = _panel(who, kind)
    panel.locator(".composer-text").fill(words)
    panel.get_by_role("button", name="发送").click()
    own = panel.locator(".line--own", has_text=words)
    expect(own).to_have_count(1)
    expect(own.locator(".marks")).to_have_attribute("data-mark", re.compile("^(sent|read)$"))


def hears(who: Visitor, words: str, kind: str = "joint") -> None:
    expect(_panel(who, kind).locator(".line", has_text=words)).to_have_count(1)


def enters(who: Visitor, case: str) -> None:
    who.open(f"{case}/room")
    expect(who.page.locator(".net-state").first).to_have_text("已连接")
    expect(_panel(who, "joint").locator(".composer")).to_be_visible()


def talk_together(applicant: Visitor, respondent: Visitor, mediator: Visitor) -> None:
    everybody = (applicant, respondent, mediator)
    for who, words in (
        (mediator, "两位好，我是调解员张志和。今天先把事情说清楚，谁说话都不打断。"),
        (applicant, "我就想知道这 2600 块钱是干什么的，收据上也没写。"),
        (respondent, "王姨，厨房的通风有隐患，燃气公司说改好了才给通气，大家凑钱请的施工队。"),
        (mediator, "我去燃气公司核实过：确实有隐患，公司准许住户自己请第三方改通风管道。"),
    ):
        says(who, words)
        for other in everybody:
            hears(other, words)
    for who in everybody:
        who.look("joint-room")


def talk_in_private(applicant: Visitor, mediator: Visitor, respondent: Visitor) -> str:
    """Returns what was said there, which the other side must never meet."""
    secret = "张调解员，我不是不想交，就是手头紧，能分两次交就好了。"
    applicant.page.get_by_role("tab", name="单独").click()
    expect(_panel(applicant, "private")).to_be_visible()
    says(applicant, secret, "private")
    hears(mediator, secret, "private")
    says(mediator, "我明白，这话只有您和我看得到。由我来提分两次付。", "private")
    hears(applicant, "由我来提分两次付", "private")
    applicant.look("private-room")
    mediator.look("private-room")
    respondent.does_not_read(secret)
    applicant.page.get_by_role("tab", name="共同").click()
    return secret


def reloads_and_loses_the_line(respondent: Visitor, others: tuple[Visitor, ...], case: str) -> None:
    """Half a line survives a reload; a line written without a network waits, goes out once, and is read."""
    box = _panel(respondent, "joint").locator(".composer-text")
    box.fill("报价单和合同我都有，")
    respondent.page.reload()
    expect(respondent.page.locator(".net-state").first).to_have_text("已连接")
    expect(box).to_have_value("报价单和合同我都有，")
    hears(respondent, "今天先把事情说清楚")

    respondent.go_offline()
    words = "报价单和合同我都有，拍给您看。"
    box.fill(words)
    _panel(respondent, "joint").get_by_role("button", name="发送").click()
    own = _panel(respondent, "joint").locator(".line--own", has_text=words)
    expect(own.locator(".marks")).to_have_attribute("data-mark", "pending")
    expect(respondent.page.locator(".net-state").first).to_have_text("离线")
    respondent.look("room-offline")
    for other in others:
        other.does_not_read(words)

    respondent.go_online()
    expect(own.locator(".marks")).not_to_have_attribute("data-mark", "pending")
    for other in others:
        hears(other, words)
    hears(respondent, words)
    respondent.look("room-online-again")
