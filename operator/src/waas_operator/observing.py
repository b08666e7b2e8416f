"""Looks at all that a decision about one TranscriptionJob hangs on."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from pydantic import ValidationError

from waas_contract.log_lines import log_fields
from waas_contract.manifest import Manifest, Outcome, ProgressNote
from waas_contract.object_keys import manifest_key, progress_key
from waas_contract.transcription_job import TranscriptionJob
from waas_operator.decision import needs_manifest
from waas_operator.errors import StorageUnavailable
from waas_operator.observation import (
    ManifestState,
    Observation,
    ObservedPod,
    observe_job,
    observe_pod,
)
from waas_operator.seams import Cluster, ObjectStorage

logger = logging.getLogger(__name__)


class Observer:
    """Reads the cluster and the store, and changes nothing."""

    def __init__(
        self, cluster: Cluster, object_storage: ObjectStorage, clock: Callable[[], datetime]
    ) -> None:
        """Take the seams to the world; `clock` gives whole seconds in UTC."""
        self._cluster = cluster
        self._object_storage = object_storage
        self._clock = clock

    async def observe(
        self, transcription_job: TranscriptionJob, job_name: str | None
    ) -> Observation:
        """Look at all that a decision hangs on; `job_name` is None where no Job is looked for."""
        metadata = transcription_job.metadata
        resource = await self._cluster.get_job(metadata.namespace, job_name) if job_name else None
        job = observe_job(resource, metadata.uid) if resource else None
        known = transcription_job.status
        # The API server goes through every pod of a namespace to find those with a label.
        may_have_pods = job is not None or (known is not None and known.job_name is not None)
        observation = Observation(
            transcription_job=transcription_job,
            now=self._clock(),
            job=job,
            pods=(
                await self._observe_pods(transcription_job, job_name)
                if job_name and may_have_pods
                else ()
            ),
            is_clock_doubted=await self._is_clock_doubted(transcription_job),
            url_lifetime=await self._measure_url_lifetime() if job is not None else None,
        )
        if needs_manifest(observation):
            return await self._look_for_manifest(observation)
        return replace(observation, progress=await self._read_progress(observation))

    async def _measure_url_lifetime(self) -> timedelta | None:
        try:
            return await self._object_storage.measure_url_lifetime()
        except StorageUnavailable as error:
            logger.warning("cannot sign URLs anew: %s", error)
            return None

    async def _is_clock_doubted(self, transcription_job: TranscriptionJob) -> bool:
        """Tell whether nothing must fail by this clock; asked only where a deadline could be."""
        if transcription_job.spec.queue_deadline_seconds is None:
            return False
        reason = await self._cluster.explain_distrust(self._clock())
        if reason is not None:
            logger.error("no deadline is held to be over: %s", reason)
        return reason is not None

    async def _observe_pods(
        self, transcription_job: TranscriptionJob, job_name: str
    ) -> tuple[ObservedPod, ...]:
        metadata = transcription_job.metadata
        pods = await self._cluster.list_pods(metadata.namespace, metadata.name)
        return tuple(
            observe_pod(pod)
            for pod in sorted(pods, key=lambda each: each["metadata"]["creationTimestamp"])
            if any(
                owner["name"] == job_name for owner in pod["metadata"].get("ownerReferences") or []
            )
        )

    async def _look_for_manifest(self, observation: Observation) -> Observation:
        metadata = observation.transcription_job.metadata
        key = manifest_key(metadata.namespace, metadata.name)
        try:
            content = await self._object_storage.read_note(key)
        except StorageUnavailable as error:
            logger.warning(
                "cannot look for the manifest: %s",
                error,
                extra=log_fields(transcription_job=metadata.name),
            )
            return replace(observation, manifest_state=ManifestState.UNKNOWN)
        manifest = _parse_manifest(content)
        digest = observation.transcription_job.spec.digest()
        stale_attempt = manifest.attempt if manifest else 0
        if not manifest or not manifest.answers(metadata.namespace, metadata.name, digest):
            return replace(
                observation, manifest_state=ManifestState.ABSENT, stale_attempt=stale_attempt
            )
        if manifest.outcome is Outcome.PARTIAL:
            return replace(
                observation,
                manifest_state=ManifestState.PARTIAL,
                manifest=manifest,
                stale_attempt=stale_attempt,
            )
        return replace(observation, manifest_state=ManifestState.PRESENT, manifest=manifest)

    async def _read_progress(self, observation: Observation) -> ProgressNote | None:
        if not observation.is_running:
            return None
        metadata = observation.transcription_job.metadata
        try:
            content = await self._object_storage.read_note(
                progress_key(metadata.namespace, metadata.name)
            )
            return ProgressNote.model_validate_json(content) if content else None
        except (StorageUnavailable, ValidationError):
            # Nobody waits for it, and the next look comes soon.
            return None


def _parse_manifest(content: bytes | None) -> Manifest | None:
    if content is None:
        return None
    try:
        return Manifest.model_validate_json(content)
    except ValidationError:
        return None
