"""Pictures of every view of the web page at three widths, for people to look at."""

import argparse
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from playwright.sync_api import Browser, Page, expect

from cluster.binaries.machine import cache_folder
from support.api_builders import NOW
from support.chromium import find_chromium, running_chromium
from support.live_api import serving
from support.media import read_samples, write_audio
from support.page_api import PageApi
from support.speech import librivox_clips
from waas_contract.transcript import Segment, Transcript, Word
from waas_contract.transcription_job import Phase

WIDTHS = {"phone": 390, "tablet": 820, "wide": 1280}
HEIGHT = 860
_PAUSE_SECONDS = 0.4

SENTENCES = (
    "And Mr. John Dashwood had then leisure to consider how much there might be prudently in his "
    "power to do for them.",
    "He was not an ill-disposed young man,",
    "unless to be rather cold-hearted and rather selfish is to be ill-disposed.",
    "Had he married a more amiable woman, he might have been made still more respectable than he "
    "was.",
    "He might even have been made amiable himself.",
)


def make_reading() -> tuple[bytes, Transcript]:
    """Return the clips of the tests as one recording, and its transcript."""
    pieces, segments, time = [], [], 0.0
    for number, (clip, text) in enumerate(zip(librivox_clips(), SENTENCES, strict=True)):
        samples = read_samples(clip.path)
        length = len(samples) / 16_000
        words = text.split()
        letters = sum(map(len, words))
        begin = time
        spoken = []
        for word in words:
            end = begin + length * len(word) / letters
            unsure = word.startswith(("amiable", "prudently"))
            spoken.append(
                Word(word=f" {word}", start=begin, end=end, probability=0.3 if unsure else 0.9)
            )
            begin = end
        speaker = "Reader" if number == 0 else None
        segments.append(
            Segment(
                id=number,
                start=time,
                end=time + length,
                text=f" {text}",
                words=tuple(spoken),
                speaker=speaker,
            )
        )
        pieces += [samples, np.zeros(round(_PAUSE_SECONDS * 16_000), dtype=np.float32)]
        time += length + _PAUSE_SECONDS
    with TemporaryDirectory() as folder:
        path = write_audio(Path(folder) / "reading.flac", np.concatenate(pieces), codec="flac")
        content = path.read_bytes()
    text = "".join(each.text for each in segments)
    return content, Transcript(language="en", duration=time, text=text, segments=tuple(segments))


def furnish(api: PageApi) -> None:
    """Have recordings in every state."""
    sound, transcript = make_reading()
    entries = (
        ("one", Phase.SUCCEEDED, "Sense and Sensibility, chapter 1.flac"),
        ("two", Phase.RUNNING, "Panel on local news.mp4"),
        ("three", Phase.PENDING, "Interview with the mayor.m4a"),
        ("four", Phase.SUCCEEDED, "Morning meeting.mp3"),
        ("five", Phase.FAILED, "notes from yesterday.amr"),
        ("six", Phase.SUCCEEDED, "Lecture 12, waves and sound.mkv"),
        ("seven", Phase.CANCELLED, "Untitled.wav"),
    )
    for place, (name, phase, file_name) in enumerate(entries):
        api.add(
            name,
            phase,
            file_name=file_name,
            reason=("BadAudio", "The file has no sound in it: its audio track is empty.")
            if phase is Phase.FAILED
            else ("Completed", ""),
            created=NOW - timedelta(minutes=47 * place),
            sound=sound,
            transcript=transcript,
            percent=62 if phase is Phase.RUNNING else None,
        )


def show_sending(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator(".options select").first).to_be_visible()


def show_list(page: Page, address: str) -> None:
    page.goto(f"{address}/#/jobs")
    expect(page.locator(".job")).to_have_count(7)


def show_transcript(page: Page, address: str) -> None:
    page.goto(f"{address}/#/jobs/one")
    expect(page.locator(".segment")).to_have_count(len(SENTENCES))
    # A word that is said just then, by a player that has stopped there.
    page.get_by_text("ill-disposed", exact=False).first.click()
    page.evaluate("document.querySelector('audio').pause()")
    page.evaluate("document.activeElement.blur()")
    page.wait_for_load_state("networkidle")


def show_running(page: Page, address: str) -> None:
    page.goto(f"{address}/#/jobs/two")
    expect(page.locator(".running")).to_be_visible()


def show_failure(page: Page, address: str) -> None:
    page.goto(f"{address}/#/jobs/five")
    expect(page.locator(".why")).to_be_visible()


def show_opening(page: Page, address: str) -> None:
    page.goto(f"{address}/#/open")
    expect(page.locator(".drop")).to_be_visible()


def show_account(page: Page, address: str) -> None:
    page.goto(f"{address}/#/account")
    expect(page.locator(".panel").first).to_be_visible()


VIEWS: dict[str, Callable[[Page, str], None]] = {
    "sending": show_sending,
    "list": show_list,
    "transcript": show_transcript,
    "running": show_running,
    "failure": show_failure,
    "opening": show_opening,
    "account": show_account,
}


def take_pictures(browser: Browser, address: str, folder: Path) -> None:
    """Write a picture of each view, at each width, light and dark."""
    for theme in ("light", "dark"):
        for size, width in WIDTHS.items():
            viewport = {"width": width, "height": HEIGHT}
            with browser.new_context(
                locale="en-GB",
                viewport=viewport,  # type: ignore[arg-type]
                color_scheme=theme,
            ) as context:
                for name, show in VIEWS.items():
                    page = context.new_page()
                    show(page, address)
                    page.screenshot(path=folder / f"{name}-{size}-{theme}.png")
                    page.close()


def main() -> None:
    """Take them."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=cache_folder() / "page-pictures")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    program = find_chromium()
    if program is None:
        raise SystemExit("no Chromium is installed")
    api = PageApi()
    furnish(api)
    with serving(api.app) as port, running_chromium(program) as browser:
        take_pictures(browser, f"http://127.0.0.1:{port}", folder)


if __name__ == "__main__":
    main()
