"""One person at one browser. Every page that is looked at is photographed, and then asked three things: does axe find
anything, did the console complain, did a request fail."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, Response, expect

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]


@dataclass
class Album:
    """The pictures of one journey, numbered in the order they were taken."""

    folder: Path
    taken: int = 0
    findings: list[str] = field(default_factory=list)

    def next(self, who: str, what: str) -> Path:
        self.taken += 1
        return self.folder / f"{self.taken:02d}-{who}-{what}.png"


class Visitor:
    """Presses and types what the page says in words; a word that is not there is a failure."""

    def __init__(self, who: str, context: BrowserContext, url: str, album: Album) -> None:
        self.who = who
        self.context = context
        self.url = url
        self.album = album
        self.page: Page = context.new_page()
        self.troubles: list[str] = []
        self._refused: set[int] = set()
        self._offline = False
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        self.page.on("requestfailed", self._on_failed)
        self.page.on("response", self._on_response)

    # --- what went wrong in silence ---------------------------------------------------------------------------------

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning") or self._offline:
            return
        # Chromium repeats a bad answer in the console; answers are judged in `_on_response`.
        if "Failed to load resource" not in message.text:
            self.troubles.append(f"console: {message.text}")

    def _on_failed(self, request: Request) -> None:
        # A page that is left while something loads cuts it; a download is no page.
        if not self._offline and request.failure != "net::ERR_ABORTED":
            self.troubles.append(f"failed: {request.method} {request.url} {request.failure}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self._refused:
            self.troubles.append(f"{response.status}: {response.request.method} {response.url}")

    @contextmanager
    def refused(self, status: int) -> Iterator[None]:
        """Inside, an answer of this status is what the story wants."""
        self._refused.add(status)
        yield
        self._refused.discard(status)

    def go_offline(self) -> None:
        self._offline = True
        self.context.set_offline(True)

    def go_online(self) -> None:
        self.context.set_offline(False)
        self._offline = False

    # --- hands ------------------------------------------------------------------------------------------------------

    @property
    def path(self) -> str:
        return self.page.url.removeprefix(self.url)

    def open(self, path: str) -> None:
        self.page.goto(path if path.startswith("http") else self.url + path)

    def press(self, words: str, *, within: Locator | None = None, exact: bool = True) -> None:
        """A button, a link or a summary by its words."""
        where = within or self.page.locator("body")
        found = where.get_by_role("button", name=words, exact=exact).or_(
            where.get_by_role("link", name=words, exact=exact)
        )
        found.or_(where.locator("summary", has_text=words)).locator("visible=true").first.click()

    def fill(self, label: str, text: str, *, within: Locator | None = None) -> None:
        (within or self.page.locator("body")).get_by_label(label).locator("visible=true").first.fill(text)

    def choose(self, words: str, *, exact: bool = False) -> None:
        """A radio or a box, by tapping its words as a thumb does."""
        self.page.locator(".choice-label").get_by_text(words, exact=exact).first.click()

    def pick(self, label: str, option: str) -> None:
        """Of a drop-down, the first line with these words."""
        found = self.page.get_by_label(label).locator("visible=true").first
        found.select_option(found.locator("option", has_text=option).first.get_attribute("value"))

    def reads(self, words: str | re.Pattern[str]) -> None:
        """Waits until these words can be seen."""
        expect(self.page.get_by_text(words).locator("visible=true").first).to_be_visible()

    def does_not_read(self, words: str) -> None:
        expect(self.page.locator("body")).not_to_contain_text(words)

    # --- eyes -------------------------------------------------------------------------------------------------------

    def look(self, what: str) -> None:
        """Photograph the page and judge it."""
        self.page.wait_for_load_state("load")
        self._photograph(self.album.next(self.who, what))
        for found in self._axe():
            self.album.findings.append(f"{self.who}, {what}: {found}")
        self.album.findings += [f"{self.who}, {what}: {trouble}" for trouble in self.troubles]
        self.troubles.clear()

    def _photograph(self, path: Path) -> None:
        """The whole page. The window grows to its length first: a bar that is fixed to the bottom of the window would
        otherwise stand across the middle of the picture."""
        size = self.page.viewport_size
        assert size is not None
        length = int(self.page.evaluate("() => document.documentElement.scrollHeight"))
        grown = length > size["height"]
        if grown:
            self.page.set_viewport_size({"width": size["width"], "height": length})
        self.page.screenshot(path=path, animations="disabled")
        if grown:
            self.page.set_viewport_size(size)

    def _axe(self) -> list[str]:
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(AXE.read_text() + "; undefined")
        run = "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})"
        result: dict[str, Any] = self.page.evaluate(run, RULES)
        return [
            f"axe {rule['id']}: {node['target']} {node['failureSummary']}"
            for rule in result["violations"]
            for node in rule["nodes"]
        ]
