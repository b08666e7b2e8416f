"""How much memory the job program takes does not hang on how long its recording is."""

import wave
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest

from performance.engine.resident_memory import read_peak_bytes
from support.checkpoints import checkpoint_directory
from support.job_program import JobProgram
from support.media import SAMPLE_RATE
from support.spoken_mix import make_mix
from waas_contract.exit_codes import ExitCode

pytestmark = pytest.mark.integration

MINUTE = 60.0
HOUR = 60 * MINUTE
TOLERANCE = 1.10
_LOOK_EVERY_SECONDS = 0.1


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_three_hours_take_no_more_memory_than_ten_minutes(tmp_path: Path) -> None:
    short = measure_peak_bytes(tmp_path / "short", seconds=10 * MINUTE)
    long = measure_peak_bytes(tmp_path / "long", seconds=3 * HOUR)

    print(f"{long:,} bytes for three hours, {short:,} for ten minutes: {long / short:.3f}")  # noqa: T201
    assert long <= short * TOLERANCE, f"{long} bytes for three hours, {short} for ten minutes"


def measure_peak_bytes(folder: Path, *, seconds: float) -> int:
    """Run the program on speech of that length and return the most memory that it held."""
    folder.mkdir()
    program = JobProgram(folder, checkpoint_directory())
    item = program.add(write_speech(folder / "speech.wav", seconds))
    process = program.start(program.environment([item]).to_variables())
    reader = Thread(target=process.communicate)
    reader.start()
    peak = 0
    while reader.is_alive():
        with suppress(OSError, StopIteration):
            peak = max(peak, read_peak_bytes(process.pid))
        reader.join(_LOOK_EVERY_SECONDS)

    assert process.returncode == ExitCode.SUCCESS
    transcript = program.transcript(item)
    assert transcript.duration == pytest.approx(seconds, abs=1)
    assert len(transcript.segments) > seconds / MINUTE
    return peak


def write_speech(path: Path, seconds: float) -> Path:
    """Repeat a mix until it is as long as that, a piece at a time."""
    piece = (make_mix().samples * 32767).astype("<i2").tobytes()
    left = round(seconds * SAMPLE_RATE) * 2
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        while left > 0:
            file.writeframesraw(piece[:left])
            left -= len(piece)
    return path
