"""The browser that tests of the web page drive, Debian's Chromium.

`python -m support.chromium` gets it.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from cluster import apt
from cluster.errors import PackagesUnavailable
from support.waiting import wait_until

PACKAGE = "chromium"
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_OPTIONS = (
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


def find_chromium() -> Path | None:
    """Return the browser's program, None where there is none."""
    found = filter(None, map(shutil.which, _NAMES))
    return next(map(Path, found), None)


@contextmanager
def running_chromium(program: Path) -> Iterator[Browser]:
    """Run the browser without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_OPTIONS))
        try:
            yield browser
        finally:
            browser.close()


def wait_for_script(page: Page, claim: str) -> None:
    """Wait until a claim in JavaScript holds; asked from outside, since the page runs no text."""
    wait_until(lambda: page.evaluate(claim), claim)


def main() -> int:
    """Install the browser where that can be done; elsewhere the tests that need it are skipped."""
    if find_chromium() is not None:
        return 0
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        sys.stderr.write(f"no Chromium: tests of the web page are skipped (install {PACKAGE})\n")
        return 0
    sys.stderr.write(f"installing what tests of the web page need, once per machine: {PACKAGE}\n")
    try:
        apt.install(PACKAGE)
    except PackagesUnavailable as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
