"""The job program as a process, with real speech and real weights."""

import hashlib
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from support.checkpoints import WeightsNotInstalled, checkpoint_directory
from support.job_items import NAMESPACE, make_item, make_urls, write_urls
from support.media import (
    make_silence,
    read_samples,
    write_audio,
    write_silent_film,
    write_wav,
)
from support.object_server import SIGNATURE_PARAMETER, ObjectServer, running_object_server
from support.speech import Clip, librivox_clip, librivox_clips
from support.spoken_words import count_word_errors, words_of
from support.waiting import wait_until
from waas_contract.exit_codes import FailureReason
from waas_contract.formats import OutputFormat
from waas_contract.job_environment import (
    ItemOutcome,
    ItemUrls,
    JobEnvironment,
    JobItem,
    TerminationMessage,
)
from waas_contract.manifest import Manifest, Outcome, ProgressNote
from waas_contract.object_keys import manifest_key, progress_key, result_key
from waas_contract.transcript import Transcript

pytestmark = pytest.mark.integration

CLIP = librivox_clip("0930")
SECRET_WORDS = (SIGNATURE_PARAMETER, "X-Amz-", "http://", "5ca1ab1e", "audio/recording")


@dataclass
class Program:
    """Runs the program in a folder of its own, as a pod would."""

    folder: Path
    model_directory: Path
    exit_code: int | None = None
    output: str = ""

    def __post_init__(self) -> None:
        for name in ("urls", "scratch", "store"):
            (self.folder / name).mkdir()

    def path(self, key: str) -> Path:
        """Return the file that stands for an object."""
        return self.folder / "store" / key

    def put(self, item: JobItem, urls: ItemUrls) -> JobItem:
        """Lay out an item's URLs."""
        write_urls(self.folder / "urls", item.name, urls)
        return item

    def add(self, audio: Path, item: JobItem | None = None) -> JobItem:
        """Lay out an item whose objects are files."""
        item = item or make_item()
        return self.put(
            item,
            make_urls(
                item.name, lambda key: self.path(key).as_uri(), audio=audio.absolute().as_uri()
            ),
        )

    def environment(
        self,
        items: Sequence[JobItem],
        *,
        model: str = "tiny.en",
        patience_seconds: float = 5,
    ) -> JobEnvironment:
        return JobEnvironment(
            items=tuple(items),
            model=model,
            model_directory=str(self.model_directory),
            urls_directory=str(self.folder / "urls"),
            scratch_directory=str(self.folder / "scratch"),
            termination_message_path=str(self.folder / "termination-log"),
            storage_patience_seconds=patience_seconds,
            progress_interval_seconds=0,
        )

    def start(self, variables: dict[str, str]) -> subprocess.Popen[str]:
        # As in a container: nothing of the test's environment but where programs are.
        return subprocess.Popen(
            [sys.executable, "-m", "waas_job"],
            env={"PATH": os.environ["PATH"], **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def finish(self, process: subprocess.Popen[str]) -> int:
        self.output, _ = process.communicate(timeout=120)
        self.exit_code = process.returncode
        assert list((self.folder / "scratch").iterdir()) == []
        return self.exit_code

    def run(
        self, *items: JobItem, model: str = "tiny.en", patience_seconds: float = 5
    ) -> tuple[ItemOutcome, ...]:
        environment = self.environment(items, model=model, patience_seconds=patience_seconds)
        self.finish(self.start(environment.to_variables()))
        return self.outcomes()

    def outcomes(self) -> tuple[ItemOutcome, ...]:
        text = (self.folder / "termination-log").read_text()
        return TerminationMessage.model_validate_json(text).outcomes

    def manifest(self, item: JobItem) -> Manifest:
        return Manifest.model_validate_json(
            self.path(manifest_key(item.namespace, item.name)).read_bytes()
        )

    def transcript(self, item: JobItem) -> Transcript:
        attempt = self.manifest(item).attempt
        path = self.path(result_key(item.namespace, item.name, attempt, OutputFormat.JSON))
        return Transcript.model_validate_json(path.read_bytes())


@pytest.fixture(scope="session")
def model_directory() -> Path:
    try:
        return checkpoint_directory()
    except WeightsNotInstalled as error:
        pytest.skip(str(error))


@pytest.fixture
def program(tmp_path: Path, model_directory: Path) -> Program:
    return Program(tmp_path, model_directory)


@pytest.fixture
def store() -> Iterator[ObjectServer]:
    with running_object_server() as server:
        yield server


@dataclass
class StoredItem:
    """An item whose objects lie in a store that speaks HTTP."""

    item: JobItem
    urls: ItemUrls

    def key(self, name: str) -> str:
        return f"{NAMESPACE}/{self.item.name}/{name}"


def add_stored_item(
    program: Program, store: ObjectServer, *, signature: str | None = None
) -> StoredItem:
    """Lay out an item with presigned URLs, its recording stored."""
    item = make_item()
    urls = make_urls(item.name, lambda key: store.url(key, signature=signature))
    stored_item = StoredItem(program.put(item, urls), urls)
    store.objects[stored_item.key("audio/recording")] = CLIP.path.read_bytes()
    return stored_item


def assert_nothing_secret_was_said(program: Program) -> None:
    said = program.output + (program.folder / "termination-log").read_text()
    assert [word for word in SECRET_WORDS if word in said] == []


def make_clip_item(clip: Clip, *, word_timestamps: bool = False) -> JobItem:
    return make_item(
        clip.name.replace("_", "-"), file_name=clip.path.name, word_timestamps=word_timestamps
    )


def test_real_speech_is_heard_word_for_word(program: Program) -> None:
    clips = librivox_clips()
    items = [program.add(clip.path, make_clip_item(clip)) for clip in clips]
    assert {outcome.reason for outcome in program.run(*items, model="base")} == {None}
    assert program.exit_code == 0
    for clip, item in zip(clips, items, strict=True):
        transcript = program.transcript(item)
        assert words_of(transcript.text) == words_of(clip.text)
        assert transcript.language == "en"


def test_smallest_model_hears_nearly_every_word(program: Program) -> None:
    clips = librivox_clips()
    items = [program.add(clip.path, make_clip_item(clip)) for clip in clips]
    program.run(*items)
    errors = [
        count_word_errors(program.transcript(item).text, clip.text)
        for clip, item in zip(clips, items, strict=True)
    ]
    # Of 70 words; tiny.en hears "an old-sposed young man" for "an ill disposed young man".
    assert sum(errors) <= 3


def test_results_manifest_and_progress_are_whole(program: Program) -> None:
    item = program.add(CLIP.path)
    assert program.run(item) == (ItemOutcome(name=item.name),)
    assert program.exit_code == 0

    manifest = program.manifest(item)
    assert manifest.answers(item.namespace, item.name, item.spec_digest)
    assert (manifest.outcome, manifest.attempt) == (Outcome.COMPLETE, 1)
    assert [file.format for file in manifest.files] == list(OutputFormat)
    for file in manifest.files:
        content = program.path(file.key).read_bytes()
        assert len(content) == file.bytes
        assert hashlib.sha256(content).hexdigest() == file.sha256
    assert manifest.audio.duration_seconds == pytest.approx(CLIP.duration_seconds)
    assert manifest.audio.sha256 == hashlib.sha256(CLIP.path.read_bytes()).hexdigest()
    assert manifest.audio.bytes == CLIP.path.stat().st_size
    checkpoint = (program.model_directory / "tiny.en.pt").read_bytes()
    assert manifest.engine.checkpoint_sha256 == hashlib.sha256(checkpoint).hexdigest()
    assert manifest.timing.transcribe_seconds > 0

    note = ProgressNote.model_validate_json(
        program.path(progress_key(item.namespace, item.name)).read_bytes()
    )
    assert note.duration_seconds == pytest.approx(CLIP.duration_seconds)
    assert note.processed_seconds == note.duration_seconds
    srt = program.path(result_key(item.namespace, item.name, 1, OutputFormat.SRT)).read_text()
    assert srt.startswith("1\n00:00:00,")


def test_words_have_times(program: Program) -> None:
    item = program.add(CLIP.path, make_clip_item(CLIP, word_timestamps=True))
    program.run(item)
    words = [word for segment in program.transcript(item).segments for word in segment.words or ()]
    assert len(words) == len(words_of(CLIP.text))
    for word, next_word in itertools.pairwise(words):
        assert 0 <= word.start <= word.end <= next_word.end <= CLIP.duration_seconds + 0.1


def test_mp4_with_its_index_at_the_end_is_heard(program: Program, tmp_path: Path) -> None:
    path = write_audio(tmp_path / "clip.mp4", read_samples(CLIP.path), codec="aac", rate=44_100)
    item = program.add(path)
    program.run(item)
    assert words_of(program.transcript(item).text) == words_of(CLIP.text)


def test_silence_is_a_success_with_nothing_said(program: Program, tmp_path: Path) -> None:
    item = program.add(write_wav(tmp_path / "silence.wav", make_silence(5)))
    assert program.run(item) == (ItemOutcome(name=item.name),)
    assert program.transcript(item).segments == ()


def test_one_bad_item_does_not_stop_the_other(program: Program, tmp_path: Path) -> None:
    film = program.add(write_silent_film(tmp_path / "film.mp4"), make_item("film"))
    clip = program.add(CLIP.path, make_item("clip"))
    bad, good = program.run(film, clip)
    assert program.exit_code == 65
    assert bad.reason is FailureReason.BAD_AUDIO
    assert "no sound in it" in bad.message
    assert good == ItemOutcome(name="clip")
    assert program.manifest(clip).outcome is Outcome.COMPLETE
    assert not program.path(manifest_key(NAMESPACE, "film")).exists()


def test_missing_recording_is_source_not_found(program: Program, tmp_path: Path) -> None:
    (outcome,) = program.run(program.add(tmp_path / "none.wav"))
    assert (program.exit_code, outcome.reason) == (66, FailureReason.SOURCE_NOT_FOUND)


def test_missing_model_is_named(program: Program) -> None:
    (outcome,) = program.run(program.add(CLIP.path), model="large-v3")
    assert (program.exit_code, outcome.reason) == (78, FailureReason.MODEL_NOT_FOUND)
    assert "large-v3.pt" in outcome.message


def test_missing_urls_are_named(program: Program) -> None:
    (outcome,) = program.run(make_item("nowhere"))
    assert (program.exit_code, outcome.reason) == (78, FailureReason.BAD_CONFIGURATION)
    assert "nowhere.json" in outcome.message


def test_broken_environment_is_told_without_loading_anything(program: Program) -> None:
    variables = program.environment([program.add(CLIP.path)]).to_variables()
    del variables["WAAS_MODEL"]
    began = time.monotonic()
    assert program.finish(program.start(variables)) == 78
    assert time.monotonic() - began < 5
    (outcome,) = program.outcomes()
    assert (outcome.name, outcome.reason) == ("interview", FailureReason.BAD_CONFIGURATION)
    assert "WAAS_MODEL" in outcome.message


def test_program_starts_without_what_is_slow_to_load() -> None:
    look = (
        "import sys, waas_job.__main__; print({'torch', 'whisper', 'av', 'numpy'} & {*sys.modules})"
    )
    found = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"


def test_finished_item_is_left_as_it_is(program: Program) -> None:
    item = program.add(CLIP.path)
    program.run(item)
    stored = {path: path.stat() for path in (program.folder / "store").rglob("*") if path.is_file()}
    assert program.run(item) == (ItemOutcome(name=item.name),)
    assert program.exit_code == 0
    for path, before in stored.items():
        now = path.stat()
        assert (now.st_ino, now.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_next_attempt_leaves_the_results_of_the_first(program: Program) -> None:
    item = program.add(CLIP.path)
    first = program.path(result_key(item.namespace, item.name, 1, OutputFormat.JSON))
    first.parent.mkdir(parents=True)
    first.write_text("another pod's")
    program.run(item)
    assert program.manifest(item).attempt == 2
    assert first.read_text() == "another pod's"
    assert words_of(program.transcript(item).text) == words_of(CLIP.text)


def test_sigterm_ends_it_at_once_with_last_words(program: Program, tmp_path: Path) -> None:
    # Two minutes of speech keep it busy for longer than the test waits.
    speech = np.tile(read_samples(CLIP.path), 40)
    item = program.add(write_wav(tmp_path / "long.wav", speech))
    process = program.start(program.environment([item]).to_variables())
    note = program.path(progress_key(item.namespace, item.name))
    wait_until(
        lambda: note.exists() and json.loads(note.read_text())["processedSeconds"] > 0,
        "there is progress",
    )
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    assert program.finish(process) == 143
    assert time.monotonic() - began < 2
    (outcome,) = program.outcomes()
    assert outcome.reason is FailureReason.INTERRUPTED
    assert "Stopped" in outcome.message
    assert not program.path(manifest_key(item.namespace, item.name)).exists()


def test_objects_over_http_are_read_and_written(program: Program, store: ObjectServer) -> None:
    stored = add_stored_item(program, store)
    assert program.run(stored.item) == (ItemOutcome(name=stored.item.name),)
    manifest = Manifest.model_validate_json(store.objects[stored.key("manifest.json")])
    for file in manifest.files:
        assert hashlib.sha256(store.objects[file.key]).hexdigest() == file.sha256
    assert store.requests[0] == ("GET", stored.key("manifest.json"), None)
    assert store.requests[-1] == ("PUT", stored.key("manifest.json"), None)
    assert_nothing_secret_was_said(program)


def test_store_without_conditional_writes_will_do(program: Program, store: ObjectServer) -> None:
    store.knows_conditions = False
    stored = add_stored_item(program, store)
    program.run(stored.item)
    assert program.exit_code == 0
    assert stored.key("manifest.json") in store.objects


def test_ended_urls_are_read_again_when_they_are_renewed(
    program: Program, store: ObjectServer
) -> None:
    stored = add_stored_item(program, store, signature="ended")
    process = program.start(program.environment([stored.item], patience_seconds=60).to_variables())
    wait_until(lambda: len(store.requests) >= 2, "the old URL was tried")
    program.put(stored.item, make_urls(stored.item.name, store.url))
    assert program.finish(process) == 0
    assert stored.key("manifest.json") in store.objects
    assert_nothing_secret_was_said(program)


def test_urls_that_are_never_renewed_leave_the_store_unavailable(
    program: Program, store: ObjectServer
) -> None:
    stored = add_stored_item(program, store, signature="ended")
    (outcome,) = program.run(stored.item, patience_seconds=1)
    assert (program.exit_code, outcome.reason) == (75, FailureReason.STORAGE_UNAVAILABLE)
    assert "HTTP 403" in outcome.message
    assert_nothing_secret_was_said(program)


def test_recording_that_was_deleted_is_source_not_found(
    program: Program, store: ObjectServer
) -> None:
    stored = add_stored_item(program, store)
    del store.objects[stored.key("audio/recording")]
    (outcome,) = program.run(stored.item)
    assert (program.exit_code, outcome.reason) == (66, FailureReason.SOURCE_NOT_FOUND)
    assert_nothing_secret_was_said(program)


def test_broken_store_is_given_up_when_patience_is_over(
    program: Program, store: ObjectServer
) -> None:
    stored = add_stored_item(program, store)
    store.failing[stored.key("audio/recording")] = 503
    began = time.monotonic()
    (outcome,) = program.run(stored.item, patience_seconds=2)
    assert (program.exit_code, outcome.reason) == (75, FailureReason.STORAGE_UNAVAILABLE)
    assert 2 < time.monotonic() - began < 10
    tries = [each for each in store.requests if each[1] == stored.key("audio/recording")]
    assert len(tries) >= 3
    assert_nothing_secret_was_said(program)


def test_store_that_is_not_there_is_given_up_when_patience_is_over(program: Program) -> None:
    with running_object_server() as store:
        stored = add_stored_item(program, store)
    (outcome,) = program.run(stored.item, patience_seconds=1)
    assert (program.exit_code, outcome.reason) == (75, FailureReason.STORAGE_UNAVAILABLE)
    assert "Connection refused" in outcome.message
    assert_nothing_secret_was_said(program)


def test_broken_download_goes_on_where_it_stopped(program: Program, store: ObjectServer) -> None:
    stored = add_stored_item(program, store)
    key = stored.key("audio/recording")
    store.cuts[key] = [10_000, 20_000]
    assert program.run(stored.item, patience_seconds=30) == (ItemOutcome(name=stored.item.name),)
    ranges = [each[2] for each in store.requests if each[1] == key]
    assert ranges == [None, "bytes=10000-", "bytes=30000-"]
    manifest = Manifest.model_validate_json(store.objects[stored.key("manifest.json")])
    assert manifest.audio.sha256 == hashlib.sha256(CLIP.path.read_bytes()).hexdigest()
    assert_nothing_secret_was_said(program)


def test_progress_that_cannot_be_noted_fails_nothing(program: Program, store: ObjectServer) -> None:
    stored = add_stored_item(program, store)
    store.failing[stored.key("state/progress.json")] = 500
    program.run(stored.item)
    assert program.exit_code == 0
    assert "the progress note could not be written" in program.output
    assert_nothing_secret_was_said(program)
