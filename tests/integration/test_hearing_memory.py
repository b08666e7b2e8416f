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
from waas_job.speech.cutting import WindowCutter

cutter = WindowCutter(VoiceActivityOptions(), SpeechDetector(load_silero()))
windows = 0
with open_recording(Path(sys.argv[1])) as recording:
    with ReadAhead(recording.blocks(), most=8) as blocks:
        with ReadAhead(cutter.cut(blocks), most=8) as cuts:
            for _ in cuts:
                windows += 1
print(windows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def write_hours(path: Path, *, minutes: int) -> Path:
    """Write a recording of sentences and pauses without holding it whole."""
    pieces = [
        each for clip in librivox_clips() for each in (read_samples(clip.path), make_silence(2))
    ]
    minute = np.resize(np.concatenate(pieces), 60 * SAMPLE_RATE)
    content = (minute * 32767).astype("<i2").tobytes()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        for _ in range(minutes):
            file.writeframes(content)
    return path


def listen(path: Path) -> tuple[int, int]:
    """Return how many windows there are, and the most kilobytes that it took."""
    answer = subprocess.run(
        [sys.executable, "-c", _LISTEN, str(path)], capture_output=True, text=True, check=True
    )
    windows, kilobytes = answer.stdout.split()
    return int(windows), int(kilobytes)


def test_three_hours_take_no_more_memory_than_ten_minutes(tmp_path: Path) -> None:
    few, little = listen(write_hours(tmp_path / "minutes.wav", minutes=10))
    many, much = listen(write_hours(tmp_path / "hours.wav", minutes=180))
    assert many > 15 * few
    assert much < 1.1 * little
