"""The weights as OpenAI's own code runs them."""

import torch
from whisper import Whisper
from whisper.model import ModelDimensions

from waas_job.engine.weights import ModelWeights


def build_openai_model(weights: ModelWeights) -> Whisper:
    """Return the model on the CPU, in single precision."""
    model = Whisper(ModelDimensions(**vars(weights.dimensions)))
    model.load_state_dict(dict(weights.state))
    mask = torch.zeros(model.dims.n_text_layer, model.dims.n_text_head, dtype=torch.bool)
    for layer, head in weights.alignment_heads:
        mask[layer, head] = True
    model.register_buffer("alignment_heads", mask.to_sparse(), persistent=False)
    return model
