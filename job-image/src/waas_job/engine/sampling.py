"""How the next token is chosen: the likeliest, or by lot."""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from waas_job.engine.beams import Candidate, Search
from waas_job.engine.likeliest import likeliest
from waas_job.engine.tokenizer import Tokenizer


class TokenDecoder(Protocol):
    """Makes texts of logits, token by token."""

    @property
    def beams(self) -> int:
        """Return how many texts of a window are in the making at once."""

    def start(self, seed: int, budget: int, told: tuple[int, ...] = ()) -> Search:
        """Return a window in which nothing has been said but what is told."""

    def update(self, searches: Sequence[Search], logits: Tensor) -> list[Sequence[int] | None]:
        """Choose from [windows x beams, tokens] of filtered logits.

        Returns:
            Which of its beams each beam of a window comes from; None where all stay what they are.
        """

    def candidates(self, search: Search) -> list[Candidate]:
        """Return the texts of a window that is done."""


class WithoutLots:
    """What decoders have in common that leave nothing to chance."""

    beams: int

    def start(
        self,
        seed: int,  # noqa: ARG002 # nothing is left to chance
        budget: int,
        told: tuple[int, ...] = (),
    ) -> Search:
        """Return a window in which nothing has been said but what is told."""
        return Search.start(self.beams, budget, told)


class GreedyDecoder(WithoutLots):
    """Takes the likeliest token."""

    beams = 1

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    def update(self, searches: Sequence[Search], logits: Tensor) -> list[Sequence[int] | None]:
        """Add the likeliest token to each text."""
        logprobs, tokens = likeliest(logits, 1)
        _extend(searches, tokens[:, 0], logprobs[:, 0], self._tokenizer)
        return [None] * len(searches)

    def candidates(self, search: Search) -> list[Candidate]:
        """Return the one text."""
        return _candidates(search, self._tokenizer)


class SamplingDecoder:
    """Draws each token by its probability, for several texts of a window."""

    def __init__(self, tokenizer: Tokenizer, temperature: float, best_of: int) -> None:
        self.beams = best_of
        self._tokenizer = tokenizer
        self._temperature = temperature

    def start(self, seed: int, budget: int, told: tuple[int, ...] = ()) -> Search:
        """Return a window whose lots are drawn from its own seed, so that no other has a part."""
        generator = torch.Generator().manual_seed(_mix(seed, self._temperature))
        lots = torch.rand(budget, self.beams, generator=generator, dtype=torch.float64)
        return Search.start(self.beams, budget, told, lots=lots)

    def update(self, searches: Sequence[Search], logits: Tensor) -> list[Sequence[int] | None]:
        """Add a token to each text; one that has ended stays as it is."""
        lots = torch.cat([_lots(search) for search in searches]).to(logits.device)
        shares = (logits / self._temperature).softmax(dim=1).cumsum(dim=1, dtype=torch.float64)
        # The first token whose share reaches the lot; what has no share is never the first.
        tokens = torch.searchsorted(shares, lots[:, None] * shares[:, -1:], right=True)[:, 0]
        tokens.clamp_(max=logits.shape[1] - 1)
        logprobs = logits.gather(1, tokens[:, None])[:, 0] - logits.logsumexp(dim=1)
        _extend(searches, tokens, logprobs, self._tokenizer)
        return [None] * len(searches)

    def candidates(self, search: Search) -> list[Candidate]:
        """Return all texts."""
        return _candidates(search, self._tokenizer)


def _lots(search: Search) -> Tensor:
    if search.lots is None:
        raise ValueError("a search by lot starts with its lots")
    return search.lots[search.steps]


def _mix(seed: int, temperature: float) -> int:
    """Return a seed of both, the same on every machine."""
    return (seed * 1_000_003 + round(temperature * 1_000_000)) % 2**63


def _extend(
    searches: Sequence[Search], tokens: Tensor, logprobs: Tensor, tokenizer: Tokenizer
) -> None:
    eot, begin = tokenizer.eot, tokenizer.timestamp_begin
    chosen = iter(zip(tokens.tolist(), logprobs.tolist(), strict=True))
    for search in searches:
        search.beams = [
            beam.extended(eot, 0.0, begin)
            if beam.tokens[-1:] == (eot,)
            else beam.extended(token, logprob, begin)
            for beam, (token, logprob) in zip(search.beams, chosen, strict=False)
        ]
        have_ended = all(beam.tokens[-1] == eot for beam in search.beams)
        search.is_done = have_ended or search.steps >= search.budget


def _candidates(search: Search, tokenizer: Tokenizer) -> list[Candidate]:
    return [
        Candidate(_before(tokenizer.eot, search.chosen(beam)), beam.sum_logprob)
        for beam in search.beams
    ]


def _before(end: int, tokens: tuple[int, ...]) -> tuple[int, ...]:
    return tokens[: tokens.index(end)] if end in tokens else tokens
