"""Phones with a bad road to the service: the page as a resident holds it, a proxy that breaks things on the way, and
the transcript as the service tells it afterwards."""

import asyncio
import contextlib
import hashlib
import os
import queue
import random
import re
import secrets
import signal
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.faults.proxy import Proxy, Weather, proxied
from tests.journeys.service import SECONDS, Service


class Road:
    """The proxy, in a thread with a loop of its own: Playwright holds the loop of the test."""

    def __init__(self, proxy: Proxy, loop: asyncio.AbstractEventLoop) -> None:
        self.weather, self.port, self._proxy, self._loop = proxy.weather, proxy.port, proxy, loop

    def cut(self) -> None:
        self._loop.call_soon_threadsafe(self._proxy.cut_all)

    def silence(self) -> None:
        self._loop.call_soon_threadsafe(self._proxy.silence_all)

    @contextlib.contextmanager
    def closed(self) -> Iterator[None]:
        """Inside, nothing gets through and nothing is told: neither the old connections nor new ones."""
        self.silence()
        self.weather.swallow_up = self.weather.swallow_down = True
        yield
        self.silence()  # what was lost on a connection never comes on it again
        self.weather.swallow_up = self.weather.swallow_down = False


@contextlib.contextmanager
def opened_road(service: Service, seed: int) -> Iterator[Road]:
    upstream = urlsplit(service.url).port
    assert upstream is not None
    made: queue.SimpleQueue[Road] = queue.SimpleQueue()
    over: list[asyncio.Event] = []

    async def lie_between() -> None:
        async with proxied(lambda: upstream, Weather(), seed) as proxy:
            over.append(asyncio.Event())
            made.put(Road(proxy, asyncio.get_running_loop()))
            await over[0].wait()

    thread = threading.Thread(target=lambda: asyncio.run(lie_between()))
    thread.start()
    road = made.get(timeout=SECONDS)
    try:
        yield road
    finally:
        road._loop.call_soon_threadsafe(over[0].set)
        thread.join(SECONDS)


_STAFF = "SELECT person_id FROM credentials"


class Doorkeeper:
    """Signs people of one case in without a text message, of which a phone gets one a minute. The case is not that of
    the demo's story: what is said here would weigh on who measures or photographs that one."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._file = Path(service.environment["ODR_VAR"]) / "odr.sqlite3"
        with self._database() as db:
            (self._pid,) = db.execute("SELECT pid FROM cases WHERE state = 'signing'").fetchone()
        self.case = f"/cases/{self._pid}"

    def _database(self) -> contextlib.closing[sqlite3.Connection]:
        return contextlib.closing(sqlite3.connect(self._file, timeout=SECONDS, isolation_level=None))

    def rooms(self, role: str) -> dict[str, str]:
        """Kind of room to its id, of those in which this role of the case sits."""
        find = (
            "SELECT r.kind, r.pid FROM rooms r JOIN room_members m ON m.room_id = r.id "
            "WHERE r.subject_pid = ? AND m.role = ? AND m.left_seq IS NULL"
        )
        with self._database() as db:
            return dict(db.execute(find, (self._pid, role)).fetchall())

    def phone_number(self, role: str) -> str:
        """With which that person signs in, as the demo has printed it."""
        find = (
            "SELECT m.name FROM room_members m JOIN rooms r ON r.id = m.room_id "
            "WHERE r.kind = 'joint' AND r.subject_pid = ? AND m.role = ?"
        )
        with self._database() as db:
            (name,) = db.execute(find, (self._pid, role)).fetchone()
        number: str = next(one["phone"] for one in self.service.logins["residents"] if one["name"] == name)
        return number

    def token(self, role: str) -> str:
        """A fresh login of the one with this role in the joint room."""
        find = (
            "SELECT m.person_id FROM room_members m JOIN rooms r ON r.id = m.room_id "
            "WHERE r.kind = 'joint' AND r.subject_pid = ? AND m.role = ?"
        )
        return self._signed_in(find, self._pid, role)

    def staff_token(self, login: str) -> str:
        return self._signed_in(f"{_STAFF} WHERE login_name = ?", login)

    def _signed_in(self, find: str, *given: str) -> str:
        token, now = secrets.token_urlsafe(32), datetime.now(UTC).replace(tzinfo=None)
        insert = (
            "INSERT INTO logins (pid, token_hash, person_id, staff, ip, device, created_at, seen_at, expires_at) "
            f"SELECT ?, ?, id, id IN ({_STAFF}), '127.0.0.1', 'phone', ?, ?, ? FROM people WHERE id IN ({find})"
        )
        digest = hashlib.sha256(token.encode()).hexdigest()
        row = (secrets.token_urlsafe(12), digest, str(now), str(now), str(now + timedelta(hours=8)), *given)
        with self._database() as db:
            assert db.execute(insert, row).rowcount == 1
        return token

    def code(self, phone: str) -> str:
        """The digits of the newest text message, read where the demo's system admin reads them."""
        headers = {"Authorization": f"Bearer {self.staff_token('admin')}"}
        answer = httpx2.get(f"{self.service.url}/api/v1/outbox", headers=headers).raise_for_status()
        texts = [sent["text"] for sent in answer.json()["outbox"] if sent["address"] == phone]
        return next(found.group() for text in texts if (found := re.search(r"\b\d{6}\b", text)))

    def a_minute_passes(self) -> None:
        """A phone gets one code a minute, and another story may just have asked for one."""
        with self._database() as db:
            db.execute("UPDATE one_time_codes SET created_at = datetime(created_at, '-61 seconds') || '.000000'")


@dataclass
class Person:
    """Somebody of the case with a program instead of a phone: talks, and reads what is stored."""

    rooms: dict[str, str]
    http: httpx2.Client

    def say(self, text: str, kind: str = "joint") -> None:
        line = {"id": secrets.token_urlsafe(18), "text": text}
        self.http.post(f"/rooms/{self.rooms[kind]}/lines", json=line).raise_for_status()

    def stored(self, mark: str, kind: str = "joint") -> list[str]:
        """The texts of the transcript with this mark, in its order."""
        return [text for line in self._lines(kind) if mark in (text := line["body"].get("text") or "")]

    def files(self, name: str) -> int:
        """In how many lines of the joint room this file stands."""
        return sum((line["body"].get("file") or {}).get("name") == name for line in self._lines("joint"))

    def _lines(self, kind: str) -> Iterator[dict[str, Any]]:
        seq, more = 0, True
        while more:
            answer = self.http.get(f"/rooms/{self.rooms[kind]}/lines", params={"after": seq, "limit": 200})
            page = answer.raise_for_status().json()
            yield from page["lines"]
            more, seq = page["more"], page["lines"][-1]["seq"] if page["lines"] else seq


@contextlib.contextmanager
def person(doors: Doorkeeper, role: str) -> Iterator[Person]:
    headers = {"Authorization": f"Bearer {doors.token(role)}"}
    with httpx2.Client(base_url=f"{doors.service.url}/api/v1", headers=headers, timeout=SECONDS) as http:
        yield Person(doors.rooms(role), http)


@dataclass
class Phone:
    """One page of the room."""

    page: Page
    room: str
    troubles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))

    def opens(self) -> None:
        self.page.goto(self.room)
        self.is_there()

    def is_there(self) -> None:
        """Until the transcript has arrived."""
        expect(self.page.locator("#room-root .timeline[aria-busy=false]").first).to_be_visible()

    @property
    def box(self) -> Locator:
        return self.page.locator(".composer-text")

    def shows(self, *texts: str) -> None:
        """Until each stands there, once."""
        for text in texts:
            expect(self.page.locator(".line", has=self.page.get_by_text(text, exact=True))).to_have_count(1)

    def shown(self, mark: str) -> list[str]:
        """The texts with this mark, from top to bottom."""
        return self.page.locator(".line .bubble > p", has_text=mark).all_inner_texts()

    def types(self, text: str) -> None:
        self.box.fill(text)

    def sends(self, *texts: str) -> None:
        """As a thumb does, one after the other, without looking whether they went."""
        for text in texts:
            self.box.fill(text)
            self.page.locator(".composer-send").click()

    def own(self, mark: str) -> Locator:
        return self.page.locator(".line--own", has_text=mark)

    def waiting(self, mark: str) -> Locator:
        """Lines of this mark that the page does not call stored."""
        return self.own(mark).filter(has=self.page.locator(".marks[data-mark=pending], .marks[data-mark=failed]"))

    def has_sent(self, mark: str, count: int, seconds: float = SECONDS) -> None:
        """Until each of so many lines stands there once and is called stored."""
        expect(self.own(mark)).to_have_count(count, timeout=seconds * 1000)
        expect(self.waiting(mark)).to_have_count(0, timeout=seconds * 1000)
        # Between its answer and its copy from the stream a line may be drawn anew.
        expect(self.own(mark)).to_have_count(count, timeout=seconds * 1000)

    def is_told(self, *states: str, seconds: float = SECONDS) -> None:
        """What the page says of its line: `live`, `connecting` or `offline`."""
        wanted = re.compile(f"^({'|'.join(states)})$")
        expect(self.page.locator(".net-state").first).to_have_attribute("data-net", wanted, timeout=seconds * 1000)

    def reads(self, words: str) -> None:
        expect(self.page.get_by_text(words).locator("visible=true").first).to_be_visible()

    def goes_to(self, label: str) -> None:
        self.page.get_by_role("tab", name=label).click()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """As a phone's system freezes an app that nobody looks at: its processes stand still and nothing tells them.
        (`Page.setWebLifecycleState` does nothing here: without a screen Chromium takes every page for visible.)"""
        browser = self.page.context.browser
        assert browser is not None
        told = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
        renderers = [one["id"] for one in told if one["type"] == "renderer"]
        for pid in renderers:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in renderers:
                os.kill(pid, signal.SIGCONT)


def signed_in(context: BrowserContext, service: Service, token: str) -> None:
    context.add_cookies([{"name": "odr_login", "value": token, "url": service.url}])


def lossy(context: BrowserContext, dice: random.Random, share: float) -> None:
    """So many of the calls fail, half of them after the service has done what they asked."""

    def handle(route: Any) -> None:
        fate = dice.random()
        if fate < share / 2:
            return route.abort("connectionfailed")
        if fate < share:
            with contextlib.suppress(Exception):
                route.fetch()
            return route.abort("connectionreset")
        return route.continue_()

    context.route("**/api/**", handle)
