"""Derives the whole status of a TranscriptionJob from one observation and one decision. Pure."""

from datetime import timedelta

from waas_contract.exit_codes import FailureReason
from waas_contract.job_status import (
    AudioStatus,
    Condition,
    ConditionReason,
    ConditionType,
    Phase,
    Progress,
    Results,
    StoredResult,
    TranscriptionJobStatus,
)
from waas_contract.manifest import Manifest, ProgressNote
from waas_contract.names import child_name
from waas_contract.object_keys import manifest_key
from waas_operator.decision import Decision, Verdict, find_hindrance
from waas_operator.failure_policy import find_last_failure
from waas_operator.observation import ManifestState, Observation
from waas_operator.url_secret import SignedUrls

_LONGEST_MESSAGE = 1024

_LEAST_PROGRESS_PERCENT = 5
"""By how much a job gets on, or falls back, before it is written: each write costs the API server
and all who watch, and ten thousand jobs get on at the same time."""

_LONGEST_PROGRESS_SILENCE = timedelta(minutes=5)
"""After which any progress is written: by it people see that a long job lives."""

_Claim = tuple[bool | None, ConditionReason | FailureReason, str]
"""True, False or unknown, with its reason and message."""


def derive_status(
    observation: Observation, decision: Decision, *, signed_urls: SignedUrls | None = None
) -> TranscriptionJobStatus:
    """Return the status to write; `signed_urls` only when they were just signed."""
    transcription_job = observation.transcription_job
    known = transcription_job.status or TranscriptionJobStatus()
    starts = [pod.start_time for pod in observation.pods if pod.start_time]
    was_started = observation.job is not None or signed_urls is not None
    return TranscriptionJobStatus(
        observed_generation=transcription_job.metadata.generation,
        phase=_derive_phase(observation, decision, was_started=was_started),
        conditions=_derive_conditions(observation, decision, known),
        job_name=_job_name(observation) if was_started else known.job_name,
        attempts=max(known.attempts, len(starts)),
        queued_time=observation.queued_time,
        start_time=known.start_time or min(starts, default=None),
        completion_time=observation.now if decision.is_final else None,
        urls_expiration_time=(
            signed_urls.expiration_time if signed_urls else known.urls_expiration_time
        ),
        urls_highest_attempt=(
            signed_urls.highest_attempt if signed_urls else known.urls_highest_attempt
        ),
        failed_pods=observation.failed_pods,
        progress=_derive_progress(observation, decision, known),
        audio=_derive_audio(observation, known),
        results=_derive_results(observation.manifest if decision.is_final else None)
        or known.results,
        last_failure=find_last_failure(observation.pods, transcription_job.metadata.name)
        or known.last_failure,
    )


def _job_name(observation: Observation) -> str:
    metadata = observation.transcription_job.metadata
    return child_name(metadata.name, metadata.uid)


def _derive_phase(observation: Observation, decision: Decision, *, was_started: bool) -> Phase:
    if decision.verdict is Verdict.SUCCEEDED:
        return Phase.SUCCEEDED
    if decision.is_final:
        is_cancelled = decision.reason == FailureReason.CANCELLED
        return Phase.CANCELLED if is_cancelled else Phase.FAILED
    if observation.is_running:
        return Phase.RUNNING
    if observation.transcription_job.spec.suspend:
        return Phase.SUSPENDED
    return Phase.QUEUED if was_started else Phase.PENDING


def _derive_conditions(
    observation: Observation, decision: Decision, known: TranscriptionJobStatus
) -> tuple[Condition, ...]:
    claims: dict[ConditionType, _Claim] = {
        ConditionType.ACCEPTED: _claim_accepted(decision),
        ConditionType.STARTED: _claim_started(observation, decision, known),
        ConditionType.RESULTS_STORED: _claim_results_stored(observation, decision),
        ConditionType.SUCCEEDED: _claim_succeeded(decision),
    }
    return tuple(
        _build_condition(condition_type, claim, observation, known)
        for condition_type, claim in claims.items()
    )


def _build_condition(
    condition_type: ConditionType,
    claim: _Claim,
    observation: Observation,
    known: TranscriptionJobStatus,
) -> Condition:
    value, reason, message = claim
    before = known.condition(condition_type)
    status = "Unknown" if value is None else str(value)
    is_same = before is not None and before.status == status
    return Condition.model_validate(
        {
            "type": condition_type,
            "status": status,
            "reason": reason,
            "message": message[:_LONGEST_MESSAGE],
            "lastTransitionTime": (
                before.last_transition_time if before and is_same else observation.now
            ),
            "observedGeneration": observation.transcription_job.metadata.generation,
        }
    )


def _claim_accepted(decision: Decision) -> _Claim:
    if decision.verdict is Verdict.REFUSED:
        return False, decision.reason, decision.message
    return True, ConditionReason.ACCEPTED, ""


def _claim_started(
    observation: Observation, decision: Decision, known: TranscriptionJobStatus
) -> _Claim:
    if observation.is_running and not decision.is_final:
        return True, ConditionReason.RUNNING, ""
    before = known.condition(ConditionType.STARTED)
    has_started = (before is not None and before.status == "True") or any(
        pod.start_time for pod in observation.pods
    )
    if decision.is_final:
        reason = ConditionReason.RUNNING if has_started else ConditionReason.NOT_RUN
        return has_started, reason, ""
    if observation.transcription_job.spec.suspend:
        return False, ConditionReason.SUSPENDED, "spec.suspend is set."
    if hindrance := find_hindrance(observation):
        return False, hindrance.reason, hindrance.message
    pending = [pod for pod in observation.pods if not pod.has_ended]
    if pending:
        return False, ConditionReason.STARTING, pending[-1].waiting_message
    if has_started:
        return False, ConditionReason.RETRYING, "Waiting for the next attempt."
    return False, ConditionReason.PENDING, decision.message


def _claim_results_stored(observation: Observation, decision: Decision) -> _Claim:
    if decision.verdict is Verdict.SUCCEEDED:
        return True, ConditionReason.MANIFEST_VERIFIED, ""
    if decision.is_final and observation.manifest_state is ManifestState.PARTIAL:
        return True, ConditionReason.PARTIAL_RESULTS, "What was heard until it was stopped."
    if decision.is_final:
        return False, decision.reason, ""
    if decision.reason == ConditionReason.STORAGE_UNAVAILABLE:
        return None, ConditionReason.STORAGE_UNAVAILABLE, decision.message
    return None, ConditionReason.IN_PROGRESS, ""


def _claim_succeeded(decision: Decision) -> _Claim:
    value = decision.verdict is Verdict.SUCCEEDED if decision.is_final else None
    return value, decision.reason, decision.message


def _derive_progress(
    observation: Observation, decision: Decision, known: TranscriptionJobStatus
) -> Progress | None:
    if decision.verdict is Verdict.SUCCEEDED:
        processed = observation.manifest.audio.duration_seconds if observation.manifest else 0
        return Progress(percent=100, processed_seconds=processed, updated_time=observation.now)
    note = observation.progress
    if note is None:
        return known.progress or Progress(percent=0)
    share = note.processed_seconds / note.duration_seconds if note.duration_seconds else 0
    # 100 is said by the manifest alone.
    percent = int(min(99, 100 * share))
    if known.progress and not _is_news(note, percent, known.progress, known.audio):
        return known.progress
    return Progress(
        percent=percent, processed_seconds=note.processed_seconds, updated_time=note.updated_time
    )


def _is_news(note: ProgressNote, percent: int, told: Progress, audio: AudioStatus | None) -> bool:
    """Tell whether a note is worth a write of the status."""
    if not told.updated_time or not audio or audio.duration_seconds != note.duration_seconds:
        # Written at any rate: it is the first one, or the length is known better than it was.
        return True
    if not told.processed_seconds:
        # By the first of speed there is an estimate, for this job and for those that wait.
        return note.processed_seconds > 0
    return (
        abs(percent - told.percent) >= _LEAST_PROGRESS_PERCENT
        or note.updated_time - told.updated_time >= _LONGEST_PROGRESS_SILENCE
    )


def _derive_audio(observation: Observation, known: TranscriptionJobStatus) -> AudioStatus | None:
    if observation.manifest:
        audio = observation.manifest.audio
        return AudioStatus(duration_seconds=audio.duration_seconds, language=audio.language)
    if observation.progress:
        return AudioStatus(duration_seconds=observation.progress.duration_seconds)
    return known.audio


def _derive_results(manifest: Manifest | None) -> Results | None:
    if manifest is None:
        return None
    return Results(
        manifest_key=manifest_key(manifest.namespace, manifest.name),
        files=tuple(
            StoredResult(format=file.format, key=file.key, bytes=file.bytes)
            for file in manifest.files
        ),
    )
