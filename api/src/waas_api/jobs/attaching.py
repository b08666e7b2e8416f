"""Has the same request, sent again, meet the job of the first.

A client whose time is up, or whose connection breaks, sends its whole request again. What it asks
for is known only once the recording has come, so that is stored under a name of its own, and moved
to the place of its job when there is none yet; the job's name is derived from what is asked for.
Each recording keeps a key that no other request shares: whoever comes second discards only its own.
What a process that was killed has left there is swept away, for its key says how old it is.
"""

import hashlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from waas_api.errors import (
    CreationUnknown,
    JobNotFound,
    NameTaken,
    StorageError,
    TranscriptMissing,
)
from waas_api.intake.leftovers import Leftovers
from waas_api.intake.transcription_request import Order
from waas_api.intake.uploads import Uploads
from waas_api.jobs.awaited_jobs import AWAITED_LABELS, AwaitedJobs
from waas_api.jobs.deletion import is_marked
from waas_api.jobs.live_jobs import LiveJobs
from waas_api.jobs.names import name_of_request
from waas_api.jobs.transcription_jobs import TranscriptionJobs
from waas_api.storage.object_storage import ObjectStorage
from waas_api.transcripts.finding import read_transcript
from waas_contract.exit_codes import FailureReason
from waas_contract.job_status import ConditionType, Phase
from waas_contract.log_lines import log_fields
from waas_contract.object_keys import audio_key, held_key, held_prefix, parse_held_key
from waas_contract.transcription_job import (
    Source,
    TranscriptionJob,
    TranscriptionJobSpec,
)

logger = logging.getLogger(__name__)

_MOST_GENERATIONS = 1000


@dataclass(frozen=True)
class HeldRecording:
    """A recording in storage that no job has yet."""

    name: str
    key: str
    sha256: str


class Attaching:
    """The way in for recordings whose clients wait, and may come again."""

    def __init__(
        self,
        namespace: str,
        storage: ObjectStorage,
        jobs: TranscriptionJobs,
        uploads: Uploads,
        awaited: AwaitedJobs,
        leftovers: Leftovers,
        live_jobs: LiveJobs,
        *,
        largest_transcript_bytes: int,
        longest_hold: timedelta,
        new_id: Callable[[], str],
        now: Callable[[], datetime],
    ) -> None:
        """Take the time after which no request can be at a held recording any more."""
        self._namespace = namespace
        self._storage = storage
        self._jobs = jobs
        self._uploads = uploads
        self._awaited = awaited
        self._leftovers = leftovers
        self._live_jobs = live_jobs
        self._largest_transcript_bytes = largest_transcript_bytes
        self._longest_hold = longest_hold
        self._new_id = new_id
        self._now = now

    @asynccontextmanager
    async def hold(self, body: AsyncIterator[bytes]) -> AsyncIterator[HeldRecording]:
        """Store a recording for as long as it takes to find its job; then nothing is left here."""
        name = self._new_id()
        key = held_key(self._namespace, name, self._now())
        digest = hashlib.sha256()

        async def digested() -> AsyncIterator[bytes]:
            async for chunk in body:
                digest.update(chunk)
                yield chunk

        await self._uploads.store(key, digested())
        try:
            yield HeldRecording(name, key, digest.hexdigest())
        finally:
            await self._uploads.finish(self._leftovers.discard(key))

    async def sweep(self) -> None:
        """Remove the recordings that were held by a process that is gone."""
        for key in await self._storage.list_keys(held_prefix(self._namespace)):
            held_since = parse_held_key(key)
            if held_since is not None and self._now() - held_since > self._longest_hold:
                await self._storage.discard(key)
                logger.info("held recording removed", extra=log_fields(key=key))

    async def attach(self, order: Order, recording: HeldRecording) -> str:
        """Return the name of the job that does what is asked for, making it if there is none."""
        return await self._uploads.finish(self._attach(order, recording))

    async def _attach(self, order: Order, recording: HeldRecording) -> str:
        for generation in range(_MOST_GENERATIONS):
            name = name_of_request(self._namespace, order.request, recording.sha256, generation)
            try:
                job = await self._awaited.renew(name)
            except JobNotFound:
                try:
                    await self._make(name, order, recording)
                except NameTaken:
                    job = await self._awaited.renew(name)
                else:
                    return name
            if await self._has_an_answer(job):
                logger.info("a request has met its job", extra=log_fields(transcription_job=name))
                return name
        raise NameTaken(f"{_MOST_GENERATIONS} jobs of this very request have come to nothing")

    async def _make(self, name: str, order: Order, recording: HeldRecording) -> None:
        key = audio_key(self._namespace, name, recording.name)
        spec = TranscriptionJobSpec.of(order.request, Source(key=key, file_name=order.file_name))
        try:
            # Only here: a request that meets its job makes none.
            async with self._live_jobs.admit(order.request.owner):
                await self._storage.move(recording.key, key)
                await self._uploads.create(name, spec, {**order.labels, **AWAITED_LABELS})
        except CreationUnknown:
            logger.exception(
                "a TranscriptionJob may have been made or not, so its audio is kept",
                extra=log_fields(transcription_job=name, key=key),
            )
            raise
        except NameTaken:
            # The other job's recording is the same. Ours may yet be needed for the next name.
            await self._take_back(key, recording)
            raise
        except BaseException:
            await self._leftovers.discard(key)
            raise
        logger.info("recording accepted", extra=log_fields(transcription_job=name))

    async def _take_back(self, key: str, recording: HeldRecording) -> None:
        try:
            await self._storage.move(key, recording.key)
        except StorageError:
            await self._leftovers.discard(key)
            raise

    async def _has_an_answer(self, job: TranscriptionJob) -> bool:
        """Tell whether a job answers the request, now or once it has ended.

        A transcript that is lost is no answer, nor is a failure that another try may be spared.
        """
        if job.metadata.deletion_timestamp is not None or is_marked(job):
            return False
        if job.phase is Phase.SUCCEEDED:
            return await self._has_transcript(job)
        if job.phase is Phase.FAILED:
            return _has_failed_for_good(job)
        return not job.phase.is_final and not job.spec.cancelled

    async def _has_transcript(self, job: TranscriptionJob) -> bool:
        try:
            await read_transcript(job, self._storage, largest_bytes=self._largest_transcript_bytes)
        except TranscriptMissing:
            return False
        return True


def _has_failed_for_good(job: TranscriptionJob) -> bool:
    """Tell whether the very same recording can only fail again; all else may have been mended."""
    ending = job.status.condition(ConditionType.SUCCEEDED) if job.status else None
    return ending is not None and ending.reason == FailureReason.BAD_AUDIO
