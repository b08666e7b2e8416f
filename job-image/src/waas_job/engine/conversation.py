"""Brings what is said on several channels into the order in which it is said. Pure.

Windows of different channels reach over one another. A segment is settled once no window that is
still to come can hold anything before it; of a single channel each window's are so at once.
"""

from collections.abc import Iterable

from waas_contract.transcript import Segment
from waas_job.engine.protocol import Heard
from waas_job.speech.channels import name_speaker
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

        self._waiting: list[tuple[Segment, float]] = []
        """The others, each with the end of its window."""

        self._is_named = False

    def lacks(self, cut: CutWindow) -> bool:
        """Tell whether some of a window was not settled by an earlier attempt."""
        return cut.timeline.end / SAMPLE_RATE > self._resumed_at

    def said_before(self, cut: CutWindow) -> list[Segment]:
        """Return what was said in the earlier windows of the same channel."""
        if cut.speaker is not None:
            self._name_the_first()
        begin = _round(cut.timeline.start / SAMPLE_RATE)
        everything = [*self.settled, *(segment for segment, _ in self._waiting)]
        return [each for each in everything if each.speaker == cut.speaker and each.end <= begin]

    def add(self, segments: Iterable[Segment], cut: CutWindow) -> None:
        """Take the segments of the next window."""
        if cut.speaker is not None:
            self._name_the_first()
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
            self._name_the_first()
        self._settle(seconds)

    def _name_the_first(self) -> None:
        """Say who speaks in what was heard while all channels were the same: the first one."""
        if not self._is_named:
            self.settled[:] = map(_name_first, self.settled)
            self._waiting = [(_name_first(segment), end) for segment, end in self._waiting]
        self._is_named = True

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
        self.settled += (
            segment.model_copy(update={"id": number})
            for number, segment in enumerate(ready, len(self.settled))
        )
        self._waiting = waiting
        self.seconds = seconds


def _name_first(segment: Segment) -> Segment:
    if segment.speaker is not None:
        return segment
    return segment.model_copy(update={"speaker": name_speaker(0)})


def _round(seconds: float) -> float:
    return round(seconds, _PLACES)
