"""What one window's decoding has come to: the beams that go on, and the texts that have ended."""

from dataclasses import dataclass, field
from typing import Self

from torch import Tensor


@dataclass(frozen=True)
class Beam:
    """A text in the making."""

    tokens: tuple[int, ...] = ()
    sum_logprob: float = 0.0
    last_timestamp: int | None = None
    """The last of its timestamp tokens."""

    def extended(self, token: int, logprob: float, timestamp_begin: int) -> Self:
        """Return it with one more token."""
        return type(self)(
            (*self.tokens, token),
            self.sum_logprob + logprob,
            token if token >= timestamp_begin else self.last_timestamp,
        )


@dataclass(frozen=True)
class Candidate:
    """A text, without the token that ended it."""

    tokens: tuple[int, ...]
    sum_logprob: float

    @property
    def avg_logprob(self) -> float:
        """Return the average over its tokens and the end."""
        return self.sum_logprob / (len(self.tokens) + 1)


@dataclass
class Search:
    """One window's beams."""

    beams: list[Beam]
    budget: int
    """Tokens that it may have, what was told among them."""

    begun: int = 0
    """How many of a beam's tokens were told: the search goes on from them."""

    ended: list[Candidate] = field(default_factory=list)
    is_done: bool = False
    lots: Tensor | None = None
    """[budget, beams] of the interval from 0 to 1, where the tokens are drawn."""

    @classmethod
    def start(
        cls, beams: int, budget: int, told: tuple[int, ...], *, lots: Tensor | None = None
    ) -> Self:
        """Return one that goes on from what is told, which is nothing or ends with a timestamp."""
        beam = Beam(told, last_timestamp=told[-1] if told else None)
        return cls([beam] * beams, budget, len(told), lots=lots)

    @property
    def steps(self) -> int:
        """Return how many tokens every beam has."""
        return len(self.beams[0].tokens)

    @property
    def has_begun(self) -> bool:
        """Tell whether a token was chosen."""
        return self.steps > self.begun

    def chosen(self, beam: Beam) -> tuple[int, ...]:
        """Return a beam's tokens beyond what was told."""
        return beam.tokens[self.begun :]


def rank_candidates(candidates: list[Candidate], length_penalty: float | None) -> Candidate:
    """Return the likeliest: by its tokens' mean, or by Google's penalty (arXiv:1609.08144)."""

    def score(candidate: Candidate) -> float:
        length = len(candidate.tokens)
        if length_penalty is None:
            return candidate.sum_logprob / max(1, length)
        return candidate.sum_logprob / float(((5 + length) / 6) ** length_penalty)

    return max(candidates, key=score)
