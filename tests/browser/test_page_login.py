"""Logging in by the page, opening one's own files without, and deleting all that is one's own."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import docx
import httpx
import pytest
from docx.document import Document as DocumentObject
from playwright.sync_api import BrowserContext, Page, expect

from support.api_builders import JOB_ID, NAMESPACE, make_spec, make_status
from support.browsers import wait_for_script
from support.live_api import serving
from support.logins import (
    OTHER_NAMESPACE,
    FakeAccessReviews,
    GuardedApi,
    bearer,
    make_key,
)
from support.speech import librivox_clip
from waas_api.access.access_reviews import User
from waas_api.transcripts import word_document
from waas_contract.job_status import Phase
from waas_contract.transcript import Segment, Transcript

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


def test_where_only_a_login_in_front_counts_nobody_is_asked_for_a_key(
    page: Page, tmp_path: Path
) -> None:
    changes = {
        "authentication": "forwarded-user",
        "trusted_proxies": "127.0.0.0/8",
        "api_keys_file": None,
    }
    with serving(GuardedApi(tmp_path, changes=changes).app) as port:
        page.goto(f"http://127.0.0.1:{port}")
        expect(page.get_by_role("heading", name="The login in front of this")).to_be_visible()
        expect(page.locator("input")).to_have_count(0)
        page.set_extra_http_headers({"X-Forwarded-User": "anna@example.org"})
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("heading", name="Drop recordings here")).to_be_visible()


def test_a_group_is_chosen_where_the_login_reaches_several(page: Page, tmp_path: Path) -> None:
    reviews = FakeAccessReviews()
    for namespace in (NAMESPACE, OTHER_NAMESPACE):
        reviews.let("uli", "get", "list", "watch", namespace=namespace)
    reviews.let("bo", "get", "list", "watch", namespace=OTHER_NAMESPACE)
    reviews.users |= {"token.uli": User("uli"), "token.bo": User("bo")}
    changes = {"authentication": "api-keys,kubernetes"}
    with serving(GuardedApi(tmp_path, changes=changes, reviews=reviews).app) as port:
        page.goto(f"http://127.0.0.1:{port}/#/account")
        page.get_by_label("Your key").fill("token.bo")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("alert")).to_contain_text("not for the usual group")
        page.get_by_label("Group").fill(OTHER_NAMESPACE)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_text(OTHER_NAMESPACE, exact=True)).to_be_visible()
        page.get_by_role("button", name="Log out").click()

        page.get_by_label("Your key").fill("token.uli")
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("link", name="Account").click()
        group = page.get_by_role("combobox", name="Group")
        expect(group).to_have_value(NAMESPACE)
        group.select_option(OTHER_NAMESPACE)
        expect(group).to_have_value(OTHER_NAMESPACE)
        page.reload()
        expect(group).to_have_value(OTHER_NAMESPACE)


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
        page.get_by_role("button", name="SRT").click()

    assert download.value.suggested_filename == "talk.srt"
    assert download.value.path().read_text() == srt.replace("Dashwood\n", "Dashwood had\n")
    # Nothing leaves the machine: all that is asked for are the page's own files.
    assert [each for each in asked if "/v2/" in each] == []


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
    for kind in ("txt", "srt", "vtt"):
        page.get_by_role("button", name="Export").click()
        with page.expect_download() as download:
            page.get_by_role("button", name=kind.upper()).click()
        exported[kind] = download.value.path().read_text()

    assert exported["txt"] == "Bo & Co: Hei.\nÅse: Hallo.\n(ring)\n"
    assert "\nBo & Co: Hei.\n" in exported["srt"]
    assert exported["vtt"] == vtt


def test_a_document_for_word_is_as_the_service_writes_it(
    page: Page, address: str, files: Path
) -> None:
    said = [
        ("Bo & <Co>", 0, 2, " Hei."),
        ("Bo & <Co>", 2, 4, " Hallo\u0007."),
        ("Åse", 4, 5, " Ja."),
        (None, 60, 62, " (ring)"),
        (None, 3700, 3701, " 日本"),
    ]
    segments = [
        Segment(id=place, start=start, end=end, text=text, speaker=speaker)
        for place, (speaker, start, end, text) in enumerate(said)
    ]
    heard = Transcript(language="no", duration=3701, text="", segments=tuple(segments))
    (files / "call.json").write_text(heard.model_dump_json(exclude_none=True))
    page.goto(f"{address}/#/open")
    page.locator("input[type=file]").set_input_files(files / "call.json")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="DOCX").click()

    assert download.value.suggested_filename == "call.docx"
    saved = docx.Document(str(download.value.path()))
    expected = docx.Document(io.BytesIO(word_document.render(heard, "call")))
    assert runs_of(saved) == runs_of(expected)
    assert len(saved.paragraphs) == 5


def runs_of(document: DocumentObject) -> list[list[tuple[str, str | None]]]:
    """Return the texts of each paragraph, with their styles."""
    return [
        [(run.text, run.style.name if run.style else None) for run in each.runs]
        for each in document.paragraphs
    ]


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
