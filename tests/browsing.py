"""Pages as a browser without script meets them."""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.cast import CSRF, Member

# Name, content and the kind the sender claims, as a browser posts a file.
Upload = tuple[str, bytes, str]


@dataclass(frozen=True)
class Answer:
    """What came back: the status, where a redirect leads, the page."""

    status: int
    to: str
    page: str
    headers: Mapping[str, str]

    @property
    def errors(self) -> dict[str, str]:
        """The sentences at the head of a form that was not accepted, by field; `form` belongs to the whole."""
        found = re.search(r"data-error-summary>(.*?)</section>", self.page, re.S)
        if found is None:
            return {}
        lines = re.findall(r'<li>(?:<a href="#f-([^"]+)">)?(.*?)(?:</a>)?</li>', found[1], re.S)
        return {name or "form": html.unescape(say) for name, say in lines}

    @property
    def main(self) -> str:
        """What stands in the middle of the page, as people read it."""
        start = self.page.find("<main")
        return html.unescape(self.page[start:] if start >= 0 else self.page)

    def value(self, name: str) -> str:
        """What a field holds when the page opens; empty where it holds nothing."""
        for pattern in (
            rf'<textarea[^>]* name="{name}"[^>]*>\n?(.*?)</textarea>',
            rf'<input[^>]* type="(?:text|tel|date|email|search)"[^>]*? value="([^"]*)"[^>]*(?<= )name="{name}"',
            rf'<input[^>]* name="{name}" type="(?:text|tel|date|email|search)" value="([^"]*)"',
            rf'<input[^>]* name="{name}" value="([^"]*)" checked',
            rf'<select[^>]* name="{name}"(?:(?!</select>).)*<option value="([^"]*)" selected',
        ):
            if met := re.search(pattern, self.page, re.S):
                return html.unescape(met[1])
        return ""


async def look(member: Member, path: str) -> Answer:
    """Open a page."""
    async with member.browser() as browser:
        return _answer(await browser.get(path))


async def send(member: Member, path: str, files: Sequence[tuple[str, Upload]] = (), **fields: str) -> Answer:
    """Post a form with its token."""
    more: dict[str, Any] = {"files": list(files)} if files else {}
    async with member.browser() as browser:
        return _answer(await browser.post(path, data={"csrf": CSRF, **fields}, **more))


def _answer(answer: Any) -> Answer:
    return Answer(answer.status_code, answer.headers.get("location", ""), answer.text, answer.headers)


_NEW = re.compile(r'nonce="[^"]+"|nonce-[\w-]+|name="line" value="[^"]+"|name="csrf" value="[^"]+"|"csrf": ?"[^"]+"')


def normal(text: str) -> str:
    """A page without what is new with every request."""
    return _NEW.sub("", text)
