"""No sentence is left out, with real speech and weights, where Whisper ends its text early."""

from pathlib import Path

import pytest

from support.spoken_mix import make_mix
from waas_job.engine.protocol import EngineSettings, TranscriptionOptions
from waas_job.engine.transcriber import load_engine

pytestmark = pytest.mark.integration

EARLY_END = 207
"""A mix of whose only window base tells four sentences, and ends before the fifth."""


def test_sentence_after_the_end_of_the_text_is_heard(weights: Path) -> None:
    engine = load_engine(EngineSettings("base", weights, "cpu", 2, "float32"))
    mix = make_mix(seed=EARLY_END, seconds=25)

    heard = engine.transcribe([mix.samples], TranscriptionOptions(language="en"), lambda _: None)

    last = heard.transcript.segments[-1]
    assert "cold-hearted and rather selfish" in last.text
    assert last.start == pytest.approx(mix.sentences[-1].onset, abs=0.3)
    assert len(heard.transcript.segments) == len(mix.sentences)
