"""Brings one TranscriptionJob a step further: observe, decide, act, write the status last.

It is level-triggered: what it does hangs on what is there now, never on having seen it change, so
that it may be interrupted anywhere and run again.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from waas_contract.job_status import ConditionReason, TranscriptionJobStatus
from waas_contract.log_lines import log_fields
from waas_contract.names import IMPORTED_ANNOTATION, child_name
from waas_contract.object_keys import record_key
from waas_contract.records import build_record
from waas_contract.transcription_job import TranscriptionJob
from waas_operator.decision import Action, Decision, decide, needs_manifest
from waas_operator.errors import Refused, StorageUnavailable
from waas_operator.job_manifest import build_job
from waas_operator.notification_policy import begin
from waas_operator.observation import Observation
from waas_operator.observing import Observer
from waas_operator.retention import find_expiry_time, needs_record, note_archived
from waas_operator.seams import Cluster, ObjectStorage
from waas_operator.settings import ReconcileSettings
from waas_operator.status import derive_status
from waas_operator.url_secret import (
    SignedUrls,
    build_item_urls,
    build_url_secret,
    count_attempts,
)

logger = logging.getLogger(__name__)

_SOON_SECONDS = 5.0

NoteStatus = Callable[[TranscriptionJob, TranscriptionJobStatus], None]


@dataclass(frozen=True)
class Key:
    """Names a TranscriptionJob."""

    namespace: str
    name: str


class Reconciler:
    """Reconciles TranscriptionJobs, one call a step."""

    def __init__(
        self,
        cluster: Cluster,
        object_storage: ObjectStorage,
        settings: ReconcileSettings,
        clock: Callable[[], datetime],
        *,
        hand_over: Callable[[Key], None] = lambda _: None,
        note_status: NoteStatus = lambda *_: None,
    ) -> None:
        """Take the seams to the world; `clock` gives whole seconds in UTC.

        `hand_over` has somebody look after one that has ended, and returns before that is done.
        `note_status` is told of each status that was written, with the resource as it was.
        """
        self._note_status = note_status
        self._cluster = cluster
        self._object_storage = object_storage
        self._settings = settings
        self._clock = clock
        self._hand_over = hand_over
        self._observer = Observer(cluster, object_storage, clock)

    async def reconcile(self, key: Key) -> float | None:
        """Take the next step for a key; returns seconds until it wants another look, or None."""
        transcription_job = await self._cluster.get_transcription_job(key.namespace, key.name)
        if transcription_job is None or transcription_job.metadata.deletion_timestamp:
            return None
        if transcription_job.phase.is_final:
            self._hand_over(key)
            return None
        if IMPORTED_ANNOTATION in transcription_job.metadata.annotations:
            # It ended long ago, and whoever imports it is about to say how.
            return None
        observation, decision = await self._look(transcription_job)
        try:
            done = await self._act(observation, decision)
        except Refused as error:
            waiting = Decision(Action.WAIT, reason=ConditionReason.PENDING, message=str(error))
            await self._write_status(
                transcription_job, derive_status(observation, waiting), waiting
            )
            error.next_look_seconds = _seconds_to_queue_deadline(observation)
            raise
        status = derive_status(observation, decision, signed_urls=done.signed_urls)
        if decision.is_final:
            await self._end(transcription_job, status, decision)
            self._hand_over(key)
            return None
        await self._write_status(transcription_job, status, decision)
        if done.has_met_a_job:
            return _SOON_SECONDS
        return self._next_look_seconds(observation, decision)

    async def _end(
        self,
        transcription_job: TranscriptionJob,
        status: TranscriptionJobStatus,
        decision: Decision,
    ) -> None:
        """Write the last status, with the moment until which it is kept and who is to be told."""
        status = begin(transcription_job.spec, status, self._clock())
        expiry_time = find_expiry_time(
            transcription_job.spec,
            status,
            default_ttl_seconds=self._settings.default_ttl_seconds,
        )
        last = status.model_copy(update={"expiry_time": expiry_time})
        last = await self._archive(transcription_job, last)
        await self._write_status(transcription_job, last, decision)

    async def _archive(
        self, transcription_job: TranscriptionJob, last: TranscriptionJobStatus
    ) -> TranscriptionJobStatus:
        """Store the record before anybody can see the end, and so remove the job; returns the end.

        A store that is away keeps no end waiting: whoever looks after it does it later.
        """
        if not needs_record(transcription_job.spec):
            return last
        metadata = transcription_job.metadata
        archived = note_archived(last, self._clock())
        content = build_record(transcription_job, archived)
        try:
            key = record_key(metadata.namespace, metadata.name)
            await self._object_storage.write_note(key, content)
        except StorageUnavailable as error:
            logger.warning(
                "cannot store the record yet: %s",
                error,
                extra=log_fields(transcription_job=metadata.name),
            )
            return last
        return archived

    async def _look(self, transcription_job: TranscriptionJob) -> tuple[Observation, Decision]:
        """Return what there is, and what to do about it.

        One without a status has a Job only where an operator died before it wrote that down. A
        start leaves such a Job alone, so it is not looked for; whatever else would be done is
        decided with a look at it.
        """
        if transcription_job.status is None:
            observation = await self._observer.observe(transcription_job, job_name=None)
            decision = decide(observation, self._settings)
            if decision.action is Action.START:
                return observation, decision
        metadata = transcription_job.metadata
        job_name = child_name(metadata.name, metadata.uid)
        observation = await self._observer.observe(transcription_job, job_name)
        return observation, decide(observation, self._settings)

    async def _act(self, observation: Observation, decision: Decision) -> "_Done":
        """Change the cluster; returns what came of it."""
        metadata = observation.transcription_job.metadata
        namespace, job_name = metadata.namespace, child_name(metadata.name, metadata.uid)
        match decision.action:
            case Action.START:
                signed_urls = await self._apply_urls(observation)
                job = build_job(observation.transcription_job, self._settings)
                is_new = await self._cluster.create_job(job)
                return _Done(signed_urls, has_met_a_job=not is_new)
            case Action.RENEW_URLS:
                return _Done(await self._apply_urls(observation))
            case Action.SUSPEND | Action.RESUME:
                await self._cluster.suspend_job(
                    namespace, job_name, is_suspended=decision.action is Action.SUSPEND
                )
            case Action.DELETE_JOB:
                await self._cluster.delete_job(namespace, job_name)
            case Action.FINISH:
                await self._cluster.delete_secret(namespace, job_name)
            case Action.WAIT:
                pass
        return _Done()

    async def _apply_urls(self, observation: Observation) -> SignedUrls:
        lifetime = await self._object_storage.measure_url_lifetime()
        signed_urls = SignedUrls(observation.now + lifetime, count_attempts(observation))
        item_urls = build_item_urls(
            observation.transcription_job,
            self._object_storage.sign,
            signed_urls,
        )
        secret = build_url_secret(observation.transcription_job, item_urls)
        await self._cluster.apply_secret(secret)
        return signed_urls

    async def _write_status(
        self,
        transcription_job: TranscriptionJob,
        status: TranscriptionJobStatus,
        decision: Decision,
    ) -> None:
        if status == transcription_job.status:
            return
        await self._cluster.replace_status(transcription_job, status)
        self._note_status(transcription_job, status)
        if status.phase != transcription_job.phase:
            logger.info(
                "%s: %s %s",
                status.phase,
                decision.reason,
                decision.message,
                extra=log_fields(transcription_job=transcription_job.metadata.name),
            )

    def _next_look_seconds(self, observation: Observation, decision: Decision) -> float | None:
        # What becomes of a Job that was just made is told by events; a look before the first one
        # would cost three reads and see nothing.
        is_begun = decision.action is Action.START
        if not is_begun and (decision.action is not Action.WAIT or needs_manifest(observation)):
            return _SOON_SECONDS
        if observation.is_running:
            return self._settings.progress_interval_seconds
        # Whatever else happens is told by an event; this is for the URLs of a long queue.
        seconds = self._settings.resync_seconds
        if observation.url_lifetime is not None:
            quarter = observation.url_lifetime.total_seconds() / 4
            seconds = min(seconds, max(quarter, _SOON_SECONDS))
        deadline_seconds = _seconds_to_queue_deadline(observation)
        return seconds if deadline_seconds is None else min(seconds, deadline_seconds)


@dataclass(frozen=True)
class _Done:
    """What came of a step."""

    signed_urls: SignedUrls | None = None
    """What is to be kept of the URLs if they were signed."""

    has_met_a_job: bool = False
    """Whether there was a Job where one was to be made: an earlier operator's, or somebody else's,
    of which no event may ever tell."""


def _seconds_to_queue_deadline(observation: Observation) -> float | None:
    """Return the seconds until it is over; once it is, those until its last pod may have ended."""
    if observation.queue_deadline is None or observation.is_clock_doubted:
        return None
    seconds = (observation.queue_deadline - observation.now).total_seconds()
    return seconds if seconds > 0 else _SOON_SECONDS
