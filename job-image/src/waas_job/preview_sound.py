"""A recording in a form that browsers play, and how loud it is. Beside `audio`, the only PyAV code.

Opus at 24 kbit/s holds speech well: three hours take 32 MB.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

from waas_contract.preview import Peaks
from waas_job.peaks import PeakMeter
from waas_job.seekable_file import SeekableFile

_RATE = 48_000  # Opus' own
_BITS_PER_SECOND = 24_000
# As in `audio`: a playlist that somebody uploads must open nothing else.
_OPEN_NOTHING_ELSE = {"protocol_whitelist": "none"}


class Abandoned(Exception):
    """Nobody waits for it any more."""


class NoPreview(Exception):
    """The recording cannot be encoded."""


def encode_preview(recording: Path, target: Path, *, is_abandoned: Callable[[], bool]) -> Peaks:
    """Write a recording's first audio track into a file, and return its peaks.

    Raises:
        NoPreview: there is nothing to play, or FFmpeg cannot encode it.
        Abandoned: `is_abandoned` became true.
    """
    meter = PeakMeter(_RATE)
    try:
        with recording.open("rb") as file, av.open(str(target), "w", format="webm") as output:
            stream = output.add_stream("libopus", rate=_RATE, layout="mono")
            assert isinstance(stream, AudioStream)
            stream.bit_rate = _BITS_PER_SECOND
            resampler = av.AudioResampler(
                format=stream.format, layout="mono", rate=_RATE, frame_size=stream.frame_size or 960
            )
            for frame in _decode(file, is_abandoned):
                for piece in resampler.resample(frame):
                    meter.add(_samples(piece))
                    output.mux(stream.encode(piece))
            for piece in resampler.resample(None):
                meter.add(_samples(piece))
                output.mux(stream.encode(piece))
            output.mux(stream.encode(None))
    except (av.FFmpegError, ValueError, OSError) as error:
        raise NoPreview(f"{type(error).__name__}") from error
    found = meter.read()
    if not found.duration_seconds:
        raise NoPreview("it holds no sound")
    return found


def _decode(file: BinaryIO, is_abandoned: Callable[[], bool]) -> Iterator[AudioFrame]:
    container = av.open(
        SeekableFile(file), "r", options=_OPEN_NOTHING_ELSE, metadata_errors="replace"
    )
    with container:
        source = next(iter(container.streams.audio), None)
        if source is None:
            raise NoPreview("it has no audio track")
        for packet in container.demux(source):
            if is_abandoned():
                raise Abandoned
            try:
                frames = packet.decode()
            except av.InvalidDataError:
                continue
            for frame in frames:
                # Times of a recording may jump; those of a preview follow its samples.
                frame.pts = None
                yield frame


def _samples(frame: AudioFrame) -> npt.NDArray[np.float32]:
    """Return a frame's samples within -1 and 1, of 16 bits or floats as an encoder takes them."""
    found = frame.to_ndarray().reshape(-1)
    scale = np.float32(1 / 32768) if found.dtype == np.int16 else np.float32(1)
    return found.astype(np.float32) * scale
