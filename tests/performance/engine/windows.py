"""How many windows a transcript of ours came from, and how many tokens were decoded in each."""

from collections import Counter
from collections.abc import Sequence

from waas_contract.transcript import Segment

_TIMESTAMPS = 2
"""Before and after a cue; its segment does not keep them."""


def count_window_tokens(segments: Sequence[Segment]) -> list[int]:
    """Return the tokens of each window: the segments of one have the same `seek`."""
    counts: Counter[int] = Counter()
    for segment in segments:
        counts[segment.seek] += len(segment.tokens) + _TIMESTAMPS
    return list(counts.values())
