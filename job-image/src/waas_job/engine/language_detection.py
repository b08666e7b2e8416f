"""Which language is spoken in a window: the model's guess at the token that says so."""

import torch
from torch import Tensor

from waas_job.engine.decoder import OwnPast, causal_mask, make_room_to_hear
from waas_job.engine.model import WhisperModel
from waas_job.engine.protocol import Language


def detect_language(model: WhisperModel, features: Tensor) -> Language:
    """Return the likeliest language of [1, 1500, width] of features."""
    tokenizer = model.tokenizer
    heard = make_room_to_hear(model.dimensions, 1, model.device, model.dtype)
    model.decoder.hear(features, heard)
    hidden, _ = model.decoder(
        torch.tensor([[tokenizer.sot]], device=model.device),
        torch.zeros(1, 1, dtype=torch.long, device=model.device),
        heard,
        OwnPast(),
        causal_mask(1, model.device, model.dtype),
    )
    logits = model.decoder.logits(hidden[:, 0])[0, list(tokenizer.language_tokens)]
    probability, at = logits.softmax(dim=0).max(dim=0)
    # Half precision may add up to a little more than 1.
    return Language(tokenizer.languages[int(at)], min(1.0, float(probability)))
