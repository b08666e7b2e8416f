"""The part of a recording that is still needed, by its place in the whole."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from waas_job.speech.timeline import SAMPLE_RATE

Samples = npt.NDArray[np.float32]

# What is thrown away, is in chunks of a second.
_CHUNK = SAMPLE_RATE


class SoundBuffer:
    """Takes sound at its end, and forgets what nobody will read."""

    def __init__(self) -> None:
        self._chunks: dict[int, Samples] = {}
        self._rest: Samples = np.empty(0, np.float32)
        self.length = 0
        """Samples that were ever added."""

    def add(self, samples: Samples) -> None:
        """Take the next samples."""
        self._rest = np.concatenate([self._rest, samples])
        self.length += len(samples)
        first = (self.length - len(self._rest)) // _CHUNK
        whole = len(self._rest) // _CHUNK
        for number in range(whole):
            self._chunks[first + number] = self._rest[number * _CHUNK :][:_CHUNK].copy()
        self._rest = self._rest[whole * _CHUNK :].copy()

    def read(self, start: int, end: int) -> Samples:
        """Return the samples of a range that was added and not forgotten."""
        first, last = start // _CHUNK, -(-end // _CHUNK)
        chunks = [self._chunks.get(number, self._rest) for number in range(first, last)]
        if not chunks:
            return np.empty(0, np.float32)
        return np.concatenate(chunks)[start - first * _CHUNK :][: end - start]

    def forget_all_but(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Drop what lies in none of the ranges."""
        needed = {
            number for start, end in ranges for number in range(start // _CHUNK, -(-end // _CHUNK))
        }
        self._chunks = {key: chunk for key, chunk in self._chunks.items() if key in needed}
