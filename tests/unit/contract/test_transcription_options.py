import pytest
from pydantic import ValidationError

from waas_contract.custom_resource_definition import build_custom_resource_definition
from waas_contract.job_environment import JobEnvironment, JobItem
from waas_contract.transcription_options import DecodingOptions, SubtitleOptions

ALL_OFF = DecodingOptions(
    temperature_increment_on_fallback=0,
    compression_ratio_threshold=100,
    logprob_threshold=-100,
    no_speech_threshold=1,
)


def test_what_is_switched_off_is_switched_off_for_the_job_program() -> None:
    item = JobItem(
        namespace="newsroom",
        name="interview",
        spec_digest="sha256:1",
        file_name="a.wav",
        decoding=ALL_OFF,
        formats=(),
    )
    variables = JobEnvironment(items=(item,), model="base").to_variables()
    assert JobEnvironment.from_variables(variables).items == (item,)
    assert "beamSize" not in variables["WAAS_ITEMS"]


def test_no_option_is_switched_off_by_null_which_kubectl_takes_for_absent() -> None:
    for name, field in DecodingOptions.model_fields.items():
        if field.default is not None:
            with pytest.raises(ValidationError):
                DecodingOptions.model_validate({name: None})


def test_kubernetes_has_its_own_word_for_bounds_that_are_outside() -> None:
    (version,) = build_custom_resource_definition()["spec"]["versions"]
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    threshold = spec["properties"]["voiceActivity"]["properties"]["threshold"]
    assert {name: threshold[name] for name in threshold if "inimum" in name} == {
        "minimum": 0,
        "exclusiveMinimum": True,
    }


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": 1.1},
        {"temperature_increment_on_fallback": -0.1},
        {"beam_size": 0},
        {"suppress_tokens": [-2]},
        {"length_penalty": 2},
        {"hotwords": ""},
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DecodingOptions.model_validate(options)


def test_subtitles_without_limits_are_as_they_always_were() -> None:
    assert not SubtitleOptions().limits_anything
    assert SubtitleOptions(max_cue_seconds=4).limits_anything
