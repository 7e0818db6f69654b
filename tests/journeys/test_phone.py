"""The phone loses nothing: frozen, cut, reloaded, walled in, signed out, closed, opened twice. What counts is the
transcript as the service tells it afterwards: every line once, in the order typed."""

import base64
import random
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.journeys.conftest import PHONE, chromium
from tests.journeys.phones import Doorkeeper, Person, Phone, Road, lossy, opened_road, person, signed_in
from tests.journeys.service import SECONDS, Service
from tests.plugins.faults import Trial

pytestmark = pytest.mark.browser

# Behind a dead road each attempt to connect is given up after some seconds, and the pauses between them grow.
LONG = 3 * SECONDS

PHOTO = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABAQAAAAA3bvkkAAAACklEQVR42mNoAAAAggCB2kUIOwAAAABJRU5ErkJggg==")

Record = Callable[[str, object], None]


@pytest.fixture
def road(service: Service, trial: Trial) -> Iterator[Road]:
    with opened_road(service, trial.seed) as found:
        yield found


@pytest.fixture
def doors(service: Service) -> Doorkeeper:
    return Doorkeeper(service)


@pytest.fixture
def mediator(doors: Doorkeeper) -> Iterator[Person]:
    with person(doors, "mediator") as found:
        yield found


@pytest.fixture
def transcript(doors: Doorkeeper) -> Iterator[Person]:
    """The oracle: the applicant's rooms, read without a phone."""
    with person(doors, "applicant") as found:
        yield found


Hand = Callable[..., BrowserContext]


@pytest.fixture
def hand(service: Service, doors: Doorkeeper, road: Road) -> Iterator[Hand]:
    """A browser of the applicant whose way to the service leads over the road, under the service's own address."""
    to = service.url.removeprefix("http://")
    expect.set_options(timeout=SECONDS * 1000)
    with (
        chromium(
            f"--host-resolver-rules=MAP {to} 127.0.0.1:{road.port}", without=["--disable-back-forward-cache"]
        ) as browser,
        ExitStack() as stack,
    ):

        def open_(token: str = "", **more: Any) -> BrowserContext:
            context = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai", **(PHONE | more))
            context.set_default_timeout(SECONDS * 1000)
            signed_in(context, service, token or doors.token("applicant"))
            stack.callback(context.close)
            return context

        yield open_


@pytest.fixture
def phone(hand: Hand, service: Service, doors: Doorkeeper) -> Iterator[Phone]:
    found = Phone(hand().new_page(), f"{service.url}{doors.case}/room")
    found.opens()
    yield found
    assert found.troubles == []


@pytest.fixture
def mark() -> str:
    """A word that only this test's lines hold."""
    return secrets.token_hex(4)


def numbered(mark: str, first: int, last: int) -> list[str]:
    return [f"{mark} 第{n}句" for n in range(first, last + 1)]


def test_a_frozen_page_catches_up_by_itself_and_keeps_its_draft(
    phone: Phone, road: Road, mediator: Person, trial: Trial, mark: str, record_property: Record
) -> None:
    said = numbered(mark, 1, 30)
    mediator.say(said[0])
    phone.shows(said[0])
    phone.types("还没写完的半句")
    with phone.frozen():
        for n, text in enumerate(said[1:], 2):
            if n == 3:
                road.silence()  # the network forgets a phone that sleeps
            mediator.say(text)
        time.sleep(trial.size(5, 300))
    begun = time.monotonic()
    phone.shows(said[-1])
    record_property("seconds until caught up", round(time.monotonic() - begun, 1))
    phone.shows(*said)
    assert phone.shown(mark) == said
    expect(phone.box).to_have_value("还没写完的半句")
    phone.sends(f"{mark} 答")
    phone.has_sent(f"{mark} 答", 1)
    assert mediator.stored(mark) == [*said, f"{mark} 答"]


def test_a_line_that_died_in_silence_is_noticed_and_made_anew(
    phone: Phone, road: Road, mediator: Person, transcript: Person, mark: str, record_property: Record
) -> None:
    said = numbered(mark, 1, 4)
    phone.sends(said[0])
    phone.has_sent(mark, 1)
    with road.closed():
        begun = time.monotonic()
        phone.sends(*said[1:])
        mediator.say(f"{mark} 您还在吗")
        phone.is_told("connecting", "offline")
        record_property("seconds until noticed", round(time.monotonic() - begun, 1))
        phone.reads("您可以继续写，连上后自动发送。")
        assert phone.waiting(mark).count() == 3
    phone.has_sent(mark, 4, LONG)
    phone.is_told("live")
    phone.shows(f"{mark} 您还在吗")

    # Nobody types: the line itself is asked for a sign of life.
    road.silence()
    begun = time.monotonic()
    mediator.say(f"{mark} 听得到吗")
    phone.shows(f"{mark} 听得到吗")
    record_property("seconds until an idle page was back", round(time.monotonic() - begun, 1))
    stored = transcript.stored(mark)
    assert [text for text in stored if text in said] == said
    assert len(stored) == 6


def test_back_and_forth_through_the_history_loses_nothing(
    phone: Phone, road: Road, mediator: Person, transcript: Person, mark: str
) -> None:
    seen: list[str] = []
    phone.page.expose_function("tell", lambda told: seen.append(told))
    phone.page.add_init_script("addEventListener('pageshow', e => tell(location.pathname + ' ' + e.persisted))")
    said = numbered(mark, 1, 6)

    def leaves_and_comes_back(text: str) -> None:
        phone.sends(text)
        phone.types(f"{text}之后的草稿")
        phone.page.locator(".room-back").first.click()
        phone.page.wait_for_url(re.compile(r"/cases/[^/]+$"))
        mediator.say(f"{text} 您走开时说的")
        # Playwright's own way back waits for a load, which a page out of the cache does not have.
        phone.page.evaluate("() => void setTimeout(() => history.back(), 0)")
        phone.page.wait_for_url(phone.room, wait_until="commit")
        phone.shows(f"{text} 您走开时说的")
        expect(phone.box).to_have_value(f"{text}之后的草稿")

    # Chromium keeps no page that says no-store, so this one is loaded again …
    leaves_and_comes_back(said[0])
    assert seen[-1].endswith("/room false")
    # … and other browsers do keep it.
    road.weather.rewrite = (b"no-store", b"no-cache")
    phone.opens()
    leaves_and_comes_back(said[1])
    assert seen[-1].endswith("/room true")
    road.weather.rewrite = None

    phone.sends(*said[2:])
    phone.has_sent(mark, 6)
    stored = transcript.stored(mark)
    assert [text for text in stored if text in said] == said
    assert len(stored) == 8


def test_twenty_lines_typed_without_a_network_survive_a_reload_and_a_bad_network(
    phone: Phone, road: Road, trial: Trial, transcript: Person, mark: str
) -> None:
    said = numbered(mark, 1, 20)
    context = phone.page.context
    context.set_offline(True)
    phone.sends(*said)
    expect(phone.waiting(mark)).to_have_count(20)
    phone.is_told("offline")
    phone.reads("没有网络。20 条消息已存在本机，连上后自动发送。")
    phone.types("第二十一句还没写完")

    lossy(context, random.Random(trial.seed), 0.3)
    road.weather.delay, road.weather.cut_after = 0.1, (0.3, 2.0)
    context.set_offline(False)
    phone.page.reload()
    expect(phone.box).to_have_value("第二十一句还没写完")
    phone.has_sent(mark, 20, LONG)
    assert transcript.stored(mark) == said
    phone.sends(f"{mark} 第21句")
    phone.has_sent(mark, 21, LONG)
    assert transcript.stored(mark) == [*said, f"{mark} 第21句"]
    assert phone.shown(mark) == [*said, f"{mark} 第21句"]


def test_where_sockets_are_blocked_lines_go_and_come_by_http(
    hand: Hand, service: Service, road: Road, doors: Doorkeeper, mediator: Person, transcript: Person, mark: str
) -> None:
    road.weather.no_sockets = True
    context = hand()
    walled, broken = (Phone(context.new_page(), f"{service.url}{doors.case}/room") for _ in range(2))
    broken.page.add_init_script("window.WebSocket = function () { throw new Error('blocked') }")
    for phone, words in ((walled, f"{mark} 这边"), (broken, f"{mark} 那边")):
        phone.page.goto(phone.room)
        phone.sends(*numbered(words, 1, 3))
    for phone, words in ((walled, f"{mark} 这边"), (broken, f"{mark} 那边")):
        phone.reads("网络受限，消息会晚几秒到。")
        phone.is_told("live")
        phone.has_sent(words, 3)
    mediator.say(f"{mark} 收到了")
    for phone in (walled, broken):
        phone.shows(f"{mark} 收到了", *numbered(f"{mark} 这边", 1, 3), *numbered(f"{mark} 那边", 1, 3))
    stored = transcript.stored(mark)
    for words in (f"{mark} 这边", f"{mark} 那边"):
        assert [text for text in stored if words in text] == numbered(words, 1, 3)

    # The wall falls: the socket takes over by itself, and at once for somebody who looks at the page.
    road.weather.no_sockets = False
    walled.page.evaluate("() => void dispatchEvent(new Event('focus'))")
    expect(walled.page.get_by_text("网络受限")).to_be_hidden(timeout=LONG * 1000)
    walled.sends(f"{mark} 又快了")
    broken.shows(f"{mark} 又快了")
    assert walled.troubles == broken.troubles == []


def test_a_script_lost_on_the_way_comes_later_and_takes_over_what_was_typed(
    phone: Phone, transcript: Person, mark: str
) -> None:
    lost: list[str] = []
    asked: set[str] = set()

    def lose_two(route: Any) -> None:
        asked.add(route.request.url)
        if len(lost) == 2:
            return route.continue_()
        lost.append(route.request.url)
        return route.abort("connectionreset")

    phone.page.context.route(re.compile(r"/assets/room-"), lose_two)
    # What comes later leans on the script, and must not bring a second one to life.
    with phone.page.expect_response(re.compile(r"/assets/extras-")):
        phone.page.reload()
        # The page's own form: it works without the script, and its words do not go when the script comes.
        phone.page.locator("#f-text").fill(f"{mark} 网慢，我先写着")
        phone.is_there()
    assert len(lost) == 2
    assert len(asked) == 1
    expect(phone.box).to_have_value(f"{mark} 网慢，我先写着")
    expect(phone.box).to_be_focused()
    phone.page.locator(".composer-send").click()
    phone.has_sent(mark, 1)
    expect(phone.box).to_have_count(1)
    assert transcript.stored(mark) == [f"{mark} 网慢，我先写着"]


def test_a_sign_in_that_ended_lies_over_the_page_and_keeps_every_word(
    hand: Hand, service: Service, doors: Doorkeeper, mediator: Person, transcript: Person, mark: str
) -> None:
    token = doors.token("applicant")
    phone = Phone(hand(token).new_page(), f"{service.url}{doors.case}/room")
    phone.opens()
    phone.page.context.set_offline(True)
    phone.sends(f"{mark} 离线时说的")
    phone.types(f"{mark} 正在写")
    transcript.http.delete("/logins/current", headers={"Authorization": f"Bearer {token}"}).raise_for_status()
    phone.page.context.set_offline(False)
    overlay = phone.page.get_by_role("dialog", name="请重新登录")
    expect(overlay).to_be_visible(timeout=LONG * 1000)
    expect(phone.box).to_have_value(f"{mark} 正在写")
    assert transcript.stored(mark) == []

    doors.a_minute_passes()
    overlay.get_by_role("link", name="去登录").click()
    resident = doors.phone_number("applicant")
    phone.page.get_by_label("手机号码").fill(resident)
    phone.page.get_by_role("button", name="获取验证码").click()
    phone.reads("短信里的 6 位数字是多少？")
    phone.page.get_by_label("验证码").fill(doors.code(resident))
    phone.page.get_by_role("button", name="登录").click()
    phone.page.wait_for_url(phone.room)
    phone.has_sent(f"{mark} 离线时说的", 1)
    expect(phone.box).to_have_value(f"{mark} 正在写")
    phone.page.locator(".composer-send").click()
    phone.has_sent(mark, 2)
    assert transcript.stored(mark) == [f"{mark} 离线时说的", f"{mark} 正在写"]


def test_another_person_on_the_same_phone_neither_sends_nor_reads_what_the_first_wrote(
    hand: Hand, road: Road, service: Service, doors: Doorkeeper, transcript: Person, mark: str
) -> None:
    token = doors.token("applicant")
    phone = Phone(hand(token).new_page(), f"{service.url}{doors.case}/room")
    phone.opens()
    context = phone.page.context
    context.set_offline(True)
    road.cut()
    phone.sends(f"{mark} 我要说的")
    phone.types(f"{mark} 正在写")
    signed_in(context, service, doors.token("respondent"))
    context.set_offline(False)
    expect(phone.page.get_by_role("dialog", name="换了人登录")).to_be_visible(timeout=LONG * 1000)
    expect(phone.page.get_by_text(mark)).to_have_count(0)
    assert transcript.stored(mark) == []
    with person(doors, "respondent") as other:
        assert other.stored(mark) == []
    signed_in(context, service, token)
    phone.page.evaluate("window.dispatchEvent(new Event('focus'))")
    phone.has_sent(f"{mark} 我要说的", 1, LONG)
    expect(phone.box).to_have_value(f"{mark} 正在写")
    assert transcript.stored(mark) == [f"{mark} 我要说的"]


def test_a_tab_closed_with_unsent_lines_finds_everything_later(phone: Phone, transcript: Person, mark: str) -> None:
    context = phone.page.context
    context.set_offline(True)
    phone.sends(*numbered(mark, 1, 3))
    phone.types("共同房间的草稿")
    phone.goes_to("单独")
    phone.sends(f"{mark} 只对调解员说")
    phone.types("单独谈的草稿")
    expect(phone.waiting(mark)).to_have_count(1)
    phone.page.close()

    context.set_offline(False)
    later = Phone(context.new_page(), phone.room)
    later.opens()
    later.has_sent(mark, 3)
    expect(later.box).to_have_value("共同房间的草稿")
    later.goes_to("单独")
    later.has_sent(mark, 1)
    expect(later.box).to_have_value("单独谈的草稿")
    assert transcript.stored(mark) == numbered(mark, 1, 3)
    assert transcript.stored(mark, "private") == [f"{mark} 只对调解员说"]
    assert later.troubles == []


def test_two_tabs_of_one_person_send_each_line_once(phone: Phone, road: Road, transcript: Person, mark: str) -> None:
    context = phone.page.context
    other = Phone(context.new_page(), phone.room)
    other.opens()
    context.set_offline(True)
    phone.sends(*numbered(mark, 1, 4))
    other.sends(*numbered(mark, 5, 6))
    phone.sends(*numbered(mark, 7, 8))
    paper = {"name": f"{mark}.png", "mimeType": "image/png", "buffer": PHOTO}
    phone.page.get_by_label("发文件").locator("visible=false").set_input_files([paper])
    expect(phone.own(f"{mark}.png")).to_have_count(1)
    context.set_offline(False)
    # A third one finds on the disk what both still hold.
    third = Phone(context.new_page(), phone.room)
    third.page.goto(third.room)
    for one in (phone, other, third):
        expect(one.page.get_by_alt_text(f"{mark}.png")).to_have_count(1, timeout=LONG * 1000)
        one.has_sent(mark, 8, LONG)
        expect(one.page.locator(".line-failed")).to_have_count(0)
    assert transcript.files(f"{mark}.png") == 1
    assert sorted(transcript.stored(mark)) == numbered(mark, 1, 8)
    assert [text for text in transcript.stored(mark) if text not in numbered(mark, 5, 6)] == [
        *numbered(mark, 1, 4),
        *numbered(mark, 7, 8),
    ]
