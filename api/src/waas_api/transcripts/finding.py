"""Finds a finished job's transcript in object storage."""

from waas_api.errors import (
    JobCancelled,
    JobFailed,
    JobNotDone,
    ObjectNotFound,
    TranscriptMissing,
)
from waas_api.storage.object_storage import ObjectStorage
from waas_contract.formats import OutputFormat
from waas_contract.job_status import Phase
from waas_contract.manifest import LARGEST_NOTE_BYTES, Manifest, Outcome
from waas_contract.object_keys import manifest_key
from waas_contract.transcription_job import TranscriptionJob

_MISSING = "The transcript is not in object storage any more"


def check_is_done(job: TranscriptionJob) -> None:
    """Raise the TranscriptNotReady that says why there is no transcript, unless there is one."""
    if job.phase is Phase.FAILED:
        raise JobFailed("Job failed")
    if job.phase is Phase.CANCELLED:
        raise JobCancelled("Job canceled")
    if job.phase is not Phase.SUCCEEDED:
        raise JobNotDone("Job not done yet")


async def read_manifest(job: TranscriptionJob, storage: ObjectStorage) -> Manifest:
    """Return what alone says that results are whole, or raise TranscriptMissing."""
    namespace, name = job.metadata.namespace, job.metadata.name
    try:
        manifest = Manifest.model_validate_json(
            await storage.read(manifest_key(namespace, name), largest_bytes=LARGEST_NOTE_BYTES)
        )
    except ObjectNotFound as error:
        raise TranscriptMissing(_MISSING) from error
    if not manifest.answers(namespace, name, job.spec.digest()):
        raise TranscriptMissing(_MISSING)
    return manifest


async def find_manifest(job: TranscriptionJob, storage: ObjectStorage) -> Manifest:
    """Return the manifest of a job with a transcript, be it of what was heard before its end.

    Raises:
        TranscriptNotReady: there is no transcript, for the reason that the error says.
        TranscriptMissing: there should be one.
    """
    if job.phase not in (Phase.CANCELLED, Phase.FAILED):
        check_is_done(job)
        return await read_manifest(job, storage)
    try:
        manifest = await read_manifest(job, storage)
    except TranscriptMissing:
        check_is_done(job)
        raise
    if manifest.outcome is not Outcome.PARTIAL:
        check_is_done(job)
    return manifest


async def read_original(manifest: Manifest, storage: ObjectStorage, *, largest_bytes: int) -> bytes:
    """Return transcript.json as the job stored it."""
    file = manifest.file(OutputFormat.JSON)
    if file is None:
        raise TranscriptMissing(_MISSING)
    try:
        return await storage.read(file.key, largest_bytes=largest_bytes)
    except ObjectNotFound as error:
        raise TranscriptMissing(_MISSING) from error


async def read_transcript(
    job: TranscriptionJob, storage: ObjectStorage, *, largest_bytes: int
) -> bytes:
    """Return transcript.json by way of the manifest."""
    manifest = await read_manifest(job, storage)
    return await read_original(manifest, storage, largest_bytes=largest_bytes)
