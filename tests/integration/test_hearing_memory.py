"""What it takes to find the speech in hours of sound."""

import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from support.media import SAMPLE_RATE, make_silence, read_samples
from support.speech import librivox_clips

pytestmark = [pytest.mark.integration, pytest.mark.long]

# As the job program does it, but for the model: that takes the windows and keeps none.
_LISTEN = """
import resource, sys
from pathlib import Path
from waas_contract.transcription_options import VoiceActivityOptions
from waas_job.audio import open_recording
from waas_job.engine.silero import SpeechDetector, load_silero
from waas_job.read_ahead import ReadAhead
from waas_job.speech.channels import ChannelCutter
from waas_job.speech.cutting import WindowCutter

options, silero, windows = VoiceActivityOptions(), load_silero(), 0
by_channel = sys.argv[2] == "2"
if by_channel:
    cutter = ChannelCutter(options, lambda: SpeechDetector(silero))
else:
    cutter = WindowCutter(options, SpeechDetector(silero))
with open_recording(Path(sys.argv[1]), by_channel=by_channel) as recording:
    with ReadAhead(recording.blocks(), most=8) as blocks:
        with ReadAhead(cutter.cut(blocks), most=8) as cuts:
            for _ in cuts:
                windows += 1
print(windows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def write_hours(path: Path, *, minutes: int, channels: int = 1) -> Path:
    """Write a recording of sentences and pauses without holding it whole.

    Of several channels the second one has a single word at the beginning, and no more.
    """
    pieces = [
        each for clip in librivox_clips() for each in (read_samples(clip.path), make_silence(2))
    ]
    minute = np.resize(np.concatenate(pieces), 60 * SAMPLE_RATE)
    rows = np.zeros((channels, len(minute)), np.float32)
    rows[0] = minute
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        for number in range(minutes):
            rows[1:, SAMPLE_RATE : 2 * SAMPLE_RATE] = minute[:SAMPLE_RATE] if number == 0 else 0
            file.writeframes((rows.T * 32767).astype("<i2").tobytes())
    return path


def listen(path: Path, *, channels: int = 1) -> tuple[int, int]:
    """Return how many windows there are, and the most kilobytes that it took."""
    answer = subprocess.run(
        [sys.executable, "-c", _LISTEN, str(path), str(channels)],
        capture_output=True,
        text=True,
        check=True,
    )
    windows, kilobytes = answer.stdout.split()
    return int(windows), int(kilobytes)


@pytest.mark.parametrize("channels", [1, 2])
def test_three_hours_take_no_more_memory_than_ten_minutes(tmp_path: Path, channels: int) -> None:
    paths = [
        write_hours(tmp_path / f"{minutes}.wav", minutes=minutes, channels=channels)
        for minutes in (10, 180)
    ]
    (few, little), (many, much) = (listen(path, channels=channels) for path in paths)
    assert many > 15 * few
    assert much < 1.1 * little
