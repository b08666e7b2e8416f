"""What stands in names, texts and errors is shown, and never becomes anything else."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from support.browsers import retype
from support.page_api import PageApi
from waas_contract.job_status import Phase

pytestmark = pytest.mark.integration

ATTACK = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"
SCRIPT = "javascript:document.title='taken'"


def expect_untouched(page: Page) -> None:
    assert page.title() != "taken"
    assert page.locator("img[src=x]").count() == 0
    assert page.locator("script").count() == 1  # the page's own


def test_names_and_errors_are_text_in_the_list(api: PageApi, page: Page, address: str) -> None:
    api.add("bad", Phase.FAILED, file_name=ATTACK, reason=("BadAudio", ATTACK))
    page.goto(f"{address}/#/jobs")

    expect(page.locator(".job .name")).to_have_text(ATTACK)
    expect(page.locator(".why")).to_contain_text(ATTACK)
    page.get_by_role("button", name="Delete").click()
    expect(page.locator(".toast")).to_contain_text(ATTACK)
    expect_untouched(page)
    page.get_by_role("button", name="Undo").click()


def test_texts_and_speakers_are_text_in_the_transcript(
    api: PageApi, page: Page, address: str
) -> None:
    api.add("one", file_name=f"{ATTACK}.mp4", texts=[ATTACK, SCRIPT])
    page.goto(f"{address}/#/jobs/one")
    expect(page.locator(".segment .text").first).to_have_text(ATTACK)
    page.locator(".segment .more").first.click()
    retype(page.get_by_label("Who speaks"), ATTACK)
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.locator(".saved")).to_have_text("Saved")
    page.reload()
    expect(page.locator(".segment .speaker").first).to_have_text(ATTACK)
    page.get_by_role("button", name="Speakers").click()
    expect(page.get_by_role("dialog")).to_contain_text(ATTACK)
    expect_untouched(page)


def test_what_is_pasted_is_text(api: PageApi, page: Page, address: str) -> None:
    api.add("one", texts=["Hello"])
    page.goto(f"{address}/#/jobs/one")
    text = page.locator(".segment .text").first
    text.focus()
    page.evaluate(
        """(markup) => {
            const data = new DataTransfer();
            data.setData("text/html", markup);
            data.setData("text/plain", "plain");
            const paste = new ClipboardEvent("paste", {clipboardData: data, bubbles: true});
            document.activeElement.dispatchEvent(paste);
            document.execCommand("insertText", false, markup);
        }""",
        ATTACK,
    )

    expect(text).to_contain_text("<img src=x")
    expect_untouched(page)


def test_an_address_of_the_page_is_no_way_in(page: Page, address: str) -> None:
    page.goto(f"{address}/#/jobs/{ATTACK}")

    expect(page.get_by_role("heading", name="There is no such recording.")).to_be_visible()
    expect_untouched(page)


def test_files_that_are_opened_are_text(page: Page, address: str, files: Path) -> None:
    segments = [{"timeStart": 0, "timeEnd": 100, "text": ATTACK, "speaker": ATTACK}]
    (files / f"{len(ATTACK)}.jojo").write_text(json.dumps({"segments": segments}))
    page.goto(f"{address}/#/open")
    page.locator("input[type=file]").set_input_files(list(files.iterdir()))

    expect(page.locator(".segment .text")).to_have_text(ATTACK)
    expect(page.locator(".segment .speaker")).to_have_text(ATTACK)
    expect_untouched(page)


def test_the_policy_stops_what_is_brought_in(context: BrowserContext, address: str) -> None:
    page = context.new_page()  # one that may complain
    page.goto(address)
    expect(page.get_by_role("heading", name="Drop recordings here")).to_be_visible()

    refused = page.evaluate(
        """() => {
            const element = document.createElement("div");
            try { element.innerHTML = "<b>1</b>"; } catch (error) { return error.name; }
            return "made";
        }"""
    )
    assert refused == "TypeError"
    runs = page.evaluate(
        """() => new Promise((resolve) => {
            document.addEventListener("securitypolicyviolation", () => resolve("stopped"));
            const image = new Image();
            image.src = "https://elsewhere.example/pixel.png";
        })"""
    )
    assert runs == "stopped"
