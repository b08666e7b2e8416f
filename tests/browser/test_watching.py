"""A job that runs, on the page: what was heard so far, and nothing that jumps."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from support.browsers import in_chromium_alone
from support.page_api import PageApi, make_transcript
from support.page_views import (
    furnish,
    name_of,
    show_account,
    show_list,
    show_opening,
    show_running,
    show_sending,
    show_transcript,
)
from waas_contract.job_status import Phase

pytestmark = pytest.mark.integration

TEXTS = ("Mister Dashwood had leisure", "to consider how much", "there might be")
SEGMENTS = make_transcript(TEXTS, 7).segments
NOTICE_SHIFTS = """
    window.shifted = [];
    new PerformanceObserver((list) => {
        for (const each of list.getEntries()) {
            if (each.hadRecentInput) continue;
            window.shifted.push(each.sources.map(({node}) => node?.outerHTML?.slice(0, 80)));
        }
    }).observe({type: "layout-shift", buffered: true});
"""


def test_text_appears_while_it_is_transcribed(api: PageApi, page: Page, address: str) -> None:
    api.add("run", Phase.RUNNING, percent=20, heard=SEGMENTS[:1])
    page.goto(f"{address}/#/jobs/run")
    heard = page.locator(".heard .segment .text")
    expect(heard).to_have_text([TEXTS[0]])
    api.hear("run", SEGMENTS)
    expect(heard).to_have_text(list(TEXTS))
    expect(page.locator(".running")).to_contain_text("20 %")

    api.add("run", texts=TEXTS)
    expect(page.locator(".editor .segment .text")).to_have_text(list(TEXTS))


# Only Chromium tells of shifts.
@in_chromium_alone
@pytest.mark.parametrize(
    "show",
    [show_sending, show_list, show_transcript, show_running, show_opening, show_account],
    ids=name_of,
)
def test_nothing_jumps_while_a_view_is_loaded(
    browser: Browser, api: PageApi, address: str, show: Callable[[Page, str], None]
) -> None:
    furnish(api)
    with browser.new_context(viewport={"width": 1280, "height": 860}) as context:
        page = context.new_page()
        page.add_init_script(NOTICE_SHIFTS)
        show(page, address)
        page.wait_for_load_state("networkidle" if show is show_sending else "load")

        assert page.evaluate("window.shifted") == []
