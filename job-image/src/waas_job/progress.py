"""Tells how far a recording is, without ever getting in its way."""

import logging
from collections.abc import Callable
from datetime import datetime

from waas_contract.log_lines import log_fields
from waas_contract.manifest import ProgressNote
from waas_job.errors import JobError

logger = logging.getLogger(__name__)


class ProgressNotes:
    """Writes a note when the length is known, and then at most one each interval."""

    def __init__(
        self,
        put: Callable[[ProgressNote], None],
        *,
        interval_seconds: float,
        clock: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self._put = put
        self._interval_seconds = interval_seconds
        self._clock = clock
        self._now = now
        self._duration_seconds = 0.0
        self._next_time = 0.0

    def begin(self, duration_seconds: float) -> None:
        """Write the first note: nothing done yet of so many seconds."""
        self._duration_seconds = duration_seconds
        self._write(0)

    def advance(self, processed_seconds: float) -> None:
        """Write a note if the last one is old enough."""
        if self._clock() >= self._next_time:
            self._write(processed_seconds)

    def _write(self, processed_seconds: float) -> None:
        note = ProgressNote(
            processed_seconds=max(0.0, min(processed_seconds, self._duration_seconds)),
            duration_seconds=self._duration_seconds,
            updated_time=self._now(),
        )
        try:
            self._put(note)
        except JobError as error:
            logger.warning(
                "the progress note could not be written", extra=log_fields(error=error.message)
            )
        # Counted from the end of the attempt, so that a slow store cannot stall us all the time.
        self._next_time = self._clock() + self._interval_seconds
