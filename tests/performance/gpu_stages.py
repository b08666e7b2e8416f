"""Times the parts of a model one by one, beside what the processor could do at best."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from performance.engine.limit import Machine, Work, derive_limit, time_of
from support.media import SAMPLE_RATE, Samples
from waas_contract.transcription_job import Task
from waas_job.engine.batch import DecodingBatch, Entrant
from waas_job.engine.beams import Search
from waas_job.engine.log_mel import log_mel_spectrogram
from waas_job.engine.logit_filters import LogitFilters
from waas_job.engine.model import WhisperModel
from waas_job.engine.sampling import GreedyDecoder
from waas_job.engine.tokenizer import Tokenizer

WINDOW_SECONDS = 30
_TRIES = 3
"""Of which the best counts: the first one warms up."""
_ENCODED_TOGETHER = 16


@dataclass(frozen=True)
class Subject:
    """What is timed."""

    name: str
    model: WhisperModel
    machine: Machine
    work: Work


@dataclass(frozen=True)
class Stage:
    """One part of a model at one size of its batch."""

    model: str
    stage: str
    windows: int
    tokens: int
    """Decoded in all windows together; their number was drawn by lot, and so were the weights."""

    milliseconds_per_window: float
    limit_milliseconds_per_window: float
    """By section 4's formula and what the processor was seen to do."""

    share_of_limit: float = field(init=False)
    real_time: float = field(init=False)
    """Seconds of sound for each second, if the windows were full and this were all there is."""

    def __post_init__(self) -> None:
        share = self.limit_milliseconds_per_window / self.milliseconds_per_window
        object.__setattr__(self, "share_of_limit", share)
        object.__setattr__(self, "real_time", WINDOW_SECONDS * 1000 / self.milliseconds_per_window)


class _DrawnLengths(GreedyDecoder):
    """Ends each window after as many tokens as were drawn for it: a window's seed is its place."""

    def __init__(self, tokenizer: Tokenizer, lengths: Sequence[int]) -> None:
        super().__init__(tokenizer)
        self._lengths = lengths

    def start(self, seed: int, budget: int, told: tuple[int, ...] = ()) -> Search:
        return super().start(seed, min(budget, self._lengths[seed]), told)


@torch.inference_mode()
def measure_encoder(subject: Subject, windows: int) -> Stage:
    """Time the encoder on so many windows at once."""
    model = subject.model
    mel = torch.randn(windows, model.dimensions.n_mels, 3000, device=model.device)
    seconds = min(time_of(lambda: model.encoder(mel), model.device) for _ in range(_TRIES))
    limit = subject.work.encoder_flops / _operations(subject)
    return _stage(subject, "encoder", windows, 0, seconds, limit * windows)


@torch.inference_mode()
def measure_decoder(subject: Subject, lengths: Sequence[int]) -> Stage:
    """Time the decoder on windows of so many tokens, all in one batch, its hearing included."""
    model = subject.model
    features = torch.randn(
        1,
        model.dimensions.n_audio_ctx,
        model.dimensions.n_audio_state,
        device=model.device,
        dtype=model.dtype,
    )

    def decode() -> None:
        batch = _build_batch(subject, lengths, len(lengths))
        batch.admit([_entrant(model, place, features) for place in range(len(lengths))])
        while batch.room < len(lengths):
            for _ in batch.run():
                pass

    if model.device.type != "cpu":
        time_of(decode, model.device)
    seconds = time_of(decode, model.device)
    limit = derive_limit(subject.machine, subject.work, lengths)
    hearing = subject.work.hearing_flops * len(lengths) / _operations(subject)
    return _stage(
        subject, "decoder", len(lengths), sum(lengths), seconds, limit.decoder_seconds + hearing
    )


@torch.inference_mode()
def measure_whole(subject: Subject, lengths: Sequence[int], *, batch_size: int) -> Stage:
    """Time windows of noise from samples to tokens, with the batch refilled as windows end."""
    model = subject.model
    sound = _noise()

    def run() -> None:
        batch = _build_batch(subject, lengths, min(batch_size, len(lengths)))
        entered = done = 0
        while done < len(lengths):
            while batch.room and entered < len(lengths):
                count = min(batch.room, _ENCODED_TOGETHER, len(lengths) - entered)
                mel = log_mel_spectrogram([sound] * count, model.dimensions.n_mels, model.device)
                encoded = torch.split(model.encoder(mel), 1)
                batch.admit(
                    [_entrant(model, entered + at, each) for at, each in enumerate(encoded)]
                )
                entered += count
            done += sum(1 for _ in batch.run())

    seconds = time_of(run, model.device)
    limit = derive_limit(subject.machine, subject.work, lengths)
    return _stage(
        subject, "from samples to tokens", len(lengths), sum(lengths), seconds, limit.seconds
    )


def _build_batch(subject: Subject, lengths: Sequence[int], windows: int) -> DecodingBatch:
    model, tokenizer = subject.model, subject.model.tokenizer
    filters = LogitFilters(
        tokenizer,
        # No text ends but by its drawn length.
        suppressed=(*tokenizer.suppressed_tokens((-1,)), tokenizer.eot),
        without_timestamps=True,
        device=model.device,
    )
    return DecodingBatch(
        model, filters, _DrawnLengths(tokenizer, lengths), windows=windows, length_penalty=None
    )


def _entrant(model: WhisperModel, place: int, features: torch.Tensor) -> Entrant:
    start = model.tokenizer.start_sequence("en", Task.TRANSCRIBE, without_timestamps=True)
    budget = model.dimensions.sample_budget(len(start))
    return Entrant(place, features, start, seed=place, budget=budget)


def _noise() -> Samples:
    lots = np.random.default_rng(0)
    return (0.1 * lots.standard_normal(WINDOW_SECONDS * SAMPLE_RATE)).astype(np.float32)


def _operations(subject: Subject) -> float:
    return max(subject.machine.gigaflops.values()) * 1e9


def _stage(
    subject: Subject, stage: str, windows: int, tokens: int, seconds: float, limit_seconds: float
) -> Stage:
    return Stage(
        model=subject.name,
        stage=stage,
        windows=windows,
        tokens=tokens,
        milliseconds_per_window=1000 * seconds / windows,
        limit_milliseconds_per_window=1000 * limit_seconds / windows,
    )
