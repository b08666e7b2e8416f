"""Windows decoded side by side come out as openai-whisper decodes each of them alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
import whisper
from whisper.decoding import DecodingResult

from support.engine_builders import NEVER_GOOD_ENOUGH, Sounds, TwinModels, make_decoder, make_twins
from waas_contract.transcription_job import Task
from waas_contract.transcription_options import DecodingOptions
from waas_job.engine.batch import DecodingBatch, Entrant
from waas_job.engine.decoder import Heard, make_room_to_hear
from waas_job.engine.dimensions import ModelDimensions
from waas_job.engine.log_mel import log_mel_spectrogram
from waas_job.engine.logit_filters import LogitFilters
from waas_job.engine.model import WhisperModel
from waas_job.engine.sampling import GreedyDecoder
from waas_job.engine.untold import Told
from waas_job.engine.windows import DecodedWindow, Window, WindowOptions
from waas_job.errors import BadConfiguration, OutOfMemory

ONE_TRY: dict[str, Any] = {"temperature_increment_on_fallback": 0}


def decode_alone(model: whisper.Whisper, window: Window, **options: Any) -> DecodingResult:
    mel = whisper.log_mel_spectrogram(whisper.pad_or_trim(window.samples))
    result = model.decode(
        mel,
        whisper.DecodingOptions(
            fp16=False,
            language=window.language,
            task=window.task.value,
            prompt=list(window.prompt_tokens) or None,
            **options,
        ),
    )
    assert isinstance(result, DecodingResult)
    return result


def tokens_of(decoded: Sequence[DecodedWindow]) -> list[tuple[int, ...]]:
    return [each.tokens for each in decoded]


@dataclass(frozen=True)
class Case:
    """Options as the spec has them, and as openai-whisper's `DecodingOptions` has them."""

    ours: dict[str, Any]
    theirs: dict[str, Any]
    without_timestamps: bool = False
    task: Task = Task.TRANSCRIBE


CASES = {
    "greedy": Case({}, {}),
    "greedy without timestamps": Case({}, {}, without_timestamps=True),
    "translated": Case({}, {}, task=Task.TRANSLATE),
    "any symbol allowed": Case({"suppress_tokens": (11, 13)}, {"suppress_tokens": [11, 13]}),
    "beam search": Case({"beam_size": 5}, {"beam_size": 5}),
    "beam search without timestamps": Case(
        {"beam_size": 3}, {"beam_size": 3}, without_timestamps=True
    ),
    "patient beam search": Case(
        {"beam_size": 2, "patience": 2.0}, {"beam_size": 2, "patience": 2.0}
    ),
    "length penalty": Case(
        {"beam_size": 4, "length_penalty": 0.6}, {"beam_size": 4, "length_penalty": 0.6}
    ),
}


# openai-whisper hands numpy a tensor to sort.
@pytest.mark.filterwarnings("ignore:__array_wrap__ must accept:DeprecationWarning")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_tokens_are_those_of_the_reference(
    twins: TwinModels, windows: list[Window], case: Case
) -> None:
    asked = [replace(window, task=case.task) for window in windows]
    options = WindowOptions(
        DecodingOptions(**case.ours, **ONE_TRY), without_timestamps=case.without_timestamps
    )
    decoded = list(make_decoder(twins.ours).decode(asked, options))
    for window, ours in zip(asked, decoded, strict=True):
        theirs = decode_alone(
            twins.reference, window, without_timestamps=case.without_timestamps, **case.theirs
        )
        assert list(ours.tokens) == theirs.tokens
        assert ours.text == theirs.text
        assert ours.avg_logprob == pytest.approx(theirs.avg_logprob, abs=1e-3)
        assert ours.no_speech_prob == pytest.approx(theirs.no_speech_prob, rel=1e-3)
        assert ours.compression_ratio == pytest.approx(theirs.compression_ratio)


@pytest.mark.parametrize(
    "decoding",
    [
        ONE_TRY,
        {"beam_size": 3, **ONE_TRY},
        {"temperature": 0.8, "best_of": 3, **ONE_TRY},
        {"logprob_threshold": 0.0, "temperature_increment_on_fallback": 1, "best_of": 2},
    ],
    ids=["greedy", "beam search", "by lot", "every window up the whole ladder"],
)
def test_nothing_depends_on_what_is_decoded_beside(
    twins: TwinModels, windows: list[Window], decoding: dict[str, Any]
) -> None:
    options = WindowOptions(DecodingOptions(**decoding))
    alone = [
        each
        for window in windows
        for each in make_decoder(twins.ours, windows=1).decode([window], options)
    ]
    together = list(make_decoder(twins.ours, windows=3).decode(windows, options))
    in_lanes = make_decoder(twins.ours, windows=2, lanes=2, encoded_together=2)
    backwards = list(in_lanes.decode(windows[::-1], options))[::-1]
    assert tokens_of(together) == tokens_of(alone)
    assert tokens_of(backwards) == tokens_of(alone)
    assert [each.temperature for each in backwards] == [each.temperature for each in alone]


def test_other_seed_draws_other_lots(twins: TwinModels, windows: list[Window]) -> None:
    options = WindowOptions(DecodingOptions(temperature=1.0, best_of=2))
    other = [replace(window, seed=window.seed + 1000) for window in windows]
    decoder = make_decoder(twins.ours)
    first, second = (tokens_of(list(decoder.decode(each, options))) for each in (windows, other))
    assert all(one != another for one, another in zip(first, second, strict=True))


def test_window_that_fails_goes_up_the_ladder(twins: TwinModels, windows: list[Window]) -> None:
    decoded = list(make_decoder(twins.ours).decode(windows, WindowOptions(NEVER_GOOD_ENOUGH)))
    assert {each.temperature for each in decoded} == {1.0}


def test_windows_are_taken_only_a_few_ahead(twins: TwinModels) -> None:
    sound = Sounds().draw(1)
    taken = 0

    def make_windows() -> Iterator[Window]:
        nonlocal taken
        for _ in range(20):
            taken += 1
            yield Window(sound)

    decoder = make_decoder(twins.ours, windows=2)
    results = decoder.decode(make_windows(), WindowOptions(DecodingOptions(**ONE_TRY)))
    next(results)
    assert taken <= 4 * 2 + 1
    assert len(list(results)) == 19


def test_no_windows_give_nothing(twins: TwinModels) -> None:
    assert list(make_decoder(twins.ours, lanes=2).decode([], WindowOptions())) == []


def test_words_hold_all_text_in_the_order_of_time(twins: TwinModels, windows: list[Window]) -> None:
    options = WindowOptions(DecodingOptions(**ONE_TRY), word_timestamps=True)
    windows = [*windows, Window(Sounds().draw(0.01))]
    eot = twins.ours.tokenizer.eot
    for window, decoded in zip(
        windows, make_decoder(twins.ours).decode(windows, options), strict=True
    ):
        assert decoded.words
        tokens = tuple(token for word in decoded.words for token in word.tokens)
        assert tokens == tuple(token for token in decoded.tokens if token < eot)
        starts = [word.start for word in decoded.words]
        assert starts == sorted(starts)
        assert all(word.start <= word.end for word in decoded.words)
        assert decoded.words[-1].end <= len(window.samples) / 16_000 + 0.02


class ShortOfMemory:
    """An encoder for which so many windows at once are too much."""

    def __init__(self, model: WhisperModel, most: int) -> None:
        self._encoder = model.encoder
        self._most = most
        self.refusals = 0

    def __call__(self, mel: torch.Tensor) -> torch.Tensor:
        if len(mel) > self._most:
            self.refusals += 1
            raise torch.OutOfMemoryError
        return self._encoder(mel)


@pytest.mark.parametrize("beam_size", [None, 3])
@pytest.mark.parametrize("word_timestamps", [False, True])
def test_text_that_ends_too_early_is_gone_on_with(
    twins: TwinModels,
    windows: list[Window],
    monkeypatch: pytest.MonkeyPatch,
    beam_size: int | None,
    word_timestamps: bool,
) -> None:
    # Random weights have texts end anywhere, so what is told of a window is said here.
    begin = twins.ours.tokenizer.timestamp_begin
    options = WindowOptions(
        DecodingOptions(logprob_threshold=-100.0, beam_size=beam_size, **ONE_TRY), word_timestamps
    )
    decoder = make_decoder(twins.ours, windows=2)
    told_tokens = (begin, 400, 401, begin + 100, begin + 250)
    monkeypatch.setattr(
        "waas_job.engine.lane.find_untold", lambda _, decoded, __: Told(decoded, told_tokens)
    )

    wholes = list(decoder.decode(windows, options))

    for whole in wholes:
        rest = whole.tokens[len(told_tokens) :]
        assert whole.tokens[: len(told_tokens)] == told_tokens
        assert rest[0] < twins.ours.tokenizer.eot
        assert len(rest) <= twins.ours.dimensions.sample_budget(3)
        times = [token for token in whole.tokens if token >= begin]
        assert times == sorted(times)
        assert whole.text == twins.ours.tokenizer.decode(whole.tokens).strip()
        assert (whole.words is not None) is word_timestamps
    assert tokens_of(wholes) == tokens_of(list(decoder.decode(windows[::-1], options)))[::-1]


def test_text_that_fills_its_room_is_gone_on_with(
    twins: TwinModels, windows: list[Window], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Both together are more than the model can read at once, of which the words are aligned.
    options = WindowOptions(DecodingOptions(logprob_threshold=-100.0, **ONE_TRY), True)
    begin, dimensions = twins.ours.tokenizer.timestamp_begin, twins.ours.dimensions
    prompted = [replace(each, prompt_tokens=[400] * 300) for each in windows[:2]]
    budget = dimensions.sample_budget(1 + dimensions.prompt_budget + 3)
    cue = [400] * budget
    full = (begin, *cue, begin + 50, begin + 50, *cue, begin + 100, begin + 250)
    monkeypatch.setattr(
        "waas_job.engine.lane.find_untold", lambda _, decoded, __: Told(decoded, full)
    )

    for whole in make_decoder(twins.ours).decode(prompted, options):
        rest = whole.tokens[len(full) :]
        assert whole.tokens[: len(full)] == full
        assert 0 < len(rest) < budget
        assert all(token < begin or token > begin + 250 for token in rest)
        aligned = [token for word in whole.words or () for token in word.tokens]
        assert aligned == [token for token in whole.tokens if token < begin]
        starts = [word.start for word in whole.words or ()]
        assert starts == sorted(starts)


def test_silence_is_heard_where_the_transcript_starts(
    twins: TwinModels, windows: list[Window]
) -> None:
    # As many tokens in all, of which more are a prompt or more are told.
    model = twins.ours
    start = model.tokenizer.start_sequence("en", Task.TRANSCRIBE, without_timestamps=False)
    begin = model.tokenizer.timestamp_begin
    told = (begin, 400, begin + 50, begin + 60)
    prompted = (model.tokenizer.sot_prev, 500, 600, 700, *start)
    mel = log_mel_spectrogram([each.samples for each in windows[:2]], 80, model.device)
    features = torch.split(model.encoder(mel), 1)
    entrants = [
        Entrant(0, features[0], start, seed=0, budget=14, told=told),
        Entrant(1, features[1], prompted, seed=1, budget=14),
    ]

    alone = [silence_heard(model, [each])[each.index] for each in entrants]

    assert silence_heard(model, entrants) == pytest.approx(dict(enumerate(alone)), rel=1e-3)


@torch.inference_mode()
def silence_heard(model: WhisperModel, entrants: list[Entrant]) -> dict[int, float]:
    filters = LogitFilters(
        model.tokenizer, suppressed=(), without_timestamps=False, device=model.device
    )
    batch = DecodingBatch(
        model, filters, GreedyDecoder(model.tokenizer), windows=2, length_penalty=None
    )
    batch.admit(entrants)
    heard: dict[int, float] = {}
    while len(heard) < len(entrants):
        heard |= {each.index: each.no_speech_prob for each in batch.run()}
    return heard


def test_batch_is_halved_where_memory_runs_out(twins: TwinModels, windows: list[Window]) -> None:
    options = WindowOptions(DecodingOptions(**ONE_TRY))
    expected = tokens_of(list(make_decoder(twins.ours).decode(windows, options)))
    encoder = ShortOfMemory(twins.ours, most=1)
    model = replace(twins.ours, encoder=encoder)  # type: ignore[arg-type] # it is called, no more
    decoder = make_decoder(model, windows=4, encoded_together=4)
    assert tokens_of(list(decoder.decode(windows, options))) == expected
    assert encoder.refusals == 2


def test_window_that_never_fits_is_told(twins: TwinModels, windows: list[Window]) -> None:
    model = replace(twins.ours, encoder=ShortOfMemory(twins.ours, most=0))  # type: ignore[arg-type]
    with pytest.raises(OutOfMemory, match="not enough memory for one window"):
        list(make_decoder(model, windows=4, lanes=2).decode(windows, WindowOptions()))


def test_what_goes_wrong_with_the_windows_is_told(twins: TwinModels) -> None:
    def make_windows() -> Iterator[Window]:
        yield Window(Sounds().draw(1))
        raise LookupError("no more of it")

    with pytest.raises(LookupError, match="no more of it"):
        list(
            make_decoder(twins.ours, lanes=2).decode(
                make_windows(), WindowOptions(DecodingOptions(**ONE_TRY))
            )
        )


def test_unknown_language_is_told(twins: TwinModels) -> None:
    window = Window(Sounds().draw(1), language="tlh")
    with pytest.raises(BadConfiguration, match="'random' does not know the language 'tlh'"):
        list(make_decoder(twins.ours).decode([window], WindowOptions()))


def test_unknown_token_is_told(twins: TwinModels) -> None:
    options = WindowOptions(DecodingOptions(suppress_tokens=(-1, 51865)))
    with pytest.raises(BadConfiguration, match=r"names 51865, .* end at 51864"):
        list(make_decoder(twins.ours).decode([], options))


@pytest.mark.parametrize("beam_size", [None, 2])
def test_half_precision_hears_nearly_the_same(
    twins: TwinModels, windows: list[Window], beam_size: int | None
) -> None:
    # As on a GPU: there the same code runs in half precision.
    half = make_twins(dtype=torch.bfloat16).ours
    options = WindowOptions(DecodingOptions(beam_size=beam_size, **ONE_TRY), word_timestamps=True)
    for whole, narrow in zip(
        make_decoder(twins.ours).decode(windows, options),
        make_decoder(half, encoded_together=3).decode(windows, options),
        strict=True,
    ):
        assert narrow.words
        assert narrow.avg_logprob == pytest.approx(whole.avg_logprob, rel=0.1)
        assert narrow.no_speech_prob == pytest.approx(whole.no_speech_prob, rel=0.1)


def test_language_is_the_one_that_the_reference_detects(twins: TwinModels) -> None:
    sounds = Sounds(seed=8)
    for _ in range(3):
        samples = sounds.draw()
        mel = whisper.log_mel_spectrogram(whisper.pad_or_trim(samples))
        _, probabilities = twins.reference.detect_language(mel)
        language = make_decoder(twins.ours).detect_language(samples)
        assert language.code == max(probabilities, key=probabilities.get)
        assert language.probability == pytest.approx(probabilities[language.code], abs=1e-4)


def test_windows_that_come_one_by_one_take_the_room_of_one(
    twins: TwinModels, windows: list[Window], monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms: list[int] = []

    def note(dimensions: ModelDimensions, count: int, *rest: Any, **more: Any) -> Heard:
        rooms.append(count)
        return make_room_to_hear(dimensions, count, *rest, **more)

    monkeypatch.setattr("waas_job.engine.lane.make_room_to_hear", note)
    decoder, options = (
        make_decoder(twins.ours, windows=3),
        WindowOptions(DecodingOptions(**ONE_TRY)),
    )

    (alone,) = decoder.decode(windows[:1], options)
    first, *_ = decoder.decode(iter(windows), options)

    assert rooms == [1, 3]
    assert alone.tokens == first.tokens
