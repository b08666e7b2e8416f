"""The exact sizes of OpenAI's models, and models of these sizes with weights drawn by lot."""

from dataclasses import replace

import torch

from waas_job.engine.alignment_heads import default_heads
from waas_job.engine.dimensions import ModelDimensions
from waas_job.engine.model import WhisperModel, build_model
from waas_job.engine.weights import ModelWeights

_LARGE = ModelDimensions(
    n_mels=128,
    n_audio_ctx=1500,
    n_audio_state=1280,
    n_audio_head=20,
    n_audio_layer=32,
    n_vocab=51_866,
    n_text_ctx=448,
    n_text_state=1280,
    n_text_head=20,
    n_text_layer=32,
)

_BASE = replace(
    _LARGE,
    n_mels=80,
    n_audio_state=512,
    n_audio_head=8,
    n_audio_layer=6,
    n_vocab=51_865,
    n_text_state=512,
    n_text_head=8,
    n_text_layer=6,
)

SHAPES = {
    "tiny.en": replace(
        _BASE,
        n_audio_state=384,
        n_audio_head=6,
        n_audio_layer=4,
        n_vocab=51_864,
        n_text_state=384,
        n_text_head=6,
        n_text_layer=4,
    ),
    "base": _BASE,
    "large-v3": _LARGE,
    "turbo": replace(_LARGE, n_text_layer=4),
}

_SCALE = 0.02


def build_random_model(name: str, device: torch.device, dtype: torch.dtype) -> WhisperModel:
    """Return a model as large and as slow as the real one, which hears nothing but noise."""
    dimensions = SHAPES[name]
    generator = torch.Generator().manual_seed(0)
    state = {
        key: (torch.randn(shape, generator=generator) * _SCALE).to(dtype)
        for key, shape in dimensions.list_shapes().items()
    }
    weights = ModelWeights(dimensions, state, default_heads(name, dimensions))
    return build_model(weights, device, dtype)
