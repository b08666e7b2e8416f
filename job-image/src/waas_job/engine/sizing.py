"""How many windows are decoded side by side, and by how many lanes. Pure."""

from dataclasses import dataclass, replace
from typing import Self

from waas_job.engine.dimensions import ModelDimensions

_MOST_LANES = 4
"""Each lane reads all weights at every step, so that more of them would wait for the memory."""

_MOST_WINDOWS_ON_CPU = 6
"""In a lane: there a step's products cost as much as one that read the weights for a few rows."""

_TRIED_AGAIN_TOGETHER_ON_CPU = 1
"""It has several texts. More at once would take more memory, and in long recordings alone, where
several windows fail before a lane has time for them."""

_CPU_BYTES = 700 << 20
"""What all windows' caches may take in the memory of the host."""

_MOST_WINDOWS_ON_GPU = 256
_GPU_SHARE = 0.8
"""Of the memory that is free once the model is loaded; the rest is for what comes and goes."""

_ENCODED_TOGETHER_ON_GPU = 16


@dataclass(frozen=True)
class BatchSize:
    """How much is done at once."""

    windows: int
    """In each lane."""

    lanes: int
    threads: int
    """Of the CPU, for all lanes."""

    encoded_together: int
    """Windows that a lane encodes at once."""

    tried_again_together: int
    """Windows that a lane tries again at once: each of them with several texts."""

    def halved(self) -> Self:
        """Return a size for half as many windows in each lane."""
        return self.limited(self.windows // 2)

    def limited(self, most: int) -> Self:
        """Return a size for no more than so many windows in each lane: caches have room for all."""
        windows = max(1, min(self.windows, most))
        return replace(
            self,
            windows=windows,
            encoded_together=min(self.encoded_together, windows),
            tried_again_together=min(self.tried_again_together, windows),
        )


def size_for_cpu(dimensions: ModelDimensions, threads: int) -> BatchSize:
    """Return the size for so many processors, with a batch for each of a few lanes."""
    lanes = min(threads, _MOST_LANES)
    fitting = _CPU_BYTES // bytes_of_window(dimensions, 4) // lanes
    windows = max(1, min(_MOST_WINDOWS_ON_CPU, fitting))
    return BatchSize(
        windows,
        lanes,
        threads,
        encoded_together=1,
        tried_again_together=_TRIED_AGAIN_TOGETHER_ON_CPU,
    )


def size_for_gpu(dimensions: ModelDimensions, free_bytes: int, threads: int) -> BatchSize:
    """Return the size for a GPU with so much memory left."""
    fitting = int(free_bytes * _GPU_SHARE) // bytes_of_window(dimensions, 2)
    windows = max(1, min(_MOST_WINDOWS_ON_GPU, fitting))
    return BatchSize(
        windows,
        lanes=1,
        threads=threads,
        encoded_together=min(windows, _ENCODED_TOGETHER_ON_GPU),
        tried_again_together=windows,
    )


def bytes_of_window(dimensions: ModelDimensions, bytes_of_number: int) -> int:
    """Return what the keys and values of one window take: of its sound, and of a full text."""
    positions = dimensions.n_audio_ctx + dimensions.n_text_ctx
    numbers = 2 * dimensions.n_text_layer * dimensions.n_text_state * positions
    return numbers * bytes_of_number
