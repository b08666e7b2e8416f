import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from waas_contract.exit_codes import ExitCode, FailureReason
from waas_contract.formats import OutputFormat
from waas_contract.job_environment import (
    TERMINATION_MESSAGE_LIMIT,
    ItemOutcome,
    JobEnvironment,
    JobItem,
    TerminationMessage,
    exit_code_of,
)

ENVIRONMENT = JobEnvironment(
    items=(
        JobItem(
            namespace="newsroom",
            name="interview",
            spec_digest="sha256:0",
            file_name="Blåbær.mp3",
            language="no",
            initial_prompt="Navn: Åse.",
            formats=(OutputFormat.JSON, OutputFormat.SRT),
        ),
    ),
    model="base",
)


def test_variables_as_the_pod_sees_them() -> None:
    assert ENVIRONMENT.to_variables() == {
        "WAAS_ITEMS": (
            '[{"namespace":"newsroom","name":"interview","specDigest":"sha256:0",'
            '"fileName":"Blåbær.mp3","language":"no","task":"transcribe",'
            '"initialPrompt":"Navn: Åse.","wordTimestamps":false,'
            '"speakersByChannel":false,"formats":["json","srt"]}]'
        ),
        "WAAS_MODEL": "base",
        "WAAS_MODEL_DIRECTORY": "/var/cache/waas/models",
        "WAAS_URLS_DIRECTORY": "/var/run/waas/urls",
        "WAAS_SCRATCH_DIRECTORY": "/var/run/waas/scratch",
        "WAAS_TERMINATION_MESSAGE_PATH": "/dev/termination-log",
        "WAAS_DEVICE": "auto",
        "WAAS_PRECISION": "auto",
        "WAAS_STORAGE_PATIENCE_SECONDS": "300",
        "WAAS_PROGRESS_INTERVAL_SECONDS": "15",
        "WAAS_CHECKPOINT_INTERVAL_SECONDS": "60",
    }


def test_variables_read_back_as_the_same_environment() -> None:
    variables = {**ENVIRONMENT.to_variables(), "PATH": "/usr/bin"}

    assert JobEnvironment.from_variables(variables) == ENVIRONMENT


@pytest.mark.parametrize(
    "variables",
    [{}, {"WAAS_MODEL": "base"}, {"WAAS_MODEL": "base", "WAAS_ITEMS": "none"}],
    ids=["nothing is set", "no items", "items are not JSON"],
)
def test_a_broken_environment_is_refused(variables: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        JobEnvironment.from_variables(variables)


REASONS = {reason.value: reason for reason in FailureReason}
EXIT_CODES: list[tuple[str, list[FailureReason | None], ExitCode]] = [
    ("all items are done", [None, None], ExitCode.SUCCESS),
    ("the only item is no audio", [FailureReason.BAD_AUDIO], ExitCode.BAD_AUDIO),
    ("the model is missing", [FailureReason.MODEL_NOT_FOUND], ExitCode.BAD_CONFIGURATION),
    (
        "one is done, one is no audio: nothing is left to try",
        [None, FailureReason.BAD_AUDIO],
        ExitCode.BAD_AUDIO,
    ),
    (
        "one is no audio, one could not be stored: another attempt helps the second",
        [FailureReason.BAD_AUDIO, FailureReason.STORAGE_UNAVAILABLE],
        ExitCode.STORAGE_UNAVAILABLE,
    ),
    (
        "an error of ours is tried again before a permanent one decides",
        [FailureReason.SOURCE_NOT_FOUND, FailureReason.INTERNAL_ERROR],
        ExitCode.INTERNAL_ERROR,
    ),
]


@pytest.mark.parametrize(
    ("reasons", "exit_code"), [pytest.param(*case[1:], id=case[0]) for case in EXIT_CODES]
)
def test_exit_code_of_several_items(
    reasons: list[FailureReason | None], exit_code: ExitCode
) -> None:
    outcomes = [ItemOutcome(name=str(n), reason=reason) for n, reason in enumerate(reasons)]

    assert exit_code_of(outcomes) == exit_code


@given(st.lists(st.text(max_size=3000), max_size=150))
def test_termination_message_fits_and_reads_back(messages: list[str]) -> None:
    outcomes = tuple(
        ItemOutcome(name=f"item-{number}", reason=FailureReason.BAD_AUDIO, message=message)
        for number, message in enumerate(messages)
    )

    text = TerminationMessage(outcomes=outcomes).to_text()

    assert len(text.encode()) <= TERMINATION_MESSAGE_LIMIT
    read = TerminationMessage.model_validate_json(text).outcomes
    assert [each.name for each in read] == [each.name for each in outcomes[: len(read)]]
    assert bool(read) == bool(outcomes)
