"""The running batch: windows enter where there is room, go on together, and leave as they end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor

from waas_job.engine.beams import Candidate, Search, rank_candidates
from waas_job.engine.decoder import Heard, causal_mask, make_room_to_hear
from waas_job.engine.logit_filters import LogitFilters
from waas_job.engine.model import WhisperModel
from waas_job.engine.sampling import TokenDecoder
from waas_job.engine.slots import Slots


@dataclass(frozen=True)
class Entrant:
    """A window that is about to be decoded."""

    index: int
    """Its place among the windows."""

    features: Tensor
    """[1, 1500, width] of the encoder."""

    initial_tokens: tuple[int, ...]
    """Prompt and start of the transcript."""

    seed: int
    budget: int
    """The most tokens that its text may have."""

    told: tuple[int, ...] = ()
    """Text that it goes on from, with a timestamp at its end; none of it is given back."""

    @property
    def given(self) -> tuple[int, ...]:
        """Return all tokens that it begins with."""
        return self.initial_tokens + self.told


@dataclass(frozen=True)
class Finished:
    """A window that is decoded."""

    index: int
    text: Candidate
    is_cut_off: bool
    """Whether it has as many tokens as it may have: what goes in circles has no end."""

    no_speech_prob: float
    heard: Heard
    """As it lies in the batch: valid until the batch goes on."""


@dataclass
class _Running:
    entrant: Entrant
    search: Search
    no_speech_prob: float

    @property
    def position(self) -> int:
        """Return where its last token stands in the text."""
        return len(self.entrant.initial_tokens) + self.search.steps - 1


class DecodingBatch:
    """Decodes windows side by side, in one way."""

    def __init__(
        self,
        model: WhisperModel,
        filters: LogitFilters,
        decoder: TokenDecoder,
        *,
        windows: int,
        length_penalty: float | None,
        heard: Heard | None = None,
    ) -> None:
        """Use the room for what windows hear, where nobody else does; else take some."""
        if heard is None:
            heard = make_room_to_hear(model.dimensions, windows, model.device, model.dtype)
        self._model = model
        self._filters = filters
        self._decoder = decoder
        self._windows = windows
        self._length_penalty = length_penalty
        self._slots = Slots(model.dimensions, heard, windows=windows, beams=decoder.beams)
        self._running: list[_Running] = []

    @property
    def room(self) -> int:
        """Return how many more windows fit."""
        return self._windows - len(self._running)

    def admit(self, entrants: Sequence[Entrant]) -> None:
        """Take windows in, no more than there is room for."""
        for _, alike in groupby(entrants, lambda each: (len(each.initial_tokens), len(each.told))):
            self._prompt(list(alike))

    def run(self) -> Iterator[Finished]:
        """Go on by one token, and return the windows that are done with it, one after the other."""
        yield from self._leave()
        if self._running:
            self._step()
            yield from self._leave()

    def _prompt(self, entrants: Sequence[Entrant]) -> None:
        """Read what is given of windows at once, all as long, and choose the next token of each."""
        model, length = self._model, len(entrants[0].given)
        first = len(self._slots)
        past = self._slots.admit(len(entrants), length)
        heard = self._slots.heard(first, len(self._slots))
        for at, entrant in enumerate(entrants):
            model.decoder.hear(entrant.features, heard.of(at, at + 1))
        tokens = torch.tensor([each.given for each in entrants], device=model.device)
        hidden, _ = model.decoder(
            tokens,
            torch.arange(length, device=model.device).expand_as(tokens),
            heard,
            past,
            causal_mask(length, model.device, model.dtype),
        )
        start = entrants[0].initial_tokens.index(model.tokenizer.sot)
        at_start = model.decoder.logits(hidden[:, start]).softmax(dim=1)
        running = [
            _Running(
                entrant,
                self._decoder.start(entrant.seed, entrant.budget, entrant.told),
                no_speech_prob,
            )
            for entrant, no_speech_prob in zip(
                entrants, at_start[:, model.tokenizer.no_speech].tolist(), strict=True
            )
        ]
        self._running += running
        logits = model.decoder.logits(hidden[:, -1])
        self._choose(first, running, logits.repeat_interleave(self._decoder.beams, dim=0))

    def _step(self) -> None:
        model, running = self._model, self._running
        past, mask = self._slots.step()
        last = [[beam.tokens[-1] for beam in each.search.beams] for each in running]
        positions = torch.tensor([[each.position] for each in running], device=model.device)
        tokens = torch.tensor(last, device=model.device)
        hidden, _ = model.decoder(
            tokens,
            positions.expand_as(tokens),
            self._slots.heard(0, len(running)),
            past,
            mask,
        )
        self._choose(0, running, model.decoder.logits(hidden.flatten(0, 1)))

    def _choose(self, first: int, running: Sequence[_Running], logits: Tensor) -> None:
        searches = [each.search for each in running]
        self._filters.apply(logits, searches)
        for slot, sources in enumerate(self._decoder.update(searches, logits), first):
            if sources is not None:
                self._slots.reorder(slot, sources)

    def _leave(self) -> Iterator[Finished]:
        # From the last one on, so that those that move up are none that are done.
        for slot in reversed(range(len(self._running))):
            running = self._running[slot]
            search = running.search
            if not search.is_done:
                continue
            text = rank_candidates(self._decoder.candidates(search), self._length_penalty)
            yield Finished(
                running.entrant.index,
                text,
                search.begun + len(text.tokens) >= search.budget,
                running.no_speech_prob,
                self._slots.heard(slot, slot + 1),
            )
            self._slots.release(slot)
            self._running[slot] = self._running[-1]
            self._running.pop()
