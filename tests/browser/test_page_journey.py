"""The page on the standalone server with real speech: from the drop to the corrected transcript."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from support.browsers import wait_for_script
from support.calls import TURNS, write_call
from support.media import write_audio
from support.reading import make_reading
from support.speech import librivox_clip
from support.spoken_words import count_word_errors, words_of
from support.standalone import Standalone, running_standalone

pytestmark = pytest.mark.integration

TRANSCRIBED_WITHIN = 400_000
"""Milliseconds for what real models have to hear."""

CLIPS = [librivox_clip(each) for each in ("0870", "0880", "0890")]
FILES = "input[type=file][multiple]:not([webkitdirectory])"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Iterator[Standalone]:
    with running_standalone(tmp_path_factory.mktemp("page"), weights) as running:
        yield running


@pytest.fixture(autouse=True)
def leave_nothing(server: Standalone) -> Iterator[None]:
    """Have no test wait for what another has sent, or find it."""
    yield
    for job in server.get("/v2/jobs").json()["jobs"]:
        server.cancel(job["id"])
        server.wait_for_end(job["id"])
        server.delete(job["id"])


def jobs_of(server: Standalone) -> list[str]:
    return [each["fileName"] for each in server.get("/v2/jobs").json()["jobs"]]


def test_three_recordings_are_sent_heard_corrected_and_taken_away(
    server: Standalone, page: Page
) -> None:
    page.goto(server.url)
    page.locator(FILES).set_input_files([each.path for each in CLIPS])
    expect(page.locator(".upload")).to_have_count(3)
    opens = page.locator(".upload").get_by_role("link", name="Open")
    expect(opens).to_have_count(3, timeout=TRANSCRIBED_WITHIN)

    opens.first.click()
    text = page.locator(".segment .text")
    expect(text.first).to_be_visible()
    heard = " ".join(text.all_text_contents())
    assert count_word_errors(heard, CLIPS[0].text) <= len(words_of(CLIPS[0].text)) // 5
    job_id = page.url.rpartition("/")[2]
    peaks = server.get(f"/v2/jobs/{job_id}/peaks").json()
    assert peaks["durationSeconds"] == pytest.approx(CLIPS[0].duration_seconds, abs=0.2)
    assert page.locator("audio").get_attribute("src") == f"/v2/jobs/{job_id}/preview"
    page.get_by_role("button", name="Play", exact=True).click()
    wait_for_script(page, "document.querySelector('audio').currentTime > 0.3")
    page.get_by_role("button", name="Pause").click()

    text.first.focus()
    page.keyboard.press("End")
    page.keyboard.type(" Amen.")
    page.get_by_role("button", name="Undo").click()
    expect(text.first).not_to_contain_text("Amen.")
    page.get_by_role("button", name="Redo").click()
    expect(page.locator(".saved")).to_have_text("Saved")
    page.reload()
    expect(text.first).to_contain_text("Amen.")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.locator(".exports button").nth(0).click()
    assert "Amen." in download.value.path().read_text()


def test_two_tabs_that_edit_at_once_lose_nothing(
    server: Standalone, page: Page, context: BrowserContext
) -> None:
    job_id = server.upload(CLIPS[1].path, "shared.flac")
    server.wait_for_end(job_id)
    other = context.new_page()
    tabs = {"Theirs.": other, "Mine.": page}
    for tab in tabs.values():
        tab.goto(f"{server.url}/#/jobs/{job_id}")
        expect(tab.locator(".segment").first).to_be_visible()
    for written, tab in tabs.items():
        tab.bring_to_front()
        tab.locator(".segment .text").first.fill(written)
        ends = ".conflict" if tab is page else ".saved:text-is('Saved')"
        expect(tab.locator(ends)).to_be_visible()
    page.get_by_role("button", name="Keep mine").click()
    expect(page.locator(".saved")).to_have_text("Saved")
    other.bring_to_front()
    other.locator(".segment .text").first.fill("Theirs again.")
    other.get_by_role("button", name="Take theirs").click()
    expect(other.locator(".segment .text").first).to_have_text("Mine.")

    path = f"/v2/jobs/{job_id}/transcript"
    revisions = [each["revision"] for each in server.get(f"{path}/revisions").json()]
    kept = [server.get(f"{path}?revision={each}").json()["segments"] for each in revisions]
    assert [each[0]["text"].strip() for each in kept[1:]] == ["Theirs.", "Mine."]


def test_each_side_of_a_call_is_a_speaker_who_gets_a_name(
    server: Standalone, page: Page, files: Path
) -> None:
    page.goto(server.url)
    page.get_by_label("Speakers by channel").check()
    page.locator(FILES).set_input_files(write_call(files / "call.mp3"))
    opens = page.locator(".upload").get_by_role("link", name="Open")
    expect(opens).to_have_count(1, timeout=TRANSCRIBED_WITHIN)
    opens.click()
    names = page.locator(".segment .speaker:visible")
    expect(names).to_have_text(TURNS)
    page.get_by_role("button", name="Speakers").click()
    page.get_by_label("Speaker 2", exact=True).fill("Åse")
    page.get_by_role("button", name="Rename").click()

    expect(names).to_have_text([each.replace("Speaker 2", "Åse") for each in TURNS])
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.locator(".exports button").nth(0).click()
    assert "\nÅse: " in download.value.path().read_text()


def test_a_network_that_goes_away_costs_nothing(
    server: Standalone, page: Page, context: BrowserContext
) -> None:
    page.goto(server.url)
    expect(page.get_by_role("heading", name="Drop recordings here")).to_be_visible()
    context.set_offline(True)
    page.locator(FILES).set_input_files(CLIPS[0].path)
    expect(page.locator(".upload .where")).to_contain_text("The connection is lost")
    assert jobs_of(server).count(CLIPS[0].path.name) <= 1
    context.set_offline(False)

    expect(page.locator(".upload a.button, .upload .name a").first).to_be_visible()
    assert CLIPS[0].path.name in jobs_of(server)


def test_an_upload_that_breaks_goes_on_where_it_was(server: Standalone, page: Page) -> None:
    offsets: list[int] = []
    answers: list[str] = []

    def break_off(route: Route) -> None:
        if route.request.method != "PATCH":
            answers.append(route.request.method)
            route.continue_()
            return
        offsets.append(int(route.request.headers["upload-offset"]))
        if len(offsets) > 1:
            route.continue_()
            return
        # Half of it arrives before the connection is gone.
        content = CLIPS[1].path.read_bytes()
        httpx.patch(
            route.request.url,
            content=content[: len(content) // 2],
            headers={
                "Tus-Resumable": "1.0.0",
                "Upload-Offset": "0",
                "Content-Type": "application/offset+octet-stream",
            },
            trust_env=False,
        ).raise_for_status()
        route.abort("connectionreset")

    page.route("**/v2/uploads/*", break_off)
    page.goto(server.url)
    page.locator(FILES).set_input_files(CLIPS[1].path)

    expect(page.locator(".upload .name a")).to_be_visible()
    assert offsets == [0, CLIPS[1].path.stat().st_size // 2]
    assert "HEAD" in answers


def test_an_upload_is_paused_resumed_and_removed(server: Standalone, page: Page) -> None:
    held: list[Route] = []
    page.route("**/v2/uploads/*", lambda route: _hold(route, held))
    page.goto(server.url)
    page.locator(FILES).set_input_files(CLIPS[2].path)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".upload .where")).to_contain_text("Paused")
    page.unroute_all(behavior="ignoreErrors")
    page.get_by_role("button", name="Go on").click()

    expect(page.locator(".upload .name a")).to_be_visible()


def _hold(route: Route, held: list[Route]) -> None:
    if route.request.method == "PATCH":
        held.append(route)  # and never answers
    else:
        route.continue_()


def test_what_is_no_recording_is_not_even_sent(server: Standalone, page: Page, files: Path) -> None:
    (files / "notes.txt").write_text("Not a sound.")
    (files / "empty.mp3").write_bytes(b"")
    before = jobs_of(server)
    page.goto(server.url)
    page.locator(FILES).set_input_files(list(files.iterdir()))

    expect(page.get_by_text("This is neither sound nor video.")).to_be_visible()
    expect(page.get_by_text("The file is empty.")).to_be_visible()
    assert jobs_of(server) == before


def test_a_job_is_cancelled_and_deleted(server: Standalone, page: Page) -> None:
    job_id = server.upload(CLIPS[0].path, "to-cancel.flac", suspend="true")
    page.goto(f"{server.url}/#/jobs")
    row = page.locator(".job", has_text="to-cancel.flac")
    expect(row).to_contain_text("On hold")
    row.get_by_role("button", name="Cancel to-cancel.flac", exact=True).click()
    expect(row.locator(".what")).to_have_text("Cancelled")
    row.get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as done:
        page.get_by_role("button", name="Dismiss").click()

    assert done.value.status == 204
    assert server.get(f"/v2/jobs/{job_id}").status_code == 404


def test_a_job_is_followed_from_the_list_to_its_end(server: Standalone, page: Page) -> None:
    page.goto(f"{server.url}/#/jobs")
    expect(page.get_by_role("heading", name="Recordings", exact=True)).to_be_visible()
    job_id = server.upload(CLIPS[0].path, "live.flac", suspend="true")
    row = page.locator(".job", has_text="live.flac")
    expect(row).to_contain_text("On hold")
    page.reload()
    row.get_by_role("link", name="live.flac", exact=True).click()
    expect(page.locator(".running")).to_contain_text("On hold")
    httpx.post(f"{server.url}/v2/jobs/{job_id}/resume", trust_env=False).raise_for_status()

    # What the page shows meanwhile is what it is told; at the end the transcript is there.
    expect(page.locator(".editor .segment")).not_to_have_count(0, timeout=TRANSCRIBED_WITHIN)
    page.get_by_role("navigation").get_by_role("link", name="Recordings").click()
    expect(row.locator(".what")).to_have_text("Done")


def test_what_was_heard_so_far_is_read_and_stays_after_a_cancellation(
    server: Standalone, page: Page, files: Path
) -> None:
    recording = write_audio(files / "reading.flac", make_reading(30), codec="flac")
    job_id = server.upload(recording, "reading.flac")
    page.goto(f"{server.url}/#/jobs/{job_id}")
    expect(page.locator(".heard .segment")).not_to_have_count(0, timeout=TRANSCRIBED_WITHIN)
    heard = page.locator(".heard .segment .text").first.text_content() or ""
    assert {"john", "dashwood"} <= {each.lower() for each in words_of(heard)}
    page.get_by_role("button", name="Cancel").click()

    expect(page.locator(".why")).to_have_text("CancelledTry again")
    expect(page.locator(".editor .segment .text").first).to_have_text(heard.strip())
