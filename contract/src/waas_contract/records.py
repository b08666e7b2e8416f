"""The record of a job that has ended: the TranscriptionJob itself, kept beside its results.

Where the cluster is lost, TranscriptionJobs are made of records again. They are as they were at
their end: they run nothing and tell nobody anew.
"""

import json
from datetime import datetime
from typing import Any

from waas_contract.job_status import ConditionType, TranscriptionJobStatus
from waas_contract.names import IMPORTED_ANNOTATION
from waas_contract.reading import UnreadableTranscriptionJob, read_transcription_job
from waas_contract.transcription_job import (
    API_VERSION,
    KIND,
    TranscriptionJob,
)


def build_record(transcription_job: TranscriptionJob, status: TranscriptionJobStatus) -> bytes:
    """Return the object that is stored of a job which ends with this status, as JSON."""
    metadata = transcription_job.metadata
    kept = metadata.model_copy(
        # What belongs to the cluster, or to somebody's work on the resource, is not the job's.
        update={"resource_version": "", "annotations": {}, "deletion_timestamp": None}
    )
    ended = transcription_job.model_copy(update={"metadata": kept, "status": status})
    content = {"apiVersion": API_VERSION, "kind": KIND, **ended.to_wire()}
    return json.dumps(content, ensure_ascii=False).encode()


def read_record(content: bytes, namespace: str, name: str) -> TranscriptionJob:
    """Return the job of a record that lies where this job's must lie.

    Raises:
        UnreadableTranscriptionJob: it is no record, one of another job's, or of one that goes on.
    """
    job = read_transcription_job(content)
    if (job.metadata.namespace, job.metadata.name) != (namespace, name):
        raise UnreadableTranscriptionJob("the record is another job's")
    if not job.phase.is_final or job.status is None or job.status.completion_time is None:
        raise UnreadableTranscriptionJob("the job of the record has not ended")
    return job


def build_imported(job: TranscriptionJob, now: datetime) -> dict[str, Any]:
    """Return the resource to create of a record's job; its status has to be written after it.

    The annotation has everybody leave it alone until then.
    """
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {
            "name": job.metadata.name,
            "namespace": job.metadata.namespace,
            "labels": job.metadata.labels,
            "annotations": {IMPORTED_ANNOTATION: now.isoformat(timespec="seconds")},
        },
        "spec": job.spec.to_wire(),
    }


def build_imported_status(job: TranscriptionJob) -> TranscriptionJobStatus:
    """Return the status of a record's job in its new place: nobody is told of the end once more."""
    status = job.status or TranscriptionJobStatus()
    conditions = tuple(each for each in status.conditions if each.type != ConditionType.NOTIFIED)
    return status.model_copy(update={"conditions": conditions, "notifications": None})
