"""Our engine hears in each window what openai-whisper hears in it, with real speech and weights."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import pytest

from support.media import read_samples
from support.reference_decoding import Reference, load_reference
from support.speech import librivox_clip, librivox_clips
from support.speech_windows import draw_windows
from waas_contract.transcription_options import DecodingOptions
from waas_job.engine.protocol import EngineSettings
from waas_job.engine.window_decoder import load_window_decoder
from waas_job.engine.windows import DecodedWindow, Window, WindowDecoder, WindowOptions

pytestmark = [
    pytest.mark.integration,
    # openai-whisper hands numpy a tensor to sort.
    pytest.mark.filterwarnings("ignore:__array_wrap__ must accept:DeprecationWarning"),
]

PROMPT = " Sense and Sensibility, a novel by Jane Austen."

MOST_WORDS_CHANGED = 0.05
"""Share of single precision's words that bfloat16 may hear otherwise in clean speech."""

NEGLIGIBLE_GAP = 1e-3
"""Where the reference's two likeliest tokens are closer, rounding decides between them."""


def load_ours(folder: Path, model: str, *, precision: str = "float32") -> WindowDecoder:
    settings = EngineSettings(model, folder, device="cpu", threads=2, precision=precision)
    return load_window_decoder(settings)


def draw(count: int, decoder: WindowDecoder, *, seed: int = 5) -> list[Window]:
    return draw_windows(count, seed=seed, prompts=[tuple(decoder.tokenizer.encode(PROMPT)), (), ()])


def decode(
    decoder: WindowDecoder,
    windows: Sequence[Window],
    *,
    without_timestamps: bool = False,
    beam_size: int | None = None,
) -> list[DecodedWindow]:
    decoding = DecodingOptions(temperature_increment_on_fallback=0, beam_size=beam_size)
    options = WindowOptions(decoding, without_timestamps=without_timestamps)
    return list(decoder.decode(windows, options))


def first_difference(one: Sequence[int], other: Sequence[int]) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (mine, its) in pairs if mine != its), min(len(one), len(other)))


def assert_greedy_parity(
    reference: Reference, decoder: WindowDecoder, windows: Sequence[Window], *, plain: bool
) -> None:
    decoded = decode(decoder, windows, without_timestamps=plain)
    for window, ours in zip(windows, decoded, strict=True):
        theirs = reference.decode(window, without_timestamps=plain)
        if list(ours.tokens) == theirs.tokens:
            assert ours.avg_logprob == pytest.approx(theirs.avg_logprob, abs=1e-3)
            assert ours.no_speech_prob == pytest.approx(theirs.no_speech_prob, abs=1e-3)
            continue
        common = theirs.tokens[: first_difference(ours.tokens, theirs.tokens)]
        gap = reference.gap_after(window, common, without_timestamps=plain)
        assert gap < NEGLIGIBLE_GAP, (ours.text, theirs.text)


def count_worse_beams(
    reference: Reference, decoder: WindowDecoder, windows: Sequence[Window]
) -> int:
    """Return for how many windows the reference finds a likelier text."""
    decoded = decode(decoder, windows, beam_size=5)
    theirs = [reference.decode(each, without_timestamps=False, beam_size=5) for each in windows]
    return sum(
        ours.avg_logprob < its.avg_logprob - NEGLIGIBLE_GAP
        for ours, its in zip(decoded, theirs, strict=True)
    )


@pytest.fixture(scope="module")
def decoder(weights: Path) -> WindowDecoder:
    return load_ours(weights, "tiny.en")


@pytest.fixture(scope="module")
def reference(weights: Path) -> Reference:
    return load_reference(weights / "tiny.en.pt")


@pytest.mark.parametrize("plain", [False, True], ids=["with timestamps", "without"])
def test_greedy_tokens_are_equal(reference: Reference, decoder: WindowDecoder, plain: bool) -> None:
    assert_greedy_parity(reference, decoder, draw(4, decoder), plain=plain)


def test_beam_search_finds_as_likely_a_text(reference: Reference, decoder: WindowDecoder) -> None:
    assert count_worse_beams(reference, decoder, draw(2, decoder)) == 0


def test_sentence_said_twice_comes_out_twice(reference: Reference, decoder: WindowDecoder) -> None:
    samples = read_samples(librivox_clip("0880").path)
    pause = np.zeros(12_000, np.float32)
    twice = Window(np.concatenate([samples, pause, samples]))
    once = Window(samples)
    again, alone, same = decode(decoder, [twice, once, twice], without_timestamps=True)
    theirs = reference.decode(twice, without_timestamps=True)
    assert again.tokens == same.tokens == tuple(theirs.tokens)
    assert len(again.text.split()) == 2 * len(alone.text.split())


def test_bfloat16_hears_nearly_the_same_words(weights: Path, decoder: WindowDecoder) -> None:
    samples = [read_samples(clip.path) for clip in librivox_clips()]
    windows = [Window(each) for each in samples]
    short = load_ours(weights, "tiny.en", precision="bfloat16")
    assert (short.facts.precision, decoder.facts.precision) == ("bfloat16", "float32")
    exact = [each.text.split() for each in decode(decoder, windows, without_timestamps=True)]
    rounded = [each.text.split() for each in decode(short, windows, without_timestamps=True)]
    said = sum(map(len, exact))
    alike = sum(
        match.size
        for one, other in zip(exact, rounded, strict=True)
        for match in SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    )
    assert alike >= (1 - MOST_WORDS_CHANGED) * said, (exact, rounded)


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize(("model", "count"), [("tiny.en", 70), ("base", 30)])
def test_greedy_tokens_are_equal_in_two_hundred_windows(
    weights: Path, model: str, count: int
) -> None:
    decoder, reference = load_ours(weights, model), load_reference(weights / f"{model}.pt")
    for plain in (False, True):
        windows = draw(count, decoder, seed=6 + plain)
        assert_greedy_parity(reference, decoder, windows, plain=plain)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_beam_search_finds_as_likely_texts_in_a_hundred_windows(
    reference: Reference, decoder: WindowDecoder
) -> None:
    assert count_worse_beams(reference, decoder, draw(100, decoder, seed=9)) <= 1


@pytest.mark.long
def test_order_changes_nothing(decoder: WindowDecoder) -> None:
    windows = draw(24, decoder, seed=10)
    forwards = decode(decoder, windows)
    backwards = decode(decoder, windows[::-1])[::-1]
    assert [each.tokens for each in forwards] == [each.tokens for each in backwards]
