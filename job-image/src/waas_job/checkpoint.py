"""What an attempt has heard, so that the next one goes on from there.

It counts only where the same model, by the same program, is to answer the same spec about the
same recording: anything else begins anew.
"""

import logging
from collections.abc import Callable

from pydantic import ValidationError

from waas_contract.job_environment import JobItem
from waas_contract.log_lines import log_fields
from waas_contract.manifest import EngineFacts
from waas_contract.transcript import Segment
from waas_contract.wire import WireModel
from waas_job.engine.protocol import Heard, Language
from waas_job.errors import JobError
from waas_job.storage.objects import ItemObjects

logger = logging.getLogger(__name__)

# Of the time, that goes into writing it whole, again and again: the longer the transcript gets, the
# rarer it is kept.
_LONGEST_SHARE = 1 / 20


class Origin(WireModel):
    """What a transcript hangs on; the device and its precision are no part of it."""

    spec_digest: str
    audio_sha256: str
    engine: str
    engine_version: str
    model: str
    model_sha256: str | None = None


class Checkpoint(WireModel):
    """`state/checkpoint.json`."""

    origin: Origin
    seconds: float
    language: str
    language_probability: float | None = None
    segments: tuple[Segment, ...]

    def to_heard(self) -> Heard:
        """Return what the engine goes on from."""
        return Heard(
            self.seconds, Language(self.language, self.language_probability), self.segments
        )


def describe_origin(item: JobItem, audio_sha256: str, facts: EngineFacts) -> Origin:
    """Return what an item's transcript hangs on."""
    return Origin(
        spec_digest=item.spec_digest,
        audio_sha256=audio_sha256,
        engine=facts.name,
        engine_version=facts.version,
        model=facts.model,
        model_sha256=facts.checkpoint_sha256,
    )


class CheckpointKeeper:
    """Finds what was heard before, and keeps what is heard, at most once each interval."""

    def __init__(
        self,
        objects: ItemObjects,
        origin: Origin,
        *,
        interval_seconds: float,
        clock: Callable[[], float],
    ) -> None:
        self._objects = objects
        self._origin = origin
        self._interval_seconds = interval_seconds
        self._clock = clock
        self._next_time = clock() + interval_seconds
        self._kept_seconds = 0.0

    def find(self) -> Heard | None:
        """Return what an earlier attempt at the same has heard."""
        content = self._objects.read_checkpoint()
        if content is None:
            return None
        try:
            checkpoint = Checkpoint.model_validate_json(content)
        except ValidationError:
            logger.warning("there is a checkpoint that cannot be read; all is heard anew")
            return None
        if checkpoint.origin != self._origin:
            logger.info("there is a checkpoint of other circumstances; all is heard anew")
            return None
        logger.info(
            "goes on from a checkpoint", extra=log_fields(done_seconds=round(checkpoint.seconds, 1))
        )
        self._kept_seconds = checkpoint.seconds
        return checkpoint.to_heard()

    def advance(self, heard: Heard) -> None:
        """Keep it if the last time is long enough ago; nothing fails for it."""
        if self._clock() < self._next_time or heard.seconds <= self._kept_seconds:
            return
        began = self._clock()
        try:
            self.keep(heard)
        except JobError as error:
            logger.warning("no checkpoint could be kept", extra=log_fields(error=error.message))
        ended = self._clock()
        pause = max(self._interval_seconds, (ended - began) / _LONGEST_SHARE)
        self._next_time = ended + pause

    def keep(self, heard: Heard) -> None:
        """Keep it now, in one quick try; raises StorageUnavailable."""
        checkpoint = Checkpoint(
            origin=self._origin,
            seconds=heard.seconds,
            language=heard.language.code,
            language_probability=heard.language.probability,
            segments=tuple(heard.segments),
        )
        self._objects.keep_checkpoint(
            checkpoint.model_dump_json(by_alias=True, exclude_none=True).encode()
        )
        self._kept_seconds = heard.seconds
