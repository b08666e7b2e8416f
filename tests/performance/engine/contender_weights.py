"""The weights of OpenAI's models in the forms that the contenders read, made once a machine.

They are found before a contender's process starts, so that its clock does not count it.
"""

import shutil
import struct
import tempfile
from collections.abc import Iterator
from importlib.metadata import distribution
from importlib.resources import as_file, files
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import torch
from whisper.tokenizer import get_encoding

from support.checkpoints import PACKAGED, checkpoint_directory

Matrix = npt.NDArray[np.float32]

# As in CTranslate2's own converter; what faster-whisper reads beside the weights.
_SIDE_FILES = ("config.json", "tokenizer.json", "vocabulary.txt")

_GGML_MAGIC = 0x67676D6C
_DIMENSIONS = (
    "n_vocab",
    "n_audio_ctx",
    "n_audio_state",
    "n_audio_head",
    "n_audio_layer",
    "n_text_ctx",
    "n_text_state",
    "n_text_head",
    "n_text_layer",
    "n_mels",
)
_SINGLE, _HALF = 0, 1


def find_weights(adapter: str, model: str) -> Path:
    """Return the file or folder that an adapter of that name reads."""
    match adapter:
        case "faster_whisper":
            return _ctranslate2_directory(model)
        case "whisper_cpp":
            return _ggml_file(model)
        case "openai_whisper":
            return checkpoint_directory() / f"{model}.pt"
        case _:
            return checkpoint_directory()


def _ctranslate2_directory(model: str) -> Path:
    """Return a folder as faster-whisper loads it: the packages' own files, their pieces joined."""
    directory = _peers_directory() / f"{model}.ctranslate2"
    if not directory.exists():
        packaged = next(each for each in PACKAGED if each.model == model)
        pieces = [Path(str(distribution(name).locate_file(file))) for name, file in packaged.pieces]
        with tempfile.TemporaryDirectory(dir=directory.parent) as folder:
            made = Path(folder) / directory.name
            made.mkdir()
            with (made / "model.bin").open("wb") as whole:
                for piece in pieces:
                    whole.write(piece.read_bytes())
            for name in _SIDE_FILES:
                shutil.copy(pieces[0].parent / name, made)
            made.rename(directory)
    return directory


def _ggml_file(model: str) -> Path:
    """Return a file as whisper.cpp publishes it: matrices in half precision, as in the checkpoint.

    The form: a magic number and the dimensions; the mel filters; the tokens' bytes; then each
    tensor with its rank, the length of its name, its type, its dimensions from the last, its name
    and its values.
    """
    path = _peers_directory() / f"{model}.ggml"
    if not path.exists():
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            made = Path(folder) / path.name
            with made.open("wb") as file:
                _write_ggml(checkpoint_directory() / f"{model}.pt", file)
            made.rename(path)
    return path


def _peers_directory() -> Path:
    """Return a folder beside the checkpoints, so that these stay a model cache and nothing else."""
    directory = checkpoint_directory().parent / f"{checkpoint_directory().name}-peers"
    directory.mkdir(exist_ok=True)
    return directory


def _write_ggml(checkpoint: Path, file: BinaryIO) -> None:
    content = torch.load(checkpoint, map_location="cpu", weights_only=True)
    dimensions = content["dims"]
    sizes = [dimensions[name] for name in _DIMENSIONS]
    file.write(struct.pack(f"<{len(sizes) + 2}i", _GGML_MAGIC, *sizes, _HALF))
    filters = _mel_filters(dimensions["n_mels"])
    file.write(struct.pack("<2i", *filters.shape) + filters.astype("<f4").tobytes())
    tokens = list(_tokens(is_multilingual=dimensions["n_vocab"] >= 51_865))
    file.write(struct.pack("<i", len(tokens)))
    for token in tokens:
        file.write(struct.pack("<i", len(token)) + token)
    for name, tensor in content["model_state_dict"].items():
        _write_tensor(file, name, tensor.float().numpy())


def _mel_filters(count: int) -> Matrix:
    with as_file(files("whisper") / "assets" / "mel_filters.npz") as path:
        filters: Matrix = np.load(path, allow_pickle=False)[f"mel_{count}"]
    return filters


def _tokens(*, is_multilingual: bool) -> Iterator[bytes]:
    encoding = get_encoding("multilingual" if is_multilingual else "gpt2")
    for token in range(encoding.eot_token):
        yield encoding.decode_single_token_bytes(token)


def _write_tensor(file: BinaryIO, name: str, values: Matrix) -> None:
    # The convolutions' biases are added along the frames.
    if name in ("encoder.conv1.bias", "encoder.conv2.bias"):
        values = values.reshape(-1, 1)
    is_matrix = values.ndim >= 2 and not name.endswith((".bias", "positional_embedding"))
    key = name.encode()
    file.write(struct.pack("<3i", values.ndim, len(key), _HALF if is_matrix else _SINGLE))
    file.write(struct.pack(f"<{values.ndim}i", *reversed(values.shape)) + key)
    file.write(values.astype("<f2" if is_matrix else "<f4").tobytes())
