"""What is counted, and that nobody's names become labels."""

from datetime import timedelta
from typing import Any

import pytest

from support.builders import NOW, make_transcription_job
from waas_contract.job_status import (
    AudioStatus,
    Condition,
    ConditionType,
    Phase,
    TranscriptionJobStatus,
)
from waas_operator.errors import Conflict
from waas_operator.metrics import Metrics
from waas_operator.seams import Resource
from waas_operator.work_queue import WorkQueue


def read(metrics: Metrics) -> dict[str, float]:
    lines = metrics.render()[0].decode().splitlines()
    samples = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in samples}


def resource(name: str, phase: str | None, model: str = "base") -> Resource:
    status = {"phase": phase} if phase else {}
    metadata = {"namespace": "newsroom", "name": name}
    return {"metadata": metadata, "spec": {"model": model}, "status": status}


def jobs(metrics: Metrics) -> dict[str, float]:
    return {
        name.removeprefix("waas_jobs"): value
        for name, value in read(metrics).items()
        if name.startswith("waas_jobs{") and value
    }


def test_jobs_are_counted_by_phase_and_model() -> None:
    metrics = Metrics()
    for name, phase in (("a", None), ("b", "Queued"), ("b", "Running"), ("c", "Running")):
        metrics.note_event("transcriptionjobs", "MODIFIED", resource(name, phase))
    metrics.note_event("transcriptionjobs", "DELETED", resource("c", "Running"))

    assert jobs(metrics) == {
        '{model="base",phase="Pending"}': 1,
        '{model="base",phase="Running"}': 1,
    }


def test_what_waits_is_counted_by_what_it_waits_for() -> None:
    metrics = Metrics()
    for name, phase, reason in (
        ("a", "Queued", "Pending"),
        ("b", "Queued", "Unschedulable"),
        ("b", "Queued", "Starting"),
        ("c", "Failed", "NotRun"),
        ("d", "Suspended", "Suspended"),
    ):
        waiting = resource(name, phase)
        waiting["status"]["conditions"] = [{"type": "Started", "status": "False", "reason": reason}]
        metrics.note_event("transcriptionjobs", "MODIFIED", waiting)

    samples = read(metrics)
    waiting_for = {n: v for n, v in samples.items() if n.startswith("waas_jobs_waiting") and v}
    assert waiting_for == {
        'waas_jobs_waiting{reason="Pending"}': 1,
        'waas_jobs_waiting{reason="Starting"}': 1,
    }


def test_no_label_holds_what_a_person_wrote() -> None:
    metrics = Metrics()
    metrics.note_event("transcriptionjobs", None, resource("secret", "Queued", "my-own-model"))

    assert jobs(metrics) == {'{model="other",phase="Queued"}': 1}
    assert "secret" not in metrics.render()[0].decode()


def test_a_watch_tells_when_it_last_showed_something() -> None:
    metrics = Metrics()
    metrics.note_event("pods", None, {})

    assert read(metrics)['waas_watch_last_event_timestamp_seconds{resource="pods"}'] > 0


def run_through(metrics: Metrics, end: TranscriptionJobStatus) -> None:
    """Queue for 60 s, start, and end as told."""
    job = make_transcription_job(model="base")
    started = TranscriptionJobStatus(
        phase=Phase.RUNNING, queued_time=NOW, start_time=NOW + timedelta(seconds=60)
    )
    metrics.note_status(job, started)
    metrics.note_status(job.model_copy(update={"status": started}), end)


def make_end(phase: Phase, reason: str = "Completed", **facts: Any) -> TranscriptionJobStatus:
    condition = Condition(
        type=ConditionType.SUCCEEDED, status="True", reason=reason, last_transition_time=NOW
    )
    return TranscriptionJobStatus(
        phase=phase,
        conditions=(condition,),
        start_time=NOW + timedelta(seconds=60),
        completion_time=NOW + timedelta(seconds=90),
        **facts,
    )


def test_the_times_of_a_job_that_succeeded() -> None:
    metrics = Metrics()

    run_through(metrics, make_end(Phase.SUCCEEDED, audio=AudioStatus(duration_seconds=300)))

    samples = read(metrics)
    assert samples['waas_job_queue_seconds_sum{model="base"}'] == 60
    assert samples['waas_job_run_seconds_sum{model="base"}'] == 30
    assert samples['waas_job_total_seconds_sum{model="base",phase="Succeeded"}'] == 90
    assert samples['waas_audio_seconds_total{model="base"}'] == 300
    assert samples['waas_realtime_factor_sum{model="base"}'] == pytest.approx(0.1)


def test_a_failure_is_counted_by_its_reason_and_a_cancellation_is_none() -> None:
    metrics = Metrics()

    run_through(metrics, make_end(Phase.FAILED, "BadAudio"))
    run_through(metrics, make_end(Phase.CANCELLED, "Cancelled"))

    failures = {n: v for n, v in read(metrics).items() if n.startswith("waas_job_failures_total")}
    assert failures == {'waas_job_failures_total{reason="BadAudio"}': 1}
    assert 'waas_audio_seconds_total{model="base"}' not in read(metrics)


async def test_reconciles_are_counted_and_their_errors_go_on() -> None:
    metrics = Metrics()
    errors: dict[str, Exception | None] = {
        "good": None,
        "conflict": Conflict("409"),
        "bug": ZeroDivisionError(),
    }

    async def reconcile(key: str) -> float | None:
        if error := errors[key]:
            raise error
        return 7.0

    measured = metrics.measure(reconcile)
    assert await measured("good") == 7
    with pytest.raises(Conflict):
        await measured("conflict")
    with pytest.raises(ZeroDivisionError):
        await measured("bug")

    samples = read(metrics)
    assert samples["waas_reconcile_duration_seconds_count"] == 3
    assert samples['waas_reconcile_errors_total{error="Conflict"}'] == 1
    assert samples['waas_reconcile_errors_total{error="Bug"}'] == 1


async def test_a_queue_and_a_leader_are_read_when_somebody_asks() -> None:
    metrics, leads = Metrics(), [False]
    queue: WorkQueue[str] = WorkQueue()
    metrics.follow_queue(queue)
    metrics.follow_leadership(lambda: leads[0])

    assert (read(metrics)["waas_workqueue_depth"], read(metrics)["waas_is_leader"]) == (0, 0)
    for key in ("a", "b"):
        queue.add(key)
    queue.failed(await queue.get())
    leads[0] = True

    samples = read(metrics)
    assert (samples["waas_workqueue_depth"], samples["waas_is_leader"]) == (1, 1)
    assert samples["waas_workqueue_oldest_seconds"] >= 0
    assert samples["waas_workqueue_retries"] == 1
