"""Channels of a recording as speakers: with a model of random numbers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from support.media import make_silence, make_tone
from support.small_engine import EVERYTHING, Questions, hear, make_settings, told_of
from waas_contract.transcription_options import DecodingOptions
from waas_job.engine.protocol import (
    Heard,
    Samples,
    Transcription,
    TranscriptionOptions,
)
from waas_job.engine.transcriber import Transcriber, load_engine
from waas_job.engine.window_decoder import load_window_decoder

BLOCK = 30 * 16_000
BY_CHANNEL = TranscriptionOptions(
    language="en",
    decoding=DecodingOptions(temperature=1, no_speech_threshold=1),
    voice_activity=EVERYTHING,
    speakers_by_channel=True,
)


def hear_channels(
    engine: Transcriber,
    *rows: Samples,
    options: TranscriptionOptions = BY_CHANNEL,
    before: Heard | None = None,
) -> tuple[Transcription, list[Heard]]:
    sound, heard = np.stack(rows), list[Heard]()
    blocks = [sound[:, start : start + BLOCK] for start in range(0, sound.shape[1], BLOCK)]
    return engine.transcribe(blocks, options, heard.append, before=before), heard


def test_windows_of_all_channels_are_decoded_together(model_directory: Path) -> None:
    questions = Questions(load_window_decoder(make_settings(model_directory)))
    transcription, _ = hear_channels(
        Transcriber(questions), make_tone(95), make_tone(95, hertz=880)
    )
    segments = transcription.transcript.segments
    assert len(questions.options) == 1
    assert {each.speaker for each in segments} == {"Speaker 1", "Speaker 2"}
    assert [each.start for each in segments] == sorted(each.start for each in segments)
    assert [each.id for each in segments] == list(range(len(segments)))
    assert [each.seed for each in questions.windows] == list(range(len(questions.windows)))
    assert (transcription.transcript.duration, transcription.unsupported_options) == (95, ())


@pytest.mark.parametrize("condition", [False, True])
def test_what_was_heard_of_channels_is_not_heard_again(
    model_directory: Path, condition: bool
) -> None:
    decoding = DecodingOptions(
        temperature=1, no_speech_threshold=1, condition_on_previous_text=condition
    )
    options = replace(BY_CHANNEL, decoding=decoding)
    engine = load_engine(make_settings(model_directory))
    rows = make_tone(65), make_tone(65, hertz=880)
    whole, heard = hear_channels(engine, *rows, options=options)
    assert len(heard) > 4
    for before in heard:
        settled = whole.transcript.segments[: len(before.segments)]
        assert tuple(before.segments) == settled
        again, _ = hear_channels(engine, *rows, options=options, before=before)
        assert told_of(again) == told_of(whole)


def test_who_spoke_before_channels_differed_has_the_same_name_at_each_attempt(
    model_directory: Path,
) -> None:
    engine = load_engine(make_settings(model_directory))
    right = np.concatenate([make_tone(65), make_silence(35)])
    left = np.concatenate([0.2 * make_tone(65), make_tone(35, hertz=880)])
    whole, heard = hear_channels(engine, left, right)
    said = [(each.start >= 65, each.speaker) for each in whole.transcript.segments]
    assert set(said) == {(False, "Speaker 2"), (True, "Speaker 1")}
    # Until then nobody was named.
    assert any(each.segments and each.segments[0].speaker is None for each in heard)
    for before in heard:
        again, _ = hear_channels(engine, left, right, before=before)
        assert told_of(again) == told_of(whole)


def test_an_attempt_that_is_stopped_at_once_loses_and_doubles_nothing(
    model_directory: Path,
) -> None:
    engine = load_engine(make_settings(model_directory))
    rows = make_tone(65), make_tone(65, hertz=880)
    whole, heard = hear_channels(engine, *rows)
    for first in heard:
        _, later = hear_channels(engine, *rows, before=first)
        assert [each.seconds for each in later] == sorted(each.seconds for each in later)
        again, _ = hear_channels(engine, *rows, before=later[min(1, len(later) - 1)])
        assert told_of(again) == told_of(whole)


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_channels_that_are_the_same_are_heard_once_and_that_is_told(
    model_directory: Path, channels: int
) -> None:
    engine = load_engine(make_settings(model_directory))
    transcription, _ = hear_channels(engine, *[make_tone(40)] * channels)
    assert transcription.unsupported_options == ("speakersByChannel",)
    mono = hear(engine, make_tone(40), replace(BY_CHANNEL, speakers_by_channel=False))
    assert told_of(transcription)
    assert told_of(transcription) == told_of(mono)
    assert {each.speaker for each in transcription.transcript.segments} == {None}


def test_language_of_channels_on_which_nobody_speaks_is_told(model_directory: Path) -> None:
    engine = load_engine(make_settings(model_directory))
    options = replace(BY_CHANNEL, language=None, voice_activity=None)
    transcription, _ = hear_channels(engine, make_silence(2), make_silence(2), options=options)
    assert transcription.transcript.segments == ()
    assert transcription.transcript.duration == 2
