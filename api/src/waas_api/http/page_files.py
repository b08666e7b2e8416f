"""The web page's own files, as they are sent: with names that change when anything in them does.

They are few and small, so all of them are in memory, packed as well as plain. An address holds the
digest of all files: what lies there never changes, a browser asks for it once, and a release that
brings new files brings new addresses for all of them.
"""

import gzip
import hashlib
import html
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

PREFIX = "/web/"
"""What the addresses of all files but the page's begin with."""

MEDIA_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_PAGE = "index.html"
_LOCAL = '="web/'
_NOTICE = "<!-- notice -->"
_DIGEST_LENGTH = 16


@dataclass(frozen=True)
class PageFile:
    """One file with all that its answer has of it."""

    content: bytes
    packed: bytes
    """The same by gzip."""

    media_type: str
    etag: str
    """Without its quotes."""


@dataclass(frozen=True)
class PageFiles:
    """The page and what it loads."""

    version: str
    """Digest of all files."""

    page: PageFile
    others: Mapping[str, PageFile]
    """By the path below the version."""


def load_page_files(disclaimer: str = "") -> PageFiles:
    """Return the files of this package; the page says what an administrator has to say."""
    return build_page_files(_read(files("waas_api") / "web"), disclaimer)


def build_page_files(contents: Mapping[str, bytes], disclaimer: str = "") -> PageFiles:
    """Return files, by their paths, as they are sent."""
    digest = hashlib.sha256()
    for path, content in sorted(contents.items()):
        digest.update(f"{path}\0{len(content)}\0".encode() + content)
    version = digest.hexdigest()[:_DIGEST_LENGTH]
    page = contents[_PAGE].decode().replace(_LOCAL, f'="{PREFIX}{version}/')
    notice = f"<p class=notice>{html.escape(disclaimer)}</p>" if disclaimer else ""
    return PageFiles(
        version,
        _build_file(_PAGE, page.replace(_NOTICE, notice).encode()),
        {path: _build_file(path, each) for path, each in contents.items() if path != _PAGE},
    )


def _build_file(path: str, content: bytes) -> PageFile:
    return PageFile(
        content=content,
        packed=gzip.compress(content, mtime=0),
        media_type=MEDIA_TYPES[path.rpartition(".")[2]],
        etag=hashlib.sha256(content).hexdigest()[:32],
    )


def _read(folder: Traversable, place: str = "") -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for each in folder.iterdir():
        path = f"{place}{each.name}"
        if each.is_dir():
            found |= _read(each, f"{path}/")
        elif each.name.rpartition(".")[2] in MEDIA_TYPES:
            found[path] = each.read_bytes()
    return found
