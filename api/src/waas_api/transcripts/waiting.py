"""Waits for a job's transcript on a client's behalf, for as long as there is a client."""

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from pydantic import ValidationError

from waas_api.errors import (
    ApiError,
    BadRecording,
    ClientLeft,
    JobCancelled,
    JobFailed,
    ObjectNotFound,
    ObjectTooLarge,
    StorageError,
    WaitIsOver,
)
from waas_api.http.reading_aside import read_aside
from waas_api.jobs.awaited_jobs import AwaitedJobs
from waas_api.jobs.transcription_jobs import TranscriptionJobs
from waas_api.jobs.waiting import follow
from waas_api.openai.errors import find_openai_error
from waas_api.openai.stream import (
    KEEP_ALIVE,
    GrowingText,
    render_delta,
    render_done,
    render_failure,
)
from waas_api.storage.object_storage import ObjectStorage
from waas_api.transcripts.finding import read_transcript
from waas_contract.exit_codes import FailureReason
from waas_contract.job_status import ConditionType, Phase
from waas_contract.log_lines import log_fields
from waas_contract.object_keys import partial_key
from waas_contract.transcript import PartialTranscript, Transcript
from waas_contract.transcription_job import TranscriptionJob

logger = logging.getLogger(__name__)

_LONGEST_PAUSE_SECONDS = 2.0
_SILENCE_SECONDS = 10.0
"""Longest that a stream stays silent: a proxy's patience is seldom under half a minute."""

_PARTIAL_SECONDS = 3.0
"""Pause between looks at what a running job has heard so far, which may be megabytes."""


@dataclass(frozen=True)
class TranscriptWait:
    """One client's wait for one job."""

    job_name: str
    jobs: TranscriptionJobs
    storage: ObjectStorage
    awaited_jobs: AwaitedJobs
    longest_seconds: float
    largest_transcript_bytes: int
    has_left: Callable[[], Awaitable[bool]]
    """Tells whether the client has closed its connection."""

    monotonic: Callable[[], float] = time.monotonic

    async def wait(self) -> Transcript:
        """Return the transcript.

        Raises:
            ClientLeft: nobody waits any more.
            WaitIsOver: it takes longer than a client may wait.
            TranscriptNotReady: the job ended without one.
        """
        async with self.awaited_jobs.awaited(self.job_name):
            async for job in self._follow():
                last = job
            return await self._read(last)

    async def stream(self) -> AsyncIterator[bytes]:
        """Give the events of a stream; an error comes as the last of them."""
        try:
            async with self.awaited_jobs.awaited(self.job_name):
                async for event in self._stream():
                    yield event
        except ClientLeft:
            return
        except ApiError as error:
            logger.warning(
                "a stream ended without its transcript: %s",
                error,
                extra=log_fields(transcription_job=self.job_name),
            )
            yield render_failure(find_openai_error(error))

    async def _stream(self) -> AsyncIterator[bytes]:
        text = GrowingText()
        last_event = last_look = self.monotonic()
        async for job in self._follow():
            now = self.monotonic()
            if job.phase is Phase.RUNNING and now - last_look >= _PARTIAL_SECONDS:
                last_look = now
                if delta := await self._grow(text, job):
                    last_event = now
                    yield render_delta(delta)
            if now - last_event >= _SILENCE_SECONDS:
                last_event = now
                yield KEEP_ALIVE
        if delta := text.finish(await self._read(job)):
            yield render_delta(delta)
        if text.is_revised:
            logger.warning(
                "segments that a client was sent came out otherwise",
                extra=log_fields(transcription_job=self.job_name),
            )
        yield render_done(text.sent)

    async def _follow(self) -> AsyncIterator[TranscriptionJob]:
        async for job in follow(
            self.jobs,
            self.job_name,
            longest_seconds=self.longest_seconds,
            longest_pause_seconds=_LONGEST_PAUSE_SECONDS,
            monotonic=self.monotonic,
        ):
            if await self.has_left():
                raise ClientLeft("The client closed its connection.")
            yield job

    async def _grow(self, text: GrowingText, job: TranscriptionJob) -> str:
        key = partial_key(job.metadata.namespace, job.metadata.name)
        try:
            data = await self.storage.read(key, largest_bytes=self.largest_transcript_bytes)
            partial = await read_aside(PartialTranscript.model_validate_json, data)
            return text.grow(partial.segments)
        except (ObjectNotFound, ObjectTooLarge):
            return ""
        except (StorageError, ValidationError) as error:
            # The transcript will say it all; this is only about saying it early.
            logger.warning("could not read what a job has heard so far: %s", type(error).__name__)
            return ""

    async def _read(self, job: TranscriptionJob) -> Transcript:
        if not job.phase.is_final:
            await self.awaited_jobs.keep(self.job_name)
            raise WaitIsOver(
                self.job_name,
                f"The transcription takes longer than the {self.longest_seconds:.0f} s that this "
                f"request may wait, and goes on. Its job is {self.job_name}: fetch it from "
                f"/v2/jobs/{self.job_name}, or send the same request again to wait on.",
            )
        _check_ending(job)
        data = await read_transcript(job, self.storage, largest_bytes=self.largest_transcript_bytes)
        return await read_aside(Transcript.model_validate_json, data)


def _check_ending(job: TranscriptionJob) -> None:
    """Raise the TranscriptNotReady that says why there is no transcript, unless there is one."""
    if job.phase is Phase.CANCELLED:
        raise JobCancelled("Somebody cancelled the transcription while you waited for it.")
    if job.phase is not Phase.FAILED:
        return
    ending = job.status.condition(ConditionType.SUCCEEDED) if job.status else None
    reason, message = (ending.reason, ending.message) if ending else ("", "")
    if reason == FailureReason.BAD_AUDIO:
        raise BadRecording(
            f"The audio file could not be decoded or its format is not supported. {message}".strip()
        )
    raise JobFailed(f"The transcription failed: {reason}: {message}")
