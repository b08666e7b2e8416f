"""Writes a checkpoint of OpenAI's as the folder that Hugging Face's transformers saves."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import save_file

# In this order: a later line finds what an earlier one left.
_REWRITES = (
    (r"\.blocks\.", ".layers."),
    (r"\.mlp\.0\.", ".fc1."),
    (r"\.mlp\.2\.", ".fc2."),
    (r"\.mlp_ln\.", ".final_layer_norm."),
    (r"\.cross_attn_ln\.", ".encoder_attn_layer_norm."),
    (r"\.attn_ln\.", ".self_attn_layer_norm."),
    (r"\.cross_attn\.", ".encoder_attn."),
    (r"\.attn\.", ".self_attn."),
    (r"\.(query|key|value)\.", lambda found: f".{found[1][0]}_proj."),
    (r"attn\.out\.", "attn.out_proj."),
    (r"^encoder\.ln_post\.", "encoder.layer_norm."),
    (r"^decoder\.ln\.", "decoder.layer_norm."),
    (r"token_embedding", "embed_tokens"),
    (r"positional_embedding", "embed_positions.weight"),
)


def write_hugging_face_folder(
    folder: Path,
    dimensions: Mapping[str, int],
    state: Mapping[str, torch.Tensor],
    *,
    shards: int = 1,
    alignment_heads: Sequence[Sequence[int]] | None = None,
    changes: Mapping[str, object] | None = None,
    dtype: torch.dtype = torch.float32,
) -> Path:
    """Write config.json, the weights in one or several files, and generation_config.json."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(
        json.dumps({**_build_config(dimensions), **(changes or {})})
    )
    tensors = {rename(name): tensor.to(dtype).contiguous() for name, tensor in state.items()}
    if shards == 1:
        save_file(tensors, folder / "model.safetensors")
    else:
        _write_shards(folder, tensors, shards)
    if alignment_heads is not None:
        text = json.dumps({"alignment_heads": alignment_heads, "max_length": 448})
        (folder / "generation_config.json").write_text(text)
    return folder


def rename(name: str) -> str:
    """Return Hugging Face's name of a tensor."""
    for pattern, replacement in _REWRITES:
        name = re.sub(pattern, replacement, name)
    return f"model.{name}"


def _write_shards(folder: Path, tensors: Mapping[str, torch.Tensor], shards: int) -> None:
    weight_map: dict[str, str] = {}
    for number in range(shards):
        file = f"model-{number + 1:05}-of-{shards:05}.safetensors"
        names = sorted(tensors)[number::shards]
        save_file({name: tensors[name] for name in names}, folder / file)
        weight_map |= dict.fromkeys(names, file)
    index = {"metadata": {}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def _build_config(dimensions: Mapping[str, int]) -> dict[str, object]:
    width = dimensions["n_text_state"]
    return {
        "model_type": "whisper",
        "architectures": ["WhisperForConditionalGeneration"],
        "activation_function": "gelu",
        "scale_embedding": False,
        "d_model": width,
        "encoder_ffn_dim": 4 * width,
        "decoder_ffn_dim": 4 * width,
        "num_mel_bins": dimensions["n_mels"],
        "max_source_positions": dimensions["n_audio_ctx"],
        "encoder_attention_heads": dimensions["n_audio_head"],
        "encoder_layers": dimensions["n_audio_layer"],
        "vocab_size": dimensions["n_vocab"],
        "max_target_positions": dimensions["n_text_ctx"],
        "decoder_attention_heads": dimensions["n_text_head"],
        "decoder_layers": dimensions["n_text_layer"],
    }
