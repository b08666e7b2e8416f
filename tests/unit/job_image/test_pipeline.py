import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.in_memory_objects import AUDIO, MANIFEST, InMemoryObjects
from support.job_items import make_item
from support.media import make_tone, write_silent_film, write_wav
from waas_contract.exit_codes import FailureReason
from waas_contract.formats import OutputFormat
from waas_contract.job_environment import ItemOutcome, JobItem
from waas_contract.manifest import EngineFacts, Manifest, Outcome, ProgressNote
from waas_contract.transcript import PartialTranscript, Segment, Transcript
from waas_contract.transcription_job import Task
from waas_contract.transcription_options import (
    DecodingOptions,
    SubtitleOptions,
    VoiceActivityOptions,
)
from waas_job.engine.protocol import (
    Heard,
    Language,
    Samples,
    Transcription,
    TranscriptionOptions,
)
from waas_job.errors import ModelNotFound, StorageUnavailable
from waas_job.pipeline import Pipeline, Tools
from waas_job.unfinished import UnfinishedWork

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass
class FakeEngine:
    """Hears the same in everything, the first half of it halfway."""

    segments: tuple[Segment, ...] = (
        Segment(id=0, start=0, end=1, text=" Good morning.", tokens=(50364, 2205)),
    )
    version: str = "1"
    failure: BaseException | None = None
    unsupported_options: tuple[str, ...] = ()
    asked: list[TranscriptionOptions] = field(default_factory=list)
    went_on_from: list[Heard | None] = field(default_factory=list)
    shapes: list[tuple[int, ...]] = field(default_factory=list)
    """Of the blocks of the last recording."""

    listened_to: list[int] = field(default_factory=list)
    """How many samples of each recording it was asked to tell the language of."""

    @property
    def facts(self) -> EngineFacts:
        return EngineFacts(name="fake", version=self.version, model="base", device="cpu")

    def transcribe(
        self,
        blocks: Iterable[Samples],
        options: TranscriptionOptions,
        on_progress: Callable[[Heard], None],
        *,
        before: Heard | None = None,
    ) -> Transcription:
        self.asked.append(options)
        self.went_on_from.append(before)
        if self.failure:
            raise self.failure
        listened = list(blocks)
        self.shapes = [block.shape for block in listened]
        duration = sum(shape[-1] for shape in self.shapes) / 16_000
        language = Language(options.language) if options.language else Language("en", 0.75)
        half = self.segments[: (len(self.segments) + 1) // 2]
        on_progress(Heard(duration / 2, language, half))
        on_progress(Heard(duration, language, self.segments))
        return Transcription(
            Transcript(
                language=language.code,
                duration=duration,
                text="".join(segment.text for segment in self.segments),
                segments=self.segments,
            ),
            language,
            self.unsupported_options,
        )

    def detect_language(self, samples: Samples) -> Language:
        self.listened_to.append(len(samples))
        return Language("no", 0.875)


@dataclass
class Run:
    """A pipeline in a test: what it works with, and what came of it."""

    scratch_directory: Path
    objects: dict[str, InMemoryObjects]
    engine: FakeEngine = field(default_factory=FakeEngine)
    has_checkpoint: bool = True
    engines_loaded: int = 0
    unfinished: UnfinishedWork = field(default_factory=UnfinishedWork)
    checkpoint_interval_seconds: float = 0
    asked_for: str = make_item().spec_digest
    other_recording: bytes = b""
    stages: list[str] = field(default_factory=list)

    def take(self, items: Sequence[JobItem]) -> list[ItemOutcome]:
        tools = Tools(
            open_objects=lambda item: self.objects[item.name],
            require_checkpoint=self._require_checkpoint,
            load_engine=self._load_engine,
            scratch_directory=self.scratch_directory,
            unfinished=self.unfinished,
            progress_interval_seconds=0,
            checkpoint_interval_seconds=self.checkpoint_interval_seconds,
            clock=lambda: 100.0,
            now=lambda: NOW,
            stage=self._note_stage,
        )
        outcomes: list[ItemOutcome] = []
        Pipeline(tools).run(items, outcomes.append)
        assert list(self.scratch_directory.iterdir()) == []
        return outcomes

    def _require_checkpoint(self) -> None:
        if not self.has_checkpoint:
            raise ModelNotFound("There is no base.pt in /models.")

    @contextmanager
    def _note_stage(self, name: str) -> Iterator[None]:
        self.stages.append(name)
        yield

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


def test_each_stage_is_told_of_in_order(run: Run) -> None:
    run.take([make_item()])

    assert run.stages == ["fetch", "load", "transcribe", "publish"]


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


def test_engine_is_asked_for_everything_that_decides_how(run: Run) -> None:
    decoding = DecodingOptions(beam_size=5, no_speech_threshold=1)
    voice_activity = VoiceActivityOptions(enabled=False)
    run.take([make_item(decoding=decoding, voice_activity=voice_activity, task=Task.TRANSLATE)])
    assert run.engine.asked == [
        TranscriptionOptions(decoding=decoding, voice_activity=voice_activity, task=Task.TRANSLATE)
    ]


def test_channels_are_decoded_by_themselves_where_they_are_speakers(
    run: Run, tmp_path: Path
) -> None:
    call = np.stack([make_tone(2), make_tone(2, hertz=880)])
    run.objects["interview"].stored[AUDIO] = write_wav(tmp_path / "call.wav", call).read_bytes()
    run.engine = FakeEngine(
        segments=(Segment(id=0, start=0, end=1, text=" Hei.", speaker="Speaker 2"),)
    )
    run.take([make_item(speakers_by_channel=True)])

    assert run.engine.asked == [TranscriptionOptions(speakers_by_channel=True)]
    assert run.engine.shapes == [(2, 32_000)]
    objects = run.objects["interview"]
    assert manifest_of(objects).audio.duration_seconds == 2
    assert objects.stored[1, OutputFormat.TXT] == b"Speaker 2: Hei.\n"
    partial = PartialTranscript.model_validate_json(objects.partials[-1])
    assert [each.speaker for each in partial.segments] == ["Speaker 2"]


@pytest.mark.parametrize(
    ("item", "needs_words"),
    [
        (make_item(), False),
        (make_item(subtitles=SubtitleOptions()), False),
        (make_item(subtitles=SubtitleOptions(max_line_width=42)), True),
        (make_item(decoding=DecodingOptions(hallucination_silence_threshold=2)), True),
    ],
    ids=["plain", "no limits", "captions that are cut", "silence that is looked for"],
)
def test_words_are_timed_where_they_are_needed(run: Run, item: JobItem, needs_words: bool) -> None:
    run.take([item])
    assert [options.word_timestamps for options in run.engine.asked] == [needs_words]


def test_subtitles_are_cut_as_the_item_asks(run: Run) -> None:
    run.take([make_item(subtitles=SubtitleOptions(max_line_width=10, max_line_count=1))])
    stored = run.objects["interview"].stored
    assert stored[1, OutputFormat.SRT].count(b"-->") == 2
    assert b"\nmorning.\n" in stored[1, OutputFormat.VTT]
    assert stored[1, OutputFormat.TXT] == b"Good morning.\n"


def test_manifest_tells_how_sure_the_model_is_of_the_language(run: Run) -> None:
    run.take([make_item("interview"), make_item("second", language="de")])
    facts = [manifest_of(run.objects[name]).audio for name in ("interview", "second")]
    assert [(each.language, each.language_probability) for each in facts] == [
        ("en", 0.75),
        ("de", None),
    ]


def test_options_that_the_engine_lacks_are_told(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    run.engine = FakeEngine(unsupported_options=("voiceActivity",))
    run.take([make_item()])
    assert manifest_of(run.objects["interview"]).unsupported_options == ("voiceActivity",)
    assert caplog.text.count("some options could not be honoured") == 1


def test_language_is_told_from_the_beginning_and_nothing_is_transcribed(
    run: Run, tmp_path: Path
) -> None:
    recording = write_wav(tmp_path / "long.wav", make_tone(95))
    run.objects["interview"].stored[AUDIO] = recording.read_bytes()
    item = make_item(task=Task.DETECT, formats=(OutputFormat.JSON,))
    assert run.take([item]) == [ItemOutcome(name="interview")]
    assert (run.engine.listened_to, run.engine.asked) == ([30 * 16_000], [])
    objects = run.objects["interview"]
    assert objects.written == [(1, OutputFormat.JSON), MANIFEST]
    assert Transcript.model_validate_json(objects.stored[1, OutputFormat.JSON]) == Transcript(
        language="no", duration=95, text="", segments=()
    )
    facts = manifest_of(objects).audio
    assert (facts.language, facts.language_probability) == ("no", 0.875)
    assert facts.duration_seconds == 95


def test_what_was_heard_so_far_is_stored_on_the_way(run: Run) -> None:
    segments = tuple(
        Segment(id=number, start=number, end=number + 1, text=f" {number}", tokens=(1, 2))
        for number in range(4)
    )
    run.engine = FakeEngine(segments=segments)
    run.take([make_item()])
    objects = run.objects["interview"]
    partials = [PartialTranscript.model_validate_json(each) for each in objects.partials]
    assert [[segment.text for segment in each.segments] for each in partials] == [
        [" 0", " 1"],
        [" 0", " 1", " 2", " 3"],
    ]
    assert {each.language for each in partials} == {"en"}
    assert b"tokens" not in objects.partials[-1]


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


class Stopped(BaseException):
    """Stands for SIGTERM: the program goes no further."""


def stop_after_half(run: Run, *, keeps: bool = True) -> None:
    """Stop an attempt when half of the recording was heard."""
    engine = run.engine
    transcribe = engine.transcribe

    def stop(
        blocks: Iterable[Samples],
        options: TranscriptionOptions,
        on_progress: Callable[[Heard], None],
        *,
        before: Heard | None = None,
    ) -> Transcription:
        def take_half(heard: Heard) -> None:
            on_progress(heard)
            if keeps:
                run.unfinished.keep()
            raise Stopped

        return transcribe(blocks, options, take_half, before=before)

    run.engine.transcribe = stop  # type: ignore[method-assign]
    with pytest.raises(Stopped):
        run.take([make_item()])
    run.engine.transcribe = transcribe  # type: ignore[method-assign]


def test_another_attempt_goes_on_from_what_was_heard(run: Run) -> None:
    run.engine.segments = (
        Segment(id=0, start=0, end=1, text=" Good", tokens=(2205,)),
        Segment(id=1, start=1, end=2, text=" morning.", tokens=(2446,)),
    )
    stop_after_half(run, keeps=False)
    assert run.take([make_item()]) == [ItemOutcome(name="interview")]
    first, second = run.engine.went_on_from
    assert first is None
    assert second == Heard(1.0, Language("en", 0.75), run.engine.segments[:1])


@pytest.mark.parametrize(
    "change",
    [
        lambda run: setattr(run, "asked_for", "sha256:another"),
        lambda run: setattr(run.engine, "version", "2"),
        lambda run: run.objects["interview"].stored.update({AUDIO: run.other_recording}),
        lambda run: run.objects["interview"].checkpoints.append(b"{}"),
    ],
    ids=["another spec", "another engine", "another recording", "a broken one"],
)
def test_a_checkpoint_of_anything_else_is_not_gone_on_from(
    run: Run, change: Callable[[Run], None], tmp_path: Path
) -> None:
    run.other_recording = write_wav(tmp_path / "other.wav", make_tone(3)).read_bytes()
    run.take([make_item()])
    run.objects["interview"].stored.pop(MANIFEST)
    change(run)
    run.take([make_item(spec_digest=run.asked_for)])
    assert run.engine.went_on_from == [None, None]


def test_what_was_heard_is_kept_when_the_program_is_stopped(run: Run) -> None:
    objects = run.objects["interview"]
    run.checkpoint_interval_seconds = 1000
    stop_after_half(run)
    manifest = manifest_of(objects)
    assert manifest.outcome is Outcome.PARTIAL
    assert manifest.attempt == 1
    partial = Transcript.model_validate_json(objects.stored[1, OutputFormat.JSON])
    assert partial.text == " Good morning."
    assert partial.duration == 2
    assert len(objects.checkpoints) == 1

    stop_after_half(run)
    assert manifest_of(objects).attempt == 1

    # It proves nothing: the next attempt goes on, under a number of its own.
    assert run.take([make_item()]) == [ItemOutcome(name="interview")]
    assert manifest_of(objects).outcome is Outcome.COMPLETE
    assert manifest_of(objects).attempt == 2


def test_a_stopped_attempt_leaves_what_another_has_published(run: Run) -> None:
    objects = run.objects["interview"]
    run.take([make_item()])
    published = dict(objects.stored)
    manifest = objects.stored.pop(MANIFEST)
    transcribe = run.engine.transcribe

    def publish(*given: Any, **options: Any) -> Transcription:
        objects.stored[MANIFEST] = manifest
        return transcribe(*given, **options)

    run.engine.transcribe = publish  # type: ignore[method-assign]
    stop_after_half(run)
    assert objects.stored == published


def test_nothing_heard_is_nothing_kept(run: Run) -> None:
    run.checkpoint_interval_seconds = 1000
    run.engine.segments = ()
    stop_after_half(run)
    assert run.objects["interview"].written == []
    assert run.objects["interview"].checkpoints == []


def test_checkpoints_that_cannot_be_kept_fail_nothing(run: Run) -> None:
    run.objects["interview"].refuses_checkpoints = True
    assert run.take([make_item()]) == [ItemOutcome(name="interview")]
