"""Finds out the language of a recording by a short job, of which nothing is kept.

Whatever comes of it, the job is removed: by us as soon as it has ended, and by the operator where
we cannot any more, for the job's own spec says how long it may run and how long it may stay.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

import anyio

from waas_api.errors import (
    ApiError,
    DetectionFailed,
    DetectionTimedOut,
    JobNotFound,
    RecordingUnreadable,
)
from waas_api.jobs.deletion import delete_job
from waas_api.jobs.transcription_jobs import TranscriptionJobs
from waas_api.jobs.waiting import wait_for_end
from waas_api.storage.object_storage import ObjectStorage
from waas_contract.exit_codes import FailureReason
from waas_contract.job_status import ConditionType, Phase
from waas_contract.log_lines import log_fields
from waas_contract.transcription_job import (
    Task,
    TranscriptionJob,
    TranscriptionRequest,
)

logger = logging.getLogger(__name__)

_KEPT_SECONDS = 300
"""How long the operator keeps one that nobody removed."""

_LONGEST_END_SECONDS = 60.0
"""How long a cancelled job may take to end, until it is left to the operator."""

_LONGEST_CLOSE_SECONDS = 5.0
_TIME_IS_OVER = (FailureReason.DEADLINE_EXCEEDED, FailureReason.QUEUE_DEADLINE_EXCEEDED)


def request_detection(model: str, *, longest_seconds: int) -> TranscriptionRequest:
    """Return the request of a job that tells the language and then goes."""
    return TranscriptionRequest(
        model=model,
        task=Task.DETECT,
        formats=(),
        # Where this program dies, the job ends by itself, and goes by itself.
        active_deadline_seconds=longest_seconds,
        # Also where a queue never lets it start.
        queue_deadline_seconds=longest_seconds,
        ttl_seconds_after_finished=_KEPT_SECONDS,
    )


class Detections:
    """All that wait for a language, and the removals after them."""

    def __init__(
        self,
        storage: ObjectStorage,
        *,
        longest_seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._storage = storage
        self._longest_seconds = longest_seconds
        self._monotonic = monotonic
        self._sleep = sleep
        self._removals: set[asyncio.Task[None]] = set()

    async def find_language(self, jobs: TranscriptionJobs, name: str) -> str:
        """Wait for a job's language and return its code.

        Raises:
            RecordingUnreadable, DetectionFailed, DetectionTimedOut.
        """
        try:
            job = await self._wait_for_end(jobs, name, self._longest_seconds)
        except JobNotFound as error:
            raise DetectionFailed("Somebody deleted the detection before its end.") from error
        return self._read_language(job)

    def _read_language(self, job: TranscriptionJob) -> str:
        succeeded = job.status.condition(ConditionType.SUCCEEDED) if job.status else None
        reason = succeeded.reason if succeeded else None
        if not job.phase.is_final or reason in _TIME_IS_OVER:
            raise DetectionTimedOut(
                f"The language was not found within {self._longest_seconds:.0f} s. Try again "
                "in a moment, or send the recording without a language: it is then detected."
            )
        language = job.status.audio.language if job.status and job.status.audio else None
        if job.phase is Phase.SUCCEEDED and language:
            return language
        explanation = (succeeded.message if succeeded else "") or f"the job is {job.phase}"
        if reason == FailureReason.BAD_AUDIO:
            raise RecordingUnreadable(f"Language not detected: {explanation}")
        raise DetectionFailed(f"Language not detected: {explanation}")

    def remove(self, jobs: TranscriptionJobs, name: str) -> None:
        """See to it that a job ends, and that it is removed with its audio; does not wait."""
        removal = asyncio.create_task(self._remove(jobs, name))
        self._removals.add(removal)
        removal.add_done_callback(self._removals.discard)

    async def _remove(self, jobs: TranscriptionJobs, name: str) -> None:
        try:
            job = await jobs.get(name)
            if not job.phase.is_final:
                await jobs.cancel(name)
                job = await self._wait_for_end(jobs, name, _LONGEST_END_SECONDS)
            await delete_job(job, self._storage, jobs)
        except JobNotFound:
            pass
        except ApiError as error:
            logger.warning(
                "a detection is left to the operator: %s",
                error,
                extra=log_fields(transcription_job=name),
            )

    async def _wait_for_end(
        self, jobs: TranscriptionJobs, name: str, longest_seconds: float
    ) -> TranscriptionJob:
        return await wait_for_end(
            jobs,
            name,
            longest_seconds=longest_seconds,
            monotonic=self._monotonic,
            sleep=self._sleep,
        )

    async def close(self) -> None:
        """Give the removals a moment: each has asked for its job's end by then."""
        if not self._removals:
            return
        _, unfinished = await asyncio.wait(self._removals, timeout=_LONGEST_CLOSE_SECONDS)
        for removal in unfinished:
            removal.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
