"""Builders of what the model cache knows and holds, with only the fields that matter."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from waas_contract.catalogue_entries import ModelLayout
from waas_contract.model_catalogue import CatalogueEntry, ModelCatalogue, ModelFile
from waas_job.model_cache import ModelCache
from waas_job.model_cache.pulling import PullSettings
from waas_job.storage.retrying import Waiting

MODEL = "parrot"
CONTENT = b"weights" * 1000
FOLDER_CONTENTS = {"config.json": b'{"model_type": "whisper"}', "model.safetensors": CONTENT}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def make_entry(
    content: bytes = b"weights",
    *,
    name: str = MODEL,
    address: str = "http://models.test/parrot.pt",
    size: int | None = None,
) -> CatalogueEntry:
    """Return a model of one file."""
    file = ModelFile(f"{name}.pt", address, sha256(content), size)
    return CatalogueEntry(name=name, layout=ModelLayout.OPENAI, files=(file,))


def make_folder_entry(
    contents: Mapping[str, bytes], *, name: str = MODEL, address: str
) -> CatalogueEntry:
    """Return a model in Hugging Face's layout."""
    files = tuple(
        ModelFile(f"{name}/{file}", f"{address}/{file}", sha256(content), len(content))
        for file, content in contents.items()
    )
    return CatalogueEntry(name=name, layout=ModelLayout.SAFETENSORS, files=files)


def lay_out_file(elsewhere: Path, *, name: str = MODEL) -> CatalogueEntry:
    """Put a model of one file where it can be pulled from."""
    elsewhere.mkdir(exist_ok=True)
    (elsewhere / f"{name}.pt").write_bytes(CONTENT)
    return make_entry(CONTENT, name=name, address=(elsewhere / f"{name}.pt").as_uri())


def lay_out_folder(elsewhere: Path) -> CatalogueEntry:
    """Put a model in Hugging Face's layout where it can be pulled from."""
    elsewhere.mkdir(exist_ok=True)
    for file, content in FOLDER_CONTENTS.items():
        (elsewhere / file).write_bytes(content)
    return make_folder_entry(FOLDER_CONTENTS, address=elsewhere.as_uri())


def make_cache(
    folder: Path,
    *entries: CatalogueEntry,
    patience_seconds: float = 1,
    mirror: str | None = None,
    free_bytes: int = 10**12,
) -> ModelCache:
    """Return a cache that waits for nothing longer than it must."""
    settings = PullSettings(
        mirror=mirror,
        patience_seconds=patience_seconds,
        waiting=Waiting(draw=lambda: 0),
        free_bytes=lambda _: free_bytes,
    )
    return ModelCache(folder, ModelCatalogue(entries), settings)
