"""From the time of a window, whose silences are taken out, to the recording's and back. Pure.

A window is made of pieces of the recording, one after the other. All places are in samples.
"""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

SAMPLE_RATE = 16_000
"""Samples in a second, of windows and recordings alike: Whisper's own."""


@dataclass(frozen=True)
class Piece:
    """A part of the recording that is in a window as it is."""

    start: int
    end: int
    voices: tuple[tuple[int, int], ...] = ()
    """Where in it somebody speaks, in the recording's time; none where nobody knows."""

    @property
    def length(self) -> int:
        """Return how many samples it has."""
        return self.end - self.start


@dataclass(frozen=True)
class Timeline:
    """Where each piece of a window lies in it, and in the recording."""

    pieces: tuple[Piece, ...]
    """In order, and nowhere touching: between two of them a silence was taken out."""

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """Return where each piece begins in the window."""
        offsets, at = [], 0
        for piece in self.pieces:
            offsets.append(at)
            at += piece.length
        return tuple(offsets)

    @property
    def length(self) -> int:
        """Return the length of the window."""
        return sum(piece.length for piece in self.pieces)

    @property
    def start(self) -> int:
        """Return where the window begins in the recording."""
        return self.pieces[0].start

    @property
    def end(self) -> int:
        """Return where the window ends in the recording."""
        return self.pieces[-1].end

    @property
    def voices(self) -> tuple[tuple[int, int], ...]:
        """Return where in the window somebody speaks."""
        return tuple(
            (offset + start - piece.start, offset + end - piece.start)
            for offset, piece in zip(self.offsets, self.pieces, strict=True)
            for start, end in piece.voices
        )

    def piece_at(self, place: int, *, is_end: bool = False) -> int:
        """Return the number of the piece in which a place of the window is.

        A splice is the start of what follows it, and where asked for the end of what was before.
        """
        find = bisect.bisect_left if is_end else bisect.bisect_right
        return max(0, find(self.offsets, place) - 1)

    def to_recording(self, place: int, *, is_end: bool = False) -> int:
        """Return the place in the recording; what lies outside the window is moved to its ends."""
        return self.within(self.piece_at(place, is_end=is_end), place)

    def within(self, number: int, place: int) -> int:
        """Return a place in the recording, moved into a certain piece."""
        piece = self.pieces[number]
        return min(max(piece.start, piece.start + place - self.offsets[number]), piece.end)

    def to_window(self, place: int) -> int:
        """Return the place in the window; what was taken out lies at its splice."""
        number = max(0, bisect.bisect_right([each.start for each in self.pieces], place) - 1)
        piece = self.pieces[number]
        return self.offsets[number] + min(max(0, place - piece.start), piece.length)


def join_touching(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Return the pieces in order, those that touch made one."""
    joined: list[Piece] = []
    for piece in pieces:
        if joined and joined[-1].end >= piece.start:
            last = joined.pop()
            piece = Piece(last.start, piece.end, (*last.voices, *piece.voices))
        joined.append(piece)
    return tuple(joined)
