"""The recorded sentences read one after another, over and over: a recording that takes a while."""

import numpy as np

from support.media import Samples, read_samples
from support.speech import librivox_clips


def make_reading(times: int) -> Samples:
    """Return all the sentences, as many times."""
    clips = [read_samples(clip.path) for clip in librivox_clips()]
    return np.concatenate(clips * times)
