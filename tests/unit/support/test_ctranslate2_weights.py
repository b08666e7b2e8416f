import struct
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pytest
import torch
from whisper.model import ModelDimensions, Whisper

from support.ctranslate2_weights import UnreadableWeights, build_checkpoint, read_tensors

Array = npt.NDArray[np.float16]

DIMENSIONS = ModelDimensions(
    n_mels=80,
    n_audio_ctx=6,
    n_audio_state=8,
    n_audio_head=2,
    n_audio_layer=1,
    n_vocab=20,
    n_text_ctx=5,
    n_text_state=8,
    n_text_head=4,
    n_text_layer=2,
)


def fill(*shape: int) -> Array:
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float16)


def attention_parts(block: str, part: str, *, is_cross: bool) -> dict[str, Array]:
    stacks = (8, 16, 8) if is_cross else (24, 8)
    arrays = {
        f"{block}/{part}/layer_norm/gamma": fill(8),
        f"{block}/{part}/layer_norm/beta": fill(8),
    }
    for number, rows in enumerate(stacks):
        arrays[f"{block}/{part}/linear_{number}/weight"] = fill(rows, 8)
        arrays[f"{block}/{part}/linear_{number}/bias"] = fill(rows)
    return arrays


def block_parts(block: str, *, has_cross_attention: bool) -> dict[str, Array]:
    arrays = attention_parts(block, "self_attention", is_cross=False)
    if has_cross_attention:
        arrays |= attention_parts(block, "attention", is_cross=True)
    return arrays | {
        f"{block}/ffn/layer_norm/gamma": fill(8),
        f"{block}/ffn/layer_norm/beta": fill(8),
        f"{block}/ffn/linear_0/weight": fill(32, 8),
        f"{block}/ffn/linear_0/bias": fill(32),
        f"{block}/ffn/linear_1/weight": fill(8, 32),
        f"{block}/ffn/linear_1/bias": fill(8),
    }


def make_tensors() -> dict[str, npt.NDArray[np.generic]]:
    return {
        "encoder/conv1/weight": fill(8, 80, 3),
        "encoder/conv1/bias": fill(8),
        "encoder/conv2/weight": fill(8, 8, 3),
        "encoder/conv2/bias": fill(8),
        "encoder/position_encodings/encodings": fill(6, 8),
        "encoder/layer_norm/gamma": fill(8),
        "encoder/layer_norm/beta": fill(8),
        "encoder/num_heads": np.array(2, dtype=np.int16),
        "decoder/embeddings/weight": fill(20, 8),
        "decoder/position_encodings/encodings": fill(5, 8),
        "decoder/layer_norm/gamma": fill(8),
        "decoder/layer_norm/beta": fill(8),
        "decoder/num_heads": np.array(4, dtype=np.int16),
        "decoder/scale_embeddings": np.array(0, dtype=np.int8),
        **block_parts("encoder/layer_0", has_cross_attention=False),
        **block_parts("decoder/layer_0", has_cross_attention=True),
        **block_parts("decoder/layer_1", has_cross_attention=True),
    }


def string(text: str) -> bytes:
    content = text.encode() + b"\0"
    return struct.pack("<H", len(content)) + content


def model_file(
    tensors: Mapping[str, npt.NDArray[np.generic]], *, version: int = 6, spec: str = "WhisperSpec"
) -> bytes:
    types = {"int8": 1, "int16": 2, "float16": 4}
    pieces = [struct.pack("<I", version), string(spec), struct.pack("<II", 3, len(tensors))]
    for name, array in tensors.items():
        pieces += [
            string(name),
            struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape),
            struct.pack("<BI", types[array.dtype.name], array.nbytes),
            array.tobytes(),
        ]
    aliases = [struct.pack("<I", 1), string("decoder/projection/weight"), string("decoder/x")]
    return b"".join(pieces + aliases)


def test_tensors_are_read_as_they_were_written() -> None:
    tensors = make_tensors()
    found = read_tensors(model_file(tensors))
    assert found.keys() == tensors.keys()
    for name, array in tensors.items():
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize(("version", "spec"), [(5, "WhisperSpec"), (6, "TransformerSpec")])
def test_other_files_are_refused(version: int, spec: str) -> None:
    with pytest.raises(UnreadableWeights, match=spec):
        read_tensors(model_file({}, version=version, spec=spec))


def test_checkpoint_has_the_models_dimensions() -> None:
    assert build_checkpoint(make_tensors())["dims"] == vars(DIMENSIONS)


def test_checkpoint_fits_whispers_model_key_by_key() -> None:
    state = build_checkpoint(make_tensors())["model_state_dict"]
    assert isinstance(state, dict)
    Whisper(DIMENSIONS).load_state_dict(state, strict=True)


def test_stacked_projections_are_taken_apart() -> None:
    tensors = make_tensors()
    state = build_checkpoint(tensors)["model_state_dict"]
    assert isinstance(state, dict)
    own = torch.from_numpy(np.array(tensors["decoder/layer_1/self_attention/linear_0/weight"]))
    cross = torch.from_numpy(np.array(tensors["decoder/layer_1/attention/linear_1/weight"]))
    bias = torch.from_numpy(np.array(tensors["decoder/layer_1/attention/linear_1/bias"]))
    block = "decoder.blocks.1"
    assert torch.equal(state[f"{block}.attn.query.weight"], own[:8])
    assert torch.equal(state[f"{block}.attn.key.weight"], own[8:16])
    assert torch.equal(state[f"{block}.attn.value.weight"], own[16:])
    assert torch.equal(state[f"{block}.cross_attn.key.weight"], cross[:8])
    assert torch.equal(state[f"{block}.cross_attn.value.weight"], cross[8:])
    assert torch.equal(state[f"{block}.cross_attn.value.bias"], bias[8:])
    assert f"{block}.attn.key.bias" not in state
