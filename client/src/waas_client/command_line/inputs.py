"""What is to be transcribed, and what its transcripts are to be called."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from waas_client.command_line.addresses import check_address, show_address

SUFFIXES = frozenset(
    (
        *(".aac", ".ac3", ".aif", ".aiff", ".amr", ".ape", ".au", ".caf", ".flac", ".m4a", ".m4b"),
        *(".mka", ".mp2", ".mp3", ".mpga", ".oga", ".ogg", ".opus", ".ra", ".spx", ".wav", ".wma"),
        *(".3gp", ".asf", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg"),
        *(".mpg", ".mts", ".mxf", ".ogv", ".ts", ".vob", ".webm", ".wmv"),
    )
)
"""How the names of recordings end that a folder is searched for."""

_EXTENSIONS = {"timecode_txt": "timecode.txt"}


@dataclass(frozen=True)
class Input:
    """One recording to transcribe."""

    name: str
    """As people are to read of it."""

    folder: Path
    """Where its transcripts go."""

    stem: str
    """How their names begin."""

    path: Path | None = None
    """The file, unless it is yet to be fetched."""

    address: str | None = None
    """Where it is fetched from."""

    is_found: bool = False
    """Whether a folder was searched for it; nobody named it."""

    def output(self, output_format: str) -> Path:
        """Return the file for its transcript in a format."""
        return self.folder / f"{self.stem}.{_EXTENSIONS.get(output_format, output_format)}"

    def outputs(self, formats: Sequence[str]) -> tuple[Path, ...]:
        """Return the files for its transcripts."""
        return tuple(map(self.output, formats))

    def missing(self, formats: Sequence[str]) -> tuple[str, ...]:
        """Return the formats whose files are not there; OSError if nobody may look."""
        return tuple(each for each in formats if not self.output(each).exists())


def is_address(name: str) -> bool:
    """Tell whether a name is an address on the web."""
    return name.lower().startswith(("http://", "https://"))


def find_inputs(names: Sequence[str], output_folder: Path | None) -> list[Input]:
    """Return the recordings that files, folders and addresses stand for, each once."""
    found = {
        (each.path and each.path.absolute()) or each.address: each
        for name in names
        for each in _find(name, output_folder)
    }
    return _tell_apart(list(found.values()))


def _find(name: str, output_folder: Path | None) -> Iterator[Input]:
    if is_address(name):
        check_address(name)
        stem = _remote_path(name).stem or "recording"
        yield Input(show_address(name), output_folder or Path(), stem, address=name)
        return
    path = Path(name)
    if not os.path.isdir(path):
        yield Input(name, output_folder or path.parent, path.stem, path=path)
        return
    for found in _walk(path):
        folder = found.parent
        if output_folder is not None:
            folder = output_folder / folder.relative_to(path)
        yield Input(str(found), folder, found.stem, path=found, is_found=True)


def _walk(folder: Path) -> Iterator[Path]:
    """Yield the recordings in a folder and below, without hidden ones, by name."""
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES:
                yield Path(parent, name)


def _remote_path(address: str) -> PurePosixPath:
    return PurePosixPath(unquote(urlsplit(address).path).replace("\0", ""))


def _tell_apart(inputs: list[Input]) -> list[Input]:
    """Give longer names to those whose transcripts would take each other's place."""
    # Twice: a whole name may be what another is called without its suffix.
    for lengthen in (_whole_name, _whole_name, _name_after_folder, _whole_name_after_folder):
        counts = Counter(map(_place, inputs))
        inputs = [
            replace(each, stem=lengthen(each)) if counts[_place(each)] > 1 else each
            for each in inputs
        ]
    return list(_number(inputs))


def _place(each: Input) -> tuple[str, str]:
    # Some file systems do not tell capitals apart.
    return str(each.folder.absolute()), each.stem.casefold()


def _number(inputs: list[Input]) -> Iterator[Input]:
    """Yield the inputs, with numbers for those who have one name in spite of all."""
    names = set(map(_place, inputs))
    taken = set[tuple[str, str]]()
    for each in inputs:
        numbered, number = each, 1
        while _place(numbered) in (taken if number == 1 else names):
            number += 1
            numbered = replace(each, stem=f"{each.stem}-{number}")
        taken.add(_place(numbered))
        names.add(_place(numbered))
        yield numbered


def _whole_name(each: Input) -> str:
    path = each.path or _remote_path(each.address or "")
    return path.name or each.stem


def _name_after_folder(each: Input) -> str:
    return _after_folder(each, lambda path: path.stem)


def _whole_name_after_folder(each: Input) -> str:
    return _after_folder(each, lambda path: path.name)


def _after_folder(each: Input, name_of: Callable[[Path | PurePosixPath], str]) -> str:
    """Return a name that begins with what the recording lies in: a folder, or a web server."""
    if each.path is not None:
        path = each.path.absolute()
        return f"{path.parent.name}-{name_of(path)}".lstrip("-")
    address = each.address or ""
    remote = _remote_path(address)
    parts = (urlsplit(address).hostname, remote.parent.name, name_of(remote) or each.stem)
    return "-".join(part for part in parts if part)
