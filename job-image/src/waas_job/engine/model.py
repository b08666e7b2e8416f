"""A Whisper model on a device: encoder, decoder and tokens."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch

from waas_job.engine.alignment_heads import Heads
from waas_job.engine.decoder import TextDecoder
from waas_job.engine.dimensions import ModelDimensions
from waas_job.engine.encoder import AudioEncoder
from waas_job.engine.parameters import Parameters
from waas_job.engine.tokenizer import Tokenizer
from waas_job.engine.weights import ModelWeights


@dataclass(frozen=True)
class WhisperModel:
    """A model that is ready to run."""

    dimensions: ModelDimensions
    encoder: AudioEncoder
    decoder: TextDecoder
    tokenizer: Tokenizer
    alignment_heads: Heads
    device: torch.device
    dtype: torch.dtype


def build_model(weights: ModelWeights, device: torch.device, dtype: torch.dtype) -> WhisperModel:
    """Put the weights onto a device, in the precision that they are to be used in."""
    dimensions, parameters = weights.dimensions, Parameters(weights.state, device, dtype)
    with ThreadPoolExecutor() as pool:
        # Most of it is spent on putting the decoder's weights into another order.
        encoder = pool.submit(AudioEncoder, dimensions, parameters)
        tokenizer = pool.submit(Tokenizer, dimensions)
        decoder = TextDecoder(dimensions, parameters)
    return WhisperModel(
        dimensions=dimensions,
        encoder=encoder.result(),
        decoder=decoder,
        tokenizer=tokenizer.result(),
        alignment_heads=weights.alignment_heads,
        device=device,
        dtype=dtype,
    )
