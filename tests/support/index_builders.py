"""Builders for tests of what the api keeps of jobs in memory."""

from datetime import datetime, timedelta
from typing import Any

from support.api_builders import NOW
from waas_api.jobs.index import JobIndex
from waas_api.jobs.summaries import JobSummary
from waas_contract.job_status import Phase
from waas_contract.transcription_job import Priority, Task


def make_resource(
    name: str,
    version: int,
    *,
    uid: str | None = None,
    phase: str | None = None,
    created: datetime = NOW,
    owner: str | None = None,
    priority: Priority | None = None,
) -> dict[str, Any]:
    """Return a TranscriptionJob as an API server sends it."""
    spec: dict[str, Any] = {"source": {"key": f"team-a/{name}/audio/a"}}
    if owner is not None:
        spec["owner"] = owner
    if priority is not None:
        spec["priority"] = priority
    resource: dict[str, Any] = {
        "apiVersion": "waas.dev/v1alpha1",
        "kind": "TranscriptionJob",
        "metadata": {
            "name": name,
            "namespace": "team-a",
            "uid": uid or f"uid-of-{name}",
            "resourceVersion": str(version),
            "creationTimestamp": created.isoformat(),
            "managedFields": [{"manager": "kubectl"}],
        },
        "spec": spec,
    }
    if phase is not None:
        resource["status"] = {"phase": phase}
    return resource


def list_into(index: JobIndex, version: int, *resources: dict[str, Any]) -> None:
    """Have the index filled by a list."""
    index.begin_list()
    index.take_page(resources)
    index.end_list(version)


def names_of(index: JobIndex) -> list[str]:
    return [each.name for each in index.newest_first()]


def make_summary(name: str = "a", **changes: Any) -> JobSummary:
    given: dict[str, Any] = {
        "name": name,
        "version": 1,
        "phase": Phase.QUEUED,
        "creation_time": NOW,
        "start_time": None,
        "completion_time": None,
        "owner": None,
        "labels": {},
        "file_name": None,
        "model": "tiny",
        "task": Task.TRANSCRIBE,
        "priority": Priority.NORMAL,
        "language": None,
        "duration_seconds": None,
        "processed_seconds": None,
        "progress_time": None,
    }
    return JobSummary(**(given | changes))


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)
