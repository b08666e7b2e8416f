"""The engine around a model of random numbers, small enough to run in a blink."""

import hashlib
import pickle
from collections.abc import Iterable, Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from whisper.model import ModelDimensions, Whisper

from support.media import make_silence, make_tone
from waas_contract.transcript import Segment
from waas_contract.transcription_job import Task
from waas_contract.transcription_options import DecodingOptions, VoiceActivityOptions
from waas_job.engine.protocol import (
    EngineSettings,
    Heard,
    Language,
    Samples,
    Transcription,
    TranscriptionOptions,
)
from waas_job.engine.transcriber import Transcriber, load_engine
from waas_job.engine.window_decoder import load_window_decoder
from waas_job.engine.windows import DecodedWindow, Window, WindowDecoder, WindowOptions
from waas_job.errors import BadConfiguration, ModelNotFound

EVERYTHING = VoiceActivityOptions(enabled=False)


def save_checkpoint(path: Path, *, n_vocab: int = 51865) -> Path:
    torch.manual_seed(1)
    dimensions = ModelDimensions(
        n_mels=80,
        n_audio_ctx=1500,
        n_audio_state=8,
        n_audio_head=2,
        n_audio_layer=1,
        n_vocab=n_vocab,
        n_text_ctx=32,
        n_text_state=8,
        n_text_head=2,
        n_text_layer=1,
    )
    model = Whisper(dimensions)
    torch.nn.init.normal_(model.decoder.positional_embedding)
    torch.save({"dims": vars(dimensions), "model_state_dict": model.state_dict()}, path)
    return path


def make_settings(
    directory: Path,
    *,
    model: str = "small-one",
    device: str = "cpu",
    precision: str = "float32",
) -> EngineSettings:
    return EngineSettings(
        model=model, model_directory=directory, device=device, threads=1, precision=precision
    )


@pytest.fixture(scope="module")
def model_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("models")
    save_checkpoint(directory / "small-one.pt")
    save_checkpoint(directory / "small-one.en.pt", n_vocab=51864)
    return directory


def hear(engine: Transcriber, samples: Samples, options: TranscriptionOptions) -> Transcription:
    return engine.transcribe([samples], options, lambda _: None)


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


class Questions:
    """Notes what a decoder is asked, and asks it."""

    def __init__(self, decoder: WindowDecoder) -> None:
        self._decoder = decoder
        self.windows: list[Window] = []
        self.options: list[WindowOptions] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._decoder, name)

    def decode(self, windows: Iterable[Window], options: WindowOptions) -> Iterator[DecodedWindow]:
        self.options.append(options)

        def ask() -> Iterator[Window]:
            for window in windows:
                self.windows.append(window)
                yield window

        return self._decoder.decode(ask(), options)


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


def told_of(transcription: Transcription) -> list[Any]:
    return [
        (each.id, each.start, each.end, each.text, each.tokens, each.temperature, each.speaker)
        for each in transcription.transcript.segments
    ]


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


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_channels_that_are_the_same_are_heard_once_and_that_is_told(
    model_directory: Path, channels: int
) -> None:
    engine = load_engine(make_settings(model_directory))
    transcription, _ = hear_channels(engine, *[make_tone(40)] * channels)
    assert transcription.unsupported_options == ("speakersByChannel",)
    mono = hear(engine, make_tone(40), replace(BY_CHANNEL, speakers_by_channel=False))
    assert told_of(transcription)
    if channels == 1:
        assert told_of(transcription) == told_of(mono)
    assert {each.speaker for each in transcription.transcript.segments} == {None}


def test_language_of_channels_on_which_nobody_speaks_is_told(model_directory: Path) -> None:
    engine = load_engine(make_settings(model_directory))
    options = replace(BY_CHANNEL, language=None, voice_activity=None)
    transcription, _ = hear_channels(engine, make_silence(2), make_silence(2), options=options)
    assert transcription.transcript.segments == ()
    assert transcription.transcript.duration == 2


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


def test_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=rf"no large-v3\.pt in {tmp_path}"):
        load_engine(make_settings(tmp_path, model="large"))


def test_checkpoint_that_is_not_openais_is_not_loaded(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "base.pt")
    with pytest.raises(ModelNotFound, match=r"base\.pt in .* is not the catalogue's"):
        load_engine(make_settings(tmp_path, model="base"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no checkpoint at all",
        pickle.dumps({"model_state_dict": {}}, protocol=2),
        pickle.dumps(Path("/etc/passwd"), protocol=2),
    ],
    ids=["empty", "text", "without dimensions", "with code in it"],
)
def test_broken_checkpoint_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "broken.pt").write_bytes(content)
    with pytest.raises(ModelNotFound, match=r"broken\.pt in .* is unreadable"):
        load_engine(make_settings(tmp_path, model="broken"))


def test_checkpoint_of_another_kind_is_named(tmp_path: Path) -> None:
    torch.save({"weights": torch.zeros(3)}, tmp_path / "broken.pt")
    with pytest.raises(ModelNotFound, match="no checkpoint of OpenAI's Whisper"):
        load_engine(make_settings(tmp_path, model="broken"))


def test_half_a_checkpoint_is_named(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path / "broken.pt")
    path.write_bytes(path.read_bytes()[:100_000])
    with pytest.raises(ModelNotFound, match="unreadable"):
        load_engine(make_settings(tmp_path, model="broken"))


def test_device_that_nobody_knows_is_a_bad_configuration(model_directory: Path) -> None:
    with pytest.raises(BadConfiguration, match="WAAS_DEVICE is 'tpu'"):
        load_engine(make_settings(model_directory, device="tpu"))


def test_precision_that_nobody_knows_is_a_bad_configuration(model_directory: Path) -> None:
    with pytest.raises(BadConfiguration, match="WAAS_PRECISION is 'int4'"):
        load_engine(make_settings(model_directory, precision="int4"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_gpu_that_is_not_there_is_a_bad_configuration(model_directory: Path) -> None:
    with pytest.raises(BadConfiguration, match="WAAS_DEVICE is cuda"):
        load_engine(make_settings(model_directory, device="cuda"))
