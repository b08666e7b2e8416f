"""How loud a recording is over its length, as a page draws it. Pure.

The length is not known beforehand: parts of a tenth of a second are joined two by two whenever they
are too many, so that three hours cost no more memory than a minute.
"""

import numpy as np
import numpy.typing as npt

from waas_contract.preview import LOUDEST, MOST_PEAKS, Peaks

_FIRST_PARTS_PER_SECOND = 10


class PeakMeter:
    """Takes the samples of a recording, piece by piece."""

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._part = max(1, sample_rate // _FIRST_PARTS_PER_SECOND)
        self._peaks: list[float] = []
        self._rest: npt.NDArray[np.float32] = np.zeros(0, dtype=np.float32)
        self._count = 0

    def add(self, samples: npt.NDArray[np.float32]) -> None:
        """Take the next samples: mono, within -1 and 1."""
        self._count += len(samples)
        sound = np.concatenate((self._rest, np.abs(np.nan_to_num(samples))))
        whole = len(sound) // self._part * self._part
        self._rest = sound[whole:]
        if whole:
            self._peaks += sound[:whole].reshape(-1, self._part).max(axis=1).tolist()
        while len(self._peaks) > MOST_PEAKS:
            self._join()

    def read(self) -> Peaks:
        """Return the peaks of all that was taken."""
        peaks = self._peaks
        if len(self._rest) and len(peaks) < MOST_PEAKS:
            peaks = [*peaks, float(self._rest.max())]
        return Peaks(
            duration_seconds=round(self._count / self._sample_rate, 3),
            peaks=tuple(min(LOUDEST, round(each * LOUDEST)) for each in peaks),
        )

    def _join(self) -> None:
        """Have half as many parts, each twice as long; an odd one goes back to the rest."""
        if len(self._peaks) % 2:
            # Of the rest only the loudest matters, wherever it is.
            last = np.full(self._part, self._peaks.pop(), dtype=np.float32)
            self._rest = np.concatenate((last, self._rest))
        pairs = zip(self._peaks[::2], self._peaks[1::2], strict=True)
        self._peaks = [max(pair) for pair in pairs]
        self._part *= 2
