"""A record is the job as it ended, and nothing of the cluster that it was in."""

import json

import pytest

from support.builders import NOW, make_transcription_job
from waas_contract.job_status import (
    Condition,
    ConditionType,
    Delivery,
    NotificationsStatus,
    Phase,
    TranscriptionJobStatus,
)
from waas_contract.names import IMPORTED_ANNOTATION, REMOVAL_ANNOTATION
from waas_contract.reading import UnreadableTranscriptionJob
from waas_contract.records import (
    build_imported,
    build_imported_status,
    build_record,
    read_record,
)
from waas_contract.transcription_job import TranscriptionJob

ENDED = TranscriptionJobStatus(phase=Phase.SUCCEEDED, completion_time=NOW, attempts=2)


def make_job() -> TranscriptionJob:
    job = make_transcription_job(owner="æ")
    changes = {
        "labels": {"desk": "news"},
        "annotations": {REMOVAL_ANNOTATION: "somebody"},
        "resource_version": "7",
    }
    return job.model_copy(update={"metadata": job.metadata.model_copy(update=changes)})


def test_what_is_read_is_what_ended() -> None:
    job = make_job()

    read = read_record(build_record(job, ENDED), "newsroom", "interview")

    assert (read.spec, read.status) == (job.spec, ENDED)
    assert read.metadata.labels == {"desk": "news"}
    assert (read.metadata.annotations, read.metadata.resource_version) == ({}, "")


UNUSABLE = [
    ("no JSON", b"{"),
    ("a manifest, say", b'{"schemaVersion": 1}'),
    ("one that goes on", build_record(make_job(), TranscriptionJobStatus(phase=Phase.RUNNING))),
    (
        "an end without its moment",
        build_record(make_job(), TranscriptionJobStatus(phase=Phase.FAILED)),
    ),
    ("another job's", build_record(make_job(), ENDED).replace(b'"interview"', b'"other"')),
]


@pytest.mark.parametrize("content", [pytest.param(each[1], id=each[0]) for each in UNUSABLE])
def test_what_is_no_record_of_the_job_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableTranscriptionJob):
        read_record(content, "newsroom", "interview")


def test_the_resource_of_a_record_is_marked_and_has_no_status() -> None:
    job = make_job()

    assert build_imported(job, NOW) == {
        "apiVersion": "waas.dev/v1alpha1",
        "kind": "TranscriptionJob",
        "metadata": {
            "name": "interview",
            "namespace": "newsroom",
            "labels": {"desk": "news"},
            "annotations": {IMPORTED_ANNOTATION: "2026-11-22T12:00:00+00:00"},
        },
        "spec": json.loads(json.dumps(job.spec.to_wire())),
    }


def test_nobody_is_told_once_more() -> None:
    conditions = tuple(
        Condition(type=each, status="Unknown", reason="Delivering", last_transition_time=NOW)
        for each in (ConditionType.ARCHIVED, ConditionType.NOTIFIED)
    )
    notifications = NotificationsStatus(email=Delivery(next_attempt_time=NOW))
    status = ENDED.model_copy(update={"conditions": conditions, "notifications": notifications})

    imported = build_imported_status(make_job().model_copy(update={"status": status}))

    assert [each.type for each in imported.conditions] == [ConditionType.ARCHIVED]
    assert imported.notifications is None
    assert imported.completion_time == NOW
