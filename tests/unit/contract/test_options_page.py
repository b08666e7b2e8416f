"""docs/options.md says of every option what the models say."""

import re
from pathlib import Path

import pytest
from pydantic_core import to_json

from waas_contract.transcription_job import TranscriptionJobSpec
from waas_contract.transcription_options import (
    DecodingOptions,
    SubtitleOptions,
    VoiceActivityOptions,
)
from waas_contract.wire import WireModel

PAGE = Path(__file__).parents[3] / "docs" / "options.md"
DECIDING_FIELDS = ("task", "language", "initialPrompt", "wordTimestamps", "speakersByChannel")


def rows(heading: str) -> dict[str, str]:
    """Return the defaults in the table below a heading, by field."""
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.M | re.S)
    found = re.findall(r"^\| `(\w+)` \| (?:`(.*?)`)? ?\| .+ \|$", section, re.M)
    return dict(found)


def written_default(value: object) -> str:
    return "" if value is None else to_json(value).decode().strip('"')


def defaults(model: type[WireModel]) -> dict[str, str]:
    return {
        field.alias or name: written_default(field.default)
        for name, field in model.model_fields.items()
        if not field.is_required()
    }


@pytest.mark.parametrize(
    ("heading", "model"),
    [
        ("decoding", DecodingOptions),
        ("voiceActivity", VoiceActivityOptions),
        ("subtitles", SubtitleOptions),
    ],
)
def test_every_option_has_a_row_with_its_default(heading: str, model: type[WireModel]) -> None:
    assert rows(heading) == defaults(model)


def test_the_rest_of_what_decides_the_result_has_rows() -> None:
    told = rows("What is done")
    assert told == {name: defaults(TranscriptionJobSpec)[name] for name in DECIDING_FIELDS}
