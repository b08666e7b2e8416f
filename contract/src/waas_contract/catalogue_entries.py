"""What an administrator writes about one model; strict, so that a slip of the pen is told about."""

import re
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from waas_contract.languages import LANGUAGE_NAMES
from waas_contract.models import published_name

CONFIG_FILE_NAME = "config.json"
"""Describes the model, in Hugging Face's layout."""

WEIGHTS_SUFFIX = ".safetensors"

# As in TranscriptionJobSpec.model.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# A folder of such a name could be taken for a file of the cache.
_RESERVED_SUFFIXES = (".pt", ".json", ".sha256", ".partial")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}\.(json|safetensors)")


class ModelLayout(StrEnum):
    """How a model's files are laid out."""

    OPENAI = "openai"
    """One checkpoint file, as OpenAI publishes them."""

    SAFETENSORS = "safetensors"
    """A folder of Hugging Face's WhisperForConditionalGeneration."""


def _check_name(name: str) -> str:
    if not _NAME.fullmatch(name) or name.endswith(_RESERVED_SUFFIXES):
        raise ValueError(
            "must be letters, digits, dots, dashes and underscores, at most 64, and not end in "
            + " or ".join(_RESERVED_SUFFIXES)
        )
    if (published := published_name(name)) != name:
        raise ValueError(f"is OpenAI's other name for '{published}'")
    return name


def _check_address(address: str) -> str:
    if "://" not in address:
        return address
    # A malformed one raises ValueError, too.
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https", "file"):
        raise ValueError("must be an http, https or file URL, or a path")
    if parts.scheme != "file" and not parts.hostname:
        raise ValueError("names no host")
    return address


def _check_language(code: str) -> str:
    if code not in LANGUAGE_NAMES:
        raise ValueError(f"'{code}' is not the code of a language that Whisper knows")
    return code


def _check_files(files: "dict[str, WrittenFile]") -> "dict[str, WrittenFile]":
    for name in files:
        if not _FILE_NAME.fullmatch(name):
            raise ValueError(f"'{name}' is not the plain name of a .json or .safetensors file")
    if CONFIG_FILE_NAME not in files:
        raise ValueError(f"{CONFIG_FILE_NAME} is missing")
    if not any(name.endswith(WEIGHTS_SUFFIX) for name in files):
        raise ValueError(f"there is no file with weights, {WEIGHTS_SUFFIX}")
    return files


_Address = Annotated[str, Field(min_length=1), AfterValidator(_check_address)]
_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Count = Annotated[int, Field(gt=0, strict=True)]
_Head = tuple[
    Annotated[int, Field(ge=0, strict=True)],
    Annotated[int, Field(ge=0, strict=True)],
]


class _Written(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)


class _Layout(BaseModel):
    layout: ModelLayout


class _AboutModel(_Written):
    name: Annotated[str, AfterValidator(_check_name)]
    layout: ModelLayout
    languages: tuple[Annotated[str, AfterValidator(_check_language)], ...] = ()
    alignment_heads: Annotated[tuple[_Head, ...], Field(min_length=1)] | None = None
    memory_bytes: _Count | None = None
    licence: str | None = None
    source: str | None = None


class WrittenFile(_Written):
    """One file in a model's folder."""

    sha256: _Sha256
    bytes: _Count | None = None
    address: _Address | None = None
    """None where it lies below the entry's own address."""


class OneFileEntry(_AboutModel):
    """A model in OpenAI's layout."""

    address: _Address
    sha256: _Sha256
    bytes: _Count | None = None


class FolderEntry(_AboutModel):
    """A model in Hugging Face's layout."""

    address: _Address | None = None
    """The folder that every file without an address of its own lies in."""

    files: Annotated[dict[str, WrittenFile], AfterValidator(_check_files)]

    @model_validator(mode="after")
    def _every_file_comes_from_somewhere(self) -> "FolderEntry":
        homeless = [name for name, file in self.files.items() if file.address is None]
        if homeless and self.address is None:
            raise ValueError(f"neither it nor its file {homeless[0]} has an address")
        return self


WrittenEntry = OneFileEntry | FolderEntry


def parse_entry(model: object) -> WrittenEntry:
    """Return one model of a catalogue file; raises `pydantic.ValidationError`."""
    # By itself and first: every other complaint depends on the layout.
    if _Layout.model_validate(model).layout is ModelLayout.OPENAI:
        return OneFileEntry.model_validate(model)
    return FolderEntry.model_validate(model)
