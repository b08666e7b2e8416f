"""One line of work: encodes windows, decodes them side by side, and tries the bad ones again.

On a CPU there are several lanes with a batch each, and each keeps to its own processor. Threads
that share every single product would spend much of their time waiting for each other, the more so
where other programs run too.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from waas_contract.transcription_options import DecodingOptions
from waas_job.engine.batch import DecodingBatch, Entrant, Finished
from waas_job.engine.beam_search import BeamSearchDecoder
from waas_job.engine.decoder import Heard, make_room_to_hear
from waas_job.engine.decoding import temperature_ladder
from waas_job.engine.fallback import is_meant, is_silence, needs_fallback
from waas_job.engine.log_mel import log_mel_spectrogram
from waas_job.engine.logit_filters import LogitFilters
from waas_job.engine.model import WhisperModel
from waas_job.engine.repetition import compression_ratio
from waas_job.engine.sampling import GreedyDecoder, SamplingDecoder, TokenDecoder
from waas_job.engine.sizing import BatchSize
from waas_job.engine.tokenizer import Tokenizer
from waas_job.engine.untold import Told, find_untold, join
from waas_job.engine.windows import DecodedWindow, Window, WindowOptions
from waas_job.engine.word_alignment import align_words
from waas_job.errors import OutOfMemory


@dataclass(frozen=True)
class NumberedWindow:
    """A window and its place among all."""

    index: int
    window: Window


Take = Callable[[int, bool], Sequence[NumberedWindow]]
"""Returns up to so many windows; may wait for the first one, and then none means no more.

What it raises ends the lane, so that it is asked at every step, for none if need be.
"""

Give = Callable[[int, DecodedWindow], None]
"""Takes a decoded window and its place."""


@dataclass(frozen=True, eq=False)
class _Encoded:
    index: int
    window: Window
    features: Tensor
    """[1, 1500, width], from which it can be decoded again."""

    told: Told | None = None
    """What it goes on from, where its text ended too early."""


_Failed = dict[int, tuple[_Encoded, DecodedWindow]]
"""Windows by their place, with what the first try came to."""


class Lane:
    """Decodes what it takes until there is no more."""

    def __init__(
        self,
        model: WhisperModel,
        options: WindowOptions,
        size: BatchSize,
    ) -> None:
        self._model = model
        self._options = options
        self._size = size
        self._running: dict[int, _Encoded] = {}
        self._rests: list[_Encoded] = []
        decoding, tokenizer = options.decoding, model.tokenizer
        self._ladder = temperature_ladder(
            decoding.temperature, decoding.temperature_increment_on_fallback
        )
        self._beams = _build_token_decoder(tokenizer, decoding, self._ladder[0]).beams
        # A text whose words are aligned is read at once; else a step has so many.
        text, step = model.dimensions.n_text_ctx, size.windows * self._beams
        model.decoder.expect(text if options.word_timestamps else step)
        self._filters = LogitFilters(
            tokenizer,
            suppressed=tokenizer.suppressed_tokens(decoding.suppress_tokens),
            without_timestamps=options.without_timestamps,
            device=model.device,
        )

    @torch.inference_mode()
    def run(self, take: Take, give: Give) -> None:
        """Decode what there is; raises OutOfMemory if not even one window fits."""
        under_way: dict[int, NumberedWindow] = {}
        again: list[NumberedWindow] = []

        def take_noted(most: int, wait: bool) -> Sequence[NumberedWindow]:
            taken = [again.pop(0) for _ in range(min(most, len(again)))] or take(most, wait)
            under_way.update({each.index: each for each in taken})
            return taken

        def give_noted(index: int, decoded: DecodedWindow) -> None:
            del under_way[index]
            give(index, decoded)

        while True:
            try:
                self._decode(take_noted, give_noted)
                return
            except torch.OutOfMemoryError as error:
                if self._size.windows == 1:
                    raise OutOfMemory("The GPU has not enough memory for one window.") from error
            # All that was under way begins anew, in a smaller batch.
            self._size = self._size.halved()
            self._running.clear()
            self._rests.clear()
            again[:] = under_way.values()

    def _decode(self, take: Take, give: Give) -> None:
        model = self._model
        # For whichever batch runs: what failed is tried again where nothing else is under way.
        heard = make_room_to_hear(
            model.dimensions, self._size.windows, model.device, model.dtype, queries=self._beams
        )
        batch = self._build_batch(self._ladder[0], self._size.windows, heard)
        failed: _Failed = {}
        passed_by = 0
        while True:
            entering = self._take_rests(batch.room)
            is_idle = not (self._running or failed or entering)
            room = min(batch.room - len(entering), self._size.encoded_together)
            passed_by = passed_by if failed else 0
            if len(failed) >= self._size.tried_again_together or passed_by >= self._size.windows:
                # They keep what they heard, and nothing after them is told before they are.
                room = 0
            if taken := take(room, is_idle):
                entering += self._encode(taken)
            if entering:
                self._admit(batch, entering)
                if batch.room:
                    continue
            elif is_idle:
                return
            elif not self._running:
                # Nothing else to do for now, so that others may wait for these.
                self._try_again(take, give, failed, heard)
                continue
            for encoded, decoded, finished in self._go_on(batch, self._ladder[0]):
                passed_by += 1
                if self._ladder[1:] and needs_fallback(decoded, self._options.decoding):
                    failed[encoded.index] = encoded, decoded
                else:
                    self._settle(give, encoded, decoded, finished)

    def _take_rests(self, most: int) -> list[_Encoded]:
        taken, self._rests = self._rests[:most], self._rests[most:]
        return taken

    def _settle(
        self, give: Give, encoded: _Encoded, decoded: DecodedWindow, finished: Finished
    ) -> None:
        """Give a window, or first go on where its text leaves out what is said."""
        if encoded.told:
            tokenizer = self._model.tokenizer
            decoded = join(encoded.told, decoded, self._options.decoding, tokenizer)
        if told := self._find_untold(encoded, decoded):
            self._rests.append(replace(encoded, told=told))
        else:
            give(encoded.index, self._with_words(encoded, decoded, finished))

    def _find_untold(self, encoded: _Encoded, decoded: DecodedWindow) -> Told | None:
        """Return from where a text is gone on with: once, and as often as it is cut off."""
        before = encoded.told
        if before and not decoded.is_cut_off:
            return None
        if decoded.is_cut_off and needs_fallback(decoded, self._options.decoding):
            return None
        told = find_untold(encoded.window, decoded, self._model.tokenizer)
        return told if told and len(told.tokens) > len(before.tokens if before else ()) else None

    def _try_again(self, take: Take, give: Give, failed: _Failed, heard: Heard) -> None:
        """Go up the ladder with the windows that failed, until they pass or it ends."""
        options = self._options.decoding
        for temperature in self._ladder[1:]:
            if not failed:
                return
            batch = self._build_batch(
                temperature, min(self._size.tried_again_together, len(failed)), heard
            )
            entering = [encoded for encoded, _ in failed.values()]
            while entering or self._running:
                take(0, False)  # it tells, by raising, where nobody wants the rest
                count = min(batch.room, len(entering))
                self._admit(batch, [entering.pop(0) for _ in range(count)])
                for encoded, decoded, finished in self._go_on(batch, temperature):
                    _, first = failed[encoded.index]
                    if is_meant(first, decoded, options):
                        given = first
                    elif temperature == self._ladder[-1] or not needs_fallback(decoded, options):
                        given = decoded
                    else:
                        continue
                    del failed[encoded.index]
                    self._settle(give, encoded, given, finished)

    def _encode(self, taken: Sequence[NumberedWindow]) -> list[_Encoded]:
        model = self._model
        samples = [each.window.samples for each in taken]
        mel = log_mel_spectrogram(samples, model.dimensions.n_mels, model.device)
        features = torch.split(model.encoder(mel), 1)
        return [
            _Encoded(each.index, each.window, its)
            for each, its in zip(taken, features, strict=True)
        ]

    def _admit(self, batch: DecodingBatch, encoded: Sequence[_Encoded]) -> None:
        self._running |= {each.index: each for each in encoded}
        entrants = [self._enter(each) for each in encoded]
        for each in entrants:
            # What is told of a window is not counted: that comes now and then.
            self._model.decoder.expect(len(each.initial_tokens))
        batch.admit(entrants)

    def _enter(self, encoded: _Encoded) -> Entrant:
        model, window = self._model, encoded.window
        start = model.tokenizer.start_sequence(
            window.language, window.task, without_timestamps=self._options.without_timestamps
        )
        prompt, told = tuple(window.prompt_tokens), tuple[int, ...]()
        if encoded.told:
            said, told = encoded.told.divided(
                model.dimensions.sample_budget(0) // 2, model.tokenizer
            )
            prompt += said
        prompt = prompt[-model.dimensions.prompt_budget :]
        initial = (model.tokenizer.sot_prev, *prompt, *start) if prompt else start
        return Entrant(
            encoded.index,
            encoded.features,
            initial,
            window.seed,
            model.dimensions.sample_budget(len(initial)),
            told,
        )

    def _go_on(
        self, batch: DecodingBatch, temperature: float
    ) -> Iterator[tuple[_Encoded, DecodedWindow, Finished]]:
        for finished in batch.run():
            decoded = self._describe(finished, temperature)
            yield self._running.pop(finished.index), decoded, finished

    def _describe(self, finished: Finished, temperature: float) -> DecodedWindow:
        text = self._model.tokenizer.decode(finished.text.tokens).strip()
        avg_logprob = finished.text.avg_logprob
        return DecodedWindow(
            tokens=finished.text.tokens,
            text=text,
            avg_logprob=avg_logprob,
            no_speech_prob=finished.no_speech_prob,
            temperature=temperature,
            compression_ratio=compression_ratio(text),
            is_silence=is_silence(finished.no_speech_prob, avg_logprob, self._options.decoding),
            is_cut_off=finished.is_cut_off,
        )

    def _with_words(
        self, encoded: _Encoded, decoded: DecodedWindow, finished: Finished
    ) -> DecodedWindow:
        if not self._options.word_timestamps:
            return decoded
        words = align_words(self._model, finished.heard, encoded.window, decoded.tokens)
        return replace(decoded, words=words)

    def _build_batch(self, temperature: float, windows: int, heard: Heard) -> DecodingBatch:
        decoding = self._options.decoding
        return DecodingBatch(
            self._model,
            self._filters,
            _build_token_decoder(self._model.tokenizer, decoding, temperature),
            windows=windows,
            length_penalty=decoding.length_penalty,
            heard=heard,
        )


def _build_token_decoder(
    tokenizer: Tokenizer, options: DecodingOptions, temperature: float
) -> TokenDecoder:
    if temperature > 0:
        return SamplingDecoder(tokenizer, temperature, options.best_of)
    if options.beam_size is not None:
        return BeamSearchDecoder(tokenizer, options.beam_size, options.patience)
    return GreedyDecoder(tokenizer)
