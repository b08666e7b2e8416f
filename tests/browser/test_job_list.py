"""The list of recordings in a browser."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from support.api_builders import NOW
from support.page_api import PageApi
from support.waiting import wait_until
from waas_contract.job_status import Phase

pytestmark = pytest.mark.integration


def open_list(page: Page, address: str) -> None:
    page.goto(f"{address}/#/jobs")
    expect(page.get_by_role("heading", name="Recordings", exact=True)).to_be_visible()


def test_what_waits_says_how_many_come_before_it(api: PageApi, page: Page, address: str) -> None:
    for place in range(3):
        created = NOW + timedelta(seconds=place)
        api.add(f"job-{place}", Phase.PENDING, file_name=f"{place}.flac", created=created)
    open_list(page, address)
    expect(page.locator(".job .what")).to_have_text(["2 before it", "1 before it", "Next in line"])

    api.add("job-0", Phase.RUNNING, file_name="0.flac", percent=10)
    expect(page.locator(".job .what")).to_have_text(["1 before it", "Next in line", "10 %"])


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
