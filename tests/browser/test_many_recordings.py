"""Five thousand recordings in the list of the standalone server: no more work than fifty."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from support.api_builders import make_spec, make_status, make_succeeded_condition
from support.browsers import wait_for_script
from support.speech import librivox_clip
from support.standalone import NAMESPACE, Standalone
from waas_contract.job_status import AudioStatus, Phase
from waas_contract.object_keys import audio_key
from waas_contract.transcription_job import (
    ObjectMeta,
    Source,
    TranscriptionJob,
)

pytestmark = pytest.mark.integration

MANY = 5000
PAGE = 50
MOST_ELEMENTS = 60 * PAGE
"""What a page of the list may hold, drawings and all, however many recordings there are."""

NOTICE_WORK = """
    window.tasks = null;
    window.drawn = 0;
    if (PerformanceObserver.supportedEntryTypes.includes("longtask")) {
        window.tasks = [];
        new PerformanceObserver((list) => {
            window.tasks.push(...list.getEntries().map((each) => each.duration));
        }).observe({type: "longtask", buffered: true});
    }
    new MutationObserver((changes) => {
        for (const each of changes) {
            for (const node of each.addedNodes) window.drawn += node.matches?.(".job") ? 1 : 0;
        }
    }).observe(document, {childList: true, subtree: true});
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Iterator[Standalone]:
    standalone = Standalone(tmp_path_factory.mktemp("many"), weights)
    standalone.data.mkdir()
    standalone.add_all(map(make_job, range(MANY)))
    standalone.start()
    try:
        yield standalone
    finally:
        standalone.close()


def make_job(number: int) -> TranscriptionJob:
    """Return one that has ended; every hundredth has failed."""
    name = f"job-{number:04d}"
    file_name = f"meeting {number:04d}.mp3"
    created = datetime.now(UTC) - timedelta(days=1) + timedelta(seconds=number)
    has_failed = number % 100 == 0
    phase = Phase.FAILED if has_failed else Phase.SUCCEEDED
    end = ("False", "BadAudio", "No sound.") if has_failed else ("True", "Completed", "")
    status = make_status(
        phase,
        conditions=(make_succeeded_condition(*end),),
        audio=AudioStatus(duration_seconds=60, language="en"),
        start_time=created,
        completion_time=created + timedelta(seconds=2),
    )
    key = audio_key(NAMESPACE, name, file_name)
    spec = make_spec(source=Source(key=key, file_name=file_name), model="tiny.en")
    metadata = ObjectMeta(name=name, namespace=NAMESPACE, creation_timestamp=created)
    return TranscriptionJob(metadata=metadata, spec=spec, status=status)


@pytest.fixture(autouse=True)
def the_list(server: Standalone, page: Page) -> None:
    page.add_init_script(NOTICE_WORK)
    page.goto(f"{server.url}/#/jobs")
    expect(page.get_by_text("5,000 recordings")).to_be_visible()


def expect_first(page: Page, name: str) -> None:
    expect(page.locator(".job .name").first).to_have_text(name)


def test_they_are_searched_filtered_and_sorted(page: Page) -> None:
    # Meanwhile the server tells of hundreds of changes a second: it stores a record of each.
    search = page.get_by_role("searchbox", name="Search by name")
    search.fill("0042")
    expect(page.locator(".job .name")).to_have_text(["meeting 0042.mp3"])
    search.fill("")
    page.get_by_role("radio", name="Failed").check()
    expect(page.get_by_text("50 recordings", exact=True)).to_be_visible()
    page.get_by_role("combobox", name="Order").select_option("file_name")
    expect_first(page, "meeting 0000.mp3")

    page.reload()
    expect_first(page, "meeting 0000.mp3")
    page.get_by_role("searchbox", name="Search by name").fill("nowhere")
    page.get_by_role("button", name="Show all").click()
    expect(page.get_by_text("5,000 recordings")).to_be_visible()


def test_they_are_turned_page_by_page(page: Page) -> None:
    expect_first(page, "meeting 4999.mp3")
    expect(page.locator(".job")).to_have_count(PAGE)

    page.get_by_role("button", name="More").click()
    expect_first(page, "meeting 4949.mp3")
    expect(page.locator(".job")).to_have_count(PAGE)
    page.get_by_role("button", name="Back", exact=True).click()
    expect_first(page, "meeting 4999.mp3")


def test_what_the_page_does_hangs_on_what_is_in_sight(
    page: Page, tell_figures: Callable[[str], None]
) -> None:
    assert page.evaluate("document.querySelectorAll('*').length") < MOST_ELEMENTS
    page.get_by_role("searchbox", name="Search by name").press_sequentially("meeting 49")
    expect(page.get_by_text("100 recordings", exact=True)).to_be_visible()
    # What stands there already is not drawn again.
    assert page.evaluate("window.drawn") == 0

    for _ in range(20):
        page.mouse.wheel(0, 400)
    wait_for_script(page, "scrollY + innerHeight > document.body.scrollHeight - 2")
    assert page.evaluate("window.drawn") == 0
    tasks = page.evaluate("window.tasks")
    if tasks is not None:
        longest = max(tasks, default=0)
        tell_figures(f"tasks of more than 50 ms: {len(tasks)}, the longest of {longest:.0f} ms")


def test_one_that_ends_moves_no_other(server: Standalone, page: Page) -> None:
    job_id = server.upload(librivox_clip("0870").path, "newest.flac", suspend="true")
    expect_first(page, "newest.flac")
    expect(page.get_by_text("5,001 recordings")).to_be_visible()
    server.cancel(job_id)
    expect(page.locator(".job .what").first).to_have_text("Cancelled")
    assert page.evaluate("window.drawn") == 1

    server.delete(job_id)
    expect_first(page, "meeting 4999.mp3")
    expect(page.locator(".job")).to_have_count(PAGE)
