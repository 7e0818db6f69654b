"""What a phone on a slow line has to fetch before it sees anything, and what its Chinese is drawn with."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Error, expect

from tests.journeys.conftest import DESK, PHONE, Enter
from tests.journeys.people import Outbox, resident_signs_in, staff_signs_in
from tests.journeys.service import Service
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser

HOME_BYTES = 40_000
ROOM_BYTES = 60_000


@contextmanager
def counted(who: Visitor) -> Iterator[dict[str, float]]:
    """Bytes over the wire by address, headers included, with an empty cache; what comes by the socket too."""
    cdp = who.context.new_cdp_session(who.page)
    cdp.send("Network.enable")
    cdp.send("Network.setCacheDisabled", {"cacheDisabled": True})
    addresses: dict[str, str] = {}
    wire: dict[str, float] = {}

    def began(event: dict[str, Any]) -> None:
        addresses[event["requestId"]] = event["request"]["url"]

    def ended(event: dict[str, Any]) -> None:
        if event["requestId"] in addresses:  # and not the tail of the page before
            wire[addresses[event["requestId"]]] = event["encodedDataLength"]

    def heard(event: dict[str, Any]) -> None:
        wire["socket"] = wire.get("socket", 0) + len(event["response"]["payloadData"].encode())

    cdp.on("Network.webSocketFrameReceived", heard)
    cdp.on("Network.requestWillBeSent", began)
    cdp.on("Network.loadingFinished", ended)
    yield wire
    cdp.detach()


def drawn_with(cdp: CDPSession) -> dict[str, int]:
    """Fonts of the whole body, with how many glyphs each has drawn."""
    cdp.send("DOM.enable")
    cdp.send("CSS.enable")
    root = cdp.send("DOM.getDocument", {"depth": 0})["root"]["nodeId"]
    body = cdp.send("DOM.querySelector", {"nodeId": root, "selector": "main"})["nodeId"]
    found: dict[str, int] = {}
    nodes = [body, *cdp.send("DOM.querySelectorAll", {"nodeId": body, "selector": "*"})["nodeIds"]]
    for node in nodes:
        try:
            fonts = cdp.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
        except Error:
            continue  # the island has drawn this place anew meanwhile; its other nodes tell the font
        for font in fonts:
            found[font["familyName"]] = max(found.get(font["familyName"], 0), int(font["glyphCount"]))
    return found


def test_the_first_load_is_light_and_its_chinese_is_real(
    enter: Enter, service: Service, record_property: Callable[[str, object], None]
) -> None:
    phone = enter("phone", PHONE)
    with counted(phone) as wire:
        phone.open("/")
        phone.page.wait_for_load_state("networkidle")
    record_property("home bytes", sum(wire.values()))
    assert sum(wire.values()) <= HOME_BYTES, wire
    assert not any("favicon" in address for address in wire), "the icon is asked for where none is"

    # The story of the demo city is a talk that is going on, with a draft.
    admin = enter("admin", DESK)
    staff_signs_in(admin, service, "admin")
    phone.open("/login")
    resident_signs_in(phone, Outbox(admin), service.logins["residents"][1]["phone"])
    story = service.logins["story"].removeprefix(service.url)
    with counted(phone) as wire:
        phone.open(f"{story}/room")
        expect(phone.page.locator(".net-state")).to_have_text("已连接")
        expect(phone.page.locator(".line--own").first).to_be_visible()
        phone.page.wait_for_load_state("networkidle")
    record_property("room bytes", sum(wire.values()))
    assert sum(wire.values()) <= ROOM_BYTES, wire

    for path in ("/", story, f"{story}/room", "/me"):
        phone.open(path)
        fonts = drawn_with(phone.context.new_cdp_session(phone.page))
        real = sum(count for name, count in fonts.items() if "CJK" in name)
        assert real, (path, fonts)
        # A sign that no font has is drawn as a box by the last resort.
        assert not any("resort" in name.lower() or "tofu" in name.lower() for name in fonts), (path, fonts)
