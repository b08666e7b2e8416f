"""Which objects in storage a caller may name as a recording."""

import re

from waas_api.access.callers import Caller
from waas_api.errors import JobNotFound, SourceForbidden
from waas_api.jobs.transcription_jobs import TranscriptionJobs
from waas_contract.object_keys import audio_prefix, tenant_prefix
from waas_contract.transcription_job import Source

_JOB_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


async def check_object(
    source: Source,
    caller: Caller,
    jobs: TranscriptionJobs,
    *,
    own_bucket: str,
    listed_buckets: tuple[str, ...],
) -> None:
    """Raise SourceForbidden unless an object is the tenant's, and nothing of another's job.

    What was put below the tenant's prefix by hand belongs to no job, and so to all of the tenant.
    """
    if source.bucket is not None and source.bucket != own_bucket:
        if source.bucket in listed_buckets:
            return
        raise SourceForbidden(
            f"An administrator has not listed the bucket {source.bucket!r} for you."
        )
    prefix = tenant_prefix(caller.namespace)
    parts = source.key.split("/")
    is_proper = not _CONTROL.search(source.key) and not any(
        each in ("", ".", "..") for each in parts
    )
    if not source.key.startswith(prefix) or not is_proper:
        raise SourceForbidden(f"The key of an object has to begin with {prefix!r}.")
    name = parts[1]
    if name.startswith("_"):
        raise SourceForbidden("What begins with '_' there is the service's own.")
    try:
        if not _JOB_NAME.fullmatch(name):
            return
        job = await jobs.get(name)
    except JobNotFound:
        return
    if not caller.may_see(job.spec.owner):
        raise SourceForbidden("That object belongs to somebody else's job.")
    if not source.key.startswith(audio_prefix(caller.namespace, name)):
        raise SourceForbidden("Of a job, only its recording can be transcribed again.")
