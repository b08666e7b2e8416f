"""Windows of real speech, drawn from the recordings in tests/data and spoilt in several ways."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from support.media import Samples, read_samples
from support.speech import librivox_clips
from waas_job.engine.windows import WINDOW_SAMPLES, Window

_Change = Callable[[Samples, np.random.Generator], npt.NDArray[np.floating]]

CONDITIONS: dict[str, _Change] = {
    "clean": lambda samples, _: samples,
    "noisy": lambda samples, draw: samples + draw.normal(0, draw.uniform(0.005, 0.1), len(samples)),
    "quiet": lambda samples, draw: samples * 10 ** -draw.uniform(0.5, 2.5),
    "clipped": lambda samples, draw: np.clip(samples * draw.uniform(3, 12), -1, 1),
}


def draw_windows(
    count: int, *, seed: int = 5, prompts: Sequence[Sequence[int]] = ((),)
) -> list[Window]:
    """Return windows of 4 to 30 seconds: each condition, and each of the prompts, in turn."""
    draw = np.random.default_rng(seed)
    clips = [read_samples(clip.path) for clip in librivox_clips()]
    changes = list(CONDITIONS.values())
    windows = []
    for number in range(count):
        parts = []
        for at in draw.integers(0, len(clips), 7):
            pause = draw.normal(0, 1e-3, draw.integers(3_000, 20_000))
            parts += [clips[at], pause.astype(np.float32)]
        speech = np.concatenate(parts)[draw.integers(0, 30_000) :]
        cut = speech[: draw.integers(4 * 16_000, WINDOW_SAMPLES)]
        samples = changes[number % len(changes)](cut, draw)
        windows.append(
            Window(
                np.ascontiguousarray(samples, dtype=np.float32),
                prompt_tokens=prompts[number % len(prompts)],
                seed=number,
            )
        )
    return windows
