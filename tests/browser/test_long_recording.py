"""Three hours of sound: there at once, played and edited to the last word."""

import io
import time
from collections.abc import Callable

import av
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from support.api_builders import NAMESPACE
from support.browsers import wait_for_script
from support.page_api import PageApi, make_transcript
from waas_contract.object_keys import peaks_key
from waas_contract.preview import MOST_PEAKS, Peaks

pytestmark = pytest.mark.integration

SECONDS = 3 * 3600
SEGMENTS = 2700
WORDS = 10
RATE = 8000
BLOCK = 64_000
PART = 300
"""Seconds from an end to the middle of what is seen closely, at most."""


@pytest.fixture(scope="module")
def sound() -> bytes:
    """Silence of three hours, which takes no room."""
    content = io.BytesIO()
    silence = np.zeros((1, BLOCK), dtype=np.int16)
    with av.open(content, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=RATE, layout="mono")
        for _ in range(SECONDS * RATE // BLOCK):
            frame = av.AudioFrame.from_ndarray(silence, format="s16", layout="mono")
            frame.rate = RATE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return content.getvalue()


@pytest.fixture
def long(api: PageApi, sound: bytes) -> None:
    sentence = " ".join(["heard"] * (WORDS - 1))
    transcript = make_transcript([f"{sentence} {each}" for each in range(SEGMENTS)], SECONDS)
    peaks = Peaks(duration_seconds=SECONDS, peaks=tuple(each % 100 for each in range(MOST_PEAKS)))
    api.add("long", file_name="hearing.flac", sound=sound, transcript=transcript)
    api.storage.objects[peaks_key(NAMESPACE, "long")] = peaks.model_dump_json(
        by_alias=True
    ).encode()


@pytest.mark.usefixtures("long")
def test_three_hours_open_at_once(
    page: Page, address: str, tell_figures: Callable[[str], None]
) -> None:
    begun = time.monotonic()
    page.goto(f"{address}/#/jobs/long")
    page.locator(".segment .text span").nth(3).click()
    wait_for_script(page, "!document.querySelector('audio').paused")
    tell_figures(f"playing from the fourth word after {time.monotonic() - begun:.1f} s")
    page.locator(".player .play").click()

    assert page.locator(".segment").count() == SEGMENTS
    # Words that are not in sight need no elements of their own.
    assert page.locator(".segment .text span").count() < SEGMENTS * WORDS // 10


@pytest.mark.usefixtures("long")
def test_a_part_of_it_is_seen_closely(page: Page, address: str) -> None:
    page.goto(f"{address}/#/jobs/long")
    position = page.get_by_role("slider", name="Position")
    position.click()
    wait_for_script(
        page, f"Math.abs(document.querySelector('audio').currentTime - {SECONDS / 2}) < 60"
    )
    position.press("Home")
    page.get_by_role("button", name="Show closely").click()
    position.click()
    wait_for_script(
        page, f"Math.abs(document.querySelector('audio').currentTime - {PART}) < {PART}"
    )
    assert page.evaluate("document.querySelector('audio').currentTime") > 10

    position.press("End")
    position.click()
    wait_for_script(page, f"document.querySelector('audio').currentTime < {SECONDS - 10}")
    assert page.evaluate("document.querySelector('audio').currentTime") > SECONDS - 2 * PART


@pytest.mark.usefixtures("long")
def test_the_end_is_heard_found_and_edited(page: Page, address: str) -> None:
    page.goto(f"{address}/#/jobs/long")
    expect(page.locator(".segment")).to_have_count(SEGMENTS)
    page.get_by_role("slider", name="Position").press("End")
    expect(page.locator(".segment").last).to_have_class("segment current")
    page.keyboard.press("Control+f")
    page.keyboard.type("heard 2698")
    expect(page.locator(".find [role=status]")).to_have_text("1 of 1")
    page.keyboard.press("Enter")
    expect(page.locator(".segment").nth(2698)).to_be_in_viewport()

    last = page.locator(".segment .text").last
    last.fill("The end.")
    expect(page.locator(".saved")).to_have_text("Saved")
    last.get_by_text("end.").click()
    wait_for_script(page, f"document.querySelector('audio').currentTime > {SECONDS - 4}")
