"""A browser, and pages in it that must not complain."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from support.browsers import CHROMIUM, FIREFOX, BrowserKind
from support.live_api import serving
from support.page_api import PageApi

WAITS = 30_000
"""Milliseconds that anything may take on a machine that does much else."""


@pytest.fixture(scope="module", params=[CHROMIUM, FIREFOX], ids=["chromium", "firefox"])
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """A browser for the tests of one file: as long as it runs, so does Playwright's event loop.

    Tests of other files that the same process runs would find that loop where theirs should be.
    """
    kind: BrowserKind = request.param
    program = kind.find()
    if program is None:
        pytest.skip(f"it is not installed: `apt-get install {kind.package}` as root")
    with kind.running(program) as browser:
        yield browser


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 860}) as context:
        context.set_default_timeout(WAITS)
        expect.set_options(timeout=WAITS)
        yield context


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page on which nothing may go wrong that nobody notices."""
    complaints: list[str] = []

    def notice(message: ConsoleMessage) -> None:
        # What the page asks for and does not get, it has to bear.
        if message.type == "error" and "Failed to load resource" not in message.text:
            complaints.append(message.text)

    page = context.new_page()
    page.on("console", notice)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert complaints == []


@pytest.fixture
def api() -> PageApi:
    return PageApi()


@pytest.fixture
def address(api: PageApi) -> Iterator[str]:
    with serving(api.app) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder for files that a test makes."""
    folder = tmp_path / "files"
    folder.mkdir()
    return folder
