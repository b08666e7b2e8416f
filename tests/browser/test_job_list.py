"""The list of recordings in a browser, of five as of five thousand."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from support.api_builders import NOW
from support.page_api import PageApi
from support.waiting import wait_until
from waas_contract.transcription_job import Phase

pytestmark = pytest.mark.integration

MANY = 5000
PAGE = 50


def open_list(page: Page, address: str) -> None:
    page.goto(f"{address}/#/jobs")
    expect(page.get_by_role("heading", name="Recordings", exact=True)).to_be_visible()


def names(page: Page) -> list[str]:
    return page.locator(".job .name").all_text_contents()


@pytest.fixture
def many(api: PageApi) -> None:
    for number in range(MANY):
        phase = Phase.FAILED if number % 100 == 0 else Phase.SUCCEEDED
        api.add(
            f"job-{number:04d}",
            phase,
            file_name=f"meeting {number:04d}.mp3",
            created=NOW + timedelta(seconds=number),
            is_stored=False,
        )


@pytest.mark.usefixtures("many")
def test_five_thousand_are_turned_page_by_page(page: Page, address: str) -> None:
    open_list(page, address)
    expect(page.get_by_text("5,000 recordings")).to_be_visible()
    assert names(page)[0] == "meeting 4999.mp3"
    assert len(names(page)) == PAGE

    page.get_by_role("button", name="More").click()
    expect(page.locator(".job .name").first).to_have_text("meeting 4949.mp3")
    assert len(names(page)) == PAGE
    page.get_by_role("button", name="Back", exact=True).click()
    expect(page.locator(".job .name").first).to_have_text("meeting 4999.mp3")


@pytest.mark.usefixtures("many")
def test_they_are_searched_filtered_and_sorted(page: Page, address: str) -> None:
    open_list(page, address)
    page.get_by_role("searchbox", name="Search by name").fill("0042")
    expect(page.locator(".job .name")).to_have_text(["meeting 0042.mp3"])
    page.get_by_role("searchbox", name="Search by name").fill("")
    page.get_by_role("radio", name="Failed").check()
    expect(page.get_by_text("50 recordings", exact=True)).to_be_visible()
    page.get_by_role("combobox", name="Order").select_option("file_name")
    expect(page.locator(".job .name").first).to_have_text("meeting 0000.mp3")

    page.reload()
    expect(page.locator(".job .name").first).to_have_text("meeting 0000.mp3")
    page.get_by_role("searchbox", name="Search by name").fill("nowhere")
    page.get_by_role("button", name="Show all").click()
    expect(page.get_by_text("5,000 recordings")).to_be_visible()


def test_a_failure_says_why_and_what_to_do(api: PageApi, page: Page, address: str) -> None:
    api.add("bad", Phase.FAILED, reason=("BadAudio", "The file has no sound in it."))
    open_list(page, address)

    expect(page.locator(".why")).to_contain_text("The file has no sound in it.")
    expect(page.locator(".why")).to_contain_text("send it in another format")


def test_a_deletion_can_be_undone_until_it_is_done(api: PageApi, page: Page, address: str) -> None:
    api.add("one", file_name="kept.flac", texts=["Hello"])
    open_list(page, address)
    delete = page.get_by_role("button", name="Delete kept.flac")
    delete.click()
    expect(page.locator(".job")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".job")).to_have_count(1)
    assert "one" in api.jobs.jobs

    delete.click()
    expect(page.locator(".job")).to_have_count(0)
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as done:
        page.get_by_role("button", name="Dismiss").click()
    assert done.value.status == 204
    assert api.jobs.jobs == {}


def test_whoever_leaves_the_page_has_deleted(api: PageApi, page: Page, address: str) -> None:
    api.add("one", texts=["Hello"])
    open_list(page, address)
    page.get_by_role("button", name="Delete interview.flac").click()
    expect(page.locator(".job")).to_have_count(0)

    page.goto(f"{address}/v2")
    wait_until(lambda: not api.jobs.jobs, "the job is deleted")


def test_what_is_kept_for_a_time_says_until_when(api: PageApi, page: Page, address: str) -> None:
    api.add("gone-soon", is_stored=False, expiry=NOW + timedelta(days=365))
    api.add("stays", file_name="stays.flac", is_stored=False)
    open_list(page, address)
    row = page.locator(".job").filter(has_text="interview.flac")

    expect(row.locator(".about")).to_contain_text(f"kept until {NOW.day} {NOW:%b} {NOW.year + 1}")
    expect(page.get_by_text("kept until")).to_have_count(1)


def test_an_empty_list_shows_the_way(page: Page, address: str) -> None:
    open_list(page, address)
    page.get_by_role("link", name="Transcribe a recording").click()

    expect(page.get_by_role("heading", name="Drop recordings here")).to_be_visible()
