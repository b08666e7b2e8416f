"""The transcript in a browser: heard, edited, saved, and never lost to another who edits it."""

import json
import re

import docx
import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from support.browsers import retype, wait_for_script
from support.page_api import PageApi

pytestmark = pytest.mark.integration

TEXTS = ("Mister Dashwood had leisure", "to consider how? much", "there might be")


@pytest.fixture(autouse=True)
def transcript(api: PageApi, address: str, page: Page) -> None:
    api.add("one", texts=TEXTS)
    page.goto(f"{address}/#/jobs/one")
    expect(page.locator(".segment")).to_have_count(3)


def texts_of(page: Page) -> list[str]:
    return page.locator(".segment .text").all_text_contents()


def expect_saved(page: Page) -> None:
    expect(page.locator(".saved")).to_have_text("Saved")


def stored(address: str, job: str = "one") -> list[str]:
    found = httpx.get(f"{address}/v2/jobs/{job}/transcript", trust_env=False).json()
    return [each["text"] for each in found["segments"]]


def put_caret(page: Page, segment: int, offset: int) -> None:
    text = page.locator(".segment .text").nth(segment)
    text.focus()
    text.press("Home")
    for _ in range(offset):
        text.press("ArrowRight")


def test_a_click_on_a_word_lets_one_hear_it(page: Page) -> None:
    page.get_by_text("leisure", exact=True).click()

    wait_for_script(page, "document.querySelector('audio').currentTime > 0.5")
    expect(page.locator(".said")).not_to_have_count(0)


def test_the_word_stays_marked_where_the_sound_has_stopped(page: Page) -> None:
    page.get_by_text("leisure", exact=True).click()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".said")).to_have_count(1)

    page.locator(".segment .text").nth(2).focus()
    expect(page.locator(".said")).to_have_count(1)


def test_the_keyboard_plays_and_goes_back(page: Page) -> None:
    page.locator(".segment .text").first.focus()
    page.keyboard.press("Control+Enter")
    wait_for_script(page, "document.querySelector('audio').currentTime > 0")
    page.keyboard.press("Control+Enter")
    wait_for_script(page, "document.querySelector('audio').paused")
    page.keyboard.press("Alt+j")

    wait_for_script(page, "document.querySelector('audio').currentTime === 0")
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator(".segment .text").nth(1)).to_be_focused()


def test_what_was_heard_with_little_certainty_is_marked(page: Page) -> None:
    expect(page.locator(".unsure")).to_have_text(["how?"])


def test_what_is_typed_is_saved_and_there_after_a_reload(page: Page, address: str) -> None:
    page.locator(".segment .text").first.focus()
    page.keyboard.press("End")
    page.keyboard.type(" then")
    expect(page.locator(".saved")).not_to_have_text("Saved")
    expect_saved(page)

    assert stored(address)[0] == " Mister Dashwood had leisure then"
    page.reload()
    expect(page.locator(".segment .text").first).to_have_text("Mister Dashwood had leisure then")


def test_segments_are_split_and_joined_and_each_step_is_undone(page: Page, address: str) -> None:
    put_caret(page, 0, len("Mister Dashwood"))
    page.keyboard.press("Enter")
    assert texts_of(page)[:2] == ["Mister Dashwood", "had leisure"]
    page.keyboard.press("Backspace")
    assert texts_of(page) == list(TEXTS)

    page.keyboard.press("Control+z")
    assert texts_of(page)[:2] == ["Mister Dashwood", "had leisure"]
    page.keyboard.press("Control+z")
    assert texts_of(page) == list(TEXTS)
    page.keyboard.press("Control+Shift+z")
    assert texts_of(page)[:2] == ["Mister Dashwood", "had leisure"]
    expect_saved(page)
    assert stored(address)[:2] == [" Mister Dashwood", " had leisure"]


def test_a_split_happens_where_the_word_is_spoken(page: Page, address: str) -> None:
    put_caret(page, 0, len("Mister Dashwood"))
    page.keyboard.press("Enter")
    expect_saved(page)

    found = httpx.get(f"{address}/v2/jobs/one/transcript", trust_env=False).json()["segments"]
    words = [word["word"] for each in found[:2] for word in each["words"]]
    assert words == [" Mister", " Dashwood", " had", " leisure"]
    assert found[0]["end"] == found[1]["start"] == found[1]["words"][0]["start"]


def test_words_are_found_and_replaced(page: Page) -> None:
    page.keyboard.press("Control+f")
    page.get_by_role("searchbox", name="Find").fill("the")
    expect(page.locator(".find [role=status]")).to_have_text("1 of 1")
    page.get_by_role("textbox", name="Replace with").fill("where")
    page.get_by_role("button", name="All", exact=True).click()

    assert texts_of(page)[2] == "wherere might be"
    page.get_by_role("button", name="Undo").click()
    assert texts_of(page)[2] == "there might be"


def test_speakers_are_named_and_take_each_others_names(page: Page, address: str) -> None:
    for place, name in ((0, "Ann"), (2, "Bo")):
        page.locator(".segment .more").nth(place).click()
        retype(page.get_by_label("Who speaks"), name)
        page.keyboard.press("Tab")
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Speakers").click()
    page.get_by_label("Ann", exact=True).fill("Bo")
    page.get_by_label("Bo", exact=True).fill("Anna")
    page.get_by_role("button", name="Rename").click()

    expect(page.locator(".segment .speaker:visible")).to_have_text(["Bo", "Anna"])
    expect_saved(page)
    found = httpx.get(f"{address}/v2/jobs/one/transcript", trust_env=False).json()["segments"]
    assert [each.get("speaker") for each in found] == ["Bo", None, "Anna"]


def test_times_are_set_and_those_that_cannot_be_are_refused(page: Page, address: str) -> None:
    page.locator(".segment .more").nth(1).click()
    retype(page.get_by_label("Ends", exact=True), "0:00.1")
    page.keyboard.press("Tab")
    expect(page.locator(".menu [role=alert]")).not_to_be_empty()
    retype(page.get_by_label("Ends", exact=True), "0:03.5")
    page.keyboard.press("Tab")
    expect(page.locator(".menu [role=alert]")).to_be_empty()
    page.keyboard.press("Escape")

    expect_saved(page)
    found = httpx.get(f"{address}/v2/jobs/one/transcript", trust_env=False).json()["segments"]
    assert found[1]["end"] == 3.5
    assert found[1]["start"] == found[0]["end"]


@pytest.mark.parametrize(
    ("way_out", "expected"),
    [("Keep mine", "Mister Dashwood had leisure mine"), ("Take theirs", "Another's words")],
)
def test_two_who_edit_at_once_lose_nothing(
    page: Page, context: BrowserContext, address: str, way_out: str, expected: str
) -> None:
    other = context.new_page()
    other.goto(f"{address}/#/jobs/one")
    other.locator(".segment .text").first.fill("Another's words")
    expect_saved(other)

    page.bring_to_front()
    page.locator(".segment .text").first.focus()
    page.keyboard.press("End")
    page.keyboard.type(" mine")
    expect(page.locator(".conflict")).to_be_visible()
    page.get_by_role("button", name=way_out).click()
    expect_saved(page)

    expect(page.locator(".segment .text").first).to_have_text(expected)
    assert stored(address)[0] == f" {expected}"
    revisions = httpx.get(f"{address}/v2/jobs/one/transcript/revisions", trust_env=False).json()
    assert len(revisions) == (3 if way_out == "Keep mine" else 2)


def test_what_is_typed_without_a_network_is_saved_when_it_is_back(
    page: Page, context: BrowserContext, address: str
) -> None:
    context.set_offline(True)
    page.locator(".segment .text").first.fill("Typed in a tunnel")
    expect(page.locator(".saved")).to_contain_text("the connection is lost")
    context.set_offline(False)

    expect_saved(page)
    assert stored(address)[0] == " Typed in a tunnel"


def test_what_the_model_could_not_do_is_told(api: PageApi, page: Page, address: str) -> None:
    expect(page.locator(".lack")).to_have_count(0)
    api.add("two", texts=TEXTS, lacks=["speakersByChannel", "decoding.beamSize"])
    page.goto(f"{address}/#/jobs/two")

    expect(page.locator(".lack")).to_have_text(
        [re.compile("channels do not differ"), re.compile("asked for as decoding.beamSize")]
    )


def test_the_transcript_is_taken_away(page: Page) -> None:
    page.locator(".segment .text").first.fill("Just typed")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("SRT")).click()
    assert "Just typed" in download.value.path().read_text()
    assert download.value.suggested_filename == "interview.srt"

    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="DOCX").click()
    assert "Just typed" in docx.Document(str(download.value.path())).paragraphs[1].text
    assert download.value.suggested_filename == "interview.docx"


def test_the_text_is_copied(page: Page, context: BrowserContext, browser: Browser) -> None:
    is_readable = browser.browser_type.name == "chromium"  # elsewhere a person has to agree
    if is_readable:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(".segment .text").first.fill("Just typed")
    page.get_by_role("button", name="Copy").click()
    expect(page.locator(".toast")).to_contain_text("clipboard")
    if is_readable:
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.splitlines()[0] == "Just typed"


def test_a_long_transcript_opens(api: PageApi, address: str, page: Page) -> None:
    api.add("long", texts=[f"sentence number {number} of three hours" for number in range(3000)])
    page.goto(f"{address}/#/jobs/long")

    expect(page.locator(".segment")).to_have_count(3000)
    last = page.locator(".segment .text").last
    last.fill("The end.")
    expect_saved(page)
    assert json.dumps(stored(address, "long")[-1]) == '" The end."'
