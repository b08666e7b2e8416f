"""What was said before a window, where it is decoded in the light of that. Pure."""

from collections.abc import Sequence

from waas_contract.transcript import Segment

# Text that came out at a higher temperature is too doubtful to go by; openai-whisper's rule.
_HIGHEST_TEMPERATURE = 0.5


def text_before(segments: Sequence[Segment]) -> tuple[int, ...]:
    """Return the tokens of what was said since the last doubtful window."""
    trusted: list[Segment] = []
    for segment in reversed(segments):
        if segment.temperature > _HIGHEST_TEMPERATURE:
            break
        trusted.append(segment)
    return tuple(token for segment in reversed(trusted) for token in segment.tokens)
