"""A folder of Hugging Face's WhisperForConditionalGeneration, as OpenAI's code wants it.

    config.json             the dimensions
    model.safetensors       the weights, or several files of that kind
    generation_config.json  the heads that follow the words in the audio; not always there

The two differ in names only: every tensor has the same shape and meaning.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from waas_job.engine.dimensions import ModelDimensions

GENERATION_FILE_NAME = "generation_config.json"

_DIMENSIONS = {
    "n_mels": "num_mel_bins",
    "n_audio_ctx": "max_source_positions",
    "n_audio_state": "d_model",
    "n_audio_head": "encoder_attention_heads",
    "n_audio_layer": "encoder_layers",
    "n_vocab": "vocab_size",
    "n_text_ctx": "max_target_positions",
    "n_text_state": "d_model",
    "n_text_head": "decoder_attention_heads",
    "n_text_layer": "decoder_layers",
}

_WHOLE_NAMES = {
    "encoder.embed_positions.weight": "encoder.positional_embedding",
    "encoder.layer_norm.weight": "encoder.ln_post.weight",
    "encoder.layer_norm.bias": "encoder.ln_post.bias",
    "decoder.embed_tokens.weight": "decoder.token_embedding.weight",
    "decoder.embed_positions.weight": "decoder.positional_embedding",
    "decoder.layer_norm.weight": "decoder.ln.weight",
    "decoder.layer_norm.bias": "decoder.ln.bias",
}

_BLOCK_PARTS = {
    "self_attn_layer_norm": "attn_ln",
    "encoder_attn_layer_norm": "cross_attn_ln",
    "final_layer_norm": "mlp_ln",
    "fc1": "mlp.0",
    "fc2": "mlp.2",
}
_ATTENTIONS = {"self_attn": "attn", "encoder_attn": "cross_attn"}
_PROJECTIONS = {"q_proj": "query", "k_proj": "key", "v_proj": "value", "out_proj": "out"}

_BLOCK_NAME = re.compile(r"(encoder|decoder)\.layers\.(\d+)\.([a-z0-9_.]+)\.(weight|bias)")
_CONVOLUTION_NAME = re.compile(r"encoder\.conv[12]\.(weight|bias)")

# The output is the transposed embedding of the tokens; OpenAI's code has no other.
_OUTPUT_NAME = "proj_out.weight"
_EMBEDDING_NAME = "decoder.token_embedding.weight"


class NotWhisper(Exception):
    """The folder does not hold a model that OpenAI's code can run."""


def read_dimensions(path: Path) -> ModelDimensions:
    """Return the dimensions that a config.json tells."""
    config = _read_json(path)
    if config.get("model_type") != "whisper":
        raise NotWhisper(f"{path.name} describes a model of another type")
    try:
        dimensions = {ours: int(config[theirs]) for ours, theirs in _DIMENSIONS.items()}
    except (KeyError, TypeError, ValueError) as error:
        raise NotWhisper(f"{path.name} does not tell {error}") from error
    width = dimensions["n_text_state"]
    for name, expected in (
        ("encoder_ffn_dim", 4 * width),
        ("decoder_ffn_dim", 4 * width),
        ("activation_function", "gelu"),
        ("scale_embedding", False),
    ):
        if config.get(name, expected) != expected:
            raise NotWhisper(f"its {name} is {config[name]} and not {expected}")
    return ModelDimensions(**dimensions)


def read_state(paths: Iterable[Path]) -> dict[str, torch.Tensor]:
    """Return the weights under OpenAI's names."""
    state: dict[str, torch.Tensor] = {}
    for path in paths:
        try:
            tensors = load_file(path)
        except (SafetensorError, OSError) as error:
            raise NotWhisper(f"{path.name} cannot be read: {error}") from error
        state.update({_rename(name): tensor for name, tensor in tensors.items()})
    output = state.pop(_OUTPUT_NAME, None)
    embedding = state.get(_EMBEDDING_NAME)
    if output is not None and embedding is not None and not torch.equal(output, embedding):
        raise NotWhisper(f"its {_OUTPUT_NAME} is not the embedding of its tokens")
    return state


def read_alignment_heads(path: Path) -> tuple[tuple[int, int], ...] | None:
    """Return layer and head of the attentions that follow the words, if they are told."""
    heads = _read_json(path).get("alignment_heads")
    return tuple((int(layer), int(head)) for layer, head in heads) if heads else None


def _rename(name: str) -> str:
    name = name.removeprefix("model.")
    if name == _OUTPUT_NAME or _CONVOLUTION_NAME.fullmatch(name):
        return name
    if name in _WHOLE_NAMES:
        return _WHOLE_NAMES[name]
    if block := _BLOCK_NAME.fullmatch(name):
        side, number, part, leaf = block.groups()
        attention, _, projection = part.partition(".")
        if part in _BLOCK_PARTS:
            return f"{side}.blocks.{number}.{_BLOCK_PARTS[part]}.{leaf}"
        if attention in _ATTENTIONS and projection in _PROJECTIONS:
            ours = f"{_ATTENTIONS[attention]}.{_PROJECTIONS[projection]}"
            return f"{side}.blocks.{number}.{ours}.{leaf}"
    raise NotWhisper(f"it has a tensor '{name}', which Whisper does not")


def _read_json(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise NotWhisper(f"{path.name} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise NotWhisper(f"{path.name} is no JSON object")
    return content
