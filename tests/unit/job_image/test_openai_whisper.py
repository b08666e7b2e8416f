"""OpenAI's code around a model of random numbers, small enough to run in a blink."""

import hashlib
import pickle
from pathlib import Path

import pytest
import torch
import whisper
from whisper.model import ModelDimensions, Whisper
from whisper.tokenizer import get_tokenizer

from support.media import make_silence, make_tone
from waas_contract.transcript import Segment
from waas_contract.transcription_options import DecodingOptions, VoiceActivityOptions
from waas_job.engine.openai_whisper import OpenAIWhisper, load_engine
from waas_job.engine.protocol import EngineSettings, Language, TranscriptionOptions
from waas_job.errors import BadConfiguration, ModelNotFound

pytestmark = [
    # openai-whisper 20250625 leaves closing its vocabulary to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed file .*tiktoken:ResourceWarning"),
    # Its beam search gives tensors to NumPy.
    pytest.mark.filterwarnings("ignore:__array_wrap__ must accept:DeprecationWarning"),
]


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
    directory: Path, *, model: str = "small-one", device: str = "cpu"
) -> EngineSettings:
    return EngineSettings(model=model, model_directory=directory, device=device, threads=1)


@pytest.fixture(scope="module")
def model_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("models")
    save_checkpoint(directory / "small-one.pt")
    save_checkpoint(directory / "small-one.en.pt", n_vocab=51864)
    return directory


def test_facts_tell_what_was_loaded(model_directory: Path) -> None:
    content = (model_directory / "small-one.pt").read_bytes()
    facts = load_engine(make_settings(model_directory, device="auto")).facts
    assert facts.model_dump(exclude={"device"}) == {
        "name": "openai-whisper",
        "version": whisper.__version__,
        "model": "small-one",
        "checkpoint_sha256": hashlib.sha256(content).hexdigest(),
    }


def test_progress_tells_where_each_window_begins(model_directory: Path) -> None:
    engine = load_engine(make_settings(model_directory))
    told: list[float] = []
    transcription = engine.transcribe(
        make_tone(65), TranscriptionOptions(language="en"), lambda heard: told.append(heard.seconds)
    )
    assert transcription.transcript.duration == 65
    assert told[0] == 0
    assert told[-1] == 65
    assert told == sorted(told)
    assert len(told) > 2


def test_whispers_own_function_is_left_untouched(model_directory: Path) -> None:
    before = dict(whisper.transcribe.__globals__)
    engine = load_engine(make_settings(model_directory))
    engine.transcribe(make_silence(1), TranscriptionOptions(language="en"), lambda _: None)
    assert whisper.transcribe.__globals__ == before


def test_same_sound_gives_the_same_transcript(model_directory: Path) -> None:
    engine = load_engine(make_settings(model_directory))
    options = TranscriptionOptions()
    first = engine.transcribe(make_tone(31), options, lambda _: None)
    assert engine.transcribe(make_tone(31), options, lambda _: None) == first


def test_english_model_hears_english(model_directory: Path) -> None:
    engine = load_engine(make_settings(model_directory, model="small-one.en"))
    transcription = engine.transcribe(make_silence(1), TranscriptionOptions(), lambda _: None)
    assert transcription.transcript.language == "en"
    assert transcription.language == Language("en", None)


def test_what_is_heard_on_the_way_is_the_beginning_of_the_transcript(
    model_directory: Path,
) -> None:
    engine = load_engine(make_settings(model_directory))
    options = TranscriptionOptions(
        language="en", decoding=DecodingOptions(temperature=1, no_speech_threshold=1)
    )
    told: list[tuple[Segment, ...]] = []
    transcription = engine.transcribe(
        make_tone(95), options, lambda heard: told.append(tuple(heard.segments))
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
    transcription = engine.transcribe(make_tone(30), TranscriptionOptions(), lambda _: None)
    assert transcription.language == detected
    told = engine.transcribe(make_tone(1), TranscriptionOptions(language="no"), lambda _: None)
    assert told.language == Language("no", None)


def test_english_model_cannot_tell_languages(model_directory: Path) -> None:
    engine = load_engine(make_settings(model_directory, model="small-one.en"))
    with pytest.raises(BadConfiguration, match=r"'small-one\.en' knows English alone"):
        engine.detect_language(make_tone(1))


class Questions:
    """Notes how a model is asked to decode, and asks it."""

    def __init__(self, engine: OpenAIWhisper, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[whisper.DecodingOptions] = []
        decode = engine._model.decode

        def ask(window: torch.Tensor, options: whisper.DecodingOptions) -> whisper.DecodingResult:
            self.asked.append(options)
            return decode(window, options)

        monkeypatch.setattr(engine._model, "decode", ask)


def test_options_mean_what_they_mean_to_whisper(
    model_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = load_engine(make_settings(model_directory))
    questions = Questions(engine, monkeypatch)
    decoding = DecodingOptions(
        temperature_increment_on_fallback=0.5,
        best_of=3,
        beam_size=2,
        patience=1.5,
        length_penalty=0.5,
        suppress_tokens=(1, 2),
        # Nothing that a model of random numbers says is good enough.
        logprob_threshold=0,
        no_speech_threshold=1,
    )
    engine.transcribe(
        make_tone(1), TranscriptionOptions(language="en", decoding=decoding), lambda _: None
    )
    first, second, third = questions.asked
    assert (first.temperature, first.beam_size, first.patience) == (0, 2, 1.5)
    assert first.best_of is None
    assert (second.temperature, second.best_of, second.beam_size) == (0.5, 3, None)
    assert (third.temperature, third.length_penalty, third.suppress_tokens) == (1, 0.5, "1,2")


def test_prompt_and_hotwords_go_before_every_window(
    model_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = load_engine(make_settings(model_directory))
    questions = Questions(engine, monkeypatch)
    tokenizer = get_tokenizer(True, language="en", task="transcribe")
    for condition in (False, True):
        options = TranscriptionOptions(
            language="en",
            initial_prompt="Names.",
            decoding=DecodingOptions(
                hotwords="Schibsted",
                condition_on_previous_text=condition,
                temperature_increment_on_fallback=0,
            ),
        )
        engine.transcribe(make_tone(65), options, lambda _: None)
    prompts = [tokenizer.decode(options.prompt) for options in questions.asked]
    assert len(prompts) > 4
    assert all(prompt.startswith(" Names. Schibsted") for prompt in prompts)


def test_prompt_that_is_too_long_is_told(model_directory: Path) -> None:
    engine = load_engine(make_settings(model_directory))
    options = TranscriptionOptions(
        language="en",
        initial_prompt="many words " * 20,
        voice_activity=VoiceActivityOptions(),
    )
    transcription = engine.transcribe(make_silence(1), options, lambda _: None)
    assert transcription.unsupported_options == ("voiceActivity", "initialPrompt")


def test_prompt_with_whispers_own_tokens_is_a_bad_configuration(model_directory: Path) -> None:
    engine = load_engine(make_settings(model_directory))
    options = TranscriptionOptions(language="en", initial_prompt="Names <|endoftext|>")
    with pytest.raises(BadConfiguration, match="tokens of Whisper's own"):
        engine.transcribe(make_silence(1), options, lambda _: None)


def test_detector_that_is_switched_off_is_not_missed(model_directory: Path) -> None:
    engine = load_engine(make_settings(model_directory))
    options = TranscriptionOptions(
        language="en", voice_activity=VoiceActivityOptions(enabled=False)
    )
    assert engine.transcribe(make_silence(1), options, lambda _: None).unsupported_options == ()


def test_token_that_the_model_lacks_is_a_bad_configuration(model_directory: Path) -> None:
    engine = load_engine(make_settings(model_directory))
    options = TranscriptionOptions(decoding=DecodingOptions(suppress_tokens=(99_999,)))
    with pytest.raises(BadConfiguration, match="suppressTokens names 99999"):
        engine.transcribe(make_silence(1), options, lambda _: None)


def test_every_try_of_the_same_options_draws_the_same_lots(model_directory: Path) -> None:
    engine = load_engine(make_settings(model_directory))
    options = TranscriptionOptions(
        language="en", decoding=DecodingOptions(temperature=1, best_of=2)
    )
    first = engine.transcribe(make_tone(31), options, lambda _: None)
    assert engine.transcribe(make_tone(31), options, lambda _: None) == first


def test_language_that_the_model_lacks_is_a_bad_configuration(model_directory: Path) -> None:
    engine = load_engine(make_settings(model_directory))
    with pytest.raises(BadConfiguration, match="'small-one' does not know the language 'yue'"):
        engine.transcribe(make_silence(1), TranscriptionOptions(language="yue"), lambda _: None)


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


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_gpu_that_is_not_there_is_a_bad_configuration(model_directory: Path) -> None:
    with pytest.raises(BadConfiguration, match="WAAS_DEVICE is cuda"):
        load_engine(make_settings(model_directory, device="cuda"))
