"""How speech is decoded, found in the sound and cut into captions: the finer part of a spec.

Names and defaults are those of openai-whisper's `transcribe`, so that its documentation holds.
"""

from typing import Annotated

from pydantic import Field

from waas_contract.wire import WireModel


class DecodingOptions(WireModel):
    """How Whisper chooses its words."""

    temperature: float = Field(default=0, ge=0, le=1)
    """How much is left to chance; 0 takes the likeliest words."""

    temperature_increment_on_fallback: float = Field(default=0.2, ge=0, le=1)
    """Steps by which a window that came out badly is tried again; 0 for a single try."""

    best_of: int = Field(default=5, ge=1, le=10)
    """Candidates of which the likeliest is taken, at temperatures above 0."""

    beam_size: int | None = Field(default=None, ge=1, le=10)
    """Beams of the search at temperature 0; absent for greedy decoding."""

    patience: float | None = Field(default=None, gt=0, le=10)
    """How long the beam search looks on (arXiv:2204.05424); needs beamSize."""

    length_penalty: float | None = Field(default=None, ge=0, le=1)
    """Weight of the length when candidates are compared; by length itself where absent."""

    suppress_tokens: Annotated[tuple[Annotated[int, Field(ge=-1)], ...], Field(max_length=128)] = (
        -1,
    )
    """Token ids that are never chosen; -1 stands for most symbols that nobody says."""

    condition_on_previous_text: bool = False
    """Whether a window is decoded in the light of the one before, which lets loops spread."""

    compression_ratio_threshold: float = Field(default=2.4, gt=0, le=100)
    """Text that compresses better than this repeats itself and is tried again; 100: never."""

    logprob_threshold: float = Field(default=-1.0, ge=-100, le=0)
    """Text with a lower average log-probability is tried again; -100: never."""

    no_speech_threshold: float = Field(default=0.6, ge=0, le=1)
    """A window of improbable text is silence above this probability of silence; 1: never."""

    hallucination_silence_threshold: float | None = Field(default=None, gt=0, le=60)
    """Silences of so many seconds are skipped where the words around them look invented."""

    hotwords: str | None = Field(default=None, min_length=1, max_length=1000)
    """Names and terms that are likely to be said, in every window."""


class VoiceActivityOptions(WireModel):
    """How speech is told from silence before it is decoded."""

    enabled: bool = True
    threshold: float = Field(default=0.5, gt=0, lt=1)
    """Probability above which a moment counts as speech."""

    min_speech_seconds: float = Field(default=0.25, ge=0, le=10)
    """Shorter sounds are no speech."""

    min_silence_seconds: float = Field(default=0.5, ge=0, le=30)
    """Shorter pauses do not end a stretch of speech."""

    padding_seconds: float = Field(default=0.2, ge=0, le=5)
    """What is kept on both sides of a stretch of speech."""


class SubtitleOptions(WireModel):
    """How captions are cut for a screen; the transcript itself stays whole."""

    max_line_width: int | None = Field(default=None, ge=10, le=200)
    """Characters in a line."""

    max_line_count: int | None = Field(default=None, ge=1, le=6)
    """Lines in a caption."""

    max_cue_seconds: float | None = Field(default=None, ge=0.5, le=60)
    """Longest that a caption stays."""

    @property
    def limits_anything(self) -> bool:
        """Tell whether captions differ from those that nobody shaped."""
        return (self.max_line_width, self.max_line_count, self.max_cue_seconds) != (None,) * 3
