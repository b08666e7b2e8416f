"""How many windows a transcript came from, and how many tokens were decoded in each."""

from collections import Counter
from collections.abc import Sequence

from waas_contract.transcript import Segment


def count_window_tokens(segments: Sequence[Segment]) -> list[int]:
    """Return the tokens of each window: the segments of one have the same `seek`."""
    counts: Counter[int] = Counter()
    for segment in segments:
        counts[segment.seek] += len(segment.tokens)
    return list(counts.values())
