"""The prompt of every window: what was sent as one, then the hotwords, within a budget. Pure."""

import bisect
from collections.abc import Callable
from dataclasses import dataclass

from waas_contract.line_breaking import join_pieces, split_text


@dataclass(frozen=True)
class CarriedPrompt:
    """Text that goes before each window."""

    text: str | None
    left_out: tuple[str, ...] = ()
    """The options, by their names in the spec, of which a part found no room."""


def carry_prompt(
    initial_prompt: str | None,
    hotwords: str | None,
    *,
    count_tokens: Callable[[str], int],
    budget: int,
) -> CarriedPrompt:
    """Return what fits into so many tokens: the prompt's end, and then as many hotwords as can be.

    Whisper takes a prompt for what was said just before, so that its end says most.
    """

    def fits(*parts: str) -> bool:
        return count_tokens(" ".join(filter(None, parts))) <= budget

    left_out = []
    prompt = _longest_end((initial_prompt or "").strip(), fits)
    if prompt != (initial_prompt or "").strip():
        left_out.append("initialPrompt")
    terms = _longest_beginning((hotwords or "").strip(), lambda text: fits(prompt, text))
    if terms != (hotwords or "").strip():
        left_out.append("decoding.hotwords")
    return CarriedPrompt(" ".join(filter(None, (prompt, terms))) or None, tuple(left_out))


def _longest_end(text: str, fits: Callable[[str], bool]) -> str:
    if fits(text):
        return text
    pieces = split_text(text)
    starts = range(len(pieces))
    start = bisect.bisect_left(starts, True, key=lambda at: fits(join_pieces(pieces[at:])))
    return join_pieces(pieces[start:])


def _longest_beginning(text: str, fits: Callable[[str], bool]) -> str:
    if fits(text):
        return text
    pieces = split_text(text)
    ends = range(len(pieces), 0, -1)
    left_out = bisect.bisect_left(ends, True, key=lambda at: fits(join_pieces(pieces[:at])))
    return join_pieces(pieces[: len(pieces) - left_out])
