import pytest

from support.builders import make_transcription_job
from waas_contract.custom_resource_definition import SOURCE_RULES, SPEC_RULES
from waas_contract.transcription_options import DecodingOptions
from waas_standalone.spec_rules import explain_invalid, pair_rules


@pytest.mark.parametrize("rules", [SOURCE_RULES, SPEC_RULES])
def test_twins_do_not_depend_on_the_rules_order(rules: list[dict[str, str]]) -> None:
    assert set(pair_rules("", rules)) == set(pair_rules("", rules[::-1]))


def test_a_rule_without_its_twin_is_a_fault_at_once() -> None:
    with pytest.raises(KeyError):
        pair_rules("spec", [{**SPEC_RULES[0], "rule": "self.task != 'dance'"}])


@pytest.mark.parametrize(
    ("decoding", "complaint"),
    [
        (DecodingOptions(), None),
        (DecodingOptions(beam_size=5), None),
        (DecodingOptions(beam_size=5, patience=2), None),
        (DecodingOptions(beam_size=2, patience=0.3), None),
        (DecodingOptions(patience=2), "spec.decoding: patience is the beam search's"),
        (DecodingOptions(beam_size=1, patience=0.5), "spec.decoding: beamSize times patience"),
    ],
)
def test_decoding_that_whisper_would_refuse(
    decoding: DecodingOptions, complaint: str | None
) -> None:
    spec = make_transcription_job(decoding=decoding).spec
    explanation = explain_invalid("interview", spec)
    assert (explanation is None) == (complaint is None)
    assert (complaint or "") in (explanation or "")
