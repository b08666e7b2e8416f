"""What the engine hears, and how: with a model of random numbers."""

import hashlib
from importlib.metadata import version
from pathlib import Path

import pytest

from support.media import make_silence, make_tone
from support.small_engine import (
    EVERYTHING,
    Questions,
    hear,
    make_settings,
    told_of,
)
from waas_contract.transcript import Segment
from waas_contract.transcription_job import Task
from waas_contract.transcription_options import DecodingOptions, VoiceActivityOptions
from waas_job.engine.protocol import (
    Heard,
    Language,
    TranscriptionOptions,
)
from waas_job.engine.transcriber import Transcriber, load_engine
from waas_job.engine.window_decoder import load_window_decoder
from waas_job.engine.windows import WindowOptions
from waas_job.errors import BadConfiguration


def test_facts_tell_what_was_loaded(model_directory: Path) -> None:
    content = (model_directory / "small-one.pt").read_bytes()
    facts = load_engine(make_settings(model_directory, device="auto")).facts
    assert facts.model_dump(exclude={"device"}) == {
        "name": "waas",
        "version": version("waas-job"),
        "model": "small-one",
        "checkpoint_sha256": hashlib.sha256(content).hexdigest(),
        "precision": "float32",
    }


def test_progress_tells_where_each_window_begins(model_directory: Path) -> None:
    engine = load_engine(make_settings(model_directory))
    told: list[float] = []
    transcription = engine.transcribe(
        [make_tone(65)],
        TranscriptionOptions(language="en", voice_activity=EVERYTHING),
        lambda heard: told.append(heard.seconds),
    )
    assert transcription.transcript.duration == 65
    assert told[0] == 0
    assert told[-1] == 65
    assert told == sorted(told)
    assert len(told) > 2


def test_same_sound_gives_the_same_transcript(model_directory: Path) -> None:
    engine = load_engine(make_settings(model_directory))
    options = TranscriptionOptions(voice_activity=EVERYTHING)
    first = hear(engine, make_tone(31), options)
    assert hear(engine, make_tone(31), options) == first


def test_english_model_hears_english(model_directory: Path) -> None:
    engine = load_engine(make_settings(model_directory, model="small-one.en"))
    transcription = hear(engine, make_silence(1), TranscriptionOptions())
    assert transcription.transcript.language == "en"
    assert transcription.language == Language("en", None)


def test_what_is_heard_on_the_way_is_the_beginning_of_the_transcript(
    model_directory: Path,
) -> None:
    engine = load_engine(make_settings(model_directory))
    options = TranscriptionOptions(
        language="en",
        decoding=DecodingOptions(temperature=1, no_speech_threshold=1),
        voice_activity=EVERYTHING,
    )
    told: list[tuple[Segment, ...]] = []
    transcription = engine.transcribe(
        [make_tone(95)], options, lambda heard: told.append(tuple(heard.segments))
    )
    segments = transcription.transcript.segments
    assert [each == segments[: len(each)] for each in told] == [True] * len(told)
    counts = [len(each) for each in told]
    assert counts[0] == 0
    assert counts == sorted(counts)
    assert 0 < counts[len(counts) // 2] < counts[-1] == len(segments)
    assert [segment.id for segment in segments] == list(range(len(segments)))


def test_detected_language_comes_with_its_probability(model_directory: Path) -> None:
    engine = load_engine(make_settings(model_directory))
    detected = engine.detect_language(make_tone(40))
    assert 0 < (detected.probability or 0) <= 1
    transcription = hear(engine, make_tone(30), TranscriptionOptions())
    assert transcription.language == detected
    told = hear(engine, make_tone(1), TranscriptionOptions(language="no"))
    assert told.language == Language("no", None)


def test_english_model_cannot_tell_languages(model_directory: Path) -> None:
    engine = load_engine(make_settings(model_directory, model="small-one.en"))
    with pytest.raises(BadConfiguration, match=r"'small-one\.en' knows English alone"):
        engine.detect_language(make_tone(1))


def test_options_reach_the_decoder(model_directory: Path) -> None:
    questions = Questions(load_window_decoder(make_settings(model_directory)))
    options = TranscriptionOptions(
        language="no",
        task=Task.TRANSLATE,
        word_timestamps=True,
        decoding=DecodingOptions(beam_size=2),
        voice_activity=EVERYTHING,
    )
    hear(Transcriber(questions), make_tone(65), options)
    assert questions.options == [WindowOptions(options.decoding, word_timestamps=True)]
    assert [(each.language, each.task) for each in questions.windows] == [
        ("no", Task.TRANSLATE)
    ] * len(questions.windows)
    assert [each.seed for each in questions.windows] == list(range(len(questions.windows)))
    assert len(questions.windows) > 1


def test_prompt_and_hotwords_go_before_every_window(model_directory: Path) -> None:
    questions = Questions(load_window_decoder(make_settings(model_directory)))
    for condition in (False, True):
        options = TranscriptionOptions(
            language="en",
            initial_prompt="Names.",
            decoding=DecodingOptions(
                hotwords="Schibsted",
                condition_on_previous_text=condition,
                temperature_increment_on_fallback=0,
            ),
            voice_activity=EVERYTHING,
        )
        hear(Transcriber(questions), make_tone(65), options)
    prompts = [questions.tokenizer.decode(each.prompt_tokens) for each in questions.windows]
    assert len(prompts) > 4
    assert all(prompt.startswith(" Names. Schibsted") for prompt in prompts)


def test_a_window_knows_the_text_before_it_where_that_is_asked(model_directory: Path) -> None:
    questions = Questions(load_window_decoder(make_settings(model_directory)))
    options = TranscriptionOptions(
        language="en",
        decoding=DecodingOptions(
            condition_on_previous_text=True,
            temperature_increment_on_fallback=0,
            no_speech_threshold=1,
        ),
        voice_activity=EVERYTHING,
    )
    heard: list[Heard] = []
    Transcriber(questions).transcribe([make_tone(65)], options, heard.append)
    tokens = [token for segment in heard[1].segments for token in segment.tokens]
    assert tokens
    assert questions.windows[1].prompt_tokens == tuple(tokens)[-questions.prompt_budget :]


def test_prompt_that_is_too_long_is_told(model_directory: Path) -> None:
    engine = load_engine(make_settings(model_directory))
    options = TranscriptionOptions(language="en", initial_prompt="many words " * 20)
    assert hear(engine, make_silence(1), options).unsupported_options == ("initialPrompt",)


def test_prompt_with_whispers_own_tokens_is_a_bad_configuration(model_directory: Path) -> None:
    engine = load_engine(make_settings(model_directory))
    options = TranscriptionOptions(language="en", initial_prompt="Names <|endoftext|>")
    with pytest.raises(BadConfiguration, match="tokens of Whisper's own"):
        hear(engine, make_silence(1), options)


def test_a_tone_is_no_speech_unless_all_is_to_be_heard(model_directory: Path) -> None:
    engine = load_engine(make_settings(model_directory))
    decoding = DecodingOptions(temperature=1, no_speech_threshold=1)
    silent, told = (
        hear(
            engine, make_tone(5), TranscriptionOptions("en", decoding=decoding, voice_activity=each)
        )
        for each in (VoiceActivityOptions(), EVERYTHING)
    )
    assert silent.transcript.segments == ()
    assert silent.transcript.duration == told.transcript.duration == 5
    assert told.transcript.segments
    assert told.unsupported_options == ()


def test_what_was_heard_before_is_not_heard_again(model_directory: Path) -> None:
    questions = Questions(load_window_decoder(make_settings(model_directory)))
    engine = Transcriber(questions)
    options = TranscriptionOptions(
        decoding=DecodingOptions(temperature=1, no_speech_threshold=1), voice_activity=EVERYTHING
    )
    sound, heard = make_tone(95), list[Heard]()
    whole = engine.transcribe([sound], options, heard.append)
    windows = len(questions.windows)
    for before in heard:
        questions.windows.clear()
        again = engine.transcribe([sound], options, lambda _: None, before=before)
        assert told_of(again) == told_of(whole)
        assert again.language == whole.language
    assert windows > 3
    # The last two tell of the last window, and of the end.
    assert questions.windows == []


def test_token_that_the_model_lacks_is_a_bad_configuration(model_directory: Path) -> None:
    engine = load_engine(make_settings(model_directory))
    options = TranscriptionOptions(decoding=DecodingOptions(suppress_tokens=(99_999,)))
    with pytest.raises(BadConfiguration, match="suppressTokens names 99999"):
        hear(engine, make_silence(1), options)


def test_every_try_of_the_same_options_draws_the_same_lots(model_directory: Path) -> None:
    engine = load_engine(make_settings(model_directory))
    options = TranscriptionOptions(
        language="en",
        decoding=DecodingOptions(temperature=1, best_of=2),
        voice_activity=EVERYTHING,
    )
    first = hear(engine, make_tone(31), options)
    assert hear(engine, make_tone(31), options) == first


def test_language_that_the_model_lacks_is_a_bad_configuration(model_directory: Path) -> None:
    engine = load_engine(make_settings(model_directory))
    with pytest.raises(BadConfiguration, match="'small-one' does not know the language 'yue'"):
        hear(engine, make_silence(1), TranscriptionOptions(language="yue"))
