"""Turns a Whisper model in CTranslate2's form into a checkpoint as OpenAI publishes them.

The package index holds Whisper's weights in this form only. The file (version 6) is little-endian:

    u32 version, string spec name, u32 revision, u32 count of tensors
    per tensor: string name, u8 rank, u32 per dimension, u8 type, u32 length in bytes, values
    u32 count of aliases, then two strings (alias, name) each

where a string is a u16 length and that many bytes, the last one NUL. Attention's projections lie
stacked in it: query, key and value of self-attention; key and value of cross-attention.
"""

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

Tensors = Mapping[str, npt.NDArray[np.generic]]

FORMAT_VERSION = 6
SPEC_NAME = "WhisperSpec"

_TYPES: dict[int, type[np.generic]] = {
    0: np.float32,
    1: np.int8,
    2: np.int16,
    3: np.int32,
    4: np.float16,
}

_WHOLE_NAMES = {
    "encoder/position_encodings/encodings": "encoder.positional_embedding",
    "encoder/layer_norm/gamma": "encoder.ln_post.weight",
    "encoder/layer_norm/beta": "encoder.ln_post.bias",
    "decoder/embeddings/weight": "decoder.token_embedding.weight",
    "decoder/position_encodings/encodings": "decoder.positional_embedding",
    "decoder/layer_norm/gamma": "decoder.ln.weight",
    "decoder/layer_norm/beta": "decoder.ln.bias",
}

# The parts of one block: a name without its "weight" or "bias" -> the parts stacked in it.
_BLOCK_PARTS: dict[str, tuple[str, ...]] = {
    "self_attention/layer_norm": ("attn_ln",),
    "self_attention/linear_0": ("attn.query", "attn.key", "attn.value"),
    "self_attention/linear_1": ("attn.out",),
    "attention/layer_norm": ("cross_attn_ln",),
    "attention/linear_0": ("cross_attn.query",),
    "attention/linear_1": ("cross_attn.key", "cross_attn.value"),
    "attention/linear_2": ("cross_attn.out",),
    "ffn/layer_norm": ("mlp_ln",),
    "ffn/linear_0": ("mlp.0",),
    "ffn/linear_1": ("mlp.2",),
}

_LEAVES = {"weight": "weight", "bias": "bias", "gamma": "weight", "beta": "bias"}

_BLOCK_NAME = re.compile(r"(encoder|decoder)/layer_(\d+)/(.+)/([a-z]+)")
_CONVOLUTION_NAME = re.compile(r"encoder/(conv[12])/(weight|bias)")


class UnreadableWeights(Exception):
    """The file is not a Whisper model in the form that this module knows."""


@dataclass
class _Reader:
    content: memoryview
    offset: int = 0

    def number(self, code: str) -> int:
        form = f"<{code}"
        (value,) = struct.unpack_from(form, self.content, self.offset)
        self.offset += struct.calcsize(form)
        return int(value)

    def bytes(self, length: int) -> memoryview:
        piece = self.content[self.offset : self.offset + length]
        self.offset += length
        return piece

    def string(self) -> str:
        return bytes(self.bytes(self.number("H"))).rstrip(b"\0").decode()


def read_tensors(content: bytes) -> Tensors:
    """Return the tensors of a model.bin by name."""
    reader = _Reader(memoryview(content))
    version, spec_name = reader.number("I"), reader.string()
    if (version, spec_name) != (FORMAT_VERSION, SPEC_NAME):
        raise UnreadableWeights(
            f"expected {SPEC_NAME} in version {FORMAT_VERSION}, found {spec_name} in {version}"
        )
    reader.number("I")  # the spec's revision
    return dict(_read_tensor(reader) for _ in range(reader.number("I")))


def _read_tensor(reader: _Reader) -> tuple[str, npt.NDArray[np.generic]]:
    name = reader.string()
    shape = tuple(reader.number("I") for _ in range(reader.number("B")))
    kind = _TYPES[reader.number("B")]
    values = np.frombuffer(reader.bytes(reader.number("I")), dtype=kind)
    return name, values.reshape(shape)


def build_checkpoint(tensors: Tensors) -> dict[str, object]:
    """Return what `torch.save` stores in one of OpenAI's checkpoint files."""
    state = {
        key: torch.from_numpy(np.array(values))
        for name, array in tensors.items()
        for key, values in _renamed(name, array)
    }
    return {"dims": _dimensions(tensors), "model_state_dict": state}


def _renamed(
    name: str, array: npt.NDArray[np.generic]
) -> Iterator[tuple[str, npt.NDArray[np.generic]]]:
    if name in _WHOLE_NAMES:
        yield _WHOLE_NAMES[name], array
    elif convolution := _CONVOLUTION_NAME.fullmatch(name):
        yield f"encoder.{convolution[1]}.{convolution[2]}", array
    elif block := _BLOCK_NAME.fullmatch(name):
        side, number, part, leaf = block.groups()
        names = _BLOCK_PARTS[part]
        for each, values in zip(names, np.split(array, len(names)), strict=True):
            # Whisper's keys have no bias; where they are stacked it is stored as zeros.
            if (each.endswith(".key"), leaf) != (True, "bias"):
                yield f"{side}.blocks.{number}.{each}.{_LEAVES[leaf]}", values


def _dimensions(tensors: Tensors) -> dict[str, int]:
    audio_context, audio_state = tensors["encoder/position_encodings/encodings"].shape
    text_context, text_state = tensors["decoder/position_encodings/encodings"].shape
    return {
        "n_mels": tensors["encoder/conv1/weight"].shape[1],
        "n_audio_ctx": audio_context,
        "n_audio_state": audio_state,
        "n_audio_head": int(tensors["encoder/num_heads"]),
        "n_audio_layer": _count_layers(tensors, "encoder"),
        "n_vocab": tensors["decoder/embeddings/weight"].shape[0],
        "n_text_ctx": text_context,
        "n_text_state": text_state,
        "n_text_head": int(tensors["decoder/num_heads"]),
        "n_text_layer": _count_layers(tensors, "decoder"),
    }


def _count_layers(tensors: Tensors, side: str) -> int:
    blocks = (_BLOCK_NAME.fullmatch(name) for name in tensors)
    return len({block[2] for block in blocks if block and block[1] == side})
