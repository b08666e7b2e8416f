"""Names, labels and annotations of everything the system makes in Kubernetes."""

from waas_contract.transcription_job import GROUP

TRANSCRIPTION_JOB_LABEL = f"{GROUP}/transcription-job"
REQUEST_LABEL = f"{GROUP}/request"
"""On a TranscriptionJob that was asked for with an Idempotency-Key: the digest of the request."""

MANAGED_BY_LABEL = "app.kubernetes.io/managed-by"
NAME_LABEL = "app.kubernetes.io/name"
COMPONENT_LABEL = "app.kubernetes.io/component"
MANAGED_BY = "waas-operator"
JOB_LABEL_SELECTOR = f"{MANAGED_BY_LABEL}={MANAGED_BY}"
CONTAINER_NAME = "transcribe"

AWAITED_LABEL = f"{GROUP}/awaited"
"""Marks TranscriptionJobs that are cancelled once no client has waited for them for a while."""

AWAITED_UNTIL_ANNOTATION = f"{GROUP}/awaited-until"
"""Until when such a job may go on without a client (RFC 3339); clients that wait push it on."""

REMOVAL_ANNOTATION = f"{GROUP}/removal"
"""Who removes a TranscriptionJob and its objects, since when; see `removal`."""

TRACEPARENT_ANNOTATION = f"{GROUP}/traceparent"
"""The trace of which a TranscriptionJob is a part; see `trace_context`."""

IMPORTED_ANNOTATION = f"{GROUP}/imported"
"""When a TranscriptionJob was made of a record; until its status follows, it is not to be run."""

_LONGEST_PREFIX = 50


def child_name(name: str, uid: str) -> str:
    """Return the name of the Job and of the Secret of one TranscriptionJob.

    The uid keeps a resource that was deleted and made anew apart from its predecessor's children,
    which the garbage collector may not have reached yet.
    """
    return f"{name[:_LONGEST_PREFIX].rstrip('-.')}-{uid[:8]}"


def child_labels(name: str) -> dict[str, str]:
    """Return the labels of every child of one TranscriptionJob."""
    return {
        NAME_LABEL: "waas",
        COMPONENT_LABEL: "job",
        MANAGED_BY_LABEL: MANAGED_BY,
        TRANSCRIPTION_JOB_LABEL: name,
    }
