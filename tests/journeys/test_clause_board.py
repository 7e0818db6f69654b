"""Six clauses with the keyboard alone, on a desk; the other side's phone shows them by itself, and loses no word."""

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import DESK, PHONE, Enter
from tests.journeys.people import Outbox, resident_signs_in, staff_signs_in
from tests.journeys.service import Service
from tests.journeys.visitor import Album

pytestmark = pytest.mark.browser

BY_HAND = (
    "退还改造费，一次付清。",
    "交付合格单和发票。",
    "改造完工并通过安全检查。",
    "今后不再收取改造费。",
    "当面赔礼道歉。",
    "两年内免费维修。",
)


class Keys:
    """A hand on the keyboard that counts. An input method needs about two and a half keys a character."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pressed = 0.0

    def press(self, *names: str) -> None:
        for name in names:
            self.pressed += 1
            self.page.keyboard.press(name)

    def type(self, text: str) -> None:
        self.pressed += len(text) if text.isascii() else 2.5 * len(text)
        self.page.keyboard.insert_text(text) if not text.isascii() else self.page.keyboard.type(text)

    def fill_list(self, *arrows: str) -> None:
        if not self.page.evaluate("document.activeElement.value"):
            self.press(*arrows)

    def choose(self, value: str) -> None:
        """A line of a list, by its arrows; one that stands already costs nothing."""
        options = "[...document.activeElement.options]"
        ahead = f"{options}.findIndex(o => o.value === '{value}') - document.activeElement.selectedIndex"
        by = int(self.page.evaluate(ahead))
        self.press(*["ArrowDown" if by > 0 else "ArrowUp"] * abs(by))


def test_six_clauses_with_the_keyboard_alone(enter: Enter, service: Service, album: Album) -> None:
    admin = enter("admin", DESK)
    staff_signs_in(admin, service, "admin")
    board = service.logins["story"].removeprefix(service.url) + "/agreement"
    respondent = enter("respondent", PHONE)
    respondent.open("/login")
    resident_signs_in(respondent, Outbox(admin), service.logins["residents"][1]["phone"])
    respondent.open(board)
    before = respondent.page.locator("[data-step]").count()

    mediator = enter("mediator", DESK)
    staff_signs_in(mediator, service, "mediator")
    mediator.open(board)
    page, keys = mediator.page, Keys(mediator.page)
    keys.press("?")
    mediator.reads("下一条、上一条")
    keys.press("Escape", "n")
    page.wait_for_url("**/clauses/new")
    kinds = ("pay", "act", "act", "refrain", "apologise", "other")
    for n, (kind, text) in enumerate(zip(kinds, BY_HAND, strict=True)):
        # The next clause is begun where the last was.
        expect(page.locator("textarea[name=text]")).to_be_focused()
        keys.type(text)
        keys.press("Tab")
        keys.choose(kind)
        keys.press("Tab")
        keys.fill_list("ArrowDown", "ArrowDown")  # the second party, where nothing stands yet
        keys.press("Tab")
        keys.fill_list("ArrowDown")
        keys.press("Tab")
        if kind == "pay":
            keys.type("2600")
        keys.press("Tab")
        if kind == "pay":
            keys.type("12312030")  # this Chromium asks for month, day, year
        last = n == len(BY_HAND) - 1
        with page.expect_navigation():
            keys.press("Control+Enter" if last else "Control+Shift+Enter")
    expect(page.locator("[data-step]")).to_have_count(before + 6)
    assert keys.pressed < 400, "at a fifth of a second a key this is well below two minutes"
    keys.press("j", "j", "k")
    assert page.evaluate("document.activeElement.dataset.step") == ""
    mediator.look("six-clauses")

    # The phone was not touched, and shows them.
    expect(respondent.page.locator("[data-step]")).to_have_count(before + 6)
    respondent.reads(BY_HAND[-1])
    # What is being written there is left alone when the draft changes again.
    card = respondent.page.locator("[data-step]").last
    respondent.press("我有不同意见", within=card)
    respondent.fill("您希望怎么改", "一年就够了", within=card)
    keys.press("t")
    page.wait_for_url("**/sets")
    expect(page.locator("[autofocus]")).to_be_focused()  # given with the first picture, which a hand waits for
    keys.press("Enter")
    page.wait_for_url("**/sets/*")
    mediator.look("a-set")
    with page.expect_navigation():
        keys.press("Control+Enter")
    respondent.reads("内容刚刚有变化")
    expect(card.get_by_label("您希望怎么改")).to_have_value("一年就够了")
    respondent.look("news-while-writing")
    assert album.findings == []
