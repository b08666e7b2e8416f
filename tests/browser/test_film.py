"""The transcript of a film: subtitles over its picture, as they are by now."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from support.browsers import retype, wait_for_script
from support.media import write_silent_film
from support.page_api import PageApi, make_transcript

pytestmark = pytest.mark.integration

SECONDS = 4
SHOWN = "[...document.querySelector('video').textTracks[0].activeCues ?? []].map((cue) => cue.text)"


@pytest.fixture(autouse=True)
def film(api: PageApi, address: str, page: Page, tmp_path: Path) -> None:
    picture = write_silent_film(tmp_path / "film.webm", seconds=SECONDS, codec="libvpx")
    heard = make_transcript(("Cats & dogs", "are <b>here</b>"), SECONDS)
    first, second = heard.segments
    spoken = heard.model_copy(
        update={"segments": (first, second.model_copy(update={"speaker": "Anna <i>"}))}
    )
    api.add("one", file_name="film.webm", sound=picture.read_bytes(), transcript=spoken)
    page.goto(f"{address}/#/jobs/one")
    expect(page.locator(".segment")).to_have_count(2)


def seek(page: Page, seconds: float) -> None:
    wait_for_script(page, "document.querySelector('video').readyState > 1")
    page.evaluate("(time) => { document.querySelector('video').currentTime = time }", seconds)


def test_what_is_said_stands_over_the_picture(page: Page) -> None:
    seek(page, 1)
    wait_for_script(page, f"{SHOWN}.join() === 'Cats &amp; dogs'")

    seek(page, 3)
    wait_for_script(page, f"{SHOWN}.join() === 'Anna &lt;i>: are &lt;b>here&lt;/b>'")


def test_what_is_corrected_stands_there_at_once(page: Page) -> None:
    seek(page, 1)
    retype(page.locator(".segment .text").first, "Cats and dogs")

    wait_for_script(page, f"{SHOWN}.join() === 'Cats and dogs'")


def test_subtitles_can_be_hidden(page: Page) -> None:
    page.get_by_role("checkbox", name="Subtitles").uncheck()

    wait_for_script(page, "document.querySelector('video').textTracks[0].mode === 'hidden'")
