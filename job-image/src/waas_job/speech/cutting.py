"""Cuts a recording into windows while it is being decoded.

What is kept of it is speech, with the padding around it; longer silences are taken out. A window
ends in a silence, and is as full as the silences allow. What comes out does not hang on the size
of the blocks that go in.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from waas_contract.transcription_options import VoiceActivityOptions
from waas_job.speech.cutting_places import SHORTEST_WINDOW, Floats, Hearing, find_cut
from waas_job.speech.sound_buffer import Samples, SoundBuffer
from waas_job.speech.timeline import SAMPLE_RATE, Piece, Timeline, join_touching
from waas_job.speech.voices import FRAME, VoiceFinder, silence_threshold

WINDOW = 30 * SAMPLE_RATE
"""The longest window in samples: as much as the model was trained on."""

# A splice that saves less is not worth the break in the sound.
_LEAST_SILENCE_TAKEN_OUT = SAMPLE_RATE // 4

DetectSpeech = Callable[[Samples], Floats]
"""Takes whole frames, in order, and gives the probability of each that it is speech."""


@dataclass(frozen=True)
class CutWindow:
    """A window's sound, and where it comes from."""

    number: int
    samples: Samples
    timeline: Timeline
    settled: int
    """Where in the recording all windows that come later begin, at the earliest."""

    speaker: str | None = None
    """Whose channel it is from; None of a recording that is heard as a whole."""

    tells_apart: bool = False
    """Whether the channels were found to differ by then, so that they are speakers."""


class WindowCutter:
    """Takes a recording block by block, and gives a window whenever one is full."""

    def __init__(self, options: VoiceActivityOptions, detect: DetectSpeech) -> None:
        self._detect = detect
        self._finder = VoiceFinder(options)
        self._knows_voices = options.enabled
        self._silence_below = silence_threshold(options)
        self._padding = round(options.padding_seconds * SAMPLE_RATE)
        self._buffer = SoundBuffer()
        self._hearing = Hearing(0, np.empty(0, np.float32), np.empty(0, np.float32))
        self._unheard: Samples = np.empty(0, np.float32)
        self._done = 0
        """In the recording, where the last window was cut."""
        self._count = 0

    def cut(self, blocks: Iterable[Samples]) -> Iterator[CutWindow]:
        """Give the windows of a recording."""
        for block in blocks:
            yield from self.take(block)
        yield from self.finish()

    def take(self, block: Samples) -> Iterator[CutWindow]:
        """Give the windows that are full by the next block; all of them are to be taken."""
        self._hear(block)
        # The next window is not to be too short, in case the recording ends here.
        while self._timeline(is_over=False).length > WINDOW + SHORTEST_WINDOW:
            yield self._cut_window()
        self._forget()

    def finish(self) -> Iterator[CutWindow]:
        """Give the windows that are left at the end of the recording."""
        if len(self._unheard):
            self._hear_frames(np.pad(self._unheard, (0, FRAME - len(self._unheard))))
        while self._timeline(is_over=True).length > WINDOW:
            yield self._cut_window(is_over=True)
        if self._timeline(is_over=True).pieces:
            yield self._take(self._timeline(is_over=True))

    @property
    def settled(self) -> int:
        """Return where in the recording the next window begins, at the earliest."""
        pieces = self._timeline(is_over=True).pieces
        return pieces[0].start if pieces else max(self._done, self._certain - self._padding)

    def give_up(self, longest: int) -> CutWindow | None:
        """Return what has waited so long for a window to be filled, be it full or not."""
        certain = self._certain
        pieces = self._timeline(is_over=True).pieces
        if not pieces or certain - pieces[0].start < longest:
            return None
        # What comes later does not touch these, however little it is.
        margin = self._padding + _LEAST_SILENCE_TAKEN_OUT + FRAME
        old = Timeline(tuple(each for each in pieces if each.end + margin <= certain))
        if not old.pieces:
            return None
        if old.length > WINDOW:
            return self._cut_window()
        voices = self._finder.voices
        voices[:] = [voice for voice in voices if voice.start * FRAME >= old.end]
        self._leave(old.end)
        return self._take(old)

    @property
    def _certain(self) -> int:
        """Return up to where in the recording it is known who speaks."""
        heard = self._buffer.length - len(self._unheard)
        open_start = self._finder.start_of_open
        return heard if open_start is None else min(heard, open_start * FRAME)

    def _hear(self, block: Samples) -> None:
        self._buffer.add(block)
        samples = np.concatenate([self._unheard, block])
        whole = len(samples) // FRAME * FRAME
        self._unheard = samples[whole:].copy()
        if whole:
            self._hear_frames(samples[:whole])

    def _hear_frames(self, samples: Samples) -> None:
        probabilities = self._detect(samples)
        known = self._hearing
        powers = np.mean(np.square(samples.reshape(-1, FRAME)), axis=1)
        self._hearing = Hearing(
            known.first_frame,
            np.concatenate([known.probabilities, probabilities]),
            np.concatenate([known.powers, powers]),
        )
        self._finder.feed(probabilities.tolist())

    def _timeline(self, *, is_over: bool) -> Timeline:
        """Return what is kept and not in a window yet, as far as nothing to come changes it."""
        voices = self._finder.voices
        pieces = []
        for number, voice in enumerate(voices):
            start, end = voice.start * FRAME, min(voice.end * FRAME, self._buffer.length)
            is_last = number == len(voices) - 1
            padded_end = min(end + self._padding, self._buffer.length)
            pieces.append(
                Piece(
                    start=max(self._done, start - self._padding),
                    end=end if is_last and not is_over else padded_end,
                    voices=((start, end),) if self._knows_voices else (),
                )
            )
        return Timeline(join_touching(_close_small_gaps(pieces)))

    def _cut_window(self, *, is_over: bool = False) -> CutWindow:
        timeline = self._timeline(is_over=is_over)
        place = find_cut(timeline, self._hearing, longest=WINDOW, silence_below=self._silence_below)
        self._split_voices(place)
        window = self._take(Timeline(tuple(_before(timeline.pieces, place))))
        self._leave(place)
        return window

    def _leave(self, place: int) -> None:
        """Be done with everything before a place."""
        self._done = place
        first = place // FRAME
        self._hearing = Hearing(
            first,
            self._hearing.probabilities[first - self._hearing.first_frame :],
            self._hearing.powers[first - self._hearing.first_frame :],
        )

    def _split_voices(self, place: int) -> None:
        """Leave what is said after the cut to the next window."""
        frame = place // FRAME
        voices = self._finder.voices
        # The last one may be open: it has to stay the same, for it goes on growing.
        voices[:] = [voice for voice in voices if voice.end > frame or voice is voices[-1]]
        for voice in voices:
            if voice.start < frame < voice.end:
                voice.start = self._next_speech(frame, voice.end)

    def _next_speech(self, frame: int, end: int) -> int:
        offset = self._hearing.first_frame
        is_speech = self._hearing.probabilities[frame - offset : end - offset]
        return frame + int(np.argmax(is_speech >= self._silence_below))

    def _take(self, timeline: Timeline) -> CutWindow:
        sound = [self._buffer.read(piece.start, piece.end) for piece in timeline.pieces]
        window = CutWindow(self._count, np.concatenate(sound), timeline, timeline.end)
        self._count += 1
        return window

    def _forget(self) -> None:
        kept = [(each.start, each.end) for each in self._timeline(is_over=True).pieces]
        margin = self._padding + _LEAST_SILENCE_TAKEN_OUT + FRAME
        self._buffer.forget_all_but([*kept, (max(0, self._certain - margin), self._buffer.length)])


def _close_small_gaps(pieces: list[Piece]) -> list[Piece]:
    """Keep silences whole of which hardly anything would be taken out."""
    closed = pieces[:1]
    for before, piece in itertools.pairwise(pieces):
        gap = piece.start - before.end
        start = before.end if gap < _LEAST_SILENCE_TAKEN_OUT else piece.start
        closed.append(Piece(start, piece.end, piece.voices))
    return closed


def _before(pieces: Iterable[Piece], place: int) -> Iterator[Piece]:
    """Yield the pieces up to a place in the recording."""
    for piece in pieces:
        if piece.start < place:
            end = min(piece.end, place)
            voices = tuple((a, min(b, end)) for a, b in piece.voices if a < end)
            yield Piece(piece.start, end, voices)


def hear_speech_everywhere(samples: Samples) -> Floats:
    """Stand in for a detector where none is wanted: windows then end where it is quiet."""
    return np.ones(len(samples) // FRAME, np.float32)


def hear_speech_in_all_sound(samples: Samples) -> Floats:
    """Stand in for one on a channel, which is silenced where it repeats another one."""
    has_sound = samples.reshape(-1, FRAME).any(axis=1)
    return np.where(has_sound, np.float32(1), np.float32(0))
