"""Pictures of every view of the web page at three widths, for people to look at."""

import argparse
from pathlib import Path

from playwright.sync_api import Browser

from cluster.binaries.machine import cache_folder
from support.browsers import CHROMIUM, wait_for_script
from support.live_api import serving
from support.page_api import PageApi
from support.page_views import HEIGHT, VIEWS, WIDTHS, furnish, name_of


def take_pictures(browser: Browser, address: str, folder: Path) -> None:
    """Write a picture of each view, at each width, light and dark."""
    for theme in ("light", "dark"):
        for size, width in WIDTHS.items():
            for show in VIEWS:
                with browser.new_context(
                    locale="en-GB",
                    viewport={"width": width, "height": HEIGHT},
                    color_scheme=theme,
                    reduced_motion="reduce",
                ) as context:
                    page = context.new_page()
                    show(page, address)
                    wait_for_script(page, "[...document.images].every((each) => each.complete)")
                    page.screenshot(path=folder / f"{name_of(show)}-{size}-{theme}.png")


def main() -> None:
    """Take them."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=cache_folder() / "page-pictures")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    program = CHROMIUM.find()
    if program is None:
        raise SystemExit("no Chromium is installed")
    api = PageApi()
    furnish(api)
    with serving(api.app) as port, CHROMIUM.running(program) as browser:
        take_pictures(browser, f"http://127.0.0.1:{port}", folder)


if __name__ == "__main__":
    main()
