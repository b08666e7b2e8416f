"""Every view, in both languages, at every width, light and dark: axe finds nothing wrong."""

from collections.abc import Callable
from importlib.resources import files as package_files

import pytest
from playwright.sync_api import Browser, Page

from support.browsers import in_chromium_alone
from support.page_api import PageApi
from support.page_views import HEIGHT, VIEWS, WIDTHS, furnish, name_of

pytestmark = pytest.mark.integration

AXE = (package_files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LANGUAGES = {
    "en-GB": ("en", ("light", "dark", "light")),
    "nb-NO": ("nb", ("dark", "light", "dark")),
}
"""What each is called on the page, and the colours at each width: both of them at each."""


def find_faults(page: Page) -> list[str]:
    # By the debugger's protocol, which the page's policy does not concern.
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate(
        "(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags}})", RULES
    )
    return [
        f"{each['id']}: {node['html'][:200]} {node['failureSummary']}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


# What axe looks at is the same in each browser, and one of them is enough to wait for.
@in_chromium_alone
@pytest.mark.parametrize("show", VIEWS, ids=name_of)
def test_a_view_is_for_everybody(
    browser: Browser, api: PageApi, address: str, show: Callable[[Page, str], None]
) -> None:
    furnish(api)
    for locale, (language, themes) in LANGUAGES.items():
        with browser.new_context(locale=locale, reduced_motion="reduce") as context:
            page = context.new_page()
            show(page, address)
            assert page.locator("html").get_attribute("lang") == language
            for (name, width), theme in zip(WIDTHS.items(), themes, strict=True):
                page.set_viewport_size({"width": width, "height": HEIGHT})
                overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert overflow <= 0, (language, name)
                page.evaluate("(name) => (document.documentElement.dataset.theme = name)", theme)
                assert find_faults(page) == [], (language, name, theme)
