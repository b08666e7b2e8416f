"""From the probability that a moment is speech to the stretches in which somebody speaks. Pure."""

from dataclasses import dataclass

from waas_contract.transcription_options import VoiceActivityOptions
from waas_job.speech.timeline import SAMPLE_RATE

FRAME = 512
"""Samples of a moment: as the detector hears, 32 ms."""

# Once somebody speaks, a moment counts as silence only where it is rather sure: Silero's own rule.
_HYSTERESIS = 0.15
_LEAST_PROBABILITY = 0.01


@dataclass
class Voice:
    """A stretch of speech, in frames."""

    start: int
    end: int
    """After the last frame that is speech."""


class VoiceFinder:
    """Follows a recording frame by frame."""

    def __init__(self, options: VoiceActivityOptions) -> None:
        self._threshold = options.threshold
        self._silence_below = silence_threshold(options)
        # Where everything counts as speech, nothing is too short for it.
        least_seconds = options.min_speech_seconds if options.enabled else 0
        self._least_frames = least_seconds * SAMPLE_RATE / FRAME
        self._pause_frames = options.min_silence_seconds * SAMPLE_RATE / FRAME
        self._frames = 0
        self._open: Voice | None = None
        self.voices: list[Voice] = []
        """Those that are sure, in order; the last one may still grow. Taken by whoever reads."""

    @property
    def start_of_open(self) -> int | None:
        """Return where the speech began that goes on, be it long enough to count or not."""
        return self._open.start if self._open else None

    def feed(self, probabilities: list[float]) -> None:
        """Take the next frames."""
        for probability in probabilities:
            self._take(probability)
            self._frames += 1

    def _take(self, probability: float) -> None:
        voice = self._open
        if voice is None:
            if probability >= self._threshold:
                self._open = Voice(self._frames, self._frames + 1)
                self._count_if_sure()
            return
        if probability >= self._silence_below:
            voice.end = self._frames + 1
            self._count_if_sure()
        elif self._frames + 1 - voice.end >= self._pause_frames:
            self._open = None

    def _count_if_sure(self) -> None:
        voice = self._open
        is_known = bool(self.voices) and self.voices[-1] is voice
        if voice and not is_known and voice.end - voice.start >= self._least_frames:
            self.voices.append(voice)


def silence_threshold(options: VoiceActivityOptions) -> float:
    """Return the probability below which a moment is silence."""
    return max(options.threshold - _HYSTERESIS, _LEAST_PROBABILITY)
