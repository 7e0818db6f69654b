"""Anybody checks a paper: by its code, and by its file, of which nothing leaves the phone."""

from pathlib import Path

import pytest

from tests.journeys.conftest import DESK, PHONE, Enter
from tests.journeys.people import Outbox, resident_signs_in, staff_signs_in
from tests.journeys.service import Service

pytestmark = pytest.mark.browser


def test_a_file_is_checked_on_the_phone_and_nothing_of_it_is_sent(
    enter: Enter, service: Service, tmp_path: Path
) -> None:
    admin = enter("admin", DESK)
    staff_signs_in(admin, service, "admin")
    party = enter("party", PHONE)
    party.open("/login")
    resident_signs_in(party, Outbox(admin), service.logins["residents"][0]["phone"])
    asks = party.context.request
    found = None
    for case in asks.get(f"{service.url}/api/v1/cases").json()["cases"]:
        for row in asks.get(f"{service.url}/api/v1/cases/{case['id']}/agreements").json():
            if found is None and row["form"] == "written" and row["effective_at"]:
                found = case["id"], row["id"]
    assert found is not None, "the demo city has an agreement in effect"
    copy = asks.get(f"{service.url}/cases/{found[0]}/agreement/copy.pdf").body()
    code = asks.get(f"{service.url}/api/v1/agreements/{found[1]}").json()["check_code"]
    genuine, altered = tmp_path / "copy.pdf", tmp_path / "altered.pdf"
    genuine.write_bytes(copy)
    altered.write_bytes(copy[: len(copy) // 2] + b"\x00" + copy[len(copy) // 2 + 1 :])

    anybody = enter("anybody", PHONE)
    anybody.open("/papers")
    anybody.look("type-the-code")
    anybody.fill("核对码", code.lower().replace("-", " "))
    anybody.press("查验")
    anybody.reads("这份文书是真的，已经生效。")
    anybody.look("genuine")
    sent: list[str] = []
    anybody.page.on("request", lambda request: sent.append(request.url))
    picker = anybody.page.locator("paper-check input[type=file]")
    picker.set_input_files(str(genuine))
    anybody.reads("文件没有改动，就是登记的那一份：盖章副本。")
    picker.set_input_files(str(altered))
    anybody.reads("这个文件和登记的不一样")
    anybody.look("altered")
    assert [url for url in sent if not url.startswith(("blob:", "data:"))] == []
    anybody.open("/papers/K7QM-3XRT-9FHW")
    anybody.reads("没有查到")
    anybody.look("absent")


def test_without_script_the_text_is_read_on_two_pages_and_the_code_is_typed(enter: Enter, service: Service) -> None:
    plain = enter("plain", PHONE, java_script_enabled=False)
    plain.page.goto(f"{service.url}/papers")
    plain.page.get_by_label("核对码").fill("k7qm3xrt9fhw")
    plain.page.get_by_role("button", name="查验").click()
    assert "没有查到" in plain.page.content()
    assert "K7QM-3XRT-9FHW" in plain.page.content()
