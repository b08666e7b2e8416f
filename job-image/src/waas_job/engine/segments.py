"""From a decoded window to the segments of a transcript, in the recording's time. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from waas_contract.transcript import QualityFlag, Segment, Word
from waas_contract.transcription_options import DecodingOptions
from waas_job.engine.cues import Cue, find_cues
from waas_job.engine.repetition import goes_in_circles
from waas_job.engine.splices import PlacedCue, place_cues
from waas_job.engine.windows import DecodedWindow, TextCodec
from waas_job.speech.timeline import SAMPLE_RATE, Timeline

_FRAMES_PER_SECOND = 100
"""Whisper's, in which it counts a segment's `seek`."""

# What comes after it hangs on what is decoded beside the window.
_PLACES = 4

# Speech is found more exactly than Whisper tells times: a start or end so near to where somebody
# begins or ends to speak is meant to be there.
_SNAP_BEFORE = round(0.5 * SAMPLE_RATE)
_SNAP_AFTER = round(0.3 * SAMPLE_RATE)
_SNAP_AFTER_SPLICE = SAMPLE_RATE


@dataclass(frozen=True)
class _Times:
    start: int
    end: int


def build_segments(
    decoded: DecodedWindow,
    timeline: Timeline,
    codec: TextCodec,
    options: DecodingOptions,
    *,
    first_id: int,
) -> tuple[Segment, ...]:
    """Return what is said in a window; nothing, where the model takes it for silence."""
    if decoded.is_silence:
        return ()
    cues = find_cues(decoded, codec, timeline.length / SAMPLE_RATE)
    quality_flags = _quality_flags(decoded, options)
    segments: list[Segment] = []
    before: PlacedCue | None = None
    reached = timeline.start
    for placed in place_cues(cues, timeline, codec):
        text = codec.decode(placed.cue.tokens)
        if not text.strip():
            continue
        is_first = before is None or before.piece != placed.piece
        times = _times(placed, timeline, is_first=is_first, reached=reached)
        segments.append(
            Segment(
                id=first_id + len(segments),
                seek=seek_of(timeline),
                start=_seconds(times.start),
                end=_seconds(times.end),
                text=text,
                tokens=placed.cue.tokens,
                temperature=decoded.temperature,
                avg_logprob=round(decoded.avg_logprob, _PLACES),
                compression_ratio=round(decoded.compression_ratio, _PLACES),
                no_speech_prob=round(decoded.no_speech_prob, _PLACES),
                words=_words(placed, timeline, times),
                quality_flags=quality_flags,
            )
        )
        before, reached = placed, times.end
    return tuple(segments)


def seek_of(timeline: Timeline) -> int:
    """Return the `seek` of a window's segments: where it begins in the recording."""
    return timeline.start * _FRAMES_PER_SECOND // SAMPLE_RATE


def _times(placed: PlacedCue, timeline: Timeline, *, is_first: bool, reached: int) -> _Times:
    cue, number = placed.cue, placed.piece
    piece = timeline.pieces[number]
    start = timeline.within(number, round(cue.start * SAMPLE_RATE))
    end = timeline.within(number, round(cue.end * SAMPLE_RATE))
    latest = _SNAP_AFTER_SPLICE if is_first else _SNAP_AFTER
    onsets = [
        onset
        for onset, _ in piece.voices
        if onset - _SNAP_BEFORE <= start <= onset + latest and onset < end
    ]
    if onsets:
        start = min(onsets, key=lambda onset: abs(onset - start))
    start = min(max(start, reached), piece.end)
    last_voice_end = max((voice_end for _, voice_end in piece.voices), default=piece.end)
    return _Times(start, max(start, min(end, max(last_voice_end, start))))


def _words(placed: PlacedCue, timeline: Timeline, times: _Times) -> tuple[Word, ...] | None:
    if placed.cue.words is None:
        return None
    return tuple(_place_words(placed.cue, placed.piece, timeline, times))


def _place_words(cue: Cue, number: int, timeline: Timeline, times: _Times) -> Iterator[Word]:
    """Move words into the recording's time, in order and within their segment."""
    reached = times.start
    for word in cue.words or ():
        start = timeline.within(number, round(word.start * SAMPLE_RATE))
        end = timeline.within(number, round(word.end * SAMPLE_RATE))
        start = min(max(start, reached), times.end)
        end = min(max(end, start), times.end)
        reached = end
        yield Word(
            word=word.text,
            start=_seconds(start),
            end=_seconds(end),
            probability=round(word.probability, _PLACES),
        )


def _quality_flags(
    decoded: DecodedWindow, options: DecodingOptions
) -> tuple[QualityFlag, ...] | None:
    doubts = {
        QualityFlag.REPETITIVE: goes_in_circles(decoded.text, options.compression_ratio_threshold),
        QualityFlag.IMPROBABLE: decoded.avg_logprob < options.logprob_threshold,
        QualityFlag.DOUBTFUL_SPEECH: decoded.no_speech_prob > options.no_speech_threshold,
    }
    return tuple(flag for flag, is_raised in doubts.items() if is_raised) or None


def _seconds(place: int) -> float:
    return round(place / SAMPLE_RATE, 3)
