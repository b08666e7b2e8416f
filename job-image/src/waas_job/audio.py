"""Any container and codec that FFmpeg knows -> the samples that Whisper hears.

Beside `preview_sound`, the only module that knows PyAV. The recording is read from a file, because
the index of an MP4 may lie at its end; decoding goes frame by frame and gives blocks of half a
minute, so a video of ten hours costs no more memory than one of ten minutes.
"""

import itertools
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer

from waas_contract.log_lines import log_fields
from waas_job.errors import BadAudio
from waas_job.seekable_file import SeekableFile
from waas_job.speech.timeline import SAMPLE_RATE

logger = logging.getLogger(__name__)

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

_TOO_MANY_CHANNELS = (
    "Speakers are told apart on {most} channels at most; the recording has {count}."
)

_BYTES_PER_SAMPLE = 4

Samples = npt.NDArray[np.float32]

MOST_CHANNELS = 8
"""Of which a recording may have so many where each is to be heard by itself."""

BLOCK_SAMPLES = 30 * SAMPLE_RATE
"""Of which a recording is read at a time."""


@dataclass(frozen=True)
class Audio:
    """The sound of one recording, or the beginning of it: mono, 16 kHz, within -1 and 1."""

    samples: Samples
    is_damaged: bool = False
    """Whether some of the recording could not be read."""

    duration_seconds: float = 0
    """Length of the whole, as the file states it, or FFmpeg guesses, where that was not decoded."""


class Recording:
    """A file whose sound is decoded block by block."""

    def __init__(
        self, container: InputContainer, *, longest_seconds: float | None, by_channel: bool
    ) -> None:
        self._container = container
        self._by_channel = by_channel
        self._channels = 1
        self._most = None if longest_seconds is None else round(longest_seconds * SAMPLE_RATE)
        self._damage = _Damage()
        self._is_over = False
        self._samples = 0
        self.decode_seconds = 0.0
        """Time that decoding took so far."""

        stream = next(iter(container.streams.audio), None)
        if stream is None:
            raise BadAudio(_NO_SOUND)
        self._stated_seconds = _stated_seconds(container, stream)
        self._expected_seconds = self._stated_seconds or (container.duration or 0) / av.time_base
        self._blocks = self._decode(stream)
        self._first = next(self._blocks, None)
        if self._first is None:
            raise BadAudio(_EMPTY)
        if self._channels > MOST_CHANNELS:
            raise BadAudio(_TOO_MANY_CHANNELS.format(most=MOST_CHANNELS, count=self._channels))

    @property
    def is_damaged(self) -> bool:
        """Tell whether some of it could not be read, as far as it was decoded."""
        return self._damage.is_seen

    @property
    def duration_seconds(self) -> float:
        """Return its length: as it is stated or guessed, until all of it was decoded."""
        decoded = self._samples / SAMPLE_RATE
        return decoded if self._is_over else max(decoded, self._expected_seconds)

    def blocks(self) -> Iterator[Samples]:
        """Yield the sound in blocks of BLOCK_SAMPLES, once; what can be read of it is kept.

        A block has a row for each channel where the recording is decoded by channel.
        """
        if self._first is not None:
            yield self._first
        self._first = None
        yield from self._blocks

    def _decode(self, stream: AudioStream) -> Iterator[Samples]:
        sound = bytearray()
        wanted = BLOCK_SAMPLES if self._most is None else min(BLOCK_SAMPLES, self._most)
        began = time.monotonic()
        for piece in self._pieces(stream):
            sound += piece
            while len(sound) >= (size := wanted * self._channels * _BYTES_PER_SAMPLE):
                block = self._count(sound[:size])
                del sound[:size]
                self.decode_seconds += time.monotonic() - began
                yield block
                if self._most is not None:
                    if self._samples >= self._most:
                        return
                    wanted = min(BLOCK_SAMPLES, self._most - self._samples)
                began = time.monotonic()
        self.decode_seconds += time.monotonic() - began
        last = self._count(sound) if sound else None
        self._is_over = True
        self._look_for_a_missing_end()
        if last is not None:
            yield last

    def _pieces(self, stream: AudioStream) -> Iterator[bytes]:
        try:
            frames = _frames(self._container, stream, self._damage)
            for frame in _resampled(frames, by_channel=self._by_channel):
                self._channels = frame.layout.nb_channels
                yield frame.to_ndarray().tobytes()
        except (av.FFmpegError, ValueError) as error:
            self._damage.note(
                "the recording is damaged: what was decoded before that is kept",
                error=type(error).__name__,
            )

    def _count(self, sound: bytearray) -> Samples:
        samples = np.nan_to_num(np.frombuffer(bytes(sound), np.float32), posinf=1, neginf=-1)
        self._samples += len(samples) // self._channels
        if not self._by_channel:
            return samples
        return np.ascontiguousarray(samples.reshape(-1, self._channels).T)

    def _look_for_a_missing_end(self) -> None:
        missing = self._stated_seconds - self.duration_seconds
        tolerated = max(_TOLERATED_SHORTFALL_SECONDS, self._stated_seconds * _TOLERATED_SHORTFALL)
        if self._samples and missing > tolerated:
            self._damage.note(
                "the recording ends before the length that it states: what there is of it is kept",
                stated_seconds=round(self._stated_seconds, 1),
                decoded_seconds=round(self.duration_seconds, 1),
            )


class _Damage:
    """Gathers the signs that a recording is not whole."""

    def __init__(self) -> None:
        self.is_seen = False

    def note(self, sign: str, **fields: object) -> None:
        self.is_seen = True
        logger.warning(sign, extra=log_fields(**fields))


@contextmanager
def open_recording(
    path: Path, *, longest_seconds: float | None = None, by_channel: bool = False
) -> Iterator[Recording]:
    """Open a file and decode the first block of its first audio track.

    Its channels are mixed into one, unless each is to be heard by itself.

    Raises:
        BadAudio: the file is no media file, or nothing can be heard in it.
    """
    # FFmpeg's own lines on standard error are not ours to read, and name no reason.
    av.logging.set_libav_level(av.logging.PANIC)
    with path.open("rb") as file:
        try:
            container = av.open(
                SeekableFile(file), "r", options=_OPEN_NOTHING_ELSE, metadata_errors="replace"
            )
        except (av.FFmpegError, ValueError) as error:
            raise BadAudio(_NOT_MEDIA) from error
        with container:
            yield Recording(container, longest_seconds=longest_seconds, by_channel=by_channel)


def decode_audio(path: Path, *, longest_seconds: float | None = None) -> Audio:
    """Return the sound of a file's first audio track, or the beginning of it, in one piece.

    Raises:
        BadAudio: as `open_recording` does.
    """
    with open_recording(path, longest_seconds=longest_seconds) as recording:
        samples = np.concatenate(list(recording.blocks()))
        return Audio(samples, recording.is_damaged, recording.duration_seconds)


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


def _resampled(frames: Iterator[AudioFrame], *, by_channel: bool) -> Iterator[AudioFrame]:
    """Yield the frames as 16 kHz float32, also where their form changes on the way.

    They have one channel, or else as many as the first one has.
    """
    first = next(frames, None)
    if first is None:
        return
    layout = first.layout if by_channel else "mono"
    for _, alike in itertools.groupby(itertools.chain([first], frames), key=_form):
        resampler = av.AudioResampler(format="flt", layout=layout, rate=SAMPLE_RATE)
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
