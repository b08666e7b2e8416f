"""Brings what is said on several channels into the order in which it is said. Pure.

Windows of different channels reach over one another. A segment is settled once no window that is
still to come can hold anything before it; of a single channel each window's are so at once.
"""

from collections.abc import Iterable, Iterator

from waas_contract.transcript import Segment
from waas_job.engine.protocol import Heard
from waas_job.engine.segments import seek_of
from waas_job.speech.cutting import CutWindow
from waas_job.speech.timeline import SAMPLE_RATE

_PLACES = 3
"""Of a segment's seconds."""


class Conversation:
    """The segments of one recording, as its windows are decoded."""

    def __init__(self, before: Heard | None) -> None:
        self._resumed_at = before.seconds if before else 0.0
        self.seconds = self._resumed_at
        """Of the recording, from its start, that are done."""

        self.settled: list[Segment] = list(before.segments) if before else []
        """Those that will not change any more, in order."""

        self._speakers = [segment.speaker for segment in self.settled]
        """Whose channel each of them is from, be it told or not; None of an earlier attempt's that
        were not told apart yet."""

        self._speaker_by_seek: dict[int, str | None] = {}
        """Whose channel each window is from that went by: it tells whose those are."""

        self._waiting: list[tuple[Segment, float]] = []
        """The others, each with the end of its window, and all with the speakers' names."""

        self._is_told_apart = False

    def lacking(self, cuts: Iterable[CutWindow]) -> Iterator[CutWindow]:
        """Give the windows of which an earlier attempt has not settled all."""
        for cut in cuts:
            self._speaker_by_seek.setdefault(seek_of(cut.timeline), cut.speaker)
            if cut.timeline.end / SAMPLE_RATE > self._resumed_at:
                yield cut

    def said_before(self, cut: CutWindow) -> list[Segment]:
        """Return what was said in the earlier windows of the same channel."""
        begin = _round(cut.timeline.start / SAMPLE_RATE)
        everything = [
            *zip(self._who_spoke(), self.settled, strict=True),
            *((segment.speaker, segment) for segment, _ in self._waiting),
        ]
        return [each for who, each in everything if who == cut.speaker and each.end <= begin]

    def add(self, segments: Iterable[Segment], cut: CutWindow) -> None:
        """Take the segments of the next window."""
        if cut.tells_apart:
            self._tell_apart()
        end = cut.timeline.end / SAMPLE_RATE
        known = _round(self._resumed_at)
        self._waiting += (
            (each.model_copy(update={"speaker": cut.speaker}), end)
            for each in segments
            # Some of a window can be settled before all of it is.
            if each.start >= known
        )
        self._settle(cut.settled / SAMPLE_RATE)

    def finish(self, seconds: float, *, has_speakers: bool) -> None:
        """Settle what is left: nothing comes any more."""
        if has_speakers:
            self._tell_apart()
        self._settle(seconds)

    def _tell_apart(self) -> None:
        """Say who speaks, in what was settled while no channel differed from the others, too."""
        if not self._is_told_apart:
            self.settled[:] = (
                segment.model_copy(update={"speaker": speaker})
                for speaker, segment in zip(self._who_spoke(), self.settled, strict=True)
            )
        self._is_told_apart = True

    def _who_spoke(self) -> Iterator[str | None]:
        for speaker, segment in zip(self._speakers, self.settled, strict=True):
            yield speaker or self._speaker_by_seek.get(segment.seek)

    def _settle(self, seconds: float) -> None:
        begin = _round(seconds)
        ready: list[Segment] = []
        waiting: list[tuple[Segment, float]] = []
        for segment, end in self._waiting:
            if end <= seconds or segment.start < begin:
                ready.append(segment)
            else:
                waiting.append((segment, end))
        ready.sort(key=lambda segment: segment.start)
        self._speakers += (segment.speaker for segment in ready)
        self.settled += (
            segment.model_copy(
                update={"id": number, "speaker": segment.speaker if self._is_told_apart else None}
            )
            for number, segment in enumerate(ready, len(self.settled))
        )
        self._waiting = waiting
        # An attempt that goes on begins with windows of which something is settled.
        self.seconds = max(self.seconds, seconds)


def _round(seconds: float) -> float:
    return round(seconds, _PLACES)
