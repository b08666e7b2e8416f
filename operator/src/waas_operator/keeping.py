"""Looks after what has ended: its time to live, who is to be told, and its removal.

It has a queue of its own (`main`), so that a hundred thousand that expire at once keep no new job
waiting.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from waas_contract.job_status import TranscriptionJobStatus
from waas_contract.log_lines import log_fields
from waas_contract.object_keys import job_prefix, record_key
from waas_contract.records import build_record
from waas_contract.removal import LONGEST_DISCARD_SECONDS, mark_removal, seconds_until_free
from waas_contract.transcription_job import TranscriptionJob
from waas_operator.reconcile import Key
from waas_operator.retention import Upkeep, decide_retention, note_archived
from waas_operator.seams import Cluster, ObjectStorage
from waas_operator.settings import ReconcileSettings

logger = logging.getLogger(__name__)

_DOUBT_SECONDS = 300.0
KEEPERS = 2
"""How many are looked after at once."""


class Keeper:
    """Looks after TranscriptionJobs that have ended; never two calls for one key at once."""

    def __init__(
        self,
        cluster: Cluster,
        object_storage: ObjectStorage,
        settings: ReconcileSettings,
        clock: Callable[[], datetime],
        *,
        tell: Callable[[Key], None] = lambda _: None,
        monotonic: Callable[[], float] = time.monotonic,
        holder: str | None = None,
    ) -> None:
        """Take the seams to the world; `clock` gives whole seconds in UTC.

        `tell` has somebody told of a job's end, and returns before that is done. `holder` is the
        name under which this process removes, where it is known to have no predecessor at work.
        """
        self._cluster = cluster
        self._object_storage = object_storage
        self._settings = settings
        self._clock = clock
        self._tell = tell
        self._monotonic = monotonic
        self._expired: dict[Key, tuple[str, float]] = {}
        """Whose time to live is over: the uid, and since when we know."""

        self._last_warning: float | None = None
        # A container that starts anew in the same pod is another process.
        self._holder = holder or f"operator-{uuid4().hex}"

    async def look_after(self, key: Key) -> float | None:
        """Take the next step for a key; returns seconds until it wants another look, or None."""
        transcription_job = await self._cluster.get_transcription_job(key.namespace, key.name)
        if (
            transcription_job is None
            or transcription_job.metadata.deletion_timestamp
            or not transcription_job.phase.is_final
        ):
            self._expired.pop(key, None)
            return None
        retention = decide_retention(
            transcription_job,
            default_ttl_seconds=self._settings.default_ttl_seconds,
            now=self._clock(),
        )
        if retention.upkeep is Upkeep.REMOVE:
            seconds = await self._seconds_of_doubt(key, transcription_job)
            return seconds or await self._remove(transcription_job)
        self._expired.pop(key, None)
        if retention.upkeep is Upkeep.ARCHIVE:
            return await self._archive(transcription_job)
        if retention.upkeep is Upkeep.NOTE_EXPIRY:
            known = transcription_job.status or TranscriptionJobStatus()
            status = known.model_copy(update={"expiry_time": retention.expiry_time})
            await self._cluster.replace_status(transcription_job, status)
        elif retention.upkeep is Upkeep.TELL:
            self._tell(key)
            # What comes of it is told by an event.
            return self._settings.resync_seconds
        return retention.next_look_seconds

    async def _archive(self, transcription_job: TranscriptionJob) -> float:
        """Store the record of what ended while the store was away, or in an earlier release."""
        metadata = transcription_job.metadata
        now = self._clock()
        if seconds := seconds_until_free(metadata.annotations, self._holder, now):
            # Somebody removes it, and nothing must appear below its prefix.
            return seconds
        archived = note_archived(transcription_job.status or TranscriptionJobStatus(), now)
        content = build_record(transcription_job, archived)
        await self._object_storage.write_note(
            record_key(metadata.namespace, metadata.name), content
        )
        await self._cluster.replace_status(transcription_job, archived)
        return 0.0

    async def _seconds_of_doubt(self, key: Key, transcription_job: TranscriptionJob) -> float:
        """Return for how long it is kept because the clock may be wrong; 0 where it may go."""
        now = self._monotonic()
        uid, since = self._expired.get(key, ("", now))
        if uid != transcription_job.metadata.uid:
            since = now
            self._expired[key] = (transcription_job.metadata.uid, since)
        remaining = since + self._settings.removal_grace_seconds - now
        if remaining > 0:
            return remaining
        reason = await self._cluster.explain_distrust(self._clock())
        if reason is None:
            return 0.0
        if self._last_warning is None or now - self._last_warning >= _DOUBT_SECONDS:
            self._last_warning = now
            logger.error("nothing that expired is deleted: %s", reason)
        return _DOUBT_SECONDS

    async def _remove(self, transcription_job: TranscriptionJob) -> float | None:
        """Take the steps of `waas_contract.removal`, in which the record goes last."""
        metadata = transcription_job.metadata
        now = self._clock()
        if seconds := seconds_until_free(metadata.annotations, self._holder, now):
            return seconds
        until = self._monotonic() + LONGEST_DISCARD_SECONDS
        await self._cluster.annotate(transcription_job, mark_removal(self._holder, now))
        prefix = job_prefix(metadata.namespace, metadata.name)
        await self._object_storage.discard_all(prefix, until=until)
        await self._cluster.delete_transcription_job(
            metadata.namespace, metadata.name, metadata.uid
        )
        self._expired.pop(Key(metadata.namespace, metadata.name), None)
        logger.info("expired and deleted", extra=log_fields(transcription_job=metadata.name))
        return None
