"""Where a window ends: in the best silence that there is not long before it is full. Pure."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from waas_job.speech.timeline import SAMPLE_RATE, Timeline
from waas_job.speech.voices import FRAME

Floats = npt.NDArray[np.float32]

SHORTEST_WINDOW = SAMPLE_RATE
"""Less than a second is no window of its own: Whisper invents words for such."""

# A pause that is so much longer is worth a window that is less full, second for second. Beyond
# half a second a pause is an end of what was said, and longer ones are no better.
_WORTH_OF_PAUSE = 20.0
_LONGEST_PAUSE = 0.5
# Where nobody ever pauses, a word may be cut in two: so any pause of a few frames is better.
_COST_OF_NO_PAUSE = 15.0
_QUIET_SEARCH = 10 * SAMPLE_RATE
_QUIET_FRAMES = 5


@dataclass(frozen=True)
class Hearing:
    """What was heard of each frame."""

    first_frame: int
    probabilities: Floats
    """That it is speech."""

    powers: Floats
    """Mean squares."""

    def between(self, start: int, end: int) -> tuple[int, slice]:
        """Return the first whole frame in a range of samples, and the slice of all in it."""
        first = -(-start // FRAME)
        last = max(first, end // FRAME)
        return first, slice(first - self.first_frame, last - self.first_frame)


@dataclass(frozen=True)
class _Place:
    value: float
    place: int
    """In the recording."""


def find_cut(timeline: Timeline, hearing: Hearing, *, longest: int, silence_below: float) -> int:
    """Return where in the recording a window of at most so many samples had best end."""
    last = min(longest, timeline.length - SHORTEST_WINDOW)
    places = [
        *_splices(timeline),
        *_pauses(timeline, hearing, silence_below),
    ]
    allowed = [each for each in places if SHORTEST_WINDOW <= timeline.to_window(each.place) <= last]
    quiet = _quietest(timeline, hearing, last)
    best = max((*allowed, quiet), key=lambda each: (_worth(each, timeline, last), each.place))
    return best.place


def _worth(place: _Place, timeline: Timeline, last: int) -> float:
    return place.value - (last - timeline.to_window(place.place)) / SAMPLE_RATE


def _splices(timeline: Timeline) -> list[_Place]:
    """Return the ends of what is said: whatever is cut there has silence on both sides."""
    return [_Place(_WORTH_OF_PAUSE * _LONGEST_PAUSE, piece.start) for piece in timeline.pieces[1:]]


def _pauses(timeline: Timeline, hearing: Hearing, silence_below: float) -> list[_Place]:
    places = []
    for piece in timeline.pieces:
        first, frames = hearing.between(piece.start, piece.end)
        is_silent = hearing.probabilities[frames] < silence_below
        edges = np.flatnonzero(np.diff(np.concatenate([[0], is_silent, [0]])))
        for start, end in edges.reshape(-1, 2).tolist():
            seconds = min((end - start) * FRAME / SAMPLE_RATE, _LONGEST_PAUSE)
            middle = (first + (start + end) // 2) * FRAME
            places.append(_Place(_WORTH_OF_PAUSE * seconds, middle))
    return places


def _quietest(timeline: Timeline, hearing: Hearing, last: int) -> _Place:
    """Return the middle of the quietest moment of the last seconds; the latest of equal ones."""
    number = timeline.piece_at(last, is_end=True)
    piece = timeline.pieces[number]
    end = timeline.within(number, last)
    first, frames = hearing.between(max(piece.start, end - _QUIET_SEARCH), end)
    powers = hearing.powers[frames]
    if len(powers) < _QUIET_FRAMES:
        return _Place(-_COST_OF_NO_PAUSE, end)
    smooth = np.convolve(powers, np.ones(_QUIET_FRAMES) / _QUIET_FRAMES, "valid")
    quietest = len(smooth) - 1 - int(np.argmin(smooth[::-1]))
    return _Place(-_COST_OF_NO_PAUSE, (first + quietest + _QUIET_FRAMES // 2) * FRAME)
