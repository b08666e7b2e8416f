"""Names of jobs that are derived from what is asked for, so that the same request finds its job.

The API server then tells two of them apart from one: the second to come gets NameTaken.
"""

import hashlib
import json

from waas_contract.transcription_job import TranscriptionRequest

_NO_PART_OF_THE_RESULT = {
    "formats",
    "priority",
    "queue_name",
    "ttl_seconds_after_finished",
    "ttl_seconds_after_failure",
}

_NAME_LENGTH = 40  # 160 bits; a Kubernetes name has 63 characters at most


def name_of_request(
    namespace: str, request: TranscriptionRequest, audio_sha256: str, generation: int
) -> str:
    """Return the name of the job that a caller's request about some audio has.

    It is the same for the same tenant, owner, audio and parameters. The generation counts jobs of
    such a request that came to nothing: each gives way to another name.
    """
    asked = request.model_dump(mode="json", exclude_none=True, exclude=_NO_PART_OF_THE_RESULT)
    canonical = json.dumps(
        [namespace, asked, audio_sha256, generation], sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(canonical.encode()).hexdigest()[:_NAME_LENGTH]
