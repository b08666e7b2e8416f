import numpy as np
import pytest

from waas_contract.preview import LOUDEST, MOST_PEAKS
from waas_job.peaks import PeakMeter

RATE = 1000


def measure(samples: np.ndarray, piece: int) -> tuple[float, tuple[int, ...]]:
    meter = PeakMeter(RATE)
    for begin in range(0, len(samples), piece):
        meter.add(samples[begin : begin + piece].astype(np.float32))
    found = meter.read()
    return found.duration_seconds, found.peaks


@pytest.mark.parametrize("piece", [1, 7, 100, 1000])
def test_each_part_has_its_loudest_moment_however_it_comes(piece: int) -> None:
    samples = np.zeros(450)
    samples[[50, 150, 151, 430]] = [0.5, -0.9, 0.1, 0.25]

    assert measure(samples, piece) == (0.45, (50, 90, 0, 0, 25))


def test_nothing_has_no_peaks() -> None:
    assert measure(np.zeros(0), 1) == (0, ())


def test_what_is_too_loud_or_no_number_is_bounded() -> None:
    assert measure(np.array([7.0, np.nan]), 2)[1] == (LOUDEST,)


@pytest.mark.parametrize("seconds", [399, 400.1, 401, 1500, 3601.7])
def test_a_long_recording_has_no_more_peaks_and_each_in_its_place(seconds: float) -> None:
    samples = np.zeros(round(seconds * RATE))
    loud = round(len(samples) * 0.75)
    samples[loud] = 1

    duration, peaks = measure(samples, 960)

    assert duration == pytest.approx(seconds)
    assert MOST_PEAKS // 4 <= len(peaks) <= MOST_PEAKS
    assert max(peaks) == LOUDEST
    assert peaks.index(LOUDEST) / len(peaks) == pytest.approx(0.75, abs=3 / len(peaks))
