"""The same pages in the dark, and in the large letters of care mode: for tired eyes, and for old ones."""

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import DESK, PHONE, Enter
from tests.journeys.people import Outbox, resident_signs_in, staff_signs_in
from tests.journeys.service import Service
from tests.journeys.visitor import Album, Visitor

pytestmark = pytest.mark.browser


def _looks_around(who: Visitor, story: str, look: str) -> None:
    for path, what in (("/", "home"), (story, "case"), (f"{story}/agreement", "draft"), (f"{story}/gates", "gates")):
        who.open(path)
        overflow = who.page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow == 0, f"{path} is wider than the screen ({look})"
        who.look(f"{what}-{look}")
    who.open(f"{story}/room")
    expect(who.page.locator(".net-state").first).to_have_text("已连接")
    for tab in ("共同", "单独"):
        who.page.get_by_role("tab", name=tab).click()
        expect(who.page.locator(".line--own").first).to_be_visible()
        who.look(f"room-{'joint' if tab == '共同' else 'private'}-{look}")
        box = who.page.locator(".composer-text").bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 844, f"the box to write in is below the screen ({look})"


def test_in_the_dark_and_in_large_letters(enter: Enter, service: Service, album: Album) -> None:
    admin = enter("admin", DESK)
    staff_signs_in(admin, service, "admin")
    # Not who signs in elsewhere in these tests: a phone gets one code a minute.
    phone = service.logins["residents"][0]["phone"]
    story = service.logins["story"].removeprefix(service.url)

    resident = enter("resident", PHONE)
    resident.open("/login")
    resident_signs_in(resident, Outbox(admin), phone)
    resident.page.emulate_media(color_scheme="dark")
    _looks_around(resident, story, "dark")

    resident.page.emulate_media(color_scheme="light")
    resident.open("/")
    resident.press("长辈版")
    resident.reads("标准版")
    _looks_around(resident, story, "care")

    mediator = enter("mediator", DESK, color_scheme="dark")
    staff_signs_in(mediator, service, "mediator")
    pages = (("/desk", "desk", "今日工作"), (story, "case", "当事人"), (f"{story}/room", "room", "已连接"))
    for path, what, words in pages:
        mediator.open(path)
        mediator.reads(words)
        mediator.look(f"{what}-dark")
    assert album.findings == []
