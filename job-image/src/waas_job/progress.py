"""Tells how far a recording is, and what was heard so far, without ever getting in the way."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from waas_contract.log_lines import log_fields
from waas_contract.manifest import ProgressNote
from waas_contract.transcript import PartialTranscript, Segment
from waas_job.engine.protocol import Heard
from waas_job.errors import JobError

logger = logging.getLogger(__name__)

# Of the time, that goes into what was heard so far: of ten hours that is a megabyte, written whole
# each time. The longer it takes, the rarer it gets.
_LONGEST_SHARE = 1 / 20


class ProgressNotes:
    """Writes a note when the length is known, and then at most one each interval.

    With it goes the beginning of the transcript, where that has grown.
    """

    def __init__(
        self,
        put: Callable[[ProgressNote], None],
        put_partial: Callable[[PartialTranscript], None],
        *,
        interval_seconds: float,
        clock: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self._put = put
        self._put_partial = put_partial
        self._interval_seconds = interval_seconds
        self._clock = clock
        self._now = now
        self._duration_seconds = 0.0
        self._segments_written = 0
        self._next_time = 0.0
        self._next_partial_time = 0.0

    def begin(self, duration_seconds: float) -> None:
        """Write the first note: nothing done yet of so many seconds."""
        self._duration_seconds = duration_seconds
        self._write(lambda: self._put_note(0))

    def advance(self, heard: Heard, duration_seconds: float) -> None:
        """Write a note if the last one is old enough; how long it all is may be known better."""
        self._duration_seconds = duration_seconds
        if self._clock() < self._next_time:
            return

        def write() -> None:
            self._put_note(heard.seconds)
            self._put_partial_if_due(heard)

        self._write(write)

    def _write(self, write: Callable[[], None]) -> None:
        try:
            write()
        except JobError as error:
            logger.warning(
                "the progress note could not be written", extra=log_fields(error=error.message)
            )
        # Counted from the end of the attempt, so that a slow store cannot stall us all the time.
        self._next_time = self._clock() + self._interval_seconds

    def _put_note(self, processed_seconds: float) -> None:
        self._put(
            ProgressNote(
                processed_seconds=max(0.0, min(processed_seconds, self._duration_seconds)),
                duration_seconds=self._duration_seconds,
                updated_time=self._now(),
            )
        )

    def _put_partial_if_due(self, heard: Heard) -> None:
        began = self._clock()
        if len(heard.segments) <= self._segments_written or began < self._next_partial_time:
            return
        try:
            self._put_partial(_partial(heard))
            self._segments_written = len(heard.segments)
        finally:
            ended = self._clock()
            self._next_partial_time = ended + (ended - began) / _LONGEST_SHARE


def _partial(heard: Heard) -> PartialTranscript:
    return PartialTranscript(language=heard.language.code, segments=_plain(heard.segments))


def _plain(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Return segments without their tokens and words, which are most of their size."""
    return tuple(
        Segment(id=each.id, start=each.start, end=each.end, text=each.text, speaker=each.speaker)
        for each in segments
    )
