"""One attempt at one item: what is learnt on the way, and the results that come of it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from waas_contract.job_environment import JobItem
from waas_contract.log_lines import log_fields
from waas_contract.manifest import (
    AudioFacts,
    EngineFacts,
    Manifest,
    Outcome,
    ResultFile,
    Timing,
)
from waas_contract.transcript import Transcript
from waas_job.audio import Recording
from waas_job.checkpoint import CheckpointKeeper
from waas_job.engine.protocol import Heard, Language, Transcription
from waas_job.publishing import publish_manifest, store_partial_results, store_results
from waas_job.scratch import ScratchFile
from waas_job.storage.objects import ItemObjects

logger = logging.getLogger(__name__)


class StopWatch:
    """Tells how long each step took."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = clock()

    def lap(self) -> float:
        """Return the seconds since the last lap, to the millisecond."""
        before, self._last = self._last, self._clock()
        return round(self._last - before, 3)


@dataclass
class Attempt:
    """An item whose recording is here, and whose engine is ready."""

    item: JobItem
    objects: ItemObjects
    file: ScratchFile
    recording: Recording
    engine: EngineFacts
    checkpoints: CheckpointKeeper
    watch: StopWatch
    now: Callable[[], datetime]
    start_time: datetime
    fetch_seconds: float
    load_seconds: float
    transcribe_seconds: float = 0
    heard: Heard | None = None
    """What was heard so far; replaced whole, for another thread may read it."""

    def publish(self, transcription: Transcription) -> None:
        """Store the whole transcript, the manifest last."""
        attempt, files = store_results(self.objects, self.item, transcription.transcript)
        manifest = self._build_manifest(
            Outcome.COMPLETE,
            attempt,
            files,
            transcription.language,
            unsupported_options=transcription.unsupported_options,
        )
        publish_manifest(self.objects, self.item, manifest)
        _log_completion(manifest)

    def keep(self) -> None:
        """Store what was heard so far: for the next attempt, and for who gives up on it."""
        heard = self.heard
        if heard is None or not heard.segments:
            return
        self.checkpoints.keep(heard)
        transcript = Transcript(
            language=heard.language.code,
            duration=self.recording.duration_seconds,
            text="".join(each.text for each in heard.segments),
            segments=tuple(heard.segments),
        )
        stored = store_partial_results(self.objects, self.item, transcript)
        if stored is None:
            return
        manifest = self._build_manifest(Outcome.PARTIAL, *stored, heard.language)
        publish_manifest(self.objects, self.item, manifest)
        logger.info(
            "stopped; what was heard is kept",
            extra=log_fields(
                transcription_job=self.item.name, done_seconds=round(heard.seconds, 1)
            ),
        )

    def _build_manifest(
        self,
        outcome: Outcome,
        attempt: int,
        files: tuple[ResultFile, ...],
        language: Language,
        unsupported_options: tuple[str, ...] = (),
    ) -> Manifest:
        item = self.item
        return Manifest(
            namespace=item.namespace,
            name=item.name,
            spec_digest=item.spec_digest,
            outcome=outcome,
            attempt=attempt,
            files=files,
            audio=AudioFacts(
                duration_seconds=self.recording.duration_seconds,
                language=language.code,
                language_probability=language.probability,
                is_damaged=self.recording.is_damaged,
                sha256=self.file.sha256,
                bytes=self.file.size,
            ),
            engine=self.engine,
            timing=Timing(
                fetch_seconds=self.fetch_seconds,
                decode_seconds=round(self.recording.decode_seconds, 3),
                load_seconds=self.load_seconds,
                transcribe_seconds=self.transcribe_seconds,
                store_seconds=self.watch.lap(),
            ),
            unsupported_options=unsupported_options,
            start_time=self.start_time,
            completion_time=self.now(),
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
