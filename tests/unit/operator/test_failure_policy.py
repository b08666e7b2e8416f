"""What a failure means, and what a person is told about it."""

from datetime import timedelta

import pytest

from support.builders import NOW, make_pod
from waas_contract.exit_codes import FailureReason
from waas_contract.job_environment import ItemOutcome, TerminationMessage
from waas_contract.job_status import LastFailure
from waas_operator.failure_policy import (
    Failure,
    build_pod_failure_policy,
    explain_pod_failure,
    find_last_failure,
)
from waas_operator.observation import ObservedPod


def last_words(*outcomes: tuple[str, FailureReason | None, str]) -> str:
    return TerminationMessage(
        outcomes=tuple(
            ItemOutcome(name=name, reason=reason, message=message)
            for name, reason, message in outcomes
        )
    ).to_text()


def test_the_policy_of_every_job() -> None:
    assert build_pod_failure_policy() == {
        "rules": [
            {
                "action": "Ignore",
                "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
            },
            {
                "action": "FailJob",
                "onExitCodes": {
                    "containerName": "transcribe",
                    "operator": "In",
                    "values": [65, 66, 78],
                },
            },
            {
                "action": "Ignore",
                "onExitCodes": {
                    "containerName": "transcribe",
                    "operator": "In",
                    "values": [75],
                },
            },
        ]
    }


BAD_AUDIO = FailureReason.BAD_AUDIO
UNEXPECTED = "The job program ended unexpectedly; see its log."
PODS: list[tuple[str, ObservedPod, FailureReason, str]] = [
    (
        "the program's own words",
        make_pod(
            exit_code=65, termination_message=last_words(("interview", BAD_AUDIO, "No sound."))
        ),
        BAD_AUDIO,
        "No sound.",
    ),
    (
        "its reason counts more than its code, which several items share",
        make_pod(
            exit_code=75,
            termination_message=last_words(
                ("other", FailureReason.STORAGE_UNAVAILABLE, "Away."),
                ("interview", BAD_AUDIO, "No sound."),
            ),
        ),
        BAD_AUDIO,
        "No sound.",
    ),
    (
        "words about another item only",
        make_pod(exit_code=66, termination_message=last_words(("other", BAD_AUDIO, "No sound."))),
        FailureReason.SOURCE_NOT_FOUND,
        "The audio is not in the object store.",
    ),
    (
        "words that the item is done, in a pod that failed all the same",
        make_pod(exit_code=70, termination_message=last_words(("interview", None, ""))),
        FailureReason.INTERNAL_ERROR,
        UNEXPECTED,
    ),
    (
        "a reason without words",
        make_pod(exit_code=65, termination_message=last_words(("interview", BAD_AUDIO, ""))),
        BAD_AUDIO,
        "The file is not audio that can be read.",
    ),
    (
        "words cut short",
        make_pod(exit_code=65, termination_message='{"outcomes":[{"name":"interv'),
        BAD_AUDIO,
        "The file is not audio that can be read.",
    ),
    (
        "a reason of another release",
        make_pod(
            exit_code=65,
            termination_message='{"outcomes":[{"name":"interview","reason":"TooLoud"}]}',
        ),
        BAD_AUDIO,
        "The file is not audio that can be read.",
    ),
    (
        "no words, bad audio",
        make_pod(exit_code=65),
        BAD_AUDIO,
        "The file is not audio that can be read.",
    ),
    (
        "no words, no object",
        make_pod(exit_code=66),
        FailureReason.SOURCE_NOT_FOUND,
        "The audio is not in the object store.",
    ),
    (
        "no words, no store",
        make_pod(exit_code=75),
        FailureReason.STORAGE_UNAVAILABLE,
        "The object store could not be reached.",
    ),
    (
        "no words, wrong settings",
        make_pod(exit_code=78),
        FailureReason.BAD_CONFIGURATION,
        "The job is not configured rightly; ask an administrator.",
    ),
    ("no words, our error", make_pod(exit_code=70), FailureReason.INTERNAL_ERROR, UNEXPECTED),
    ("a code of nobody's", make_pod(exit_code=3), FailureReason.INTERNAL_ERROR, UNEXPECTED),
    (
        "killed by the kernel for its memory",
        make_pod(exit_code=137, is_out_of_memory=True),
        FailureReason.OUT_OF_MEMORY,
        "The job ran out of memory; use a smaller model or a profile with more memory.",
    ),
    (
        "killed by somebody else",
        make_pod(exit_code=137),
        FailureReason.INTERNAL_ERROR,
        UNEXPECTED,
    ),
    (
        "told to stop",
        make_pod(exit_code=143),
        FailureReason.INTERRUPTED,
        "The pod was told to stop before it was done.",
    ),
    (
        "evicted and killed before it could say anything",
        make_pod(exit_code=137, is_disrupted=True),
        FailureReason.INTERRUPTED,
        "The pod was told to stop before it was done.",
    ),
]


@pytest.mark.parametrize(
    ("pod", "reason", "message"), [pytest.param(*case[1:], id=case[0]) for case in PODS]
)
def test_why_a_pod_failed(pod: ObservedPod, reason: FailureReason, message: str) -> None:
    assert explain_pod_failure(pod, "interview") == Failure(reason, message)


@pytest.mark.parametrize("reason", FailureReason)
def test_every_reason_is_explained_even_without_words(reason: FailureReason) -> None:
    pod = make_pod(exit_code=70, termination_message=last_words(("interview", reason, "")))

    failure = explain_pod_failure(pod, "interview")

    assert failure.reason == reason
    assert failure.message.endswith(".")


def test_the_last_failure_is_the_one_that_ended_last() -> None:
    pods = [
        make_pod(name="a", exit_code=70, finish_time=NOW + timedelta(seconds=1)),
        make_pod(name="b", exit_code=75, finish_time=NOW + timedelta(seconds=2)),
        make_pod(name="c", exit_code=0, finish_time=NOW + timedelta(seconds=3)),
        make_pod(name="d", start_time=NOW),
    ]

    assert find_last_failure(pods, "interview") == LastFailure(
        reason="StorageUnavailable",
        message="The object store could not be reached.",
        exit_code=75,
        pod_name="b",
        time=NOW + timedelta(seconds=2),
    )


NAMES = [
    ("no pod at all", [], None),
    ("nothing has failed", [make_pod(exit_code=0), make_pod(start_time=NOW)], None),
    (
        "the kubelet did not say when they ended: the last by name",
        [make_pod(name="b", exit_code=70), make_pod(name="a", exit_code=70)],
        "b",
    ),
    (
        "an end with a time comes after one without",
        [make_pod(name="a", exit_code=70, finish_time=NOW), make_pod(name="b", exit_code=70)],
        "a",
    ),
]


@pytest.mark.parametrize(("pods", "name"), [pytest.param(*case[1:], id=case[0]) for case in NAMES])
def test_which_failure_is_last(pods: list[ObservedPod], name: str | None) -> None:
    failure = find_last_failure(pods, "interview")

    assert (failure.pod_name if failure else None) == name


def test_long_words_are_cut() -> None:
    message = (
        '{"outcomes":[{"name":"interview","reason":"BadAudio","message":"' + "é" * 3000 + '"}]}'
    )
    pod = make_pod(exit_code=65, termination_message=message)

    failure = find_last_failure([pod], "interview")

    assert failure
    assert failure.message == "é" * 1024
