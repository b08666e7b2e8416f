"""The transcript: what `transcript.json` holds and every other format is rendered from.

Field names are Whisper's own, so that tools which read its JSON read ours.
"""

from enum import StrEnum
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict

AnySegment = TypeVar("AnySegment")


class QualityFlag(StrEnum):
    """A doubt about a segment that was kept all the same."""

    REPETITIVE = "repetitive"
    """Its window's text repeats itself, at every temperature."""

    IMPROBABLE = "improbable"
    """The model was not sure of its window's text, at any temperature."""

    DOUBTFUL_SPEECH = "doubtful_speech"
    """The model rather took its window for silence, yet was sure of the text."""


class Word(BaseModel):
    """One word with the seconds in which it is spoken."""

    model_config = ConfigDict(frozen=True)

    word: str
    start: float
    end: float
    probability: float


class Segment(BaseModel):
    """One caption's worth of speech; times in seconds from the start of the audio."""

    model_config = ConfigDict(frozen=True)

    id: int
    seek: int = 0
    start: float
    end: float
    text: str
    tokens: tuple[int, ...] = ()
    temperature: float = 0.0
    avg_logprob: float = 0.0
    compression_ratio: float = 0.0
    no_speech_prob: float = 0.0
    words: tuple[Word, ...] | None = None
    quality_flags: tuple[QualityFlag, ...] | None = None
    """Doubts about it; absent where there are none."""

    speaker: str | None = None
    """Who speaks: the name of their channel, or one that a person gave; None where nobody knows."""


def give_way(segment: AnySegment) -> AnySegment:
    """Return a segment as it is.

    Pydantic keeps the interpreter to itself until it comes back to Python. With this among a
    segment's validators it does so at each of them, and hours of speech hold up no other thread.
    """
    return segment


Segments = tuple[Annotated[Segment, AfterValidator(give_way)], ...]


class Transcript(BaseModel):
    """Everything Whisper heard in one recording."""

    model_config = ConfigDict(frozen=True)

    language: str
    """Code of the language that was given or detected."""

    duration: float
    """Length of the audio in seconds."""

    text: str
    segments: Segments


class PartialTranscript(BaseModel):
    """What a running job has heard so far: the beginning of its transcript.

    Its segments have text and times, and neither tokens nor words: it is written again and again.
    """

    model_config = ConfigDict(frozen=True)

    language: str | None
    segments: Segments
