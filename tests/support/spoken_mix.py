"""Long recordings whose words and times are known: sentences and gaps of faint noise, by lot.

They and their variants are what the engine is measured on. Whoever tunes it draws with the seed
TUNING_SEED, so that the figures that are published (REPORT_SEED) are of gaps nobody tuned to.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from support.media import SAMPLE_RATE, Samples, read_samples
from support.speech import Clip, librivox_clips

GAPS_SECONDS = (0.3, 0.5, 0.8, 1.2, 3.0, 8.0)
TUNING_SEED = 7
REPORT_SEED = 20_261_126

_FAINT = 10 ** (-60 / 20)

_FRAME = SAMPLE_RATE // 100
_ROOM_FRAMES = 20
_ABOVE_ROOM_DECIBELS = 8.0
_SUSTAINED_FRAMES = 5
_QUIETEST_ROOM_DECIBELS = -60.0


@dataclass(frozen=True)
class Sentence:
    """One clip in a mix, in seconds from its start."""

    text: str
    start: float
    """Where the clip begins, with the room before the voice."""

    onset: float
    """Where the voice begins."""

    end: float


@dataclass(frozen=True)
class Mix:
    """Sound and what is said in it."""

    samples: Samples
    """Mono at 16 kHz; or channels x samples."""

    sentences: tuple[Sentence, ...]
    rate: int = SAMPLE_RATE
    """At which it is to be stored; of other rates the samples are those that go in."""

    @property
    def seconds(self) -> float:
        return int(self.samples.shape[-1]) / SAMPLE_RATE

    @property
    def seconds_without_speech(self) -> float:
        return self.seconds - sum(each.end - each.start for each in self.sentences)


def make_mix(
    *,
    seed: int = TUNING_SEED,
    seconds: float = 300,
    clips: Sequence[Clip] | None = None,
    gaps: Sequence[float] = GAPS_SECONDS,
) -> Mix:
    """Draw clips and gaps until the mix is as long as asked, or a little longer."""
    lots = np.random.default_rng(seed)
    clips = librivox_clips() if clips is None else clips
    pieces: list[Samples] = []
    sentences: list[Sentence] = []
    at = 0
    while at < seconds * SAMPLE_RATE:
        gap = make_noise(float(lots.choice(gaps)), lots)
        clip = clips[int(lots.integers(len(clips)))]
        voice = _read(clip)
        start = at + len(gap)
        at = start + len(voice)
        pieces += (gap, voice)
        sentences.append(
            Sentence(
                text=clip.text,
                start=start / SAMPLE_RATE,
                onset=start / SAMPLE_RATE + find_onset(voice),
                end=at / SAMPLE_RATE,
            )
        )
    return Mix(np.concatenate(pieces), tuple(sentences))


@cache
def _read(clip: Clip) -> Samples:
    return read_samples(clip.path)


def make_noise(seconds: float, lots: np.random.Generator, *, amplitude: float = _FAINT) -> Samples:
    """Return white noise, by default so faint that it is hardly heard."""
    count = round(seconds * SAMPLE_RATE)
    return (lots.standard_normal(count) * amplitude).astype(np.float32)


def find_onset(voice: Samples) -> float:
    """Return the seconds after which the voice stands out from the room for 50 ms.

    The room is what the first 200 ms sound like; every clip begins with as much of it.
    """
    frames = voice[: len(voice) // _FRAME * _FRAME].reshape(-1, _FRAME)
    levels = 10 * np.log10(np.mean(np.square(frames), axis=1) + 1e-12)
    room = max(float(np.median(levels[:_ROOM_FRAMES])), _QUIETEST_ROOM_DECIBELS)
    loud = levels > room + _ABOVE_ROOM_DECIBELS
    sustained = np.convolve(loud, np.ones(_SUSTAINED_FRAMES), "valid") >= _SUSTAINED_FRAMES
    return float(np.argmax(sustained)) / 100


def with_samples(mix: Mix, samples: Samples) -> Mix:
    """Return the same words in another sound of the same length."""
    return replace(mix, samples=samples.astype(np.float32))
