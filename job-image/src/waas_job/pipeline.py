"""The way of each item: fetch -> decode -> transcribe or tell the language -> render -> store."""

import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from waas_contract.exit_codes import FailureReason
from waas_contract.job_environment import ItemOutcome, JobItem
from waas_contract.log_lines import log_fields
from waas_contract.manifest import ProgressNote
from waas_contract.transcript import PartialTranscript, Transcript
from waas_contract.transcription_job import Task
from waas_contract.transcription_options import DecodingOptions
from waas_job.attempt import Attempt, StopWatch
from waas_job.audio import Recording, open_recording
from waas_job.checkpoint import CheckpointKeeper, describe_origin
from waas_job.engine.protocol import (
    DETECTION_SECONDS,
    Engine,
    Heard,
    Samples,
    Transcription,
    TranscriptionOptions,
)
from waas_job.errors import JobError
from waas_job.log_lines import without_urls
from waas_job.preview import preparing_preview
from waas_job.progress import ProgressNotes
from waas_job.publishing import is_published
from waas_job.read_ahead import ReadAhead
from waas_job.scratch import ScratchFile
from waas_job.storage.objects import ItemObjects
from waas_job.unfinished import UnfinishedWork

logger = logging.getLogger(__name__)

# Of decoded sound that waits for whoever listens: four minutes, 15 MB.
_BLOCKS_AHEAD = 8


@dataclass(frozen=True)
class Tools:
    """Everything outside that the pipeline works with."""

    open_objects: Callable[[JobItem], ItemObjects]
    require_checkpoint: Callable[[], None]
    """Raises ModelNotFound before anything is fetched in vain."""

    load_engine: Callable[[], Engine]
    """Called for the first item that gets that far."""

    scratch_directory: Path
    unfinished: UnfinishedWork
    """Told what to keep of the item at hand when the program has to stop."""

    progress_interval_seconds: float
    checkpoint_interval_seconds: float
    clock: Callable[[], float]
    """Seconds that only ever grow."""

    now: Callable[[], datetime]
    stage: Callable[[str], AbstractContextManager[None]]
    """Told of each stage by what holds as long as it takes."""


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

        watch = StopWatch(tools.clock)
        with ScratchFile(tools.scratch_directory, item.file_name) as file:
            with tools.stage("fetch"):
                objects.fetch_audio(file)
            fetch_seconds = watch.lap()
            with (
                _open_recording(item, file.path) as recording,
                preparing_preview(objects, file.path) as preview,
                # It is decoded while the model is loaded.
                ReadAhead(recording.blocks(), most=_BLOCKS_AHEAD) as blocks,
            ):
                notes = self._notes(objects)
                notes.begin(recording.duration_seconds)
                watch.lap()
                with tools.stage("load"):
                    engine = self._ready_engine()
                attempt = Attempt(
                    item=item,
                    objects=objects,
                    file=file,
                    recording=recording,
                    engine=engine.facts,
                    checkpoints=self._checkpoints(objects, item, file, engine),
                    watch=watch,
                    now=tools.now,
                    start_time=start_time,
                    fetch_seconds=fetch_seconds,
                    load_seconds=watch.lap(),
                )
                with tools.unfinished.kept_by(attempt.keep):
                    with tools.stage("transcribe"):
                        transcription = _hear(engine, blocks, attempt, notes)
                    attempt.transcribe_seconds = watch.lap()
                    preview.store()
                    with tools.unfinished.finishing(), tools.stage("publish"):
                        attempt.publish(transcription)

    def _checkpoints(
        self, objects: ItemObjects, item: JobItem, file: ScratchFile, engine: Engine
    ) -> CheckpointKeeper:
        return CheckpointKeeper(
            objects,
            describe_origin(item, file.sha256, engine.facts),
            interval_seconds=self._tools.checkpoint_interval_seconds,
            clock=self._tools.clock,
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


def describe_unexpected(error: BaseException) -> str:
    """Return one line on an error that nobody foresaw, fit for strangers' eyes."""
    first_line = str(error).strip().partition("\n")[0]
    return without_urls(f"{type(error).__name__}: {first_line}".rstrip(": "))


def _open_recording(item: JobItem, path: Path) -> AbstractContextManager[Recording]:
    """Open as much of a recording as is worth decoding."""
    if item.task is Task.DETECT:
        return open_recording(path, longest_seconds=DETECTION_SECONDS)
    return open_recording(path, by_channel=item.speakers_by_channel)


def _hear(
    engine: Engine, blocks: Iterable[Samples], attempt: Attempt, notes: ProgressNotes
) -> Transcription:
    if attempt.item.task is Task.DETECT:
        return _detect_language(engine, blocks, attempt.recording)
    before = attempt.checkpoints.find()

    def on_progress(heard: Heard) -> None:
        attempt.heard = heard
        notes.advance(heard, attempt.recording.duration_seconds)
        attempt.checkpoints.advance(heard)

    transcription = engine.transcribe(blocks, _options(attempt.item), on_progress, before=before)
    if transcription.unsupported_options:
        logger.warning(
            "some options could not be honoured",
            extra=log_fields(
                transcription_job=attempt.item.name,
                options=list(transcription.unsupported_options),
            ),
        )
    return transcription


def _detect_language(
    engine: Engine, blocks: Iterable[Samples], recording: Recording
) -> Transcription:
    language = engine.detect_language(np.concatenate(list(blocks)))
    transcript = Transcript(
        language=language.code, duration=recording.duration_seconds, text="", segments=()
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
        speakers_by_channel=item.speakers_by_channel,
        decoding=decoding,
        voice_activity=item.voice_activity,
    )
