import numpy as np
import pytest

from support.media import SAMPLE_RATE, make_silence, make_tone
from support.mix_variants import VARIANTS
from support.spoken_mix import find_onset, make_mix, make_noise

SEED = 3
SECONDS = 20.0


def test_the_same_seed_gives_the_same_mix() -> None:
    first, second = (make_mix(seed=SEED, seconds=SECONDS) for _ in range(2))

    assert first.sentences == second.sentences
    assert np.array_equal(first.samples, second.samples)
    assert make_mix(seed=SEED + 1, seconds=SECONDS).sentences != first.sentences


def test_sentences_lie_where_the_mix_says() -> None:
    mix = make_mix(seed=SEED, seconds=SECONDS)

    assert mix.seconds >= SECONDS
    assert mix.sentences[-1].end == pytest.approx(mix.seconds)
    for before, after in zip(mix.sentences, mix.sentences[1:], strict=False):
        assert before.start < before.onset < before.end < after.start
        gap = mix.samples[round(before.end * SAMPLE_RATE) : round(after.start * SAMPLE_RATE)]
        assert np.abs(gap).max() < 0.01


@pytest.mark.parametrize("room", ["digital silence", "noise"])
def test_the_onset_is_where_the_voice_leaves_the_room(room: str) -> None:
    voice = np.concatenate([make_silence(0.3), make_tone(0.5)])
    if room == "noise":
        voice += make_noise(0.8, np.random.default_rng(SEED), amplitude=0.01)

    assert find_onset(voice) == pytest.approx(0.3, abs=0.011)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_holds_as_much_sound_as_is_asked_for(name: str) -> None:
    mix = VARIANTS[name](SEED, SECONDS)

    assert mix.seconds == pytest.approx(SECONDS, abs=16)
    assert mix.samples.dtype == np.float32
    assert np.abs(mix.samples).max() <= 1
    assert bool(mix.sentences) == (name not in ("music", "silent"))
