"""The page for everybody: by the keyboard alone, in their language, on a bad connection."""

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from support.browsers import wait_for_script
from support.page_api import PageApi
from waas_contract.job_status import Phase

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def jobs(api: PageApi) -> None:
    api.add("one", file_name="interview.flac", texts=["Who knows how? it went", "Nobody"])
    api.add("bad", Phase.FAILED, file_name="notes.mp3", reason=("BadAudio", "No sound in it."))
    api.add("run", Phase.RUNNING, file_name="lecture.mp3")
    api.add("wait", Phase.PENDING, file_name="seminar.mp3")


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


def test_it_speaks_norwegian_to_norwegians(browser: Browser, address: str) -> None:
    with browser.new_context(locale="nb-NO") as context:
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
    expect(page).to_have_title("No answer · waas")
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


def test_what_cannot_be_played_just_now_is_played_later(page: Page, address: str) -> None:
    for source in ("preview", "audio"):
        page.route(f"**/v2/jobs/one/{source}", lambda route: route.abort("connectionreset"))
    page.goto(f"{address}/#/jobs/one")
    expect(page.get_by_text("This recording cannot be played here.")).to_be_visible()
    page.unroute_all()
    page.get_by_text("went", exact=True).click()

    wait_for_script(page, "document.querySelector('audio').currentTime > 1.5")
    expect(page.get_by_text("This recording cannot be played here.")).to_be_hidden()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()


def test_the_theme_is_chosen_and_kept(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("button", name="Dark colours").click()
    page.reload()

    expect(page.get_by_role("button", name="Light colours")).to_be_visible()
    assert page.locator("html").get_attribute("data-theme") == "dark"
