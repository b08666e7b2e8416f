"""Makes recordings in all kinds of containers, from samples, while a test runs."""

import wave
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]

SAMPLE_RATE = 16_000


def read_samples(path: Path) -> Samples:
    """Return a mono 16 kHz recording of 16 bits, such as the clips in tests/data."""
    with av.open(str(path)) as container:
        pieces = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    return np.concatenate(pieces).astype(np.float32) / np.float32(32768)


def make_tone(seconds: float, *, hertz: float = 440) -> Samples:
    """Return a plain tone."""
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (0.3 * np.sin(2 * np.pi * hertz * times)).astype(np.float32)


def make_silence(seconds: float) -> Samples:
    """Return digital silence."""
    return np.zeros(round(seconds * SAMPLE_RATE), dtype=np.float32)


def write_audio(
    path: Path, samples: Samples, *, codec: str, rate: int = SAMPLE_RATE, layout: str = "mono"
) -> Path:
    """Encode samples, or a row of them for each channel, into the container of the path's suffix.

    FFmpeg puts the index of an MP4 at the end of the file, as it does unless told otherwise.
    """
    rows = np.atleast_2d(samples)
    of_frame = layout if len(rows) > 1 else "mono"
    frame = av.AudioFrame.from_ndarray(rows, format="fltp", layout=of_frame)
    frame.rate = SAMPLE_RATE
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        assert isinstance(stream, av.AudioStream)
        resampler = av.AudioResampler(
            format=stream.format, layout=layout, rate=rate, frame_size=stream.frame_size or None
        )
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return path


def write_silent_film(path: Path, *, seconds: float = 1, codec: str = "mpeg4") -> Path:
    """Encode a grey picture without any audio track."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=10)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(round(seconds * 10)):
            picture = np.full((48, 64, 3), 128, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def write_wav(path: Path, samples: Samples) -> Path:
    """Write 16-bit PCM by the standard library, which also writes a file without any samples.

    Samples of several channels have a row for each.
    """
    rows = np.atleast_2d(samples)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(rows))
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((rows.T * 32767).astype("<i2").tobytes())
    return path


def cut_short(path: Path, *, keep: float) -> Path:
    """Drop the end of a file, as a broken upload does."""
    content = path.read_bytes()
    path.write_bytes(content[: round(len(content) * keep)])
    return path
