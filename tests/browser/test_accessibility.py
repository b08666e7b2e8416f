"""The page for everybody: axe finds nothing, the keyboard reaches all, both languages are whole."""

from collections.abc import Callable
from importlib.resources import files as package_files

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from support.chromium import wait_for_script
from support.page_api import PageApi
from waas_contract.transcription_job import Phase

pytestmark = pytest.mark.integration

AXE = (package_files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = {"phone": 390, "tablet": 820, "wide": 1440}


def show_sending(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("summary").click()
    expect(page.locator("#main textarea")).to_be_visible()


def show_list(page: Page, address: str) -> None:
    page.goto(f"{address}/#/jobs")
    expect(page.locator(".job")).to_have_count(4)


def show_transcript(page: Page, address: str) -> None:
    page.goto(f"{address}/#/jobs/one")
    expect(page.locator(".segment")).to_have_count(2)
    page.keyboard.press("Control+f")
    page.keyboard.type("how")


def show_menu(page: Page, address: str) -> None:
    page.goto(f"{address}/#/jobs/one")
    page.locator(".segment .more").first.click()
    expect(page.locator(".menu:popover-open")).to_be_visible()


def show_failure(page: Page, address: str) -> None:
    page.goto(f"{address}/#/jobs/bad")
    expect(page.locator(".why")).to_be_visible()


def show_running(page: Page, address: str) -> None:
    page.goto(f"{address}/#/jobs/run")
    expect(page.locator(".running")).to_be_visible()


def show_opening(page: Page, address: str) -> None:
    page.goto(f"{address}/#/open")
    expect(page.locator(".drop")).to_be_visible()


def show_account(page: Page, address: str) -> None:
    page.goto(f"{address}/#/account")
    expect(page.locator(".panel").first).to_be_visible()


VIEWS = (
    show_sending,
    show_list,
    show_transcript,
    show_menu,
    show_failure,
    show_running,
    show_opening,
    show_account,
)


@pytest.fixture(autouse=True)
def jobs(api: PageApi) -> None:
    api.add("one", file_name="interview.flac", texts=["Who knows how? it went", "Nobody"])
    api.add("bad", Phase.FAILED, file_name="notes.mp3", reason=("BadAudio", "No sound in it."))
    api.add("run", Phase.RUNNING, file_name="lecture.mp3")
    api.add("wait", Phase.PENDING, file_name="seminar.mp3")


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


@pytest.mark.parametrize("show", VIEWS)
def test_a_view_is_for_everybody(
    page: Page, address: str, show: Callable[[Page, str], None]
) -> None:
    page.emulate_media(reduced_motion="reduce")
    show(page, address)

    for theme in ("light", "dark"):
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", theme)
        assert find_faults(page) == [], theme
    for name, width in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name


def test_the_keyboard_alone_goes_from_the_list_to_a_word(page: Page, address: str) -> None:
    page.goto(f"{address}/#/jobs")
    expect(page.locator(".job")).to_have_count(4)
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "interview.flac":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="interview.flac")).to_be_focused()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('text')"):
            break
    page.keyboard.press("Control+Enter")

    wait_for_script(page, "document.querySelector('audio').currentTime > 0")


def test_the_first_thing_is_a_way_past_the_head(page: Page, address: str) -> None:
    page.goto(f"{address}/#/account")
    expect(page.locator(".panel").first).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator("main")).to_be_focused()


def test_it_speaks_norwegian_to_norwegians(chromium: Browser, address: str) -> None:
    with chromium.new_context(locale="nb-NO") as context:
        page = context.new_page()
        page.goto(f"{address}/#/jobs")
        expect(page.get_by_role("heading", name="Opptak")).to_be_visible()
        assert page.locator("html").get_attribute("lang") == "nb"

        page.get_by_role("button", name="English").click()
        expect(page.get_by_role("heading", name="Recordings")).to_be_visible()
        page.reload()
        expect(page.get_by_role("heading", name="Recordings")).to_be_visible()


def test_a_service_that_is_away_is_tried_again(page: Page, address: str) -> None:
    page.route("**/v2/session", lambda route: route.abort())
    page.goto(address)
    expect(page.get_by_role("heading", name="The service does not answer.")).to_be_visible()
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()

    expect(page.get_by_role("heading", name="Drop recordings here")).to_be_visible()


def test_a_connection_that_breaks_off_is_not_noticed(page: Page, address: str) -> None:
    broken: list[str] = []

    def break_off_once(route: Route) -> None:
        if route.request.url in broken:
            route.continue_()
            return
        broken.append(route.request.url)
        route.abort("connectionreset")

    page.route("**/transcript/transcript_view.js", break_off_once)
    page.route("**/v2/jobs/one", break_off_once)
    page.goto(f"{address}/#/jobs/one")

    expect(page.locator(".segment")).to_have_count(2)
    assert len(broken) == 2


def test_the_theme_is_chosen_and_kept(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("button", name="Dark colours").click()
    page.reload()

    expect(page.get_by_role("button", name="Light colours")).to_be_visible()
    assert page.locator("html").get_attribute("data-theme") == "dark"
