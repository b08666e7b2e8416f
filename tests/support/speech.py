"""The recorded speech in tests/data, with the words that are spoken in it."""

import json
from dataclasses import dataclass
from pathlib import Path

DATA_DIRECTORY = Path(__file__).parent.parent / "data"


@dataclass(frozen=True)
class Clip:
    """One recording of a reader's voice."""

    path: Path
    text: str
    """What is said, in lower case and without punctuation."""

    duration_seconds: float

    @property
    def name(self) -> str:
        """Return a short name, for test ids and object names."""
        return self.path.stem


def librivox_clips() -> tuple[Clip, ...]:
    """Return five sentences from a public-domain reading of Sense and Sensibility."""
    directory = DATA_DIRECTORY / "librivox"
    entries = json.loads((directory / "transcripts.json").read_text(encoding="utf-8"))
    return tuple(
        Clip(
            path=directory / entry["file"],
            text=entry["text"],
            duration_seconds=entry["duration_seconds"],
        )
        for entry in entries
    )


def librivox_clip(number: str) -> Clip:
    """Return one of the sentences by its number in the book, for example `0870`."""
    return next(clip for clip in librivox_clips() if clip.name.endswith(number))
