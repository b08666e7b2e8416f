"""Builds the Secret with a job's presigned URLs, its only credentials. Pure."""

from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from waas_contract.job_environment import AttemptUrls, ItemUrls, ManifestUrls, urls_file_name
from waas_contract.object_keys import manifest_key, progress_key, result_key
from waas_contract.transcription_job import TranscriptionJob
from waas_operator.job_manifest import build_child_metadata

ATTEMPTS_AHEAD = 3
"""Attempt numbers signed at a time: one is used up only by a pod that dies while it stores."""

SignUrl = Callable[[Literal["GET", "PUT"], str | None, str], str]
"""Signs a method for a bucket (None: the service's own) and key."""


def build_item_urls(
    transcription_job: TranscriptionJob,
    sign: SignUrl,
    *,
    first_attempt: int,
    expiration_time: datetime,
) -> ItemUrls:
    """Return the URLs of one recording: exactly what it reads and what it may write."""
    metadata, spec = transcription_job.metadata, transcription_job.spec
    namespace, name = metadata.namespace, metadata.name
    manifest = manifest_key(namespace, name)
    return ItemUrls(
        audio=sign("GET", spec.source.bucket, spec.source.key),
        manifest=ManifestUrls(get=sign("GET", None, manifest), put=sign("PUT", None, manifest)),
        progress=sign("PUT", None, progress_key(namespace, name)),
        attempts=tuple(
            AttemptUrls(
                attempt=attempt,
                put={
                    each: sign("PUT", None, result_key(namespace, name, attempt, each))
                    for each in spec.stored_formats()
                },
            )
            for attempt in range(first_attempt, first_attempt + ATTEMPTS_AHEAD)
        ),
        expiration_time=expiration_time,
    )


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
