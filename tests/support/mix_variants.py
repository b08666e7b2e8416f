"""What happens to recordings on their way to us, done to a mix whose words are known."""

import wave
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from support.media import SAMPLE_RATE, Samples, write_audio
from support.speech import librivox_clips
from support.spoken_mix import Mix, make_mix, make_noise, with_samples

_NOISE_BELOW_VOICE_DECIBELS = 10.0
_QUIET_DECIBELS = -40.0
_OVERDRIVE = 12.0
_TELEPHONE_RATE = 8_000
_CHORDS_HERTZ = ((220, 277, 330), (196, 247, 294), (175, 220, 262), (165, 208, 247))
_BEAT_SECONDS = 0.5


def clean(seed: int, seconds: float) -> Mix:
    """Return the mix as it is."""
    return make_mix(seed=seed, seconds=seconds)


def noisy(seed: int, seconds: float) -> Mix:
    """Return it with white noise 10 dB below the voice throughout."""
    mix = make_mix(seed=seed, seconds=seconds)
    voice = np.concatenate([_cut(mix, each.start, each.end) for each in mix.sentences])
    level = float(np.sqrt(np.mean(np.square(voice))))
    amplitude = level * 10 ** (-_NOISE_BELOW_VOICE_DECIBELS / 20)
    noise = make_noise(mix.seconds, np.random.default_rng(seed + 1), amplitude=amplitude)
    return with_samples(mix, np.clip(mix.samples + noise[: len(mix.samples)], -1, 1))


def quiet(seed: int, seconds: float) -> Mix:
    """Return it at a hundredth of its amplitude, as 16 bits keep that."""
    mix = make_mix(seed=seed, seconds=seconds)
    return with_samples(mix, mix.samples * 10 ** (_QUIET_DECIBELS / 20))


def clipped(seed: int, seconds: float) -> Mix:
    """Return it overdriven, so that the tops of its waves are cut off."""
    mix = make_mix(seed=seed, seconds=seconds)
    return with_samples(mix, np.clip(mix.samples * _OVERDRIVE, -1, 1))


def telephone(seed: int, seconds: float) -> Mix:
    """Return it to be stored at 8 kHz."""
    return replace(make_mix(seed=seed, seconds=seconds), rate=_TELEPHONE_RATE)


def stereo(seed: int, seconds: float) -> Mix:
    """Return it with every other sentence on the right channel and the rest on the left."""
    mix = make_mix(seed=seed, seconds=seconds)
    channels = np.stack([mix.samples, mix.samples])
    for number, each in enumerate(mix.sentences):
        span = slice(round(each.start * SAMPLE_RATE), round(each.end * SAMPLE_RATE))
        channels[number % 2, span] = 0
    return with_samples(mix, channels)


def repeated(seed: int, seconds: float) -> Mix:
    """Return one sentence said over and over: what looks like a loop is none."""
    return make_mix(seed=seed, seconds=seconds, clips=librivox_clips()[1:2])


def music(seed: int, seconds: float) -> Mix:
    """Return struck chords over a beat of noise, and not a word."""
    lots = np.random.default_rng(seed)
    beats = [_strike(number, lots) for number in range(round(seconds / _BEAT_SECONDS))]
    return Mix(np.concatenate(beats), ())


def silent(seed: int, seconds: float) -> Mix:
    """Return faint noise, then nothing at all."""
    lots = np.random.default_rng(seed)
    faint = make_noise(seconds / 2, lots)
    return Mix(np.concatenate([faint, np.zeros_like(faint)]), ())


VARIANTS: Mapping[str, Callable[[int, float], Mix]] = {
    "clean": clean,
    "noisy": noisy,
    "quiet": quiet,
    "clipped": clipped,
    "8 kHz": telephone,
    "stereo": stereo,
    "repeated": repeated,
    "music": music,
    "silent": silent,
}
"""By the names under which they are reported: a seed and the seconds wanted -> the mix."""


def _cut(mix: Mix, start: float, end: float) -> Samples:
    return mix.samples[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]


def _strike(number: int, lots: np.random.Generator) -> Samples:
    """Return one beat: three decaying tones with their overtones, and a drum."""
    times = np.arange(round(_BEAT_SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
    tones = np.zeros_like(times)
    for hertz in _CHORDS_HERTZ[number // 4 % len(_CHORDS_HERTZ)]:
        for overtone in (1, 2, 3, 4):
            tones += np.sin(2 * np.pi * hertz * overtone * times) / overtone**1.5
    drum = make_noise(_BEAT_SECONDS, lots, amplitude=1.0) * np.exp(-times / 0.03)
    return (0.1 * tones * np.exp(-times / 0.4) + 0.2 * drum).astype(np.float32)


def write_mix(mix: Mix, path: Path) -> Path:
    """Store a mix as a WAV of 16 bits at its own rate."""
    if mix.samples.ndim == 1:
        return write_audio(path, mix.samples, codec="pcm_s16le", rate=mix.rate)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(mix.samples))
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((mix.samples.T * 32767).astype("<i2").tobytes())
    return path
