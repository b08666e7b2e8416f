import pytest

from support.builders import make_transcription_job
from waas_contract.formats import OutputFormat
from waas_contract.job_status import ConditionType, TranscriptionJobStatus
from waas_contract.languages import LANGUAGE_NAMES, parse_language
from waas_contract.names import child_name
from waas_contract.transcription_job import Priority, Task
from waas_contract.transcription_options import (
    DecodingOptions,
    SubtitleOptions,
    VoiceActivityOptions,
)


def test_digest_is_the_same_for_the_same_request_and_after_suspension() -> None:
    digest = make_transcription_job(model="base").spec.digest()

    assert digest == make_transcription_job(model="base", suspend=True).spec.digest()
    assert digest == make_transcription_job(model="base", cancelled=True).spec.digest()
    assert digest != make_transcription_job(model="small").spec.digest()
    assert digest != make_transcription_job(model="base", task=Task.TRANSLATE).spec.digest()
    assert digest != make_transcription_job(model="base", speakers_by_channel=True).spec.digest()


def test_digests_are_those_by_which_stored_results_are_found() -> None:
    """Where this fails, every transcript that was ever published is lost to its job."""
    plain = make_transcription_job().spec.digest()
    full = make_transcription_job(
        model="large-v3",
        task=Task.TRANSLATE,
        language="no",
        initial_prompt="Åse.",
        word_timestamps=True,
        formats=(OutputFormat.SRT,),
    ).spec.digest()

    assert (plain, full) == (
        "sha256:8bef20bc1073809e52f318537d42af7f93e6262fcb17b85998ef346956433bcf",
        "sha256:609a1620ba4ffff9cb354c5a609878775af2e927f958c362ceee3695d06ef6ea",
    )


def test_digest_does_not_hang_on_what_only_decides_how_the_job_is_run() -> None:
    digest = make_transcription_job().spec.digest()

    assert digest == make_transcription_job(profile="large", backoff_limit=5).spec.digest()


def test_digest_does_not_hang_on_the_order_of_a_set() -> None:
    orders = [(OutputFormat.SRT, OutputFormat.VTT), (OutputFormat.VTT, OutputFormat.SRT)]

    first, second = (make_transcription_job(formats=order).spec.digest() for order in orders)

    assert first == second


def test_the_transcript_itself_is_always_stored_first() -> None:
    for formats in [(), (OutputFormat.SRT,), (OutputFormat.SRT, OutputFormat.JSON)]:
        stored = make_transcription_job(formats=formats).spec.stored_formats()
        assert stored[0] == OutputFormat.JSON
        assert len(set(stored)) == len(stored)


def test_languages_are_those_of_the_tokenizer() -> None:
    from whisper.tokenizer import LANGUAGES

    assert LANGUAGE_NAMES == LANGUAGES


@pytest.mark.parametrize(
    ("text", "code"),
    [("norwegian", "no"), ("Norwegian", "no"), ("no", "no"), ("klingon", None), ("", None)],
)
def test_language_is_known_by_name_and_by_code(text: str, code: str | None) -> None:
    assert parse_language(text) == code


CHILD_NAMES = [
    ("a short name", "interview", "interview-01234567"),
    ("a long name is cut so that Kubernetes can add to it", "n" * 63, "n" * 50 + "-01234567"),
    ("a cut never ends in a hyphen", "a" * 49 + "-b", "a" * 49 + "-01234567"),
]


@pytest.mark.parametrize(
    ("name", "child"), [pytest.param(*case[1:], id=case[0]) for case in CHILD_NAMES]
)
def test_child_name(name: str, child: str) -> None:
    assert child_name(name, "01234567-89ab-4cde-8f01-23456789abcd") == child


def test_options_that_change_the_result_change_the_digest_and_absent_ones_do_not() -> None:
    plain = make_transcription_job().spec.digest()

    for options in (
        {"decoding": DecodingOptions(beam_size=5)},
        {"voice_activity": VoiceActivityOptions(enabled=False)},
        {"subtitles": SubtitleOptions(max_line_width=42)},
    ):
        assert make_transcription_job(**options).spec.digest() != plain
    for later in ({"priority": Priority.HIGH}, {"ttl_seconds_after_finished": 60}, {"owner": "a"}):
        assert make_transcription_job(**later).spec.digest() == plain


def test_detection_stores_the_transcript_alone() -> None:
    assert make_transcription_job(task=Task.DETECT).spec.stored_formats() == (OutputFormat.JSON,)


def test_a_condition_of_a_later_release_leaves_the_status_readable() -> None:
    moment = "2026-11-22T12:00:00+00:00"
    later = {"type": "Archived", "status": "True", "reason": "Kept", "lastTransitionTime": moment}
    ended = {"type": "Succeeded", "status": "True", "reason": "Completed"}
    wire = {"phase": "Succeeded", "conditions": [later, {**ended, "lastTransitionTime": moment}]}

    status = TranscriptionJobStatus.model_validate(wire)

    succeeded = status.condition(ConditionType.SUCCEEDED)
    assert succeeded
    assert succeeded.reason == "Completed"
    assert TranscriptionJobStatus.model_validate(status.to_wire()) == status, "and it is kept"
