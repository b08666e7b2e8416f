"""Finds a finished job's transcript in object storage."""

from waas_api.errors import (
    JobCancelled,
    JobFailed,
    JobNotDone,
    ObjectNotFound,
    TranscriptMissing,
)
from waas_api.object_storage import ObjectStorage
from waas_contract.formats import OutputFormat
from waas_contract.manifest import Manifest
from waas_contract.object_keys import manifest_key
from waas_contract.transcription_job import Phase, TranscriptionJob

_LARGEST_MANIFEST_BYTES = 1024 * 1024


def check_is_done(job: TranscriptionJob) -> None:
    """Raise the TranscriptNotReady that says why there is no transcript, unless there is one."""
    if job.phase is Phase.FAILED:
        raise JobFailed("Job failed")
    if job.phase is Phase.CANCELLED:
        raise JobCancelled("Job canceled")
    if job.phase is not Phase.SUCCEEDED:
        raise JobNotDone("Job not done yet")


async def read_transcript(
    job: TranscriptionJob, storage: ObjectStorage, *, largest_bytes: int
) -> bytes:
    """Return transcript.json by way of the manifest, which alone says that it is whole."""
    namespace, name = job.metadata.namespace, job.metadata.name
    missing = TranscriptMissing("The transcript is not in object storage any more")
    try:
        manifest = Manifest.model_validate_json(
            await storage.read(manifest_key(namespace, name), largest_bytes=_LARGEST_MANIFEST_BYTES)
        )
        file = manifest.file(OutputFormat.JSON)
        if file is None or not manifest.answers(namespace, name, job.spec.digest()):
            raise missing
        return await storage.read(file.key, largest_bytes=largest_bytes)
    except ObjectNotFound as error:
        raise missing from error
