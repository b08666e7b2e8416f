import hashlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from support.in_memory_objects import AUDIO, MANIFEST, InMemoryObjects
from support.job_items import make_item
from support.media import make_tone, write_silent_film, write_wav
from waas_contract.exit_codes import FailureReason
from waas_contract.formats import OutputFormat
from waas_contract.job_environment import ItemOutcome, JobItem
from waas_contract.manifest import EngineFacts, Manifest, Outcome, ProgressNote
from waas_contract.transcript import Segment, Transcript
from waas_job.engine.protocol import TranscriptionOptions
from waas_job.errors import ModelNotFound, StorageUnavailable
from waas_job.pipeline import Pipeline, Tools

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass
class FakeEngine:
    """Hears the same in everything."""

    segments: tuple[Segment, ...] = (Segment(id=0, start=0, end=1, text=" Good morning."),)
    failure: BaseException | None = None
    asked: list[TranscriptionOptions] = field(default_factory=list)

    @property
    def facts(self) -> EngineFacts:
        return EngineFacts(name="fake", version="1", model="base", device="cpu")

    def transcribe(
        self,
        samples: npt.NDArray[np.float32],
        options: TranscriptionOptions,
        on_progress: Callable[[float], None],
    ) -> Transcript:
        self.asked.append(options)
        if self.failure:
            raise self.failure
        duration = len(samples) / 16_000
        on_progress(duration / 2)
        on_progress(duration)
        return Transcript(
            language=options.language or "en",
            duration=duration,
            text="".join(segment.text for segment in self.segments),
            segments=self.segments,
        )


@dataclass
class Run:
    """A pipeline in a test: what it works with, and what came of it."""

    scratch_directory: Path
    objects: dict[str, InMemoryObjects]
    engine: FakeEngine = field(default_factory=FakeEngine)
    has_checkpoint: bool = True
    engines_loaded: int = 0

    def take(self, items: Sequence[JobItem]) -> list[ItemOutcome]:
        seconds = itertools.count(start=100.0, step=1.0)
        tools = Tools(
            open_objects=lambda item: self.objects[item.name],
            require_checkpoint=self._require_checkpoint,
            load_engine=self._load_engine,
            scratch_directory=self.scratch_directory,
            progress_interval_seconds=0,
            clock=lambda: next(seconds),
            now=lambda: NOW,
        )
        outcomes: list[ItemOutcome] = []
        Pipeline(tools).run(items, outcomes.append)
        assert list(self.scratch_directory.iterdir()) == []
        return outcomes

    def _require_checkpoint(self) -> None:
        if not self.has_checkpoint:
            raise ModelNotFound("There is no base.pt in /models.")

    def _load_engine(self) -> FakeEngine:
        self.engines_loaded += 1
        return self.engine


@pytest.fixture
def recording(tmp_path: Path) -> bytes:
    return write_wav(tmp_path / "recording.wav", make_tone(2)).read_bytes()


@pytest.fixture
def run(tmp_path: Path, recording: bytes) -> Run:
    scratch_directory = tmp_path / "scratch"
    scratch_directory.mkdir()
    return Run(
        scratch_directory=scratch_directory,
        objects={
            name: InMemoryObjects(stored={AUDIO: recording})
            for name in ("interview", "second", "third")
        },
    )


def manifest_of(objects: InMemoryObjects) -> Manifest:
    return Manifest.model_validate_json(objects.stored[MANIFEST])


def test_manifest_is_written_last(run: Run) -> None:
    assert run.take([make_item()]) == [ItemOutcome(name="interview")]
    assert run.objects["interview"].written == [
        (1, OutputFormat.JSON),
        (1, OutputFormat.SRT),
        (1, OutputFormat.VTT),
        (1, OutputFormat.TXT),
        (1, OutputFormat.TSV),
        MANIFEST,
    ]


def test_manifest_tells_what_was_done(run: Run, recording: bytes) -> None:
    run.take([make_item()])
    objects = run.objects["interview"]
    manifest = manifest_of(objects)
    assert manifest.answers("newsroom", "interview", "sha256:asked-for")
    assert manifest.outcome is Outcome.COMPLETE
    assert manifest.attempt == 1
    assert manifest.engine == run.engine.facts
    assert manifest.audio.duration_seconds == 2
    assert manifest.audio.bytes == len(recording)
    assert manifest.audio.sha256 == hashlib.sha256(recording).hexdigest()
    assert manifest.start_time == manifest.completion_time == NOW
    for file in manifest.files:
        content = objects.stored[manifest.attempt, file.format]
        assert (file.bytes, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())


def test_engine_is_asked_for_what_the_item_asks_for(run: Run) -> None:
    run.take([make_item(language="de", initial_prompt="Aftenposten", word_timestamps=True)])
    assert run.engine.asked == [
        TranscriptionOptions(language="de", initial_prompt="Aftenposten", word_timestamps=True)
    ]


def test_progress_begins_with_the_duration(run: Run) -> None:
    run.take([make_item()])
    notes = [
        ProgressNote.model_validate_json(note) for note in run.objects["interview"].progress_notes
    ]
    assert [(note.processed_seconds, note.duration_seconds) for note in notes] == [
        (0, 2),
        (1, 2),
        (2, 2),
    ]


def test_finished_item_is_not_done_again(run: Run) -> None:
    run.take([make_item()])
    run.objects["interview"].written.clear()
    assert run.take([make_item()]) == [ItemOutcome(name="interview")]
    assert run.objects["interview"].written == []
    assert run.engines_loaded == 1


def test_item_with_a_stale_manifest_is_done_again(run: Run) -> None:
    run.take([make_item(spec_digest="sha256:other")])
    run.take([make_item()])
    manifest = manifest_of(run.objects["interview"])
    assert (manifest.spec_digest, manifest.attempt) == ("sha256:asked-for", 2)


def test_silence_is_a_success_with_an_empty_transcript(run: Run) -> None:
    run.engine = FakeEngine(segments=())
    assert run.take([make_item()]) == [ItemOutcome(name="interview")]
    stored = run.objects["interview"].stored
    assert Transcript.model_validate_json(stored[1, OutputFormat.JSON]).segments == ()
    assert stored[1, OutputFormat.VTT] == b"WEBVTT\n"
    assert stored[1, OutputFormat.SRT] == b""


def test_one_bad_item_does_not_stop_the_others(run: Run, tmp_path: Path) -> None:
    film = write_silent_film(tmp_path / "film.mp4").read_bytes()
    run.objects["second"].stored[AUDIO] = film
    outcomes = run.take([make_item("interview"), make_item("second"), make_item("third")])
    assert [outcome.reason for outcome in outcomes] == [None, FailureReason.BAD_AUDIO, None]
    assert run.engines_loaded == 1


def test_bad_audio_is_told_before_the_engine_is_loaded(run: Run) -> None:
    run.objects["interview"].stored[AUDIO] = b"no audio"
    (outcome,) = run.take([make_item()])
    assert outcome.reason is FailureReason.BAD_AUDIO
    assert run.engines_loaded == 0
    assert run.objects["interview"].written == []


def test_missing_audio_is_source_not_found(run: Run) -> None:
    del run.objects["interview"].stored[AUDIO]
    (outcome,) = run.take([make_item()])
    assert outcome.reason is FailureReason.SOURCE_NOT_FOUND


def test_missing_model_is_told_before_anything_is_fetched(run: Run) -> None:
    run.has_checkpoint = False
    del run.objects["interview"].stored[AUDIO]
    (outcome,) = run.take([make_item()])
    assert outcome == ItemOutcome(
        name="interview",
        reason=FailureReason.MODEL_NOT_FOUND,
        message="There is no base.pt in /models.",
    )


def test_unavailable_store_is_told(run: Run) -> None:
    run.objects["interview"].failure = StorageUnavailable("Not available (HTTP 503).")
    (outcome,) = run.take([make_item()])
    assert outcome.reason is FailureReason.STORAGE_UNAVAILABLE
    assert outcome.message == "Not available (HTTP 503)."


@pytest.mark.parametrize(
    ("failure", "reason", "message"),
    [
        (
            RuntimeError("cannot read https://store.test/key?X-Amz-Signature=1\nmore"),
            FailureReason.INTERNAL_ERROR,
            "RuntimeError: cannot read [url]",
        ),
        (KeyError(), FailureReason.INTERNAL_ERROR, "KeyError"),
        (
            MemoryError(),
            FailureReason.OUT_OF_MEMORY,
            "There is not enough memory for this recording.",
        ),
    ],
)
def test_unforeseen_failure_is_told_in_one_line_without_urls(
    run: Run, failure: BaseException, reason: FailureReason, message: str
) -> None:
    run.engine = FakeEngine(failure=failure)
    outcomes = run.take([make_item(), make_item("second")])
    assert outcomes == [
        ItemOutcome(name=name, reason=reason, message=message) for name in ("interview", "second")
    ]
    assert run.objects["interview"].written == []
