"""Logging in by the page, opening one's own files without, and deleting all that is one's own."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from support.api_builders import JOB_ID, make_spec, make_status
from support.browsers import in_chromium_alone, wait_for_script
from support.live_api import serving
from support.logins import GuardedApi, bearer, make_key
from support.speech import librivox_clip
from waas_contract.transcription_job import Phase

pytestmark = pytest.mark.integration

ENDED = make_status(Phase.SUCCEEDED)


@pytest.fixture
def guarded(tmp_path: Path) -> GuardedApi:
    return GuardedApi(tmp_path)


@pytest.fixture
def address(guarded: GuardedApi) -> Iterator[str]:
    with serving(guarded.app) as port:
        yield f"http://127.0.0.1:{port}"


def log_in(page: Page, address: str, owner: str = "anna") -> None:
    page.goto(f"{address}/#/account")
    page.get_by_label("Your key").fill(make_key(owner))
    page.get_by_role("button", name="Log in").click()


def test_a_key_is_asked_for_and_kept_from_scripts(
    page: Page, context: BrowserContext, address: str
) -> None:
    log_in(page, address)
    expect(page.get_by_text("anna", exact=True)).to_be_visible()

    [cookie] = context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert page.evaluate("document.cookie") == ""
    assert make_key("anna") not in page.evaluate("JSON.stringify(localStorage)")
    page.reload()
    expect(page.get_by_text("anna", exact=True)).to_be_visible()
    with page.expect_response(f"{address}/v2/events") as stream:
        page.goto(f"{address}/#/jobs")
    assert stream.value.status == 200


def test_a_wrong_key_is_refused_in_words(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("Your key").fill("waas_wrong")
    page.get_by_role("button", name="Log in").click()

    expect(page.get_by_role("alert")).to_contain_text("Nobody is known by this key")


def test_whoever_logs_out_is_out(page: Page, context: BrowserContext, address: str) -> None:
    log_in(page, address)
    page.get_by_role("button", name="Log out").click()

    expect(page.get_by_label("Your key")).to_be_visible()
    assert context.cookies() == []


def test_all_of_mine_is_deleted_and_nothing_of_others(
    guarded: GuardedApi, page: Page, address: str
) -> None:
    guarded.jobs.put(JOB_ID, make_spec(owner="bo"))
    httpx.post(
        f"{address}/v2/jobs?suspend=true",
        content=librivox_clip("0870").path.read_bytes(),
        headers={**bearer("anna"), "Content-Type": "audio/flac"},
        trust_env=False,
    ).raise_for_status()
    [mine] = set(guarded.jobs.jobs) - {JOB_ID}
    guarded.jobs.put(mine, make_spec(owner="anna"), ENDED)
    log_in(page, address)
    page.get_by_role("button", name="Delete all of mine").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete all of mine").click()

    expect(page.locator(".toast")).to_contain_text("All your recordings are deleted.")
    assert list(guarded.jobs.jobs) == [JOB_ID]


# Of a file that the page itself has made, Firefox tells Playwright nothing.
@in_chromium_alone
def test_files_of_ones_own_are_opened_without_a_login(
    page: Page, address: str, files: Path
) -> None:
    clip = librivox_clip("0870")
    srt = (
        "1\n00:00:00,500 --> 00:00:02,000\nAnd Mister\n\n"
        "2\n00:00:02,000 --> 00:00:04,000\nDashwood\n"
    )
    (files / "talk.srt").write_text(srt)
    asked: list[str] = []
    page.goto(f"{address}/#/open")
    expect(page.locator(".drop")).to_be_visible()
    page.on("request", lambda each: asked.append(each.url))
    page.locator("input[type=file]").set_input_files([clip.path, files / "talk.srt"])
    page.get_by_text("Mister", exact=True).click()
    wait_for_script(page, "document.querySelector('audio').currentTime > 1")
    page.locator(".segment .text").nth(1).fill("Dashwood had")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.locator(".exports button").nth(1).click()

    assert download.value.suggested_filename == "talk.srt"
    assert download.value.path().read_text() == srt.replace("Dashwood\n", "Dashwood had\n")
    # Nothing leaves the machine: all that is asked for are the page's own files.
    assert [each for each in asked if "/v2/" in each] == []


# Of a file that the page itself has made, Firefox tells Playwright nothing.
@in_chromium_alone
def test_who_speaks_in_a_file_of_ones_own_is_kept(page: Page, address: str, files: Path) -> None:
    vtt = (
        "WEBVTT\n\n00:00.500 --> 00:02.000\n<v Bo &amp; Co>Hei.\n"
        "\n00:02.000 --> 00:04.000\n<v Åse>Hallo.\n\n00:04.000 --> 00:05.000\n(ring)\n"
    )
    (files / "call.vtt").write_text(vtt)
    page.goto(f"{address}/#/open")
    page.locator("input[type=file]").set_input_files(files / "call.vtt")
    expect(page.locator(".segment .speaker:visible")).to_have_text(["Bo & Co", "Åse"])
    exported = {}
    for place, kind in enumerate(("txt", "srt", "vtt")):
        page.get_by_role("button", name="Export").click()
        with page.expect_download() as download:
            page.locator(".exports button").nth(place).click()
        exported[kind] = download.value.path().read_text()

    assert exported["txt"] == "Bo & Co: Hei.\nÅse: Hallo.\n(ring)\n"
    assert "\nBo & Co: Hei.\n" in exported["srt"]
    assert exported["vtt"] == vtt


# Of a file that the page itself has made, Firefox tells Playwright nothing.
@in_chromium_alone
def test_a_document_of_the_old_editor_is_heard_corrected_and_saved(
    page: Page, address: str, files: Path
) -> None:
    said = [("And Mister", 57, 200), ("Dashwood", 200, 429)]
    segments = [
        {"id": str(number), "timeStart": start, "timeEnd": end, "text": text}
        for number, (text, start, end) in enumerate(said)
    ]
    (files / "talk.jojo").write_text(json.dumps({"docVersion": "1.0", "segments": segments}))
    page.goto(f"{address}/#/open")
    page.locator("input[type=file]").set_input_files(
        [librivox_clip("0870").path, files / "talk.jojo"]
    )
    page.get_by_text("Mister", exact=True).click()
    wait_for_script(page, "document.querySelector('audio').currentTime > 1")
    page.locator(".segment .text").nth(1).fill("Dashwood had")
    exported = {}
    for kind in ("JOJO", "TSV"):
        page.get_by_role("button", name="Export").click()
        with page.expect_download() as download:
            page.get_by_role("button", name=kind).click()
        exported[download.value.suggested_filename] = download.value.path().read_text()

    saved = json.loads(exported["talk.jojo"])
    corrected = [said[0], ("Dashwood had", 200, 429)]
    assert [(each["text"], each["timeStart"], each["timeEnd"]) for each in saved["segments"]] == (
        corrected
    )
    assert (saved["docVersion"], saved["audiofile"]["url"]) == (
        "1.0",
        f"file://web/{librivox_clip('0870').path.name}",
    )
    rows = [f"{start * 10}\t{end * 10}\t{text}\n" for text, start, end in corrected]
    assert exported["talk.tsv"] == "start\tend\ttext\n" + "".join(rows)
