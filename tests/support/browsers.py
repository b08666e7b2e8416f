"""The browsers that tests of the web page drive, Debian's Chromium and Firefox.

`python -m support.browsers` gets them.
"""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from cluster import apt
from cluster.errors import PackagesUnavailable
from support import firefox_relay
from support.waiting import wait_until

_CHROMIUM_OPTIONS = (
    "--headless",
    # Root's own, in a container: it has no other user to become.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    # It calls nobody by itself.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_FIREFOX_PREFERENCES: dict[str, str | float | bool] = {
    # It calls nobody by itself.
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "browser.safebrowsing.downloads.remote.enabled": False,
    # Sound is played, though nobody is there who has clicked on anything.
    "media.autoplay.default": 0,
    # Sound that nobody would hear needs no sound card, which not every machine has.
    "media.default_volume": "0.0",
}


@contextmanager
def running_chromium(program: Path) -> Iterator[Browser]:
    """Run Chromium without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_CHROMIUM_OPTIONS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def running_firefox(program: Path) -> Iterator[Browser]:
    """Run Firefox without a window, as it comes from Debian: behind a relay, by WebDriver BiDi."""
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        start = Path(folder) / "firefox"
        start.write_text(firefox_relay.write_script(program))
        start.chmod(0o755)
        browser = playwright.firefox.launch(
            channel="moz-firefox",
            executable_path=start,
            firefox_user_prefs=dict(_FIREFOX_PREFERENCES),
        )
        try:
            yield browser
        finally:
            browser.close()


@dataclass(frozen=True)
class BrowserKind:
    """A browser that may be installed here."""

    package: str
    """What Debian calls it."""

    names: tuple[str, ...]
    """What its program may be called."""

    running: Callable[[Path], AbstractContextManager[Browser]]
    """Runs its program."""

    def find(self) -> Path | None:
        """Return its program, None where there is none."""
        found = filter(None, map(shutil.which, self.names))
        return next(map(Path, found), None)


CHROMIUM = BrowserKind(
    "chromium", ("chromium", "chromium-browser", "google-chrome"), running_chromium
)
FIREFOX = BrowserKind("firefox-esr", ("firefox-esr", "firefox"), running_firefox)

in_chromium_alone = pytest.mark.parametrize(
    "browser", [CHROMIUM], ids=["chromium"], indirect=True, scope="module"
)
"""For a test of what is the same in every browser, or what Firefox does not tell."""


def wait_for_script(page: Page, claim: str) -> None:
    """Wait until a claim in JavaScript holds; asked from outside, since the page runs no text."""
    wait_until(lambda: page.evaluate(claim), claim)


def retype(field: Locator, text: str) -> None:
    """Write over what is in a field, key by key, so that any browser tells the page of it."""
    field.focus()
    field.press("ControlOrMeta+a")
    field.press_sequentially(text)


def main() -> int:
    """Install browsers where that can be done; elsewhere the tests that need them are skipped."""
    missing = [each.package for each in (CHROMIUM, FIREFOX) if each.find() is None]
    if not missing:
        return 0
    named = " ".join(missing)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        sys.stderr.write(f"tests of the web page are skipped without {named}: install it\n")
        return 0
    sys.stderr.write(f"installing what tests of the web page need, once per machine: {named}\n")
    try:
        apt.install(*missing)
    except PackagesUnavailable as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
