"""Every view of the web page, with recordings in every state: for axe, and for people's eyes."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from playwright.sync_api import Page, Route, expect

from support.api_builders import NAMESPACE, NOW
from support.media import read_samples, write_audio
from support.page_api import PageApi
from support.speech import librivox_clip, librivox_clips
from waas_contract.job_status import Phase
from waas_contract.transcript import Segment, Transcript, Word

WIDTHS = {"phone": 390, "tablet": 820, "wide": 1280}
HEIGHT = 860

SENTENCES = (
    "And Mr. John Dashwood had then leisure to consider how much there might be prudently in his "
    "power to do for them.",
    "He was not an ill-disposed young man,",
    "unless to be rather cold-hearted and rather selfish is to be ill-disposed.",
    "Had he married a more amiable woman, he might have been made still more respectable than he "
    "was.",
    "He might even have been made amiable himself.",
)
_PAUSE_SECONDS = 0.4
_ENTRIES = (
    ("one", Phase.SUCCEEDED, "Sense and Sensibility, chapter 1.flac"),
    ("two", Phase.RUNNING, "Panel on local news.mp4"),
    ("three", Phase.PENDING, "Interview with the mayor.m4a"),
    ("four", Phase.SUCCEEDED, "Morning meeting.mp3"),
    ("five", Phase.FAILED, "notes from yesterday.amr"),
    ("six", Phase.SUCCEEDED, "Lecture 12, waves and sound.mkv"),
    ("seven", Phase.CANCELLED, "Untitled.wav"),
)


def furnish(api: PageApi) -> None:
    """Have recordings in every state."""
    sound, transcript = _make_reading()
    for place, (name, phase, file_name) in enumerate(_ENTRIES):
        is_running = phase is Phase.RUNNING
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
            percent=62 if is_running else None,
            heard=transcript.segments[:3] if is_running else None,
        )


def _make_reading() -> tuple[bytes, Transcript]:
    """Return the clips of the tests as one recording, and its transcript."""
    pieces: list[np.ndarray] = []
    segments: list[Segment] = []
    time = 0.0
    for number, (clip, text) in enumerate(zip(librivox_clips(), SENTENCES, strict=True)):
        samples = read_samples(clip.path)
        end = time + len(samples) / 16_000
        words = _time_words(text, time, end)
        segment = Segment(
            id=number,
            start=time,
            end=end,
            text=f" {text}",
            words=words,
            speaker="Reader" if number < 3 else "Listener",
        )
        segments.append(segment)
        pieces += [samples, np.zeros(round(_PAUSE_SECONDS * 16_000), dtype=np.float32)]
        time = end + _PAUSE_SECONDS
    with TemporaryDirectory() as folder:
        path = write_audio(Path(folder) / "reading.flac", np.concatenate(pieces), codec="flac")
        content = path.read_bytes()
    text = "".join(each.text for each in segments)
    return content, Transcript(language="en", duration=time, text=text, segments=tuple(segments))


def _time_words(text: str, begin: float, end: float) -> tuple[Word, ...]:
    """Return the words of a text, each for as long as it is; of some, nobody is sure."""
    words = text.split()
    letters = sum(map(len, words))
    timed: list[Word] = []
    for word in words:
        until = begin + (end - begin) * len(word) / letters
        certainty = 0.3 if word.startswith(("amiable", "prudently")) else 0.9
        timed.append(Word(word=f" {word}", start=begin, end=until, probability=certainty))
        letters -= len(word)
        begin = until
    return tuple(timed)


def answer_session(page: Page, owner: str | None, status: int = 200) -> None:
    """Have the service know who the reader is: somebody, or nobody with status 401."""
    session = {
        "owner": owner,
        "namespace": NAMESPACE,
        "permissions": ["read", "create", "change", "delete"],
        "isKept": True,
    }

    def answer(route: Route) -> None:
        route.fulfill(status=status, content_type="application/json", body=json.dumps(session))

    page.route("**/v2/session", answer)


def show_sending(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator(".options select").first).to_be_visible()
    # Their arrows are pictures of their own.
    page.wait_for_load_state("networkidle")


def show_choices(page: Page, address: str) -> None:
    show_sending(page, address)
    page.locator("summary").click()
    expect(page.locator("#main textarea")).to_be_visible()


def show_uploads(page: Page, address: str) -> None:
    show_sending(page, address)
    files = page.locator("input[type=file][multiple]:not([webkitdirectory])")
    page.route("**/v2/uploads/*", lambda _: None)  # never answers
    notes = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"Not a sound."}
    files.set_input_files([librivox_clip("0870").path])
    files.set_input_files(notes)  # type: ignore[arg-type]
    expect(page.locator(".upload")).to_have_count(2)
    page.locator("#main .upload button").first.click()  # a pause, so that no figure moves
    page.locator(".uploads").scroll_into_view_if_needed()


def show_list(page: Page, address: str) -> None:
    page.goto(f"{address}/#/jobs")
    expect(page.locator(".job")).to_have_count(len(_ENTRIES))


def show_nothing_found(page: Page, address: str) -> None:
    show_list(page, address)
    page.locator("input[type=search]").fill("nowhere")
    expect(page.locator(".empty")).to_be_visible()


def show_transcript(page: Page, address: str) -> None:
    page.goto(f"{address}/#/jobs/one")
    expect(page.locator(".segment")).to_have_count(len(SENTENCES))
    # A word that is said just then, by a player that has stopped there.
    page.get_by_text("ill-disposed", exact=False).first.click()
    page.evaluate("document.querySelector('audio').pause()")
    page.evaluate("document.activeElement.blur()")
    expect(page.locator(".said")).to_be_visible()
    page.wait_for_load_state("networkidle")


def show_lack(page: Page, address: str) -> None:
    results = {"outcome": "complete", "unsupportedOptions": ["speakersByChannel"]}
    page.route("**/v2/jobs/one/results", lambda route: route.fulfill(json=results))
    page.goto(f"{address}/#/jobs/one")
    expect(page.locator(".lack")).to_be_visible()


def show_finding(page: Page, address: str) -> None:
    page.goto(f"{address}/#/jobs/one")
    expect(page.locator(".segment")).to_have_count(len(SENTENCES))
    page.keyboard.press("Control+f")
    page.keyboard.type("amiable")


def show_segment_menu(page: Page, address: str) -> None:
    page.goto(f"{address}/#/jobs/one")
    page.locator(".segment .more").first.click()
    expect(page.locator(".menu:popover-open")).to_be_visible()


def show_exports(page: Page, address: str) -> None:
    page.goto(f"{address}/#/jobs/one")
    page.locator("[popovertarget=export-menu]").click()
    expect(page.locator(".menu:popover-open")).to_be_visible()


def show_speakers(page: Page, address: str) -> None:
    _show_dialog(page, address, 3)


def show_shortcuts(page: Page, address: str) -> None:
    _show_dialog(page, address, 4)


def _show_dialog(page: Page, address: str, tool: int) -> None:
    page.goto(f"{address}/#/jobs/one")
    page.locator(".toolbar > button").nth(tool).click()
    expect(page.locator("dialog[open]")).to_be_visible()


def show_conflict(page: Page, address: str) -> None:
    page.route(
        "**/v2/jobs/one/transcript",
        lambda route: (
            route.fulfill(status=412, body="{}")
            if route.request.method == "PUT"
            else route.continue_()
        ),
    )
    page.goto(f"{address}/#/jobs/one")
    page.locator(".segment .text").first.fill("Mine")
    expect(page.locator(".conflict")).to_be_visible()


def show_running(page: Page, address: str) -> None:
    page.goto(f"{address}/#/jobs/two")
    expect(page.locator(".heard .segment")).to_have_count(3)


def show_failure(page: Page, address: str) -> None:
    page.goto(f"{address}/#/jobs/five")
    expect(page.locator(".why")).to_be_visible()


def show_opening(page: Page, address: str) -> None:
    page.goto(f"{address}/#/open")
    expect(page.locator(".drop")).to_be_visible()


def show_account(page: Page, address: str) -> None:
    answer_session(page, "anna")
    page.goto(f"{address}/#/account")
    expect(page.locator(".panel")).to_have_count(3)


def show_question(page: Page, address: str) -> None:
    show_account(page, address)
    page.locator(".panel .danger").click()
    expect(page.locator("dialog[open]")).to_be_visible()


def show_login(page: Page, address: str) -> None:
    answer_session(page, None, status=401)
    page.goto(address)
    expect(page.locator("input[type=password]")).to_be_visible()


def show_login_in_front(page: Page, address: str) -> None:
    answer_session(page, None, status=401)
    known = {"service": "waas", "version": "0", "logins": ["forwarded-user"]}
    page.route("**/v2", lambda route: route.fulfill(json=known))
    page.goto(address)
    expect(page.locator(".empty")).to_be_visible()


def show_absence(page: Page, address: str) -> None:
    page.route("**/v2/session", lambda route: route.abort())
    page.goto(address)
    expect(page.locator(".empty")).to_be_visible()


VIEWS: Sequence[Callable[[Page, str], None]] = (
    show_sending,
    show_choices,
    show_uploads,
    show_list,
    show_nothing_found,
    show_transcript,
    show_lack,
    show_finding,
    show_segment_menu,
    show_exports,
    show_speakers,
    show_shortcuts,
    show_conflict,
    show_running,
    show_failure,
    show_opening,
    show_account,
    show_question,
    show_login,
    show_login_in_front,
    show_absence,
)


def name_of(show: Callable[[Page, str], None]) -> str:
    """Return what a view is called."""
    return show.__name__.removeprefix("show_").replace("_", "-")
