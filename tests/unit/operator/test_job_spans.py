"""The trace of a job, from its status alone."""

from datetime import timedelta

import pytest

from support.builders import NOW, make_settings, make_transcription_job
from waas_contract.job_status import (
    Condition,
    ConditionType,
    Phase,
    TranscriptionJobStatus,
)
from waas_contract.names import TRACEPARENT_ANNOTATION
from waas_contract.transcription_job import TranscriptionJob
from waas_operator.job_manifest import build_job
from waas_operator.job_spans import JobSpan, derive_trace

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
STARTED, ENDED = NOW + timedelta(seconds=30), NOW + timedelta(minutes=2)


def make_job(**annotations: str) -> TranscriptionJob:
    job = make_transcription_job()
    changes = {"annotations": annotations, "creation_timestamp": NOW}
    return job.model_copy(update={"metadata": job.metadata.model_copy(update=changes)})


def make_status(value: str, reason: str, **facts: object) -> TranscriptionJobStatus:
    succeeded = Condition.model_validate(
        {
            "type": ConditionType.SUCCEEDED,
            "status": value,
            "reason": reason,
            "lastTransitionTime": ENDED,
        }
    )
    facts = {"phase": Phase.SUCCEEDED, "completion_time": ENDED, "queued_time": NOW, **facts}
    return TranscriptionJobStatus.model_validate({**facts, "conditions": (succeeded,)})


def test_one_that_ran_has_waited_and_run() -> None:
    status = make_status("True", "Completed", start_time=STARTED, attempts=1)

    trace = derive_trace(make_job(**{TRACEPARENT_ANNOTATION: TRACEPARENT}), status)

    assert trace.traceparent == TRACEPARENT
    assert trace.whole == JobSpan("transcription", NOW, ENDED)
    assert trace.parts == (JobSpan("queue", NOW, STARTED), JobSpan("run", STARTED, ENDED))
    assert trace.failure is None
    assert trace.attributes == {
        "k8s.namespace.name": "newsroom",
        "waas.transcription_job.name": "interview",
        "waas.model": "tiny",
        "waas.task": "transcribe",
        "waas.phase": "Succeeded",
        "waas.attempts": 1,
    }


def test_one_that_never_ran_has_only_waited() -> None:
    status = make_status("False", "Cancelled", phase=Phase.CANCELLED)

    trace = derive_trace(make_job(**{TRACEPARENT_ANNOTATION: "nonsense"}), status)

    assert trace.traceparent is None
    assert trace.parts == (JobSpan("queue", NOW, ENDED),)
    assert trace.failure == "Cancelled"


def test_one_that_goes_on_has_no_trace_yet() -> None:
    with pytest.raises(ValueError, match="has not ended"):
        derive_trace(make_job(), TranscriptionJobStatus())


@pytest.mark.parametrize("told", [TRACEPARENT, "$(WAAS_ITEMS)", ""])
def test_the_pod_is_told_its_trace(told: str) -> None:
    job = build_job(make_job(**{TRACEPARENT_ANNOTATION: told}), make_settings())

    variables = job["spec"]["template"]["spec"]["containers"][0]["env"]
    found = [each["value"] for each in variables if each["name"] == "TRACEPARENT"]
    assert found == ([told] if told == TRACEPARENT else [])
