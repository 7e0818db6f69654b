"""A city that runs, Chromium, and the album of pictures."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.demo_city import DemoCity
from tests.journeys.service import SECONDS, Service, running
from tests.journeys.visitor import ROOT, Album, Visitor

# The sandbox needs rights a test machine may not give; the rest keeps Chromium from calling its maker.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, demo_city: DemoCity) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("city") / "var", demo_city) as found:
        yield found


@contextmanager
def chromium(*flags: str, without: Sequence[str] = ()) -> Iterator[Browser]:
    """A browser with further flags, and without some of those that Playwright gives by itself."""
    program = shutil.which("chromium") or "/usr/bin/chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=[*FLAGS, *flags], ignore_default_args=list(without)
        )
        yield browser
        browser.close()


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Per test: while Playwright lives, no other event loop can run in this thread."""
    with chromium() as found:
        yield found


@pytest.fixture
def album(request: pytest.FixtureRequest) -> Album:
    """Pictures of one test, kept in artifacts/ beside the sources; those of the run before are thrown away."""
    folder: Path = ROOT / "artifacts" / request.node.path.stem.removeprefix("test_")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return Album(folder)


Enter = Callable[..., Visitor]


@pytest.fixture
def enter(browser: Browser, service: Service, album: Album) -> Iterator[Enter]:
    """`enter("applicant", PHONE, color_scheme="dark")`: somebody opens a browser."""
    expect.set_options(timeout=SECONDS * 1000)
    contexts = []

    def enter_(who: str, device: dict[str, Any], **more: Any) -> Visitor:
        context = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai", **(device | more))
        context.set_default_timeout(SECONDS * 1000)
        contexts.append(context)
        return Visitor(who, context, service.url, album)

    yield enter_
    for context in contexts:
        context.close()
