"""The catalogue of models: where each comes from, and the digests that its files must have.

A catalogue file is TOML, or JSON of the same shape. OpenAI's layout is one checkpoint file:

    [[models]]
    name = "newsroom-small"
    layout = "openai"
    address = "https://models.example/newsroom-small.pt"
    sha256 = "9ecf7799…"
    bytes = 483617219                # optional, as is all below
    languages = ["no", "nn"]         # left out: every language that Whisper knows
    memoryBytes = 2147483648         # what a job with it needs, roughly
    alignmentHeads = [[5, 3], [5, 9]]
    licence = "MIT"
    source = "The newsroom's own, from OpenAI's small"

Hugging Face's is a folder. An address is an http, https or file URL, or a path from where the
catalogue file lies:

    [[models]]
    name = "nb-whisper-small"
    layout = "safetensors"
    address = "https://huggingface.co/NbAiLab/nb-whisper-small/resolve/<commit>/"
    [models.files]
    "config.json" = { sha256 = "…" }
    "generation_config.json" = { sha256 = "…" }
    "model.safetensors" = { sha256 = "…", bytes = 966995080 }
"""

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from waas_contract.catalogue_entries import (
    FolderEntry,
    ModelLayout,
    OneFileEntry,
    WrittenEntry,
    parse_entry,
)
from waas_contract.models import checkpoint_file_name, published_name


class BadCatalogue(Exception):
    """A catalogue file cannot be used; the message names the file, the model and the field."""


@dataclass(frozen=True)
class ModelFile:
    """One file of a model."""

    path: str
    """Where it lies in the model cache."""

    address: str
    """Where it comes from: an http, https or file URL."""

    sha256: str
    bytes: int | None = None


@dataclass(frozen=True)
class CatalogueEntry:
    """What is known of one model."""

    name: str
    layout: ModelLayout
    files: tuple[ModelFile, ...]
    languages: tuple[str, ...] = ()
    """Codes of the languages that it is for; empty for all that Whisper knows."""

    alignment_heads: tuple[tuple[int, int], ...] | None = None
    """Layer and head of the decoder's attentions that follow the words in the audio."""

    memory_bytes: int | None = None
    """What a job with it needs, roughly."""

    licence: str | None = None
    source: str | None = None
    """Who made it, for people."""

    @property
    def is_english_only(self) -> bool:
        """Tell whether it is for no language but English."""
        return self.languages == ("en",)

    @property
    def bytes(self) -> int | None:
        """Return the size of all files together, where each is known."""
        sizes = [file.bytes for file in self.files if file.bytes is not None]
        return sum(sizes) if len(sizes) == len(self.files) else None


class ModelCatalogue:
    """Models by name."""

    def __init__(self, entries: Iterable[CatalogueEntry] = ()) -> None:
        self._entries = {entry.name: entry for entry in entries}

    def __iter__(self) -> Iterator[CatalogueEntry]:
        return iter(self._entries.values())

    def find(self, name: str) -> CatalogueEntry | None:
        """Return a model by its name, or by OpenAI's other name for it."""
        return self._entries.get(published_name(name))

    def extended_by(self, other: "ModelCatalogue") -> "ModelCatalogue":
        """Return both together; the other's entry replaces one of the same name."""
        return ModelCatalogue({**self._entries, **other._entries}.values())


def parse_catalogue(text: str, *, file: Path) -> ModelCatalogue:
    """Return what a catalogue file says; its path must be absolute.

    Raises:
        BadCatalogue: it is not what the head of this module shows.
    """
    content = _parse_document(text, file)
    models = content.get("models")
    if not isinstance(models, list) or set(content) != {"models"}:
        raise BadCatalogue(f"{file}: must hold one list, 'models', and nothing else.")
    entries: dict[str, CatalogueEntry] = {}
    for number, model in enumerate(models, start=1):
        entry = _build_entry(model, number, file)
        if entry.name in entries:
            raise BadCatalogue(f"{file}: the model '{entry.name}' is there twice.")
        entries[entry.name] = entry
    return ModelCatalogue(entries.values())


def render_catalogue(catalogue: Iterable[CatalogueEntry]) -> str:
    """Return the JSON text that `parse_catalogue` reads back."""
    models = [_describe_entry(entry) for entry in catalogue]
    return json.dumps({"models": models}, indent=2, ensure_ascii=False) + "\n"


def _parse_document(text: str, file: Path) -> Mapping[str, object]:
    try:
        if file.suffix == ".toml":
            return tomllib.loads(text)
        if file.suffix == ".json":
            content = json.loads(text)
            return content if isinstance(content, dict) else {}
    except (tomllib.TOMLDecodeError, json.JSONDecodeError) as error:
        raise BadCatalogue(f"{file}: is no {file.suffix[1:].upper()}: {error}.") from None
    raise BadCatalogue(f"{file}: a catalogue's name has to end in .toml or .json.")


def _build_entry(model: object, number: int, file: Path) -> CatalogueEntry:
    try:
        written = parse_entry(model)
    except ValidationError as error:
        name = model.get("name") if isinstance(model, dict) else None
        place = f"model '{name}'" if isinstance(name, str) else f"model number {number}"
        raise BadCatalogue(f"{file}, {place}: {_describe_problems(error)}.") from None
    return CatalogueEntry(
        name=written.name,
        layout=written.layout,
        files=tuple(_list_files(written, file.parent)),
        languages=written.languages,
        alignment_heads=written.alignment_heads,
        memory_bytes=written.memory_bytes,
        licence=written.licence,
        source=written.source,
    )


def _describe_problems(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, each['loc'])) or 'the entry'}: "
        + each["msg"].removeprefix("Value error, ")
        for each in error.errors()
    )


def _list_files(written: WrittenEntry, folder: Path) -> Iterator[ModelFile]:
    if isinstance(written, OneFileEntry):
        yield ModelFile(
            path=checkpoint_file_name(written.name),
            address=_absolute(written.address, folder),
            sha256=written.sha256,
            bytes=written.bytes,
        )
        return
    for name, file in written.files.items():
        address = file.address or f"{(written.address or '').rstrip('/')}/{name}"
        yield ModelFile(
            path=f"{written.name}/{name}",
            address=_absolute(address, folder),
            sha256=file.sha256,
            bytes=file.bytes,
        )


def _absolute(address: str, folder: Path) -> str:
    return address if "://" in address else (folder / address).as_uri()


def _describe_entry(entry: CatalogueEntry) -> dict[str, object]:
    files = {
        Path(file.path).name: {"address": file.address, "sha256": file.sha256, "bytes": file.bytes}
        for file in entry.files
    }
    about = {
        "name": entry.name,
        "layout": entry.layout,
        "languages": entry.languages,
        "alignmentHeads": entry.alignment_heads,
        "memoryBytes": entry.memory_bytes,
        "licence": entry.licence,
        "source": entry.source,
    }
    if entry.layout is ModelLayout.OPENAI:
        (file,) = files.values()
        written: WrittenEntry = OneFileEntry.model_validate({**about, **file})
    else:
        written = FolderEntry.model_validate({**about, "files": files})
    return written.model_dump(mode="json", by_alias=True, exclude_defaults=True)
