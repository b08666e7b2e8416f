"""Where a job's recording lies, as far as the api may touch it."""

from mimetypes import guess_type

from waas_api.errors import AudioMissing
from waas_contract.object_keys import tenant_prefix
from waas_contract.transcription_job import TranscriptionJob

_UNKNOWN = "application/octet-stream"


def find_audio_key(job: TranscriptionJob) -> str:
    """Return the key of the recording, or raise AudioMissing.

    A TranscriptionJob may be anybody's own: of what its source names, only the tenant's counts.
    """
    source = job.spec.source
    if source.bucket is not None:
        raise AudioMissing("The recording lies in another bucket, which the service does not read.")
    if not source.key.startswith(tenant_prefix(job.metadata.namespace)):
        raise AudioMissing("There is no recording that belongs to this job.")
    return source.key


def media_type_of(job: TranscriptionJob) -> str:
    """Return the kind of sound by the file's name; nothing that a browser would run."""
    guessed, _ = guess_type(job.spec.source.file_name or job.spec.source.key)
    is_media = guessed is not None and guessed.startswith(("audio/", "video/"))
    return guessed if guessed is not None and is_media else _UNKNOWN
