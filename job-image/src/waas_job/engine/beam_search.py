"""Beam search with patience (arXiv:2204.05424), window by window as openai-whisper does it."""

from collections.abc import Sequence

from torch import Tensor

from waas_job.engine.beams import Beam, Candidate, Search
from waas_job.engine.likeliest import likeliest
from waas_job.engine.sampling import WithoutLots
from waas_job.engine.tokenizer import Tokenizer


class BeamSearchDecoder(WithoutLots):
    """Goes on with the likeliest texts until enough of them have ended."""

    def __init__(self, tokenizer: Tokenizer, beam_size: int, patience: float | None) -> None:
        self.beams = beam_size
        self._tokenizer = tokenizer
        self._enough = max(1, round(beam_size * (patience or 1.0)))

    def update(self, searches: Sequence[Search], logits: Tensor) -> list[Sequence[int] | None]:
        """Replace each window's beams by its likeliest continuations."""
        # One more than there are beams, for one may be the end.
        logprobs, tokens = likeliest(logits, self.beams + 1)
        chosen = list(zip(tokens.tolist(), logprobs.tolist(), strict=True))
        return [
            self._continue(search, chosen[at : at + self.beams])
            for search, at in zip(searches, range(0, len(chosen), self.beams), strict=True)
        ]

    def candidates(self, search: Search) -> list[Candidate]:
        """Return the texts that have ended, and where they are too few the likeliest others."""
        missing = max(0, self.beams - len(search.ended))
        others = sorted(search.beams, key=lambda beam: beam.sum_logprob, reverse=True)[:missing]
        return search.ended + [Candidate(search.chosen(beam), beam.sum_logprob) for beam in others]

    def _continue(
        self, search: Search, chosen: Sequence[tuple[Sequence[int], Sequence[float]]]
    ) -> list[int] | None:
        # At the start all beams are one.
        count = len(search.beams) if search.has_begun else 1
        continuations = sorted(
            (
                (search.beams[source].sum_logprob + logprob, source, token, logprob)
                for source in range(count)
                for token, logprob in zip(*chosen[source], strict=True)
            ),
            key=lambda each: each[0],
            reverse=True,
        )
        beams: list[Beam] = []
        sources: list[int] = []
        for total, source, token, logprob in continuations:
            beam = search.beams[source]
            if token == self._tokenizer.eot:
                if len(search.ended) < self._enough:
                    search.ended.append(Candidate(search.chosen(beam), total))
                continue
            beams.append(beam.extended(token, logprob, self._tokenizer.timestamp_begin))
            sources.append(source)
            if len(beams) == self.beams:
                break
        search.beams = beams
        search.is_done = len(search.ended) >= self._enough or search.steps >= search.budget
        return None if sources == list(range(self.beams)) else sources
