"""Any container and codec that FFmpeg knows -> the samples that Whisper hears.

Beside `preview_sound`, the only module that knows PyAV. The recording is read from a file, because
the index of an MP4 may lie at its end; decoding goes frame by frame, so a three-hour video costs no
more memory than its sound at 16 kHz does (230 MB an hour).
"""

import itertools
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer

from waas_contract.log_lines import log_fields
from waas_job.errors import BadAudio

logger = logging.getLogger(__name__)

SAMPLE_RATE = 16_000
"""Whisper's own; hertz."""

# A playlist that somebody uploads could name other files, or addresses in the cluster: FFmpeg may
# open none. That forbids paths altogether, hence a file object.
_OPEN_NOTHING_ELSE = {"protocol_whitelist": "none"}

# The containers that say how long they are; of others FFmpeg guesses it from the bit rate.
_STATING_FORMATS = ("flac", "matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2", "ogg", "wav")

# What is between a file's tags and its sound is often no sound, and no loss.
_TOLERATED_PACKETS = 0.01

# What containers say of their length is rounded.
_TOLERATED_SHORTFALL = 0.05
_TOLERATED_SHORTFALL_SECONDS = 2.0

_NOT_MEDIA = "This is not an audio or video file that we can read, or a part of it is missing."
_NO_SOUND = "The file has no sound in it: it holds no audio track."
_EMPTY = "The file has no sound in it: its audio track is empty or cannot be decoded."

_BYTES_PER_SAMPLE = 4

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Audio:
    """The sound of one recording: mono, 16 kHz, within -1 and 1."""

    samples: Samples
    is_damaged: bool = False
    """Whether some of the recording could not be read."""

    stated_seconds: float = 0
    """Length that the file claims, or FFmpeg guesses, where only its beginning was decoded."""

    @property
    def duration_seconds(self) -> float:
        """Return the recording's length."""
        return max(len(self.samples) / SAMPLE_RATE, self.stated_seconds)


class _Damage:
    """Gathers the signs that a recording is not whole."""

    def __init__(self) -> None:
        self.is_seen = False

    def note(self, sign: str, **fields: object) -> None:
        self.is_seen = True
        logger.warning(sign, extra=log_fields(**fields))


def decode_audio(path: Path, *, longest_seconds: float | None = None) -> Audio:
    """Return the sound of a file's first audio track, or the beginning of it.

    What can be read of a damaged recording is kept.

    Raises:
        BadAudio: the file is no media file, or nothing can be heard in it.
    """
    # FFmpeg's own lines on standard error are not ours to read, and name no reason.
    av.logging.set_libav_level(av.logging.PANIC)
    damage = _Damage()
    most = None if longest_seconds is None else round(longest_seconds * SAMPLE_RATE)
    with path.open("rb") as file:
        try:
            container = av.open(
                _Recording(file), "r", options=_OPEN_NOTHING_ELSE, metadata_errors="replace"
            )
        except (av.FFmpegError, ValueError) as error:
            raise BadAudio(_NOT_MEDIA) from error
        with container:
            samples, stated_seconds = _decode_first_track(container, damage, most)
            guessed_seconds = (container.duration or 0) / av.time_base
    if not len(samples):
        raise BadAudio(_EMPTY)
    audio = Audio(np.nan_to_num(samples, copy=False, posinf=1, neginf=-1))
    if most is not None and len(samples) >= most:
        return replace(
            audio,
            samples=audio.samples[:most],
            is_damaged=damage.is_seen,
            stated_seconds=stated_seconds or guessed_seconds,
        )
    _look_for_a_missing_end(audio, stated_seconds, damage)
    return replace(audio, is_damaged=damage.is_seen)


class _Recording:
    """The file as FFmpeg reads it; a seek that makes no sense fails, and raises nothing."""

    def __init__(self, file: BinaryIO) -> None:
        self.name = file.name
        self.read = file.read
        self.tell = file.tell
        self._file = file

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        try:
            return self._file.seek(offset, whence)
        except OSError:
            return -1


def _decode_first_track(
    container: InputContainer, damage: _Damage, most: int | None
) -> tuple[Samples, float]:
    """Return samples, as many as there are or a few more than the most that are wanted."""
    stream = next(iter(container.streams.audio), None)
    if stream is None:
        raise BadAudio(_NO_SOUND)
    sound = bytearray()
    try:
        for frame in _resampled(_frames(container, stream, damage)):
            sound += frame.to_ndarray().tobytes()
            if most is not None and len(sound) >= most * _BYTES_PER_SAMPLE:
                break
    except (av.FFmpegError, ValueError) as error:
        damage.note(
            "the recording is damaged: what was decoded before that is kept",
            decoded_bytes=len(sound),
            error=type(error).__name__,
        )
    return np.frombuffer(sound, dtype=np.float32), _stated_seconds(container, stream)


def _frames(
    container: InputContainer, stream: AudioStream, damage: _Damage
) -> Iterator[AudioFrame]:
    """Yield decoded frames, past packets that cannot be decoded."""
    packets = skipped = 0
    for packet in container.demux(stream):
        packets += 1
        try:
            yield from packet.decode()
        except av.InvalidDataError:
            skipped += 1
    if skipped > packets * _TOLERATED_PACKETS:
        damage.note(
            "some packets could not be decoded and are left out", packets=packets, skipped=skipped
        )


def _resampled(frames: Iterator[AudioFrame]) -> Iterator[AudioFrame]:
    """Yield the frames as 16 kHz mono float32, also where their form changes on the way."""
    for _, alike in itertools.groupby(frames, key=_form):
        resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
        for frame in alike:
            yield from resampler.resample(frame)
        yield from resampler.resample(None)


def _form(frame: AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _stated_seconds(container: InputContainer, stream: AudioStream) -> float:
    """Return the length that the container claims, 0 where it claims none."""
    if container.format.name not in _STATING_FORMATS:
        return 0
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / av.time_base


def _look_for_a_missing_end(audio: Audio, stated_seconds: float, damage: _Damage) -> None:
    missing = stated_seconds - audio.duration_seconds
    if missing > max(_TOLERATED_SHORTFALL_SECONDS, stated_seconds * _TOLERATED_SHORTFALL):
        damage.note(
            "the recording ends before the length that it states: what there is of it is kept",
            stated_seconds=round(stated_seconds, 1),
            decoded_seconds=round(audio.duration_seconds, 1),
        )
