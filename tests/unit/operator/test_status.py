"""The whole status at the moments of a life."""

from datetime import timedelta
from typing import Any

import pytest

from support.builders import (
    NOW,
    make_job,
    make_manifest,
    make_observation,
    make_pod,
    make_settings,
    make_transcription_job,
)
from waas_contract.job_status import (
    ConditionType,
    Phase,
    StoredResult,
    TranscriptionJobStatus,
)
from waas_contract.manifest import Outcome, ProgressNote
from waas_operator.decision import decide
from waas_operator.observation import ManifestState
from waas_operator.status import derive_status
from waas_operator.url_secret import SignedUrls

SETTINGS = make_settings()
URLS_END = NOW + timedelta(hours=12)
LATER = NOW + timedelta(minutes=10)
MUCH_LATER = NOW + timedelta(minutes=30)


def next_status(
    known: TranscriptionJobStatus | None,
    *,
    spec: dict[str, Any] | None = None,
    are_urls_fresh: bool = False,
    **seen: Any,
) -> TranscriptionJobStatus:
    """Return what is said after a look, and that it can be stored and read back."""
    transcription_job = make_transcription_job(status=known, **(spec or {}))
    observation = make_observation(transcription_job=transcription_job, **seen)
    status = derive_status(
        observation,
        decide(observation, SETTINGS),
        signed_urls=SignedUrls(URLS_END, 3) if are_urls_fresh else None,
    )
    assert TranscriptionJobStatus.model_validate(status.to_wire()) == status
    return status


def condition(condition_type: str, status: str, reason: str, time: str, message: str = "") -> Any:
    return {
        "type": condition_type,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": time,
        "observedGeneration": 1,
    }


def make_queued() -> TranscriptionJobStatus:
    return next_status(None, manifest_state=ManifestState.ABSENT, are_urls_fresh=True)


def make_running() -> TranscriptionJobStatus:
    return next_status(
        make_queued(),
        job=make_job(),
        pods=(make_pod(start_time=LATER),),
        progress=ProgressNote(processed_seconds=4.5, duration_seconds=9, updated_time=LATER),
        now=LATER,
    )


def test_a_recording_whose_job_was_just_made() -> None:
    assert make_queued().to_wire() == {
        "observedGeneration": 1,
        "phase": "Queued",
        "conditions": [
            condition("Accepted", "True", "Accepted", "2026-11-22T12:00:00Z"),
            condition("Started", "False", "Pending", "2026-11-22T12:00:00Z"),
            condition("ResultsStored", "Unknown", "InProgress", "2026-11-22T12:00:00Z"),
            condition("Succeeded", "Unknown", "InProgress", "2026-11-22T12:00:00Z"),
        ],
        "jobName": "interview-0f9e8d7c",
        "attempts": 0,
        "queuedTime": "2026-11-22T12:00:00Z",
        "urlsExpirationTime": "2026-11-23T00:00:00Z",
        "urlsHighestAttempt": 3,
        "failedPods": 0,
        "progress": {"percent": 0, "processedSeconds": 0.0},
    }


def test_a_recording_that_is_being_transcribed() -> None:
    assert make_running().to_wire() == {
        "observedGeneration": 1,
        "phase": "Running",
        "conditions": [
            condition("Accepted", "True", "Accepted", "2026-11-22T12:00:00Z"),
            condition("Started", "True", "Running", "2026-11-22T12:10:00Z"),
            condition("ResultsStored", "Unknown", "InProgress", "2026-11-22T12:00:00Z"),
            condition("Succeeded", "Unknown", "InProgress", "2026-11-22T12:00:00Z"),
        ],
        "jobName": "interview-0f9e8d7c",
        "attempts": 1,
        "queuedTime": "2026-11-22T12:00:00Z",
        "startTime": "2026-11-22T12:10:00Z",
        "urlsExpirationTime": "2026-11-23T00:00:00Z",
        "urlsHighestAttempt": 3,
        "failedPods": 0,
        "progress": {
            "percent": 50,
            "processedSeconds": 4.5,
            "updatedTime": "2026-11-22T12:10:00Z",
        },
        "audio": {"durationSeconds": 9.0},
    }


@pytest.mark.parametrize(
    ("cancelled", "kept"),
    [(True, ["json", "srt"]), (False, None)],
    ids=["cancelled: it stays", "to go on: it proves nothing"],
)
def test_a_part_of_a_transcript(cancelled: bool, kept: list[str] | None) -> None:
    manifest = make_manifest(make_transcription_job(), outcome=Outcome.PARTIAL)

    status = next_status(
        make_running(),
        spec={"cancelled": cancelled},
        manifest_state=ManifestState.PARTIAL,
        manifest=manifest,
        now=MUCH_LATER,
    )

    assert (status.phase is Phase.CANCELLED) == cancelled
    stored = status.condition(ConditionType.RESULTS_STORED)
    assert stored
    assert stored.status == ("True" if cancelled else "Unknown")
    assert stored.reason == ("PartialResults" if cancelled else "InProgress")
    assert (status.results and [file.format for file in status.results.files]) == kept


def test_a_transcript_that_is_stored() -> None:
    manifest = make_manifest(make_transcription_job())

    status = next_status(
        make_running(),
        job=make_job(is_complete=True, finish_time=MUCH_LATER),
        pods=(make_pod(start_time=LATER, finish_time=MUCH_LATER, exit_code=0),),
        manifest_state=ManifestState.PRESENT,
        manifest=manifest,
        now=MUCH_LATER,
    )

    assert status.to_wire() == {
        "observedGeneration": 1,
        "phase": "Succeeded",
        "conditions": [
            condition("Accepted", "True", "Accepted", "2026-11-22T12:00:00Z"),
            condition("Started", "True", "Running", "2026-11-22T12:10:00Z"),
            condition("ResultsStored", "True", "ManifestVerified", "2026-11-22T12:30:00Z"),
            condition(
                "Succeeded",
                "True",
                "Completed",
                "2026-11-22T12:30:00Z",
                "The transcript is stored.",
            ),
        ],
        "jobName": "interview-0f9e8d7c",
        "attempts": 1,
        "queuedTime": "2026-11-22T12:00:00Z",
        "startTime": "2026-11-22T12:10:00Z",
        "completionTime": "2026-11-22T12:30:00Z",
        "urlsExpirationTime": "2026-11-23T00:00:00Z",
        "urlsHighestAttempt": 3,
        "failedPods": 0,
        "progress": {
            "percent": 100,
            "processedSeconds": 9.5,
            "updatedTime": "2026-11-22T12:30:00Z",
        },
        "audio": {"durationSeconds": 9.5, "language": "en"},
        "results": {
            "manifestKey": "newsroom/interview/manifest.json",
            "files": [
                {
                    "format": "json",
                    "key": "newsroom/interview/results/1/transcript.json",
                    "bytes": 100,
                },
                {
                    "format": "srt",
                    "key": "newsroom/interview/results/1/transcript.srt",
                    "bytes": 100,
                },
            ],
        },
    }
    assert status.results
    assert status.results.files[0] == StoredResult(
        format=manifest.files[0].format, key=manifest.files[0].key, bytes=100
    )


def test_a_recording_that_is_no_audio() -> None:
    status = next_status(
        make_running(),
        job=make_job(failure_reason="PodFailurePolicy", finish_time=MUCH_LATER),
        pods=(make_pod(start_time=LATER, finish_time=MUCH_LATER, exit_code=65),),
        manifest_state=ManifestState.ABSENT,
        now=MUCH_LATER,
    )

    message = "The file is not audio that can be read."
    assert status.to_wire() == {
        "observedGeneration": 1,
        "phase": "Failed",
        "conditions": [
            condition("Accepted", "True", "Accepted", "2026-11-22T12:00:00Z"),
            condition("Started", "True", "Running", "2026-11-22T12:10:00Z"),
            condition("ResultsStored", "False", "BadAudio", "2026-11-22T12:30:00Z"),
            condition("Succeeded", "False", "BadAudio", "2026-11-22T12:30:00Z", message),
        ],
        "jobName": "interview-0f9e8d7c",
        "attempts": 1,
        "queuedTime": "2026-11-22T12:00:00Z",
        "startTime": "2026-11-22T12:10:00Z",
        "completionTime": "2026-11-22T12:30:00Z",
        "urlsExpirationTime": "2026-11-23T00:00:00Z",
        "urlsHighestAttempt": 3,
        "failedPods": 1,
        "progress": {
            "percent": 50,
            "processedSeconds": 4.5,
            "updatedTime": "2026-11-22T12:10:00Z",
        },
        "audio": {"durationSeconds": 9.0},
        "lastFailure": {
            "reason": "BadAudio",
            "message": message,
            "exitCode": 65,
            "podName": "interview-0f9e8d7c-abcde",
            "time": "2026-11-22T12:30:00Z",
        },
    }


def test_a_recording_that_is_refused() -> None:
    status = next_status(
        None, spec={"profile": "huge"}, manifest_state=ManifestState.ABSENT, now=LATER
    )

    message = "spec.profile: 'huge' is not one of: default"
    time = "2026-11-22T12:10:00Z"
    assert status.to_wire() == {
        "observedGeneration": 1,
        "phase": "Failed",
        "conditions": [
            condition("Accepted", "False", "ProfileNotFound", time, message),
            condition("Started", "False", "NotRun", time),
            condition("ResultsStored", "False", "ProfileNotFound", time),
            condition("Succeeded", "False", "ProfileNotFound", time, message),
        ],
        "attempts": 0,
        "failedPods": 0,
        "urlsHighestAttempt": 0,
        "queuedTime": "2026-11-22T12:00:00Z",
        "completionTime": time,
        "progress": {"percent": 0, "processedSeconds": 0.0},
    }
