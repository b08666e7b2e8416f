"""Builds the Secret with a job's presigned URLs, its only credentials. Pure."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from waas_contract.job_environment import (
    AttemptUrls,
    ItemUrls,
    ObjectUrls,
    PreviewUrls,
    urls_file_name,
)
from waas_contract.job_status import TranscriptionJobStatus
from waas_contract.object_keys import (
    checkpoint_key,
    manifest_key,
    partial_key,
    peaks_key,
    preview_key,
    progress_key,
    result_key,
)
from waas_contract.transcription_job import TranscriptionJob
from waas_operator.job_manifest import build_child_metadata
from waas_operator.observation import Observation

_ATTEMPTS_AHEAD = 3
"""Unused numbers that a pod finds; only a pod that dies while it stores uses one up."""

_MOST_ATTEMPTS = 12
"""Numbers signed at a time. A number stays when URLs are renewed: a pod may be about to use it."""


@dataclass(frozen=True)
class SignedUrls:
    """What the status keeps of the URLs, for the Secret is never read."""

    expiration_time: datetime
    highest_attempt: int


SignUrl = Callable[[Literal["GET", "PUT"], str | None, str], str]
"""Signs a method for a bucket (None: the service's own) and key."""


def count_attempts(observation: Observation) -> int:
    """Return the highest attempt number to sign, so that a pod always finds unused ones."""
    status = observation.transcription_job.status or TranscriptionJobStatus()
    if observation.job is None or not status.urls_highest_attempt:
        return max(status.urls_highest_attempt, observation.stale_attempt) + _ATTEMPTS_AHEAD
    return status.urls_highest_attempt + observation.failed_pods - status.failed_pods


def build_item_urls(
    transcription_job: TranscriptionJob,
    sign: SignUrl,
    signed_urls: SignedUrls,
) -> ItemUrls:
    """Return the URLs of one recording: exactly what it reads and what it may write."""
    metadata, spec = transcription_job.metadata, transcription_job.spec
    namespace, name = metadata.namespace, metadata.name

    def sign_both(key: str) -> ObjectUrls:
        return ObjectUrls(get=sign("GET", None, key), put=sign("PUT", None, key))

    return ItemUrls(
        audio=sign("GET", spec.source.bucket, spec.source.key),
        manifest=sign_both(manifest_key(namespace, name)),
        progress=sign("PUT", None, progress_key(namespace, name)),
        partial=sign("PUT", None, partial_key(namespace, name)),
        checkpoint=sign_both(checkpoint_key(namespace, name)),
        preview=PreviewUrls(
            sound=sign("PUT", None, preview_key(namespace, name)),
            peaks=sign("PUT", None, peaks_key(namespace, name)),
        ),
        attempts=tuple(
            AttemptUrls(
                attempt=attempt,
                put={
                    each: sign("PUT", None, result_key(namespace, name, attempt, each))
                    for each in spec.stored_formats()
                },
            )
            for attempt in _attempts_to_sign(signed_urls.highest_attempt)
        ),
        expiration_time=signed_urls.expiration_time,
    )


def _attempts_to_sign(highest: int) -> range:
    return range(max(1, highest + 1 - _MOST_ATTEMPTS), highest + 1)


def build_url_secret(transcription_job: TranscriptionJob, item_urls: ItemUrls) -> dict[str, Any]:
    """Return the Secret that the Job's pods mount."""
    content = item_urls.model_dump_json(by_alias=True, exclude_none=True)
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": build_child_metadata(transcription_job),
        "type": "Opaque",
        "data": {
            urls_file_name(transcription_job.metadata.name): b64encode(content.encode()).decode()
        },
    }
