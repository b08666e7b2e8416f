"""No sentence is left out, with real speech and weights, where Whisper's text ends too early."""

from pathlib import Path

import pytest

from support.reading import make_reading
from support.spoken_mix import make_mix
from support.spoken_words import words_of
from waas_contract.transcription_options import VoiceActivityOptions
from waas_job.engine.dimensions import ModelDimensions
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


@pytest.mark.parametrize("word_timestamps", [False, True])
@pytest.mark.parametrize(("budget", "detects_voices"), [(80, True), (45, True), (45, False)])
def test_nothing_is_left_out_where_a_text_is_longer_than_its_budget(
    weights: Path,
    monkeypatch: pytest.MonkeyPatch,
    budget: int,
    detects_voices: bool,
    word_timestamps: bool,
) -> None:
    """As in languages of which half a minute takes more tokens than Whisper has for a text."""
    engine = load_engine(EngineSettings("base", weights, "cpu", 2, "float32"))
    reading = make_reading(1)
    options = TranscriptionOptions(
        language="en",
        voice_activity=VoiceActivityOptions(enabled=detects_voices),
        word_timestamps=word_timestamps,
    )
    whole = engine.transcribe([reading], options, lambda _: None).transcript
    monkeypatch.setattr(ModelDimensions, "sample_budget", lambda *_: budget)

    parts = engine.transcribe([reading], options, lambda _: None).transcript

    assert words_of(parts.text) == words_of(whole.text)
    assert [each.text for each in parts.segments[:2]] == [each.text for each in whole.segments[:2]]
    assert parts.segments[-1].end == pytest.approx(whole.segments[-1].end, abs=0.3)
    moments = [moment for each in parts.segments for moment in (each.start, each.end)]
    assert moments == sorted(moments)
    starts = [
        [word.start for each in transcript.segments for word in each.words or ()]
        for transcript in (parts, whole)
    ]
    assert len(starts[0]) == (len(words_of(whole.text)) if word_timestamps else 0)
    assert starts[0] == pytest.approx(starts[1], abs=0.3)
