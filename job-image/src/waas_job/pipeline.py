"""The way of each item: fetch -> decode -> transcribe or tell the language -> render -> store."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from waas_contract.exit_codes import FailureReason
from waas_contract.job_environment import ItemOutcome, JobItem
from waas_contract.log_lines import log_fields
from waas_contract.manifest import (
    AudioFacts,
    EngineFacts,
    Manifest,
    Outcome,
    ProgressNote,
    Timing,
)
from waas_contract.transcript import PartialTranscript, Transcript
from waas_contract.transcription_job import Task
from waas_contract.transcription_options import DecodingOptions
from waas_job.audio import Audio, decode_audio
from waas_job.engine.protocol import (
    DETECTION_SECONDS,
    Engine,
    Language,
    Transcription,
    TranscriptionOptions,
)
from waas_job.errors import JobError
from waas_job.log_lines import without_urls
from waas_job.preview import Preview, preparing_preview
from waas_job.progress import ProgressNotes
from waas_job.publishing import is_published, publish_manifest, store_results
from waas_job.scratch import ScratchFile
from waas_job.storage.objects import ItemObjects

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tools:
    """Everything outside that the pipeline works with."""

    open_objects: Callable[[JobItem], ItemObjects]
    require_checkpoint: Callable[[], None]
    """Raises ModelNotFound before anything is fetched in vain."""

    load_engine: Callable[[], Engine]
    """Called for the first item that gets that far."""

    scratch_directory: Path
    progress_interval_seconds: float
    clock: Callable[[], float]
    """Seconds that only ever grow."""

    now: Callable[[], datetime]


@dataclass(frozen=True)
class _Fetched:
    audio: Audio
    bytes: int
    sha256: str
    fetch_seconds: float
    decode_seconds: float


class Pipeline:
    """Takes items one after the other, with one engine for all."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._engine: Engine | None = None

    def run(self, items: Iterable[JobItem], record: Callable[[ItemOutcome], None]) -> None:
        """Take every item as far as it goes and record how it ended."""
        for item in items:
            record(self._run_item(item))

    def _run_item(self, item: JobItem) -> ItemOutcome:
        try:
            self._transcribe_item(item)
        except JobError as error:
            logger.warning(
                "the transcription failed",
                extra=log_fields(
                    transcription_job=item.name,
                    reason=error.reason.value,
                    error=error.message,
                    cause=repr(error.__cause__) if error.__cause__ else None,
                ),
            )
            return ItemOutcome(name=item.name, reason=error.reason, message=error.message)
        except MemoryError:
            message = "There is not enough memory for this recording."
            logger.exception(message, extra=log_fields(transcription_job=item.name))
            return ItemOutcome(name=item.name, reason=FailureReason.OUT_OF_MEMORY, message=message)
        except Exception as error:
            logger.exception(
                "the transcription failed unexpectedly",
                extra=log_fields(transcription_job=item.name),
            )
            return ItemOutcome(
                name=item.name,
                reason=FailureReason.INTERNAL_ERROR,
                message=describe_unexpected(error),
            )
        return ItemOutcome(name=item.name)

    def _transcribe_item(self, item: JobItem) -> None:
        tools = self._tools
        start_time = tools.now()
        objects = tools.open_objects(item)
        if is_published(objects, item):
            logger.info("already done", extra=log_fields(transcription_job=item.name))
            return
        tools.require_checkpoint()

        watch = _StopWatch(tools.clock)
        with ScratchFile(tools.scratch_directory, item.file_name) as file:
            fetched = self._fetch(objects, item, file, watch)
            with preparing_preview(objects, file.path) as preview:
                self._hear_and_publish(objects, item, fetched, preview, watch, start_time)

    def _hear_and_publish(
        self,
        objects: ItemObjects,
        item: JobItem,
        fetched: _Fetched,
        preview: Preview,
        watch: "_StopWatch",
        start_time: datetime,
    ) -> None:
        notes = self._notes(objects)
        notes.begin(fetched.audio.duration_seconds)
        watch.lap()
        engine = self._ready_engine()
        load_seconds = watch.lap()
        heard = _hear(engine, fetched.audio, item, notes)
        transcribe_seconds = watch.lap()
        preview.store()
        attempt, files = store_results(objects, item, heard.transcript)
        timing = Timing(
            fetch_seconds=fetched.fetch_seconds,
            decode_seconds=fetched.decode_seconds,
            load_seconds=load_seconds,
            transcribe_seconds=transcribe_seconds,
            store_seconds=watch.lap(),
        )
        manifest = Manifest(
            namespace=item.namespace,
            name=item.name,
            spec_digest=item.spec_digest,
            outcome=Outcome.COMPLETE,
            attempt=attempt,
            files=files,
            audio=_audio_facts(fetched, heard.language),
            engine=engine.facts,
            timing=timing,
            unsupported_options=heard.unsupported_options,
            start_time=start_time,
            completion_time=self._tools.now(),
        )
        publish_manifest(objects, item, manifest)
        _log_completion(manifest)

    def _fetch(
        self, objects: ItemObjects, item: JobItem, file: ScratchFile, watch: "_StopWatch"
    ) -> _Fetched:
        objects.fetch_audio(file)
        fetch_seconds = watch.lap()
        return _Fetched(
            audio=decode_audio(file.path, longest_seconds=_longest_seconds(item)),
            bytes=file.size,
            sha256=file.sha256,
            fetch_seconds=fetch_seconds,
            decode_seconds=watch.lap(),
        )

    def _notes(self, objects: ItemObjects) -> ProgressNotes:
        def put(note: ProgressNote) -> None:
            objects.note_progress(note.model_dump_json(by_alias=True).encode())

        def put_partial(partial: PartialTranscript) -> None:
            objects.note_partial(partial.model_dump_json(exclude_defaults=True).encode())

        return ProgressNotes(
            put,
            put_partial,
            interval_seconds=self._tools.progress_interval_seconds,
            clock=self._tools.clock,
            now=self._tools.now,
        )

    def _ready_engine(self) -> Engine:
        if self._engine is None:
            self._engine = self._tools.load_engine()
        return self._engine


class _StopWatch:
    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = clock()

    def lap(self) -> float:
        """Return the seconds since the last lap, to the millisecond."""
        before, self._last = self._last, self._clock()
        return round(self._last - before, 3)


def describe_unexpected(error: BaseException) -> str:
    """Return one line on an error that nobody foresaw, fit for strangers' eyes."""
    first_line = str(error).strip().partition("\n")[0]
    return without_urls(f"{type(error).__name__}: {first_line}".rstrip(": "))


def _longest_seconds(item: JobItem) -> float | None:
    """Return how much of a recording is worth decoding."""
    return DETECTION_SECONDS if item.task is Task.DETECT else None


def _hear(engine: Engine, audio: Audio, item: JobItem, notes: ProgressNotes) -> Transcription:
    if item.task is not Task.DETECT:
        heard = engine.transcribe(audio.samples, _options(item), notes.advance)
        if heard.unsupported_options:
            logger.warning(
                "some options could not be honoured",
                extra=log_fields(
                    transcription_job=item.name, options=list(heard.unsupported_options)
                ),
            )
        return heard
    language = engine.detect_language(audio.samples)
    transcript = Transcript(
        language=language.code, duration=audio.duration_seconds, text="", segments=()
    )
    return Transcription(transcript, language)


def _options(item: JobItem) -> TranscriptionOptions:
    decoding = item.decoding or DecodingOptions()
    needs_words = (
        # Captions are cut where the words are, and silence is looked for around them.
        (item.subtitles is not None and item.subtitles.limits_anything)
        or decoding.hallucination_silence_threshold is not None
    )
    return TranscriptionOptions(
        language=item.language,
        task=item.task,
        initial_prompt=item.initial_prompt,
        word_timestamps=item.word_timestamps or needs_words,
        decoding=decoding,
        voice_activity=item.voice_activity,
    )


def _audio_facts(fetched: _Fetched, language: Language) -> AudioFacts:
    return AudioFacts(
        duration_seconds=fetched.audio.duration_seconds,
        language=language.code,
        language_probability=language.probability,
        is_damaged=fetched.audio.is_damaged,
        sha256=fetched.sha256,
        bytes=fetched.bytes,
    )


def _log_completion(manifest: Manifest) -> None:
    engine: EngineFacts = manifest.engine
    logger.info(
        "done",
        extra=log_fields(
            transcription_job=manifest.name,
            attempt=manifest.attempt,
            audio_seconds=round(manifest.audio.duration_seconds, 1),
            model=engine.model,
            device=engine.device,
            **manifest.timing.model_dump(),
        ),
    )
