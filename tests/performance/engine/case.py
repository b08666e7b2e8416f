"""What one process of the benchmark is asked to do, and what it answers: JSON in two files."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import TypeAdapter

from support.media import Samples
from waas_contract.transcript import Segment

TellText = Callable[[], None]
"""To be called as soon as there is some text, and as often as there is more."""

Transcribe = Callable[[Samples, TellText], Iterable[Segment]]
"""What an adapter's `load` returns: it is given one recording after the other."""


class Mode(StrEnum):
    """How much is asked of a transcript."""

    TEXT = "text"
    SEGMENTS = "segments"
    WORDS = "words"


@dataclass(frozen=True)
class Case:
    """One transcription by one contender."""

    adapter: str
    """A module of performance.engine.adapters."""

    foundation: str
    """The library that it is built on: what its import takes is told apart from the rest."""

    settings: Mapping[str, str | int | bool]
    """The adapter's own."""

    model: str
    mode: Mode
    beam_size: int
    """1 for greedy decoding."""

    threads: int
    warm_up: Path | None
    """Samples that are transcribed first; None to have the first transcription timed."""

    sounds: tuple[Path, ...]
    """Samples, as numpy stores them: transcribed one after the other."""

    weights: Path = Path()
    """What the adapter reads; told by whoever starts the process, as what follows is."""

    started: float = 0.0
    """When the process was started, by the machine's monotonic clock."""


@dataclass(frozen=True)
class Transcribed:
    """One timed transcription."""

    seconds: float
    cpu_seconds: float
    """Of the process and those that it started."""

    seconds_to_text: float
    """Until the first text was there; of a contender that tells nothing before its end, all."""

    segments: tuple[Segment, ...]

    @property
    def text(self) -> str:
        return " ".join(segment.text.strip() for segment in self.segments)


@dataclass(frozen=True)
class Answer:
    """What came of a case; seconds count from the start of the process."""

    version: str
    founded: float
    """When the library was imported that the contender is built on."""

    loaded: float
    """When it was ready to transcribe."""

    finished: float
    resident_bytes: int
    """The most of the process itself, files that it maps included."""

    transcribed: tuple[Transcribed, ...]


CASE = TypeAdapter(Case)
ANSWER = TypeAdapter(Answer)
