"""What may not be said next: OpenAI's rules, applied to the logits of many beams at once."""

from collections.abc import Sequence

import torch
from torch import Tensor

from waas_job.engine.beams import Beam, Search
from waas_job.engine.tokenizer import Tokenizer

_NEVER = float("-inf")

_MAX_INITIAL_TIMESTAMP = 50
"""A window's first text begins within its first second: 50 timestamps of 0.02 s."""


class LogitFilters:
    """The rules that hold for the windows of one pass."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        *,
        suppressed: Sequence[int],
        without_timestamps: bool,
        device: torch.device,
    ) -> None:
        never = {*suppressed} if without_timestamps else {*suppressed, tokenizer.no_timestamps}
        self._suppressed = torch.tensor(sorted(never), device=device)
        self._blank = torch.tensor(tokenizer.blank_tokens, device=device)
        self._timestamps = None if without_timestamps else TimestampRules(tokenizer, device)

    def apply(self, logits: Tensor, searches: Sequence[Search]) -> None:
        """Set what a beam may not say to minus infinity, in [beams of all searches, tokens]."""
        logits.index_fill_(1, self._suppressed, _NEVER)
        beams = [(beam, search.has_begun) for search in searches for beam in search.beams]
        first = [row for row, (_, has_begun) in enumerate(beams) if not has_begun]
        if first:
            rows = torch.tensor(first, device=logits.device)
            logits[rows[:, None], self._blank] = _NEVER
        if self._timestamps:
            self._timestamps.apply(logits, [beam for beam, _ in beams])


class TimestampRules:
    """Timestamps come in pairs, never go back, and are chosen by their probability as a whole."""

    def __init__(self, tokenizer: Tokenizer, device: torch.device) -> None:
        self._begin = tokenizer.timestamp_begin
        self._eot = tokenizer.eot
        self._device = device

    def apply(self, logits: Tensor, beams: Sequence[Beam]) -> None:
        """Set what a beam may not say to minus infinity."""
        begin = self._begin
        text, timestamps = logits[:, :begin], logits[:, begin:]
        text_ends, firsts, lasts = zip(*map(self._bounds, beams), strict=True)
        for row, end in enumerate(text_ends):
            if end:
                text[row, :end] = _NEVER
        ids = torch.arange(timestamps.shape[1], device=self._device)
        first, last = (torch.tensor(each, device=self._device)[:, None] for each in (firsts, lasts))
        timestamps.masked_fill_((ids < first) | (ids > last), _NEVER)
        prefers = timestamps.float().logsumexp(dim=1) > text.amax(dim=1)
        text.index_fill_(0, prefers.nonzero()[:, 0], _NEVER)

    def _bounds(self, beam: Beam) -> tuple[int, int, int]:
        """Return the end of the text tokens forbidden, and the first and last timestamp allowed."""
        tokens, begin = beam.tokens, self._begin
        if not tokens:
            return begin, 0, _MAX_INITIAL_TIMESTAMP
        last_was = tokens[-1] >= begin
        one_before_was = len(tokens) < 2 or tokens[-2] >= begin
        last = beam.last_timestamp
        if last_was and one_before_was:
            return 0, 1, 0  # a text has to follow: no timestamp at all
        if last is None:
            return 0, 0, 1500
        # The end of one text may be the start of the next; the end itself lies after its start.
        first = last - begin if last_was else last - begin + 1
        return (self._eot if last_was else 0), first, 1500
