"""Small Whisper models with random weights, in OpenAI's code and in ours."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from whisper import Whisper
from whisper.model import ModelDimensions as OpenAIDimensions
from whisper.tokenizer import get_tokenizer

from waas_contract.manifest import EngineFacts
from waas_contract.transcription_options import DecodingOptions
from waas_job.engine.alignment_heads import default_heads
from waas_job.engine.batched_whisper import BatchedWhisper
from waas_job.engine.dimensions import ModelDimensions
from waas_job.engine.model import WhisperModel, build_model
from waas_job.engine.protocol import Samples
from waas_job.engine.sizing import BatchSize
from waas_job.engine.weights import ModelWeights

NEVER_GOOD_ENOUGH = DecodingOptions(
    logprob_threshold=0.0,
    no_speech_threshold=1,
    temperature_increment_on_fallback=0.5,
    best_of=1,
)
"""So that every window goes up the whole ladder."""


DIMENSIONS = ModelDimensions(
    n_mels=80,
    n_audio_ctx=1500,
    n_audio_state=16,
    n_audio_head=2,
    n_audio_layer=1,
    n_vocab=51865,
    n_text_ctx=28,
    n_text_state=16,
    n_text_head=2,
    n_text_layer=2,
)

FACTS = EngineFacts(name="waas", version="0", model="random", device="cpu")


@dataclass(frozen=True)
class TwinModels:
    """The same weights twice."""

    reference: Whisper
    ours: WhisperModel


def make_twins(
    dimensions: ModelDimensions = DIMENSIONS, *, seed: int = 1, dtype: torch.dtype = torch.float32
) -> TwinModels:
    """Return a model whose tokens differ from window to window, and end by themselves at times."""
    with warnings.catch_warnings():
        # Its tokenizer reads the vocabulary, once, from a file that it leaves to be closed.
        warnings.simplefilter("ignore", ResourceWarning)
        get_tokenizer(dimensions.is_multilingual, num_languages=dimensions.n_languages)
    torch.manual_seed(seed)
    reference = Whisper(OpenAIDimensions(**vars(dimensions))).eval()
    for tensor in reference.parameters():
        torch.nn.init.normal_(tensor, std=0.25)
    state: Mapping[str, torch.Tensor] = reference.state_dict()
    weights = ModelWeights(dimensions, state, default_heads("random", dimensions))
    return TwinModels(reference, build_model(weights, torch.device("cpu"), dtype))


def make_decoder(
    model: WhisperModel, *, windows: int = 3, lanes: int = 1, encoded_together: int = 1
) -> BatchedWhisper:
    """Return a decoder of a size that the test chooses."""
    size = BatchSize(windows, lanes, lanes, encoded_together, min(windows, 2))
    return BatchedWhisper(model, FACTS, size)


@dataclass
class Sounds:
    """Draws sounds that differ in loudness, pitch and length."""

    seed: int = 3
    _generator: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self._generator = np.random.default_rng(self.seed)

    def draw(self, seconds: float | None = None) -> Samples:
        """Return one."""
        generator = self._generator
        length = int(16_000 * (seconds or generator.uniform(1, 30)))
        time = np.arange(length) / 16_000
        tone = np.sin(2 * np.pi * generator.uniform(80, 4000) * time * (1 + 0.1 * time))
        noise = generator.normal(0, generator.uniform(0.01, 0.3), length)
        return ((tone * generator.uniform(0, 0.5) + noise) * generator.uniform(0.1, 1)).astype(
            np.float32
        )
