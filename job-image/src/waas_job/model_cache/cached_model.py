"""What an engine loads: finds a model in the folder and verifies it; never writes anything."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from waas_contract.catalogue_entries import CONFIG_FILE_NAME, WEIGHTS_SUFFIX, ModelLayout
from waas_contract.model_catalogue import CatalogueEntry
from waas_contract.models import checkpoint_file_name
from waas_job.errors import BadConfiguration, ModelNotFound
from waas_job.model_cache.catalogues import read_catalogues
from waas_job.model_cache.errors import UnusableCatalogue
from waas_job.model_cache.markers import read_marker, sha256_of

_ONE_WEIGHTS_FILE = f"model{WEIGHTS_SUFFIX}"


@dataclass(frozen=True)
class CachedModel:
    """A model that is there."""

    name: str
    layout: ModelLayout
    path: Path
    """The checkpoint file, or the folder of its files."""

    files: tuple[Path, ...]
    """All that belongs to it; what else lies in its folder was not verified."""

    entry: CatalogueEntry | None = None
    """What the catalogue says of it; None where nothing but the files is known."""

    @property
    def weight_files(self) -> tuple[Path, ...]:
        """Return the files with the weights, without those that describe them."""
        if self.layout is ModelLayout.OPENAI:
            return self.files
        return tuple(path for path in self.files if path.suffix == WEIGHTS_SUFFIX)

    def find_file(self, name: str) -> Path | None:
        """Return one of its files by name."""
        return next((path for path in self.files if path.name == name), None)

    def verify(self) -> str:
        """Return the digest of the weights; raises ModelNotFound if a file is not the catalogue's.

        A file that was verified since it last changed is not read again.
        """
        expected = (
            [file.sha256 for file in self.entry.files] if self.entry else [None] * len(self.files)
        )
        digests = {
            path: self._verify_file(path, sha256)
            for path, sha256 in zip(self.files, expected, strict=True)
        }
        return _one_digest([digests[path] for path in self.weight_files])

    def _verify_file(self, path: Path, expected: str | None) -> str:
        noted = read_marker(path)
        if noted is not None and expected in (None, noted):
            return noted
        # No marker, or one for another catalogue: the file itself has the last word.
        found = sha256_of(path)
        if expected not in (None, found):
            raise ModelNotFound(
                f"The model '{self.name}' is not loaded: {path.name} in {path.parent} is not the "
                f"catalogue's; its SHA-256 is {found} and should be {expected}. "
                f"`waas models pull {self.name}` replaces it."
            )
        return found


def find_cached_model(folder: Path, name: str) -> CachedModel:
    """Return a model of the cache, without reading its weights.

    Raises:
        ModelNotFound: a file of it is missing.
        BadConfiguration: the folder's own catalogue cannot be used.
    """
    try:
        entry = read_catalogues(folder).find(name)
    except UnusableCatalogue as error:
        raise BadConfiguration(error.message) from error
    if entry is None:
        return find_by_files(folder, name)
    files = tuple(folder / file.path for file in entry.files)
    for path in files:
        _require_file(path, name, folder)
    return CachedModel(
        name, entry.layout, model_path(folder, entry.name, entry.layout), files, entry
    )


def find_by_files(folder: Path, name: str) -> CachedModel:
    """Return a model that no catalogue knows: `<name>.pt`, or `<name>/config.json` and the rest."""
    in_folder = model_path(folder, name, ModelLayout.SAFETENSORS)
    if (in_folder / CONFIG_FILE_NAME).is_file():
        return _describe_folder(in_folder)
    checkpoint = model_path(folder, name, ModelLayout.OPENAI)
    if not checkpoint.is_file():
        raise ModelNotFound(
            f"There is no model '{name}': there is no {checkpoint.name} in {folder}, and no "
            "catalogue names it. `waas models list` shows those that there are; a catalogue of "
            "your own (WAAS_MODEL_CATALOGUE) adds others."
        )
    return CachedModel(name, ModelLayout.OPENAI, checkpoint, (checkpoint,))


def list_by_files(folder: Path) -> Iterator[CachedModel]:
    """Return every model that is in the folder, whatever the catalogue says."""
    for path in sorted(folder.glob("*.pt")):
        yield CachedModel(path.stem, ModelLayout.OPENAI, path, (path,))
    for path in sorted(folder.glob(f"*/{CONFIG_FILE_NAME}")):
        yield _describe_folder(path.parent)


def _describe_folder(path: Path) -> CachedModel:
    descriptions = sorted(path.glob("*.json"))
    weights = sorted(path.glob(f"*{WEIGHTS_SUFFIX}"))
    if path / _ONE_WEIGHTS_FILE in weights:
        # Other files are the same weights once more, in another precision.
        weights = [path / _ONE_WEIGHTS_FILE]
    return CachedModel(path.name, ModelLayout.SAFETENSORS, path, (*descriptions, *weights))


def model_path(folder: Path, name: str, layout: ModelLayout) -> Path:
    """Return where a model of a layout lies."""
    return folder / (checkpoint_file_name(name) if layout is ModelLayout.OPENAI else name)


def how_to_fill(name: str, folder: Path) -> str:
    """Return the sentence that tells how a model gets into the cache."""
    return (
        f"Run `waas models pull {name}` (without a network, on another machine, and copy the "
        f"folder to {folder}). In a cluster, let a Job that mounts it run "
        f"`waas-models pull {name}`."
    )


def _require_file(path: Path, name: str, folder: Path) -> None:
    if not path.is_file():
        raise ModelNotFound(
            f"The model '{name}' is not in the model cache: there is no {path.name} in "
            f"{path.parent}. {how_to_fill(name, folder)}"
        )


def _one_digest(digests: Sequence[str]) -> str:
    """Return the digest of the only file, or one that stands for several."""
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()
