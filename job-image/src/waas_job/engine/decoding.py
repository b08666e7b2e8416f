"""The temperatures at which a window is tried. Pure."""

import math


def temperature_ladder(first: float, increment: float) -> tuple[float, ...]:
    """Return the temperatures that are tried one after the other, as Whisper's command line does.

    The next one is tried where a window came out repetitive or improbable.
    """
    if not increment:
        return (first,)
    # Steps such as 0.2 are a little off in binary: the last one, at 1, counts nevertheless.
    steps = math.floor((1 - first) / increment + 1e-6)
    return tuple(round(first + step * increment, 6) for step in range(steps + 1))
