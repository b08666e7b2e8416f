"""Reading transcripts: hours of speech must not hold up other threads."""

import sys
from types import FrameType

import pytest

from waas_contract.transcript import PartialTranscript, Transcript, give_way

SEGMENTS = 50
CONTENT = {
    "language": "no",
    "duration": 100.0,
    "text": "",
    "segments": [
        {"id": number, "start": number, "end": number + 1, "text": " Hei."}
        for number in range(SEGMENTS)
    ],
}


@pytest.mark.parametrize("model", [Transcript, PartialTranscript])
def test_reading_one_comes_back_to_the_interpreter_at_each_segment(
    model: type[Transcript | PartialTranscript],
) -> None:
    turns = 0

    def count(frame: FrameType, event: str, _: object) -> None:
        nonlocal turns
        turns += event == "call" and frame.f_code is give_way.__code__

    content = Transcript.model_validate(CONTENT).model_dump_json()
    sys.setprofile(count)
    try:
        found = model.model_validate_json(content)
    finally:
        sys.setprofile(None)

    assert len(found.segments) == turns == SEGMENTS
